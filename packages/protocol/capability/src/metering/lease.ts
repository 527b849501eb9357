/**
 * Leases: short terms that their issuer renews without anything below being issued again (spec 07-delegation, clause 7.11).
 *
 * A renewal is a delegation of its own with the terms of the first of the lease, whose CID it names. Counters go by that
 * name and so does revocation, so that a renewal refills nothing and revives nothing.
 */
import type { Cid } from '@talos/bytes'
import type { Capability, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'

export interface Lease {
  /** The longest time from the first to the last second of validity. */
  readonly termS: number
  /** How many renewals there may be. */
  readonly max: number
  /** Which renewal this is; 0 for the first of the lease. */
  readonly n: number
  /** The first of the lease; undefined in the first itself. */
  readonly of: Cid | undefined
}

/** The names under which a delegation can be revoked, as texts: its own, and that of the first of its lease. */
export type RevocableNames = readonly [string, ...string[]]

/**
 * Reads the member `lease` against the times of its delegation.
 *
 * @throws TalosError `CAPABILITY_LEASE`
 */
export function leaseOf(
  { term, max, n, of }: NonNullable<Capability['lease']>,
  { nbf, exp }: { readonly nbf: number | undefined; readonly exp: number | null },
): Lease {
  if (n > max) throw lapsed('it was renewed more often than it allows')
  if ((n === 0) !== (of === undefined)) throw lapsed('a renewal names the first of the lease, and the first names none')
  if (nbf === undefined || exp === null) throw lapsed('it has no beginning or no end')
  if (exp - nbf > term) throw lapsed('it lasts longer than its term')
  return { termS: term, max, n, of }
}

/** A lease as the member of a payload. */
export function leaseMember({ termS, max, n, of }: Lease): NonNullable<Capability['lease']> {
  return { term: termS, max, n, ...(of === undefined ? {} : { of }) }
}

/** The account that a delegation is counted under: a renewal's is that of the first of its lease (clause 16.1). */
export function accountOf(issuer: Did, { name, lease }: { readonly name: string; readonly lease: Lease | undefined }) {
  return `${issuer} ${lease?.of?.toString() ?? name}`
}

/** The names under which a delegation can be revoked (clause 9.5). */
export function revocableNames(name: string, lease: Lease | undefined): RevocableNames {
  return lease?.of === undefined ? [name] : [name, lease.of.toString()]
}

/** A lease that does not hold, and why. */
export function lapsed(reason: string): TalosError {
  return new TalosError('CAPABILITY_LEASE', { reason })
}
