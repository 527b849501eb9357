import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { decodeCbor, encodeCbor, equalBytes, type IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import { rustCorpus } from '../src/fuzz/corpus.ts'
import { fuzz, inputOf } from '../src/fuzz/engine.ts'
import { rustTargets } from '../src/fuzz/rust.ts'
import { seedsOf } from '../src/fuzz/seeds.ts'
import { must, type Target } from '../src/fuzz/target.ts'
import { allTargets } from '../src/fuzz/targets/index.ts'
import { watchedFuzz } from '../src/fuzz/watch.ts'
import { REPOSITORY } from './compile.ts'
import { allTargets as hangingTargets } from './fixtures/hanging-targets.ts'

const SEED = 20
/** Of each target: a second or two for all of them. */
const CASES = 150
/** Those that take nothing: no signature of another connection holds. */
const REFUSE_ALL = ['transport-binding']

describe('the targets', async () => {
  const targets = await allTargets()

  it('keep their promises on their seeds and on edits of them', async () => {
    const report = await fuzz({ targets, seed: SEED, maxCases: CASES })
    expect(report.findings).toEqual([])
    expect(report.targets.filter(({ accepted }) => accepted === 0).map(({ name }) => name)).toEqual(REFUSE_ALL)
    expect(report.targets.every(({ cases }) => cases === CASES)).toBe(true)
  })

  it('have names of their own, and are found by the beginning of one', async () => {
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length)
    const chosen = await allTargets('session-open/')
    expect(chosen.length).toBeGreaterThan(5)
    expect(chosen.every(({ name }) => name.startsWith('session-open/'))).toBe(true)
  })

  it('have seeds out of the vectors for each target in Rust', () => {
    const counts = Map.groupBy(rustCorpus(), ({ target }) => `rust/${target}`)
    expect(new Set(counts.keys())).toEqual(new Set(rustTargets('')))
    for (const [target, files] of counts) expect({ target, few: files.length < 5 }).toEqual({ target, few: false })
  })
})

/** A reader of CBOR with a defect. */
function planted(defect: (input: Uint8Array) => unknown): Target {
  const run = (input: Uint8Array) => {
    defect(input)
    must(equalBytes(encodeCbor(decodeCbor(input)), input), 'taken bytes are canonical')
  }
  return {
    name: 'planted',
    refusals: /^CBOR_INVALID$|^INPUT_/,
    form: 'cbor',
    seeds: seedsOf('canonical/cbor.json', 'cborHex'),
    run,
  }
}

/** Bytes of a byte string. */
const sizeOf = (value: IpldValue): number => (value instanceof Uint8Array ? value.length : 0)
/** A case may take so long in these tests, and the slow parser takes more. */
const LIMIT = { maxCaseMs: 200 }

const DEFECTS: Readonly<Record<string, { readonly target: Target; readonly what: RegExp }>> = {
  'a foreign error for a value that no seed has': {
    target: planted((input) => {
      if (sizeOf(decodeCbor(input)) === 13) throw new RangeError('defect')
    }),
    what: /^it threw RangeError/,
  },
  'bytes after the value that are let through': {
    target: {
      ...planted(() => undefined),
      run(input) {
        const end = input.at(-1) === 0 ? input.length - 1 : input.length
        must(equalBytes(encodeCbor(decodeCbor(input.subarray(0, end))), input), 'taken bytes are canonical')
      },
    },
    what: /^a promise is broken: taken bytes are canonical$/,
  },
  'an error that does not say what its message promises': {
    target: planted((input) => {
      if (input.length > 30) throw new TalosError('CBOR_INVALID')
    }),
    what: /^a promise is broken: CBOR_INVALID fills \{reason\}/,
  },
  'a code that is of another parser': {
    target: planted((input) => {
      if (input.length > 30) throw new TalosError('CID_INVALID')
    }),
    what: /^a promise is broken: it does not refuse with CID_INVALID$/,
  },
  'a parser that writes to its input': {
    target: planted((input) => input.fill(0xf6, 5, 6)),
    what: /^it wrote to its input$/,
  },
  'a parser that takes too long for one kind of value': {
    target: planted((input) => {
      const beginMs = performance.now()
      if (sizeOf(decodeCbor(input)) === 13) while (performance.now() - beginMs < 250);
    }),
    what: /^it took \d+ ms, twice$/,
  },
}

describe('the fuzzer', () => {
  it.each(Object.entries(DEFECTS))('finds %s, and the same in the case that it names', async (_, { target, what }) => {
    const { findings } = await fuzz({ targets: [target], seed: SEED, maxCases: 20_000, ...LIMIT })
    const [found] = findings
    expect(found?.what).toMatch(what)
    const input = inputOf(target, { seed: SEED, number: found?.case ?? -1 })
    expect(Buffer.from(input).toString('hex')).toBe(found?.inputHex)
    const replayed = { ...target, seeds: [input] }
    const again = await fuzz({ targets: [replayed], seed: SEED, maxCases: 1, ...LIMIT })
    expect(again.findings.map((finding) => finding.what)).toEqual([expect.stringMatching(what)])
  })

  it('reaches by edits what no seed has', async () => {
    const target = planted((input) => must(sizeOf(decodeCbor(input)) !== 13, 'never so long'))
    const { findings } = await fuzz({ targets: [target], seed: SEED, maxCases: 20_000 })
    expect(findings[0]?.case).toBeGreaterThanOrEqual(target.seeds.length)
  })

  it('finds nothing in the parser without a defect', async () => {
    const { findings } = await fuzz({ targets: [planted(() => undefined)], seed: SEED, maxCases: 2_000 })
    expect(findings).toEqual([])
  })

  it('names the case that hangs, and ends', async () => {
    const targets = await hangingTargets()
    const targetsModule = new URL('./fixtures/hanging-targets.ts', import.meta.url)
    const watched = { targets, targetsModule, only: '', seed: SEED, seconds: 60, hangMs: 1_500 }
    const { findings } = await watchedFuzz(watched)
    expect(findings).toEqual([expect.objectContaining({ target: 'hanging', what: 'it had not ended after 1500 ms' })])
    expect(findings[0]?.inputHex.startsWith('61')).toBe(false)
  })
})

describe('npm run fuzz', () => {
  const command = [process.execPath, '--conditions=talos-source', join(REPOSITORY, 'tools', 'src', 'fuzz.ts')]
  const run = (args: readonly string[], PATH = process.env['PATH']) => {
    const [node = '', ...before] = command
    return spawnSync(node, [...before, ...args], { encoding: 'utf8', env: { ...process.env, PATH } })
  }

  it('runs the targets that are named for some seconds, and tells as JSON what it did', () => {
    const { status, stdout } = run([
      '--only',
      'cbor',
      '--part',
      'typescript',
      '--seconds',
      '1',
      '--seed',
      '3',
      '--json',
    ])
    const report = JSON.parse(stdout)
    expect({ status, seed: report.seed, findings: report.findings }).toEqual({ status: 0, seed: 3, findings: [] })
    expect(report.typescript).toEqual([expect.objectContaining({ name: 'cbor' })])
  })

  it('runs one case again', () => {
    const { status, stdout } = run(['--only', 'cbor', '--seed', '3', '--case', '100', '--json'])
    expect({ status, cases: JSON.parse(stdout).typescript[0].cases }).toEqual({ status: 0, cases: 1 })
  })

  it('says in one line what the targets in Rust need where it is missing, and goes on', () => {
    const { status, stdout } = run(['--only', 'rust/x25519'], dirname(process.execPath))
    expect({ status, line: stdout.split('\n')[0] }).toEqual({
      status: 0,
      line: 'The Rust targets need the nightly compiler: rustup toolchain install nightly',
    })
  })

  it('refuses a name that no target has', () => {
    expect(run(['--only', 'nothing-of-ours']).status).toBe(1)
  })
})
