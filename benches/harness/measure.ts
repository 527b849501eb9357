/**
 * Times subjects against each other in one run.
 *
 * The subjects of a scenario take turns, A B C A B C …, so that a slow minute of the machine is everybody's. A turn is a
 * number of short batches; its value is their mean, per operation, in wall time and in processor time. A mean, since a
 * median would hide what happens seldom: collecting garbage, storing a lease. Left out of the wall time are batches during
 * which the scheduler gave the processor to somebody else: the machine is shared, and that is not the subject's doing.
 * What a batch uses up (messages to open, peers to meet) is made before its clock starts.
 */
import { mean, median } from './statistics.ts'

export interface Subject {
  readonly name: string
  /** Does that many operations; timed as a whole. */
  readonly run: (count: number) => void | Promise<void>
  /** Makes what the next `run` of as many operations uses up; not timed. */
  readonly prepare?: (count: number) => void | Promise<void>
  /** Most operations of a batch: bounds what `prepare` has to keep in memory. */
  readonly maxBatch?: number
  /** Where the effort's is too short for the engine to compile all that runs once in an operation. */
  readonly warmUpMs?: number
}

export interface Effort {
  readonly rounds: number
  /** Batches of a turn, at most. */
  readonly batches: number
  /** A turn ends when it took so long, with {@link MIN_BATCHES} at least: some operations are longer than a batch. */
  readonly turnMs: number
  /** Aim for the length of a batch: shorter than the turns that the scheduler gives, so that few batches are interrupted. */
  readonly batchMs: number
  /** Least time that a subject runs before its first round. */
  readonly warmUpMs: number
}

export interface Timing {
  /** Microseconds per operation. */
  readonly wallUs: number
  /** Microseconds of processor time of this process, all threads, per operation. */
  readonly cpuUs: number
  /** Batches of a turn during which another process had the processor, 0 to 1. */
  readonly interruptedShare: number
}

/** What the rounds gave for one subject. */
export interface Measured {
  readonly name: string
  readonly batchSize: number
  readonly rounds: readonly Timing[]
}

export const FULL_EFFORT: Effort = { rounds: 15, batches: 41, turnMs: 60, batchMs: 1, warmUpMs: 300 }
export const QUICK_EFFORT: Effort = { rounds: 5, batches: 15, turnMs: 20, batchMs: 1, warmUpMs: 60 }

const MAX_BATCH = 1 << 20
const MIN_BATCHES = 3
const COLD_BATCHES = 2
const MIN_WHOLE_SHARE = 0.25
const US_PER_NS = 1e-3
const NS_PER_MS = 1_000_000n

/** Repeats a synchronous operation. */
export function repeat(name: string, operation: () => unknown): Subject {
  return {
    name,
    run: (count) => {
      for (let index = 0; index < count; index++) operation()
    },
  }
}

/** What tells the time; tests bring their own. */
export interface Stopwatch {
  /** Nanoseconds from any beginning. */
  readonly nowNs: () => bigint
  /** Microseconds that this process spent on any processor, in all its threads. */
  readonly cpuUs: () => number
  /** How often the scheduler took the processor away from this process. Waiting for a disk does not count. */
  readonly interruptions: () => number
}

const STOPWATCH: Stopwatch = {
  nowNs: () => process.hrtime.bigint(),
  cpuUs: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  interruptions: () => process.resourceUsage().involuntaryContextSwitches,
}

/** A subject that can be told to warm up and to take a turn, wherever it runs. */
export interface Contestant {
  readonly name: string
  /** Tells how many operations make a batch of the aimed length. */
  readonly warmUp: (effort: Effort) => Promise<number>
  readonly turn: (input: TurnInput) => Promise<Timing>
}

export interface TurnInput {
  readonly effort: Effort
  readonly batchSize: number
}

/** A subject in this process. */
export function contestant(subject: Subject, stopwatch: Stopwatch = STOPWATCH): Contestant {
  return {
    name: subject.name,
    warmUp: async (effort) => await warmUp(subject, { effort, stopwatch }),
    turn: async (input) => await turn(subject, { ...input, stopwatch }),
  }
}

export interface MeasureOptions {
  readonly contestants: readonly Contestant[]
  readonly effort: Effort
  /** Told before each turn. */
  readonly onTurn?: (turn: { readonly round: number; readonly name: string }) => void
}

/** Warms everybody up, then runs the rounds. The order of the result is that of the contestants. */
export async function measure({ contestants, effort, onTurn }: MeasureOptions): Promise<Measured[]> {
  const field: { readonly each: Contestant; readonly batchSize: number; readonly rounds: Timing[] }[] = []
  for (const each of contestants) {
    onTurn?.({ round: 0, name: each.name })
    field.push({ each, batchSize: await each.warmUp(effort), rounds: [] })
  }
  for (let round = 1; round <= effort.rounds; round++) {
    for (const { each, batchSize, rounds } of field) {
      onTurn?.({ round, name: each.name })
      rounds.push(await each.turn({ batchSize, effort }))
    }
  }
  return field.map(({ each, batchSize, rounds }) => ({ name: each.name, batchSize, rounds }))
}

interface How {
  readonly effort: Effort
  readonly stopwatch: Stopwatch
}

/** Runs growing batches until the time is over, and tells how many operations make a batch of the aimed length. */
async function warmUp(subject: Subject, { effort, stopwatch }: How): Promise<number> {
  const limit = Math.min(subject.maxBatch ?? MAX_BATCH, MAX_BATCH)
  const warmUpMs = Math.max(effort.warmUpMs, subject.warmUpMs ?? 0)
  const endNs = stopwatch.nowNs() + BigInt(warmUpMs) * NS_PER_MS
  let size = 1
  const timings: number[] = []
  do {
    const { wallUs } = await batch(subject, { count: size, stopwatch })
    timings.push(wallUs)
    const aim = Math.ceil((effort.batchMs * 1000) / Math.max(median(timings.slice(-5)), 1e-3))
    // At most doubled: the first operations are slow, and one fast batch says little.
    size = Math.max(1, Math.min(aim, size * 2, limit))
  } while (stopwatch.nowNs() < endNs)
  return size
}

async function turn(
  subject: Subject,
  { batchSize, effort, stopwatch }: How & { readonly batchSize: number },
): Promise<Timing> {
  // After the others' turns caches are cold: what that costs is not the subject's.
  for (let index = 0; index < COLD_BATCHES; index++) await batch(subject, { count: batchSize, stopwatch })
  const all: Batch[] = []
  const endNs = stopwatch.nowNs() + BigInt(effort.turnMs) * NS_PER_MS
  while (all.length < effort.batches && (all.length < MIN_BATCHES || stopwatch.nowNs() < endNs)) {
    all.push(await batch(subject, { count: batchSize, stopwatch }))
  }
  const whole = all.filter(({ isInterrupted }) => !isInterrupted)
  // Where nearly all were interrupted, those left say little about what happens seldom.
  const counted = whole.length >= all.length * MIN_WHOLE_SHARE ? whole : all
  return {
    wallUs: mean(counted.map(({ wallUs }) => wallUs)),
    cpuUs: mean(all.map(({ cpuUs }) => cpuUs)),
    interruptedShare: 1 - whole.length / all.length,
  }
}

interface Batch extends Pick<Timing, 'wallUs' | 'cpuUs'> {
  readonly isInterrupted: boolean
}

async function batch(
  subject: Subject,
  { count, stopwatch }: { readonly count: number; readonly stopwatch: Stopwatch },
): Promise<Batch> {
  await subject.prepare?.(count)
  const interruptions = stopwatch.interruptions()
  const [cpuBefore, before] = [stopwatch.cpuUs(), stopwatch.nowNs()]
  const running = subject.run(count)
  if (running !== undefined) await running
  const wallNs = Number(stopwatch.nowNs() - before)
  return {
    wallUs: (wallNs * US_PER_NS) / count,
    cpuUs: (stopwatch.cpuUs() - cpuBefore) / count,
    isInterrupted: stopwatch.interruptions() !== interruptions,
  }
}
