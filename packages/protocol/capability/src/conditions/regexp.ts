/**
 * Patterns in linear time: the rule `regex` (RFC 9485; spec 07-delegation, clause 7.6.5).
 *
 * A pattern becomes a nondeterministic automaton (Thompson's construction) with at most `size` + 1 states. Matching walks
 * it with the set of all states that the text so far can have led to: each state is visited at most once per character,
 * so the work is at most (size + 1) * (length + 1), whatever the pattern, and is paid for in advance.
 */
import { MAX_PATTERN_SIZE, TEXT_UNITS_PER_STEP } from '../limits.ts'
import type { CharacterTest } from './regexp-classes.ts'
import { type PatternNode, parsePattern } from './regexp-parse.ts'
import { type CompileKind, type Compiling, invalid, onlyOperand } from './rule-parts.ts'
import { showPattern } from './show.ts'

/** Code points beyond take two UTF-16 units. */
const LAST_OF_ONE_UNIT = 0xffff

type State =
  | { readonly kind: 'take'; readonly id: number; readonly test: CharacterTest; readonly next: State }
  | { readonly kind: 'split'; readonly id: number; left: State; readonly right: State }
  | { readonly kind: 'accept'; readonly id: number }

export interface Pattern {
  readonly size: number
  /** Whether the pattern matches the whole text, and how many states that visited. */
  readonly run: (text: string) => { readonly matched: boolean; readonly visits: number }
}

/**
 * Compiles a pattern, and charges its size to the link's patterns.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID`
 */
export function compilePattern(text: string, { path, quota }: Pick<Compiling, 'path' | 'quota'>): Pattern {
  const tree = parsePattern(text, path)
  quota.patternSize += tree.size
  if (quota.patternSize > MAX_PATTERN_SIZE) {
    throw invalid(path, `the patterns of the link have a size of more than ${MAX_PATTERN_SIZE} together`)
  }
  const builder = { states: 1 }
  const start = build(tree, { kind: 'accept', id: 0 }, builder)
  return { size: tree.size, run: (subject) => simulate(subject, start, builder.states) }
}

/** `["regex", selector, pattern]` */
export const compileRegex: CompileKind = (operands, compiling) => {
  const text = onlyOperand(operands, compiling.path)
  if (typeof text !== 'string') throw invalid(compiling.path, 'a pattern is not a text')
  const { size, run } = compilePattern(text, compiling)
  return {
    requirement: `must match the pattern ${showPattern(text)} as a whole`,
    judge: (value, { budget }) => {
      if (typeof value !== 'string') return false
      return budget.spend(Math.ceil((size * (value.length + 1)) / TEXT_UNITS_PER_STEP)) && run(value).matched
    },
  }
}

interface Builder {
  states: number
}

/** The state at which `node` begins, when `next` follows it. */
function build(node: PatternNode, next: State, builder: Builder): State {
  switch (node.kind) {
    case 'character':
      return { kind: 'take', id: newId(builder), test: node.test, next }
    case 'sequence':
      return node.parts.reduceRight((following, part) => build(part, following, builder), next)
    case 'choice':
      return node.branches
        .map((branch) => build(branch, next, builder))
        .reduceRight((right, left) => ({ kind: 'split', id: newId(builder), left, right }))
    case 'repeat':
      return buildRepeat(node, next, builder)
  }
}

function buildRepeat(node: PatternNode & { readonly kind: 'repeat' }, next: State, builder: Builder): State {
  const { inner, minimum, maximum } = node
  // Repeating what matches nothing but the empty text adds nothing: without this, counting it could take for ever.
  if (inner.size === 0) return next
  let state = next
  let copies = minimum
  if (maximum === undefined) {
    const loop = { kind: 'split' as const, id: newId(builder), left: next, right: next }
    loop.left = build(inner, loop, builder)
    state = minimum === 0 ? loop : loop.left
    copies = Math.max(minimum - 1, 0)
  } else {
    for (let count = minimum; count < maximum; count += 1) {
      state = { kind: 'split', id: newId(builder), left: build(inner, state, builder), right: next }
    }
  }
  for (let count = 0; count < copies; count += 1) state = build(inner, state, builder)
  return state
}

function newId(builder: Builder): number {
  builder.states += 1
  return builder.states - 1
}

/** Visits all states that the text can lead to, character by character. */
function simulate(text: string, start: State, states: number): { readonly matched: boolean; readonly visits: number } {
  /** For each state, the round in which it was last visited. */
  const visited = new Uint32Array(states)
  const pending: State[] = []
  let [round, visits] = [1, 0]
  let live: State[] = []
  const reach = (from: State): void => {
    for (let state: State | undefined = from; state !== undefined; state = pending.pop()) {
      if (visited[state.id] === round) continue
      visited[state.id] = round
      visits += 1
      if (state.kind === 'split') pending.push(state.right, state.left)
      else live.push(state)
    }
  }
  reach(start)
  for (let index = 0; index < text.length && live.length > 0; index += 1) {
    const codePoint = Number(text.codePointAt(index))
    if (codePoint > LAST_OF_ONE_UNIT) index += 1
    const before = live
    live = []
    round += 1
    for (const state of before) {
      if (state.kind === 'take' && state.test(codePoint)) reach(state.next)
    }
  }
  return { matched: live.some(({ kind }) => kind === 'accept'), visits }
}
