/**
 * Proves that a pattern of a schema matches in linear time on a backtracking engine (contracts/spec/01-forms.md, 1.3.3).
 *
 * The pattern is read in a small dialect that means the same in ECMAScript and in Rust, its counts are written out, and
 * its Glushkov automaton is built: one position per character of the pattern, and edges to the positions that may follow.
 * A pattern passes when it is strongly one-unambiguous, that is, when no character of an input can be matched in two ways:
 * two positions that may follow the same one share no character, and no edge arises twice. Then an engine that backtracks
 * never has a second choice to come back to.
 */
import { Refusal } from './schema-json.ts'

/** Characters as ranges of code points, both ends included. */
type CharSet = readonly (readonly [number, number])[]

type Tree =
  | { readonly kind: 'char'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Tree[] }
  | { readonly kind: 'choice'; readonly branches: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly body: Tree; readonly min: number; readonly max: number }

/** Positions in the automaton: a pattern that needs more is too large to be looked at. */
const MAX_POSITIONS = 4096
const MAX_CODE_POINT = 0x10ffff
const SYNTAX = '^$\\.*+?()[]{}|/'

/** @throws Refusal where the pattern is not anchored, not in the dialect or ambiguous */
export function assertLinearPattern(pattern: string, at: string): void {
  if (!pattern.startsWith('^') || !pattern.endsWith('$')) throw new Refusal(at, 'a pattern is anchored with ^ and $')
  try {
    new RegExp(pattern, 'u')
  } catch {
    throw new Refusal(at, 'the pattern is not a regular expression')
  }
  const tree = new Reader(pattern.slice(1, -1), at).whole()
  new Automaton(at).check(tree)
}

class Reader {
  readonly #chars: readonly string[]
  readonly #at: string
  #next = 0

  constructor(body: string, at: string) {
    this.#chars = Array.from(body)
    this.#at = at
  }

  whole(): Tree {
    const tree = this.#choice()
    if (this.#next < this.#chars.length) this.#refuse('has a closing bracket too many')
    return tree
  }

  #choice(): Tree {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { kind: 'choice', branches }
  }

  #sequence(): Tree {
    const parts: Tree[] = []
    while (this.#next < this.#chars.length && !this.#sees('|') && !this.#sees(')')) parts.push(this.#quantified())
    return { kind: 'sequence', parts }
  }

  #quantified(): Tree {
    const body = this.#atom()
    const range = this.#quantifier()
    if (range === undefined) return body
    if (this.#sees('?')) this.#refuse('uses a lazy quantifier')
    return { kind: 'repeat', body, ...range }
  }

  #quantifier(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
    if (this.#take('?')) return { min: 0, max: 1 }
    if (!this.#take('{')) return undefined
    let digits = ''
    while (!this.#take('}')) digits += this.#advance()
    const [low, high] = digits.split(',')
    const min = Number(low)
    const max = high === undefined ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high)
    return { min, max }
  }

  #atom(): Tree {
    if (this.#take('(')) return this.#group()
    if (this.#take('[')) return { kind: 'char', set: this.#charClass() }
    const char = this.#advance()
    if (char === '\\') return { kind: 'char', set: single(this.#escaped()) }
    if (char === '.') this.#refuse('uses the dot, which means different things in different engines; name a class')
    if (char === '^' || char === '$') this.#refuse('has an anchor in the middle')
    return { kind: 'char', set: single(char) }
  }

  #group(): Tree {
    if (this.#take('?') && !this.#take(':')) this.#refuse('uses a lookaround or a named group')
    const tree = this.#choice()
    this.#advance()
    return tree
  }

  #charClass(): CharSet {
    const negated = this.#take('^')
    const ranges: [number, number][] = []
    while (!this.#take(']')) {
      const low = codePoint(this.#classChar())
      ranges.push([low, this.#sees('-') && !this.#sees(']', 1) ? this.#rangeEnd() : low])
    }
    return negated ? complement(ranges) : complement(complement(ranges))
  }

  #rangeEnd(): number {
    this.#advance()
    return codePoint(this.#classChar())
  }

  #classChar(): string {
    const char = this.#advance()
    return char === '\\' ? this.#escaped() : char
  }

  #escaped(): string {
    const char = this.#advance()
    if (char === 'u') return this.#unicodeEscape()
    if (!SYNTAX.includes(char) && char !== '-') this.#refuse(`uses the escape \\${char}, which is not in the profile`)
    return char
  }

  /** `\uXXXX` or `\u{X...}`; the engine has checked the digits. */
  #unicodeEscape(): string {
    let digits = ''
    if (this.#take('{')) while (!this.#take('}')) digits += this.#advance()
    else while (digits.length < 4) digits += this.#advance()
    return String.fromCodePoint(Number.parseInt(digits, 16))
  }

  #sees(char: string, ahead = 0): boolean {
    return this.#chars[this.#next + ahead] === char
  }

  #take(char: string): boolean {
    const seen = this.#sees(char)
    if (seen) this.#next += 1
    return seen
  }

  #advance(): string {
    const char = this.#chars[this.#next]
    if (char === undefined) this.#refuse('ends too early')
    this.#next += 1
    return char
  }

  #refuse(reason: string): never {
    throw new Refusal(this.#at, `the pattern ${reason}`)
  }
}

/** What Glushkov's construction keeps of a part: whether it matches nothing, and where it can begin and end. */
interface Part {
  readonly nullable: boolean
  readonly first: readonly number[]
  readonly last: readonly number[]
}

const EMPTY: Part = { nullable: true, first: [], last: [] }

class Automaton {
  readonly #at: string
  readonly #sets: CharSet[] = []
  readonly #follow: Set<number>[] = []

  constructor(at: string) {
    this.#at = at
  }

  check(tree: Tree): void {
    const whole = this.#build(tree)
    for (const next of [whole.first, ...this.#follow]) this.#assertDisjoint([...next])
  }

  #build(tree: Tree): Part {
    switch (tree.kind) {
      case 'char':
        return this.#position(tree.set)
      case 'sequence':
        return tree.parts.reduce<Part>((left, part) => this.#join(left, this.#build(part)), EMPTY)
      case 'choice':
        return this.#choose(tree.branches.map((branch) => this.#build(branch)))
      case 'repeat':
        return this.#repeat(tree.body, tree.min, tree.max)
    }
  }

  #position(set: CharSet): Part {
    const id = this.#sets.push(set) - 1
    if (id >= MAX_POSITIONS) this.#refuse(`has more than ${MAX_POSITIONS} positions once its counts are written out`)
    this.#follow.push(new Set())
    return { nullable: false, first: [id], last: [id] }
  }

  #join(left: Part, right: Part): Part {
    this.#connect(left.last, right.first)
    return {
      nullable: left.nullable && right.nullable,
      first: left.nullable ? [...left.first, ...right.first] : left.first,
      last: right.nullable ? [...left.last, ...right.last] : right.last,
    }
  }

  #choose(branches: readonly Part[]): Part {
    const nullable = branches.filter((branch) => branch.nullable).length
    if (nullable > 1) this.#refuse('has two branches that match nothing')
    return {
      nullable: nullable === 1,
      first: branches.flatMap((branch) => branch.first),
      last: branches.flatMap((branch) => branch.last),
    }
  }

  /** X{2,4} is X X (X (X)?)?, and X{2,} is X X+. */
  #repeat(body: Tree, min: number, max: number): Part {
    const copy = (): Part => {
      const part = this.#build(body)
      if (part.nullable) this.#refuse('repeats a part that matches nothing')
      return part
    }
    let whole = EMPTY
    const fixed = max === Number.POSITIVE_INFINITY ? Math.max(min - 1, 0) : min
    for (let count = 0; count < fixed; count += 1) whole = this.#join(whole, copy())
    if (max !== Number.POSITIVE_INFINITY) return this.#join(whole, this.#optionalCopies(copy, max - min))
    const loop = copy()
    this.#connect(loop.last, loop.first)
    return this.#join(whole, { ...loop, nullable: min === 0 })
  }

  #optionalCopies(copy: () => Part, count: number): Part {
    let tail = EMPTY
    for (let done = 0; done < count; done += 1) tail = { ...this.#join(copy(), tail), nullable: true }
    return tail
  }

  #connect(from: readonly number[], to: readonly number[]): void {
    for (const position of from) {
      const next = this.#follow[position] ?? new Set()
      for (const target of to) {
        if (next.has(target)) this.#refuse('repeats within a repetition, so that one text matches in several ways')
        next.add(target)
      }
    }
  }

  #assertDisjoint(positions: readonly number[]): void {
    const ranges = positions.flatMap((position) => this.#sets[position] ?? []).toSorted((a, b) => a[0] - b[0])
    let end = -1
    for (const [low, high] of ranges) {
      if (low <= end) {
        const char = JSON.stringify(String.fromCodePoint(low))
        this.#refuse(`can go on in two ways at ${char}; factor out what the branches share`)
      }
      end = high
    }
  }

  #refuse(reason: string): never {
    throw new Refusal(this.#at, `the pattern ${reason}`)
  }
}

function single(char: string): CharSet {
  return [[codePoint(char), codePoint(char)]]
}

function codePoint(char: string): number {
  return char.codePointAt(0) ?? 0
}

/** The characters that `ranges` leave out; the complement of it are the same characters, in order and joined. */
function complement(ranges: readonly (readonly [number, number])[]): CharSet {
  const gaps: [number, number][] = []
  let next = 0
  for (const [low, high] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (low > next) gaps.push([next, low - 1])
    next = Math.max(next, high + 1)
  }
  return next > MAX_CODE_POINT ? gaps : [...gaps, [next, MAX_CODE_POINT]]
}
