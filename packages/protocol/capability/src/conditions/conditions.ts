/**
 * What one link asks of the arguments: policy, typed rules and, in `talos/cap@1`, the closed world (spec 07-delegation,
 * clauses 7.5 to 7.8).
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { IpldMap } from '@talos/identity'
import { type DenialCause, denial } from '../denial.ts'
import { MAX_EVALUATION_STEPS, MAX_STATEMENTS } from '../limits.ts'
import { type CompiledStatement, compilePolicy } from './policy.ts'
import { type CompiledRule, compileRules, type RuleContext } from './rules.ts'
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
  const rules = compileRules(ruleList, 'rules')
  if (statements.length + rules.length > MAX_STATEMENTS) {
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
  const causes = [...closedWorld(conditions.named, args), ...refusedStatements(conditions, args, context)]
  for (const [index, { rule, mention }] of conditions.rules.entries()) {
    if (context.budget.exhausted) break
    const isAbsent = mention.optional && !Object.hasOwn(args, mention.name)
    if (!isAbsent && !rule.holds(args, context)) {
      causes.push(refusal(`rules[${index}]`, formatSelector(rule.selector, showName), rule.requirement))
    }
  }
  if (context.budget.exhausted) {
    const details = { what: 'the work of evaluating the rules', actual: 'larger', limit: MAX_EVALUATION_STEPS }
    return [denial('CAPABILITY_LIMIT', { details })]
  }
  return causes.slice(0, MAX_REPORTED)
}

function* refusedStatements(conditions: Conditions, args: IpldMap, { budget }: RuleContext): Generator<DenialCause> {
  for (const [index, { operator, selectors, evaluate }] of conditions.statements.entries()) {
    if (budget.exhausted) return
    if (evaluate(args, budget) !== true) {
      const argument = selectors.map((selector) => formatSelector(selector, showName)).join(', ')
      yield refusal(`pol[${index}]`, argument, `does not satisfy the condition "${operator}"`)
    }
  }
}

function refusal(path: string, argument: string, requirement: string): DenialCause {
  return denial('CAPABILITY_ARGUMENT', { details: { argument, requirement }, path })
}

function* closedWorld(named: NamedArguments | undefined, args: IpldMap): Generator<DenialCause> {
  if (named === undefined) return
  const unknown = Object.keys(args).filter((name) => !named.has(name))
  for (const name of unknown.slice(0, MAX_REPORTED)) {
    yield denial('CAPABILITY_ARGUMENT_UNKNOWN', { details: { argument: showName(name) }, path: 'args' })
  }
  for (const [name, { mayBeAbsent }] of named) {
    if (!mayBeAbsent && !Object.hasOwn(args, name)) {
      yield denial('CAPABILITY_ARGUMENT_ABSENT', { details: { argument: showName(name) }, path: 'args' })
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
