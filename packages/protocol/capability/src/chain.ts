/**
 * Chains of delegations: from the owner of a resource to whoever calls (spec 07-delegation, clause 7.9).
 *
 * Authority is the intersection of all links: each one is checked on its own, none can add to what came before.
 */
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { type EnvelopeToOpen, type OpenedEnvelope, openEnvelopes, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { commandCovers } from './command.ts'
import { DELEGATION_ENVELOPE, delegationOf, type VerifiedLink } from './delegation.ts'
import { type DenialCause, denial, denialOf } from './denial.ts'
import { ABSOLUTE_MAX_DEPTH, CHAIN_MAX_BYTES, DEFAULT_MAX_DEPTH, MAX_LEEWAY_S } from './limits.ts'
import { type RevocationView, revocableLink } from './revocation/view.ts'

export interface VerifyChainOptions {
  /** The delegations, from the root to the holder. */
  readonly proofs: readonly Uint8Array[]
  /** Who holds the chain: the audience of its last link. */
  readonly audience: Did
  /** Whose resource it must be about; that of the root when absent. */
  readonly subject?: Did
  readonly nowS: number
  /** 0 when absent; at most {@link MAX_LEEWAY_S}. */
  readonly leewayS?: number
  readonly kernel: Kernel
  readonly revocations: RevocationView
  /** {@link DEFAULT_MAX_DEPTH} when absent; at most {@link ABSOLUTE_MAX_DEPTH}. */
  readonly maxDepth?: number
}

export interface VerifiedChain {
  readonly links: readonly VerifiedLink[]
  readonly subject: Did
  readonly holder: Did
  /** The narrowest command of the chain. */
  readonly command: string
  /** The latest beginning and the earliest end. */
  readonly notBeforeS: number
  readonly expiresS: number | null
}

export type ChainVerdict =
  | { readonly outcome: 'valid'; readonly chain: VerifiedChain }
  | { readonly outcome: 'invalid'; readonly cause: DenialCause }

/** What a walk along the links needs. */
export interface ChainContext {
  readonly revocations: RevocationView
  readonly clock: Clock
  readonly subject: Did
  readonly holder: Did
}

/** The executor's time, and how far other clocks may be off. */
export interface Clock {
  readonly nowS: number
  readonly leewayS: number
}

/** A result, or why there is none. */
export type Step<T> = { readonly value: T; readonly cause?: never } | { readonly cause: DenialCause }

/**
 * Verifies a chain without a call: what the holder could do with it, as of now.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID` for the caller's own mistakes; whatever the view of revocations throws
 */
export function verifyChain(options: VerifyChainOptions): ChainVerdict {
  const { proofs, audience, subject, kernel, revocations } = options
  const clock = checkedClock(options)
  const bounds = boundChain(proofs, checkedDepth(options.maxDepth))
  if (bounds !== undefined) return invalid(bounds)
  const opened = openEnvelopes(delegationsToOpen(proofs), kernel)
  const [root] = opened
  if (root === undefined) return invalid(denial('CAPABILITY_MISSING'))
  const owner = subject === undefined ? subjectOf(root) : { value: subject }
  if (owner.cause !== undefined) return invalid(owner.cause)
  const walked = walkChain(opened, { revocations, clock, subject: owner.value, holder: audience })
  if (walked.cause !== undefined) return invalid(walked.cause)
  const links = walked.value
  const command = narrowest(links)
  if (command.cause !== undefined) return invalid(command.cause)
  const ends = links.map(({ expiresS }) => expiresS).filter((end) => end !== null)
  return {
    outcome: 'valid',
    chain: {
      links,
      subject: owner.value,
      holder: audience,
      command: command.value,
      notBeforeS: Math.max(...links.map(({ notBeforeS }) => notBeforeS)),
      expiresS: ends.length === 0 ? null : Math.min(...ends),
    },
  }
}

/** Counts and sizes, before anything is decoded. */
export function boundChain(proofs: readonly Uint8Array[], maxDepth: number): DenialCause | undefined {
  if (proofs.length > maxDepth) {
    const details = { what: 'the number of delegations', actual: proofs.length, limit: maxDepth }
    return denial('CAPABILITY_LIMIT', { details, path: 'proofs' })
  }
  const sizeBytes = proofs.reduce((sum, { length }) => sum + length, 0)
  if (sizeBytes > CHAIN_MAX_BYTES) {
    const details = { what: 'the size of the delegations in bytes', actual: sizeBytes, limit: CHAIN_MAX_BYTES }
    return denial('CAPABILITY_LIMIT', { details, path: 'proofs' })
  }
  return undefined
}

/** For one call that opens them all. */
export function delegationsToOpen(proofs: readonly Uint8Array[]): readonly EnvelopeToOpen[] {
  return proofs.map((bytes) => ({ ...DELEGATION_ENVELOPE, bytes }))
}

/** Reads and checks link by link, from the root; stops at the first that fails. */
export function walkChain(proofs: readonly OpenedEnvelope[], context: ChainContext): Step<readonly VerifiedLink[]> {
  const links: VerifiedLink[] = []
  let issuer = context.subject
  const issuers: Did[] = []
  for (const [index, envelope] of proofs.entries()) {
    const read = readLink(envelope, index)
    if (read.cause !== undefined) return read
    const link = read.value
    issuers.push(link.issuer)
    const cause =
      checkTime({ what: `delegation ${index}`, notBeforeS: link.notBeforeS, expiresS: link.expiresS }, context.clock) ??
      checkPlace(link, { index, following: proofs.length - 1 - index, issuer, subject: context.subject }) ??
      checkRevocation(link, { index, entitled: [...issuers, link.audience], revocations: context.revocations })
    if (cause !== undefined) return { cause: { ...cause, path: `proofs[${index}]` } }
    links.push(link)
    issuer = link.audience
  }
  if (issuer !== context.holder) {
    const details = { link: links.length - 1, reason: 'its audience is not the caller' }
    return { cause: denial('CAPABILITY_DELEGATION', { details, path: `proofs[${links.length - 1}]` }) }
  }
  return { value: links }
}

/** Time bounds, both inclusive, widened by the leeway (clause 7.9). */
export function checkTime(
  validity: { readonly what: string; readonly notBeforeS: number; readonly expiresS: number | null },
  { nowS, leewayS }: Clock,
): DenialCause | undefined {
  const { what, notBeforeS, expiresS } = validity
  if (expiresS !== null && nowS - leewayS > expiresS) {
    return denial('CAPABILITY_EXPIRED', { details: { what, secondsAgo: nowS - expiresS } })
  }
  if (nowS + leewayS < notBeforeS) {
    return denial('CAPABILITY_NOT_YET_VALID', { details: { what, seconds: notBeforeS - nowS } })
  }
  return undefined
}

/**
 * A token that does not open: its signature apart, since a wrong one means another thing than a wrong form.
 *
 * @throws `error` itself when it is none of ours
 */
export function unreadable(
  error: unknown,
  token: {
    readonly what: string
    readonly code: 'CAPABILITY_INVOCATION_INVALID' | 'CAPABILITY_DELEGATION_INVALID'
    readonly link?: number
    readonly path: string
  },
): DenialCause {
  const { what, code, link = 0, path } = token
  if (isTalosError(error, 'ENVELOPE_SIGNATURE')) return denial('CAPABILITY_SIGNATURE', { details: { what }, path })
  return denial(code, { details: { link }, path, causes: [denialOf(error)] })
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID` */
export function checkedDepth(maxDepth: number = DEFAULT_MAX_DEPTH): number {
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 1 || maxDepth > ABSOLUTE_MAX_DEPTH) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'maxDepth', reason: `not 1 to ${ABSOLUTE_MAX_DEPTH}` })
  }
  return maxDepth
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID`: a clock that is not a number must not make everything valid */
export function checkedClock({ nowS, leewayS = 0 }: { readonly nowS: number; readonly leewayS?: number }): Clock {
  if (!Number.isSafeInteger(nowS) || nowS < 0) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'nowS', reason: 'not a whole number of seconds' })
  }
  if (!Number.isSafeInteger(leewayS) || leewayS < 0 || leewayS > MAX_LEEWAY_S) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'leewayS', reason: `not 0 to ${MAX_LEEWAY_S}` })
  }
  return { nowS, leewayS }
}

function readLink(opened: OpenedEnvelope, link: number): Step<VerifiedLink> {
  try {
    return { value: delegationOf(verifiedOf(opened)) }
  } catch (error) {
    const token = {
      what: `delegation ${link}`,
      code: 'CAPABILITY_DELEGATION_INVALID',
      link,
      path: `proofs[${link}]`,
    } as const
    return { cause: unreadable(error, token) }
  }
}

/** What was verified. Throws why it does not open. */
export function verifiedOf({ verified, error }: OpenedEnvelope): VerifiedEnvelope {
  if (verified === undefined) throw error
  return verified
}

function subjectOf(root: OpenedEnvelope): Step<Did> {
  const read = readLink(root, 0)
  // The root's issuer is the subject or the walk refuses it: no need to look at the member here.
  return read.cause === undefined ? { value: read.value.issuer } : read
}

interface Place {
  readonly index: number
  readonly following: number
  /** Who must have issued it: the subject for the root, else the audience of the link before. */
  readonly issuer: Did
  readonly subject: Did
}

function checkPlace(link: VerifiedLink, { index, following, issuer, subject }: Place): DenialCause | undefined {
  const refuse = (reason: string): DenialCause => denial('CAPABILITY_DELEGATION', { details: { link: index, reason } })
  if (link.subject === null && index === 0) return refuse('the root must name its subject')
  if (link.subject !== null && link.subject !== subject) {
    return denial('CAPABILITY_SUBJECT', { details: { what: `delegation ${index}` } })
  }
  if (link.issuer !== issuer) {
    return refuse(
      index === 0 ? 'the root is not issued by the subject' : 'its issuer is not the audience of the link before',
    )
  }
  if (link.depth !== undefined && following > link.depth) {
    return denial('CAPABILITY_DEPTH', { details: { link: index, allowed: link.depth, actual: following } })
  }
  return undefined
}

function checkRevocation(
  link: VerifiedLink,
  about: { readonly index: number; readonly entitled: readonly Did[]; readonly revocations: RevocationView },
): DenialCause | undefined {
  const { index, entitled, revocations } = about
  const state = revocations.stateOf(revocableLink(link, entitled))
  return state.revoked ? denial('CAPABILITY_REVOKED', { details: { link: index, atS: state.atS } }) : undefined
}

function narrowest(links: readonly VerifiedLink[]): Step<string> {
  let command = '/'
  for (const [index, link] of links.entries()) {
    if (commandCovers(command, link.command)) command = link.command
    else if (!commandCovers(link.command, command)) {
      return { cause: denial('CAPABILITY_SCOPE', { details: { link: index }, path: `proofs[${index}]` }) }
    }
  }
  return { value: command }
}

function invalid(cause: DenialCause): ChainVerdict {
  return { outcome: 'invalid', cause: denial('CAPABILITY_CHAIN_INVALID', { causes: [cause] }) }
}
