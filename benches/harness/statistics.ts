/** Medians, spreads and paired ratios of what the rounds of a run measured. */

/** The middle of several values, and the tenth and ninetieth of a hundred. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

const LOW = 0.1
const HIGH = 0.9

/** The value below which the given share of the values lies, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('a quantile needs a value')
  const sorted = values.toSorted((one, other) => one - other)
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, LOW), high: quantile(values, HIGH) }
}

/**
 * The ratio of every round: both values of a pair come from the same moment, so what slowed the machine slowed both.
 *
 * @throws RangeError when the rounds differ in number
 */
export function pairedRatios(dividends: readonly number[], divisors: readonly number[]): number[] {
  if (dividends.length !== divisors.length) throw new RangeError('paired values differ in number')
  return dividends.map((dividend, index) => dividend / (divisors[index] ?? Number.NaN))
}
