import {
  DEFAULT_ONE_TIME_PREKEYS,
  PREKEY_LIFETIME_S,
  PREKEY_REFILL_SHARE,
  PREKEY_ROTATION_S,
  SESSION_LIFETIME_MS,
  verifyBundle,
} from '@talos/session'
import { manualClock } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { REFILL_INTERVAL_MS } from '../src/prekeys.ts'
import { carry, type Party, twoParties } from './parties.ts'

/** One-time pairs that one peer gets within an hour. */
const QUOTA = 8
const START_MS = Date.UTC(2030, 0, 1)

async function begin(from: Party, to: Party, bundle: Uint8Array) {
  const messageId = from.sessions.newMessageId()
  const flight = await from.sessions.begin({ peer: to.agent.did, bundle, messageId, deniable: false })
  const accept = () => to.sessions.receive({ peer: from.agent.did, wire: flight.wire, messageId, carriage: 'request' })
  return { ...flight, accept }
}

function opened({ agent, world }: Party, bytes: Uint8Array) {
  return verifyBundle({ kernel: agent.kernel, bytes, nowMs: world.clock.nowMs(), expectedDid: agent.did })
}

describe('prekeys', () => {
  it('rotate after a week, while what was served before is still answered until it expires', async () => {
    const clock = manualClock(START_MS)
    await using parties = await twoParties({ clock })
    const { alice, bob } = parties
    const first = await bob.prekeys.serve()
    clock.advance(PREKEY_ROTATION_S * 1000 - 1)
    expect(opened(bob, await bob.prekeys.serve()).payload.serial).toBe(opened(bob, first).payload.serial)
    clock.advance(1)
    const second = await bob.prekeys.serve()
    expect(opened(bob, second).payload.serial).toBeGreaterThan(opened(bob, first).payload.serial)
    const late = await begin(alice, bob, first)
    expect(late.accept()).toMatchObject({ opened: { oneTimeKey: true } })
    clock.advance((PREKEY_LIFETIME_S - PREKEY_ROTATION_S) * 1000)
    await expect(begin(alice, bob, first)).rejects.toMatchObject({ code: 'SESSION_PREKEY_EXPIRED' })
  })

  it('are forgotten with their secrets when nothing sealed to them can still be accepted', async () => {
    const clock = manualClock(START_MS)
    await using parties = await twoParties({ clock })
    const { bob } = parties
    const { bundleHash } = opened(bob, await bob.prekeys.serve())
    expect(bob.prekeys.findSecrets(bundleHash)).toBeDefined()
    clock.advance(PREKEY_LIFETIME_S * 1000 + SESSION_LIFETIME_MS)
    await bob.prekeys.serve()
    expect(bob.prekeys.findSecrets(bundleHash)).toBeUndefined()
  })

  it('are made anew when a quarter of the one-time pairs is left, and not before', async () => {
    const clock = manualClock(START_MS)
    await using parties = await twoParties({ clock })
    const { bob } = parties
    const { serial } = opened(bob, await bob.prekeys.serve()).payload
    clock.advance(REFILL_INTERVAL_MS)
    const left = DEFAULT_ONE_TIME_PREKEYS * PREKEY_REFILL_SHARE
    for (let served = 1; served <= DEFAULT_ONE_TIME_PREKEYS - left; served += 1) {
      expect(opened(bob, await bob.prekeys.serve()).payload.serial).toBe(serial)
    }
    expect(opened(bob, await bob.prekeys.serve()).payload.serial).toBeGreaterThan(serial)
  })

  it('are made anew for want of pairs once an hour at most: whoever drains them makes no work', async () => {
    const clock = manualClock(START_MS)
    await using parties = await twoParties({ clock })
    const { bob } = parties
    for (let served = 0; served < DEFAULT_ONE_TIME_PREKEYS; served += 1) {
      expect(opened(bob, await bob.prekeys.serve()).oneTime).toBeDefined()
    }
    clock.advance(REFILL_INTERVAL_MS - 1)
    const last = opened(bob, await bob.prekeys.serve())
    expect(last.oneTime).toBeUndefined()
    clock.advance(1)
    const refilled = opened(bob, await bob.prekeys.serve())
    expect(refilled.oneTime).toBeDefined()
    expect(refilled.payload.serial).toBeGreaterThan(last.payload.serial)
  })

  it('go on above what peers have seen when the database is lost', async () => {
    const clock = manualClock(START_MS)
    await using parties = await twoParties({ clock })
    const { bob } = parties
    const { serial } = opened(bob, await bob.prekeys.serve()).payload
    expect(serial).toBe(START_MS / 1000)
    clock.advance(-2 * REFILL_INTERVAL_MS)
    for (let served = 0; served < DEFAULT_ONE_TIME_PREKEYS; served += 1) await bob.prekeys.serve()
    expect(opened(bob, await bob.prekeys.serve()).payload.serial).toBe(serial + 1)
  })

  it('serve a peer that asks too often, and everybody when no pair is left, without a one-time pair', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const peer = alice.agent.did
    const served = []
    for (let count = 0; count <= QUOTA; count += 1) served.push(opened(bob, await bob.prekeys.serveTo(peer)).oneTime)
    expect(served.map((pair) => pair !== undefined)).toEqual([...Array.from({ length: QUOTA }, () => true), false])
    const another = opened(bob, await bob.prekeys.serveTo(bob.agent.did))
    expect(another.oneTime?.index).toBe(QUOTA)
    const last = await begin(alice, bob, await bob.prekeys.serveTo(peer))
    expect(last.oneTimeKey).toBe(false)
    expect(last.accept()).toMatchObject({ opened: { oneTimeKey: false } })
  })

  it('are replayed by nobody, with or without a one-time pair', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    for (const withOneTime of [true, false]) {
      const flight = await begin(alice, bob, await bob.prekeys.serve({ withOneTime }))
      expect(flight.accept()).toMatchObject({ opened: { oneTimeKey: withOneTime } })
      expect(flight.accept()).toMatchObject({ isRepeatedFlight: true })
      bob.agent.database.sessions.remove(flight.sessionId)
      expect(flight.accept).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^SESSION_(REPLAY|PREKEY)/) }),
      )
    }
  })

  it('lose a one-time pair with the session that used it, or with none: two flights for one pair open one session', async () => {
    await using parties = await twoParties()
    const { alice, bob } = parties
    const bundle = await bob.prekeys.serve()
    const [one, two] = [await begin(alice, bob, bundle), await begin(alice, bob, bundle)]
    const before = bob.agent.database.sessions.list(alice.agent.did)
    expect(one.accept()).toMatchObject({ opened: { oneTimeKey: true } })
    expect(two.accept).toThrow(expect.objectContaining({ code: 'SESSION_PREKEY_UNKNOWN' }))
    expect(bob.agent.database.sessions.list(alice.agent.did)).toHaveLength(before.length + 1)
    expect(carry(bob, alice)).toBe(0)
  })

  it('are all withdrawn from an older copy, which cannot know which of them were handed out: others are made', async () => {
    await using parties = await twoParties()
    const { bob } = parties
    const before = opened(bob, await bob.prekeys.serve())
    expect(before.oneTime).toBeDefined()
    bob.agent.database.prekeys.withdraw()
    expect(bob.agent.database.prekeys.unserved()).toBe(0)
    const after = opened(bob, await bob.prekeys.serve())
    expect(after.oneTime).toBeDefined()
    expect(after.payload.serial).toBeGreaterThan(before.payload.serial)
  })
})
