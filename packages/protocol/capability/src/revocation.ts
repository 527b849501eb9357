/** Revocations: taking a delegation back (spec 09-receipt-revocation, clauses 9.4 to 9.6). */
import type { Cid } from '@talos/bytes'
import { type Did, parseRevocation, REVOCATION_TAG } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { VerifiedLink } from './delegation.ts'
import { STATEMENT_MAX_BYTES } from './limits.ts'

export interface RevokeOptions {
  readonly signer: Signer
  /** The delegation that is taken back. */
  readonly revokes: Cid
  /** For people; 1 to 256 characters without control characters. */
  readonly reason?: string
  readonly atS: number
}

export interface VerifiedRevocation {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  readonly issuer: Did
  readonly revokes: Cid
  readonly reason: string | undefined
  readonly atS: number
}

export interface OpenRevocationOptions {
  readonly kernel: Kernel
  /** Who may revoke the delegation, where its chain is at hand: see {@link entitledToRevoke}. */
  readonly chainIssuers?: readonly Did[]
}

/**
 * Signs a revocation.
 *
 * @throws TalosError `SCHEMA_INVALID`, `SIGNER_FAILED`
 */
export async function revoke({ signer, revokes, reason, atS }: RevokeOptions): Promise<SignedEnvelope> {
  const payload = parseRevocation({
    iss: signer.did,
    revoke: revokes,
    ...(reason === undefined ? {} : { reason }),
    atS,
  })
  return await signEnvelope({ tag: REVOCATION_TAG, payload: { ...payload }, signer, maxBytes: STATEMENT_MAX_BYTES })
}

/**
 * Opens a revocation.
 *
 * A store that has no chain at hand keeps it with its issuer and asks who is entitled when a call comes.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `REVOCATION_INVALID` when the issuer is not entitled
 */
export function openRevocation(bytes: Uint8Array, { kernel, chainIssuers }: OpenRevocationOptions): VerifiedRevocation {
  const { payload, cid } = openEnvelope(bytes, { kernel, tags: [REVOCATION_TAG], maxBytes: STATEMENT_MAX_BYTES })
  const { iss, revoke: revokes, reason, atS } = parseRevocation(payload)
  if (chainIssuers !== undefined && !chainIssuers.includes(iss)) {
    throw new TalosError('REVOCATION_INVALID', { reason: 'its issuer neither issued nor holds the delegation' })
  }
  return { cid, bytes, issuer: iss, revokes, reason, atS }
}

/** Who may revoke link `index` of a chain: every issuer from the root to it, and its holder. */
export function entitledToRevoke(links: readonly VerifiedLink[], index: number): readonly Did[] {
  const upTo = links.slice(0, index + 1)
  return [...upTo.map(({ issuer }) => issuer), ...upTo.slice(-1).map(({ audience }) => audience)]
}
