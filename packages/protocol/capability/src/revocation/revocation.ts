/** Revocations: taking back one delegation, or all of one audience (spec 09-receipt-revocation, clauses 9.4 and 9.5). */
import type { Cid } from '@talos/bytes'
import { type Did, parseRevocation, REVOCATION_TAG } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { STATEMENT_MAX_BYTES } from '../limits.ts'

/** One delegation, or every delegation of the issuer to one audience that begins before the revocation was signed. */
export type RevocationTarget =
  | { readonly revokes: Cid; readonly who?: undefined }
  | { readonly who: Did; readonly revokes?: undefined }

export type RevokeOptions = RevocationTarget & {
  readonly signer: Signer
  /** For people; 1 to 256 characters without control characters. */
  readonly reason?: string
  /** SHA-256 of what shows the reason, 32 bytes. */
  readonly evidence?: Uint8Array
  readonly atS: number
}

export type VerifiedRevocation = RevocationTarget & {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  readonly issuer: Did
  readonly reason: string | undefined
  /** 32 bytes. */
  readonly evidence: Uint8Array | undefined
  readonly atS: number
}

export interface OpenRevocationOptions {
  readonly kernel: Kernel
  /** Who may revoke the delegation, where its chain is at hand: see `entitledToRevoke`. */
  readonly chainIssuers?: readonly Did[]
}

/**
 * Signs a revocation.
 *
 * @throws TalosError `SCHEMA_INVALID`, `SIGNER_FAILED`
 */
export async function revoke({ signer, revokes, who, reason, evidence, atS }: RevokeOptions): Promise<SignedEnvelope> {
  const payload = parseRevocation({
    iss: signer.did,
    ...(revokes === undefined ? { who } : { revoke: revokes }),
    ...(reason === undefined ? {} : { reason }),
    ...(evidence === undefined ? {} : { evidence }),
    atS,
  })
  return await signEnvelope({ tag: REVOCATION_TAG, payload: { ...payload }, signer, maxBytes: STATEMENT_MAX_BYTES })
}

/**
 * Opens a revocation.
 *
 * A store that has no chain at hand keeps it with its issuer and asks who is entitled when a call comes.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `REVOCATION_INVALID` when it does not name one target, or its issuer
 *   is not entitled
 */
export function openRevocation(bytes: Uint8Array, { kernel, chainIssuers }: OpenRevocationOptions): VerifiedRevocation {
  const revocation = revocationOf(openEnvelope(bytes, { kernel, ...REVOCATION_ENVELOPE }))
  if (chainIssuers !== undefined && !chainIssuers.includes(revocation.issuer)) {
    throw new TalosError('REVOCATION_INVALID', { reason: 'its issuer neither issued nor holds the delegation' })
  }
  return revocation
}

/** What a revocation's envelope is opened with. */
export const REVOCATION_ENVELOPE = { tags: [REVOCATION_TAG], maxBytes: STATEMENT_MAX_BYTES } as const

/**
 * Reads a revocation out of its envelope, whose signature was checked, or whose name stands in a list that its issuer signed.
 *
 * @throws TalosError `SCHEMA_INVALID`, `REVOCATION_INVALID`
 */
export function revocationOf({
  payload,
  cid,
  bytes,
}: Pick<VerifiedEnvelope, 'payload' | 'cid' | 'bytes'>): VerifiedRevocation {
  const { iss, revoke: revokes, who, reason, evidence, atS } = parseRevocation(payload)
  return { cid, bytes, issuer: iss, ...targetOf({ revokes, who }), reason, evidence, atS }
}

function targetOf({
  revokes,
  who,
}: {
  readonly revokes?: Cid | undefined
  readonly who?: Did | undefined
}): RevocationTarget {
  if (revokes !== undefined && who === undefined) return { revokes }
  if (revokes === undefined && who !== undefined) return { who }
  throw new TalosError('REVOCATION_INVALID', { reason: 'it names either one delegation or one audience' })
}
