import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@talos/bytes'
import { delegate } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { ed25519Signer, type Signer } from '@talos/identity'
import { loadKernel, systemRandom } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { closeAgent, openAgent } from '../src/agent.ts'
import { Authority } from '../src/authority.ts'
import { optionsFor, pairOfAgents } from './agents.ts'

const TOOL = { server: 'files', tool: 'read' }
const MINUTE_S = 60

function stranger() {
  return ed25519Signer({ kernel: loadKernel(), seed: Secret.of(systemRandom.bytes(32)) })
}

describe('authority that others send', () => {
  it('does not lose a chain behind a delegation that leads nowhere', async () => {
    using folder = tempFolder()
    const agent = await openAgent({ ...optionsFor(folder.path), name: 'alice', create: true })
    const authority = new Authority(agent)
    const [owner, carol, mallory] = [stranger(), stranger(), stranger()]
    const give = async (signer: Signer, audience: Did) => {
      const common = { command: '/mcp/files', expiresS: null, subject: owner.did, nonce: systemRandom.bytes(12) }
      const { cid } = await authority.receive((await delegate({ signer, audience, ...common })).bytes)
      // The next one is newer, to the millisecond.
      await sleep(2)
      return cid
    }
    const chain = [await give(owner, carol.did), await give(carol, agent.did)]
    await give(mallory, carol.did)
    const found = authority.chains.from(owner.did).map((links) => links.map(({ cid }) => cid.toString()))
    expect(found).toEqual([chain])
    await closeAgent(agent)
  })

  it('tells the executor of a revocation further down, when it is connected again, once', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S, depth: 1 })
    await bob.sendCapability(alice.did, grant.cid)
    const passed = await alice.delegateCapability({ parent: grant.cid, to: stranger().did, expiresInS: MINUTE_S })
    await bob.close()
    await expect.poll(() => alice.connectedPeers()).toEqual([])
    await alice.revokeCapability(passed.cid)
    const again = await pair.reopen('bob')
    alice.addPeer(await (await again.listen()).createInvitation())
    await alice.connect(bobDid)
    await expect.poll(() => again.database.revocations.by(alice.did)).toHaveLength(1)
    await expect.poll(() => alice.database.messages.outgoing(bobDid)).toEqual([])
  })

  it('records a revocation once, however often it comes', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S })
    await bob.sendCapability(alice.did, grant.cid)
    await bob.revokeCapability(grant.cid)
    await bob.revokeCapability(grant.cid)
    expect([...alice.log.reader.entries({ kinds: ['cap.revoke'] })]).toHaveLength(1)
  })
})
