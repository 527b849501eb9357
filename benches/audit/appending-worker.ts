/**
 * Appends, in turns with bare rows and bare files, in a process of its own for each kernel:
 * `node appending-worker.ts KERNEL ROUNDS SCALE` prints what every turn gave as one line of JSON.
 */
import { loadKernel, portableKernel } from '@talos/kernel'
import { quantile } from '../harness/statistics.ts'
import { bareRows, fsyncedLines } from './bare.ts'
import { ENTRY_BYTES, nextEvent, openLog } from './log.ts'

/** One turn of one contestant. */
export interface Turn {
  readonly entriesPerSecond: number
  /** Of a single append, or of a single commit, from the call to its answer. */
  readonly p50Us: number
  readonly p99Us: number
}

export type Turns = Readonly<Record<string, readonly Turn[]>>

export const WRITERS = [1, 16, 256, 1024] as const
export const ROW = '1 bare row a commit'
export const ROWS = '1,000 bare rows a commit'
export const FSYNC = 'one fsync an entry'

export function nameOfWriters(writers: number): string {
  return `${writers.toLocaleString('en')} ${writers === 1 ? 'writer' : 'writers'}`
}

const ROWS_PER_COMMIT = 1000
/** Entries of a turn by writers: long enough for several hundred commits, or a few dozen full ones. */
const ENTRIES_OF_TURN: Readonly<Record<(typeof WRITERS)[number], number>> = {
  1: 1000,
  16: 8000,
  256: 25_600,
  1024: 51_200,
}
const SINGLE_COMMITS = 1000
const BATCH_COMMITS = 50

type Contestant = (scale: number) => Promise<Turn>

/** Takes the time of each of several operations after each other. */
function timed(operations: number, entriesOfEach: number, operation: () => void): Turn {
  const latenciesUs: number[] = []
  const begun = performance.now()
  for (let done = 0; done < operations; done += 1) {
    const at = performance.now()
    operation()
    latenciesUs.push((performance.now() - at) * 1000)
  }
  return turnOf(operations * entriesOfEach, { begun, latenciesUs })
}

function turnOf(
  entries: number,
  { begun, latenciesUs }: { readonly begun: number; readonly latenciesUs: number[] },
): Turn {
  const seconds = (performance.now() - begun) / 1000
  return {
    entriesPerSecond: entries / seconds,
    p50Us: quantile(latenciesUs, 0.5),
    p99Us: quantile(latenciesUs, 0.99),
  }
}

/** Writers that each wait for their own append before the next: nobody runs ahead of what is durable. */
async function appended(
  log: Awaited<ReturnType<typeof openLog>>['log'],
  writers: number,
  entries: number,
): Promise<Turn> {
  const latenciesUs: number[] = []
  let left = entries
  const writer = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const at = performance.now()
      await log.append(nextEvent())
      latenciesUs.push((performance.now() - at) * 1000)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: writers }, writer))
  return turnOf(entries, { begun, latenciesUs })
}

async function run(kernelName: string, rounds: number, scale: number): Promise<Turns> {
  const { log, remove } = await openLog(kernelName === 'native' ? loadKernel('native') : portableKernel())
  const row = bareRows({ rowsPerCommit: 1, rowBytes: ENTRY_BYTES })
  const rows = bareRows({ rowsPerCommit: ROWS_PER_COMMIT, rowBytes: ENTRY_BYTES })
  const lines = fsyncedLines({ lineBytes: ENTRY_BYTES })
  const contestants = new Map<string, Contestant>([
    [ROW, async (part) => timed(SINGLE_COMMITS * part, 1, row.write)],
    ...WRITERS.map((writers): [string, Contestant] => [
      nameOfWriters(writers),
      async (part) => await appended(log, writers, ENTRIES_OF_TURN[writers] * part),
    ]),
    [ROWS, async (part) => timed(BATCH_COMMITS * part, ROWS_PER_COMMIT, rows.write)],
    [FSYNC, async (part) => timed(SINGLE_COMMITS * part, 1, lines.write)],
  ])
  const turns = new Map<string, Turn[]>()
  for (const contest of contestants.values()) await contest(scale)
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, contest] of contestants) turns.set(name, [...(turns.get(name) ?? []), await contest(scale)])
  }
  for (const { close } of [row, rows, lines]) close()
  await remove()
  return Object.fromEntries(turns)
}

if (import.meta.main) {
  const [kernelName = '', rounds, scale] = process.argv.slice(2)
  process.stdout.write(`${JSON.stringify(await run(kernelName, Number(rounds), Number(scale)))}\n`)
}
