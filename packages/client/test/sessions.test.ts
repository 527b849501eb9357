import { toHex, utf8 } from '@talos/bytes'
import type { AppFrame } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { LEASE_MAX_MESSAGES, PQ_STEP_MESSAGES } from '@talos/session'
import { describe, expect, it } from 'vitest'
import type { SessionStorage } from '../src/session-storage.ts'
import { carry, type Parties, type Party, twoParties } from './parties.ts'

const frameOf = (text: string): AppFrame => ({ t: 'message', body: utf8(text) })

function post(from: Party, to: Party, text: string) {
  const messageId = from.sessions.newMessageId()
  return { messageId, ...from.sessions.seal({ peer: to.agent.did, frame: frameOf(text), messageId }) }
}

function textsAt({ agent }: Party): string[] {
  return agent.database.messages.incoming().map(({ plaintext }) => new TextDecoder().decode(plaintext))
}

function versionAt({ agent }: Party, sessionId: Uint8Array): number {
  return agent.database.sessions.get(sessionId)?.version ?? 0
}

/** The 32-byte commitments of sealed messages name the keys that sealed them. */
function commitmentsOf(wires: readonly Uint8Array[]): Set<string> {
  const at = 19 + 12 + 44 + 16
  return new Set(wires.map((wire) => Buffer.from(wire.subarray(at, at + 32)).toString('hex')))
}

type Fault = 'none' | 'not stored' | 'stored'

/** A store whose next writes fail, with or without effect. */
function failing(own: SessionStorage, fault: { next: Fault }): SessionStorage {
  const around = <T>(work: () => T): T => {
    const { next } = fault
    fault.next = 'none'
    if (next === 'not stored') throw writeFailed()
    const result = own.transaction(work)
    if (next === 'stored') throw writeFailed()
    return result
  }
  const { sessions, messages, prekeys, peers } = own
  return {
    sessions,
    messages,
    prekeys,
    peers,
    transaction: around,
    commitSend: (commit) => own.commitSend(commit),
    commitReceive: (commit) => around(() => own.commitReceive(commit)),
    removeExpired: (nowMs) => own.removeExpired(nowMs),
  }
}

function writeFailed(): TalosError {
  return new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'injected' })
}

describe('sending', () => {
  it('writes the session only when its lease ends', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    const before = versionAt(alice, sessionId)
    const count = LEASE_MAX_MESSAGES
    for (let index = 0; index < count; index += 1) post(alice, bob, `${index}`)
    const writes = versionAt(alice, sessionId) - before
    expect(writes).toBeGreaterThan(0)
    // A lease is four times as long as what the chain has sealed: 1, 4, 20, 100, 500, 1,024.
    expect(writes).toBeLessThanOrEqual(2 + Math.log2(count) / 2)
    expect(carry(alice, bob)).toBe(count)
    expect(textsAt(bob)).toHaveLength(count)
  })

  it('goes on after a restart past the lease, with keys that were never used, and the peer opens it', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    await parties.establish()
    const wires: Uint8Array[] = []
    for (let life = 0, party = alice; life < 6; life += 1, party = parties.again(party)) {
      for (let index = 0; index < 5; index += 1) wires.push(post(party, bob, `${life}.${index}`).wire)
    }
    expect(commitmentsOf(wires).size).toBe(wires.length)
    carry(alice, bob)
    expect(textsAt(bob)).toHaveLength(wires.length)
  })

  it.each<Fault>(['not stored', 'stored'])('uses no key twice when a write fails and is %s', async (next) => {
    await using parties = await twoParties()
    const { bob } = parties
    await parties.establish()
    const fault: { next: Fault } = { next: 'none' }
    const alice = parties.again(parties.alice, (own) => failing(own, fault))
    const wires: Uint8Array[] = []
    for (let round = 0; round < 8; round += 1) {
      for (let index = 0; index < 3; index += 1) wires.push(post(alice, bob, `${3 * round + index}`).wire)
      fault.next = next
      expect(() => post(alice, bob, 'fails')).toThrow(expect.objectContaining({ code: 'STORE_WRITE_FAILED' }))
    }
    wires.push(...alice.agent.database.messages.outgoing(bob.agent.did).map(({ wire }) => wire))
    const distinct = new Set(wires.map((wire) => Buffer.from(wire).toString('hex')))
    expect(commitmentsOf(wires).size).toBe(distinct.size)
    carry(alice, bob)
    const texts = textsAt(bob).filter((text) => text !== 'fails')
    expect(texts).toEqual(Array.from({ length: 24 }, (_, index) => `${index}`))
    expect(textsAt(bob).length - texts.length).toBe(next === 'stored' ? 8 : 0)
  })
})

describe('receiving', () => {
  it.each<Fault>(['not stored', 'stored'])('takes a message once when a write fails and is %s', async (next) => {
    await using parties = await twoParties()
    const { alice } = parties
    await parties.establish()
    const fault: { next: Fault } = { next: 'none' }
    const bob = parties.again(parties.bob, (own) => failing(own, fault))
    for (let index = 0; index < 6; index += 1) {
      post(alice, bob, `${index}`)
      fault.next = next
      expect(() => carry(alice, bob)).toThrow(expect.objectContaining({ code: 'STORE_WRITE_FAILED' }))
      // Both sides go on from here in any order.
      if (index % 2 === 1) post(bob, alice, `back ${index}`)
      expect(carry(alice, bob)).toBe(1)
      carry(bob, alice)
    }
    expect(textsAt(bob)).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(textsAt(alice)).toEqual(['back 1', 'back 3', 'back 5'])
  })

  it('keeps no trace of a frame that is not admitted, which may come again', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    const sealed = alice.sessions.seal({ peer: bob.agent.did, frame: { t: 'close', channel: 1, reason: 'done' } })
    const version = versionAt(bob, sessionId)
    const arrival = { peer: alice.agent.did, messageId: 'a'.repeat(32), wire: sealed.wire }
    const asRequest = () => bob.sessions.receive({ ...arrival, carriage: 'request' })
    expect(asRequest).toThrow(expect.objectContaining({ code: 'FRAME_INVALID' }))
    expect(versionAt(bob, sessionId)).toBe(version)
    expect(bob.sessions.receive({ ...arrival, carriage: 'one-way' })).toMatchObject({ frame: { t: 'close' } })
  })

  it('does not open with a session of another peer', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    await parties.establish()
    const { wire, messageId } = post(alice, bob, 'x')
    const stolen = () => bob.sessions.receive({ peer: bob.agent.did, wire, messageId, carriage: 'request' })
    expect(stolen).toThrow(expect.objectContaining({ code: 'FRAME_INVALID' }))
  })
})

describe('exporting', () => {
  it('yields the same key at both ends, before and after a restart, and to nobody else', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    const label = 'talos/mac@1'
    const keyAt = ({ sessions }: Party, { agent }: Party) =>
      sessions.exporter({ peer: agent.did, sessionId, label }).use(toHex)
    const key = keyAt(alice, bob)
    expect(keyAt(bob, alice)).toBe(key)
    post(alice, bob, 'one')
    expect(keyAt(parties.again(alice), bob)).toBe(key)
    expect(() => keyAt(alice, alice)).toThrow(expect.objectContaining({ code: 'SESSION_MISSING' }))
    const unknown = { peer: bob.agent.did, sessionId: new Uint8Array(16), label }
    expect(() => alice.sessions.exporter(unknown)).toThrow(expect.objectContaining({ code: 'SESSION_MISSING' }))
    const unnamed = { peer: bob.agent.did, sessionId, label: '' }
    expect(() => alice.sessions.exporter(unnamed)).toThrow(expect.objectContaining({ code: 'SESSION_ARGUMENT' }))
  })
})

describe('the post-quantum step', () => {
  /** Both sides talk, and tell each other what the session protocol owes. */
  function talk({ alice, bob }: Parties, sessionId: Uint8Array, rounds: number): void {
    for (let round = 0; round < rounds; round += 1) {
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        post(from, to, `${round}`)
        from.sessions.control({ peer: to.agent.did, sessionId })
        carry(from, to)
      }
    }
  }

  it('travels in the outbox by itself, and both sides arrive at the next epoch', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    talk(parties, sessionId, PQ_STEP_MESSAGES)
    const epochs = [alice.sessions.require(bob.agent.did), bob.sessions.require(alice.agent.did)].map(
      (state) => state.toJSON().epoch,
    )
    expect(epochs[0]).toBeGreaterThan(0)
    expect(epochs[1]).toBe(epochs[0])
    expect(textsAt(bob)).toHaveLength(PQ_STEP_MESSAGES)
  })

  it('is dropped with the session that it belongs to, while messages go on in the next one', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    for (let index = 0; index < PQ_STEP_MESSAGES; index += 1) post(alice, bob, `${index}`)
    const control = alice.sessions.control({ peer: bob.agent.did, sessionId })
    expect(control).toBeDefined()
    const [head] = alice.sessions.heads(bob.agent.did)
    if (head !== undefined) alice.sessions.retire(head, { standing: 'reset' })
    expect(alice.courier.next(bob.agent.did)).toBeUndefined()
    const next = await parties.establish()
    carry(alice, bob)
    expect(textsAt(bob)).toHaveLength(PQ_STEP_MESSAGES)
    expect(alice.agent.database.messages.outgoing(bob.agent.did)).toEqual([])
    expect(bob.agent.database.messages.incoming().every((row) => Buffer.from(row.sessionId).equals(next))).toBe(true)
  })
})
