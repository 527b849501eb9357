/**
 * The JSON Canonicalization Scheme (RFC 8785). The writer implements it in full; the reader accepts the narrow profile of
 * clause 2.6 of contracts/spec/02-canonical.md: canonical bytes only, integers within 2^53, no floats.
 */

import { fromUtf8 } from './encodings.ts'
import { invalidJson, type JsonValue, parseJson } from './json.ts'
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_DEPTH, type DecodeLimits, depthLimit, refuseTooDeep } from './limits.ts'

/**
 * Writes the canonical text: names sorted by UTF-16 code units, numbers and strings as ECMAScript serializes them (RFC 8785,
 * 3.2), no white space.
 *
 * @throws JSON_INVALID for a value that JSON cannot say (a lone surrogate, NaN, an infinity, undefined, an object of a
 *   class); INPUT_TOO_DEEP beyond DEFAULT_MAX_DEPTH, which also ends a cycle
 */
export function encodeJcs(value: JsonValue): string {
  return writeOrdered(value) ?? write(value, { depth: 0, maxDepth: DEFAULT_MAX_DEPTH, integersOnly: false })
}

/** By the engine's own writer, where the members stand in their order already; undefined says nothing. */
function writeOrdered(value: JsonValue): string | undefined {
  if (!isPlain(value, DEFAULT_MAX_DEPTH)) return undefined
  const text = JSON.stringify(value)
  // A lone surrogate is written as an escape, which canonical JSON never has.
  return text.includes('\\ud') ? undefined : text
}

/** Whether a value is JSON as `write` takes it, its names in order, with so many containers around each other at most. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean'
  if (value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return arePlain(value, depth - 1)
  const prototype: unknown = Object.getPrototypeOf(value)
  if ((prototype !== null && prototype !== Object.prototype) || 'toJSON' in value) return false
  let previous: string | undefined
  for (const name of Object.keys(value)) {
    if (previous !== undefined && name < previous) return false
    previous = name
    if (!isPlain(Reflect.get(value, name), depth - 1)) return false
  }
  return true
}

/** A hole is undefined here, and so no JSON. */
function arePlain(items: readonly unknown[], depth: number): boolean {
  if ('toJSON' in items) return false
  for (const item of items) if (!isPlain(item, depth)) return false
  return true
}

/**
 * Reads the narrow profile. The result written again is the input, byte for byte.
 *
 * @throws INPUT_TOO_LARGE, INPUT_TOO_DEEP, JSON_INVALID with a reason of ours
 */
export function decodeJcs(input: string | Uint8Array, limits: DecodeLimits = {}): JsonValue {
  return readCanonical(input, limits) ?? readWithReasons(input, limits)
}

/** Where the quick reader found something, or saw that it cannot judge: slower, and with the reason of a refusal. */
function readWithReasons(input: string | Uint8Array, limits: DecodeLimits): JsonValue {
  const value = parseJson(input, limits)
  const written = write(value, { depth: 0, maxDepth: depthLimit(limits), integersOnly: true })
  const text = typeof input === 'string' ? input : fromUtf8(input)
  if (written !== text) throw invalidJson('not in canonical form')
  return value
}

/**
 * The same answer for nearly every text that is canonical, in a third of the time: the engine's own reader, and the length that
 * the canonical text of what it read has. Undefined says nothing.
 *
 * A text that is read as the same value, with its names in order, is never shorter than the canonical one, and as long only
 * where it is the same: white space and repeated names only add to it, and so does every other form of a string or a number
 * but those that are left to the slower way. Those are escapes by number or of a slash; numbers that end in two zeros, which an
 * exponent writes as short; and names that look like indexes, which the engine puts into another order.
 */
function readCanonical(input: string | Uint8Array, limits: DecodeLimits): JsonValue | undefined {
  // A character has three bytes at most, so a text of that length needs no count.
  const { maxBytes = DEFAULT_MAX_BYTES } = limits
  if (input.length * MAX_BYTES_PER_CHARACTER > maxBytes) return undefined
  try {
    const text = typeof input === 'string' ? input : fromUtf8(input)
    if (text.includes('\\u') || text.includes('\\/')) return undefined
    const value = JSON.parse(text)
    return lengthOf(value, depthLimit(limits)) + escapesIn(text) === text.length ? value : undefined
  } catch {
    return undefined
  }
}

const MAX_BYTES_PER_CHARACTER = 3
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/** Length of the canonical text of a value, an escape counted as the character that it stands for; NaN where it does not tell. */
function lengthOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.isWellFormed() ? value.length + 2 : Number.NaN
  if (typeof value === 'number') return isOfOneForm(value) ? String(value).length : Number.NaN
  if (typeof value !== 'object' || value === null) return String(value).length
  if (depth === 0) return Number.NaN
  let length = 1
  if (Array.isArray(value)) {
    for (const item of value) length += lengthOf(item, depth - 1) + 1
    return Math.max(length, 2)
  }
  let previous: string | undefined
  for (const name of Object.keys(value)) {
    if (previous === undefined ? isIndex(name) : name <= previous) return Number.NaN
    previous = name
    // Quotes and a colon, then a comma or the brace.
    length += lengthOf(name, depth) + 1 + lengthOf(Reflect.get(value, name), depth - 1) + 1
  }
  return Math.max(length, 2)
}

/** Whether every other way to write an integer within 2^53 is longer. */
function isOfOneForm(value: number): boolean {
  return Number.isSafeInteger(value) && (value === 0 || value % 100 !== 0)
}

/** Names that the engine takes for indexes come first. */
function isIndex(name: string): boolean {
  const first = name.charCodeAt(0)
  return first >= DIGIT_0 && first <= DIGIT_9
}

/** Escapes in a text that has only those of two characters. */
function escapesIn(text: string): number {
  let count = 0
  for (let place = text.indexOf('\\'); place !== -1; place = text.indexOf('\\', place + 2)) count += 1
  return count
}

interface WriteContext {
  /** Containers around the value. */
  readonly depth: number
  readonly maxDepth: number
  readonly integersOnly: boolean
}

function write(value: unknown, context: WriteContext): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'number') return writeNumber(value, context.integersOnly)
  if (typeof value !== 'object') throw invalidJson(`a value of type ${typeof value}`)
  const inner = { ...context, depth: context.depth + 1 }
  refuseTooDeep(inner.depth, inner.maxDepth)
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => write(item, inner)).join(',')}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw invalidJson('an object of a class')
  const members = Object.keys(value)
    .sort()
    .map((name) => `${writeString(name)}:${write(Reflect.get(value, name), inner)}`)
  return `{${members.join(',')}}`
}

function writeString(text: string): string {
  if (!text.isWellFormed()) throw invalidJson('a lone surrogate')
  return JSON.stringify(text)
}

function writeNumber(value: number, integersOnly: boolean): string {
  if (!Number.isFinite(value)) throw invalidJson('a number that is not finite')
  if (integersOnly && !Number.isSafeInteger(value)) throw invalidJson('a number that is not an integer within 2^53')
  return JSON.stringify(value)
}
