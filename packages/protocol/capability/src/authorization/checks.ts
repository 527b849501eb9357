/** What a call must satisfy once its chain has been walked, one function per step (spec 08-invocation, clause 8.5). */
import type { Did } from '@talos/contracts'
import type { IpldMap } from '@talos/identity'
import { Budget } from '../conditions/budget.ts'
import { type Conditions, refusals } from '../conditions/conditions.ts'
import type { RuleContext } from '../conditions/rule-parts.ts'
import { showReason } from '../conditions/show.ts'
import { type DenialCause, denial } from '../denial.ts'
import { MAX_JUSTIFICATION_LENGTH } from '../limits.ts'
import { checkWhen, type WhenCondition } from '../metering/when.ts'
import { satisfiesProof } from '../requirements.ts'
import { checkFreshness } from './freshness.ts'
import type { Matter } from './matter.ts'
import type { ReadyLink } from './ready-chain.ts'
import type { Settings } from './settings.ts'
import { type Clock, walk } from './walk.ts'

/** Policy names that a denial shows: enough for an explanation, and no flood. */
const MAX_SHOWN_REASONS = 8

/** The first reason against a call, apart from approvals, limits and replay; undefined where there is none. */
export function judge(matter: Matter, settings: Settings): DenialCause | undefined {
  const { chain, clock, freshness, requirements } = matter
  return (
    walk(chain, settings, clock) ??
    checkFreshness(chain, settings.revocations, { freshness, requirements, nowS: clock.nowS }) ??
    checkScope(matter) ??
    checkProofLevel(matter) ??
    checkRisk(matter) ??
    checkMoment(matter, settings) ??
    checkArguments(matter, settings) ??
    checkPolicy(matter, settings) ??
    checkCommand(matter, settings)
  )
}

/**
 * Whoever calls uses a key that its agent uses now: an old one may be in other hands (step 10). What the executor had before
 * is an old one, also where nothing else is known of it.
 */
export function checkCaller(caller: Did, { identities, executor, own }: Settings): DenialCause | undefined {
  const known = identities.standingOf(caller)
  const standing = known === 'current' && caller !== executor && own.has(caller) ? 'rotated' : known
  return standing === 'current' ? undefined : denial('CAPABILITY_KEY', { details: { what: 'the call', standing } })
}

function checkScope({ chain, command }: Matter): DenialCause | undefined {
  for (const { link, index, commandPrefix } of chain.places) {
    if (command !== link.command && !command.startsWith(commandPrefix)) {
      return denial('CAPABILITY_SCOPE', { details: { link: index }, path: `proofs[${index}]` })
    }
  }
  return undefined
}

/** The strongest of what the tool and each link ask for; a stronger proof always satisfies. */
function checkProofLevel({ chain, level, requirements }: Matter): DenialCause | undefined {
  // Nothing is stronger than a signature.
  if (level === 'signature') return undefined
  if (!satisfiesProof(level, requirements.proof))
    return tooWeak('the tool', { needed: requirements.proof, given: level })
  for (const { link, index } of chain.places) {
    if (!satisfiesProof(level, link.need)) {
      const cause = tooWeak(`delegation ${index}`, { needed: link.need, given: level })
      return { ...cause, path: `proofs[${index}]` }
    }
  }
  return undefined
}

function tooWeak(what: string, levels: { readonly needed: string; readonly given: string }): DenialCause {
  return denial('CAPABILITY_PROOF_LEVEL', { details: { what, ...levels } })
}

function checkRisk({ level, justification, requirements }: Matter): DenialCause | undefined {
  if (requirements.risk !== 'high') return undefined
  if (level !== 'signature') return tooWeak('a tool of high risk', { needed: 'signature', given: level })
  if (justification !== undefined) return undefined
  return denial('CAPABILITY_JUSTIFICATION', { details: { limit: MAX_JUSTIFICATION_LENGTH } })
}

function checkMoment({ chain, clock }: Matter, { environment, lookingBack }: Settings): DenialCause | undefined {
  for (const { link, index } of chain.places) {
    if (link.when.length === 0) continue
    const cause = lookingBack
      ? checkHoursThen(link.when, { clock, link: index })
      : checkWhen(link.when, { nowS: clock.nowS, environment, link: index })
    if (cause !== undefined) return cause
  }
  return undefined
}

/** Hours of a call in the past, whose time is known as well as the clocks agree. */
function checkHoursThen(
  when: readonly WhenCondition[],
  { clock, link }: { readonly clock: Clock; readonly link: number },
): DenialCause | undefined {
  const { nowS, leewayS } = clock
  const hours = when.filter(({ kind }) => kind === 'time')
  const causes = [nowS, Math.max(0, nowS - leewayS), nowS + leewayS].map((then) =>
    checkWhen(hours, { nowS: then, environment: NO_FACTS, link }),
  )
  return causes.includes(undefined) ? undefined : causes[0]
}

const NO_FACTS: ReadonlyMap<string, string> = new Map()

/** Every link's conditions on the actual arguments: the intersection. Only a refusal is worth collecting reasons for. */
function checkArguments({ chain, args }: Matter, settings: Settings): DenialCause | undefined {
  const { resolvePath, judgeArguments } = settings
  if (judgeArguments !== undefined) return judgeArguments(chain.links)
  const names = Object.keys(args)
  const context = { budget: new Budget(), resolvePath }
  for (const place of chain.places) {
    if (!isClosed(place, { args, names }) || !allows(place.link.conditions, args, context)) {
      return refusedArguments({ chain, args }, { resolvePath })
    }
  }
  return undefined
}

/** Whether the arguments are within the closed world of a link. */
function isClosed(
  { link, required }: ReadyLink,
  { args, names }: { readonly args: IpldMap; readonly names: readonly string[] },
): boolean {
  const { named } = link.conditions
  if (named === undefined) return true
  for (const name of names) if (!named.has(name)) return false
  for (const name of required) if (!Object.hasOwn(args, name)) return false
  return true
}

function allows({ statements, rules }: Conditions, args: IpldMap, context: RuleContext): boolean {
  const { budget } = context
  for (const { evaluate } of statements) if (evaluate(args, budget) !== true) return false
  for (const { rule, mention } of rules) {
    const isAbsent = mention.optional && !Object.hasOwn(args, mention.name)
    if (!isAbsent && !rule.holds(args, context)) return false
  }
  return !budget.exhausted
}

/** All reasons of all links, to be of help. */
function refusedArguments(
  { chain, args }: Pick<Matter, 'chain' | 'args'>,
  { resolvePath }: Pick<Settings, 'resolvePath'>,
): DenialCause | undefined {
  const context = { budget: new Budget(), resolvePath }
  const causes: DenialCause[] = []
  for (const [link, { conditions }] of chain.links.entries()) {
    const reasons = refusals(conditions, args, context)
    if (reasons.length > 0) {
      causes.push(denial('CAPABILITY_ARGUMENTS', { details: { link }, path: `proofs[${link}]`, causes: reasons }))
    }
  }
  const [first, ...others] = causes
  if (first === undefined || others.length === 0) return first
  return denial('CAPABILITY_ARGUMENTS', { details: { link: Number(first.details['link']) }, path: 'proofs', causes })
}

/** The executor's own policy: it can deny what the capability allows, and allow nothing that it does not. */
function checkPolicy(matter: Matter, { policy, environment }: Settings): DenialCause | undefined {
  if (policy === undefined) return undefined
  const { caller: principal, command, args, chain, clock } = matter
  const decision = policy.decide({ principal, command, args, chain: chain.links, nowS: clock.nowS, environment })
  if (decision.outcome === 'allow') return undefined
  const shown = decision.reasons.slice(0, MAX_SHOWN_REASONS).map(showReason)
  return denial('CAPABILITY_POLICY_DENIED', { details: { reasons: shown.join(', ') || 'no policy permits it' } })
}

function checkCommand({ command }: Matter, { hasCommand }: Settings): DenialCause | undefined {
  if (hasCommand === undefined || hasCommand(command)) return undefined
  return denial('CAPABILITY_UNKNOWN_TOOL', { path: 'invocation' })
}
