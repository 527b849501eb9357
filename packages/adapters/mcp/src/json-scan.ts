/**
 * Where the values of a JSON text (RFC 8259) stand, found in one linear pass over its bytes (clause 14.2 of
 * contracts/spec/14-mcp.md). Nothing is rebuilt: numbers beyond a double's range, lone surrogates in escapes and unknown
 * members keep their bytes. The whole grammar is checked, so that no reader behind us sees another structure than we did.
 */
import { isUtf8 } from 'node:buffer'
import { TalosError } from '@talos/errors'
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, MAX_OBJECT_MEMBERS } from './limits.ts'

type JsonKind = 'object' | 'array' | 'string' | 'number' | 'literal'

/** One value: `bytes.subarray(start, end)` is its text, without white space around it. */
export interface JsonNode {
  readonly kind: JsonKind
  readonly start: number
  readonly end: number
  /** Of an object that was kept, by decoded name. */
  readonly members: ReadonlyMap<string, JsonNode>
  /** Of an array that was kept. */
  readonly items: readonly JsonNode[]
}

export interface ScanOptions {
  /** Refuse repeated names everywhere; otherwise only in the objects that are kept. */
  readonly uniqueNames: boolean
  /** Take names that differ by case alone for repeated ones, as readers do that pay no heed to case. */
  readonly anyCase?: boolean
  /** How many levels of containers get their contents into the node: 1 for the outermost alone. */
  readonly keepLevels: number
  readonly maxDepth?: number
}

/**
 * Scans one JSON text of up to MAX_MESSAGE_BYTES.
 *
 * @throws MCP_MESSAGE_INVALID {reason}
 */
export function scanJson(bytes: Uint8Array, options: ScanOptions): JsonNode {
  if (bytes.length > MAX_MESSAGE_BYTES) throw invalid(`it has more than ${MAX_MESSAGE_BYTES} bytes`)
  if (!isUtf8(bytes)) throw invalid('it is not UTF-8')
  return new Scanner(bytes, options).document()
}

/** The characters of one value. */
export function textOf(bytes: Uint8Array, { start, end }: { readonly start: number; readonly end: number }): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

/** What a value of kind `string` stands for. Lone surrogates stay what they are. */
export function stringOf(bytes: Uint8Array, span: { readonly start: number; readonly end: number }): string {
  const text = textOf(bytes, span)
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1)
}

/** A name without regard to case: two that any reader may take for one are equal. */
export function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase()
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const ZERO = 0x30
const OBJECT = { open: 0x7b, close: 0x7d }
const ARRAY = { open: 0x5b, close: 0x5d }
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const NO_MEMBERS: ReadonlyMap<string, JsonNode> = new Map()
const NO_ITEMS: readonly JsonNode[] = []

class Scanner {
  readonly #bytes: Uint8Array
  readonly #uniqueNames: boolean
  readonly #anyCase: boolean
  readonly #keepLevels: number
  readonly #maxDepth: number
  #at = 0

  constructor(
    bytes: Uint8Array,
    { uniqueNames, anyCase = false, keepLevels, maxDepth = MAX_MESSAGE_DEPTH }: ScanOptions,
  ) {
    this.#bytes = bytes
    this.#uniqueNames = uniqueNames
    this.#anyCase = anyCase
    this.#keepLevels = keepLevels
    this.#maxDepth = maxDepth
  }

  document(): JsonNode {
    this.#space()
    const root = this.#value(0)
    this.#space()
    if (this.#at !== this.#bytes.length) throw invalid('something follows the JSON value')
    return root
  }

  #value(depth: number): JsonNode {
    const start = this.#at
    const first = this.#bytes[start]
    if (first === OBJECT.open) return this.#object(depth)
    if (first === ARRAY.open) return this.#array(depth)
    if (first === QUOTE) this.#string()
    else if (first === MINUS || isDigit(first)) this.#number()
    else return this.#literal()
    return leaf(first === QUOTE ? 'string' : 'number', start, this.#at)
  }

  #object(depth: number): JsonNode {
    const start = this.#enter(depth)
    const keep = depth < this.#keepLevels
    const members = keep ? new Map<string, JsonNode>() : undefined
    const names = keep || this.#uniqueNames ? new Set<string>() : undefined
    let more = !this.#skip(OBJECT.close)
    while (more) {
      const name = this.#name(names)
      this.#space()
      if (!this.#skip(COLON)) throw invalid('a syntax error')
      this.#space()
      const value = this.#value(depth + 1)
      members?.set(name, value)
      more = this.#continues(OBJECT.close)
    }
    return { kind: 'object', start, end: this.#at, members: members ?? NO_MEMBERS, items: NO_ITEMS }
  }

  #array(depth: number): JsonNode {
    const start = this.#enter(depth)
    const items: JsonNode[] | undefined = depth < this.#keepLevels ? [] : undefined
    let more = !this.#skip(ARRAY.close)
    while (more) {
      const value = this.#value(depth + 1)
      if (items !== undefined && items.length >= MAX_OBJECT_MEMBERS) throw invalid('an array has too many items')
      items?.push(value)
      more = this.#continues(ARRAY.close)
    }
    return { kind: 'array', start, end: this.#at, members: NO_MEMBERS, items: items ?? NO_ITEMS }
  }

  /** Steps over an opening bracket and the space behind it. */
  #enter(depth: number): number {
    if (depth >= this.#maxDepth) throw invalid(`it nests more than ${this.#maxDepth} deep`)
    const start = this.#at
    this.#at += 1
    this.#space()
    return start
  }

  /** After a member or item: true behind a comma, false behind the closing bracket. */
  #continues(close: number): boolean {
    this.#space()
    if (this.#skip(close)) return false
    if (!this.#skip(COMMA)) throw invalid('a syntax error')
    this.#space()
    return true
  }

  #name(names: Set<string> | undefined): string {
    const start = this.#at
    if (this.#bytes[start] !== QUOTE) throw invalid('a syntax error')
    this.#string()
    if (names === undefined) return ''
    const name = stringOf(this.#bytes, { start, end: this.#at })
    const compared = this.#anyCase ? foldCase(name) : name
    if (names.has(compared)) throw invalid('a repeated name')
    if (names.size >= MAX_OBJECT_MEMBERS) throw invalid('an object has too many members')
    names.add(compared)
    return name
  }

  #string(): void {
    for (let at = this.#at + 1; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at] ?? 0
      if (byte === QUOTE) {
        this.#at = at + 1
        return
      }
      if (byte < 0x20) throw invalid('a control character within a string')
      if (byte === BACKSLASH) at += this.#escape(at + 1)
    }
    throw invalid('a string without an end')
  }

  /** The length of the escape whose backslash stands before `at`, without the backslash. */
  #escape(at: number): number {
    const letter = String.fromCharCode(this.#bytes[at] ?? 0)
    if (letter !== 'u') {
      if (!'"\\/bfnrt'.includes(letter)) throw invalid('an unknown escape')
      return 1
    }
    if (!/^[0-9a-fA-F]{4}$/.test(textOf(this.#bytes, { start: at + 1, end: Math.min(at + 5, this.#bytes.length) }))) {
      throw invalid('an unknown escape')
    }
    return 5
  }

  #number(): void {
    this.#skip(MINUS)
    if (!this.#skip(ZERO)) this.#digits()
    if (this.#skip(0x2e)) this.#digits()
    if (this.#skip(0x65) || this.#skip(0x45)) {
      if (!this.#skip(0x2b)) this.#skip(MINUS)
      this.#digits()
    }
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.#at])) throw invalid('a malformed number')
    while (isDigit(this.#bytes[this.#at])) this.#at += 1
  }

  #literal(): JsonNode {
    const start = this.#at
    const word = LITERALS.find((bytes) => bytes.equals(this.#bytes.subarray(start, start + bytes.length)))
    if (word === undefined) throw invalid('a syntax error')
    this.#at += word.length
    return leaf('literal', start, this.#at)
  }

  #skip(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at += 1
    return true
  }

  #space(): void {
    while (isSpace(this.#bytes[this.#at])) this.#at += 1
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function leaf(kind: JsonKind, start: number, end: number): JsonNode {
  return { kind, start, end, members: NO_MEMBERS, items: NO_ITEMS }
}

function invalid(reason: string): TalosError {
  return new TalosError('MCP_MESSAGE_INVALID', { reason })
}
