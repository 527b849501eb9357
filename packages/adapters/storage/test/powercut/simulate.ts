/** Cuts the power at places of a journal and judges each state with the real code. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Breach, judge } from '../audit-kill/judge.ts'
import { Ledger } from '../audit-kill/ledger.ts'
import { Prng } from '../audit-kill/prng.ts'
import { CUTS, type Cut, Disk, type Files } from './disk.ts'
import { type JournalRecord, textOf } from './journal.ts'
import { fill } from './record.ts'

/** States are many and short-lived: in memory where the system has a place for that. */
const MEMORY = '/dev/shm'
const RECOVERY_PLACES = 60
const RECOVERY_STATES = 8

export interface SimulationOptions {
  readonly records: readonly JournalRecord[]
  /**
   * So many at places that the seed chooses; or, after each thing that was said, all that was written and all but that; or
   * eight at each of the first places of the last life.
   */
  readonly states: number | 'said' | 'recovery'
  readonly seed: number
  /** What was durable before the journal begins, and what its writers had said by then. */
  readonly files?: Files
  readonly before?: Ledger
  readonly onState?: () => void
}

/** A state that breaks a promise, and how to see it again: with the same journal, seed and number of states. */
interface Finding {
  readonly position: number
  readonly cut: Cut
  readonly breaches: Readonly<Partial<Record<Breach, number>>>
  readonly fault?: string
  readonly damage?: string
}

export interface SimulationResult {
  readonly states: number
  readonly positions: number
  /** States in which something acknowledged had to be there. */
  readonly acknowledging: number
  readonly publishing: number
  readonly findings: readonly Finding[]
}

/** Judges states at places of the journal. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { records, seed, files, before, onState = () => undefined } = options
  const prng = new Prng(seed, 2)
  const disk = new Disk(files)
  const ledger = before?.copy() ?? new Ledger()
  const findings: Finding[] = []
  let position = 0
  let acknowledging = 0
  let publishing = 0
  const plan = planOf(options, prng)
  for (const { place, cut } of plan) {
    for (; position < place; position += 1) advance(disk, ledger, records[position])
    const { breaches, fault, damage } = await judgeFiles(disk.cut(cut, prng), ledger)
    if (ledger.acknowledged.size > 0) acknowledging += 1
    if (ledger.published.length > 0) publishing += 1
    if (Object.keys(breaches).length > 0) {
      const named = { ...(fault !== undefined && { fault }), ...(damage !== undefined && { damage }) }
      findings.push({ position, cut, breaches, ...named })
    }
    onState()
  }
  const positions = new Set(plan.map(({ place }) => place)).size
  return { states: plan.length, positions, acknowledging, publishing, findings }
}

interface Planned {
  readonly place: number
  readonly cut: Cut
}

function planOf({ records, states }: SimulationOptions, prng: Prng): Planned[] {
  if (states === 'said') {
    const places = records.flatMap(({ kind }, index) => (kind === 'mark' ? [index + 1] : []))
    return places.flatMap((place) => [
      { place, cut: 'everything' as const },
      { place, cut: 'nothing' as const },
    ])
  }
  if (states === 'recovery') {
    const start = records.findLastIndex(({ kind }) => kind === 'start')
    const places = Array.from({ length: RECOVERY_PLACES }, (_, index) => Math.min(records.length, start + index))
    return places.flatMap((place) => Array.from({ length: RECOVERY_STATES }, () => ({ place, cut: 'any' as const })))
  }
  const places = Array.from({ length: states }, () => prng.below(records.length + 1)).sort((one, other) => one - other)
  return places.map((place) => ({ place, cut: CUTS[prng.below(CUTS.length)] ?? 'nothing' }))
}

/** Takes over a record: a change of the disk, or something that was said. */
export function advance(disk: Disk, ledger: Ledger, record: JournalRecord | undefined): void {
  if (record?.kind === 'mark') ledger.hear(textOf(record.data))
  else if (record?.kind === 'start') ledger.cut()
  else if (record !== undefined) disk.follow(record)
}

/** Judges a log that lies in a folder of these files. */
async function judgeFiles(files: Files, ledger: Ledger): ReturnType<typeof judge> {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'talos-powercut-'))
  try {
    fill(folder, files)
    return await judge(folder, ledger)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
