/**
 * What becomes of revocations: this agent's own go to those whom they concern, others' are taken, followed and handed on
 * (spec 09-receipt-revocation, 15-frames 15.11).
 *
 * Everything that arrives is signed by its issuer, whoever hands it on. It is bounded for each peer, each issuer and in all;
 * issuers that no chain here names leave room for those that one does.
 */
import type { Cid } from '@talos/bytes'
import {
  type ListStep,
  openRevocation,
  openRevocationHead,
  RevocationConflict,
  type RevocationTarget,
  type VerifiedLink,
  type VerifiedRevocation,
  type VerifiedRevocationHead,
} from '@talos/capability'
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { envelopeCid } from '@talos/identity'
import type { Agent } from './agent.ts'
import type { Authority } from './authority.ts'
import type { ClientEvent } from './events.ts'
import type { Messenger } from './messages.ts'
import { nowS } from './options.ts'
import { OwnRevocations, type RevokeChoice } from './own-revocations.ts'
import { PeerQuota } from './quota.ts'
import { REVOCATION_INTERVAL_MS, RevocationFollower } from './revocation-follower.ts'
import { RevocationLedger } from './revocation-ledger.ts'
import type { SessionKeeper } from './sessions.ts'
import { PeerTurns } from './turns.ts'
import type { Wire } from './wire.ts'

/** Revocations of one page: as many as a receiver opens without keeping others waiting. Each has less than 2 KiB. */
export const PAGE_MAX_ITEMS = 256
/** Peers that asked for this agent's list and are told of what is new in it. */
const MAX_FOLLOWERS = 10_000
/** Questions of one peer that wait for their answers; it asks again for what is beyond. */
const MAX_ANSWERS_PER_PEER = 256

const HOUR_MS = 3_600_000
/** A hundred issuers whose lists are asked for through one peer, twice a minute. */
const MAX_FRAMES = 12_000
const PULL_QUOTA = {
  what: 'questions for revocations from one peer within an hour',
  limit: MAX_FRAMES,
  windowMs: HOUR_MS,
}
const PAGE_QUOTA = { what: 'pages of revocations from one peer within an hour', limit: MAX_FRAMES, windowMs: HOUR_MS }

type Pull = Extract<AppFrame, { t: 'pull' }>
type Page = Extract<AppFrame, { t: 'revocations' }>

export interface RevocationKeeperOptions {
  readonly agent: Agent
  readonly authority: Authority
  readonly sessions: Pick<SessionKeeper, 'active'>
  readonly wire: Pick<Wire, 'isLinked'>
  readonly messenger: Pick<Messenger, 'tell' | 'post'>
  readonly emit: (event: ClientEvent) => void
  /** How often the lists that matter here are asked for; {@link REVOCATION_INTERVAL_MS} when absent. */
  readonly intervalMs?: number | undefined
}

export class RevocationKeeper {
  readonly #options: RevocationKeeperOptions
  readonly #intervalMs: number
  readonly #own: OwnRevocations
  readonly #follower: RevocationFollower
  readonly #ledger: RevocationLedger
  readonly #followers = new Set<Did>()
  readonly #answering = new PeerTurns(MAX_ANSWERS_PER_PEER)
  readonly #pulls = new PeerQuota(PULL_QUOTA)
  readonly #pages = new PeerQuota(PAGE_QUOTA)

  constructor(options: RevocationKeeperOptions) {
    this.#options = options
    const { agent, authority, wire, messenger, emit, intervalMs = REVOCATION_INTERVAL_MS } = options
    this.#intervalMs = intervalMs
    this.#own = new OwnRevocations(agent)
    this.#follower = new RevocationFollower({
      agent,
      intervalMs,
      emit,
      isLinked: (peer) => wire.isLinked(peer),
      post: async (peer, frame) => await messenger.post(peer, frame),
    })
    this.#ledger = new RevocationLedger({
      agent,
      authority,
      isFollowed: (issuer) => this.#follower.has(issuer),
      isServed: (issuer) => this.#follower.serves(issuer),
    })
  }

  /**
   * Ends a capability that this agent gave, or was given: here at once, and at those whom it concerns now, or when a link to
   * them is up. Of a lease all of it ends, whichever of its renewals is named: the one before is not over yet.
   *
   * @throws TalosError `GRANT_UNKNOWN`, `REVOCATION_FULL`, signer, store and log codes
   */
  async revoke(cid: string, choice: RevokeChoice = {}): Promise<void> {
    const link = this.#options.authority.link(cid)
    await this.#revoke({ revokes: wholeOf(link) }, { choice, concerns: concernedBy(link) })
  }

  /**
   * Ends everything that this agent gave to somebody: what began until now by one revocation, what is to begin later one by
   * one.
   *
   * @throws TalosError as {@link revoke}
   */
  async revokeAll(who: Did, choice: RevokeChoice = {}): Promise<void> {
    const { agent, authority } = this.#options
    const issued = authority.links('issued').filter(({ audience }) => agent.identities.isSame(audience, who))
    // Each of its keys that something was given to: who executes may know of no other.
    for (const audience of new Set([who, ...issued.map((link) => link.audience)])) {
      const links = issued.filter((link) => link.audience === audience)
      const concerns = [audience, ...links.flatMap(concernedBy)]
      const { atS } = await this.#revoke({ who: audience }, { choice, concerns })
      // Looked up again: a lease may have been renewed while that was signed.
      const given = authority.links('issued').filter((link) => link.audience === audience && link.notBeforeS >= atS)
      for (const link of given) await this.#revoke({ revokes: wholeOf(link) }, { choice, concerns: concernedBy(link) })
    }
  }

  /** Chains were shown by a peer: the lists of the other issuers in them matter from now on. */
  seen(links: readonly Pick<VerifiedLink, 'issuer'>[], peer: Did): void {
    for (const { issuer } of links) this.#follower.follow(issuer, peer)
  }

  /** Does once, at the start, what a change of this agent's key left to be done. @throws TalosError as {@link revoke} */
  async begin(): Promise<void> {
    for (const { revocation } of await this.#own.carryOver()) await this.#ledger.noteOwn(revocation)
  }

  /** A peer can be reached. */
  linkUp(peer: Did): void {
    this.#follower.linkUp(peer)
  }

  /** Asks for every list that is followed, and tells of those that have grown old; done at the interval. */
  tick(): void {
    this.#follower.tick()
  }

  stop(): void {
    this.#follower.stop()
  }

  /** @throws TalosError `PEER_QUOTA` */
  admit(peer: Did, { t }: Pull | Page): void {
    if (t === 'pull') this.#pulls.take(peer)
    else this.#pages.take(peer)
  }

  /**
   * Takes a revocation without a place in a list.
   *
   * @returns CID of the delegation, or of the revocation of an audience
   * @throws TalosError what `openRevocation` throws, `REVOCATION_UNRELATED`, `REVOCATION_FULL`, store and log codes
   */
  async take(bytes: Uint8Array, { from, isAgain }: { readonly from: Did; readonly isAgain: boolean }): Promise<string> {
    const revocation = openRevocation(bytes, { kernel: this.#options.agent.kernel })
    this.#ledger.admit({ issuer: revocation.issuer, from, count: 1 })
    await this.#ledger.keep([revocation], { isAgain })
    return nameOf(revocation)
  }

  /** Answers beside the question, one after the other: each answer travels as a request of its own. */
  answerSoon(peer: Did, pull: Pull, onFailure: () => void): void {
    this.#answering.take(peer, async () => await this.#answer(peer, pull).catch(onFailure))
  }

  /**
   * Takes a page of a list.
   *
   * @throws TalosError `REVOCATION_UNRELATED`, `REVOCATION_LIST_INVALID`, `REVOCATION_FUTURE`, `REVOCATION_FORK`,
   *   `REVOCATION_ROLLBACK`, `REVOCATION_FULL`, what does not open, store and log codes
   */
  async takePage(page: Page, { from, isAgain }: { readonly from: Did; readonly isAgain: boolean }): Promise<void> {
    const { agent, emit } = this.#options
    const { issuer, after } = page
    this.#ledger.admit({ issuer, from, count: page.items.length })
    const head = openRevocationHead(page.head, { kernel: agent.kernel })
    const items = page.items.map((bytes) => this.#open(bytes, isAgain))
    if (head.issuer !== issuer || items.some((item) => item.issuer !== issuer)) {
      throw new TalosError('REVOCATION_LIST_INVALID', { reason: 'a part of it is by another issuer' })
    }
    const fresh = items.flatMap(({ revocation }) => (revocation === undefined ? [] : [revocation]))
    await this.#ledger.keep(fresh, { isAgain })
    for (const revocation of fresh) {
      emit({ type: 'authority.received', peer: from, cid: nameOf(revocation), kind: 'revocation' })
    }
    this.#follow({ head, after, names: items.map(({ name }) => name) }, from)
  }

  /** What a page says of its list, once its revocations are kept. */
  #follow(
    page: { readonly head: VerifiedRevocationHead; readonly after: number; readonly names: readonly Cid[] },
    from: Did,
  ): void {
    const { agent } = this.#options
    const { issuer } = page.head
    this.#ledger.admitList(issuer)
    const list = agent.revocations.listOf(issuer)
    if (list.conflict !== undefined) throw new RevocationConflict('REVOCATION_FORK', list.conflict)
    if (issuer === agent.did && page.head.n > list.size) this.#fallBehind(page.head.n)
    const step = this.#plan(page, from)
    if (step === undefined) return
    const { confirmed, head, next } = step
    if (confirmed.length > 0 || head !== undefined) {
      agent.database.transaction(() => {
        if (confirmed.length > 0) agent.database.revocations.place({ issuer, after: list.size, names: confirmed })
        if (head !== undefined) agent.database.revocations.putHead(head)
      })
    }
    list.apply(step)
    if (next !== undefined) this.#follower.askOn(from, { issuer, after: next })
    if (issuer === agent.did) this.#own.resume()
  }

  /** @throws TalosError what the list refuses; an old head alone changes nothing */
  #plan(
    page: { readonly head: VerifiedRevocationHead; readonly after: number; readonly names: readonly Cid[] },
    from: Did,
  ): ListStep | undefined {
    const { agent } = this.#options
    const { issuer } = page.head
    try {
      return agent.revocations.listOf(issuer).plan(page, { source: from, nowS: nowS(agent.clock) })
    } catch (error) {
      if (error instanceof RevocationConflict) this.#condemn(issuer, error)
      else if (isTalosError(error, 'REVOCATION_ROLLBACK')) return undefined
      throw error
    }
  }

  #condemn(issuer: Did, { code, heads, offered: part }: RevocationConflict): void {
    const { agent, emit } = this.#options
    const [known, offered] = heads
    agent.database.revocations.condemn({ issuer, bytes: known.bytes, contradiction: offered.bytes }, part)
    agent.revocations.listOf(issuer).condemn(heads)
    emit({ type: 'revocation.fork', issuer, code, heads: [known.bytes, offered.bytes] })
  }

  /** A peer has seen more of this agent's own list than the agent knows. */
  #fallBehind(ahead: number): void {
    const { agent, emit } = this.#options
    const wasSuspended = this.#own.isSuspended
    this.#own.suspend(ahead)
    const known = agent.revocations.listOf(agent.did).size
    if (!wasSuspended) emit({ type: 'revocation.rollback', code: 'REVOCATION_ROLLBACK', seen: ahead, known })
  }

  /** What is known need not be verified again, unless an earlier process may have died over it. */
  #open(
    bytes: Uint8Array,
    isAgain: boolean,
  ): { readonly name: Cid; readonly issuer: Did; readonly revocation: VerifiedRevocation | undefined } {
    const { kernel, database } = this.#options.agent
    const name = envelopeCid(bytes, kernel)
    const known = isAgain ? undefined : database.revocations.find(name)
    if (known !== undefined) return { name, issuer: known.issuer, revocation: undefined }
    const revocation = openRevocation(bytes, { kernel })
    return { name, issuer: revocation.issuer, revocation }
  }

  async #answer(peer: Did, { issuer, after }: Pull): Promise<void> {
    const { agent, messenger } = this.#options
    if (issuer === agent.did) this.#addFollower(peer)
    else if (this.#ledger.isRelated(issuer)) this.#follower.follow(issuer)
    if (issuer === agent.did && after > agent.revocations.listOf(issuer).size) {
      // Somebody may have seen more than is known here: a head signed now would contradict that.
      return this.#follower.askOn(peer, { issuer, after: agent.revocations.listOf(issuer).size })
    }
    const head = await this.#headOf(issuer)
    if (head === undefined) return
    const rows = agent.database.revocations.page({ issuer, after, limit: PAGE_MAX_ITEMS })
    const items = rows.filter(({ position }) => position <= head.n).map(({ bytes }) => bytes)
    await messenger.post(peer, { t: 'revocations', issuer, after, items, head: head.bytes })
  }

  async #headOf(issuer: Did): Promise<VerifiedRevocationHead | undefined> {
    const { agent } = this.#options
    if (issuer === agent.did) return await this.#own.head(this.#intervalMs / 2000)
    if (agent.revocations.knownAtS(issuer) === undefined) return undefined
    return agent.revocations.listOf(issuer).head
  }

  #addFollower(peer: Did): void {
    const [oldest] = this.#followers
    if (this.#followers.size >= MAX_FOLLOWERS && oldest !== undefined) this.#followers.delete(oldest)
    this.#followers.add(peer)
  }

  async #revoke(
    target: RevocationTarget,
    { choice, concerns }: { readonly choice: RevokeChoice; readonly concerns: readonly Did[] },
  ): Promise<VerifiedRevocation> {
    const { revocation, frame } = await this.#own.add(target, choice)
    // It holds already; neither the log nor a peer can keep the other waiting.
    const noted = this.#ledger.noteOwn(revocation)
    await Promise.all([noted, this.#push(frame, concerns)])
    return revocation
  }

  /** To those whom it concerns, wherever they are, and to those who follow the list and are linked. */
  async #push(frame: AppFrame, concerns: readonly Did[]): Promise<void> {
    const { agent, sessions, wire, messenger } = this.#options
    const following = [...this.#followers].filter((peer) => wire.isLinked(peer))
    const { identities, did } = agent
    const told = new Set([...concerns, ...following].map((peer) => identities.currentOf(peer)))
    const reachable = [...told].filter((peer) => peer !== did && sessions.active(peer) !== undefined)
    await Promise.all(reachable.map(async (peer) => await messenger.tell(peer, frame)))
  }
}

/** The two sides of a delegation, and the owner of what it is about: the one who executes. */
function concernedBy({ issuer, audience, subject }: VerifiedLink): readonly Did[] {
  return [issuer, audience, ...(subject === null ? [] : [subject])]
}

/** The name under which a delegation ends as a whole: of a lease, that of the first. */
function wholeOf({ cid, lease }: VerifiedLink): Cid {
  return lease?.of ?? cid
}

function nameOf({ cid, revokes }: VerifiedRevocation): string {
  return (revokes ?? cid).toString()
}
