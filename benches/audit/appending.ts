/**
 * Durable appends by 1 to 1,024 writers against bare rows and one fsync an entry, in the same process and in turns.
 *
 * Percentiles of single appends are asked for, so this is no scenario of the harness. A turn is long enough for its own
 * percentiles; ratios are taken within a round, and their median over the rounds counts.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { FactTable } from '../harness/report.ts'
import { median, pairedRatios, type Spread, spreadOf } from '../harness/statistics.ts'
import { nameOfWriters, ROW, ROWS, type Turn, type Turns, WRITERS } from './appending-worker.ts'

export const APPENDING = 'appending'

const ROUNDS = 15
const QUICK_ROUNDS = 3
const QUICK_SCALE = 0.1
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

export interface MeasuredAppending {
  readonly table: FactTable
  /** Time of one append by one writer, over that of a commit of one bare row; medians of each round. */
  readonly single: Spread
  /** Entries a second by 1,024 writers, over bare rows a second in transactions of 1,000. */
  readonly many: Spread
  /** 99th percentile of an append by 1,024 writers, in microseconds. */
  readonly manyP99Us: Spread
}

export async function appending(
  kernelName: string,
  { isQuick }: { readonly isQuick: boolean },
): Promise<MeasuredAppending> {
  const worker = join(import.meta.dirname, 'appending-worker.ts')
  const effort = isQuick ? [QUICK_ROUNDS, QUICK_SCALE] : [ROUNDS, 1]
  const words = ['--conditions=talos-source', worker, kernelName, ...effort.map(String)]
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: MAX_OUTPUT_BYTES })
  const turns: Turns = JSON.parse(stdout)
  const of = (name: string, pick: (turn: Turn) => number) => (turns[name] ?? []).map(pick)
  const [one, most] = [nameOfWriters(1), nameOfWriters(WRITERS.at(-1) ?? 1)]
  return {
    table: tableOf(kernelName, turns),
    single: spreadOf(pairedRatios(of(one, p50), of(ROW, p50))),
    many: spreadOf(pairedRatios(of(most, rate), of(ROWS, rate))),
    manyP99Us: spreadOf(of(most, ({ p99Us }) => p99Us)),
  }
}

const p50 = ({ p50Us }: Turn): number => p50Us
const rate = ({ entriesPerSecond }: Turn): number => entriesPerSecond

function tableOf(kernelName: string, turns: Turns): FactTable {
  const rounded = (value: number) => Number(value.toPrecision(4))
  return {
    title: `Durable append, ${kernelName} kernel: medians over the rounds; latency in us`,
    columns: ['entries/s', 'p10', 'p90', 'p50', 'p99'],
    rows: Object.entries(turns).map(([name, list]) => {
      const rates = spreadOf(list.map(rate))
      const latencies = [median(list.map(p50)), median(list.map(({ p99Us }) => p99Us))]
      return { name, values: [...[rates.median, rates.low, rates.high].map(Math.round), ...latencies.map(rounded)] }
    }),
  }
}
