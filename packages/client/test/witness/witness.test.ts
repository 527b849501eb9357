/** Agents as witnesses of each other's logs, over real links (spec 23-witness). */
import { setTimeout as sleep } from 'node:timers/promises'
import { cosignCheckpoint, formatVerifierKey, NOTE_COSIGNATURE, openCheckpoint, verifierKey } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it, vi } from 'vitest'
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

describe('agents that are linked', () => {
  it('ask each other by themselves, once, and again where the log has grown', async () => {
    await using circle = await circleOf(['alice', 'bob'], { witness: { intervalMs: 50 } })
    const asked = () => circle.eventsOf('alice', 'log.witnessed').length
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(0), 10_000)
    await vi.waitFor(() => expect(circle.eventsOf('bob', 'log.witnessed').length).toBeGreaterThan(0), 10_000)
    const alice = circle.of('alice')
    await vi.waitFor(() => expect(alice.witnessedHead()?.size).toBe(alice.log.size), 10_000)
    const before = asked()
    await sleep(400)
    expect(asked()).toBe(before)
    await alice.log.append({ kind: 'key.prekeys' })
    await vi.waitFor(() => expect(alice.witnessedHead()?.size).toBe(alice.log.size), 10_000)
    expect(asked()).toBe(before + 1)
  })

  it('ask nobody where they were told not to, and open no session for it', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    await sleep(200)
    for (const name of ['alice', 'bob']) expect(circle.eventsOf(name, 'log.witnessed')).toEqual([])
    await circle.open('carol', { witness: { intervalMs: 20 } })
    const listening = await circle.of('bob').listen()
    const carol = circle.of('carol')
    carol.addPeer(await listening.createInvitation())
    await carol.connect(circle.of('bob').did)
    await sleep(200)
    expect(carol.session(circle.of('bob').did)).toBeUndefined()
    await expect(carol.witness(circle.of('bob').did)).rejects.toMatchObject({ code: 'SESSION_MISSING' })
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
      isEnough: true,
      checkpoint: note,
      plain,
      witnesses: [{ did: agent.did, logKey: delegation, history: '' }],
    })
    expect(witnessedLog(agent, { index: log.size, policy: undefined })).toBeUndefined()
    await closeAgent(agent)
  })
})
