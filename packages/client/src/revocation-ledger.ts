/**
 * Revocations that count here: in the book at once, then in the database, at the grants that they end, and in the log (spec
 * 09-receipt-revocation, clause 9.5).
 */
import {
  MAX_REVOCATIONS,
  MAX_REVOCATIONS_PER_ISSUER,
  revocableLinks,
  type VerifiedLink,
  type VerifiedRevocation,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { Agent } from './agent.ts'
import type { Authority } from './authority.ts'
import { revocationsByAgent } from './identity/revocation-view.ts'
import { targetText } from './revocation-book.ts'

/** Revocations of one issuer that no chain here names, and how many of all such there may be beside the others. */
export const STRANGER_MAX_REVOCATIONS = 1_000
export const STRANGERS_MAX_REVOCATIONS = 50_000
/** Revocations in all up to which there is room for issuers that sent something and got nothing: anybody can do that. */
export const GIVERS_MAX_REVOCATIONS = 100_000
/** Revocations in all up to which there is room for others: what this agent revokes itself must never find none. */
export const OTHERS_MAX_REVOCATIONS = MAX_REVOCATIONS - MAX_REVOCATIONS_PER_ISSUER

/** Lists in all up to which there is room for that of an issuer that does not matter here: each has a head, on disk and in memory. */
export const OTHERS_MAX_LISTS = 10_000

export interface LedgerOptions {
  readonly agent: Agent
  readonly authority: Authority
  /** Whether the list of an issuer is followed here. */
  readonly isFollowed: (issuer: Did) => boolean
  /** Whether an issuer stands in chains that were shown here. */
  readonly isServed: (issuer: Did) => boolean
}

export class RevocationLedger {
  readonly #options: LedgerOptions

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  /**
   * Lets in what may matter: by an issuer that a chain here names, or by the sender itself, within what strangers may fill.
   *
   * @throws TalosError `REVOCATION_UNRELATED`, `REVOCATION_FULL`
   */
  admit({ issuer, from, count }: { readonly issuer: Did; readonly from: Did; readonly count: number }): void {
    if (!this.isRelated(issuer)) {
      this.#admitStranger({ issuer, from, count })
      return
    }
    const { did } = this.#options.agent
    // A head alone takes no room, and says how fresh the rest is.
    if (issuer === did || count === 0) return
    const limit = this.#matters(issuer) ? OTHERS_MAX_REVOCATIONS : GIVERS_MAX_REVOCATIONS
    if (this.#size() + count > limit) throw new TalosError('REVOCATION_FULL', { what: 'all issuers', limit })
  }

  /** Lets in a list that may matter, once what it lists is kept. @throws TalosError `REVOCATION_FULL` */
  admitList(issuer: Did): void {
    const { revocations: book } = this.#options.agent
    if (book.lists < OTHERS_MAX_LISTS || book.hasList(issuer) || this.#matters(issuer)) return
    throw new TalosError('REVOCATION_FULL', { what: 'lists of issuers that no chain names', limit: OTHERS_MAX_LISTS })
  }

  /**
   * Takes revocations that were verified. They hold from the first step on, whatever fails afterwards.
   *
   * @param options.isAgain a process before may have died in the midst of this: what it left undone is done now
   * @throws TalosError `REVOCATION_FULL`, store and log codes
   */
  async keep(revocations: readonly VerifiedRevocation[], { isAgain }: { readonly isAgain: boolean }): Promise<void> {
    const { agent } = this.#options
    for (const revocation of revocations) agent.revocations.put(revocation)
    this.#store(revocations)
    for (const revocation of revocations) await this.#note(revocation, { isAgain })
  }

  /** Notes one's own revocation, which is kept by now. @throws TalosError store and log codes */
  async noteOwn(revocation: VerifiedRevocation): Promise<void> {
    const { log } = this.#options.agent
    const ref = revocation.cid.toString()
    const { revokes, who } = revocation
    const noted = await this.#note(revocation, { isAgain: false })
    if (noted > 0 || this.#isRecorded(ref)) return
    // What it ends is not known here, or ended before: it was said all the same.
    await log.append({
      kind: 'cap.revoke',
      ...(revokes === undefined ? { peer: who } : { cap: revokes.toString() }),
      ref,
    })
  }

  /** Whether an issuer is this agent, stands in a chain that it serves, or gave to it or got from it, by any of its keys. */
  isRelated(issuer: Did): boolean {
    const { agent, isFollowed } = this.#options
    return this.#keysOf(issuer).some((key) => key === agent.did || isFollowed(key) || agent.database.grants.knows(key))
  }

  #admitStranger({ issuer, from, count }: { readonly issuer: Did; readonly from: Did; readonly count: number }): void {
    if (issuer !== from) throw new TalosError('REVOCATION_UNRELATED')
    if (this.#size(issuer) + count > STRANGER_MAX_REVOCATIONS) {
      throw new TalosError('REVOCATION_FULL', {
        what: 'an issuer that no chain names',
        limit: STRANGER_MAX_REVOCATIONS,
      })
    }
    if (this.#size() + count > STRANGERS_MAX_REVOCATIONS) {
      throw new TalosError('REVOCATION_FULL', { what: 'issuers that no chain names', limit: STRANGERS_MAX_REVOCATIONS })
    }
  }

  /** Revocations by one issuer, or in all: what the book takes for one revocation of an audience may be many on disk. */
  #size(issuer?: Did): number {
    const { revocations: book, database } = this.#options.agent
    return Math.max(issuer === undefined ? book.size : book.countOf(issuer), database.revocations.count(issuer))
  }

  /** Whether this agent gave to an issuer, or was shown chains with it: not by what the issuer sent alone. */
  #matters(issuer: Did): boolean {
    const { agent, isServed } = this.#options
    return this.#keysOf(issuer).some(
      (key) => key === agent.did || isServed(key) || agent.database.grants.knows(key, 'issued'),
    )
  }

  #keysOf(issuer: Did): readonly Did[] {
    return this.#options.agent.identities.find(issuer)?.keys.map(({ did }) => did) ?? [issuer]
  }

  /** That an issuer has too many is its own fault, not this machine's: what it sent is not tried again. */
  #store(revocations: readonly VerifiedRevocation[]): void {
    const rows = revocations.map((revocation) => ({ ...revocation, target: targetText(revocation) }))
    try {
      this.#options.agent.database.revocations.put(...rows)
    } catch (cause) {
      if (!isTalosError(cause, 'STORE_FULL')) throw cause
      const { what, limit } = cause.details
      throw new TalosError('REVOCATION_FULL', { what: String(what), limit: Number(limit) }, { cause })
    }
  }

  /** Ends the grants that a revocation ends; tells of how many that is news. */
  async #note(revocation: VerifiedRevocation, { isAgain }: { readonly isAgain: boolean }): Promise<number> {
    const { agent } = this.#options
    const { database, clock, log, did } = agent
    const ref = revocation.cid.toString()
    let noted = 0
    for (const link of this.#ended(revocation)) {
      const isNew = database.grants.markRevoked(link.cid, clock.nowMs())
      const isMissing = isAgain && !this.#isRecorded(ref)
      if (!isNew && !isMissing) continue
      const peer = revocation.issuer !== did ? revocation.issuer : link.issuer === did ? link.audience : link.issuer
      await log.append({ kind: 'cap.revoke', peer, cap: link.cid.toString(), ref })
      noted += 1
    }
    return noted
  }

  /** The grants that are known here and end by a revocation, which is in the book by now. */
  #ended(revocation: VerifiedRevocation): readonly VerifiedLink[] {
    const { agent, authority } = this.#options
    const view = revocationsByAgent(agent.revocations, agent.identities)
    return this.#named(revocation).filter((link) => {
      const links = authority.chains.of(link) ?? [link]
      return revocableLinks(links)
        .slice(-1)
        .some((last) => view.stateOf(last).revoked)
    })
  }

  #named({ revokes, issuer }: VerifiedRevocation): readonly VerifiedLink[] {
    const { agent, authority } = this.#options
    const { identities, database, did } = agent
    if (revokes !== undefined) {
      if (database.grants.get(revokes) === undefined) return []
      const named = authority.link(revokes.toString())
      if (named.lease?.n !== 0) return [named]
      const all = [...authority.links('issued'), ...authority.links('received')]
      return all.filter(({ account }) => account === named.account)
    }
    const known = authority.links(identities.isSame(issuer, did) ? 'issued' : 'received')
    return known.filter((link) => identities.isSame(link.issuer, issuer))
  }

  #isRecorded(ref: string): boolean {
    for (const { entry } of this.#options.agent.log.reader.entries({ kinds: ['cap.revoke'] })) {
      if (entry.ref === ref) return true
    }
    return false
  }
}
