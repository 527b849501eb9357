/**
 * The walk along a chain, from the root to the holder (spec 07-delegation, clause 7.9). It is taken for every decision: what
 * is asked here changes with time, with what is revoked, and with whose keys are known to be whose.
 */
import type { Did } from '@talos/contracts'
import { type DenialCause, denial } from '../denial.ts'
import type { IdentityView } from '../identity-view.ts'
import type { RevocationView } from '../revocation/view.ts'
import type { ReadyChain, ReadyLink } from './ready-chain.ts'

/** The verifier's time, and how far other clocks may be off. */
export interface Clock {
  readonly nowS: number
  readonly leewayS: number
}

/** What a verifier knows of the world. */
export interface WalkContext {
  readonly revocations: RevocationView
  readonly identities: IdentityView
  /** DIDs that are taken for one: the executor's own, before and after it changed keys. */
  readonly own: ReadonlySet<Did>
}

/** The first reason why a chain gives its holder nothing; undefined where it does. */
export function walk(chain: ReadyChain, context: WalkContext, clock: Clock): DenialCause | undefined {
  for (const place of chain.places) {
    const cause = checkLink(place, { context, clock, subject: chain.subject })
    if (cause !== undefined) return { ...cause, path: `proofs[${place.index}]` }
  }
  if (chain.broken !== undefined) return chain.broken
  return chain.isHolderPlain ? undefined : checkHolder(chain, context)
}

/** Time bounds, both inclusive, widened by the leeway (clause 7.9). */
export function checkTime(
  validity: { readonly notBeforeS: number; readonly expiresS: number | null },
  { what, clock }: { readonly what: string; readonly clock: Clock },
): DenialCause | undefined {
  const { notBeforeS, expiresS } = validity
  const { nowS, leewayS } = clock
  if (expiresS !== null && nowS - leewayS > expiresS) {
    return denial('CAPABILITY_EXPIRED', { details: { what, secondsAgo: nowS - expiresS } })
  }
  if (nowS + leewayS < notBeforeS) {
    return denial('CAPABILITY_NOT_YET_VALID', { details: { what, seconds: notBeforeS - nowS } })
  }
  return undefined
}

/** Whether two DIDs are of one agent. */
export function isSameAgent(
  left: Did,
  { is: right, identities, own }: Pick<WalkContext, 'identities' | 'own'> & { readonly is: Did },
): boolean {
  if (left === right || (own.has(left) && own.has(right))) return true
  return identities.currentOf(left) === identities.currentOf(right)
}

interface Around {
  readonly context: WalkContext
  readonly clock: Clock
  readonly subject: Did
}

function checkLink(place: ReadyLink, around: Around): DenialCause | undefined {
  const { link, index, following, revocable } = place
  const { identities, revocations } = around.context
  const { nowS, leewayS } = around.clock
  const { expiresS, notBeforeS, depth } = link
  if ((expiresS !== null && nowS - leewayS > expiresS) || nowS + leewayS < notBeforeS) {
    return checkTime(link, { what: `delegation ${index}`, clock: around.clock })
  }
  const misplaced = place.isPlain ? undefined : checkPlace(place, around)
  if (misplaced !== undefined) return misplaced
  if (depth !== undefined && following > depth) {
    return denial('CAPABILITY_DEPTH', { details: { link: index, allowed: depth, actual: following } })
  }
  const standing = identities.standingOf(link.issuer)
  if (standing === 'compromised' || standing === 'deactivated') {
    return denial('CAPABILITY_KEY', { details: { what: `delegation ${index}`, standing } })
  }
  const state = revocations.stateOf(revocable)
  return state.revoked ? denial('CAPABILITY_REVOKED', { details: { link: index, atS: state.atS } }) : undefined
}

function checkPlace(place: ReadyLink, { context, subject }: Around): DenialCause | undefined {
  const { link, index, expectedIssuer } = place
  const refuse = (reason: string): DenialCause => denial('CAPABILITY_DELEGATION', { details: { link: index, reason } })
  if (link.subject === null && index === 0) return refuse('the root must name its subject')
  if (link.subject !== null && !isSameAgent(link.subject, { ...context, is: subject })) {
    return denial('CAPABILITY_SUBJECT', { details: { what: `delegation ${index}` } })
  }
  if (isSameAgent(link.issuer, { ...context, is: expectedIssuer })) return undefined
  return refuse(
    index === 0 ? 'the root is not issued by the subject' : 'its issuer is not the audience of the link before',
  )
}

function checkHolder({ links, holder, subject }: ReadyChain, context: WalkContext): DenialCause | undefined {
  const last = links.at(-1)
  // Without a link the holder must be the subject itself, which needs nobody's leave.
  if (isSameAgent(last === undefined ? subject : last.audience, { ...context, is: holder })) return undefined
  if (last === undefined) return denial('CAPABILITY_MISSING')
  const link = links.length - 1
  const details = { link, reason: 'its audience is not the caller' }
  return denial('CAPABILITY_DELEGATION', { details, path: `proofs[${link}]` })
}
