/**
 * A schedule is data: which step comes when, and which fault meets it. One seed makes one schedule; taking steps out of
 * it leaves a schedule, so that a failing one can be made short.
 *
 * Each seed enables some faults and leaves others out (swarm testing): what every schedule does a little of, none does
 * enough of.
 */
import { Prng } from './prng.ts'

export const STEP_KINDS = [
  'send',
  'deliver',
  'flush',
  'hand-over',
  'begin',
  'begin-both',
  'drop',
  'duplicate',
  'corrupt',
  'time-out',
  'crash',
  'snapshot',
  'restore',
  'restore-all',
  'wipe',
  'clock',
  'wait',
] as const
type StepKind = (typeof STEP_KINDS)[number]

export const WRITE_FAULTS = [
  'crash-before-write',
  'crash-after-write',
  'write-fails',
  'write-fails-but-stored',
] as const
export const SEND_FAULTS = ['crash-before-send', 'crash-after-send'] as const
export type FaultKind = (typeof WRITE_FAULTS)[number] | (typeof SEND_FAULTS)[number]

/** A fault of one step: at its `at`-th write or send, counted from 0; one that the step does not reach does nothing. */
export interface PlannedFault {
  readonly kind: FaultKind
  readonly at: number
}

export interface Step {
  readonly kind: StepKind
  /** Choose whom or what the step is about, among those that are there. */
  readonly a: number
  readonly b: number
  readonly fault?: PlannedFault
}

export const STARTS = ['strangers', 'in-session', 'both-began'] as const
export type Start = (typeof STARTS)[number]

export interface Schedule {
  readonly seed: number
  /** Where the two agents stand at the beginning: `nothing` are empty stores. */
  readonly start: Start | 'nothing'
  readonly steps: readonly Step[]
  /** One fault at a write or send counted over both agents and the whole run. */
  readonly fault?: PlannedFault
}

/** Steps that a schedule has at least, and how many more at most. */
const MIN_STEPS = 16
const MORE_STEPS = 32
/** A few are longer: chains and their gaps pile up. */
const LONG = 0.02
const LONG_STEPS = 160
/** What happens without any fault, by weight. */
const ORDINARY: readonly (readonly [StepKind, number])[] = [
  ['send', 10],
  ['deliver', 24],
  ['flush', 5],
  ['hand-over', 3],
  ['begin', 0.3],
]
/** Weights of faults where a seed enables them. */
const ADVERSE: readonly (readonly [StepKind, number])[] = [
  ['drop', 3],
  ['duplicate', 2.5],
  ['corrupt', 1.5],
  ['time-out', 2.5],
  ['crash', 2],
  ['snapshot', 1.5],
  ['restore', 1],
  ['restore-all', 0.7],
  ['wipe', 0.5],
  ['begin-both', 0.7],
  ['clock', 1],
  ['wait', 1.5],
]
/** Probability that a seed enables one of them. */
const ENABLED = 0.4
const FAULT_RATES = [0, 0, 0.04, 0.12, 0.25] as const

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const prng = new Prng(seed, 1)
  const start = pick(prng, ['strangers', 'in-session', 'in-session', 'in-session', 'both-began'] as const)
  const enabled = ADVERSE.filter(() => prng.chance(ENABLED))
  const kinds = withSnapshots([...ORDINARY, ...enabled])
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0)
  const writeRate = pick(prng, FAULT_RATES)
  const sendRate = pick(prng, FAULT_RATES)
  const length = MIN_STEPS + prng.below(MORE_STEPS) + (prng.chance(LONG) ? LONG_STEPS : 0)
  const steps = Array.from({ length }, (): Step => {
    const step = { kind: choose(prng, { kinds, total }), a: prng.word(), b: prng.word() }
    const fault = faultOf(prng, { writeRate, sendRate })
    return fault === undefined ? step : { ...step, fault }
  })
  return { seed, start, steps }
}

/** Steps of a schedule without a fault of its own. */
const CALM_STEPS = 14

/** A schedule in which nothing fails: to put one fault at each write and each send of it in turn. */
export function calmScheduleOf(seed: number): Schedule {
  const prng = new Prng(seed, 2)
  const total = ORDINARY.reduce((sum, [, weight]) => sum + weight, 0)
  const steps = Array.from({ length: CALM_STEPS }, (): Step => {
    return { kind: choose(prng, { kinds: ORDINARY, total }), a: prng.word(), b: prng.word() }
  })
  return { seed, start: STARTS[seed % STARTS.length] ?? 'strangers', steps }
}

/** To go back to an earlier state, one must have been kept. */
function withSnapshots(kinds: readonly (readonly [StepKind, number])[]): readonly (readonly [StepKind, number])[] {
  const has = (kind: StepKind) => kinds.some(([name]) => name === kind)
  return (has('restore') || has('restore-all')) && !has('snapshot') ? [...kinds, ['snapshot', 1.5]] : kinds
}

function choose(
  prng: Prng,
  { kinds, total }: { readonly kinds: readonly (readonly [StepKind, number])[]; readonly total: number },
): StepKind {
  let rest = (prng.word() / 2 ** 32) * total
  for (const [kind, weight] of kinds) {
    rest -= weight
    if (rest < 0) return kind
  }
  return 'deliver'
}

function faultOf(
  prng: Prng,
  { writeRate, sendRate }: { readonly writeRate: number; readonly sendRate: number },
): PlannedFault | undefined {
  if (prng.chance(writeRate)) return { kind: pick(prng, WRITE_FAULTS), at: prng.below(3) }
  if (prng.chance(sendRate)) return { kind: pick(prng, SEND_FAULTS), at: prng.below(2) }
  return undefined
}

function pick<Item>(prng: Prng, items: readonly Item[]): Item {
  const item = items[prng.below(items.length)]
  if (item === undefined) throw new RangeError('there is nothing to pick')
  return item
}
