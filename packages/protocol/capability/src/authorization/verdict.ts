/** What a decision says (spec 08-invocation, clause 8.5). */
import type { VerifiedCall } from '../call.ts'
import type { VerifiedLink } from '../delegation.ts'
import { type DenialCause, denial } from '../denial.ts'
import type { Ticket } from '../metering/meter.ts'
import type { ProofLevel, ToolRequirements } from '../requirements.ts'
import type { MissingApprovals } from './approving.ts'
import type { Freshness } from './matter.ts'

/** The call may be made, once, now. */
export interface Allowed {
  readonly outcome: 'allow'
  /** From the root to the caller; none where the caller is the subject. */
  readonly chain: readonly VerifiedLink[]
  readonly invocation: VerifiedCall
  readonly level: ProofLevel
  /** To be settled with the meter when the call has ended; none where no link has limits. */
  readonly ticket: Ticket | undefined
  readonly revocation: Freshness
  readonly requirements: ToolRequirements
}

/** Nothing is against the call, and others must approve it first. Nothing was charged or recorded. */
export interface Referred {
  readonly outcome: 'refer'
  readonly cause: DenialCause
  readonly chain: readonly VerifiedLink[]
  readonly invocation: VerifiedCall
  readonly requirements: ToolRequirements
  /** What approvers are to sign: 32 bytes, by `callDigest`. */
  readonly digest: Uint8Array
  readonly missing: readonly MissingApprovals[]
}

export interface Denied {
  readonly outcome: 'deny'
  readonly cause: DenialCause
  /** Whose refused call it was, where its proof was good. */
  readonly invocation?: VerifiedCall
}

export type Verdict = Allowed | Referred | Denied

/** The verdict on a call of a chain handle, which is named by the session and not by a CID. */
export type ChannelVerdict =
  | Omit<Allowed, 'invocation' | 'level'>
  | Omit<Referred, 'invocation'>
  | Omit<Denied, 'invocation'>

/** A cause under the root that every denial has. */
export function denied(cause: DenialCause): DenialCause {
  return denial('CAPABILITY_DENIED', { causes: [cause] })
}
