/**
 * Decimal numbers, compared exactly (spec 07-delegation, clause 7.6.1): never through a float.
 *
 * A number is kept as 0.d1d2d3... times a power of ten, with d1 and the last digit not zero. Two magnitudes then compare
 * by their powers and, where these are equal, by their digits as texts.
 */
import type { IpldValue } from '@talos/bytes'
import { MAX_DECIMAL_BOUND_LENGTH, MAX_DECIMAL_EXPONENT, MAX_DECIMAL_LENGTH } from '../limits.ts'
import { numberTextOf } from './ipld.ts'
import { type Condition, invalid, stepsOf } from './rule-parts.ts'

export interface Decimal {
  readonly negative: boolean
  /** The power of ten behind the digits; 0 for zero. */
  readonly point: number
  /** Without zeros at either end; empty for zero. */
  readonly digits: string
}

const PLAIN = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/
const WITH_EXPONENT = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** A decimal without exponent; undefined where the text is none, or longer than `most` characters. */
export function parseDecimal(text: string, most: number = MAX_DECIMAL_LENGTH): Decimal | undefined {
  return text.length > most ? undefined : decimalOf(PLAIN.exec(text))
}

/**
 * The exact number of an integer, a number's text (clause 8.4) or a plain decimal text; undefined for anything else, and
 * for what is too long or too far from 1 to be read alike by all.
 */
function decimalOfValue(value: IpldValue): Decimal | undefined {
  if (typeof value === 'number') return parseDecimal(String(value))
  if (typeof value === 'string') return parseDecimal(value)
  const literal = value instanceof Uint8Array && value.length <= MAX_DECIMAL_LENGTH ? numberTextOf(value) : undefined
  return literal === undefined ? undefined : decimalOf(WITH_EXPONENT.exec(literal))
}

/** Less than 0, 0, or greater than 0, as `left` is below, equal to or above `right`. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.negative !== right.negative) return left.negative ? -1 : 1
  return left.negative ? compareMagnitudes(right, left) : compareMagnitudes(left, right)
}

/**
 * `range` with decimal bounds.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID`
 */
export function compileDecimalRange(
  { low, high }: { readonly low: IpldValue; readonly high: IpldValue },
  path: string,
): Condition {
  const minimum = boundOf(low, path)
  const maximum = boundOf(high, path)
  if (minimum !== undefined && maximum !== undefined && compareDecimals(minimum, maximum) > 0) {
    throw invalid(path, 'the lower bound is above the upper one')
  }
  return {
    requirement: `must be a decimal number ${showBounds(minimum, maximum)}`,
    judge: (value, { budget }) => {
      if (typeof value === 'string' && !budget.spend(stepsOf(value, MAX_DECIMAL_LENGTH))) return false
      const decimal = decimalOfValue(value)
      if (decimal === undefined) return false
      if (minimum !== undefined && compareDecimals(decimal, minimum) < 0) return false
      return maximum === undefined || compareDecimals(decimal, maximum) <= 0
    },
  }
}

interface Bound extends Decimal {
  readonly text: string
}

function boundOf(bound: IpldValue, path: string): Bound | undefined {
  if (bound === null) return undefined
  const decimal = typeof bound === 'string' ? parseDecimal(bound, MAX_DECIMAL_BOUND_LENGTH) : undefined
  if (typeof bound !== 'string' || decimal === undefined) throw invalid(path, 'a bound is not a decimal text or null')
  return { ...decimal, text: bound }
}

/** Bounds hold digits, a sign and a point: they can be shown as they are. */
function showBounds(minimum: Bound | undefined, maximum: Bound | undefined): string {
  const shown = [
    ...(minimum === undefined ? [] : [`at least ${minimum.text}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum.text}`]),
  ]
  return `of ${shown.join(' and ')}`
}

function decimalOf(match: RegExpExecArray | null): Decimal | undefined {
  if (match === null) return undefined
  const [, sign, integer, fraction = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  if (Math.abs(exponent) > MAX_DECIMAL_EXPONENT) return undefined
  const whole = String(integer)
  const written = `${whole}${fraction}`
  const digits = written.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return { negative: false, point: 0, digits: '' }
  const point = whole.length + exponent - (written.length - digits.length)
  return { negative: sign === '-', point, digits: significant }
}

/** Zero, which has no digits, is below everything: its power alone would not say so. */
function compareMagnitudes(left: Decimal, right: Decimal): number {
  if (left.digits === '' || right.digits === '') return left.digits.length - right.digits.length
  if (left.point !== right.point) return left.point - right.point
  if (left.digits === right.digits) return 0
  return left.digits < right.digits ? -1 : 1
}
