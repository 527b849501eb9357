/**
 * JSON (RFC 8259) read without loss, for commitments to its parts (contracts/spec/10-audit-entry.md, clause 10.8): numbers keep
 * the characters that they were written with, names are unique, strings are well-formed. What this reader refuses is
 * committed to as a whole alone.
 */
import { fromUtf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** A number by its own characters: `1`, `1.0` and `1e0` are three. */
export interface ExactNumber {
  readonly number: string
}

/** A JSON value. Objects are maps, so that every name is a name as any other. */
export type ExactJson = null | boolean | string | ExactNumber | ExactArray | ExactObject
export type ExactArray = readonly ExactJson[]
export type ExactObject = ReadonlyMap<string, ExactJson>

export interface ExactLimits {
  /** Longest text in UTF-8 bytes. */
  readonly maxBytes: number
  /** Most containers around a value. */
  readonly maxDepth: number
}

/**
 * Reads one JSON text in linear time.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `JSON_INVALID` (also for a repeated name and a lone surrogate),
 *   `ENCODING_INVALID`
 */
export function parseExactJson(bytes: Uint8Array, { maxBytes, maxDepth }: ExactLimits): ExactJson {
  if (bytes.length > maxBytes) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: maxBytes })
  }
  return new Reader(fromUtf8(bytes), maxDepth).document()
}

/**
 * The one text of a value: no white space, members in the order of their names' UTF-16 units, strings as RFC 8785 writes
 * them, numbers as they were written.
 */
export function writeExactJson(value: ExactJson): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if ('number' in value) return value.number
  if (isExactArray(value)) return `[${value.map(writeExactJson).join(',')}]`
  return `{${membersOf(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${writeExactJson(member)}`)
    .join(',')}}`
}

/** The members of an object in the order of their names' UTF-16 units. */
export function membersOf(object: ExactObject): readonly (readonly [name: string, value: ExactJson])[] {
  // Names are unique, so no two compare as equal.
  return [...object].sort(([left], [right]) => (left < right ? -1 : 1))
}

export function isExactArray(value: ExactJson): value is ExactArray {
  return Array.isArray(value)
}

export function isExactObject(value: ExactJson): value is ExactObject {
  return value instanceof Map
}

const WHITESPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

class Reader {
  readonly #text: string
  readonly #maxDepth: number
  #at = 0

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#maxDepth = maxDepth
  }

  document(): ExactJson {
    const value = this.#value(0)
    this.#match(WHITESPACE)
    if (this.#at < this.#text.length) throw invalid('there is text after the value')
    return value
  }

  #value(depth: number): ExactJson {
    this.#match(WHITESPACE)
    const next = this.#text.charAt(this.#at)
    if (next === '{') return this.#object(depth + 1)
    if (next === '[') return this.#array(depth + 1)
    if (next === '"') return this.#string()
    const word = WORDS.get(this.#match(WORD))
    return word === undefined ? this.#number() : word
  }

  #object(depth: number): ExactObject {
    this.#descend(depth)
    const members = new Map<string, ExactJson>()
    if (this.#takes('}')) return members
    do {
      this.#match(WHITESPACE)
      const name = this.#string()
      if (members.has(name)) throw invalid('a repeated name')
      this.#require(':')
      members.set(name, this.#value(depth))
    } while (this.#takes(','))
    this.#require('}')
    return members
  }

  #array(depth: number): ExactArray {
    this.#descend(depth)
    const items: ExactJson[] = []
    if (this.#takes(']')) return items
    do items.push(this.#value(depth))
    while (this.#takes(','))
    this.#require(']')
    return items
  }

  #string(): string {
    const start = this.#at
    if (this.#text.charAt(start) !== '"') throw invalid('a syntax error')
    this.#at = this.#endOfString(start)
    const value = parseString(this.#text.slice(start, this.#at))
    if (!value.isWellFormed()) throw invalid('a lone surrogate')
    return value
  }

  /** The place behind the quote that ends the string: one that an even number of backslashes stands before. */
  #endOfString(start: number): number {
    for (let quote = this.#quoteFrom(start + 1); ; quote = this.#quoteFrom(quote + 1)) {
      let before = quote
      while (this.#text.charAt(before - 1) === '\\') before -= 1
      if ((quote - before) % 2 === 0) return quote + 1
    }
  }

  #quoteFrom(start: number): number {
    const quote = this.#text.indexOf('"', start)
    if (quote === -1) throw invalid('a string without an end')
    return quote
  }

  #number(): ExactNumber {
    const number = this.#match(NUMBER)
    if (number === '') throw invalid('a syntax error')
    return { number }
  }

  #require(character: string): void {
    if (!this.#takes(character)) throw invalid('a syntax error')
  }

  #takes(character: string): boolean {
    this.#match(WHITESPACE)
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at += 1
    return true
  }

  /** Takes what the pattern matches here; nothing where it does not match. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = String(pattern.exec(this.#text) ?? '')
    this.#at += found.length
    return found
  }

  #descend(depth: number): void {
    if (depth > this.#maxDepth) throw new TalosError('INPUT_TOO_DEEP', { limit: this.#maxDepth })
    this.#at += 1
  }
}

/** The platform decides on escapes and control characters; its message quotes the text, so it is no cause. */
function parseString(raw: string): string {
  try {
    return String(JSON.parse(raw))
  } catch {
    throw invalid('a string that is not JSON')
  }
}

function invalid(reason: string): TalosError {
  return new TalosError('JSON_INVALID', { reason })
}
