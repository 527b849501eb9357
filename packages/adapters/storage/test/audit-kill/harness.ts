/** A log whose writers are killed at seeded moments, and which is judged after every kill. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AuditLog, MAX_BATCH_ENTRIES } from '@talos/audit'
import { tempFolder } from '@talos/testkit'
import { auditFiles } from '../audit-files.ts'
import { type Breach, judge, type Verdict } from './judge.ts'
import { Ledger } from './ledger.ts'
import type { Defect, WriterOrder } from './order.ts'
import { Prng } from './prng.ts'
import { WriterProcess } from './writer-process.ts'

/** Every third kill comes while the log opens or recovers. */
const KILL_AT_START = 0.33
const START_MS = 20
const RUN_MS = 160
const REOPENS = 0.25
const CALLERS = [1, 4, 16, 64, 256] as const
/** Time between two appends of a caller, so that a life writes hundreds of entries and not ten thousands. */
const PACE_MS_PER_CALLER = 0.4
const PUBLISH_MS = 12

export interface KillResult {
  readonly kills: number
  /** Kills before the log was open. */
  readonly killsAtStart: number
  readonly entries: number
  readonly acknowledged: number
  readonly published: number
  readonly erased: number
  readonly breaches: Readonly<Partial<Record<Breach, number>>>
  /** Codes of what was refused, and how often; closing and opening again refuses what comes between. */
  readonly failures: Readonly<Record<string, number>>
}

export interface KillOptions {
  readonly kills: number
  readonly seed: number
  readonly defect?: Defect
  /** Entries that the log has before the first life. */
  readonly prefill?: number
  /** Folder that keeps compiled programs from one life to the next. */
  readonly compiled: string
  readonly onKill?: () => void
}

export function isSound({ breaches }: KillResult): boolean {
  return Object.keys(breaches).length === 0
}

/** Takes one log through its kills. */
export async function killRun({
  kills,
  seed,
  defect,
  compiled,
  prefill = 0,
  onKill = () => undefined,
}: KillOptions): Promise<KillResult> {
  using home = tempFolder()
  const folder = home.path
  const prng = new Prng(seed, 1)
  const ledger = new Ledger()
  const breaches: Partial<Record<Breach, number>> = {}
  await fill(folder, prefill)
  let killsAtStart = 0
  let verdict: Verdict = { size: 0, breaches: {} }
  const start = (life: number): WriterProcess => {
    const order = orderOf({ folder, life, seed, prng, ...(defect !== undefined && { defect }) })
    return new WriterProcess(order, { NODE_COMPILE_CACHE: compiled })
  }
  let next = start(0)
  for (let life = 0; life < kills; life += 1) {
    const writer = next
    await writer.said('w')
    const { opened } = ledger
    writer.begin(ledger)
    if (prng.chance(KILL_AT_START)) await sleep(prng.below(START_MS))
    else await Promise.all([writer.said('c'), sleep(prng.below(RUN_MS))])
    // The next one loads its program while this one is killed and the log judged.
    if (life + 1 < kills) next = start(life + 1)
    await writer.kill()
    if (ledger.opened === opened) killsAtStart += 1
    verdict = await judge(folder, ledger)
    for (const [breach, count] of Object.entries(verdict.breaches) as [Breach, number][]) {
      breaches[breach] = (breaches[breach] ?? 0) + count
    }
    if (verdict.note !== undefined) ledger.published.push(verdict.note)
    onKill()
  }
  return {
    kills,
    killsAtStart,
    entries: verdict.size,
    acknowledged: ledger.acknowledged.size,
    published: ledger.published.length,
    erased: ledger.erased.size,
    breaches,
    failures: Object.fromEntries(ledger.failures),
  }
}

async function fill(folder: string, count: number): Promise<void> {
  if (count === 0) return
  const log = await AuditLog.open(auditFiles(folder))
  for (let left = count; left > 0; left -= MAX_BATCH_ENTRIES) {
    await log.appendAll(Array.from({ length: Math.min(left, MAX_BATCH_ENTRIES) }, () => ({ kind: 'key.prekeys' })))
  }
  await log.close()
}

function orderOf(options: {
  readonly folder: string
  readonly life: number
  readonly seed: number
  readonly prng: Prng
  readonly defect?: Defect
}): WriterOrder {
  const { prng, ...order } = options
  const callers = CALLERS[prng.below(CALLERS.length)] ?? 1
  const paceMs = Math.ceil(callers * PACE_MS_PER_CALLER)
  return { ...order, callers, paceMs, publishMs: PUBLISH_MS, reopens: prng.chance(REOPENS), waits: true }
}
