/** The options that every benchmark command has, and the run from scenarios to report. */
import { parseArgs } from 'node:util'
import { type Contestant, type Effort, FULL_EFFORT, measure, QUICK_EFFORT, type Subject } from './measure.ts'
import { type Report, reportJson, reportText } from './report.ts'
import type { MeasuredScenario } from './targets.ts'
import { serve, startWorker, type Worker, type WorkerPart, workerPart } from './worker.ts'

/** Several subjects that do the same thing. */
export interface Scenario {
  readonly id: string
  readonly title: string
  /** Names of all subjects that it can have; not all of them are there on every machine. */
  readonly subjectNames: readonly string[]
  /** Makes the subjects of these names that this machine has. */
  readonly open: (names: ReadonlySet<string>) => Promise<OpenScenario>
}

interface OpenScenario {
  readonly subjects: readonly Subject[]
  readonly close?: () => void | Promise<void>
}

export interface Options {
  readonly json: boolean
  readonly effort: Effort
  readonly only: readonly string[]
  readonly assert: boolean
  readonly install: boolean
}

/** What stands in a report beside the times. */
export type Judgement = Pick<Report, 'facts' | 'targets' | 'notes'>

export interface Bench {
  /** Such as `session`. */
  readonly name: string
  /** What `--help` says first. */
  readonly about: string
  readonly scenarios: readonly Scenario[]
  /** After all scenarios ran. */
  readonly judge: (scenarios: readonly MeasuredScenario[]) => Promise<Judgement> | Judgement
}

/** A mistake on the command line. */
export class UsageError extends Error {}

/** @throws UsageError for an unknown option */
export function readOptions(words: readonly string[]): Options | 'help' {
  const { values } = parse(words)
  if (values.help) return 'help'
  return {
    json: values.json,
    effort: values.quick ? QUICK_EFFORT : FULL_EFFORT,
    only: values.only.split(',').filter((word) => word !== ''),
    assert: values.assert,
    install: !values['no-install'],
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        assert: { type: 'boolean', default: false },
        'no-install': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (--help tells the options)`, { cause })
  }
}

function helpText({ name, about, scenarios }: Bench): string {
  const subjects = new Set(scenarios.flatMap(({ subjectNames }) => subjectNames))
  return `${about}

Usage: npm run bench:${name} -- [options]

  --quick         fewer and shorter rounds: a look, not a result
  --only WORDS    words with commas between them; each narrows the run to scenarios or to subjects whose name has it
  --json          one JSON object instead of tables
  --assert        exit code 1 when a "must" is missed (or a "reach" that has no "must")
  --no-install    leave out peers that are not installed
  -h, --help      this text

Scenarios: ${scenarios.map(({ id }) => id).join(', ')}
Subjects:  ${[...subjects].join(', ')}

Examples:
  npm run bench:${name}
  npm run bench:${name} -- --quick --only talos
  npm run bench:${name} -- --only ${scenarios[0]?.id ?? ''} --json > result.json
`
}

/** What `--only` leaves of the scenarios. @throws UsageError for a word that is in no name */
export function select(scenarios: readonly Scenario[], only: readonly string[]) {
  const names = new Set(scenarios.flatMap(({ subjectNames }) => subjectNames))
  const ofScenario = only.filter((word) => scenarios.some(({ id }) => id.includes(word)))
  const ofSubject = only.filter((word) => !ofScenario.includes(word))
  const unknown = ofSubject.find((word) => ![...names].some((name) => name.includes(word)))
  if (unknown !== undefined) throw new UsageError(`--only ${unknown}: no scenario and no subject has it in its name`)
  return {
    scenarios: scenarios.filter(({ id }) => ofScenario.length === 0 || ofScenario.some((word) => id.includes(word))),
    subjects: new Set(
      [...names].filter((name) => ofSubject.length === 0 || ofSubject.some((word) => name.includes(word))),
    ),
  }
}

/** Makes those subjects of a scenario that this machine has, ready to take turns. */
export type Field = (scenario: Scenario, names: ReadonlySet<string>) => Promise<OpenField>

interface OpenField {
  readonly contestants: readonly Contestant[]
  readonly close: () => void | Promise<void>
}

/** Runs a benchmark and tells the exit code. */
export async function runBench(bench: Bench, options: Options, field: Field = processes): Promise<number> {
  const { scenarios, subjects } = select(bench.scenarios, options.only)
  const measured: MeasuredScenario[] = []
  for (const [index, scenario] of scenarios.entries()) {
    const label = `${index + 1}/${scenarios.length} ${scenario.id}`
    const names = new Set(scenario.subjectNames.filter((name) => subjects.has(name)))
    const result = await runScenario(scenario, { names, effort: options.effort, label, field })
    if (result.subjects.length > 0) measured.push(result)
  }
  progress('')
  const judgement = await bench.judge(measured)
  const report: Report = { bench: bench.name, effort: options.effort, scenarios: measured, ...judgement }
  process.stdout.write(options.json ? `${reportJson(report)}\n` : reportText(report))
  return options.assert && report.targets.some(({ met }) => met === 'missed') ? 1 : 0
}

async function runScenario(
  scenario: Scenario,
  options: {
    readonly names: ReadonlySet<string>
    readonly effort: Effort
    readonly label: string
    readonly field: Field
  },
): Promise<MeasuredScenario> {
  const { names, effort, label, field } = options
  const { id, title } = scenario
  progress(`${label}: setting up`)
  const { contestants, close } = await field(scenario, names)
  try {
    const onTurn = ({ round, name }: { readonly round: number; readonly name: string }) =>
      progress(`${label}: round ${round}/${effort.rounds}, ${name}`)
    return { id, title, subjects: await measure({ contestants, effort, onTurn }) }
  } finally {
    await close()
  }
}

/** Each subject in a process of its own: nobody pays for another's garbage, nor for code compiled for another's types. */
const processes: Field = async ({ id }, names) => {
  const workers: Worker[] = []
  for (const name of names) {
    const worker = await startWorker({ scenario: id, subject: name })
    if (worker !== undefined) workers.push(worker)
  }
  return {
    contestants: workers.map(({ contestant }) => contestant),
    close: async () => {
      for (const { stop } of workers) await stop()
    },
  }
}

/** One line that replaces itself, for people who wait. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

/** The whole command: options, help, run; mistakes of the command line are one line. */
export async function main(prepare: (options: Options | 'help') => Promise<Bench>): Promise<void> {
  try {
    const part = workerPart(process.argv.slice(2))
    if (part !== undefined) {
      await work(prepare, part)
      return
    }
    const options = readOptions(process.argv.slice(2))
    const bench = await prepare(options)
    if (options === 'help') process.stdout.write(helpText(bench))
    else process.exitCode = await runBench(bench, options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  }
}

/** The process of one subject. */
async function work(prepare: (options: Options) => Promise<Bench>, { scenario, subject }: WorkerPart): Promise<void> {
  const options = { json: false, effort: FULL_EFFORT, only: [subject], assert: false, install: false }
  const { scenarios } = await prepare(options)
  const open = await scenarios.find(({ id }) => id === scenario)?.open(new Set([subject]))
  await serve(
    open?.subjects.find(({ name }) => name === subject),
    async () => await open?.close?.(),
  )
}
