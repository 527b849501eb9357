/**
 * UCAN's policy language, compiled to closures once (spec 07-delegation, clause 7.5; UCAN delegation 1.0, "Policy").
 *
 * Truth has three values. In `ucan/dlg@1.0.0` a selector that leads nowhere and a value of the wrong kind make a
 * statement false, as UCAN says; in `talos/cap@1` they leave it undecided, so that `not` cannot turn them into a yes.
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { isIpldMap } from '@talos/identity'
import { MAX_STATEMENT_DEPTH, MAX_STATEMENTS, TEXT_UNITS_PER_STEP } from '../limits.ts'
import type { Budget } from './budget.ts'
import { compileGlob } from './glob.ts'
import { conjunction, disjunction, equalIpld, isIpldList, negation, numberTextOf, type Truth } from './ipld.ts'
import { parseSelector, type Selector, select } from './selector.ts'

/** A compiled statement, evaluated on a value. */
type Evaluate = (value: IpldValue, budget: Budget) => Truth

export interface CompiledStatement {
  readonly operator: string
  /** The outermost selectors, each beginning at the arguments themselves. */
  readonly selectors: readonly Selector[]
  readonly evaluate: Evaluate
}

export interface PolicyOptions {
  /** What a statement is worth that cannot be judged: false in UCAN's own payload, undecided in `talos/cap@1`. */
  readonly unjudged: false | undefined
  /** Where the policy stands, for errors: `pol`. */
  readonly path: string
}

interface Context {
  readonly unjudged: false | undefined
  /** Shared by the whole policy. */
  readonly count: { statements: number }
  readonly path: string
  readonly depth: number
}

type Numeric = (left: number, right: number) => boolean

const INEQUALITIES: ReadonlyMap<string, Numeric> = new Map<string, Numeric>([
  ['<', (left, right) => left < right],
  ['<=', (left, right) => left <= right],
  ['>', (left, right) => left > right],
  ['>=', (left, right) => left >= right],
])

/**
 * Compiles a policy: an array of statements, all of which must hold.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID`
 */
export function compilePolicy(policy: IpldValue, options: PolicyOptions): readonly CompiledStatement[] {
  if (!isIpldList(policy)) throw invalid(options.path, 'a policy is not an array')
  const count = { statements: 0 }
  return policy.map((statement, index) =>
    compileStatement(statement, { ...options, count, path: `${options.path}[${index}]`, depth: 1 }),
  )
}

function compileStatement(statement: IpldValue, context: Context): CompiledStatement {
  const { path, depth, count } = context
  if (!isIpldList(statement)) throw invalid(path, 'a statement is not an array')
  if (depth > MAX_STATEMENT_DEPTH) throw invalid(path, `statements nest deeper than ${MAX_STATEMENT_DEPTH}`)
  count.statements += 1
  if (count.statements > MAX_STATEMENTS) throw invalid(path, `there are more than ${MAX_STATEMENTS} statements`)
  const [operator, ...operands] = statement
  if (operator === '==' || operator === '!=') return compileEquality(operator, operands, context)
  if (operator === 'like') return compileLike(operands, context)
  if (operator === 'not') return compileNot(operands, context)
  if (operator === 'and' || operator === 'or') return compileConnective(operator, operands, context)
  if (operator === 'all' || operator === 'any') return compileQuantifier(operator, operands, context)
  if (typeof operator !== 'string') throw invalid(path, 'the operator is not a text')
  const compare = INEQUALITIES.get(operator)
  if (compare === undefined) throw invalid(path, 'the operator is unknown')
  return compileInequality(operator, { compare, operands, context })
}

function compileEquality(operator: '==' | '!=', operands: readonly IpldValue[], context: Context): CompiledStatement {
  const [first, literal] = pair(operands, context)
  const selector = parseSelector(first, context.path)
  return {
    operator,
    selectors: [selector],
    evaluate: (value, budget) => {
      if (!budget.spend()) return undefined
      const found = select(selector, value, budget.spend)
      if (found === undefined) return context.unjudged
      const equal = equalIpld(found, literal, budget.spend)
      return operator === '==' ? equal : negation(equal)
    },
  }
}

function compileLike(operands: readonly IpldValue[], context: Context): CompiledStatement {
  const [first, pattern] = pair(operands, context)
  const selector = parseSelector(first, context.path)
  if (typeof pattern !== 'string') throw invalid(context.path, 'a pattern is not a text')
  const matches = compileGlob(pattern)
  return {
    operator: 'like',
    selectors: [selector],
    evaluate: (value, budget) => {
      budget.spend()
      const found = select(selector, value, budget.spend)
      if (typeof found !== 'string') return context.unjudged
      return budget.spend(Math.ceil(found.length / TEXT_UNITS_PER_STEP)) ? matches(found) : undefined
    },
  }
}

function compileInequality(
  operator: string,
  parts: { readonly compare: Numeric; readonly operands: readonly IpldValue[]; readonly context: Context },
): CompiledStatement {
  const { compare, operands, context } = parts
  const [first, limit] = pair(operands, context)
  const selector = parseSelector(first, context.path)
  if (typeof limit !== 'number') throw invalid(context.path, 'the bound is not an integer')
  return {
    operator,
    selectors: [selector],
    evaluate: (value, budget) => {
      budget.spend()
      const found = select(selector, value, budget.spend)
      if (typeof found === 'number') return compare(found, limit)
      // A number that travels as text is no integer: undecided in either payload.
      return found instanceof Uint8Array && numberTextOf(found) !== undefined ? undefined : context.unjudged
    },
  }
}

function compileNot(operands: readonly IpldValue[], context: Context): CompiledStatement {
  const [inner, ...rest] = operands
  if (inner === undefined || rest.length > 0) throw invalid(context.path, 'not takes one statement')
  const compiled = compileStatement(inner, deeper(context, '[1]'))
  return {
    operator: 'not',
    selectors: compiled.selectors,
    evaluate: (value, budget) => negation(compiled.evaluate(value, budget)),
  }
}

function compileConnective(
  operator: 'and' | 'or',
  operands: readonly IpldValue[],
  context: Context,
): CompiledStatement {
  const [list, ...rest] = operands
  if (list === undefined || !isIpldList(list) || rest.length > 0) {
    throw invalid(context.path, `${operator} takes one array of statements`)
  }
  const inner = list.map((statement, index) => compileStatement(statement, deeper(context, `[1][${index}]`)))
  // UCAN: an empty "or" is true, as an empty "and" is.
  const combine = operator === 'and' || inner.length === 0 ? conjunction : disjunction
  return {
    operator,
    selectors: inner.flatMap(({ selectors }) => selectors),
    evaluate: (value, budget) => {
      if (!budget.spend()) return undefined
      return combine(inner.map((statement) => statement.evaluate(value, budget)))
    },
  }
}

function compileQuantifier(
  operator: 'all' | 'any',
  operands: readonly IpldValue[],
  context: Context,
): CompiledStatement {
  const [first, statement] = pair(operands, context)
  const selector = parseSelector(first, context.path)
  const inner = compileStatement(statement, deeper(context, '[2]'))
  const combine = operator === 'all' ? conjunction : disjunction
  return {
    operator,
    selectors: [selector],
    evaluate: (value, budget) => {
      if (!budget.spend()) return undefined
      const found = select(selector, value, budget.spend)
      const elements = found === undefined ? undefined : elementsOf(found)
      if (elements === undefined) return context.unjudged
      const truths: Truth[] = []
      for (const element of elements) {
        if (budget.exhausted) return undefined
        truths.push(inner.evaluate(element, budget))
      }
      return combine(truths)
    },
  }
}

function elementsOf(value: IpldValue): readonly IpldValue[] | undefined {
  if (isIpldList(value)) return value
  return isIpldMap(value) ? Object.values(value) : undefined
}

function pair(operands: readonly IpldValue[], { path }: Context): readonly [IpldValue, IpldValue] {
  const [first, second, ...rest] = operands
  if (first === undefined || second === undefined || rest.length > 0) {
    throw invalid(path, 'the statement does not have exactly two operands')
  }
  return [first, second]
}

function deeper(context: Context, step: string): Context {
  return { ...context, path: `${context.path}${step}`, depth: context.depth + 1 }
}

function invalid(path: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_POLICY_INVALID', { path, reason })
}
