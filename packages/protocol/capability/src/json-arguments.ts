/**
 * JSON arguments as IPLD, without loss and one to one (spec 08-invocation, clause 8.4).
 *
 * What is signed is what the tool receives: an integer within 2^53 becomes an integer; every other number becomes a byte
 * string with the very characters of the number, which JSON cannot produce otherwise; the rest maps to itself. Member
 * order and the spelling of strings carry no meaning. A number's spelling does: 1, 1.0 and 1e0 stay three things.
 */
import { Cid, equalBytes, fromUtf8, type IpldValue, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { type IpldMap, isIpldMap } from '@talos/identity'
import { isIpldList, isPlainInteger, numberTextOf } from './conditions/ipld.ts'
import { ARGUMENTS_MAX_BYTES, ARGUMENTS_MAX_DEPTH, MAX_NUMBER_LENGTH } from './limits.ts'

const WHITESPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORD = /true|false|null/y
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

/**
 * Maps one JSON object, as it came over the wire, to the arguments of an invocation.
 *
 * @param json text or UTF-8, at most {@link ARGUMENTS_MAX_BYTES} bytes, nested at most {@link ARGUMENTS_MAX_DEPTH} deep
 * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID`, `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `ENCODING_INVALID`
 */
export function argumentsFromJson(json: string | Uint8Array): IpldMap {
  const bytes = typeof json === 'string' ? utf8(json) : json
  if (bytes.length > ARGUMENTS_MAX_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: ARGUMENTS_MAX_BYTES })
  }
  const value = new Reader(fromUtf8(bytes)).document()
  if (!isIpldMap(value)) throw invalid('they are not an object')
  return value
}

/**
 * The JSON of mapped arguments: what the tool is to receive.
 *
 * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID` for values that no JSON maps to
 */
export function argumentsToJson(args: IpldMap): string {
  return writeJson(args)
}

/** Whether two calls have the same arguments: the same bytes once encoded, which is to say, the same values. */
export function sameArguments(left: IpldMap, right: IpldMap): boolean {
  return isSameMap(left, right)
}

function isSame(left: IpldValue, right: IpldValue): boolean {
  if (typeof left !== 'object' || left === null) return left === right
  if (left instanceof Uint8Array) return right instanceof Uint8Array && equalBytes(left, right)
  if (left instanceof Cid) return right instanceof Cid && left.equals(right)
  if (isIpldList(left)) {
    return (
      isIpldList(right) &&
      left.length === right.length &&
      left.every((item, index) => isSame(item, right[index] as IpldValue))
    )
  }
  return isIpldMap(right) && isSameMap(left, right)
}

function isSameMap(left: IpldMap, right: IpldMap): boolean {
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => Object.hasOwn(right, name) && isSame(left[name] as IpldValue, right[name] as IpldValue))
}

class Reader {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): IpldValue {
    const value = this.#value(0)
    this.#match(WHITESPACE)
    if (this.#position < this.#text.length) throw invalid('there is text after the value')
    return value
  }

  #value(depth: number): IpldValue {
    this.#match(WHITESPACE)
    const next = this.#text.charAt(this.#position)
    if (next === '{') return this.#object(depth + 1)
    if (next === '[') return this.#array(depth + 1)
    if (next === '"') return this.#string()
    const word = WORDS.get(this.#match(WORD))
    return word === undefined ? this.#number() : word
  }

  #object(depth: number): IpldMap {
    this.#descend(depth)
    // Without a prototype, "__proto__" is a name as any other.
    const members: { [name: string]: IpldValue } = Object.create(null)
    if (this.#takes('}')) return members
    do {
      this.#match(WHITESPACE)
      const name = this.#string()
      if (Object.hasOwn(members, name)) throw invalid('a member name occurs twice')
      if (!this.#takes(':')) throw this.#unexpected()
      members[name] = this.#value(depth)
    } while (this.#takes(','))
    if (!this.#takes('}')) throw this.#unexpected()
    return members
  }

  #array(depth: number): readonly IpldValue[] {
    this.#descend(depth)
    const items: IpldValue[] = []
    if (this.#takes(']')) return items
    do items.push(this.#value(depth))
    while (this.#takes(','))
    if (!this.#takes(']')) throw this.#unexpected()
    return items
  }

  #string(): string {
    const start = this.#position
    if (this.#text.charAt(start) !== '"') throw this.#unexpected()
    let end = start + 1
    while (this.#text.charAt(end) !== '"') {
      if (end >= this.#text.length) throw invalid('a string does not end')
      end += this.#text.charAt(end) === '\\' ? 2 : 1
    }
    this.#position = end + 1
    let value: string
    try {
      // The whole string is at hand: the platform's parser decides on escapes and control characters.
      value = String(JSON.parse(this.#text.slice(start, end + 1)))
    } catch (cause) {
      throw new TalosError('CAPABILITY_ARGUMENTS_INVALID', { reason: 'a string is not JSON' }, { cause })
    }
    if (!value.isWellFormed()) throw invalid('a string is not well-formed Unicode')
    return value
  }

  #number(): IpldValue {
    const literal = this.#match(NUMBER)
    if (literal === '') throw this.#unexpected()
    if (literal.length > MAX_NUMBER_LENGTH) throw invalid(`a number has more than ${MAX_NUMBER_LENGTH} characters`)
    return isPlainInteger(literal) ? Number(literal) : utf8(literal)
  }

  #takes(character: string): boolean {
    this.#match(WHITESPACE)
    if (this.#text.charAt(this.#position) !== character) return false
    this.#position += 1
    return true
  }

  /** Takes what the pattern matches here; nothing where it does not match. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#position
    const found = String(pattern.exec(this.#text) ?? '')
    this.#position += found.length
    return found
  }

  #descend(depth: number): void {
    if (depth > ARGUMENTS_MAX_DEPTH) throw new TalosError('INPUT_TOO_DEEP', { limit: ARGUMENTS_MAX_DEPTH })
    this.#position += 1
  }

  #unexpected(): TalosError {
    return invalid(`the text is not JSON at character ${this.#position}`)
  }
}

function writeJson(value: IpldValue): string {
  if (value instanceof Uint8Array) {
    const literal = numberTextOf(value)
    if (literal === undefined) throw invalid('a byte string is not the text of a number')
    return literal
  }
  if (value instanceof Cid) throw invalid('a link has no JSON form')
  if (isIpldList(value)) return `[${value.map(writeJson).join(',')}]`
  if (!isIpldMap(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`)
  return `{${members.join(',')}}`
}

function invalid(reason: string): TalosError {
  return new TalosError('CAPABILITY_ARGUMENTS_INVALID', { reason })
}
