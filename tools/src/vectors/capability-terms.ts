/** Vectors of hours and environment (16.8, 16.9), and of leases (7.11). */
import type { Json } from './capability-rules-shared.ts'
import { agent, type Link, linkText, linkTo, token, type Value } from './capability-tokens.ts'

/** 2026-01-01T00:00:00Z, a Thursday. */
const BEGIN_S = 1_767_225_600

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
