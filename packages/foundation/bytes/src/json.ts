/**
 * Ordinary JSON (RFC 8259) with what I-JSON (RFC 7493) asks for: unique names, no lone surrogates, finite numbers; size and
 * depth bounded before anything is built. For configuration files and API input (clause 2.4 of
 * contracts/spec/02-canonical.md); signed and logged JSON is narrower, see `decodeJcs`.
 */
import { TalosError } from '@talos/errors'
import { fromUtf8, utf8 } from './encodings.ts'
import { type DecodeLimits, depthLimit, refuseOversize, refuseTooDeep } from './limits.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/**
 * Reads JSON text, or its UTF-8 bytes. Linear time. A member named `__proto__` becomes an own member like any other.
 * Integers beyond 2^53 are rounded as JSON.parse does.
 *
 * @throws INPUT_TOO_LARGE, INPUT_TOO_DEEP, JSON_INVALID with a reason of ours
 */
export function parseJson(input: string | Uint8Array, limits: DecodeLimits = {}): JsonValue {
  refuseOversize(input.length, limits)
  const text = typeof input === 'string' ? refuseOversizeText(input, limits) : textOf(input)
  scan(text, depthLimit(limits))
  return parseNative(text) as JsonValue
}

export function invalidJson(reason: string): TalosError {
  return new TalosError('JSON_INVALID', { reason })
}

/** A text of n characters has up to 3n bytes, so its length alone does not tell. */
function refuseOversizeText(text: string, limits: DecodeLimits): string {
  if (!text.isWellFormed()) throw invalidJson('a lone surrogate')
  refuseOversize(utf8(text).length, limits)
  return text
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new TalosError('JSON_INVALID', { reason: 'bytes that are not UTF-8' }, { cause })
  }
}

/** The engine's message quotes the text, so it is not kept as a cause. */
function parseNative(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidJson('a syntax error')
  }
}

const CONTAINER_OR_SCALAR = /[{}[\]"]|-?[0-9][0-9.eE+-]*/g
const NAME_END = /[ \t\n\r]*:/y

/**
 * Walks the tokens that matter for what JSON.parse does not refuse: depth, repeated names, lone surrogates in escapes,
 * numbers that overflow. It takes the grammar for granted; JSON.parse checks that afterwards.
 */
function scan(text: string, maxDepth: number): void {
  const names: (Set<string> | undefined)[] = []
  CONTAINER_OR_SCALAR.lastIndex = 0
  for (let match = CONTAINER_OR_SCALAR.exec(text); match !== null; match = CONTAINER_OR_SCALAR.exec(text)) {
    const token = match[0]
    if (token === '{' || token === '[') {
      names.push(token === '{' ? new Set() : undefined)
      refuseTooDeep(names.length, maxDepth)
    } else if (token === '}' || token === ']') {
      names.pop()
    } else if (token === '"') {
      const end = endOfString(text, match.index)
      checkString(text, { start: match.index, end, names: names.at(-1) })
      CONTAINER_OR_SCALAR.lastIndex = end
    } else if (!Number.isFinite(Number(token))) {
      throw invalidJson('a number out of range or malformed')
    }
  }
}

/** Returns the offset after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1)
  let from = start + 1
  for (; quote !== -1; quote = text.indexOf('"', from)) {
    let backslashes = 0
    while (text.charAt(quote - 1 - backslashes) === '\\') backslashes += 1
    if (backslashes % 2 === 0) return quote + 1
    from = quote + 1
  }
  throw invalidJson('a string without an end')
}

interface StringToken {
  readonly start: number
  readonly end: number
  /** The names seen so far in the object around the string; undefined within an array and outside. */
  readonly names: Set<string> | undefined
}

function checkString(text: string, { start, end, names }: StringToken): void {
  NAME_END.lastIndex = end
  const isName = names !== undefined && NAME_END.test(text)
  const raw = text.slice(start, end)
  if (!isName && !raw.includes('\\u')) return
  const value = String(parseNative(raw))
  if (!value.isWellFormed()) throw invalidJson('a lone surrogate')
  if (!isName) return
  if (names.has(value)) throw invalidJson('a repeated name')
  names.add(value)
}
