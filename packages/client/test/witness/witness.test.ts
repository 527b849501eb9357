/** Agents as witnesses of each other's logs, over real links (spec 23-witness). */
import { cosignCheckpoint, formatVerifierKey, NOTE_COSIGNATURE, openCheckpoint, verifierKey } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { closeAgent, openAgent } from '../../src/agent.ts'
import { witnessedLog } from '../../src/witness/bundle-parts.ts'
import { openOwnWitness } from '../../src/witness/own-witness.ts'
import { optionsFor } from '../agents.ts'
import { circleOf } from './circle.ts'

describe('peers as witnesses', () => {
  it('cosign what extends what they know, and the log keeps their lines', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const [alice, bob] = [circle.of('alice'), circle.of('bob')]
    expect(alice.witnessedHead()).toBeUndefined()
    const first = await alice.witness(bob.did)
    expect(first).toMatchObject({ peer: bob.did, size: alice.log.size })
    await alice.send(bob.did, new TextEncoder().encode('more'))
    const second = await alice.witness(bob.did)
    expect(second.size).toBeGreaterThan(first.size)
    const head = alice.witnessedHead()
    expect(head).toMatchObject({ size: second.size, isWitnessed: true })
    expect(head?.witnesses.map(({ peer }) => peer)).toEqual([bob.did])
    const { size } = openCheckpoint(head?.note ?? '', { logKey: alice.log.verifierKey, kernel: alice.kernel })
    expect(size).toBe(second.size)
    expect(circle.events('bob').filter(({ type }) => type === 'log.cosigned')).toHaveLength(2)
  })
})

describe('what a proof bundle says of witnesses', () => {
  it('is the newest checkpoint that they cosigned, where that covers the entry', async () => {
    using folder = tempFolder()
    const agent = await openAgent({ ...optionsFor(folder.path), name: 'alice', create: true })
    const { kernel, database, log } = agent
    expect(witnessedLog(agent, { index: 0, policy: undefined })).toBeUndefined()
    const witness = await openOwnWitness(agent)
    const plain = await log.checkpoint()
    const seed = new Uint8Array(32).fill(7)
    const note = await cosignCheckpoint({
      note: plain,
      name: witness.key.name,
      signer: { publicKey: kernel.ed25519PublicKey(seed), sign: async (text) => kernel.ed25519Sign(seed, text) },
      timeS: 5,
      kernel,
    })
    const key = verifierKey({
      name: witness.key.name,
      type: NOTE_COSIGNATURE,
      publicKey: kernel.ed25519PublicKey(seed),
      kernel,
    })
    const delegation = Uint8Array.of(1, 2, 3)
    database.witness.putHead({ size: log.size, note })
    database.witness.putWitness({ vkey: formatVerifierKey(key), peer: agent.did, delegation, size: log.size, timeS: 5 })
    expect(witnessedLog(agent, { index: log.size - 1, policy: undefined })).toEqual({
      size: log.size,
      checkpoint: note,
      plain,
      witnesses: [{ did: agent.did, logKey: delegation, history: '' }],
    })
    expect(witnessedLog(agent, { index: log.size, policy: undefined })).toBeUndefined()
    await closeAgent(agent)
  })
})
