/** What was promised, and whether a run holds it. */
import type { Measured, Timing } from './measure.ts'
import { pairedRatios, type Spread, spreadOf } from './statistics.ts'

/** `at least`: a larger value is better. */
type Direction = 'at least' | 'at most'

export interface TargetBounds {
  readonly id: string
  readonly title: string
  readonly direction: Direction
  readonly reach: number
  /** Absent where nothing less than `reach` was asked for. */
  readonly must?: number
}

/**
 * A ratio of two subjects of one scenario. `at least`: how many times faster the subject is than the reference (time of the
 * reference / time of the subject); `at most`: how much longer it takes (time of the subject / time of the reference).
 */
export interface RatioTarget extends TargetBounds {
  readonly scenario: string
  readonly subject: string
  readonly reference: string
}

type Verdict = 'reach' | 'must' | 'missed' | 'not measured'

export interface JudgedTarget extends TargetBounds {
  readonly unit: 'x' | 'us' | 'B' | 'gas'
  readonly value?: Spread
  /** The same of processor time: the better witness where other processes share the cores. */
  readonly cpuValue?: Spread
  readonly met: Verdict
}

export interface MeasuredScenario {
  readonly id: string
  readonly title: string
  readonly subjects: readonly Measured[]
}

/** Judges a ratio by the median over the rounds of the ratios within each round. */
export function judgeRatio(target: RatioTarget, scenarios: readonly MeasuredScenario[]): JudgedTarget {
  const { scenario, subject, reference, ...bounds } = target
  const measured = scenarios.find(({ id }) => id === scenario)?.subjects
  const one = measured?.find(({ name }) => name === subject)
  const other = measured?.find(({ name }) => name === reference)
  if (one === undefined || other === undefined) return { ...bounds, unit: 'x', met: 'not measured' }
  const ratioOf = (pick: (timing: Timing) => number): Spread => {
    const [own, theirs] = [one.rounds.map(pick), other.rounds.map(pick)]
    return spreadOf(target.direction === 'at least' ? pairedRatios(theirs, own) : pairedRatios(own, theirs))
  }
  const value = ratioOf(({ wallUs }) => wallUs)
  return { ...bounds, unit: 'x', value, cpuValue: ratioOf(({ cpuUs }) => cpuUs), met: verdict(bounds, value.median) }
}

/** Judges a number that is no ratio. */
export function judgeValue(
  bounds: TargetBounds,
  { unit, value }: { readonly unit: JudgedTarget['unit']; readonly value: Spread | undefined },
): JudgedTarget {
  if (value === undefined) return { ...bounds, unit, met: 'not measured' }
  return { ...bounds, unit, value, met: verdict(bounds, value.median) }
}

function verdict({ direction, reach, must }: TargetBounds, value: number): Verdict {
  const holds = (bound: number) => (direction === 'at least' ? value >= bound : value <= bound)
  if (holds(reach)) return 'reach'
  return must !== undefined && holds(must) ? 'must' : 'missed'
}
