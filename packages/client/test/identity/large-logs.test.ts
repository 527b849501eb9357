/** Large key logs of strangers (spec 21-identity-lifecycle, 21.6): each costs a verification, and strangers can be many. */
import { Secret, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { ed25519Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import type { Link } from '@talos/network'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { closeAgent, openAgent } from '../../src/agent.ts'
import { IdentityExchange } from '../../src/identity/exchange.ts'
import { optionsFor } from '../agents.ts'

const kernel = portableKernel()
const strangerOf = (number: number): Did => {
  const seed = new Uint8Array(32)
  seed[0] = number
  return ed25519Signer({ kernel, seed: Secret.of(seed) }).did
}

describe('key logs of strangers', () => {
  it('are taken 60 times an hour where they are large; small ones and those of acquaintances do not count', async () => {
    using folder = tempFolder()
    const agent = await openAgent({ ...optionsFor(folder.path), name: 'alice', create: true })
    try {
      const nothing = () => undefined
      const exchange = new IdentityExchange({ agent, emit: nothing, onMoved: nothing, onEnded: nothing })
      const offer = (peerDid: Did, sizeBytes: number) =>
        exchange.answer({ peerDid } as Link, utf8('{'.padEnd(sizeBytes, ' ')))
      const refused = (code: string) => expect.objectContaining({ code })
      for (let number = 0; number < 60; number += 1) {
        expect(() => offer(strangerOf(number), 65_537)).toThrow(refused('KEY_LOG_LIMIT'))
      }
      expect(() => offer(strangerOf(60), 65_537)).toThrow(refused('PEER_QUOTA'))
      expect(() => offer(strangerOf(60), 65_536)).toThrow(refused('KEY_LOG_MALFORMED'))
      const peer = { did: strangerOf(61), endpoints: [], transportKey: undefined, name: undefined }
      agent.database.peers.put(peer, 0)
      expect(() => offer(peer.did, 65_537)).toThrow(refused('KEY_LOG_LIMIT'))
    } finally {
      await closeAgent(agent)
    }
  })
})
