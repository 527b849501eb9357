/** What a meter is asked and told: accounts, one use of them, and the store underneath (spec 16-metering). */
import type { IpldMap } from '@talos/identity'
import type { VerifiedLink } from '../delegation.ts'
import { MAX_LEEWAY_S } from '../limits.ts'
import type { Limit, LimitKind } from './limit.ts'

/**
 * How long after its last second the account of a lease is kept for a renewal that comes late: 30 days. A renewal after
 * that is a new grant by its issuer in all but name.
 */
export const LEASE_KEEP_S = 2_592_000

/** One link's account, and the limits that it is held to. */
export interface Account {
  /** Issuer and CID of the link, or of the first of its lease (clause 16.1). */
  readonly account: string
  /** The account of the chain's first link: what bounds the number of accounts is counted by it. */
  readonly tree: string
  /** Place of the link in its chain, for denials. */
  readonly link: number
  readonly limits: readonly Limit[]
  /** The last second in which it can be charged; null for no end. */
  readonly untilS: number | null
  /** Whether the end of a call matters to it: it counts running calls or bytes. */
  readonly settles: boolean
}

/** One call, as far as limits go. */
export interface Use {
  readonly nowMs: number
  /** Bytes of the request as received. */
  readonly bytes: number
  readonly args: IpldMap
  /** What the executor says the call costs in a unit, in the unit's smallest part; undefined where it does not say. */
  readonly cost: (unit: string) => number | undefined
}

/** What is left of one limit. */
export interface Remaining {
  readonly kind: LimitKind
  /** The limit's counter: `calls`, `rate 60`, `budget usd-cent`. */
  readonly key: string
  /** The most in all, at a time, or at once. */
  readonly limit: number
  /** How much of it may still be used now. */
  readonly left: number
  readonly requirement: string
}

/** One counter's new durable value. */
export interface MeterChange {
  readonly key: string
  readonly value: number
  readonly tree: string
  /** After this second the counter may be forgotten; null for never. What is stored becomes no earlier. */
  readonly untilS: number | null
}

/** Durable values of counters; a port, implemented by storage. */
export interface MeterStore {
  /**
   * Counters that ended before this second may have been forgotten; 0 where none was. Never lower than it ever was.
   */
  readonly forgottenS: number
  /** The values of those that are stored. */
  load(keys: readonly string[]): ReadonlyMap<string, number>
  /**
   * Stores all values in one atomic and durable step.
   *
   * @returns false where the trees among them have no room for more counters: then nothing is stored
   */
  write(changes: readonly MeterChange[], nowS: number): boolean
}

/** The accounts that a call by this chain is charged to: those of its links that have limits. Keep it with the chain. */
export function accountsOf(chain: readonly VerifiedLink[]): readonly Account[] {
  const [root] = chain
  if (root === undefined) return []
  const { account: tree } = root
  return chain.flatMap(({ account, limits, expiresS, lease }, link) => {
    if (limits.length === 0) return []
    const keptS = lease === undefined ? 0 : lease.termS * (lease.max - lease.n) + LEASE_KEEP_S
    const untilS = expiresS === null ? null : expiresS + MAX_LEEWAY_S + keptS
    const settles = limits.some(({ kind }) => kind === 'concurrency' || kind === 'bytes')
    return [{ account, tree, link, limits, untilS, settles }]
  })
}
