/**
 * Selectors: where in the arguments a rule looks (spec 07-delegation, clause 7.4; UCAN delegation 1.0, "Selectors").
 *
 *     selector = "." / 1*( segment *"?" )      beginning with "."
 *     segment  = "." name / [ "." ] ( "[" integer "]" / "[" [integer] ":" [integer] "]" / "[]" / "[" json-string "]" )
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { isIpldMap } from '@talos/identity'
import { MAX_SELECTOR_LENGTH, MAX_SELECTOR_SEGMENTS } from '../limits.ts'
import type { Spend } from './budget.ts'
import { canonicalEntries, isIpldList } from './ipld.ts'

type Segment =
  | { readonly kind: 'field'; readonly name: string; readonly optional: boolean }
  | { readonly kind: 'index'; readonly index: number; readonly optional: boolean }
  | {
      readonly kind: 'slice'
      readonly from: number | undefined
      readonly until: number | undefined
      readonly optional: boolean
    }
  | { readonly kind: 'values'; readonly optional: boolean }

/** No segment: the value itself. */
export type Selector = readonly Segment[]

const FIELD = /\.([A-Za-z_][A-Za-z0-9_]*)/y
const KEY = /\.?\[("(?:[^"\\]|\\.)*")\]/y
const INDEX = /\.?\[(0|-?[1-9][0-9]{0,14})\]/y
const SLICE = /\.?\[(0|-?[1-9][0-9]{0,14})?:(0|-?[1-9][0-9]{0,14})?\]/y
const VALUES = /\.?\[\]/y
const OPTIONAL = /\?*/y

/**
 * Parses a selector.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID` with `path`
 */
export function parseSelector(value: IpldValue, path: string): Selector {
  if (typeof value !== 'string') throw invalid(path, 'a selector is not a text')
  if (value.length > MAX_SELECTOR_LENGTH)
    throw invalid(path, `a selector has more than ${MAX_SELECTOR_LENGTH} characters`)
  if (value === '.') return []
  if (!value.startsWith('.')) throw invalid(path, 'a selector does not begin with a dot')
  const segments: Segment[] = []
  let position = 0
  while (position < value.length) {
    if (segments.length === MAX_SELECTOR_SEGMENTS) {
      throw invalid(path, `a selector has more than ${MAX_SELECTOR_SEGMENTS} segments`)
    }
    const { segment, end } = parseSegment(value, { position, path })
    segments.push(segment)
    position = end
  }
  return segments
}

/**
 * The value that a selector leads to; undefined where it leads nowhere.
 *
 * @param spend takes the segments and the copied items; where it refuses, nothing is copied and the result is undefined
 */
export function select(selector: Selector, value: IpldValue, spend: Spend): IpldValue | undefined {
  let current: IpldValue | undefined = value
  for (const segment of selector) {
    if (!spend()) return undefined
    current = step(segment, current, spend)
    if (current === undefined) {
      // An optional segment yields null for what would fail; a failure before it is final.
      if (!segment.optional) return undefined
      current = null
    }
  }
  return current
}

/** {@link select} for one selector: the name of an argument alone, which most are, is looked up without a walk. */
export function finder(selector: Selector): (value: IpldValue, spend: Spend) => IpldValue | undefined {
  const [first, ...others] = selector
  if (first?.kind !== 'field' || others.length > 0) return (value, spend) => select(selector, value, spend)
  const { name } = first
  return (value, spend) => {
    if (!isIpldMap(value)) return select(selector, value, spend)
    if (!spend()) return undefined
    return Object.hasOwn(value, name) ? value[name] : null
  }
}

/** For people and for the model: the selector as it would be written, names shown as `show` lets them. */
export function formatSelector(selector: Selector, show: (name: string) => string): string {
  const parts = selector.map((segment) => {
    if (segment.kind === 'field') return `.${show(segment.name)}`
    if (segment.kind === 'index') return `[${segment.index}]`
    if (segment.kind === 'slice') return `[${segment.from ?? ''}:${segment.until ?? ''}]`
    return '[]'
  })
  return parts.length === 0 ? 'the value' : parts.join('').replace(/^\./, '')
}

function parseSegment(
  text: string,
  { position, path }: { readonly position: number; readonly path: string },
): { readonly segment: Segment; readonly end: number } {
  const at = (pattern: RegExp, from = position): RegExpExecArray | null => {
    pattern.lastIndex = from
    return pattern.exec(text)
  }
  const finish = (length: number): { readonly optional: boolean; readonly end: number } => {
    const start = position + length
    const marks = String(at(OPTIONAL, start))
    return { optional: marks.length > 0, end: start + marks.length }
  }
  const field = at(FIELD)
  if (field !== null) {
    const { optional, end } = finish(field[0].length)
    return { segment: { kind: 'field', name: String(field[1]), optional }, end }
  }
  const key = at(KEY)
  if (key !== null) {
    const { optional, end } = finish(key[0].length)
    return { segment: { kind: 'field', name: parseName(String(key[1]), path), optional }, end }
  }
  const index = at(INDEX)
  if (index !== null) {
    const { optional, end } = finish(index[0].length)
    return { segment: { kind: 'index', index: Number(index[1]), optional }, end }
  }
  const values = at(VALUES)
  if (values !== null) {
    const { optional, end } = finish(values[0].length)
    return { segment: { kind: 'values', optional }, end }
  }
  const slice = at(SLICE)
  if (slice === null || (slice[1] === undefined && slice[2] === undefined)) {
    throw invalid(path, `a selector cannot be read from character ${position} on`)
  }
  const { optional, end } = finish(slice[0].length)
  return { segment: { kind: 'slice', from: bound(slice[1]), until: bound(slice[2]), optional }, end }
}

function bound(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

function parseName(literal: string, path: string): string {
  let name: string
  try {
    name = String(JSON.parse(literal))
  } catch (cause) {
    throw new TalosError(
      'CAPABILITY_POLICY_INVALID',
      { path, reason: 'a name in a selector is no JSON string' },
      { cause },
    )
  }
  if (!name.isWellFormed()) throw invalid(path, 'a name in a selector is not well-formed Unicode')
  return name
}

function step(segment: Segment, value: IpldValue, spend: Spend): IpldValue | undefined {
  switch (segment.kind) {
    case 'field':
      if (!isIpldMap(value)) return undefined
      // A missing member is null, says UCAN; what follows it then fails on its own.
      return Object.hasOwn(value, segment.name) ? value[segment.name] : null
    case 'index':
      return isIpldList(value) || value instanceof Uint8Array ? value.at(segment.index) : undefined
    case 'slice':
      if (!isIpldList(value) && !(value instanceof Uint8Array)) return undefined
      return spend(value.length) ? value.slice(segment.from, segment.until) : undefined
    case 'values':
      if (isIpldList(value)) return value
      if (!isIpldMap(value)) return undefined
      return spend(Object.keys(value).length) ? canonicalEntries(value).map(([, member]) => member) : undefined
  }
}

function invalid(path: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_POLICY_INVALID', { path, reason })
}
