/** Vectors of counted limits (16.2 to 16.7, 16.10). */
import type { Json } from './capability-rules-shared.ts'

/** 2026-01-01T00:00:00Z. */
const BEGIN_MS = 1_767_225_600_000

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
