/** A run as a table for people and as one JSON object for programs. */
import { cpus } from 'node:os'
import type { Effort, Measured } from './measure.ts'
import { mean, type Spread, spreadOf } from './statistics.ts'
import type { JudgedTarget, MeasuredScenario } from './targets.ts'

/** Numbers that are no times. */
export interface FactTable {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[]
}

export interface Report {
  readonly bench: string
  readonly effort: Effort
  readonly scenarios: readonly MeasuredScenario[]
  readonly facts: readonly FactTable[]
  readonly targets: readonly JudgedTarget[]
  /** What a reader of the numbers must know: peers and their versions, what was left out. */
  readonly notes: readonly string[]
}

export function reportJson({ bench, effort, scenarios, facts, targets, notes }: Report): string {
  const [cpu] = cpus()
  return JSON.stringify({
    format: 'talos-bench/1',
    bench,
    machine: {
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpu?.model,
      cpus: cpus().length,
    },
    effort,
    notes,
    scenarios: scenarios.map(({ id, title, subjects }) => ({ id, title, subjects: subjects.map(summary) })),
    facts,
    targets,
  })
}

export function reportText({ scenarios, facts, targets, notes }: Report): string {
  const blocks = scenarios.map(({ title, subjects }) => `${title}\n${table(TIMING_HEAD, subjects.map(timingRow))}`)
  const known = facts.map(({ title, columns, rows }) => `${title}\n${table(['', ...columns], rows.map(factRow))}`)
  const verdicts = targets.length === 0 ? [] : [`Targets\n${table(TARGET_HEAD, targets.map(targetRow))}`]
  return `${[...blocks, ...known, ...verdicts, ...[...notes, quietness(scenarios)].map((note) => `Note: ${note}`)].join('\n\n')}\n`
}

/** How much the machine had to do besides. */
function quietness(scenarios: readonly MeasuredScenario[]): string {
  const turns = scenarios.flatMap(({ subjects }) => subjects.flatMap(({ rounds }) => rounds))
  const share = turns.length === 0 ? 0 : mean(turns.map(({ interruptedShare }) => interruptedShare))
  return `other processes interrupted ${Math.round(100 * share)} % of the batches.`
}

function summary({ name, batchSize, rounds }: Measured) {
  return {
    name,
    batchSize,
    rounds: rounds.length,
    wallUs: rounded(spreadOf(rounds.map(({ wallUs }) => wallUs))),
    cpuUs: rounded(spreadOf(rounds.map(({ cpuUs }) => cpuUs))),
    interruptedShare: Number(mean(rounds.map(({ interruptedShare }) => interruptedShare)).toFixed(3)),
  }
}

function rounded({ median, low, high }: Spread): Spread {
  const round = (value: number) => Number(value.toPrecision(5))
  return { median: round(median), low: round(low), high: round(high) }
}

const TIMING_HEAD = ['', 'us/op', 'p10', 'p90', 'cpu us/op', 'op/s']

function timingRow({ name, rounds }: Measured): string[] {
  const wall = spreadOf(rounds.map(({ wallUs }) => wallUs))
  const cpu = spreadOf(rounds.map(({ cpuUs }) => cpuUs))
  const perSecond = Math.round(1e6 / wall.median).toLocaleString('en')
  return [name, digits(wall.median), digits(wall.low), digits(wall.high), digits(cpu.median), perSecond]
}

function factRow({ name, values }: FactTable['rows'][number]): string[] {
  return [name, ...values.map(String)]
}

const TARGET_HEAD = ['', 'reach', 'must', 'measured', 'p10', 'p90', 'by cpu', 'met']

function targetRow({ title, direction, reach, must, unit, value, cpuValue, met }: JudgedTarget): string[] {
  const sign = direction === 'at least' ? '>=' : '<='
  const bound = (limit: number | undefined) => (limit === undefined ? '' : `${sign} ${limit} ${unit}`)
  const shown = value === undefined ? ['-', '', ''] : [value.median, value.low, value.high].map(digits)
  return [title, bound(reach), bound(must), ...shown, cpuValue === undefined ? '' : digits(cpuValue.median), met]
}

/** Three significant digits, and whole numbers above a thousand. */
function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

/** Columns of even width: the first to the left, the others to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => (column === 0 ? (cells[0] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map((cells) => `  ${line(cells)}`).join('\n')
}
