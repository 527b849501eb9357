/**
 * The call that was asked for: as its invocation says (spec 12-proof-bundle, clause 12.6), or where that is hidden, as the
 * agent's log recorded it (clause 12.17).
 */
import type { AuditEntry } from '@talos/audit'
import { Cid } from '@talos/bytes'
import { parseCommand, type VerifiedInvocation } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { demand } from './checks.ts'
import type { VerifiedIdentities } from './identity.ts'

/** What is known of a call. */
export interface AskedCall {
  /** Name of the invocation. */
  readonly cid: Cid
  readonly issuer: Did
  readonly audience: Did
  readonly command: string
  /** CID of the caller's own delegation: the last link. Undefined where there is none. */
  readonly cap: string | undefined
  /** null: no end, or none that is known. */
  readonly expiresS: number | null
  /** Undefined where it is hidden, and with it the arguments. */
  readonly invocation: VerifiedInvocation | undefined
}

/** What the agent's entry says of an invocation that is hidden. */
export interface CallReference {
  readonly cid: Cid
  readonly command: string
  readonly cap: string | undefined
}

/** An invocation in some stage of being opened, or what is known without it. */
export type Asked<T> =
  | { readonly invocation: T; readonly reference?: undefined }
  | { readonly invocation?: undefined; readonly reference: CallReference }

export function invokedCall(invocation: VerifiedInvocation): AskedCall {
  const { cid, issuer, audience, command, proofs, expiresS } = invocation
  return { cid, issuer, audience, command, cap: proofs.at(-1)?.toString(), expiresS, invocation }
}

/** The call of an entry, between the two sides of the bundle. */
export function recordedCall(reference: CallReference, { agent, executor }: VerifiedIdentities): AskedCall {
  return { ...reference, issuer: agent.did, audience: executor.did, expiresS: null, invocation: undefined }
}

/**
 * What an entry says of its call. Without the invocation it has to name it, and to commit to the request, so that the other
 * side's log can be held against it.
 *
 * @throws TalosError `PROOF_INTENT_UNBOUND`, `CAPABILITY_COMMAND_INVALID`, `CID_INVALID`
 */
export function referenceIn({ ref, tool, cap, commit = {} }: AuditEntry): CallReference {
  const code = 'PROOF_INTENT_UNBOUND'
  demand(tool !== undefined, code, { member: 'tool' })
  demand(ref !== undefined, code, { member: 'ref' })
  demand(commit.params !== undefined, code, { member: 'params' })
  parseCommand(tool)
  return { cid: Cid.parse(ref), command: tool, cap }
}
