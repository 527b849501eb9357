/** What a capability allows, as people type it: every option to its wire form (spec 07-delegation, 16-metering), or a refusal. */
import { Secret } from '@talos/bytes'
import { delegate, openDelegation, type VerifiedLink } from '@talos/capability'
import type { ControlRequestTerms } from '@talos/contracts'
import { ed25519Signer } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hoursOf } from '../src/commands/capabilities/hours.ts'
import { rulesOf, type TermOptions, termsOf } from '../src/commands/capabilities/terms.ts'

const ALICE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const BOB = 'did:key:z6MkvHQKpv1V3MXnK99HhLD4MHyh3E1XSD11ZzA4j7q1c1UL'
const RUNS = { seed: 42, numRuns: 300 }
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

const kernel = loadKernel()
const signer = ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(1)) })

/** A capability with these terms, as its receiver reads it. */
async function opened(terms: Pick<ControlRequestTerms, 'limits' | 'when'>): Promise<VerifiedLink> {
  const about = {
    signer,
    audience: signer.did,
    subject: signer.did,
    command: '/mcp/s',
    expiresS: null,
    nonce: new Uint8Array(12),
  }
  return openDelegation((await delegate({ ...about, ...terms })).bytes, { kernel })
}

function errorOf(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

const two = (value: number) => String(value).padStart(2, '0')
const clock = (minute: number) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`

describe('terms of a grant', () => {
  it.each<[TermOptions, object]>([
    [{}, {}],
    [{ calls: '10' }, { limits: [['calls', 10]] }],
    [{ rate: ['10/1m'] }, { limits: [['rate', 10, 60]] }],
    [
      { rate: ['10/1m:20', '1000/1d'] },
      {
        limits: [
          ['rate', 10, 60, 20],
          ['rate', 1000, 86_400],
        ],
      },
    ],
    [{ concurrency: '2' }, { limits: [['concurrency', 2]] }],
    [{ bytes: '512' }, { limits: [['bytes', 512]] }],
    [{ bytes: '10MB' }, { limits: [['bytes', 10_000_000]] }],
    [{ bytes: '2KiB' }, { limits: [['bytes', 2048]] }],
    [{ bytes: '3GiB' }, { limits: [['bytes', 3 * 2 ** 30]] }],
    [{ budget: ['usd-cent=500'] }, { limits: [['budget', 'usd-cent', 500]] }],
    [{ budget: ['usd-cent=500:.amount'] }, { limits: [['budget', 'usd-cent', 500, '.amount']] }],
    [{ env: ['stage=test,staging'] }, { when: [['env', 'stage', ['test', 'staging']]] }],
    [{ env: ['region=a=b'] }, { when: [['env', 'region', ['a=b']]] }],
    [{ proof: 'mac' }, { need: 'mac' }],
    [{ renewals: '0' }, { maxRenewals: 0 }],
    [{ approver: [ALICE] }, { approvals: { m: 1, of: [ALICE] } }],
    [{ approvals: '2', approver: [ALICE, BOB] }, { approvals: { m: 2, of: [ALICE, BOB] } }],
  ])('%j are %j', (options, terms) => {
    expect(termsOf(options)).toEqual(terms)
  })

  it('keep the order of limits and of conditions', () => {
    const options = { calls: '1', rate: ['2/1s'], concurrency: '3', bytes: '4B', budget: ['a=5'] }
    expect(termsOf(options).limits?.map((limit) => (Array.isArray(limit) ? limit[0] : limit))).toEqual([
      'calls',
      'rate',
      'concurrency',
      'bytes',
      'budget',
    ])
    expect(termsOf({ hours: ['daily 08:00-09:00'], env: ['a=b'] }).when).toEqual([
      ['time', [[[1, 2, 3, 4, 5, 6, 7], 480, 540]], 0],
      ['env', 'a', ['b']],
    ])
  })

  it.each<[string, TermOptions]>([
    ...['0', '-1', '1.5', '1e3', '0x10', '', ' 1', '١', '999999999999999', 'NaN'].map(
      (calls): [string, TermOptions] => ['--calls', { calls }],
    ),
    ...['10', '10/m', '10/0s', '0/1m', '10/1m:0', '10/1m:', '10/1w', '1/1s/1s', '10/1m:1.5', '-1/1m', '1/99999d'].map(
      (rate): [string, TermOptions] => ['--rate', { rate: [rate] }],
    ),
    ['--concurrency', { concurrency: '0' }],
    ...['0MB', '10mb', '10 MB', '1.5MB', 'MB', '10TB', '-1', '999999999999GiB'].map((bytes): [string, TermOptions] => [
      '--bytes',
      { bytes },
    ]),
    ...['usd', 'usd=', 'usd=0', 'usd=-1', '=5', 'usd=1:', 'USD CENT=5', 'usd=1.5'].map(
      (budget): [string, TermOptions] => ['--budget', { budget: [budget] }],
    ),
    ...['stage', 'stage=', '=test', ''].map((env): [string, TermOptions] => ['--env', { env: [env] }]),
    ['--proof', { proof: 'none' }],
    ['--proof', { proof: 'SIGNATURE' }],
    ['--renewals', { renewals: '-1' }],
    ['--renewals', { renewals: '1000001' }],
    ['--approvals', { approvals: '1' }],
    ['--approvals', { approvals: '2', approver: [ALICE] }],
    ['--approvals', { approvals: '0', approver: [ALICE] }],
    ['--approver', { approver: ['did:web:example.org'] }],
    ['--approver', { approver: [`${ALICE} `] }],
  ])('are refused with an unusable %s: %j', (option, options) => {
    expect(() => termsOf(options)).toThrow(
      expect.objectContaining({ code: 'CLI_OPTION_INVALID', details: expect.objectContaining({ option }) }),
    )
  })

  it('that are taken are limits that the protocol compiles, whatever the numbers', async () => {
    const count = fc.integer({ min: 1, max: 1e6 })
    const unit = fc.constantFrom('', 'B', 'kB', 'MB', 'KiB', 'MiB')
    await fc.assert(
      fc.asyncProperty(
        count,
        count,
        fc.constantFrom('s', 'm', 'h'),
        count,
        unit,
        async (calls, burst, time, size, bytesUnit) => {
          const terms = termsOf({
            calls: String(calls),
            rate: [`${calls}/2${time}:${burst}`],
            bytes: `${size}${bytesUnit}`,
            budget: [`credit=${size}:.cost`],
          })
          const { limits } = await opened(terms)
          expect(limits.map(({ kind }) => kind)).toEqual(['calls', 'rate', 'bytes', 'budget'])
        },
      ),
      RUNS,
    )
  })

  it('read any text without another error than their own', () => {
    const option = fc.constantFrom('calls', 'rate', 'concurrency', 'bytes', 'budget', 'hours', 'env', 'approvals')
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-zA-Z/:=.,+ -]{1,20}$/))
    fc.assert(
      fc.property(option, text, (name, value) => {
        const isList = ['rate', 'budget', 'hours', 'env'].includes(name)
        const error = errorOf(() => termsOf({ [name]: isList ? [value] : value }))
        const expected = { code: 'CLI_OPTION_INVALID', details: { option: `--${name}` } }
        expect(error ?? expected).toMatchObject(expected)
      }),
      { ...RUNS, numRuns: 2_000 },
    )
  })
})

describe('hours', () => {
  it.each<[readonly string[], unknown]>([
    [[], []],
    [['daily 00:00-24:00'], [['time', [[[1, 2, 3, 4, 5, 6, 7], 0, 1440]], 0]]],
    [['mon-fri 09:00-17:00 +01:00'], [['time', [[[1, 2, 3, 4, 5], 540, 1020]], 60]]],
    [['fri-mon 22:00-06:00 -05:30'], [['time', [[[1, 5, 6, 7], 1320, 360]], -330]]],
    [['sun,mon 10:00-11:00'], [['time', [[[1, 7], 600, 660]], 0]]],
    [['MON,mon,mon-tue 10:00-11:00 Z'], [['time', [[[1, 2], 600, 660]], 0]]],
    [['mon 09:00-00:00'], [['time', [[[1], 540, 1440]], 0]]],
    [['sun 00:00-00:00'], [['time', [[[7], 0, 1440]], 0]]],
    [['mon 09:00-17:00 +14:00'], [['time', [[[1], 540, 1020]], 840]]],
    [
      ['mon 10:00-11:00', 'tue 12:00-13:00 z'],
      [
        [
          'time',
          [
            [[1], 600, 660],
            [[2], 720, 780],
          ],
          0,
        ],
      ],
    ],
  ])('%j are %j', (texts, condition) => {
    expect(hoursOf(texts)).toEqual(condition)
  })

  it.each([
    [['monday 09:00-17:00']],
    [['mon-tue-wed 09:00-17:00']],
    [['mon 9:00-17:00']],
    [['mon 09:00-17:60']],
    [['mon 09:00-24:01']],
    [['mon 09:00 17:00']],
    [['mon 09:00-17:00 CET']],
    [['mon 09:00-17:00 +1:00']],
    [['mon 09:00-17:00 +14:01']],
    [['mon 09:00-17:00 +01:60']],
    [['mon 09:00-09:00']],
    [['mon 24:00-01:00']],
    [['mon, 09:00-17:00']],
    [['09:00-17:00']],
    [['']],
    [['mon 09:00-17:00 +01:00', 'tue 09:00-17:00 +02:00']],
  ])('%j are refused', (texts) => {
    expect(() => hoursOf(texts)).toThrow(expect.objectContaining({ code: 'CLI_OPTION_INVALID' }))
  })

  it('hold in the minutes that they name, over midnight and the end of the week', async () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    const at = fc.integer({ min: 0, max: 7 * 1440 - 1 })
    const day = fc.integer({ min: 0, max: 6 })
    await fc.assert(
      fc.asyncProperty(day, day, minute, minute, at, async (first, last, from, to, moment) => {
        fc.pre(from !== to)
        const hours = [`${DAYS[first]}-${DAYS[last]} ${clock(from)}-${clock(to)}`]
        const [condition] = (await opened(termsOf({ hours }))).when
        // 1970-01-05 was a Monday.
        const nowS = (4 * 1440 + moment) * 60 + 30
        const days = Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7)
        const length = (to - from + 1440) % 1440
        const isOpen = days.some((one) => (moment - one * 1440 - from + 7 * 1440) % (7 * 1440) < length)
        expect(condition?.check({ nowS, environment: new Map() }, 0) === undefined).toBe(isOpen)
      }),
      RUNS,
    )
  })
})

describe('rules of a grant', () => {
  it('put the folders of one argument into one rule, names of any form into selectors', () => {
    expect(rulesOf({ under: ['path=/srv/a', 'path=/srv/b', 'to file=/srv/c'], rule: ['["known",".x"]'] })).toEqual([
      ['subpath', '.path', ['/srv/a', '/srv/b']],
      ['subpath', '.["to file"]', ['/srv/c']],
      ['known', '.x'],
    ])
  })

  it('take relative folders as of here, and keep what stands behind the first equals sign', () => {
    expect(rulesOf({ under: ['path=docs/../x=y'] })).toEqual([['subpath', '.path', [`${process.cwd()}/x=y`]]])
  })

  it.each<[string, TermOptions]>([
    ['--under', { under: ['path'] }],
    ['--under', { under: ['=x'] }],
    ['--under', { under: ['path='] }],
    ['--rule', { rule: ['{'] }],
    ['--rule', { rule: ['["known",".x"] x'] }],
    ['--rule', { rule: ['{"a":1,"a":2}'] }],
    ['--rule', { rule: [`["enum",".x",["${'y'.repeat(8_192)}"]]`] }],
    ['--rule', { rule: [`${'['.repeat(9)}${']'.repeat(9)}`] }],
    ['--rule', { rule: Array.from({ length: 65 }, () => '["known",".x"]') }],
  ])('are refused with an unusable %s', (option, options) => {
    expect(() => rulesOf(options)).toThrow(
      expect.objectContaining({ code: 'CLI_OPTION_INVALID', details: expect.objectContaining({ option }) }),
    )
  })
})
