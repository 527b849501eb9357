/**
 * The JSON Canonicalization Scheme (RFC 8785). The writer implements it in full; the reader accepts the narrow profile of
 * clause 2.6 of contracts/spec/02-canonical.md: canonical bytes only, integers within 2^53, no floats.
 */

import { fromUtf8 } from './encodings.ts'
import { invalidJson, type JsonValue, parseJson } from './json.ts'
import { DEFAULT_MAX_DEPTH, type DecodeLimits, depthLimit, refuseTooDeep } from './limits.ts'

/**
 * Writes the canonical text: names sorted by UTF-16 code units, numbers and strings as ECMAScript serializes them (RFC 8785,
 * 3.2), no white space.
 *
 * @throws JSON_INVALID for a value that JSON cannot say (a lone surrogate, NaN, an infinity, undefined, an object of a
 *   class); INPUT_TOO_DEEP beyond DEFAULT_MAX_DEPTH, which also ends a cycle
 */
export function encodeJcs(value: JsonValue): string {
  return write(value, { depth: 0, maxDepth: DEFAULT_MAX_DEPTH, integersOnly: false })
}

/**
 * Reads the narrow profile. The result written again is the input, byte for byte.
 *
 * @throws INPUT_TOO_LARGE, INPUT_TOO_DEEP, JSON_INVALID with a reason of ours
 */
export function decodeJcs(input: string | Uint8Array, limits: DecodeLimits = {}): JsonValue {
  const value = parseJson(input, limits)
  const written = write(value, { depth: 0, maxDepth: depthLimit(limits), integersOnly: true })
  const text = typeof input === 'string' ? input : fromUtf8(input)
  if (written !== text) throw invalidJson('not in canonical form')
  return value
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
