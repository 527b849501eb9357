/**
 * What the kinds of typed rules share: how a kind is compiled, what it may use, and how its operands are read (spec
 * 07-delegation, clause 7.6).
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { type IpldMap, isIpldMap } from '@talos/identity'
import { MAX_CHOICES, TEXT_UNITS_PER_STEP } from '../limits.ts'
import type { Budget } from './budget.ts'
import { isIpldList } from './ipld.ts'
import type { ResolvePath } from './subpath.ts'

/** What a rule may use besides the arguments. */
export interface RuleContext {
  readonly budget: Budget
  readonly resolvePath: ResolvePath | undefined
}

/** One condition on one value: what the operands of a rule are compiled to. */
export interface Condition {
  readonly judge: (value: IpldValue, context: RuleContext) => boolean
  /** What a value must be, for people and models: "must be ...". Says nothing but what the rule says. */
  readonly requirement: string
}

/** The requirement of a rule that asks for nothing. */
export const ANYTHING = 'may be anything'

/** What all rules of one link use up together. */
export interface Quota {
  rules: number
  patternSize: number
}

/** What a kind is compiled with. */
export interface Compiling {
  /** Where the rule stands, for errors: `rules[3]`. */
  readonly path: string
  readonly quota: Quota
  /** Compiles the rules on one word of a command line. */
  readonly compileWord: (rules: IpldValue, inner: Pick<Compiling, 'path' | 'quota'>) => Condition
}

/** Compiles the operands of one kind. @throws TalosError `CAPABILITY_POLICY_INVALID` */
export type CompileKind = (operands: readonly IpldValue[], compiling: Compiling) => Condition

/** The error of every rule that cannot be read. */
export function invalid(path: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_POLICY_INVALID', { path, reason })
}

/** The one operand that a rule takes behind its selector. */
export function onlyOperand(operands: readonly IpldValue[], path: string): IpldValue {
  const [operand, ...rest] = operands
  if (operand === undefined || rest.length > 0) throw invalid(path, 'the rule does not take one operand')
  return operand
}

/** An array of 1 to {@link MAX_CHOICES} values. */
export function choices(value: IpldValue | undefined, path: string): readonly IpldValue[] {
  if (value === undefined || !isIpldList(value) || value.length === 0 || value.length > MAX_CHOICES) {
    throw invalid(path, `the choices are not an array of 1 to ${MAX_CHOICES} values`)
  }
  return value
}

/** An array of 1 to {@link MAX_CHOICES} texts. */
export function textChoices(value: IpldValue | undefined, path: string): readonly string[] {
  return choices(value, path).map((choice) => {
    if (typeof choice !== 'string') throw invalid(path, 'a choice is not a text')
    return choice
  })
}

/** The terms of a rule: a map with none but the known members. */
export function termsOf(value: IpldValue, names: ReadonlySet<string>, path: string): IpldMap {
  if (!isIpldMap(value)) throw invalid(path, 'the terms are not a map')
  if (!Object.keys(value).every((name) => names.has(name))) throw invalid(path, 'the terms have an unknown member')
  return value
}

/** A member that is true or false, and false where it is absent. */
export function flagOf(value: IpldValue | undefined, path: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw invalid(path, 'a member is not a boolean')
  return value === true
}

/** The steps that judging a text takes (clause 7.10): what is longer than `most` is refused without being read. */
export function stepsOf(text: string, most: number): number {
  return Math.ceil(Math.min(text.length, most) / TEXT_UNITS_PER_STEP)
}
