/** The head of an issuer's list of revocations (spec 09-receipt-revocation, clause 9.6). */
import type { Cid } from '@talos/bytes'
import { type Did, parseRevocationHead, REVOCATION_HEAD_TAG } from '@talos/contracts'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { STATEMENT_MAX_BYTES } from '../limits.ts'

/** What a list is at one time. */
export interface RevocationHeadFacts {
  /** How many revocations it has. */
  readonly n: number
  /** 32 bytes: the hash chain over their names. */
  readonly digest: Uint8Array
  readonly atS: number
}

export interface VerifiedRevocationHead extends RevocationHeadFacts {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  readonly issuer: Did
}

/**
 * Signs a head. What it counts must be durable before: two heads that exclude each other cost the issuer its key (9.7).
 *
 * @throws TalosError `SCHEMA_INVALID`, `SIGNER_FAILED`
 */
export async function signRevocationHead({
  signer,
  n,
  digest,
  atS,
}: RevocationHeadFacts & { readonly signer: Signer }): Promise<SignedEnvelope> {
  const payload = parseRevocationHead({ iss: signer.did, n, digest, atS })
  return await signEnvelope({
    tag: REVOCATION_HEAD_TAG,
    payload: { ...payload },
    signer,
    maxBytes: STATEMENT_MAX_BYTES,
  })
}

/** Opens a head. Whether it counts is for its list to say. @throws TalosError of the envelope, `SCHEMA_INVALID` */
export function openRevocationHead(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedRevocationHead {
  return revocationHeadOf(openEnvelope(bytes, { kernel, ...REVOCATION_HEAD_ENVELOPE }))
}

/** What a head's envelope is opened with. */
export const REVOCATION_HEAD_ENVELOPE = { tags: [REVOCATION_HEAD_TAG], maxBytes: STATEMENT_MAX_BYTES } as const

/** Reads a head out of its verified envelope. @throws TalosError `SCHEMA_INVALID` */
export function revocationHeadOf({ payload, cid, bytes }: VerifiedEnvelope): VerifiedRevocationHead {
  const { iss, n, digest, atS } = parseRevocationHead(payload)
  return { cid, bytes, issuer: iss, n, digest, atS }
}
