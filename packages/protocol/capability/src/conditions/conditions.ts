/**
 * What one link asks of the arguments: policy, typed rules and, in `talos/cap@1`, the closed world (spec 07-delegation,
 * clauses 7.5 to 7.8).
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { IpldMap } from '@talos/identity'
import { type DenialCause, denial } from '../denial.ts'
import { MAX_EVALUATION_STEPS, MAX_STATEMENTS } from '../limits.ts'
import type { Budget } from './budget.ts'
import { type CompiledStatement, compilePolicy } from './policy.ts'
import type { RuleContext } from './rule-parts.ts'
import { type CompiledRule, compileRules } from './rules.ts'
import { formatSelector, type Selector } from './selector.ts'
import { showName } from './show.ts'

/** Reasons that one link reports: enough to correct a call, and no flood. */
const MAX_REPORTED = 16

/** Whether an argument may be absent: only if each mention of it is optional. */
type NamedArguments = ReadonlyMap<string, { readonly mayBeAbsent: boolean }>

/** The argument at which a selector begins. */
interface Mention {
  readonly name: string
  readonly optional: boolean
}

/** The compiled conditions of one link. */
export interface Conditions {
  readonly statements: readonly CompiledStatement[]
  readonly rules: readonly { readonly rule: CompiledRule; readonly mention: Mention }[]
  /** The arguments that the link names; undefined where it leaves the world open. */
  readonly named: NamedArguments | undefined
}

/**
 * The conditions of a `ucan/dlg@1.0.0`: its policy, in UCAN's two-valued reading, in an open world.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID`
 */
export function ucanConditions(policy: IpldValue): Conditions {
  return { statements: compilePolicy(policy, { unjudged: false, path: 'pol' }), rules: [], named: undefined }
}

/**
 * The conditions of a `talos/cap@1`: what cannot be judged refuses, and naming one argument closes the world.
 *
 * @param budgets where the link's budgets look: they name their arguments as well
 * @throws TalosError `CAPABILITY_POLICY_INVALID`, also for a selector that does not begin with an argument's name
 */
export function talosConditions(policy: IpldValue, ruleList: IpldValue, budgets: readonly Selector[] = []): Conditions {
  const statements = compilePolicy(policy, { unjudged: undefined, path: 'pol' })
  const quota = { rules: 0, patternSize: 0 }
  const rules = compileRules(ruleList, 'rules', quota)
  if (statements.length + quota.rules > MAX_STATEMENTS) {
    throw new TalosError('CAPABILITY_POLICY_INVALID', {
      path: 'rules',
      reason: `there are more than ${MAX_STATEMENTS} statements and rules`,
    })
  }
  const ruled = rules.map((rule, index) => ({ rule, mention: mentionOf(rule.selector, `rules[${index}]`) }))
  const named = namedArguments([
    ...statements.flatMap(({ selectors }, index) => selectors.map((selector) => mentionOf(selector, `pol[${index}]`))),
    ...ruled.map(({ mention }) => mention),
    ...budgets.map((selector) => mentionOf(selector, 'limits')),
  ])
  return { statements, rules: ruled, named: named.size > 0 ? named : undefined }
}

/**
 * Every reason why a link does not allow the arguments; none where it does.
 *
 * An evaluation that runs out of steps is refused whatever its result was.
 */
export function refusals(conditions: Conditions, args: IpldMap, context: RuleContext): readonly DenialCause[] {
  const { budget } = context
  const causes: DenialCause[] = []
  if (conditions.named !== undefined) closedWorld(conditions.named, args, causes)
  refusedStatements(conditions, { args, budget, causes })
  let index = 0
  for (const { rule, mention } of conditions.rules) {
    if (budget.exhausted) break
    const isAbsent = mention.optional && !Object.hasOwn(args, mention.name)
    if (!isAbsent && !rule.holds(args, context)) {
      causes.push(argumentRefusal(`rules[${index}]`, formatSelector(rule.selector, showName), rule.requirement))
    }
    index += 1
  }
  if (budget.exhausted) {
    const details = { what: 'the work of evaluating the rules', actual: 'larger', limit: MAX_EVALUATION_STEPS }
    return [denial('CAPABILITY_LIMIT', { details })]
  }
  return causes.length > MAX_REPORTED ? causes.slice(0, MAX_REPORTED) : causes
}

function refusedStatements(
  { statements }: Conditions,
  { args, budget, causes }: { readonly args: IpldMap; readonly budget: Budget; readonly causes: DenialCause[] },
): void {
  let index = 0
  for (const { operator, selectors, evaluate } of statements) {
    if (budget.exhausted) return
    if (evaluate(args, budget) !== true) {
      const argument = selectors.map((selector) => formatSelector(selector, showName)).join(', ')
      causes.push(argumentRefusal(`pol[${index}]`, argument, `does not satisfy the condition "${operator}"`))
    }
    index += 1
  }
}

/** What a condition says of an argument that it does not allow. */
export function argumentRefusal(path: string, argument: string, requirement: string): DenialCause {
  return denial('CAPABILITY_ARGUMENT', { details: { argument, requirement }, path })
}

/** What a closed world says of an argument that it does not name. */
export function unknownArgument(name: string): DenialCause {
  return denial('CAPABILITY_ARGUMENT_UNKNOWN', { details: { argument: showName(name) }, path: 'args' })
}

function closedWorld(named: NamedArguments, args: IpldMap, causes: DenialCause[]): void {
  let unknown = 0
  for (const name of Object.keys(args)) {
    if (named.has(name)) continue
    causes.push(unknownArgument(name))
    unknown += 1
    if (unknown === MAX_REPORTED) break
  }
  for (const [name, { mayBeAbsent }] of named) {
    if (!mayBeAbsent && !Object.hasOwn(args, name)) {
      causes.push(denial('CAPABILITY_ARGUMENT_ABSENT', { details: { argument: showName(name) }, path: 'args' }))
    }
  }
}

function mentionOf([first]: Selector, path: string): Mention {
  if (first === undefined || first.kind !== 'field') {
    throw new TalosError('CAPABILITY_POLICY_INVALID', {
      path,
      reason: 'a selector does not begin with the name of an argument',
    })
  }
  return { name: first.name, optional: first.optional }
}

function namedArguments(mentions: readonly Mention[]): NamedArguments {
  const named = new Map<string, { readonly mayBeAbsent: boolean }>()
  for (const { name, optional } of mentions) {
    const earlier = named.get(name)
    named.set(name, { mayBeAbsent: optional && (earlier === undefined || earlier.mayBeAbsent) })
  }
  return named
}
