/**
 * The typed rules of `talos/cap@1`, compiled to closures once (spec 07-delegation, clause 7.6).
 *
 *     ["subpath", selector, [root, ...]]     a path at or below one of the roots (clause 7.7)
 *     ["enum", selector, [value, ...]]       one of the values
 *     ["len", selector, min, max]            bytes of a text or byte string, items of a list, members of a map
 *     ["range", selector, min, max]          an integer within integers, a decimal within decimal texts (7.6.1)
 *     ["cidr", selector, [network, ...]]     an address or network within one of the networks (7.6.2)
 *     ["url", selector, terms]               a plain URL within the terms (7.6.3)
 *     ["argv", selector, terms]              a command line within the terms (7.6.4)
 *     ["regex", selector, pattern]           a text that the pattern matches (7.6.5)
 *     ["known", selector]                    anything: names the argument, so that it may be there
 *
 * A rule whose selector ends in `[]` holds when it holds for every child. What a rule cannot judge, it refuses.
 */
import { type IpldValue, utf8 } from '@talos/bytes'
import { isIpldMap } from '@talos/identity'
import { MAX_PATH_LENGTH, MAX_STATEMENTS, MAX_WORD_RULES } from '../limits.ts'
import { compileCidr } from './address.ts'
import { compileArgv } from './argv.ts'
import type { Spend } from './budget.ts'
import { compileDecimalRange } from './decimal.ts'
import { isIpldList } from './ipld.ts'
import { compileRegex } from './regexp.ts'
import {
  ANYTHING,
  type CompileKind,
  type Compiling,
  type Condition,
  choices,
  invalid,
  onlyOperand,
  type Quota,
  type RuleContext,
  stepsOf,
  textChoices,
} from './rule-parts.ts'
import { finder, parseSelector, type Selector } from './selector.ts'
import { showChoices, showNumberRange } from './show.ts'
import { isWithin, type Root, rootOf } from './subpath.ts'
import { compileUrl } from './url.ts'

export interface CompiledRule {
  readonly kind: string
  readonly selector: Selector
  /** What a value must be, for people and models: "must be ...". */
  readonly requirement: string
  readonly holds: (args: IpldValue, context: RuleContext) => boolean
}

const KINDS: ReadonlyMap<string, CompileKind> = new Map<string, CompileKind>([
  ['subpath', compileSubpath],
  ['enum', compileEnum],
  ['len', compileLength],
  ['range', compileRange],
  ['cidr', compileCidr],
  ['url', compileUrl],
  ['argv', compileArgv],
  ['regex', compileRegex],
  ['known', compileKnown],
])
/** The kinds that make sense for one word of a command line; no command lines within command lines. */
const WORD_KINDS: ReadonlySet<IpldValue> = new Set(['subpath', 'enum', 'len', 'range', 'cidr', 'url', 'regex'])

/**
 * Compiles the member `rules`; an unknown kind of rule refuses the whole token.
 *
 * @param quota what the rules of the link use up; counts on
 * @throws TalosError `CAPABILITY_POLICY_INVALID`
 */
export function compileRules(rules: IpldValue, path: string, quota: Quota): readonly CompiledRule[] {
  if (!isIpldList(rules)) throw invalid(path, 'the rules are not an array')
  return rules.map((rule, index) => compileRule(rule, { path: `${path}[${index}]`, quota, compileWord }))
}

function compileRule(rule: IpldValue, compiling: Compiling): CompiledRule {
  const { path, quota } = compiling
  if (!isIpldList(rule)) throw invalid(path, 'a rule is not an array')
  quota.rules += 1
  if (quota.rules > MAX_STATEMENTS) throw invalid(path, `there are more than ${MAX_STATEMENTS} rules`)
  const [kind, first, ...operands] = rule
  if (typeof kind !== 'string') throw invalid(path, 'the kind of rule is not a text')
  const compile = KINDS.get(kind)
  if (compile === undefined) throw invalid(path, 'the kind of rule is unknown')
  if (first === undefined) throw invalid(path, 'the rule has no selector')
  const selector = parseSelector(first, path)
  const { judge, requirement } = compile(operands, compiling)
  const each = selector.at(-1)?.kind === 'values'
  const find = finder(selector)
  return {
    kind,
    selector,
    requirement,
    holds: (args, context) => {
      const { budget } = context
      budget.spend()
      const found = find(args, budget.spend)
      if (found === undefined) return false
      if (!each || !isIpldList(found)) return judge(found, context)
      return found.every((child) => budget.spend() && judge(child, context))
    },
  }
}

/** The rules on one word of a command line: all must hold; none at all allow anything. */
function compileWord(rules: IpldValue, { path, quota }: Pick<Compiling, 'path' | 'quota'>): Condition {
  if (!isIpldList(rules) || rules.length > MAX_WORD_RULES) {
    throw invalid(path, `the rules of a word are not an array of at most ${MAX_WORD_RULES}`)
  }
  const compiled = rules.map((rule) => compileRule(rule, { path, quota, compileWord }))
  if (!compiled.every(({ kind, selector }) => WORD_KINDS.has(kind) && selector.length === 0)) {
    throw invalid(path, 'a rule of a word is of a kind that words do not have, or selects')
  }
  return {
    requirement: compiled.length === 0 ? ANYTHING : compiled.map(({ requirement }) => requirement).join(' and '),
    judge: (value, context) => compiled.every(({ holds }) => holds(value, context)),
  }
}

function compileSubpath(operands: readonly IpldValue[], { path }: Compiling): Condition {
  const texts = textChoices(onlyOperand(operands, path), path)
  const roots = texts.map((text): Root => {
    const root = rootOf(text)
    if (root === undefined) throw invalid(path, 'a root is not a plain absolute path')
    return root
  })
  return {
    requirement: `must be a plain absolute path at or below ${showChoices(texts)}`,
    judge: (value, { budget, resolvePath }) =>
      typeof value === 'string' &&
      budget.spend(roots.length + stepsOf(value, MAX_PATH_LENGTH)) &&
      isWithin(value, roots, resolvePath),
  }
}

function compileEnum(operands: readonly IpldValue[], { path }: Compiling): Condition {
  const list = choices(onlyOperand(operands, path), path)
  if (list.some((value) => typeof value === 'object' && value !== null)) {
    throw invalid(path, 'a value of enum is not a text, an integer, a boolean or null')
  }
  const allowed = new Set(list)
  return {
    requirement: `must be ${showChoices(list.map(String))}`,
    judge: (value) => allowed.has(value),
  }
}

function compileLength(operands: readonly IpldValue[], { path }: Compiling): Condition {
  const { minimum, maximum } = integerBounds(twoBounds(operands, path), { path, lowest: 0 })
  if (minimum < 0) throw invalid(path, 'a length is negative')
  return {
    requirement: `must have a length ${showNumberRange(minimum, maximum)} (bytes of a text, items of a list)`,
    judge: (value, { budget }) => {
      const length = lengthOf(value, budget.spend)
      return length !== undefined && length >= minimum && length <= maximum
    },
  }
}

function compileRange(operands: readonly IpldValue[], { path }: Compiling): Condition {
  const given = twoBounds(operands, path)
  if (typeof given.low === 'string' || typeof given.high === 'string') return compileDecimalRange(given, path)
  const { minimum, maximum } = integerBounds(given, { path, lowest: Number.MIN_SAFE_INTEGER })
  return {
    requirement: `must be an integer ${showNumberRange(minimum, maximum)}`,
    judge: (value) => typeof value === 'number' && value >= minimum && value <= maximum,
  }
}

function compileKnown(operands: readonly IpldValue[], { path }: Compiling): Condition {
  if (operands.length > 0) throw invalid(path, 'known takes a selector alone')
  return { requirement: ANYTHING, judge: () => true }
}

interface GivenBounds {
  readonly low: IpldValue
  readonly high: IpldValue
}

function twoBounds(operands: readonly IpldValue[], path: string): GivenBounds {
  const [low, high, ...rest] = operands
  if (low === undefined || high === undefined || rest.length > 0) throw invalid(path, 'the rule takes two bounds')
  return { low, high }
}

/** A null leaves a bound open, down to `lowest` or up to the greatest safe integer. */
function integerBounds(
  { low, high }: GivenBounds,
  { path, lowest }: { readonly path: string; readonly lowest: number },
): { readonly minimum: number; readonly maximum: number } {
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
