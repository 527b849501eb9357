/** The record of used calls: memory, epochs, the durable record behind it, and their bounds. */
import { Cid } from '@talos/bytes'
import {
  EPOCH_MEMORY_S,
  epochNonce,
  MAX_EARLIER_EPOCHS,
  type ReplayAnswer,
  ReplaySet,
  type ReplaySetOptions,
  type SingleUse,
} from '@talos/capability'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alice, bob, kernel, NOW_S } from './actors.ts'
import { EPOCH, MemoryRecord } from './executor.ts'

const OTHER = new Uint8Array(16).fill(8)
const RANDOM = new Uint8Array(12).fill(1)

function use(n: number, changes: Partial<SingleUse> = {}): SingleUse {
  const cid = Cid.fromSha256(kernel.sha256(Uint8Array.of(n, n >> 8, n >> 16)))
  return {
    cid,
    issuer: alice.did,
    nonce: epochNonce({ epoch: EPOCH, random: RANDOM }),
    expiresS: NOW_S + 30,
    ...changes,
  }
}

function set(changes: Partial<ReplaySetOptions> = {}): { readonly set: ReplaySet; readonly record: MemoryRecord } {
  const record = new MemoryRecord()
  return { set: new ReplaySet({ epoch: EPOCH, earlier: [], record, ...changes }), record }
}

describe('a call that names the current epoch', () => {
  test('is kept in memory until it has expired, and no longer', () => {
    const { set: replay, record } = set()
    expect(replay.peek(use(1), NOW_S)).toBe('new')
    expect(replay.take(use(1), NOW_S)).toBe('new')
    expect(replay.peek(use(1), NOW_S)).toBe('seen')
    expect(replay.take(use(1), NOW_S + 30)).toBe('seen')
    expect(replay.size).toBe(1)
    expect(replay.take(use(2, { expiresS: NOW_S + 90 }), NOW_S + 31)).toBe('new')
    expect(replay.size).toBe(1)
    expect(record.steps).toBe(0)
  })

  test('is over by the highest time ever seen: a clock that steps back opens nothing', () => {
    const { set: replay } = set()
    replay.take(use(1), NOW_S)
    expect(replay.take(use(2, { expiresS: NOW_S + 100 }), NOW_S + 31)).toBe('new')
    expect(replay.size).toBe(1)
    expect(replay.take(use(1), NOW_S)).toBe('seen')
    expect(replay.take(use(3), NOW_S)).toBe('seen')
    expect(replay.take(use(4, { expiresS: NOW_S + 31 }), NOW_S)).toBe('new')
  })

  test('goes to the durable record where it lives longer than an epoch is remembered', () => {
    const { set: replay, record } = set()
    expect(replay.take(use(1, { expiresS: NOW_S + EPOCH_MEMORY_S }), NOW_S)).toBe('new')
    expect(record.steps).toBe(0)
    const long = use(2, { expiresS: NOW_S + EPOCH_MEMORY_S + 1 })
    expect(replay.take(long, NOW_S)).toBe('new')
    expect(record.used.size).toBe(1)
    expect(replay.peek(long, NOW_S)).toBe('seen')
    expect(replay.take(long, NOW_S)).toBe('seen')
  })

  test('has been used when its end is near, where it went to the durable record', () => {
    const { set: replay, record } = set()
    const long = use(1, { expiresS: NOW_S + EPOCH_MEMORY_S + 100 })
    expect(replay.take(long, NOW_S)).toBe('new')
    for (const passed of [1, 100, 101, EPOCH_MEMORY_S + 100]) {
      expect(replay.peek(long, NOW_S + passed)).toBe('seen')
      expect(replay.take(long, NOW_S + passed)).toBe('seen')
    }
    expect(record.used.size).toBe(1)
  })

  test('has been used when its end is near, also where the record failed and has it all the same', () => {
    const { set: replay, record } = set()
    const long = use(1, { expiresS: NOW_S + EPOCH_MEMORY_S + 1 })
    record.failure = 'stored'
    expect(() => replay.take(long, NOW_S)).toThrow(/failed/)
    expect(replay.take(long, NOW_S + 1)).toBe('seen')
    expect(replay.take(use(2, { expiresS: NOW_S + 100 }), NOW_S + 1)).toBe('new')
    expect(record.steps).toBe(1)
  })

  test('is forgotten when it is undone, also when others of its second stay', () => {
    const { set: replay } = set()
    for (const n of [1, 2, 3]) replay.take(use(n), NOW_S)
    replay.undo(use(2))
    expect(replay.size).toBe(2)
    expect([1, 2, 3].map((n) => replay.peek(use(n), NOW_S))).toEqual(['seen', 'new', 'seen'])
    replay.take(use(2), NOW_S)
    expect(replay.take(use(9, { expiresS: NOW_S + 60 }), NOW_S + 31)).toBe('new')
    expect(replay.size).toBe(1)
  })
})

describe('a full record', () => {
  test('refuses one issuer and not the others', () => {
    const { set: replay } = set({ maxPerIssuer: 2 })
    const answers = [1, 2, 3].map((n) => replay.take(use(n), NOW_S))
    expect(answers).toEqual<ReplayAnswer[]>(['new', 'new', 'full'])
    expect(replay.peek(use(3), NOW_S)).toBe('full')
    expect(replay.take(use(1), NOW_S)).toBe('seen')
    expect(replay.take(use(4, { issuer: bob.did }), NOW_S)).toBe('new')
    expect(replay.take(use(3, { expiresS: NOW_S + 60 }), NOW_S + 31)).toBe('new')
  })

  test('refuses everybody once all places are taken', () => {
    const { set: replay, record } = set({ maxCalls: 1 })
    expect(replay.take(use(1), NOW_S)).toBe('new')
    expect(replay.take(use(2, { issuer: bob.did }), NOW_S)).toBe('full')
    expect(replay.size).toBe(1)
    record.places = 0
    expect(replay.take(use(3, { nonce: RANDOM }), NOW_S)).toBe('full')
    expect(set({ maxCalls: 0 }).set.take(use(1), NOW_S)).toBe('full')
  })
})

describe('a call that names no epoch', () => {
  test.each([
    ['is short', RANDOM],
    ['is empty', new Uint8Array(0)],
    ['begins with anything', epochNonce({ epoch: OTHER, random: RANDOM })],
  ])('whose nonce %s goes to the durable record', (_, nonce) => {
    const { set: replay, record } = set()
    expect(replay.peek(use(1, { nonce }), NOW_S)).toBe('new')
    expect(replay.take(use(1, { nonce }), NOW_S)).toBe('new')
    expect(replay.size).toBe(0)
    expect(record.used.size).toBe(1)
    expect(replay.peek(use(1, { nonce }), NOW_S)).toBe('seen')
    expect(replay.take(use(1, { nonce }), NOW_S)).toBe('seen')
    expect(replay.take(use(2, { nonce, expiresS: NOW_S - 1 }), NOW_S)).toBe('seen')
    replay.undo(use(1, { nonce }))
    expect(record.used.size).toBe(0)
  })
})

describe('a call that names an earlier epoch', () => {
  const earlier = [{ epoch: OTHER, endedS: NOW_S }]
  const nonce = epochNonce({ epoch: OTHER, random: RANDOM })

  test('is refused for ten minutes after that epoch has ended', () => {
    const { set: replay, record } = set({ earlier })
    for (const at of [0, NOW_S, NOW_S + EPOCH_MEMORY_S]) {
      expect(replay.isOfEarlierEpoch(nonce, at)).toBe(true)
      expect(replay.peek(use(1, { nonce }), at)).toBe('seen')
      expect(replay.take(use(1, { nonce }), at)).toBe('seen')
    }
    expect(record.steps).toBe(0)
    const later = NOW_S + EPOCH_MEMORY_S + 1
    expect(replay.isOfEarlierEpoch(nonce, later)).toBe(false)
    expect(replay.take(use(1, { nonce, expiresS: later + 30 }), later)).toBe('new')
    expect(record.steps).toBe(1)
    expect(replay.isOfEarlierEpoch(nonce, NOW_S)).toBe(false)
  })

  test('is told apart from one of the current epoch and one of none', () => {
    const { set: replay } = set({ earlier })
    expect(replay.isOfEarlierEpoch(epochNonce({ epoch: EPOCH, random: RANDOM }), NOW_S)).toBe(false)
    expect(replay.isOfEarlierEpoch(nonce.subarray(0, 15), NOW_S)).toBe(false)
    expect(replay.isOfEarlierEpoch(nonce.subarray(0, 16), NOW_S)).toBe(true)
    expect(set().set.isOfEarlierEpoch(nonce, NOW_S)).toBe(false)
  })

  test('can never have been used in the memory of that epoch once it is let through', () => {
    const before = set().set
    const last = use(1, { expiresS: NOW_S + EPOCH_MEMORY_S })
    expect(before.take(last, NOW_S)).toBe('new')
    const after = set({ epoch: OTHER, earlier: [{ epoch: EPOCH, endedS: NOW_S }] }).set
    for (let at = NOW_S; at <= NOW_S + EPOCH_MEMORY_S + 5; at += 1) {
      expect(after.take(last, at)).toBe('seen')
    }
  })
})

test('options that would weaken the record are refused', () => {
  const { record } = set()
  const make = (changes: Partial<ReplaySetOptions>) => () =>
    new ReplaySet({ epoch: EPOCH, earlier: [], record, ...changes })
  expect(make({ epoch: new Uint8Array(15) })).toThrow(/epoch/)
  expect(make({ earlier: [{ epoch: new Uint8Array(17), endedS: NOW_S }] })).toThrow(/epoch/)
  expect(make({ earlier: [{ epoch: EPOCH, endedS: NOW_S }] })).toThrow(/used before/)
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const epoch = new Uint8Array(16)
      new DataView(epoch.buffer).setUint32(0, index)
      return { epoch, endedS: NOW_S }
    })
  expect(make({ earlier: many(MAX_EARLIER_EPOCHS) })).not.toThrow()
  expect(make({ earlier: many(MAX_EARLIER_EPOCHS + 1) })).toThrow(/earlier/)
  for (const bound of [-1, 1.5, Number.NaN]) {
    expect(make({ maxPerIssuer: bound })).toThrow(/maxPerIssuer/)
    expect(make({ maxCalls: bound })).toThrow(/maxCalls/)
  }
})

test('the epoch is a copy, which nobody changes from outside', () => {
  const epoch = new Uint8Array(16).fill(5)
  const { set: replay } = set({ epoch })
  epoch.fill(0)
  expect(replay.epoch).toEqual(new Uint8Array(16).fill(5))
})

test('whatever the clock does, no call is new twice and memory holds only what may still come', () => {
  const step = fc.record({ n: fc.nat(20), advance: fc.integer({ min: -40, max: 700 }), life: fc.nat(120) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { set: replay } = set({ maxPerIssuer: 8 })
      const ends = new Map<number, number>()
      const taken = new Set<number>()
      let nowS = NOW_S
      let highestS = 0
      for (const { n, advance, life } of steps) {
        nowS += advance
        highestS = Math.max(highestS, nowS)
        const expiresS = ends.get(n) ?? nowS + life
        ends.set(n, expiresS)
        const answer = replay.take(use(n, { expiresS }), nowS)
        expect(answer === 'new' && taken.has(n)).toBe(false)
        if (answer === 'new') taken.add(n)
        const mayCome = [...taken].filter((one) => (ends.get(one) ?? 0) >= highestS)
        expect(replay.size).toBe(mayCome.length)
      }
    }),
    { seed: 42, numRuns: 300 },
  )
})
