/**
 * The typed rules of `talos/cap@1`, compiled to closures once (spec 07-delegation, clause 7.6).
 *
 *     ["subpath", selector, [root, ...]]     a path at or below one of the roots (clause 7.7)
 *     ["enum", selector, [value, ...]]       one of the values
 *     ["len", selector, min, max]            bytes of a text or byte string, items of a list, members of a map
 *     ["range", selector, min, max]          an integer within the bounds; null leaves a bound open
 *     ["known", selector]                    anything: names the argument, so that it may be there
 *
 * A rule whose selector ends in `[]` holds when it holds for every child. What a rule cannot judge, it refuses.
 */
import { type IpldValue, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { isIpldMap } from '@talos/identity'
import { MAX_CHOICES, MAX_PATH_LENGTH, MAX_STATEMENTS, TEXT_UNITS_PER_STEP } from '../limits.ts'
import type { Budget, Spend } from './budget.ts'
import { isIpldList } from './ipld.ts'
import { parseSelector, type Selector, select } from './selector.ts'
import { showChoices, showNumberRange } from './show.ts'
import { isWithin, judgePath, type ResolvePath, type Root } from './subpath.ts'

/** What a rule may use besides the arguments. */
export interface RuleContext {
  readonly budget: Budget
  readonly resolvePath: ResolvePath | undefined
}

type Judge = (value: IpldValue, context: RuleContext) => boolean

export interface CompiledRule {
  readonly kind: string
  readonly selector: Selector
  /** What a value must be, for people and models: "must be ...". */
  readonly requirement: string
  readonly holds: (args: IpldValue, context: RuleContext) => boolean
}

interface Condition {
  readonly judge: Judge
  readonly requirement: string
}

type Compile = (operands: readonly IpldValue[], path: string) => Condition

const KINDS: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['subpath', compileSubpath],
  ['enum', compileEnum],
  ['len', compileLength],
  ['range', compileRange],
  ['known', compileKnown],
])

/**
 * Compiles the member `rules`; an unknown kind of rule refuses the whole token.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID`
 */
export function compileRules(rules: IpldValue, path: string): readonly CompiledRule[] {
  if (!isIpldList(rules)) throw invalid(path, 'the rules are not an array')
  if (rules.length > MAX_STATEMENTS) throw invalid(path, `there are more than ${MAX_STATEMENTS} rules`)
  return rules.map((rule, index) => compileRule(rule, `${path}[${index}]`))
}

function compileRule(rule: IpldValue, path: string): CompiledRule {
  if (!isIpldList(rule)) throw invalid(path, 'a rule is not an array')
  const [kind, first, ...operands] = rule
  if (typeof kind !== 'string') throw invalid(path, 'the kind of rule is not a text')
  const compile = KINDS.get(kind)
  if (compile === undefined) throw invalid(path, 'the kind of rule is unknown')
  if (first === undefined) throw invalid(path, 'the rule has no selector')
  const selector = parseSelector(first, path)
  const { judge, requirement } = compile(operands, path)
  const each = selector.at(-1)?.kind === 'values'
  return {
    kind,
    selector,
    requirement,
    holds: (args, context) => {
      context.budget.spend()
      const found = select(selector, args, context.budget.spend)
      if (found === undefined) return false
      if (!each || !isIpldList(found)) return judge(found, context)
      return found.every((child) => {
        context.budget.spend()
        return !context.budget.exhausted && judge(child, context)
      })
    },
  }
}

function compileSubpath(operands: readonly IpldValue[], path: string): Condition {
  const [roots, ...rest] = operands
  if (rest.length > 0) throw invalid(path, 'subpath takes a selector and an array of roots')
  const judged = choices(roots, path).map((root) => rootOf(root, path))
  return {
    requirement: `must be a plain absolute path at or below ${showChoices(judged.map(({ path: root }) => root))}`,
    judge: (value, { budget, resolvePath }) => {
      if (typeof value !== 'string') return false
      const steps = judged.length + Math.ceil(Math.min(value.length, MAX_PATH_LENGTH) / TEXT_UNITS_PER_STEP)
      return budget.spend(steps) && isWithin(value, judged, resolvePath)
    },
  }
}

function rootOf(root: IpldValue, path: string): Root {
  if (typeof root !== 'string') throw invalid(path, 'a root is not a text')
  const segments = judgePath(root)
  if (segments === undefined) throw invalid(path, 'a root is not a plain absolute path')
  return { path: root, segments }
}

function compileEnum(operands: readonly IpldValue[], path: string): Condition {
  const [values, ...rest] = operands
  if (rest.length > 0) throw invalid(path, 'enum takes a selector and an array of values')
  const list = choices(values, path)
  if (list.some((value) => typeof value === 'object' && value !== null)) {
    throw invalid(path, 'a value of enum is not a text, an integer, a boolean or null')
  }
  const allowed = new Set(list)
  return {
    requirement: `must be ${showChoices(list.map(String))}`,
    judge: (value) => allowed.has(value),
  }
}

function compileLength(operands: readonly IpldValue[], path: string): Condition {
  const { minimum, maximum } = bounds(operands, { path, lowest: 0 })
  if (minimum < 0) throw invalid(path, 'a length is negative')
  return {
    requirement: `must have a length ${showNumberRange(minimum, maximum)} (bytes of a text, items of a list)`,
    judge: (value, { budget }) => {
      const length = lengthOf(value, budget.spend)
      return length !== undefined && length >= minimum && length <= maximum
    },
  }
}

function compileRange(operands: readonly IpldValue[], path: string): Condition {
  const { minimum, maximum } = bounds(operands, { path, lowest: Number.MIN_SAFE_INTEGER })
  return {
    requirement: `must be an integer ${showNumberRange(minimum, maximum)}`,
    judge: (value) => typeof value === 'number' && value >= minimum && value <= maximum,
  }
}

function compileKnown(operands: readonly IpldValue[], path: string): Condition {
  if (operands.length > 0) throw invalid(path, 'known takes a selector alone')
  return { requirement: 'may be anything', judge: () => true }
}

function choices(value: IpldValue | undefined, path: string): readonly IpldValue[] {
  if (value === undefined || !isIpldList(value) || value.length === 0 || value.length > MAX_CHOICES) {
    throw invalid(path, `the choices are not an array of 1 to ${MAX_CHOICES} values`)
  }
  return value
}

/** A null leaves a bound open, down to `lowest` or up to the greatest safe integer. */
function bounds(
  operands: readonly IpldValue[],
  { path, lowest }: { readonly path: string; readonly lowest: number },
): { readonly minimum: number; readonly maximum: number } {
  const [low, high, ...rest] = operands
  if (low === undefined || high === undefined || rest.length > 0) throw invalid(path, 'the rule takes two bounds')
  const minimum = low ?? lowest
  const maximum = high ?? Number.MAX_SAFE_INTEGER
  if (typeof minimum !== 'number' || typeof maximum !== 'number')
    throw invalid(path, 'a bound is not an integer or null')
  if (minimum > maximum) throw invalid(path, 'the lower bound is above the upper one')
  return { minimum, maximum }
}

/** Takes the members that are counted; those of a map are listed for it. */
function lengthOf(value: IpldValue, spend: Spend): number | undefined {
  if (typeof value === 'string') return utf8(value).length
  if (value instanceof Uint8Array || isIpldList(value)) return value.length
  if (!isIpldMap(value)) return undefined
  const members = Object.keys(value).length
  return spend(members) ? members : undefined
}

function invalid(path: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_POLICY_INVALID', { path, reason })
}
