import { toHex, utf8 } from '@talos/bytes'
import type { AppFrame } from '@talos/contracts'
import { createReset } from '@talos/session'
import { OUTBOX_KEEP_MS } from '@talos/storage'
import { manualClock } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { ATTEMPTS_UNOPENED } from '../src/courier.ts'
import { FAILURES_BEFORE_RESET, Healing, RESET_INTERVAL_MS } from '../src/healing.ts'
import { carry, type Party, twoParties } from './parties.ts'

const FRAME: AppFrame = { t: 'message', body: utf8('x') }

function post(from: Party, to: Party) {
  const peer = to.agent.did
  const messageId = from.sessions.newMessageId()
  return { peer, messageId, ...from.sessions.seal({ peer, frame: FRAME, messageId }) }
}

describe('what the outbox does with a refusal', () => {
  it('is nothing where it says nothing of the session', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    await parties.establish()
    const message = post(alice, bob)
    for (const code of ['PEER_QUOTA', 'CLIENT_CLOSED', 'STORE_FULL', 'unknown']) {
      expect(alice.courier.refused(message, code)).toEqual({ kind: 'waits' })
    }
    expect(alice.courier.next(bob.agent.did)).toMatchObject({ messageId: message.messageId })
  })

  it('is other bytes in the same session, as often as the peer needs to ask for a reset', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    await parties.establish()
    const message = post(alice, bob)
    const kinds = Array.from(
      { length: ATTEMPTS_UNOPENED + 1 },
      () => alice.courier.refused(message, 'SESSION_DUPLICATE').kind,
    )
    expect(kinds).toEqual([...Array.from({ length: ATTEMPTS_UNOPENED - 1 }, () => 'resealed'), 'waits', 'resealed'])
    expect(ATTEMPTS_UNOPENED).toBe(FAILURES_BEFORE_RESET)
    expect(alice.courier.refused(message, 'SESSION_MISSING').kind).toBe('waits')
    expect(alice.agent.database.messages.outgoing(bob.agent.did)).toHaveLength(1)
  })

  it('is other bytes under the same id where another session sends by now', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    await parties.establish()
    const message = post(alice, bob)
    const sessionId = await parties.establish()
    const verdict = alice.courier.refused(message, 'SESSION_HEADER')
    expect(verdict).toMatchObject({ kind: 'resealed', message: { messageId: message.messageId, sessionId } })
    expect(carry(alice, bob)).toBe(1)
    expect(bob.agent.database.messages.incoming().map(({ messageId }) => messageId)).toEqual([message.messageId])
  })

  it('is another session where it meets a first flight', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const messageId = alice.sessions.newMessageId()
    const bundle = await bob.prekeys.serve()
    const flight = await alice.sessions.begin({ peer: bob.agent.did, bundle, messageId, deniable: false })
    const waiting = post(alice, bob)
    expect(alice.courier.refused(flight, 'SESSION_PREKEY_UNKNOWN')).toEqual({ kind: 'renew' })
    expect(alice.healing.wantsSession(bob.agent.did)).toBe(true)
    expect(alice.courier.next(bob.agent.did)).toBeUndefined()
    await parties.establish()
    expect(alice.healing.wantsSession(bob.agent.did)).toBe(false)
    expect(alice.courier.next(bob.agent.did)).toMatchObject({ messageId: waiting.messageId })
    expect(alice.courier.refused(flight, 'SESSION_REPLAY')).toEqual({ kind: 'settled' })
  })

  it('is the end of what waited for a week, and of nothing that waits a moment less', async () => {
    const clock = manualClock(Date.now())
    await using parties = await twoParties({ clock })
    const { alice, bob } = parties
    await parties.establish()
    const message = post(alice, bob)
    clock.advance(OUTBOX_KEEP_MS - 1)
    expect(alice.courier.outdated()).toEqual([])
    clock.advance(1)
    expect(alice.courier.outdated()).toEqual([{ peer: bob.agent.did, messageId: message.messageId }])
    expect(alice.courier.next(bob.agent.did)).toBeUndefined()
  })
})

describe('a session that is lost', () => {
  it('is told once in five minutes, and until the peer has it', async () => {
    await using parties = await twoParties()
    let nowMs = 0
    const { agent } = parties.bob
    const bob = parties.again(parties.bob)
    const sessionId = await parties.establish()
    const timed = partiesWithTime(bob, () => nowMs)
    const peer = parties.alice.agent.did
    const lose = () => timed.failed({ peer, sessionId, code: 'SESSION_MISSING' })
    expect(lose()).toBe(true)
    expect(timed.due(peer)).toMatchObject({ sessionId, reason: 'missing' })
    expect(timed.due(peer)?.active).toBeUndefined()
    timed.told(peer, 'PEER_QUOTA')
    expect(timed.due(peer)).toMatchObject({ sessionId })
    expect(agent.database.sessions.get(sessionId)).toMatchObject({ standing: 'whole' })
    timed.told(peer)
    expect(agent.database.sessions.get(sessionId)).toMatchObject({ standing: 'frozen', role: 'receive-only' })
    expect([lose(), timed.wantsSession(peer)]).toEqual([false, false])
    nowMs = RESET_INTERVAL_MS
    // The peer was to begin one, and did not.
    expect([lose(), timed.wantsSession(peer)]).toEqual([true, true])
  })

  it('is replaced from here when the peer has no such session', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    const peer = alice.agent.did
    for (let count = 0; count < FAILURES_BEFORE_RESET; count += 1) {
      bob.healing.failed({ peer, sessionId, code: 'SESSION_HEADER' })
    }
    bob.healing.told(peer, 'SESSION_MISSING')
    expect(bob.healing.due(peer)).toBeUndefined()
    expect(bob.healing.wantsSession(peer)).toBe(true)
  })

  it('at both sides at once is replaced by both: neither leaves it to the other', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    const sides = [
      { side: alice, other: bob },
      { side: bob, other: alice },
    ]
    const crossing = sides.map(async ({ side, other }) => {
      const { signer, random, instance, clock, did } = other.agent
      const facts = { session: sessionId, reason: 'header', peer: side.agent.did, instance } as const
      for (let count = 0; count < FAILURES_BEFORE_RESET; count += 1) {
        side.healing.failed({ peer: did, sessionId, code: 'SESSION_HEADER' })
      }
      const bytes = await createReset({ signer, random, nowS: Math.floor(clock.nowMs() / 1000), ...facts })
      side.healing.take({ from: did, bytes })
    })
    await Promise.all(crossing)
    for (const { side, other } of sides) side.healing.told(other.agent.did)
    expect(sides.map(({ side, other }) => side.healing.wantsSession(other.agent.did))).toEqual([true, true])
  })

  it.each([
    ['SESSION_HEADER', 'header'],
    ['SESSION_AUTHENTICATION', 'authentication'],
    ['SESSION_DUPLICATE', 'rollback'],
    ['SESSION_MESSAGE_INVALID', 'rollback'],
    ['SESSION_GAP', 'exhausted'],
    ['SESSION_EXHAUSTED', 'exhausted'],
  ] as const)('shows by %s, in a row of three', async (code, reason) => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    const peer = alice.agent.did
    const fail = () => bob.healing.failed({ peer, sessionId, code })
    expect([fail(), fail()]).toEqual([false, false])
    bob.healing.opened({ peer, sessionId })
    expect([fail(), fail(), fail()]).toEqual([false, false, true])
    expect(bob.healing.due(peer)).toMatchObject({ sessionId, reason })
  })

  it('does not show by what is wrong with the message alone', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    for (const code of ['SESSION_TOO_LARGE', 'FRAME_INVALID', 'PEER_QUOTA', 'STORE_WRITE_FAILED'] as const) {
      for (let count = 0; count <= FAILURES_BEFORE_RESET; count += 1) {
        expect(bob.healing.failed({ peer: alice.agent.did, sessionId, code })).toBe(false)
      }
    }
  })
})

describe('sessions of both sides', () => {
  it.each([
    ['are begun at once within a minute: the lower id sends', 59_999, true],
    ['are not begun at once after a minute: the newer one sends', 60_000, false],
  ])('%s', async (_, afterMs, isAtOnce) => {
    const clock = manualClock(Date.now())
    await using parties = await twoParties({ clock })
    const { alice, bob } = parties
    // Ids are random: enough of them that both orders come up.
    for (let count = 0; count < 6; count += 1) {
      clock.advance(10 * 60_000)
      const first = await parties.establish()
      clock.advance(afterMs)
      const second = await parties.establishFromBob()
      const [lower] = [first, second].toSorted((one, other) => Buffer.compare(one, other))
      const expected = isAtOnce ? lower : second
      expect(alice.sessions.require(bob.agent.did).sessionId).toEqual(expected)
      expect(bob.sessions.require(alice.agent.did).sessionId).toEqual(expected)
    }
  })
})

describe('a session that sends here and is gone at the peer', () => {
  it('gives way to one that the peer began later, and to none that is older', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const peer = bob.agent.did
    let [first, later]: [Uint8Array, Uint8Array] = [new Uint8Array(), new Uint8Array()]
    do {
      first = await parties.establish()
      later = await parties.establishFromBob()
      // Both were begun at once: chance says which one sends.
    } while (toHex(alice.sessions.require(peer).sessionId) !== toHex(first))
    bob.agent.database.sessions.remove(first)
    const message = post(alice, bob)
    expect(message.sessionId).toEqual(first)
    expect(alice.courier.refused(message, 'SESSION_MISSING')).toMatchObject({
      kind: 'resealed',
      message: { messageId: message.messageId, sessionId: later },
    })
    expect(carry(alice, bob)).toBe(1)
    expect(alice.courier.refused(post(alice, bob), 'SESSION_MISSING')).toEqual({ kind: 'waits' })
    expect(alice.sessions.require(peer).sessionId).toEqual(later)
  })
})

describe('healing', () => {
  it('begins four sessions with one peer within five minutes and no more', async () => {
    await using parties = await twoParties()
    const peer = parties.bob.agent.did
    const { healing } = parties.alice
    expect([1, 2, 3, 4, 5].map(() => healing.tryRenew(peer))).toEqual([true, true, true, true, false])
    expect(healing.tryRenew(parties.alice.agent.did)).toBe(true)
  })
})

describe('an older copy', () => {
  it('is named once, and stays one when it opens a message', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const sessionId = await parties.establish()
    post(alice, bob)
    bob.agent.database.sessions.freeze()
    const peer = alice.agent.did
    expect(() => bob.sessions.seal({ peer, frame: FRAME, sessionId })).toThrow(
      expect.objectContaining({ code: 'SESSION_FROZEN' }),
    )
    expect(bob.healing.due(peer)).toMatchObject({ sessionId, reason: 'rollback' })
    carry(alice, bob)
    bob.healing.opened({ peer, sessionId })
    expect(bob.healing.due(peer)).toMatchObject({ sessionId, reason: 'rollback' })
    bob.healing.told(peer)
    expect(bob.healing.due(peer)).toBeUndefined()
    expect(bob.healing.wantsSession(peer)).toBe(false)
  })
})

describe('a peer that was put back to a time before the session that it has', () => {
  it('names the one before, that it lost already: the later one is lost as well', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    let nowMs = 0
    const healing = partiesWithTime(alice, () => nowMs)
    const { did: from, signer, random, instance, clock } = bob.agent
    const session = await parties.establish()
    const resetOf = async (active?: Uint8Array) => {
      const facts = { session, active, reason: 'missing', peer: alice.agent.did, instance } as const
      return await createReset({ signer, random, nowS: Math.floor(clock.nowMs() / 1000), ...facts })
    }
    expect(healing.take({ from, bytes: await resetOf() })).toMatchObject({ isNew: true })
    expect(healing.take({ from, bytes: await resetOf() })).toMatchObject({ isNew: false })
    const later = await parties.establish()
    nowMs = RESET_INTERVAL_MS
    expect(healing.take({ from, bytes: await resetOf(later) })).toMatchObject({ isNew: false })
    expect(healing.wantsSession(from)).toBe(false)
    expect(healing.take({ from, bytes: await resetOf() })).toMatchObject({ isNew: true })
    expect(healing.wantsSession(from)).toBe(true)
    expect(alice.agent.database.sessions.get(later)).toMatchObject({ standing: 'reset' })
  })
})

function partiesWithTime({ world, sessions }: Party, monotonicMs: () => number): Healing {
  return new Healing({ world: { ...world, monotonicMs }, sessions })
}
