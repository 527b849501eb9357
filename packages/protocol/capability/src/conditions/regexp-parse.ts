/**
 * Reading I-Regexps (RFC 9485; spec 07-delegation, clause 7.6.5) into a tree.
 *
 *     i-regexp = branch *( "|" branch )          branch = *( atom [ quantifier ] )
 *     atom     = character / "." / escape / "[" class "]" / "(" i-regexp ")"
 *
 * Refused besides: `^` and `$` outside of classes, which RFC 9485 reads as themselves and most others as anchors.
 */
import type { TalosError } from '@talos/errors'
import { MAX_PATTERN_DEPTH, MAX_PATTERN_LENGTH, MAX_PATTERN_SIZE } from '../limits.ts'
import {
  anyCharacter,
  type CharacterTest,
  type ClassItem,
  categoryTest,
  classTest,
  negated,
  oneCharacter,
} from './regexp-classes.ts'
import { invalid } from './rule-parts.ts'

/** A pattern, or a part of it; `size` is what clause 7.6.5 defines. */
export type PatternNode =
  | { readonly kind: 'character'; readonly size: number; readonly test: CharacterTest }
  | { readonly kind: 'sequence'; readonly size: number; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly size: number; readonly branches: readonly PatternNode[] }
  | {
      readonly kind: 'repeat'
      readonly size: number
      readonly inner: PatternNode
      readonly minimum: number
      /** Undefined: without end. */
      readonly maximum: number | undefined
    }

const QUANTIFIER = /[*+?]|\{([0-9]+)(,?)([0-9]*)\}/y
const SINGLE_ESCAPE = /\\([-()*+.?[\\\]^{|}nrt])/y
const CATEGORY_ESCAPE = /\\([pP])\{([A-Z][a-z]?)\}/y
/** Characters that stand for themselves; `^` and `$` are RFC 9485's as well, but not everybody's. */
const NORMAL = /[^()*+.?[\\\]^{|}$\p{Cs}]/uy
/** Within a class: not the brackets, the backslash and the hyphen. */
const NORMAL_IN_CLASS = /[^-[\\\]\p{Cs}]/uy
const CONTROL_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/**
 * Parses a pattern.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID` with `path`
 */
export function parsePattern(text: string, path: string): PatternNode {
  const reader = new Reader(text, path)
  if (text.length > MAX_PATTERN_LENGTH) throw reader.refused(`has more than ${MAX_PATTERN_LENGTH} characters`)
  const node = choiceOf(reader, 0)
  if (!reader.done) throw reader.unreadable()
  return node
}

/** The text and the place in it. */
class Reader {
  readonly #text: string
  readonly #path: string
  #position = 0

  constructor(text: string, path: string) {
    this.#text = text
    this.#path = path
  }

  get done(): boolean {
    return this.#position === this.#text.length
  }

  sees(character: string): boolean {
    return this.#text.startsWith(character, this.#position)
  }

  takes(character: string): boolean {
    if (!this.sees(character)) return false
    this.#position += character.length
    return true
  }

  /** Takes what a sticky expression matches here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position
    const match = pattern.exec(this.#text)
    if (match !== null) this.#position += match[0].length
    return match
  }

  refused(reason: string): TalosError {
    return invalid(this.#path, `the pattern ${reason}`)
  }

  unreadable(): TalosError {
    return this.refused(`cannot be read from character ${this.#position} on`)
  }
}

function choiceOf(reader: Reader, depth: number): PatternNode {
  if (depth > MAX_PATTERN_DEPTH) throw reader.refused(`nests parentheses deeper than ${MAX_PATTERN_DEPTH}`)
  const first = sequenceOf(reader, depth)
  const branches = [first]
  while (reader.takes('|')) branches.push(sequenceOf(reader, depth))
  return branches.length === 1 ? first : { kind: 'choice', size: sizeOf(branches) + branches.length - 1, branches }
}

function sequenceOf(reader: Reader, depth: number): PatternNode {
  const parts: PatternNode[] = []
  while (!reader.done && !reader.sees('|') && !reader.sees(')')) parts.push(quantified(atomOf(reader, depth), reader))
  return { kind: 'sequence', size: sizeOf(parts), parts }
}

function sizeOf(parts: readonly PatternNode[]): number {
  return parts.reduce((size, part) => size + part.size, 0)
}

function quantified(inner: PatternNode, reader: Reader): PatternNode {
  const match = reader.match(QUANTIFIER)
  if (match === null) return inner
  const [mark, low, comma, high] = match
  const { minimum, maximum } =
    low === undefined ? simpleBounds(mark) : { minimum: Number(low), maximum: upperBound(low, { comma, high }) }
  if (minimum > MAX_PATTERN_SIZE || Number(maximum) > MAX_PATTERN_SIZE) {
    throw reader.refused(`counts a repetition beyond ${MAX_PATTERN_SIZE}`)
  }
  if (maximum === undefined) {
    return { kind: 'repeat', size: inner.size * Math.max(minimum, 1) + 1, inner, minimum, maximum }
  }
  if (minimum > maximum) throw reader.refused('has the bounds of a repetition the wrong way round')
  return { kind: 'repeat', size: inner.size * maximum + maximum - minimum, inner, minimum, maximum }
}

interface Bounds {
  readonly minimum: number
  readonly maximum: number | undefined
}

function simpleBounds(mark: string): Bounds {
  return { minimum: mark === '+' ? 1 : 0, maximum: mark === '?' ? 1 : undefined }
}

/** `{n}` ends at n, `{n,m}` at m, `{n,}` nowhere; `{n m}` cannot be, as only digits and a comma match. */
function upperBound(
  low: string,
  { comma, high }: { readonly comma: string | undefined; readonly high: string | undefined },
): number | undefined {
  if (comma === '') return Number(low)
  return high === '' ? undefined : Number(high)
}

function atomOf(reader: Reader, depth: number): PatternNode {
  if (reader.takes('(')) {
    const inner = choiceOf(reader, depth + 1)
    if (!reader.takes(')')) throw reader.unreadable()
    return inner
  }
  if (reader.takes('[')) return classOf(reader)
  return { kind: 'character', size: 1, test: reader.takes('.') ? anyCharacter : singleTest(reader) }
}

function singleTest(reader: Reader): CharacterTest {
  const codePoint = characterOf(reader, NORMAL)
  if (codePoint !== undefined) return oneCharacter(codePoint)
  const category = categoryOf(reader)
  if (category === undefined) throw reader.unreadable()
  return category
}

/** A character as it is, or escaped. */
function characterOf(reader: Reader, normal: RegExp): number | undefined {
  const plain = reader.match(normal)
  if (plain !== null) return plain[0].codePointAt(0)
  const escaped = reader.match(SINGLE_ESCAPE)
  if (escaped === null) return undefined
  const character = String(escaped[1])
  return (CONTROL_ESCAPES.get(character) ?? character).codePointAt(0)
}

function categoryOf(reader: Reader): CharacterTest | undefined {
  const match = reader.match(CATEGORY_ESCAPE)
  if (match === null) return undefined
  const test = categoryTest(String(match[2]))
  if (test === undefined) throw reader.refused('names an unknown category')
  return match[1] === 'p' ? test : negated(test)
}

/** Behind the bracket. A hyphen stands for itself only at the beginning and at the end. */
function classOf(reader: Reader): PatternNode {
  const isNegated = reader.takes('^')
  const items: ClassItem[] = []
  if (reader.takes('-')) items.push(HYPHEN)
  else items.push(classItem(reader))
  while (!reader.takes(']')) {
    if (!reader.takes('-')) {
      items.push(classItem(reader))
      continue
    }
    items.push(HYPHEN)
    if (!reader.sees(']')) throw reader.unreadable()
  }
  const test = classTest(items)
  return { kind: 'character', size: items.length, test: isNegated ? negated(test) : test }
}

const HYPHEN: ClassItem = { first: 0x2d, last: 0x2d }

function classItem(reader: Reader): ClassItem {
  const first = characterOf(reader, NORMAL_IN_CLASS)
  if (first === undefined) {
    const test = categoryOf(reader)
    if (test === undefined) throw reader.unreadable()
    return { test }
  }
  if (!reader.sees('-') || reader.sees('-]')) return { first, last: first }
  reader.takes('-')
  const last = characterOf(reader, NORMAL_IN_CLASS)
  if (last === undefined) throw reader.unreadable()
  if (last < first) throw reader.refused('has a range of characters the wrong way round')
  return { first, last }
}
