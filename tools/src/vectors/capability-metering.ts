/** Vectors of counted limits (16.2 to 16.7, 16.10), of hours and environment (16.8, 16.9), and of leases (7.11). */
import { agent, type Link, linkText, linkTo, token, type Value } from './capability-tokens.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** 2026-01-01T00:00:00Z, a Thursday. */
const BEGIN_S = 1_767_225_600
const BEGIN_MS = BEGIN_S * 1000

/** One step of a script, after so many milliseconds, and the answer to it: `allow`, or the code and its numbers. */
interface Step {
  readonly atMs: number
  readonly answer: Json
  readonly ask: Ask
}

interface Ask {
  /** The links that are charged, by their places in `links`; all of them when absent. */
  readonly links?: readonly number[]
  readonly bytes?: number
  readonly args?: Json
  readonly cost?: Json
  /** Settles the call of that step, with `bytes` of result. */
  readonly settles?: number
  /** An orderly end and a new start before this step. */
  readonly restart?: boolean
}

const allow = (atMs: number, ask: Ask = {}): Step => ({ atMs, answer: 'allow', ask })
const deny = (atMs: number, code: string, details: object, ask: Ask = {}): Step => ({
  atMs,
  answer: { code: `CAPABILITY_${code}`, ...details },
  ask,
})
const late = (atMs: number, retryAfterMs: number, ask: Ask = {}): Step =>
  deny(atMs, 'RATE', { link: 0, retryAfterMs }, ask)

function script(clause: string, description: string, links: readonly Json[], steps: readonly Step[]): object {
  const asked = steps.map(({ atMs, ask }) => ({ nowMs: BEGIN_MS + atMs, ...ask }))
  const expected = { answers: steps.map(({ answer }) => answer) }
  return { clause, description, valid: true, input: { links, steps: asked }, expected }
}

function refusedLimits(limits: Json, description: string): object {
  return {
    clause: '16.2',
    description,
    valid: false,
    input: { links: [limits], steps: [] },
    error: 'CAPABILITY_POLICY_INVALID',
  }
}

export function meteringCases(): readonly object[] {
  return [
    ...amountScripts(),
    ...rateScripts(),
    ...chainScripts(),
    script(
      '16.10',
      'an orderly end and a new start change nothing',
      [
        [
          ['calls', 3],
          ['bytes', 100],
        ],
      ],
      [
        allow(0, { bytes: 10 }),
        allow(1, { bytes: 10, restart: true }),
        allow(2, { bytes: 10, restart: true }),
        deny(3, 'CALLS', { link: 0 }, { bytes: 10, restart: true }),
      ],
    ),
    script(
      '16.10',
      'a rate goes on after a new start',
      [[['rate', 2, 10]]],
      [allow(0), allow(0), late(1, 4_999, { restart: true }), allow(5_000)],
    ),
    refusedLimits([['calls']], 'calls without a number'),
    refusedLimits([['calls', 0]], 'no calls at all'),
    refusedLimits([['calls', 1, 1]], 'calls with one operand too many'),
    refusedLimits([['calls', '5']], 'a number in a text'),
    refusedLimits(['calls'], 'a limit that is no list'),
    refusedLimits([[]], 'a limit without a kind'),
    refusedLimits([['weight', 5]], 'a kind that is not known'),
    refusedLimits(
      [
        ['calls', 5],
        ['calls', 6],
      ],
      'two limits on calls',
    ),
    refusedLimits(
      [
        ['rate', 5, 60],
        ['rate', 6, 60],
      ],
      'two rates of one period',
    ),
    refusedLimits(
      [
        ['budget', 'usd', 5],
        ['budget', 'usd', 6, '.amount'],
      ],
      'two budgets in one unit',
    ),
    refusedLimits([['rate', 5]], 'a rate without a period'),
    refusedLimits([['rate', 5, 60, 5, 5]], 'a rate with one operand too many'),
    refusedLimits([['rate', 5, 2_678_401]], 'a period of more than 31 days'),
    refusedLimits([['rate', 5, 60, 0]], 'a rate that lets no call come at once'),
    refusedLimits([['rate', 5, 2_678_400, 3_362_903]], 'a burst beyond exact numbers'),
    refusedLimits([['budget', 'usd']], 'a budget without an amount'),
    refusedLimits([['budget', 5, 5]], 'a unit that is no text'),
    refusedLimits([['budget', 'us dollars', 5]], 'a unit of two words'),
    refusedLimits([['budget', 'usd', 5, 'amount']], 'a selector that is none'),
    refusedLimits([['budget', 'usd', 5, '.']], 'a selector that names no argument'),
    refusedLimits([['budget', 'usd', 5, '.a', 1]], 'a budget with one operand too many'),
    refusedLimits(
      Array.from({ length: 17 }, (_, index) => ['rate', 1, index + 1]),
      '17 limits',
    ),
    script('16.2', '16 limits', [Array.from({ length: 16 }, (_, index) => ['rate', 1, index + 1])], [allow(0)]),
  ]
}

function amountScripts(): readonly object[] {
  const running = { clause: '16.5' }
  return [
    script(
      '16.3',
      'the last call, and one more',
      [[['calls', 2]]],
      [allow(0), allow(0), deny(0, 'CALLS', { link: 0 })],
    ),
    script(
      running.clause,
      'a place among the running calls is free again when one has ended',
      [[['concurrency', 2]]],
      [
        allow(0),
        allow(0),
        deny(0, 'CONCURRENCY', { link: 0 }),
        allow(1, { settles: 0 }),
        allow(2),
        deny(2, 'CONCURRENCY', { link: 0 }),
      ],
    ),
    script(
      '16.6',
      'bytes of the request are charged at the beginning',
      [[['bytes', 100]]],
      [
        allow(0, { bytes: 60 }),
        deny(0, 'BYTES', { link: 0, left: 40 }, { bytes: 41 }),
        allow(0, { bytes: 40 }),
        allow(0, { bytes: 0 }),
        deny(0, 'BYTES', { link: 0, left: 0 }, { bytes: 1 }),
      ],
    ),
    script(
      '16.6',
      'a result that does not fit is withheld and not charged',
      [[['bytes', 100]]],
      [
        allow(0, { bytes: 50 }),
        deny(1, 'BYTES', { link: 0, left: 50 }, { settles: 0, bytes: 51 }),
        allow(2, { bytes: 25 }),
        allow(3, { settles: 2, bytes: 25 }),
        deny(4, 'BYTES', { link: 0, left: 0 }, { bytes: 1 }),
      ],
    ),
    script(
      '16.7',
      'a budget by an argument',
      [[['budget', 'usd-cent', 100, '.amount']]],
      [
        allow(0, { args: { amount: 60 } }),
        deny(0, 'BUDGET', { link: 0, left: 40 }, { args: { amount: 41 } }),
        allow(0, { args: { amount: 0 } }),
        deny(0, 'COST', { link: 0 }, { args: { amount: -1 } }),
        deny(0, 'COST', { link: 0 }, { args: { amount: '40' } }),
        deny(0, 'COST', { link: 0 }, { args: {} }),
        allow(0, { args: { amount: 40 } }),
      ],
    ),
    script(
      '16.7',
      'a budget by what the executor states',
      [[['budget', 'tokens', 10]]],
      [
        allow(0, { cost: { tokens: 4 } }),
        deny(0, 'COST', { link: 0 }, { cost: { usd: 4 } }),
        allow(0, { cost: { tokens: 6, usd: 1_000 } }),
        deny(0, 'BUDGET', { link: 0, left: 0 }, { cost: { tokens: 1 } }),
      ],
    ),
  ]
}

function rateScripts(): readonly object[] {
  return [
    script(
      '16.4',
      'as many at once as the number says, then one for each part of the period',
      [[['rate', 4, 1]]],
      [
        allow(0),
        allow(0),
        allow(0),
        allow(0),
        late(0, 250),
        late(249, 1),
        allow(250),
        late(250, 250),
        allow(1_000),
        allow(1_000),
        allow(1_000),
        late(1_000, 250),
      ],
    ),
    script(
      '16.4',
      'a burst of its own',
      [[['rate', 60, 60, 2]]],
      [
        allow(0),
        allow(0),
        late(0, 1_000),
        allow(1_000),
        late(1_999, 1),
        allow(3_000),
        allow(3_000),
        late(3_000, 1_000),
      ],
    ),
    script(
      '16.4',
      'a number that does not divide the period stays exact',
      [[['rate', 3, 1, 1]]],
      [allow(0), late(333, 1), allow(334), late(667, 1), allow(668), allow(1_002), late(1_335, 1), allow(1_336)],
    ),
    script(
      '16.4',
      'three in a second are three in each second',
      [[['rate', 3, 1]]],
      [allow(0), allow(0), allow(0), late(0, 334), allow(1_000), allow(1_000), allow(1_000), late(1_000, 334)],
    ),
    script(
      '16.4',
      'rates of two periods hold together',
      [
        [
          ['rate', 2, 1],
          ['rate', 3, 60],
        ],
      ],
      [allow(0), allow(0), late(0, 500), allow(1_000), late(2_000, 18_000), allow(20_000)],
    ),
    script(
      '16.4',
      'a clock that steps back by a little stands still',
      [[['rate', 1, 1]]],
      [allow(0), late(-60_000, 1_000), late(999, 1), allow(1_000)],
    ),
    script(
      '16.4',
      'a clock that steps back by more goes on from where it stood',
      [[['rate', 1, 1]]],
      [allow(0), late(-60_001, 1_000), late(-59_002, 1), allow(-59_001), late(-59_001, 1_000)],
    ),
    script(
      '16.4',
      'the largest burst of the longest period',
      [[['rate', 1, 2_678_400, 3_362_902]]],
      [allow(0), allow(0)],
    ),
  ]
}

function chainScripts(): readonly object[] {
  return [
    script(
      '16.3',
      'two siblings share what their parent has',
      [[['calls', 3]], [['calls', 2]], [['calls', 2]]],
      [
        allow(0, { links: [0, 1] }),
        allow(0, { links: [0, 1] }),
        deny(0, 'CALLS', { link: 1 }, { links: [0, 1] }),
        allow(0, { links: [0, 2] }),
        deny(0, 'CALLS', { link: 0 }, { links: [0, 2] }),
      ],
    ),
    script(
      '16.3',
      'a call that one link refuses is charged to none',
      [
        [
          ['calls', 2],
          ['bytes', 10],
        ],
        [['calls', 1]],
      ],
      [
        allow(0, { links: [0, 1], bytes: 5 }),
        deny(0, 'CALLS', { link: 1 }, { links: [0, 1], bytes: 5 }),
        deny(0, 'BYTES', { link: 0, left: 5 }, { links: [0], bytes: 6 }),
        allow(0, { links: [0], bytes: 5 }),
      ],
    ),
    script(
      '16.3',
      'a refused call takes no place among the running ones',
      [[['concurrency', 1]], [['rate', 1, 1]]],
      [allow(0), allow(0, { settles: 0 }), deny(500, 'RATE', { link: 1, retryAfterMs: 500 }), allow(1_000)],
    ),
    script(
      '16.3',
      'a link that stands twice in a chain is charged twice',
      [[['calls', 3]]],
      [allow(0, { links: [0, 0] }), deny(0, 'CALLS', { link: 1 }, { links: [0, 0] }), allow(0, { links: [0] })],
    ),
  ]
}

export function whenCases(): readonly object[] {
  const at = (text: string): number => Date.parse(text) / 1000
  const judged = (when: Json, nowS: number, seconds: number | undefined, description: string): object => ({
    clause: '16.8',
    description,
    valid: true,
    input: { when, nowS, environment: {} },
    expected: seconds === undefined ? { allowed: true } : { allowed: false, code: 'CAPABILITY_TIME_WINDOW', seconds },
  })
  const placed = (when: Json, environment: Json, allowed: boolean, description: string): object => ({
    clause: '16.9',
    description,
    valid: true,
    input: { when, nowS: BEGIN_S, environment },
    expected: allowed ? { allowed: true } : { allowed: false, code: 'CAPABILITY_ENVIRONMENT' },
  })
  const refused = (when: Json, description: string, clause = '16.8'): object => ({
    clause,
    description,
    valid: false,
    input: { when, nowS: BEGIN_S, environment: {} },
    error: 'CAPABILITY_POLICY_INVALID',
  })
  const office: Json = [['time', [[[1, 2, 3, 4, 5], 540, 1_020]], 0]]
  const night: Json = [['time', [[[5], 1_320, 360]], 0]]
  const stage: Json = [['env', 'stage', ['test', 'staging']]]
  return [
    judged(office, at('2026-01-01T09:00:00Z'), undefined, 'the first minute of a window'),
    judged(office, at('2026-01-01T16:59:59Z'), undefined, 'its last second'),
    judged(office, at('2026-01-01T17:00:00Z'), 57_600, 'the minute at which it ends'),
    judged(office, at('2026-01-01T08:59:59Z'), 1, 'a second before it begins'),
    judged(office, at('2026-01-02T17:00:00Z'), 230_400, 'Friday evening waits for Monday'),
    judged(office, at('2026-01-03T12:00:00Z'), 162_000, 'Saturday'),
    judged(night, at('2026-01-02T22:00:00Z'), undefined, 'a window past midnight on its own day'),
    judged(night, at('2026-01-03T05:59:59Z'), undefined, 'a window past midnight on the day after'),
    judged(night, at('2026-01-03T06:00:00Z'), 576_000, 'the end of a window past midnight'),
    judged(night, at('2026-01-02T05:00:00Z'), 61_200, 'the morning of the day that it begins on'),
    judged([['time', [[[7], 1_320, 360]], 0]], at('2026-01-05T01:00:00Z'), undefined, 'from Sunday night to Monday'),
    judged([['time', [[[4], 0, 1_440]], 0]], at('2026-01-01T23:59:59Z'), undefined, 'a whole day'),
    judged([['time', [[[4], 0, 1_440]], 0]], at('2026-01-02T00:00:00Z'), 518_400, 'the day after'),
    judged([['time', [[[4], 0, 60]], 120]], at('2025-12-31T22:30:00Z'), undefined, 'two hours ahead of UTC'),
    judged([['time', [[[4], 0, 60]], 120]], at('2026-01-01T00:30:00Z'), 595_800, 'after it'),
    judged([['time', [[[3], 1_380, 1_440]], -60]], at('2026-01-01T00:30:00Z'), undefined, 'an hour behind UTC'),
    judged([['time', [[[3], 0, 1_440]], -840]], 0, undefined, 'the first second of the count, in the day before'),
    judged([['time', [[[4], 0, 1_440]], 840]], 0, undefined, 'the first second of the count, 14 hours ahead'),
    judged(
      [
        [
          'time',
          [
            [[1], 0, 1],
            [[4], 10, 20],
          ],
          0,
        ],
      ],
      at('2026-01-01T00:10:00Z'),
      undefined,
      'the second of two',
    ),
    judged([...office, ['time', [[[4], 600, 660]], 0]], at('2026-01-01T09:30:00Z'), 1_800, 'both of two conditions'),
    refused([['time', [], 0]], 'no window'),
    refused([['time', Array.from({ length: 65 }, () => [[1], 0, 1]), 0]], '65 windows'),
    judged([['time', Array.from({ length: 64 }, () => [[4], 0, 1]), 0]], BEGIN_S, undefined, '64 windows'),
    refused([['time', [[[], 0, 1]], 0]], 'a window without a day'),
    refused([['time', [[1, 0, 1]], 0]], 'days that are no list'),
    refused([['time', [[[1], 0]], 0]], 'a window without an end'),
    refused([['time', ['always'], 0]], 'a window that is no list'),
    refused([['time', 'always', 0]], 'windows that are no list'),
    refused([['time', [[[0], 0, 1]], 0]], 'a day before Monday'),
    refused([['time', [[[8], 0, 1]], 0]], 'a day after Sunday'),
    refused([['time', [[[2, 1], 0, 1]], 0]], 'days out of order'),
    refused([['time', [[[1, 1], 0, 1]], 0]], 'a day twice'),
    refused([['time', [[[1], 5, 5]], 0]], 'a window without length'),
    refused([['time', [[[1], 1_440, 1]], 0]], 'a beginning after the day'),
    refused([['time', [[[1], 0, 1_441]], 0]], 'an end after the day'),
    refused([['time', [[[1], 5, 0]], 0]], 'an end at the first minute'),
    refused([['time', [[[1], 0, 1]], 841]], 'an offset of more than 14 hours'),
    refused([['time', [[[1], 0, 1]], -841]], 'an offset of more than 14 hours behind'),
    refused([['time', [[[1], 0, 1]]]], 'no offset'),
    refused([['time', [[[1], 0, 1]], null]], 'an offset that is no number'),
    refused(['time'], 'a condition that is no list'),
    refused([['moon', 1, 2]], 'a kind that is not known'),
    refused(
      Array.from({ length: 17 }, () => ['env', 'stage', ['test']]),
      '17 conditions',
      '7.2',
    ),
    placed(stage, { stage: 'staging' }, true, 'one of the values'),
    placed(stage, { stage: 'production' }, false, 'none of the values'),
    placed(stage, {}, false, 'a fact that the executor does not state'),
    placed([...stage, ['env', 'region', ['eu']]], { stage: 'test', region: 'us' }, false, 'both of two facts'),
    placed(
      Array.from({ length: 16 }, () => ['env', 'stage', ['test']]),
      { stage: 'test' },
      true,
      '16 conditions',
    ),
    refused([['env', '', ['a']]], 'a fact without a name', '16.9'),
    refused([['env', 'n'.repeat(65), ['a']]], 'a name of 65 characters', '16.9'),
    refused([['env', 5, ['a']]], 'a name that is no text', '16.9'),
    refused([['env', 'stage', []]], 'no value', '16.9'),
    refused([['env', 'stage', 'test']], 'values that are no list', '16.9'),
    refused([['env', 'stage', [5]]], 'a value that is no text', '16.9'),
    refused([['env', 'stage', Array.from({ length: 257 }, String)]], '257 values', '16.9'),
  ]
}

const owner = agent(1)
const alice = agent(2)

function leased(lease: Value, times: { readonly [name: string]: Value } = { nbf: BEGIN_S, exp: BEGIN_S + 900 }) {
  const payload = {
    aud: alice.did,
    sub: owner.did,
    cmd: '/mcp/git',
    pol: [],
    nonce: Buffer.alloc(12, 7),
    depth: 0,
    need: 'signature',
    rules: [],
    lease,
    ...times,
  }
  return token(owner, 'talos/cap@1', payload)
}

export function leaseCases(): readonly object[] {
  const first = linkTo(Buffer.from('the first of a lease'))
  const holds = (lease: Value, of: Link | undefined, description: string): object => {
    const { bytes, link } = leased(lease)
    const name = linkText(link)
    const counted = of === undefined ? name : linkText(of)
    const revocable = of === undefined ? [name] : [name, counted]
    const expected = { account: `${owner.did} ${counted}`, revocable }
    return { clause: '7.11', description, valid: true, input: { delegationHex: bytes.toString('hex') }, expected }
  }
  const refused = (error: string, description: string, ...terms: Parameters<typeof leased>): object => {
    const input = { delegationHex: leased(...terms).bytes.toString('hex') }
    return { clause: '7.11', description, valid: false, input, error }
  }
  const times = (nbf: number, exp: number | null) => ({ nbf, exp })
  return [
    holds({ term: 900, max: 3, n: 0 }, undefined, 'the first of a lease'),
    holds({ term: 900, max: 3, n: 1, of: first }, first, 'a renewal'),
    holds({ term: 900, max: 3, n: 3, of: first }, first, 'the last renewal'),
    holds({ term: 901, max: 0, n: 0 }, undefined, 'a lease that is never renewed, and ends before its term'),
    refused('CAPABILITY_LEASE', 'one renewal too many', { term: 900, max: 3, n: 4, of: first }),
    refused('CAPABILITY_LEASE', 'a renewal that does not name the first', { term: 900, max: 3, n: 1 }),
    refused('CAPABILITY_LEASE', 'a first that names another', { term: 900, max: 3, n: 0, of: first }),
    refused('CAPABILITY_LEASE', 'longer than its term', { term: 899, max: 3, n: 0 }),
    refused('CAPABILITY_LEASE', 'no end', { term: 900, max: 3, n: 0 }, times(BEGIN_S, null)),
    refused('CAPABILITY_LEASE', 'no beginning', { term: 900, max: 3, n: 0 }, { exp: 900 }),
    refused('SCHEMA_INVALID', 'no term', { max: 3, n: 0 }),
    refused('SCHEMA_INVALID', 'a term of more than a leap year', { term: 31_622_401, max: 3, n: 0 }),
    refused('SCHEMA_INVALID', 'a number below nothing', { term: 900, max: 3, n: -1 }),
    refused('SCHEMA_INVALID', 'a member that is not known', { term: 900, max: 3, n: 0, x: 1 }),
    refused('SCHEMA_INVALID', 'the first named by a text', { term: 900, max: 3, n: 1, of: linkText(first) }),
  ]
}
