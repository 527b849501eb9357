/** One recording and the power cuts in it; the unit in which both the tests and the long run count. */

import { Ledger } from '../audit-kill/ledger.ts'
import type { Defect } from '../audit-kill/order.ts'
import { Prng } from '../audit-kill/prng.ts'
import { CUTS, Disk, type Files } from './disk.ts'
import { type Life, record } from './record.ts'
import { type Kind, scenario } from './scenario.ts'
import { advance, type SimulationResult, simulate } from './simulate.ts'

export interface RoundResult extends SimulationResult {
  readonly records: number
  readonly acknowledged: number
  readonly published: number
  /** Entries that failed: not stored, or of unknown fate. */
  readonly failed: number
}

export interface RoundOptions {
  /** A folder for the files and the journal. */
  readonly home: string
  readonly seed: number
  readonly states: number | 'said' | 'recovery'
  readonly onState?: () => void
}

/** Records the lives of a kind and cuts the power in them. */
export async function round(kind: Kind, options: RoundOptions): Promise<RoundResult> {
  return await cutIn(scenario(kind, options.seed), options)
}

/** Records these lives and cuts the power in them. */
export async function cutIn(lives: readonly Life[], options: RoundOptions): Promise<RoundResult> {
  const { home, ...simulation } = options
  const { records, said } = await record({ home, lives })
  return { ...(await simulate({ ...simulation, records })), ...countsOf(records.length, said) }
}

/** A writer with a mistake that has to be found. */
export async function control(defect: Defect, options: RoundOptions): Promise<RoundResult> {
  const life = { seed: options.seed, callers: 4, entries: 10, paceMs: 3, publishMs: 6, defect }
  return await cutIn([life], options)
}

/** Cuts the power, lets writers recover from what is left, and cuts the power in their recovery. */
export async function nested(options: RoundOptions): Promise<RoundResult> {
  const { home, seed, ...simulation } = options
  const first = await record({ home, lives: scenario('kills', seed) })
  const prng = new Prng(seed, 4)
  const { files, ledger } = stateAt(first.records, prng)
  const firstLife = 100
  const { records, said } = await record({ home, files, firstLife, lives: scenario('kills', seed + 1) })
  const result = await simulate({ ...simulation, seed, records, files, before: ledger })
  return { ...result, ...countsOf(records.length, said) }
}

/** One state that a power cut leaves, and what had been said by then. */
function stateAt(records: Parameters<typeof simulate>[0]['records'], prng: Prng): { files: Files; ledger: Ledger } {
  const disk = new Disk()
  const ledger = new Ledger()
  const place = prng.below(records.length)
  for (const entry of records.slice(0, place)) advance(disk, ledger, entry)
  return { files: disk.cut(CUTS[prng.below(CUTS.length)] ?? 'nothing', prng), ledger }
}

function countsOf(
  records: number,
  { acknowledged, published, refused, unknown }: Ledger,
): {
  readonly records: number
  readonly acknowledged: number
  readonly published: number
  readonly failed: number
} {
  const failed = refused.size + unknown.size
  return { records, acknowledged: acknowledged.size, published: published.length, failed }
}
