/**
 * Everything that is known of revocations, in memory: what a verifier asks in every decision (spec 09-receipt-revocation,
 * clauses 9.5 to 9.8).
 *
 * Looking up a link costs one map for each of its names and one for its audience, and where something is known there one look
 * for each of those entitled, however many others revoked. What is put here was verified before, and is kept elsewhere;
 * nothing here is forgotten, so that the room is bounded for each issuer and in all.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_REVOCATIONS, MAX_REVOCATIONS_PER_ISSUER } from '../limits.ts'
import type { ChainKernel } from './digest-chain.ts'
import { RevocationList } from './list.ts'
import type { RevocationTarget, VerifiedRevocation } from './revocation.ts'
import { isRevokedBy, NOT_REVOKED, type RevocableLink, type RevocationState, type RevocationView } from './view.ts'

/** What the book keeps of a revocation. */
export type KnownRevocation = RevocationTarget & Pick<VerifiedRevocation, 'issuer' | 'atS' | 'reason'>

export interface RevocationBookOptions {
  readonly kernel: ChainKernel
  /** {@link MAX_REVOCATIONS_PER_ISSUER} when absent. */
  readonly limitPerIssuer?: number
  /** {@link MAX_REVOCATIONS} when absent. */
  readonly limit?: number
}

export class RevocationBook implements RevocationView {
  readonly #kernel: ChainKernel
  readonly #limitPerIssuer: number
  readonly #limit: number
  /** By the CID of the delegation as text, or by the audience; then by issuer: others slow no answer down. */
  readonly #known = new Map<string, Map<Did, KnownRevocation>>()
  readonly #counts = new Map<Did, number>()
  readonly #lists = new Map<Did, RevocationList>()
  #size = 0

  constructor({ kernel, limitPerIssuer = MAX_REVOCATIONS_PER_ISSUER, limit = MAX_REVOCATIONS }: RevocationBookOptions) {
    this.#kernel = kernel
    this.#limitPerIssuer = limitPerIssuer
    this.#limit = limit
  }

  /** Revocations that are known. */
  get size(): number {
    return this.#size
  }

  /** How many of them are by one issuer. */
  countOf(issuer: Did): number {
    return this.#counts.get(issuer) ?? 0
  }

  stateOf(link: RevocableLink): RevocationState {
    let first: KnownRevocation | undefined
    for (const name of link.names) {
      const known = this.#known.get(name)
      if (known === undefined) continue
      for (const did of link.entitled) first = earlier(link, { first, other: known.get(did) })
    }
    first = earlier(link, { first, other: this.#known.get(link.audience)?.get(link.issuer) })
    if (first === undefined) return NOT_REVOKED
    const { issuer: by, atS, reason } = first
    return { revoked: true, by, atS, ...(reason !== undefined && { reason }) }
  }

  issuersAgainst(audience: Did): Iterable<Did> {
    return this.#known.get(audience)?.keys() ?? []
  }

  knownAtS(issuer: Did): number | undefined {
    return this.#lists.get(issuer)?.knownAtS
  }

  /** The list of an issuer; an empty one where nothing is known of it. */
  listOf(issuer: Did): RevocationList {
    const known = this.#lists.get(issuer)
    if (known !== undefined) return known
    const list = new RevocationList({ issuer, kernel: this.#kernel, limit: this.#limitPerIssuer })
    this.#lists.set(issuer, list)
    return list
  }

  /** The issuers whose lists are known. */
  issuers(): readonly Did[] {
    return [...this.#lists.keys()]
  }

  /** How many lists are known. */
  get lists(): number {
    return this.#lists.size
  }

  /** Whether anything is known of an issuer's list. */
  hasList(issuer: Did): boolean {
    return this.#lists.has(issuer)
  }

  /**
   * Takes a revocation: it counts from now on, whatever its place in its issuer's list. Tells whether it says more than what
   * is known: of one delegation the first by an issuer stays, of one audience the last.
   *
   * @throws TalosError `REVOCATION_FULL`: nothing changed
   */
  put(revocation: KnownRevocation): boolean {
    const { issuer, revokes, who, atS } = revocation
    const key = revokes === undefined ? who : revokes.toString()
    const known = this.#known.get(key) ?? new Map<Did, KnownRevocation>()
    const before = known.get(issuer)
    if (before === undefined) {
      this.#takeRoom(issuer)
      this.#known.set(key, known.set(issuer, revocation))
      return true
    }
    const saysMore = revokes === undefined ? atS > before.atS : atS < before.atS
    if (saysMore) known.set(issuer, revocation)
    return saysMore
  }

  #takeRoom(issuer: Did): void {
    const count = this.countOf(issuer)
    if (count >= this.#limitPerIssuer) {
      throw new TalosError('REVOCATION_FULL', { what: 'one issuer', limit: this.#limitPerIssuer })
    }
    if (this.#size >= this.#limit) throw new TalosError('REVOCATION_FULL', { what: 'all issuers', limit: this.#limit })
    this.#counts.set(issuer, count + 1)
    this.#size += 1
  }
}

/** The one that was signed first, of those that count. */
function earlier(
  link: RevocableLink,
  { first, other }: { readonly first: KnownRevocation | undefined; readonly other: KnownRevocation | undefined },
): KnownRevocation | undefined {
  if (other === undefined || !isRevokedBy(link, other)) return first
  return first === undefined || other.atS < first.atS ? other : first
}
