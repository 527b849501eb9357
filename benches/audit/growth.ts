/** A log that grows to ten million entries: how its rate, its proofs, its memory and its opening hold. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { FactTable } from '../harness/report.ts'
import type { Growth } from './growth-worker.ts'

export const GROWTH = 'growth'

/** How many entries; another number than the default's is said in the report. */
const ENTRIES_VARIABLE = 'TALOS_BENCH_ENTRIES'
const ENTRIES = 10_000_000
const QUICK_ENTRIES = 50_000
const MIB = 1024 * 1024

export async function growth(kernelName: string, { isQuick }: { readonly isQuick: boolean }): Promise<Growth> {
  const entries = Number(process.env[ENTRIES_VARIABLE] ?? (isQuick ? QUICK_ENTRIES : ENTRIES))
  const worker = join(import.meta.dirname, 'growth-worker.ts')
  const words = ['--expose-gc', '--conditions=talos-source', worker, kernelName, String(entries)]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  return JSON.parse(stdout)
}

export function growthTable(found: ReadonlyMap<string, Growth>): FactTable {
  const round = (value: number) => Number(value.toPrecision(4))
  const [any] = found.values()
  return {
    title: `A log of ${(any?.entries ?? 0).toLocaleString('en')} entries`,
    columns: [...found.keys()],
    rows: [
      ...[0, 1, 2, 3, 4].map((fifth) => ({
        name: `entries/s, fifth ${fifth + 1}`,
        values: [...found.values()].map(({ perSecond }) => Math.round(perSecond[fifth] ?? 0)),
      })),
      ...[0, 1, 2, 3, 4].map((fifth) => ({
        name: `processor time of an entry, fifth ${fifth + 1}, us`,
        values: [...found.values()].map(({ cpuUs }) => round(cpuUs[fifth] ?? 0)),
      })),
      ...Object.entries(FACTS).map(([name, pick]) => ({
        name,
        values: [...found.values()].map((each) => round(pick(each))),
      })),
    ],
  }
}

const FACTS: Readonly<Record<string, (growth: Growth) => number>> = {
  'slowest 1,024 appends, ms': ({ slowestCommitMs }) => slowestCommitMs,
  'open, ms': ({ openMs }) => openMs,
  'cold proof p50, us': ({ coldUs }) => coldUs.p50,
  'cold proof p99, us': ({ coldUs }) => coldUs.p99,
  'proof from the cache p50, us': ({ hotUs }) => hotUs.p50,
  'proof from the cache p99, us': ({ hotUs }) => hotUs.p99,
  'resident after the first fifth, MiB': ({ residentBytes }) => residentBytes[0] / MIB,
  'resident at the end, MiB': ({ residentBytes }) => residentBytes[1] / MIB,
  'check of the whole log, s': ({ checkMs }) => checkMs / 1000,
  'on the disk, MiB': ({ sizeBytes }) => sizeBytes / MIB,
}
