/** Reading what came in: the tokens' forms, told apart from their signatures. */
import { isTalosError } from '@talos/errors'
import type { EnvelopeToOpen, OpenedEnvelope, VerifiedEnvelope } from '@talos/identity'
import { DELEGATION_ENVELOPE, delegationOf, type VerifiedLink } from '../delegation.ts'
import { type DenialCause, denial, denialOf, type Step } from '../denial.ts'
import { CHAIN_MAX_BYTES } from '../limits.ts'

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

/** The delegation in an envelope, or why link `index` of a chain cannot be read. */
export function readLink(opened: OpenedEnvelope, index: number): Step<VerifiedLink> {
  try {
    return { value: delegationOf(verifiedOf(opened)) }
  } catch (error) {
    const code = 'CAPABILITY_DELEGATION_INVALID'
    return { cause: unreadable(error, { what: `delegation ${index}`, code, link: index, path: `proofs[${index}]` }) }
  }
}

/** What was verified. Throws why it does not open. */
export function verifiedOf({ verified, error }: OpenedEnvelope): VerifiedEnvelope {
  if (verified === undefined) throw error
  return verified
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
