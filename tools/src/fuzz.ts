/**
 * `npm run fuzz`: mutated inputs for every parser, in TypeScript and in Rust. See docs/fuzzing.md.
 *
 *     npm run fuzz -- [--seconds 60] [--seed N] [--only NAME] [--part typescript|rust] [--json]
 *     npm run fuzz -- --only NAME (--seed N --case N | --input HEX)
 */
import { parseArgs } from 'node:util'
import { type Finding, fuzz, inputOf, type TargetReport } from './fuzz/engine.ts'
import { missingForRust, prepareRust, type RustReport, runRust, rustTargets } from './fuzz/rust.ts'
import type { Target } from './fuzz/target.ts'
import { allTargets } from './fuzz/targets/index.ts'
import { watchedFuzz } from './fuzz/watch.ts'

const DEFAULT_SECONDS = 60
/** The Rust targets' part of the time, where both run; building them is not counted. */
const RUST_SHARE = 0.5
const MAX_SEED = 0xffff_ffff

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
    seed: { type: 'string', default: String(Date.now() % (MAX_SEED + 1)) },
    only: { type: 'string', default: '' },
    part: { type: 'string', default: 'both' },
    case: { type: 'string' },
    input: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

interface Outcome {
  readonly typescript: readonly TargetReport[]
  readonly findings: readonly Finding[]
  readonly rust: readonly RustReport[]
}

const seed = wholeNumber('seed', values.seed) % (MAX_SEED + 1)
const seconds = wholeNumber('seconds', values.seconds)
const say = values.json ? () => {} : (line: string) => console.log(line)
const isReplay = values.case !== undefined || values.input !== undefined
const outcome = isReplay ? await replay() : await run()
if (values.json) console.log(JSON.stringify({ seed, ...outcome }, undefined, 2))
else tell(outcome)
process.exitCode = outcome.findings.length > 0 || outcome.rust.some(({ failed }) => failed) ? 1 : 0

async function run(): Promise<Outcome> {
  const targets = values.part === 'rust' ? [] : await allTargets(values.only)
  const wanted = values.part === 'typescript' ? [] : rustTargets(values.only)
  if (targets.length + wanted.length === 0) throw new Error(`no target begins with ${values.only}`)
  const missing = wanted.length === 0 ? undefined : missingForRust()
  if (missing !== undefined) say(missing)
  const rustNames = missing === undefined ? wanted : []
  const share = rustNames.length === 0 ? 0 : targets.length === 0 ? 1 : RUST_SHARE
  say(`seed ${seed}`)
  const report =
    targets.length === 0
      ? { targets: [], findings: [] }
      : await watchedFuzz({ targets, only: values.only, seed, seconds: seconds * (1 - share) })
  if (rustNames.length > 0) {
    say(`building ${rustNames.length} Rust targets`)
    prepareRust()
  }
  const each = (seconds * share) / rustNames.length
  const rust = rustNames.map((name) => runRust(name, { seconds: each, seed }))
  return { typescript: report.targets, findings: report.findings, rust }
}

/** Runs one case again, or an input that is given. */
async function replay(): Promise<Outcome> {
  const target = (await allTargets(values.only)).find(({ name }) => name === values.only)
  if (target === undefined) throw new Error('--only names no target of TypeScript')
  const number = wholeNumber('case', values.case ?? '0')
  const input = values.input === undefined ? inputOf(target, { seed, number }) : Buffer.from(values.input, 'hex')
  const once: Target = { ...target, seeds: [new Uint8Array(input)] }
  const { targets, findings } = await fuzz({ targets: [once], seed, maxCases: 1 })
  return { typescript: targets, findings, rust: [] }
}

function tell({ typescript, findings, rust }: Outcome): void {
  for (const { name, cases, accepted, slowestMs } of typescript) {
    say(
      `${name.padEnd(34)}${String(cases).padStart(9)} cases${String(accepted).padStart(9)} taken${slowestMs.toFixed(1).padStart(9)} ms at most`,
    )
  }
  for (const { name, executions, failed } of rust) {
    say(`${name.padEnd(34)}${String(executions).padStart(9)} cases${failed ? '   FAILED' : ''}`)
  }
  for (const { target, case: number, what, inputHex } of findings) {
    say(`\nFOUND in ${target}, seed ${seed}, case ${number}: ${what}\ninput ${inputHex}`)
    say(`replay: npm run fuzz -- --only ${target} --input ${inputHex.length > 4_000 ? '<the input>' : inputHex}`)
    say(`     or npm run fuzz -- --only ${target} --seed ${seed} --case ${number}`)
  }
  for (const { name, tail } of rust.filter(({ failed }) => failed)) {
    say(`\nFOUND in ${name}, seed ${seed}:\n${tail}`)
    say(`replay: cargo +nightly fuzz run --fuzz-dir fuzz ${name.slice('rust/'.length)} <the file named above>`)
  }
  const failed = findings.length + rust.filter((report) => report.failed).length
  const total = [...typescript.map(({ cases }) => cases), ...rust.map(({ executions }) => executions)]
  say(`${total.reduce((sum, count) => sum + count, 0)} cases in ${total.length} targets, ${failed} findings`)
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} is a whole number`)
  return value
}
