/**
 * Approvals: somebody's signed consent to one exact call (spec 19-approval).
 *
 *     call digest = SHA-256( DAG-CBOR { "talos/call@1": { iss, aud, sub, cmd, args } } )
 *
 * The digest leaves out the nonce and the times of the call, so that consent can be asked for before the call is signed; that
 * an approval is for one call and no more is the executor's record of used ones.
 */
import { type Cid, encodeCbor } from '@talos/bytes'
import { APPROVAL_TAG, type Did, parseApproval } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type IpldMap, openEnvelope, type SignedEnvelope, type Signer, signEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { STATEMENT_MAX_BYTES } from '../limits.ts'

/** Seconds from signing to the end, at most: consent is to a call that is about to be made. */
export const MAX_APPROVAL_LIFETIME_S = 3_600
/** Name of the map that a call's digest is taken over: no other hash of this project begins like it. */
const CALL_DIGEST_TAG = 'talos/call@1'

/** What somebody consents to: who calls what of whom, at which executor, with which arguments. */
export interface CallToApprove {
  /** The caller. */
  readonly issuer: Did
  /** The executor. */
  readonly audience: Did
  readonly subject: Did
  readonly command: string
  readonly args: IpldMap
}

export interface ApproveOptions {
  /** The approver. */
  readonly signer: Signer
  /** 32 bytes, by {@link callDigest}. */
  readonly call: Uint8Array
  readonly atS: number
  /** Last second in which it counts; {@link MAX_APPROVAL_LIFETIME_S} after `atS` at most. */
  readonly expiresS: number
  /** 12 to 64 fresh bytes. */
  readonly nonce: Uint8Array
  /** Why, for people: 1 to 256 characters. */
  readonly note?: string
}

export interface VerifiedApproval {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  /** Who approved. */
  readonly issuer: Did
  /** 32 bytes, by {@link callDigest}. */
  readonly call: Uint8Array
  readonly nonce: Uint8Array
  readonly atS: number
  readonly expiresS: number
  readonly note: string | undefined
}

/**
 * What an approval binds: 32 bytes.
 *
 * @throws TalosError `CBOR_INVALID`, `INPUT_TOO_DEEP` (arguments that have no canonical form)
 */
export function callDigest({ issuer, audience, subject, command, args }: CallToApprove, kernel: Kernel): Uint8Array {
  const call = { iss: issuer, aud: audience, sub: subject, cmd: command, args }
  return kernel.sha256(encodeCbor({ [CALL_DIGEST_TAG]: call }))
}

/**
 * Signs an approval.
 *
 * @throws TalosError `APPROVAL_INVALID`, `SCHEMA_INVALID`, `SIGNER_FAILED`
 */
export async function approve({ signer, call, atS, expiresS, nonce, note }: ApproveOptions): Promise<SignedEnvelope> {
  const payload = parseApproval({
    iss: signer.did,
    call,
    atS,
    exp: expiresS,
    nonce,
    ...(note === undefined ? {} : { note }),
  })
  checkLifetime(payload)
  return await signEnvelope({ tag: APPROVAL_TAG, payload: { ...payload }, signer, maxBytes: STATEMENT_MAX_BYTES })
}

/**
 * Opens an approval: form, signature, schema, lifetime. Whether it counts for a call is `checkApprovals`' to say.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `APPROVAL_INVALID`
 */
export function openApproval(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedApproval {
  const { payload, cid } = openEnvelope(bytes, { kernel, tags: [APPROVAL_TAG], maxBytes: STATEMENT_MAX_BYTES })
  const { iss, call, nonce, atS, exp, note } = checkLifetime(parseApproval(payload))
  return { cid, bytes, issuer: iss, call, nonce, atS, expiresS: exp, note }
}

function checkLifetime<T extends { readonly atS: number; readonly exp: number }>(approval: T): T {
  const lifetimeS = approval.exp - approval.atS
  if (lifetimeS < 0) throw new TalosError('APPROVAL_INVALID', { reason: 'it ends before it was signed' })
  if (lifetimeS > MAX_APPROVAL_LIFETIME_S) {
    throw new TalosError('APPROVAL_INVALID', { reason: `it lasts longer than ${MAX_APPROVAL_LIFETIME_S} seconds` })
  }
  return approval
}
