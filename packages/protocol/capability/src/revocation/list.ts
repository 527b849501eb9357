/**
 * One issuer's list of revocations as a follower knows it (spec 09-receipt-revocation, clauses 9.6 to 9.8).
 *
 * A head counts when it continues the one before: the same list again, signed later, or a longer one that begins with it.
 * Pages that lead to a longer one are held against its digest before they count. Deciding changes nothing: `plan` says what
 * is to be kept, `apply` takes it over once it is durable.
 */
import { type Cid, equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_LEEWAY_S, MAX_REVOCATIONS_PER_ISSUER } from '../limits.ts'
import { type ChainKernel, DigestChain, nextDigest } from './digest-chain.ts'
import type { VerifiedRevocationHead } from './head.ts'

/** A part of a list: names at the positions after one up to which it is the list that is known. */
export interface ListPart {
  readonly after: number
  readonly names: readonly Cid[]
}

/** Two heads of one issuer that exclude each other: whoever holds both can show it to anybody. */
export type ConflictingHeads = readonly [known: VerifiedRevocationHead, offered: VerifiedRevocationHead]

/** The issuer contradicts itself: `REVOCATION_FORK`, or `REVOCATION_ROLLBACK` where it signed a shorter list later. */
export class RevocationConflict extends TalosError {
  readonly heads: ConflictingHeads
  /** What the offered head counts, where that shows more than the heads: it is longer than what is known, and other. */
  readonly offered: ListPart | undefined

  constructor(code: 'REVOCATION_FORK' | 'REVOCATION_ROLLBACK', heads: ConflictingHeads, offered?: ListPart) {
    const [known, other] = heads
    super(code, { seen: known.n, offered: other.n })
    this.heads = heads
    this.offered = offered
  }
}

/** A part of a list, with a head that covers it. */
export interface ListPage {
  readonly head: VerifiedRevocationHead
  /** Position before the first name. */
  readonly after: number
  /** CIDs of revocations by the issuer, at the positions that follow. */
  readonly names: readonly Cid[]
}

/** What a page adds. */
export interface ListStep {
  readonly issuer: Did
  /** Where it is not the one that was known. */
  readonly head: VerifiedRevocationHead | undefined
  /** Names at the positions after those that were known. */
  readonly confirmed: readonly Cid[]
  /** What is held back until the head's digest is reached. */
  readonly stage: ListStage | undefined
  /** Position after which to ask on; undefined where nothing is missing. */
  readonly next: number | undefined
}

/** Names that one source gave, from a position that is known on. */
export interface ListStage extends ListPart {
  readonly source: string
}

/** What a list judges by. */
export interface ListClock {
  readonly nowS: number
  /** How far the issuer's clock may be ahead; {@link MAX_LEEWAY_S} when absent. */
  readonly leewayS?: number
}

export class RevocationList {
  readonly issuer: Did
  readonly #kernel: ChainKernel
  readonly #chain: DigestChain
  readonly #limit: number
  #head: VerifiedRevocationHead | undefined
  #stage: ListStage | undefined
  #conflict: ConflictingHeads | undefined

  constructor(options: { readonly issuer: Did; readonly kernel: ChainKernel; readonly limit?: number }) {
    const { issuer, kernel, limit = MAX_REVOCATIONS_PER_ISSUER } = options
    this.issuer = issuer
    this.#kernel = kernel
    this.#chain = new DigestChain(issuer, kernel)
    this.#limit = limit
  }

  /** The positions that are known. */
  get size(): number {
    return this.#chain.size
  }

  /** The digest over all positions that are known, 32 bytes. */
  get digest(): Uint8Array {
    return this.#chain.at(this.#chain.size)
  }

  /** The newest head that counts. */
  get head(): VerifiedRevocationHead | undefined {
    return this.#head
  }

  /** Set once the issuer has contradicted itself: its heads count no more. */
  get conflict(): ConflictingHeads | undefined {
    return this.#conflict
  }

  /** Signing time of the newest head; undefined where there is none, or none to rely on. */
  get knownAtS(): number | undefined {
    return this.#conflict === undefined ? this.#head?.atS : undefined
  }

  /** The next position of one's own list, durable by now. @throws TalosError `REVOCATION_FULL` */
  append(name: Cid): void {
    this.#requireRoom(this.size + 1)
    this.#chain.append(name)
  }

  /** Takes over a head that was stored: one that is not of the positions that are known is dropped, and comes again. */
  restore(head: VerifiedRevocationHead): boolean {
    const fits = head.n <= this.size && equalBytes(head.digest, this.#chain.at(head.n))
    if (fits) this.#head = head
    return fits
  }

  /** The issuer has contradicted itself. */
  condemn(heads: ConflictingHeads): void {
    this.#conflict = heads
    this.#stage = undefined
  }

  /**
   * What a page means for this list; nothing changes.
   *
   * @param source who gave it: what one source leaves open, another one does not fill
   * @throws TalosError `REVOCATION_FUTURE`, `REVOCATION_ROLLBACK` (an older head than the one known),
   *   `REVOCATION_LIST_INVALID`, `REVOCATION_FULL`; {@link RevocationConflict} where the two heads convict the issuer
   */
  plan(page: ListPage, { source, ...clock }: ListClock & { readonly source: string }): ListStep {
    const { issuer } = this
    const { head } = page
    const standing = this.#judge(head, clock)
    if (standing !== 'ahead') {
      const step = { issuer, confirmed: [], stage: this.#stage, next: undefined }
      return { ...step, head: standing === 'renewed' ? head : undefined }
    }
    this.#requireRoom(head.n)
    const stage = this.#extended(page, source)
    if (stage === undefined) {
      return { issuer, head: undefined, confirmed: [], stage: this.#stage, next: this.#tip(source) }
    }
    const end = stage.after + stage.names.length
    if (end < head.n) return { issuer, head: undefined, confirmed: [], ...this.#open(stage, end) }
    return this.#whole(stage, head)
  }

  /** Takes over what {@link plan} said. */
  apply({ head, confirmed, stage }: ListStep): void {
    for (const name of confirmed) this.#chain.append(name)
    this.#head = head ?? this.#head
    this.#stage = stage
  }

  /** Where a source is to be asked on: after what it gave so far. */
  #tip(source: string): number {
    const stage = this.#stage
    return stage?.source === source ? stage.after + stage.names.length : this.size
  }

  #judge(head: VerifiedRevocationHead, { nowS, leewayS = MAX_LEEWAY_S }: ListClock): 'known' | 'renewed' | 'ahead' {
    if (head.atS > nowS + leewayS) throw new TalosError('REVOCATION_FUTURE', { seconds: head.atS - nowS })
    const known = this.#head
    if (head.n <= this.size && !equalBytes(head.digest, this.#chain.at(head.n))) {
      throw this.#contradiction(head)
    }
    if (known === undefined) return head.n <= this.size ? 'renewed' : 'ahead'
    const isLonger = head.n > known.n
    const isShorter = head.n < known.n
    const isLater = head.atS > known.atS
    if ((isShorter && isLater) || (isLonger && head.atS < known.atS)) {
      throw new RevocationConflict('REVOCATION_ROLLBACK', [known, head])
    }
    if (isShorter) throw new TalosError('REVOCATION_ROLLBACK', { offered: head.n, seen: known.n })
    if (head.n > this.size) return 'ahead'
    return isLater || isLonger ? 'renewed' : 'known'
  }

  /** What a source gave so far and the page, where they join; else the page on its own, where it joins what is known. */
  #extended({ after, names }: ListPage, source: string): ListStage | undefined {
    const stage = this.#stage
    if (stage?.source === source && after === stage.after + stage.names.length) {
      return { ...stage, names: [...stage.names, ...names] }
    }
    return after <= this.size ? { source, after, names } : undefined
  }

  /** More is to come. What the issuer itself has begun to give is not thrown away for what others begin. */
  #open(stage: ListStage, end: number): Pick<ListStep, 'stage' | 'next'> {
    const begun = this.#stage
    const isSecond = begun?.source === this.issuer && stage.source !== this.issuer
    return isSecond ? { stage: begun, next: undefined } : { stage, next: end }
  }

  /** As much was given as the head counts: it is that list, or not. */
  #whole({ after, names }: ListStage, head: VerifiedRevocationHead): ListStep {
    const { issuer } = this
    let digest = this.#chain.at(after)
    let position = after
    let isOfThisList = true
    for (const name of names.slice(0, head.n - after)) {
      digest = nextDigest({ digest, name }, this.#kernel)
      position += 1
      if (position === this.size) isOfThisList = equalBytes(digest, this.digest)
    }
    if (!equalBytes(digest, head.digest)) {
      // From the first on it shows whether another list was signed, or this page is not of any.
      if (after > 0) return { issuer, head: undefined, confirmed: [], stage: undefined, next: 0 }
      throw new TalosError('REVOCATION_LIST_INVALID', { reason: 'its digest is not that of its revocations' })
    }
    if (!isOfThisList) throw this.#contradiction(head, { after, names: names.slice(0, head.n - after) })
    const confirmed = names.slice(this.size - after, head.n - after)
    return { issuer, head, confirmed, stage: undefined, next: undefined }
  }

  #contradiction(head: VerifiedRevocationHead, offered?: ListPart): TalosError {
    if (this.#head !== undefined) return new RevocationConflict('REVOCATION_FORK', [this.#head, head], offered)
    return new TalosError('REVOCATION_LIST_INVALID', { reason: 'its digest is not that of its revocations' })
  }

  #requireRoom(size: number): void {
    if (size > this.#limit) throw new TalosError('REVOCATION_FULL', { what: 'one issuer', limit: this.#limit })
  }
}
