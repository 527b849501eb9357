/**
 * The member `limits` of a `talos/cap@1`, compiled (spec 16-metering, clause 16.2).
 *
 * A limit says how much may be used in all; what was used is the meter's to know. Limits of one link that would share a
 * counter are refused, so that each counter has one bound.
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { isIpldList } from '../conditions/ipld.ts'
import { formatSelector, parseSelector, type Selector } from '../conditions/selector.ts'
import { showName } from '../conditions/show.ts'

/** Limits of one link: a counter each, charged with every call. */
export const MAX_LIMITS = 16
/** The longest period of a rate: 31 days; what is meant for longer is `calls` of a lease. */
export const MAX_PERIOD_S = 2_678_400
/** Letters, digits and `_ . -`, beginning with a letter: short and plain enough to stand in a message. */
const UNIT = /^[A-Za-z][A-Za-z0-9_.-]{0,31}$/

export type LimitKind = 'calls' | 'rate' | 'concurrency' | 'bytes' | 'budget'

/** One limit. All members are always there, so that charging them is one path for the machine. */
export interface Limit {
  readonly kind: LimitKind
  /** Names the counter within its account: `calls`, `rate 60`, `budget usd-cent`. */
  readonly key: string
  /** The most in all (`calls`, `bytes`, `budget`), at a time (`concurrency`), or in one period (`rate`). */
  readonly most: number
  /** Period of a `rate` in milliseconds; 0 for others. */
  readonly perMs: number
  /** Calls of a `rate` that may come at once; 0 for others. */
  readonly burst: number
  /** Unit of a `budget`; empty for others. */
  readonly unit: string
  /** Where in the arguments a `budget` finds the cost; undefined where the executor states it. */
  readonly selector: Selector | undefined
  /** For people. */
  readonly requirement: string
}

type Operands = readonly IpldValue[]

/**
 * Compiles the member `limits`.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID` with the path of the limit
 */
export function compileLimits(list: readonly IpldValue[]): readonly Limit[] {
  if (list.length > MAX_LIMITS) throw invalid('limits', `there are more than ${MAX_LIMITS} limits`)
  const limits = list.map((item, index) => compileLimit(item, `limits[${index}]`))
  const keys = new Set<string>()
  for (const [index, { key }] of limits.entries()) {
    if (keys.has(key)) throw invalid(`limits[${index}]`, 'two limits share one counter')
    keys.add(key)
  }
  return limits
}

/** The arguments that the limits look at: they are named, as those of rules are (clause 7.8). */
export function limitSelectors(limits: readonly Limit[]): readonly Selector[] {
  return limits.flatMap(({ selector }) => (selector === undefined ? [] : [selector]))
}

function compileLimit(item: IpldValue, path: string): Limit {
  if (!isIpldList(item)) throw invalid(path, 'a limit is not a list')
  const [kind, ...operands] = item
  switch (kind) {
    case 'calls':
      return amount(operands, { kind, path, show: (most) => `at most ${most} calls in all` })
    case 'bytes':
      return amount(operands, { kind, path, show: (most) => `at most ${most} bytes of calls and results in all` })
    case 'concurrency':
      return amount(operands, { kind, path, show: (most) => `at most ${most} calls at the same time` })
    case 'rate':
      return rate(operands, path)
    case 'budget':
      return budget(operands, path)
    default:
      throw invalid(path, 'the kind of a limit is not known')
  }
}

function amount(
  operands: Operands,
  limit: {
    readonly kind: 'calls' | 'bytes' | 'concurrency'
    readonly path: string
    readonly show: (most: number) => string
  },
): Limit {
  const { kind, path, show } = limit
  if (operands.length !== 1) throw invalid(path, 'a limit has another number of operands')
  const most = wholeNumber(operands[0], path)
  return { kind, key: kind, most, perMs: 0, burst: 0, unit: '', selector: undefined, requirement: show(most) }
}

function rate(operands: Operands, path: string): Limit {
  if (operands.length !== 2 && operands.length !== 3) throw invalid(path, 'a rate has another number of operands')
  const most = wholeNumber(operands[0], path)
  const perS = wholeNumber(operands[1], path)
  const burst = operands.length === 3 ? wholeNumber(operands[2], path) : most
  if (perS > MAX_PERIOD_S) throw invalid(path, `the period of a rate is longer than ${MAX_PERIOD_S} seconds`)
  const perMs = perS * 1000
  // The meter counts in calls times milliseconds, which must stay exact.
  if (!Number.isSafeInteger(burst * perMs)) throw invalid(path, 'the burst of a rate is too large for its period')
  const requirement = `at most ${most} calls in ${perS} seconds, ${burst} of them at once`
  return { kind: 'rate', key: `rate ${perS}`, most, perMs, burst, unit: '', selector: undefined, requirement }
}

function budget(operands: Operands, path: string): Limit {
  const [unit, most, where] = operands
  if (operands.length !== 2 && operands.length !== 3) throw invalid(path, 'a budget has another number of operands')
  if (typeof unit !== 'string' || !UNIT.test(unit))
    throw invalid(path, 'the unit of a budget is not a short plain word')
  const total = wholeNumber(most, path)
  const selector = where === undefined ? undefined : parseSelector(where, path)
  if (selector !== undefined && selector[0]?.kind !== 'field') {
    throw invalid(path, 'a selector does not begin with the name of an argument')
  }
  const source = selector === undefined ? 'as the executor states the cost' : `by ${formatSelector(selector, showName)}`
  const requirement = `at most ${total} ${unit} in all, ${source}`
  return { kind: 'budget', key: `budget ${unit}`, most: total, perMs: 0, burst: 0, unit, selector, requirement }
}

function wholeNumber(value: IpldValue | undefined, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value
  throw invalid(path, 'a limit is not a whole number of at least 1')
}

function invalid(path: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_POLICY_INVALID', { path, reason })
}
