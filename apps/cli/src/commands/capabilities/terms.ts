/** What a capability allows, as people type it: rules, limits, hours, environment, approvals (spec 07-delegation, 16-metering). */
import { resolve } from 'node:path'
import { type JsonValue, parseJson } from '@talos/bytes'
import type { ControlRequestTerms, DidKey } from '@talos/contracts'
import type { Command } from 'commander'
import { invalid, parseCount, parseDidOption, parseDuration } from '../../values.ts'
import { hoursOf } from './hours.ts'

const RULE_MAX_BYTES = 8_192
const RULE_MAX_DEPTH = 8
/** As the request's schema bounds it. */
const MAX_RULES = 64
const MAX_RENEWALS = 1_000_000
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const SIZE = /^([1-9][0-9]{0,11})(B|kB|MB|GB|KiB|MiB|GiB)?$/
const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}
const RATE = /^([1-9][0-9]{0,8})\/([0-9]+[smhd])(?::([1-9][0-9]{0,8}))?$/
const BUDGET = /^([a-z0-9-]+)=([1-9][0-9]{0,14})(?::(.+))?$/s
const PROOFS = ['channel', 'mac', 'signature'] as const

/** Options of `grant` and `delegate` that say what is allowed. */
export interface TermOptions {
  readonly under?: readonly string[]
  readonly rule?: readonly string[]
  readonly calls?: string
  readonly rate?: readonly string[]
  readonly concurrency?: string
  readonly bytes?: string
  readonly budget?: readonly string[]
  readonly hours?: readonly string[]
  readonly env?: readonly string[]
  readonly approvals?: string
  readonly approver?: readonly string[]
  readonly proof?: string
  readonly renewals?: string
}

export const TERMS_HELP = `
Once a rule names an argument, arguments that no rule names are refused. Rules, with values for example:
  ["subpath", ".path", ["/srv/docs"]]              ["url", ".url", {"hosts": ["*.example.com"]}]
  ["enum", ".mode", ["text", "binary"]]            ["cidr", ".address", ["192.0.2.0/24"]]
  ["range", ".count", 1, 100]                      ["regex", ".ref", "[a-z0-9/-]{1,64}"]
  ["len", ".sql", 0, 2000]                         ["known", ".note"]
Limits hold for all that is passed on below a capability together, and survive restarts.`

/** Adds the options of {@link TermOptions}. */
export function addTermOptions(command: Command): Command {
  return command
    .option('--under <argument=folder>', 'the argument must be a path at or below the folder; repeatable', collect)
    .option('--rule <json>', 'a typed rule on the arguments; repeatable', collect)
    .option('--calls <count>', 'at most so many calls in all')
    .option('--rate <calls/time[:burst]>', 'at most so many calls per time, such as 10/1m or 10/1m:20', collect)
    .option('--concurrency <count>', 'at most so many calls at the same time')
    .option('--bytes <size>', 'at most so many bytes of requests and results in all, such as 10MB')
    .option(
      '--budget <unit=amount[:selector]>',
      'at most so much in all, as the argument says (usd-cent=500:.amount) or the tool costs',
      collect,
    )
    .option('--hours <days from-to [offset]>', 'only then, such as "mon-fri 09:00-17:00 +01:00"; repeatable', collect)
    .option('--env <name=value,...>', "only where the executor's environment says so, such as stage=test", collect)
    .option('--approvals <count>', 'each exact call needs so many approvals')
    .option('--approver <did>', 'who may approve; repeatable', collect)
    .option('--proof <level>', 'the weakest proof of a call: channel, mac or signature (default)')
    .option('--renewals <count>', 'makes it a lease, which is renewed so often at most')
}

/** The typed rules. @throws TalosError `CLI_OPTION_INVALID` */
export function rulesOf({ under = [], rule = [] }: TermOptions): JsonValue[] {
  const rules = [...subpathRules(under), ...rule.map(ruleOf)]
  if (rules.length > MAX_RULES) throw invalid('--rule', `there are more than ${MAX_RULES}`)
  return rules
}

/**
 * Everything else.
 *
 * @param approverOf the key of an approver as it was typed; only keys where absent
 * @throws TalosError `CLI_OPTION_INVALID`
 */
export function termsOf(options: TermOptions, approverOf: (did: string) => DidKey = keyOf): ControlRequestTerms {
  const limits = limitsOf(options)
  const when = [...hoursOf(options.hours ?? []), ...(options.env ?? []).map(environmentOf)]
  const { renewals } = options
  return {
    ...(options.proof !== undefined && { need: proofOf(options.proof) }),
    ...(limits.length > 0 && { limits }),
    ...(when.length > 0 && { when }),
    ...(renewals !== undefined && {
      maxRenewals: parseCount(renewals, { option: '--renewals', minimum: 0, maximum: MAX_RENEWALS }),
    }),
    ...approvalsOf(options, approverOf),
  }
}

/** Puts the values of a repeated option in one list. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}

function limitsOf({ calls, rate = [], concurrency, bytes, budget = [] }: TermOptions): JsonValue[] {
  return [
    ...(calls === undefined ? [] : [['calls', amountOf(calls, '--calls')]]),
    ...rate.map(rateOf),
    ...(concurrency === undefined ? [] : [['concurrency', amountOf(concurrency, '--concurrency')]]),
    ...(bytes === undefined ? [] : [['bytes', sizeOf(bytes)]]),
    ...budget.map(budgetOf),
  ]
}

function amountOf(text: string, option: string): number {
  return parseCount(text, { option, minimum: 1, maximum: 1e14 })
}

function rateOf(text: string): JsonValue {
  const [, calls, time, burst] = RATE.exec(text) ?? []
  if (calls === undefined || time === undefined) throw invalid('--rate', 'write CALLS/TIME, as in 10/1m or 10/1m:20')
  const perS = parseDuration(time, '--rate')
  return ['rate', Number(calls), perS, ...(burst === undefined ? [] : [Number(burst)])]
}

function sizeOf(text: string): number {
  const [, count, unit = 'B'] = SIZE.exec(text) ?? []
  const size = Number(count) * Number(SIZE_UNITS[unit])
  if (!Number.isSafeInteger(size)) throw invalid('--bytes', 'write a whole number and B, kB, MB, GB, KiB, MiB or GiB')
  return size
}

function budgetOf(text: string): JsonValue {
  const [, unit, amount, selector] = BUDGET.exec(text) ?? []
  if (unit === undefined) throw invalid('--budget', 'write UNIT=AMOUNT, as in usd-cent=500 or usd-cent=500:.amount')
  return ['budget', unit, Number(amount), ...(selector === undefined ? [] : [selector])]
}

function environmentOf(text: string): JsonValue {
  const [, name, values] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (name === undefined || values === undefined) throw invalid('--env', 'write NAME=VALUE, as in stage=test,staging')
  return ['env', name, values.split(',')]
}

function approvalsOf(
  { approvals, approver = [] }: TermOptions,
  approverOf: (did: string) => DidKey,
): Pick<ControlRequestTerms, 'approvals'> {
  if (approvals === undefined && approver.length === 0) return {}
  if (approver.length === 0) throw invalid('--approvals', 'name who may approve with --approver')
  const m = parseCount(approvals ?? '1', { option: '--approvals', minimum: 1, maximum: approver.length })
  return { approvals: { m, of: approver.map(approverOf) } }
}

function keyOf(did: string): DidKey {
  return parseDidOption(did, '--approver')
}

function proofOf(text: string): (typeof PROOFS)[number] {
  const found = PROOFS.find((level) => level === text)
  if (found === undefined) throw invalid('--proof', `it is not ${PROOFS.join(' or ')}`)
  return found
}

/** Folders for the same argument are alternatives of one rule: rules are all to be met. */
function subpathRules(pairs: readonly string[]): JsonValue[] {
  const folders = new Map<string, string[]>()
  for (const pair of pairs) {
    const [, argument, folder] = /^([^=]+)=(.+)$/s.exec(pair) ?? []
    if (argument === undefined || folder === undefined)
      throw invalid('--under', 'write ARGUMENT=FOLDER, as in path=./docs')
    folders.set(argument, [...(folders.get(argument) ?? []), resolve(folder)])
  }
  return [...folders].map(([argument, roots]) => ['subpath', selectorOf(argument), roots])
}

function selectorOf(argument: string): string {
  return PLAIN_NAME.test(argument) ? `.${argument}` : `.[${JSON.stringify(argument)}]`
}

function ruleOf(text: string): JsonValue {
  try {
    return parseJson(text, { maxBytes: RULE_MAX_BYTES, maxDepth: RULE_MAX_DEPTH })
  } catch {
    throw invalid('--rule', 'it is not JSON, such as ["subpath", ".path", ["/srv/docs"]]')
  }
}
