import { concatBytes, decodeCbor } from '@talos/bytes'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeSessionState, encodeSessionState, SKIPPED_KEY_LIFETIME_MS } from '../src/index.ts'
import { boundSkipped, forgetExpired } from '../src/skipped.ts'
import { areSkippedKeys, keyCount, NO_SKIPPED_KEYS, takeKey, withKeys } from '../src/skipped-keys.ts'
import { SessionState } from '../src/state.ts'
import { establish, NOW_MS } from './agents.ts'
import { Line, recordOf, type States, skippedKey } from './line.ts'

let states: States

beforeAll(async () => {
  states = await establish()
})

/** A line on which Bob misses `missing` messages of Alice before one that he heard. */
function lineWithGap(missing: number): { readonly line: Line; readonly lost: readonly Uint8Array[] } {
  const line = new Line(states)
  const lost = Array.from({ length: missing }, (_, number) => line.say('alice', `lost ${number}`))
  line.hear('bob', line.say('alice', 'after the gap'))
  return { line, lost }
}

describe('skipped keys', () => {
  it('are stored as 44 bytes each: number, time, message key', () => {
    const { line } = lineWithGap(2)
    const skipped = recordOf(line.states.bob).receiving?.skipped ?? NO_SKIPPED_KEYS
    const view = new DataView(skipped.buffer, skipped.byteOffset, skipped.length)
    expect(skipped.length).toBe(88)
    expect([view.getUint32(0), view.getUint32(44)]).toEqual([1, 2])
    expect([view.getBigUint64(4), view.getBigUint64(48)]).toEqual([BigInt(NOW_MS), BigInt(NOW_MS)])
  })

  it('are found by their numbers, whatever is missing between them, and taken out one at a time', () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 }).map((all) => all.toSorted((a, b) => a - b))
    fc.assert(
      fc.property(numbers, fc.nat({ max: 60 }), (kept, wanted) => {
        const keys = concatBytes(...kept.map((number) => skippedKey({ number })))
        const before = keys.slice()
        const taken = takeKey(keys, wanted)
        const rest = kept.filter((number) => number !== wanted)
        expect(keys).toEqual(before)
        expect(taken?.rest).toEqual(
          rest.length === kept.length ? undefined : concatBytes(...rest.map((number) => skippedKey({ number }))),
        )
        expect(taken?.messageKey).toEqual(rest.length === kept.length ? undefined : new Uint8Array(32).fill(wanted))
      }),
      { seed: 42, numRuns: 300 },
    )
  })

  it('are appended as a record reads them', () => {
    const messageKeys = concatBytes(...[7, 8, 9].map((number) => new Uint8Array(32).fill(number)))
    for (const storedMs of [0, 2 ** 32 - 1, 2 ** 32, NOW_MS, Number.MAX_SAFE_INTEGER]) {
      const added = { first: 7, count: 2, storedMs, messageKeys }
      const due = [6, 7, 8].map((number) => skippedKey({ number, storedMs: BigInt(storedMs) }))
      const keys = withKeys(due[0] as Uint8Array, added)
      expect(keys).toEqual(concatBytes(...due))
      expect(keyCount(keys)).toBe(3)
      expect(areSkippedKeys(keys)).toBe(true)
    }
  })

  it('cost nothing where nothing changes: a message in order keeps the very bytes, and so do limits that hold', () => {
    const { line } = lineWithGap(50)
    const before = SessionState.partsOf(line.states.bob)
    line.hear('bob', line.say('alice', 'in order'))
    const after = SessionState.partsOf(line.states.bob)
    expect(after.receiving?.skipped).toBe(before.receiving?.skipped)
    expect(boundSkipped(after)).toBe(after)
    expect(forgetExpired(after, NOW_MS + SKIPPED_KEY_LIFETIME_MS - 1)).toBe(after)
    expect(forgetExpired(after, NOW_MS + SKIPPED_KEY_LIFETIME_MS).receiving?.skipped.length).toBe(0)
  })

  it('share no memory with longer ones, so that what was dropped is gone', () => {
    const { line, lost } = lineWithGap(5)
    line.hear('bob', lost[4] as Uint8Array)
    line.hear('bob', lost[0] as Uint8Array)
    const skipped = SessionState.partsOf(line.states.bob).receiving?.skipped
    expect(skipped?.length).toBe(3 * 44)
    expect(skipped?.buffer.byteLength).toBe(3 * 44)
  })

  it('grow old one by one, by the time at which each was stored', () => {
    const line = new Line(states)
    const early = line.say('alice', 'early')
    line.hear('bob', line.say('alice', 'heard'))
    const late = line.say('alice', 'late')
    line.hear('bob', line.say('alice', 'heard later'), { nowMs: NOW_MS + 1000 })
    expect(line.states.bob.toJSON().skippedKeys).toBe(2)
    const nowMs = NOW_MS + SKIPPED_KEY_LIFETIME_MS
    const parts = forgetExpired(SessionState.partsOf(line.states.bob), nowMs)
    expect(parts.oldestMs).toBe(NOW_MS + 1000)
    line.states.bob = new SessionState(parts)
    expect(() => line.hear('bob', early, { nowMs })).toThrow(expect.objectContaining({ code: 'SESSION_DUPLICATE' }))
    expect(line.hear('bob', late, { nowMs })).toBe('late')
  })

  it('age also when the clock went back between them', () => {
    const line = new Line(states)
    line.say('alice', 'lost')
    line.hear('bob', line.say('alice', 'first'))
    line.say('alice', 'lost too')
    line.hear('bob', line.say('alice', 'second'), { nowMs: NOW_MS - 5000 })
    const { oldestMs } = SessionState.partsOf(line.states.bob)
    expect(oldestMs).toBe(NOW_MS - 5000)
    const restored = SessionState.partsOf(decodeSessionState(encodeSessionState(line.states.bob)))
    expect(restored.oldestMs).toBe(oldestMs)
  })

  it('of a stored record do not keep its bytes', () => {
    const { line } = lineWithGap(3)
    const stored = encodeSessionState(line.states.bob)
    const state = decodeSessionState(stored)
    const record = decodeCbor(stored)
    stored.fill(0)
    expect(recordOf(state)).toEqual(record)
  })
})
