/**
 * What the conditions of a link may say of arguments of which only parts are shown (spec 12-proof-bundle, clause 12.17).
 *
 * Each statement has a set of outcomes that are still possible: true, false and undecided as in clause 7.5, each one that some
 * value of what is hidden leads to, and perhaps more. It holds for certain where true is the only one, and refuses for certain
 * where true is none of them.
 */
import type { IpldValue } from '@talos/bytes'
import type { Budget } from './budget.ts'
import type { Truth } from './ipld.ts'
import { compilePolicy } from './policy.ts'
import type { RuleContext } from './rule-parts.ts'
import { compileRules } from './rules.ts'
import { parseSelector } from './selector.ts'
import { type Shown, selectShown } from './shown.ts'

/** A set of outcomes, one bit each. */
type Outcomes = number

const [TRUE, FALSE, UNDECIDED] = [1, 2, 4] as const
const ANY: Outcomes = TRUE | FALSE | UNDECIDED

/** What is certain of a condition: undefined where that depends on what is hidden. */
export type Certainty = boolean | undefined

interface Judging {
  /** What a statement is worth that cannot be judged: false in UCAN's own payload, undecided in `talos/cap@1`. */
  readonly unjudged: false | undefined
  readonly budget: Budget
}

type List = readonly IpldValue[]

/** Whether a statement of a compiled policy holds. */
export function statementHolds(statement: IpldValue, value: Shown, judging: Judging): Certainty {
  return certaintyOf(possible(statement as List, value, judging), judging.budget)
}

/** Whether a rule of compiled rules holds for an argument that it demands. */
export function ruleHolds(rule: IpldValue, value: Shown, context: RuleContext): Certainty {
  return certaintyOf(ruleOutcomes(rule as List, value, context), context.budget)
}

function certaintyOf(outcomes: Outcomes, { exhausted }: Budget): Certainty {
  if (exhausted) return undefined
  if (outcomes === TRUE) return true
  return (outcomes & TRUE) === 0 ? false : undefined
}

function possible(statement: List, value: Shown, judging: Judging): Outcomes {
  const { budget } = judging
  if (!budget.spend()) return ANY
  const [operator, first] = statement
  if (operator === 'not') return not(possible(first as List, value, judging))
  if (operator === 'and' || operator === 'or') {
    const all = (first as List).map((inner) => possible(inner as List, value, judging))
    // UCAN: an empty "or" is true, as an empty "and" is.
    return operator === 'and' || all.length === 0 ? all.reduce(and, TRUE) : all.reduce(or, FALSE)
  }
  const found = selectShown(parseSelector(first as string, 'pol'), value, budget.spend)
  if (found === undefined) return outcomeOf(judging.unjudged)
  if (found.kind === 'known') return exactly(statement, found.value, judging)
  return found.kind === 'parts' ? ofContainer(statement, [...found.parts.values()], judging) : ANY
}

/** The statement on the selected value itself. */
function exactly([operator, , second]: List, value: IpldValue, { unjudged, budget }: Judging): Outcomes {
  const compiled = compilePolicy([[operator as string, '.', second as IpldValue]], { unjudged, path: 'pol' })
  return compiled.reduce(
    (outcomes, { evaluate }) => and(outcomes, outcomeOf(evaluate(value, budget))),
    TRUE as Outcomes,
  )
}

/** A quantifier over parts beside which there may be others; of anything else a container says too little. */
function ofContainer([operator, , inner]: List, parts: readonly Shown[], judging: Judging): Outcomes {
  if (operator !== 'all' && operator !== 'any') return ANY
  const each = parts.map((part) => possible(inner as List, part, judging))
  return each.reduce(operator === 'all' ? and : or, ANY)
}

function ruleOutcomes([kind, first, ...operands]: List, value: Shown, context: RuleContext): Outcomes {
  const { budget } = context
  const selector = parseSelector(first as string, 'rules')
  // A name alone leads to its argument or to null: nothing else is asked of it.
  if (kind === 'known' && selector.length === 1) return TRUE
  const found = selectShown(selector, value, budget.spend)
  if (found === undefined) return FALSE
  if (found.kind === 'hidden') return ANY
  const isEach = selector.at(-1)?.kind === 'values'
  const rules = compileRules([[kind as string, '.', ...operands]], 'rules', { rules: 0, patternSize: 0 })
  const judged = (one: IpldValue) => outcomeOf(rules.every(({ holds }) => holds(one, context)))
  if (found.kind === 'parts') {
    if (!isEach) return ANY
    const each = [...found.parts.values()].map((part) => (part.kind === 'known' ? judged(part.value) : ANY))
    return each.reduce(and, ANY)
  }
  const children = isEach && Array.isArray(found.value) ? (found.value as List) : [found.value]
  return children.map(judged).reduce(and, TRUE)
}

function outcomeOf(truth: Truth): Outcomes {
  if (truth === undefined) return UNDECIDED
  return truth ? TRUE : FALSE
}

function not(outcomes: Outcomes): Outcomes {
  return ((outcomes & TRUE) << 1) | ((outcomes & FALSE) >> 1) | (outcomes & UNDECIDED)
}

/** Every outcome of "and" (clause 7.5) that a pair out of both sets has. */
function and(left: Outcomes, right: Outcomes): Outcomes {
  const isUndecided = (left | right) & UNDECIDED && left & ~FALSE && right & ~FALSE
  return (left & right & TRUE) | ((left | right) & FALSE) | (isUndecided ? UNDECIDED : 0)
}

function or(left: Outcomes, right: Outcomes): Outcomes {
  return not(and(not(left), not(right)))
}
