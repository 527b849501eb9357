/**
 * Judging a call by its chain where only parts of its arguments are shown (spec 12-proof-bundle, clause 12.17): what is certain
 * whatever the rest may be, and which conditions depend on the rest.
 */
import type { IpldValue } from '@talos/bytes'
import { CAPABILITY_TAG } from '@talos/contracts'
import { Budget } from '../conditions/budget.ts'
import { argumentRefusal, refusals, unknownArgument } from '../conditions/conditions.ts'
import { type Certainty, ruleHolds, statementHolds } from '../conditions/possible.ts'
import { formatSelector, type Selector } from '../conditions/selector.ts'
import { showName } from '../conditions/show.ts'
import type { ShownArguments } from '../conditions/shown.ts'
import type { VerifiedLink } from '../delegation.ts'
import { type DenialCause, denial } from '../denial.ts'

/** A condition that depends on what is hidden. */
export interface UnjudgedCondition {
  /** Place in the chain, from 0 at the root. */
  readonly link: number
  /** Where it stands in the delegation: `pol[0]`, `rules[2]`, or `args` for the closed world (07-delegation, clause 7.8). */
  readonly path: string
  /** Where it looks; none for `args`, which asks for the names of all arguments. */
  readonly selectors: readonly string[]
}

/** What can be said of arguments without the rest of them. */
export interface ShownVerdict {
  /** The first condition that is broken whatever is hidden; undefined where none is. */
  readonly refused: DenialCause | undefined
  readonly unjudged: readonly UnjudgedCondition[]
}

/** Judges every condition of every link, from the root. */
export function judgeShownArguments(links: readonly VerifiedLink[], shown: ShownArguments): ShownVerdict {
  const budget = new Budget()
  const verdicts = links.map((link, index) => judgeLink(link, { index, shown, budget }))
  const [refused] = verdicts.flatMap(({ refused: cause }) => cause ?? [])
  return { refused, unjudged: verdicts.flatMap(({ unjudged }) => unjudged) }
}

interface Place {
  readonly index: number
  readonly shown: ShownArguments
  readonly budget: Budget
}

function judgeLink({ conditions, ...link }: VerifiedLink, { index, shown, budget }: Place): ShownVerdict {
  const context = { budget, resolvePath: undefined }
  if (shown.kind === 'known') {
    const reasons = refusals(conditions, shown.value, context)
    return { refused: reasons.length === 0 ? undefined : refusedBy(index, reasons), unjudged: [] }
  }
  const causes: DenialCause[] = []
  const unjudged: UnjudgedCondition[] = []
  const { named } = conditions
  if (named !== undefined) {
    const unknown = [...shown.parts.keys()].find((name) => !named.has(name))
    if (unknown === undefined) unjudged.push({ link: index, path: 'args', selectors: [] })
    else causes.push(unknownArgument(unknown))
  }
  const take = (certainty: Certainty, about: Condition): void => {
    const selectors = about.selectors.map((selector) => formatSelector(selector, showName))
    if (certainty === undefined) unjudged.push({ link: index, path: about.path, selectors })
    if (certainty === false) causes.push(argumentRefusal(about.path, selectors.join(', '), about.requirement))
  }
  const reading = link.tag === CAPABILITY_TAG ? undefined : false
  for (const [place, { operator, selectors }] of conditions.statements.entries()) {
    const certainty = statementHolds(link.policy[place] as IpldValue, shown, { unjudged: reading, budget })
    take(certainty, { path: `pol[${place}]`, selectors, requirement: `does not satisfy the condition "${operator}"` })
  }
  for (const [place, { rule }] of conditions.rules.entries()) {
    const certainty = ruleHolds(link.rules[place] as IpldValue, shown, context)
    take(certainty, { path: `rules[${place}]`, selectors: [rule.selector], requirement: rule.requirement })
  }
  return { refused: causes.length === 0 ? undefined : refusedBy(index, causes), unjudged }
}

interface Condition {
  readonly path: string
  readonly selectors: readonly Selector[]
  readonly requirement: string
}

function refusedBy(link: number, causes: readonly DenialCause[]): DenialCause {
  return denial('CAPABILITY_ARGUMENTS', { details: { link }, path: `proofs[${link}]`, causes })
}
