/**
 * Metering under random interleavings: what is counted never exceeds what any link allows, over crashes, restarts and
 * failing stores; and what was allowed is what an exact model allows where nothing crashes.
 */
import { type Account, Meter, type Ticket } from '@talos/capability'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileLimits } from '../src/metering/limit.ts'
import { type Failure, MemoryMeters } from './memory-meters.ts'

const NOW_MS = 1_767_225_600_000
const SEED = 20_260_101

/** A root with three children; each call goes through the root and one of them. */
interface Family {
  readonly calls: readonly number[]
  readonly bytes: number
  readonly running: number
}

const family: fc.Arbitrary<Family> = fc.record({
  calls: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 4, maxLength: 4 }),
  bytes: fc.integer({ min: 1, max: 4_000 }),
  running: fc.integer({ min: 1, max: 4 }),
})

type Event =
  | { readonly type: 'call'; readonly child: number; readonly bytes: number; readonly afterMs: number }
  | { readonly type: 'end'; readonly which: number; readonly bytes: number }
  | { readonly type: 'restart' | 'crash' }
  | { readonly type: 'fail'; readonly how: Failure }

const call = fc.record({
  type: fc.constant('call' as const),
  child: fc.integer({ min: 1, max: 3 }),
  bytes: fc.integer({ min: 0, max: 100 }),
  afterMs: fc.constantFrom(0, 0, 1, 30, 2_000),
})
const end = fc.record({
  type: fc.constant('end' as const),
  which: fc.nat(),
  bytes: fc.integer({ min: 0, max: 100 }),
})
const trouble: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constantFrom('restart' as const, 'crash' as const) }),
  fc.record({ type: fc.constant('fail' as const), how: fc.constantFrom('stored' as const, 'not stored' as const) }),
)
const eventful = fc.array(fc.oneof({ weight: 12, arbitrary: call }, { weight: 6, arbitrary: end }, trouble), {
  minLength: 50,
  maxLength: 300,
})

function accountsFor({ calls, bytes, running }: Family): readonly Account[] {
  return calls.map((most, index) => {
    const limits = compileLimits([
      ['calls', most],
      ...(index === 0
        ? [
            ['bytes', bytes],
            ['concurrency', running],
          ]
        : []),
    ])
    const name = `account ${index}`
    return { account: name, tree: 'account 0', link: Math.min(index, 1), limits, untilS: null, settles: index === 0 }
  })
}

/** A process that meters, with everything that it allowed. */
class Scene {
  readonly store = new MemoryMeters()
  readonly accounts: readonly Account[]
  meter: Meter
  readonly allowed = [0, 0, 0, 0]
  bytes = 0
  /** Calls that are running in this process. */
  running: Ticket[] = []
  nowMs = NOW_MS

  constructor(family: Family) {
    this.accounts = accountsFor(family)
    this.meter = new Meter({ store: this.store })
  }

  step(event: Event): void {
    if (event.type === 'fail') this.store.failure = event.how
    else if (event.type === 'call') this.call(event)
    else if (event.type === 'end') this.end(event)
    else this.begin(event.type)
  }

  private call({ child, bytes, afterMs }: Event & { readonly type: 'call' }): void {
    this.nowMs += afterMs
    const charged = this.accounts.filter((_, index) => index === 0 || index === child)
    const use = { nowMs: this.nowMs, bytes, args: {}, cost: () => undefined }
    const result = attempt(() => this.meter.charge(charged, use))
    if (result?.ticket === undefined) return
    this.running.push(result.ticket)
    this.bytes += bytes
    for (const index of [0, child]) this.allowed[index] = (this.allowed[index] ?? 0) + 1
  }

  private end({ which, bytes }: Event & { readonly type: 'end' }): void {
    const [ticket] = this.running.splice(which % Math.max(1, this.running.length), 1)
    if (ticket === undefined) return
    const isReleased = attempt(() => this.meter.settle(ticket, { bytes, nowMs: this.nowMs }) === undefined)
    if (isReleased === true) this.bytes += bytes
  }

  private begin(type: 'restart' | 'crash'): void {
    if (type === 'restart') attempt(() => this.meter.close())
    this.meter = new Meter({ store: this.store })
    this.running = []
  }
}

/** What `run` returns; undefined where the store failed it. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (isTalosError(error, 'STORE_WRITE_FAILED')) return undefined
    throw error
  }
}

function requireWithin({ allowed, bytes, running }: Scene, limits: Family): void {
  for (const [index, most] of limits.calls.entries()) expect(allowed[index]).toBeLessThanOrEqual(most)
  expect(bytes).toBeLessThanOrEqual(limits.bytes)
  expect(running.length).toBeLessThanOrEqual(limits.running)
}

describe('siblings under one parent', () => {
  it('never exceed it, or themselves, over crashes, restarts and writes that fail', () => {
    fc.assert(
      fc.property(family, eventful, (limits, events) => {
        const scene = new Scene(limits)
        for (const event of events) {
          scene.step(event)
          requireWithin(scene, limits)
        }
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('get all that there is where nothing crashes', () => {
    fc.assert(
      fc.property(family, fc.array(fc.oneof(call, end), { minLength: 100, maxLength: 200 }), (limits, events) => {
        const scene = new Scene({ ...limits, bytes: 1_000_000, running: 1_000 })
        const asked = [0, 0, 0, 0]
        for (const [step, event] of events.entries()) {
          if (step % 20 === 19) scene.step({ type: 'restart' })
          if (event.type === 'call') {
            const has = [0, event.child].every((index) => Number(asked[index]) < Number(limits.calls[index]))
            for (const index of has ? [0, event.child] : []) asked[index] = Number(asked[index]) + 1
          }
          scene.step(event)
        }
        expect(scene.allowed).toEqual(asked)
      }),
      { seed: SEED, numRuns: 100 },
    )
  })
})

describe('a rate', () => {
  const rate = fc.record({
    most: fc.integer({ min: 1, max: 50 }),
    perS: fc.integer({ min: 1, max: 30 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 5_000 })), {
    minLength: 50,
    maxLength: 150,
  })

  it('never allows more than its burst and its share of the time in any window, over crashes as well', () => {
    fc.assert(
      fc.property(rate, gaps, fc.integer({ min: 0, max: 9 }), ({ most, perS, burst }, waits, crashes) => {
        const store = new MemoryMeters()
        const limits = compileLimits([['rate', most, perS, burst]])
        const accounts = [{ account: 'a', tree: 'a', link: 0, limits, untilS: null, settles: false }]
        let meter = new Meter({ store })
        let nowMs = NOW_MS
        const allowedMs: number[] = []
        for (const [step, wait] of waits.entries()) {
          nowMs += wait
          if (step % 10 < crashes) meter = new Meter({ store })
          const { cause } = meter.charge(accounts, { nowMs, bytes: 0, args: {}, cost: () => undefined })
          if (cause === undefined) allowedMs.push(nowMs)
        }
        for (const [first, fromMs] of allowedMs.entries()) {
          for (const [offset, untilMs] of allowedMs.slice(first).entries()) {
            // Exact: calls beyond the burst, each worth a part of the period, against the time of the window.
            expect((offset + 1 - burst) * perS * 1_000).toBeLessThanOrEqual((untilMs - fromMs) * most)
          }
        }
      }),
      { seed: SEED, numRuns: 100 },
    )
  })

  it('allows a call exactly when it said that it would', () => {
    fc.assert(
      fc.property(rate, gaps, ({ most, perS, burst }, waits) => {
        const limits = compileLimits([['rate', most, perS, burst]])
        const accounts = [{ account: 'a', tree: 'a', link: 0, limits, untilS: null, settles: false }]
        const meter = new Meter({ store: new MemoryMeters() })
        const at = (nowMs: number) => meter.charge(accounts, { nowMs, bytes: 0, args: {}, cost: () => undefined }).cause
        let nowMs = NOW_MS
        for (const wait of waits) {
          nowMs += wait
          const waitMs = Number(at(nowMs)?.details['retryAfterMs'] ?? 0)
          if (waitMs === 0) continue
          expect(at(nowMs + waitMs - 1)?.code).toBe('CAPABILITY_RATE')
          nowMs += waitMs
          expect(at(nowMs)).toBeUndefined()
        }
      }),
      { seed: SEED, numRuns: 100 },
    )
  })
})
