/** The meter: what its store keeps, what a crash and a failing store leave, bounds, misuse. */
import type { IpldValue } from '@talos/bytes'
import { type Account, type ChargeResult, METER_MAX_ACCOUNTS, Meter, type Ticket, type Use } from '@talos/capability'
import { isTalosError, TalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import { MAX_STANDSTILL_MS, SteadyClock } from '../src/metering/clock.ts'
import { compileLimits } from '../src/metering/limit.ts'
import { MemoryMeters } from './memory-meters.ts'

const NOW_MS = 1_767_225_600_000

function account(limits: readonly IpldValue[], changes: Partial<Account> = {}): Account {
  const compiled = compileLimits(limits)
  const settles = compiled.some(({ kind }) => kind === 'concurrency' || kind === 'bytes')
  return { account: 'a', tree: 'a', link: 0, limits: compiled, untilS: null, settles, ...changes }
}

function use(changes: Partial<Use> = {}): Use {
  return { nowMs: NOW_MS, bytes: 0, args: {}, cost: () => undefined, ...changes }
}

/** Charges until refused; how often it was allowed. */
function drain(meter: Meter, accounts: readonly Account[], most = 10_000): number {
  for (let count = 0; count < most; count += 1) {
    if (meter.charge(accounts, use()).cause !== undefined) return count
  }
  return most
}

function codeOf(result: ChargeResult): string | undefined {
  return result.cause?.code
}

/** The code that `run` throws. */
function thrown(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : String(error)
  }
  return 'nothing'
}

/** The ticket of a call that was allowed. */
function ticketOf(result: ChargeResult): Ticket {
  if (result.ticket === undefined) throw new TalosError('CAPABILITY_DENIED')
  return result.ticket
}

describe('durable values', () => {
  it('are raised before a call is allowed, and cover it', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    meter.charge(
      [
        account([
          ['calls', 5],
          ['rate', 5, 10],
        ]),
      ],
      use(),
    )
    expect(store.values.get('a calls')).toBe(1)
    expect(store.values.get('a rate 10')).toBe(NOW_MS + 2_000 + 1_000)
  })

  it('are raised in blocks where use is fast, and are exact where it is slow', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    const accounts = [account([['calls', 1_000_000]])]
    drain(meter, accounts, 100_000)
    expect(store.writes).toBeLessThan(100)
    const before = store.writes
    for (let second = 1; second <= 10; second += 1) meter.charge(accounts, use({ nowMs: NOW_MS + second * 100_000 }))
    expect(store.values.get('a calls')).toBeGreaterThanOrEqual(100_010)
    for (let second = 11; second <= 90_000; second += 1) {
      meter.charge(accounts, use({ nowMs: NOW_MS + second * 100_000 }))
    }
    expect(store.writes - before).toBeGreaterThan(50_000)
    expect(store.values.get('a calls')).toBe(190_000)
  })

  it('shrink their blocks as the limit comes near: a crash loses a part of what was left, and gives nothing back', () => {
    const store = new MemoryMeters()
    const accounts = [account([['calls', 1_000]])]
    let allowed = 0
    for (let crash = 0; crash < 10; crash += 1) allowed += drain(new Meter({ store }), accounts, 50)
    expect(allowed).toBe(500)
    allowed += drain(new Meter({ store }), accounts)
    expect(allowed).toBeLessThanOrEqual(1_000)
    expect(allowed).toBeGreaterThan(600)
    expect(drain(new Meter({ store }), accounts)).toBe(0)
  })

  it('are given back by an orderly end, after which nothing is reserved any more', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    const accounts = [
      account([
        ['calls', 1_000],
        ['rate', 1_000, 1_000],
        ['concurrency', 1_000],
      ]),
    ]
    drain(meter, accounts, 100)
    expect(store.values.get('a calls')).toBeGreaterThan(100)
    meter.close()
    expect(Object.fromEntries(store.values)).toEqual({ 'a calls': 100, 'a rate 1000': NOW_MS + 100_000 })
    drain(meter, accounts, 10)
    expect(store.values.get('a calls')).toBe(110)
    const { writes } = store
    meter.close()
    expect(store.writes).toBe(writes)
  })

  it('of a rate are rounded up to whole milliseconds', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    meter.charge([account([['rate', 3, 1, 1]])], use())
    meter.close()
    expect(store.values.get('a rate 1')).toBe(NOW_MS + 334)
  })

  it('of a rate that are far ahead, from a clock that stepped back, count as a burst that is used up', () => {
    const store = new MemoryMeters()
    const accounts = [account([['rate', 2, 10]])]
    new Meter({ store }).charge(accounts, use({ nowMs: NOW_MS + 1_000_000_000 }))
    const meter = new Meter({ store })
    expect(meter.charge(accounts, use()).cause?.details['retryAfterMs']).toBe(5_000)
    expect(codeOf(meter.charge(accounts, use({ nowMs: NOW_MS + 5_000 })))).toBeUndefined()
  })

  it('of a lease that is renewed are told until when they are needed', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    const limits = [['calls', 1_000]]
    meter.charge([account(limits, { untilS: 1_000 })], use())
    expect(store.untils.get('a calls')).toBe(1_000)
    meter.charge([account(limits, { untilS: 2_000 })], use())
    meter.charge([account(limits, { untilS: 1_500 })], use())
    expect(store.untils.get('a calls')).toBe(2_000)
    expect(store.values.get('a calls')).toBeGreaterThanOrEqual(3)
    meter.charge([account(limits, { untilS: null })], use())
    meter.charge([account(limits, { untilS: 3_000 })], use())
    expect(store.untils.get('a calls')).toBeNull()
  })

  it('that may have been forgotten open no account again', () => {
    const store = new MemoryMeters()
    store.forgottenS = 2_000
    const meter = new Meter({ store })
    const over = [account([['calls', 10]], { untilS: 1_999 })]
    expect(codeOf(meter.charge(over, use()))).toBe('CAPABILITY_EXPIRED')
    expect(meter.preview(over, use())?.code).toBe('CAPABILITY_EXPIRED')
    expect(codeOf(meter.charge([account([['calls', 10]], { account: 'b', untilS: 2_000 })], use()))).toBeUndefined()
    expect(codeOf(meter.charge([account([['calls', 10]], { account: 'c' })], use()))).toBeUndefined()
  })
})

describe('a store that fails', () => {
  for (const failure of ['not stored', 'stored'] as const) {
    it(`charges nothing when a raise fails (${failure}), and nothing is allowed twice for it`, () => {
      const store = new MemoryMeters()
      const meter = new Meter({ store })
      const accounts = [
        account([
          ['calls', 3],
          ['bytes', 30],
        ]),
        account([['rate', 3, 60]], { account: 'b', link: 1 }),
      ]
      meter.charge(accounts, use({ bytes: 10 }))
      store.failure = failure
      expect(thrown(() => meter.charge(accounts, use({ bytes: 10 })))).toBe('STORE_WRITE_FAILED')
      expect(meter.remaining(account([['calls', 3]]), NOW_MS).map(({ left }) => left)).toEqual([2])
      expect(drain(meter, accounts)).toBe(2)
      expect(drain(new Meter({ store }), accounts)).toBe(0)
    })

    it(`withholds a result when its bytes cannot be charged (${failure}), and gives up the call's place`, () => {
      const store = new MemoryMeters()
      const meter = new Meter({ store })
      const accounts = [
        account([
          ['concurrency', 1],
          ['bytes', 100],
        ]),
      ]
      const ticket = ticketOf(meter.charge(accounts, use({ bytes: 10 })))
      store.failure = failure
      expect(thrown(() => meter.settle(ticket, { bytes: 50, nowMs: NOW_MS }))).toBe('STORE_WRITE_FAILED')
      const left = meter.remaining(
        account([
          ['concurrency', 1],
          ['bytes', 100],
        ]),
        NOW_MS,
      )
      expect(left.map((limit) => limit.left)).toEqual([1, 90])
    })

    it(`loses what was reserved when giving it back fails (${failure}), and no more`, () => {
      const store = new MemoryMeters()
      const meter = new Meter({ store })
      const accounts = [account([['calls', 1_000]])]
      const before = drain(meter, accounts, 100)
      store.failure = failure
      expect(thrown(() => meter.close())).toBe('STORE_WRITE_FAILED')
      const between = drain(meter, accounts, 10)
      expect(before + between + drain(new Meter({ store }), accounts)).toBeLessThanOrEqual(1_000)
    })
  }

  it('charges nothing when it cannot be read, neither in a look nor in a charge', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    const first = account([
      ['concurrency', 1],
      ['calls', 5],
    ])
    const accounts = [first, account([['calls', 5]], { account: 'b', link: 1 })]
    store.unreadable = 'b'
    expect(thrown(() => meter.preview(accounts, use()))).toBe('STORE_READ_FAILED')
    expect(thrown(() => meter.charge(accounts, use()))).toBe('STORE_READ_FAILED')
    expect(meter.remaining(first, NOW_MS).map(({ left }) => left)).toEqual([1, 5])
    store.unreadable = undefined
    expect(codeOf(meter.charge(accounts, use()))).toBeUndefined()
  })

  it('charges nothing when the cost of a call cannot be told for an error', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    const first = account([['concurrency', 1]])
    const accounts = [first, account([['budget', 'usd', 5]], { account: 'b', link: 1 })]
    const cost = (): number => {
      throw new TalosError('CAPABILITY_DENIED')
    }
    expect(thrown(() => meter.charge(accounts, use({ cost })))).toBe('CAPABILITY_DENIED')
    expect(meter.remaining(first, NOW_MS).map(({ left }) => left)).toEqual([1])
  })

  it('that has no room refuses new accounts and goes on with those that it knows', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    const known = account([['calls', 10]])
    meter.charge([known], use())
    store.isFull = true
    const added = account([['calls', 10]], { account: 'b', link: 1 })
    expect(codeOf(meter.charge([known, added], use()))).toBe('CAPABILITY_ACCOUNTS')
    expect(meter.remaining(known, NOW_MS).map(({ left }) => left)).toEqual([9])
    expect(codeOf(meter.charge([known], use()))).toBeUndefined()
  })
})

describe('accounts in memory', () => {
  const named = (index: number): Account =>
    account(
      [
        ['calls', 1_000],
        ['rate', 1_000, 1_000],
      ],
      { account: `n${index}` },
    )

  it('are bounded: those used longest ago go, and give back what they had reserved', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store, maxAccounts: 16 })
    for (let index = 0; index < 16; index += 1) drain(meter, [named(index)], 20)
    const reserved = store.values.get('n0 calls')
    expect(reserved).toBeGreaterThan(20)
    meter.charge([named(1)], use())
    meter.charge([named(16)], use())
    expect([store.values.get('n0 calls'), store.values.get('n2 calls')]).toEqual([20, 20])
    expect(store.values.get('n1 calls')).toBeGreaterThan(21)
    const lefts = Array.from({ length: 17 }, (_, index) => meter.remaining(named(index), NOW_MS).at(0)?.left)
    expect(lefts).toEqual([980, 979, ...Array.from({ length: 14 }, () => 980), 999])
  })

  it('stay while calls of theirs are running, beyond the bound', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store, maxAccounts: 16 })
    const single = (index: number): Account => account([['concurrency', 1]], { account: `r${index}` })
    const tickets = Array.from({ length: 40 }, (_, index) => ticketOf(meter.charge([single(index)], use())))
    for (let index = 0; index < 40; index += 1) {
      expect(codeOf(meter.charge([single(index)], use()))).toBe('CAPABILITY_CONCURRENCY')
    }
    for (const ticket of tickets) meter.settle(ticket, { bytes: 0, nowMs: NOW_MS })
    expect(codeOf(meter.charge([single(0)], use()))).toBeUndefined()
    expect(store.writes).toBe(0)
  })

  it('of one chain stay together, also where all others are running', () => {
    const meter = new Meter({ store: new MemoryMeters(), maxAccounts: 16 })
    const single = (name: string) => account([['concurrency', 1]], { account: name })
    for (let index = 0; index < 16; index += 1) meter.charge([single(`r${index}`)], use())
    const chain = Array.from({ length: 16 }, (_, index) => single(`c${index}`))
    expect(codeOf(meter.charge(chain, use()))).toBeUndefined()
    for (const link of chain) expect(codeOf(meter.charge([link], use()))).toBe('CAPABILITY_CONCURRENCY')
  })

  it('are loaded again with what they used, and lose nothing by it', () => {
    const store = new MemoryMeters()
    const meter = new Meter({ store, maxAccounts: 16 })
    let allowed = 0
    for (let round = 0; round < 40; round += 1) {
      for (let index = 0; index < 40; index += 1) {
        allowed += drain(meter, [account([['calls', 20]], { account: `n${index}` })], 1)
      }
    }
    expect(allowed).toBe(800)
  })
})

describe('a result', () => {
  it('that one link has no room for is charged to none', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    const accounts = [account([['bytes', 100]]), account([['bytes', 30]], { account: 'b', link: 1 })]
    const ticket = ticketOf(meter.charge(accounts, use({ bytes: 10 })))
    const cause = meter.settle(ticket, { bytes: 21, nowMs: NOW_MS })
    expect([cause?.code, cause?.path]).toEqual(['CAPABILITY_BYTES', 'proofs[1].limits[0]'])
    expect(accounts.flatMap((each) => meter.remaining(each, NOW_MS)).map(({ left }) => left)).toEqual([90, 20])
  })
})

describe('what is left', () => {
  it('is told for each limit, as of now', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    const limits = [
      ['calls', 5],
      ['rate', 2, 10, 3],
      ['concurrency', 2],
      ['bytes', 100],
      ['budget', 'usd', 50],
    ]
    const accounts = [account(limits)]
    meter.charge(accounts, use({ bytes: 30, cost: () => 20 }))
    const left = (nowMs: number) => accounts.flatMap((each) => meter.remaining(each, nowMs)).map((limit) => limit.left)
    expect(left(NOW_MS)).toEqual([4, 2, 1, 70, 30])
    expect(left(NOW_MS + 4_999)).toEqual([4, 2, 1, 70, 30])
    expect(left(NOW_MS + 5_000)).toEqual([4, 3, 1, 70, 30])
    const [calls, rate] = meter.remaining(account(limits), NOW_MS)
    expect(calls).toEqual({ kind: 'calls', key: 'calls', limit: 5, left: 4, requirement: 'at most 5 calls in all' })
    expect([rate?.limit, rate?.key]).toEqual([3, 'rate 10'])
  })

  it('is nothing where a renewal has lower limits than what was used', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    const wide = [
      account([
        ['calls', 5],
        ['rate', 5, 10],
        ['bytes', 50],
        ['budget', 'usd', 50],
      ]),
    ]
    for (let count = 0; count < 5; count += 1) meter.charge(wide, use({ bytes: 10, cost: () => 10 }))
    const narrow = account([
      ['calls', 2],
      ['rate', 1, 10],
      ['bytes', 20],
      ['budget', 'usd', 20],
    ])
    expect(meter.remaining(narrow, NOW_MS).map(({ left }) => left)).toEqual([0, 0, 0, 0])
    const bytes = meter.charge([account([['bytes', 20]])], use({ bytes: 1 }))
    expect([bytes.cause?.code, bytes.cause?.details['left']]).toEqual(['CAPABILITY_BYTES', 0])
    const spent = meter.charge([account([['budget', 'usd', 20]])], use({ cost: () => 1 }))
    expect([spent.cause?.code, spent.cause?.details['left']]).toEqual(['CAPABILITY_BUDGET', 0])
    expect(codeOf(meter.charge([account([['bytes', 60]])], use({ bytes: 1 })))).toBeUndefined()
  })
})

describe('misuse', () => {
  it('of a ticket: it is settled once', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    const ticket = ticketOf(meter.charge([account([['concurrency', 2]])], use()))
    expect(meter.settle(ticket, { bytes: 0, nowMs: NOW_MS })).toBeUndefined()
    expect(thrown(() => meter.settle(ticket, { bytes: 0, nowMs: NOW_MS }))).toBe('CAPABILITY_OPTION_INVALID')
    const empty = ticketOf(meter.charge([account([['calls', 2]])], use()))
    expect(meter.settle(empty, { bytes: 1, nowMs: NOW_MS })).toBeUndefined()
    expect(meter.settle(empty, { bytes: 1, nowMs: NOW_MS })).toBeUndefined()
  })

  it('of numbers: times and sizes are whole and not negative', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => meter.charge([], use({ bytes: wrong })))).toBe('CAPABILITY_OPTION_INVALID')
      expect(thrown(() => meter.charge([], use({ nowMs: wrong })))).toBe('CAPABILITY_OPTION_INVALID')
    }
    expect(thrown(() => new Meter({ store: new MemoryMeters(), maxAccounts: 15 }))).toBe('CAPABILITY_OPTION_INVALID')
    expect(thrown(() => new Meter({ store: new MemoryMeters(), maxAccounts: 16.5 }))).toBe('CAPABILITY_OPTION_INVALID')
    expect(METER_MAX_ACCOUNTS).toBeGreaterThan(16)
  })

  it('of costs: an executor that states a part of a unit, or a negative one, states none', () => {
    const meter = new Meter({ store: new MemoryMeters() })
    for (const cost of [0.5, -1, Number.NaN]) {
      expect(codeOf(meter.charge([account([['budget', 'usd', 5]])], use({ cost: () => cost })))).toBe('CAPABILITY_COST')
    }
  })
})

describe('steady time', () => {
  it('stands still for so long at most', () => {
    const clock = new SteadyClock()
    const backMs = 100_000 - MAX_STANDSTILL_MS
    expect([clock.read(100_000), clock.read(backMs), clock.read(99_999), clock.read(100_001)]).toEqual([
      100_000, 100_000, 100_000, 100_001,
    ])
    expect([clock.read(backMs), clock.read(backMs + 10)]).toEqual([100_001, 100_011])
    expect(clock.read(100_000)).toBe(100_001 + MAX_STANDSTILL_MS)
  })
})
