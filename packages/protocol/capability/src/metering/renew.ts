/** Renewing a lease, and telling whether a delegation is a renewal of another (spec 07-delegation, clause 7.11). */
import { encodeCbor, equalBytes } from '@talos/bytes'
import type { SignedEnvelope, Signer } from '@talos/identity'
import { delegate, type VerifiedLink } from '../delegation.ts'
import { type Lease, lapsed } from './lease.ts'

export interface RenewOptions {
  /** The issuer of the lease. */
  readonly signer: Signer
  /** The first of the lease, or any renewal of it: the terms are taken from it. */
  readonly link: VerifiedLink
  /** The first second of the renewal: now, or the end of what it renews. */
  readonly notBeforeS: number
  /** The lease's term after `notBeforeS` when absent. */
  readonly expiresS?: number
  /** At least `MIN_NONCE_BYTES` fresh bytes. */
  readonly nonce: Uint8Array
}

/**
 * Signs the next renewal of a lease: the same terms to the same audience, under the name of the first.
 *
 * @throws TalosError `CAPABILITY_LEASE` for a delegation without a lease, another issuer, no renewal left, or a time beyond
 *   the term; what `delegate` throws
 */
export async function renew({ signer, link, notBeforeS, expiresS, nonce }: RenewOptions): Promise<SignedEnvelope> {
  const { lease, issuer, cid, audience, subject, command, policy, depth, need, rules, terms, approvals } = link
  if (lease === undefined) throw lapsed('the delegation is no lease')
  if (issuer !== signer.did) throw lapsed('only its issuer renews it')
  const { limits, when } = terms
  return await delegate({
    signer,
    audience,
    subject,
    command,
    policy,
    expiresS: expiresS ?? notBeforeS + lease.termS,
    notBeforeS,
    nonce,
    // What has a lease is a `talos/cap@1`, and so has a depth.
    depth: Number(depth),
    need,
    rules,
    lease: { ...lease, n: lease.n + 1, of: lease.of ?? cid },
    ...(limits === undefined ? {} : { limits }),
    ...(when === undefined ? {} : { when }),
    ...(approvals === undefined ? {} : { approvals }),
  })
}

/**
 * Makes sure that a delegation renews another: the same lease, later in its order, with the same terms.
 *
 * @throws TalosError `CAPABILITY_LEASE`
 */
export function requireRenewal({ of, by }: { readonly of: VerifiedLink; readonly by: VerifiedLink }): void {
  if (of.lease === undefined || by.lease === undefined) throw lapsed('the delegation is no lease')
  if (by.account !== of.account) throw lapsed('it is another lease')
  if (by.lease.n <= of.lease.n) throw lapsed('it comes no later in the order of renewals')
  if (!equalBytes(termsOf(by, by.lease), termsOf(of, of.lease))) throw lapsed('its terms are others')
}

/** Everything but times, nonce, remarks and the place among the renewals. */
function termsOf(link: VerifiedLink, { termS, max }: Lease): Uint8Array {
  const { audience, subject, command, policy, depth, need, rules, terms } = link
  const { limits = [], when = [], approvals } = terms
  const numbers = [Number(depth), termS, max]
  return encodeCbor([audience, subject, command, policy, numbers, need, rules, limits, when, { ...approvals }])
}
