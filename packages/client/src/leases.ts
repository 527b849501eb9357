/**
 * Leases at both ends (spec 07-delegation 7.11, 15-frames 15.12): the issuer renews while it may, the holder asks in time, and
 * whoever passed a lease on hands its renewals on as well. Nothing below a lease is issued again.
 */
import type { Cid } from '@talos/bytes'
import { type Lease, renew, revocableLink, type VerifiedLink } from '@talos/capability'
import type { AppFrame, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { GrantDirection } from '@talos/storage'
import type { Agent } from './agent.ts'
import type { Authority } from './authority.ts'
import type { Grant } from './grants.ts'
import { revocationsByAgent } from './identity/revocation-view.ts'
import { nowS } from './options.ts'
import { PeerQuota } from './quota.ts'

const NONCE_BYTES = 12
/** A lease is renewed when less than this part of its term is left: early enough for a link that comes and goes. */
const RENEW_BELOW = 1 / 3
/** How long a call waits for the renewal of a lease that is over. */
const WAIT_MS = 3_000
/** The renewal of one link is asked for so often at most. */
const ASK_EVERY_MS = 5_000
/** Leases that are asked for at a time, and remembered as asked for. */
const MAX_ASKED = 1_024
/** Renewals that one peer may have us look for: each costs a signature where one is due. */
const RENEW_QUOTA = { what: 'renewals for one peer within an hour', limit: 600, windowMs: 3_600_000 }

export interface LeaseKeeperOptions {
  readonly agent: Agent
  readonly authority: Authority
  /** Sends a frame one way. */
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
  /** Whether a frame would reach a peer now. */
  readonly isLinked: (peer: Did) => boolean
}

type LeasedLink = VerifiedLink & { readonly lease: Lease }

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  readonly #quota = new PeerQuota(RENEW_QUOTA)
  /** When the renewal of a link was last asked for, by its name. */
  readonly #askedMs = new Map<string, number>()
  /** Who waits for a renewal of a lease. */
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
  }

  /**
   * Renews a lease that this agent gave, from now on.
   *
   * @param cid of the lease or of any of its renewals
   * @param options.expiresInS up to the lease's term, which it is where absent
   * @throws TalosError `GRANT_UNKNOWN`, `GRANT_NOT_OURS`, `GRANT_NOT_RENEWABLE`, `CAPABILITY_LEASE`, signer, log and store codes
   */
  async renew(cid: string, options: { readonly expiresInS?: number } = {}): Promise<Grant> {
    const { agent, authority } = this.#options
    const link = authority.link(cid)
    if (!agent.identities.isSame(link.issuer, agent.did))
      throw new TalosError('GRANT_NOT_OURS', { reason: 'its issuer is another' })
    const last = this.#newest(link, 'issued')
    if (last === undefined) throw new TalosError('GRANT_NOT_RENEWABLE', { reason: 'it is no lease' })
    if (last.lease.n >= last.lease.max) {
      throw new TalosError('GRANT_NOT_RENEWABLE', { reason: 'it was renewed as often as it may be' })
    }
    if (this.#isRevoked(last)) throw new TalosError('GRANT_NOT_RENEWABLE', { reason: 'it was revoked' })
    const { label } = authority.find(last.name)
    const { signer, clock, random } = agent
    const notBeforeS = nowS(clock)
    const signed = await renew({
      signer,
      link: last,
      notBeforeS,
      nonce: random.bytes(NONCE_BYTES),
      ...(options.expiresInS !== undefined && { expiresS: notBeforeS + options.expiresInS }),
    })
    // It may have been revoked while the signature was under way.
    if (this.#isRevoked(last)) throw new TalosError('GRANT_NOT_RENEWABLE', { reason: 'it was revoked' })
    return await authority.keep(signed, { peer: last.audience, label })
  }

  /** @throws TalosError `PEER_QUOTA` */
  admit(peer: Did): void {
    this.#quota.take(peer)
  }

  /** Answers a peer beside its question. */
  answerSoon(peer: Did, capability: Cid, onFailure: () => void): void {
    void this.answer(peer, capability).catch(onFailure)
  }

  /**
   * A peer asks for the newest renewal of a lease that it holds from us, or under which it holds something from us. It gets
   * one where there is one to give, and no answer else.
   *
   * @param capability the first of the lease, which is kept as long as any of its renewals
   */
  async answer(peer: Did, capability: Cid): Promise<void> {
    const { agent, authority, post } = this.#options
    if (agent.database.grants.get(capability) === undefined) return
    const asked = authority.link(capability.toString())
    const { identities } = agent
    if (identities.isSame(asked.issuer, agent.did) && identities.isSame(asked.audience, peer)) {
      const link = await this.#renewedFor(asked)
      return link === undefined ? undefined : await this.#send(peer, link)
    }
    if (!identities.isSame(asked.audience, agent.did) || !this.#hasGivenUnder(asked, peer)) return
    const known = this.#newest(asked, 'received')
    if (known === undefined) return
    await this.tend([known])
    const newest = this.#newest(asked, 'received') ?? known
    await post(peer, { t: 'authority', kind: 'delegation', label: '', bytes: newest.bytes })
  }

  /** A delegation has arrived: whoever waits for a renewal of its lease goes on. */
  arrived(link: VerifiedLink): void {
    const name = firstName(link)
    for (const go of this.#waiting.get(name) ?? []) go()
    this.#waiting.delete(name)
  }

  /**
   * Sees to it that the leases in a chain last: asks for renewals in time, and waits a moment for those that are over.
   *
   * @returns whether anything was waited for, so that the chain is worth looking for again
   */
  async tend(chain: readonly VerifiedLink[]): Promise<boolean> {
    const now = nowS(this.#options.agent.clock)
    const due = chain.filter(isLeased).filter((link) => isDue(link, now) && link.lease.n < link.lease.max)
    const over = due.filter(({ expiresS }) => expiresS !== null && expiresS < now)
    const asked = new Set(due.filter((link) => this.#ask(link, chain[chain.indexOf(link) + 1])))
    const awaited = over.filter((link) => asked.has(link))
    await Promise.all(awaited.map(async (link) => await this.#wait(firstName(link))))
    return awaited.length > 0
  }

  /**
   * Whoever issued it renews it; a link above what we hold is asked of the one who passed it on. Tells whether a renewal may
   * be on its way.
   */
  #ask(link: VerifiedLink, below: VerifiedLink | undefined): boolean {
    const { agent, post, isLinked } = this.#options
    const isOurs = agent.identities.isSame(link.audience, agent.did)
    const peer = agent.identities.currentOf(isOurs ? link.issuer : (below?.issuer ?? link.issuer))
    const { name } = link
    const lastMs = this.#askedMs.get(name)
    const nowMs = performance.now()
    if (peer === agent.did || !isLinked(peer)) return false
    if (lastMs !== undefined && nowMs - lastMs < ASK_EVERY_MS) return nowMs - lastMs < WAIT_MS
    const [oldest] = this.#askedMs.keys()
    if (this.#askedMs.size >= MAX_ASKED && oldest !== undefined) this.#askedMs.delete(oldest)
    this.#askedMs.set(name, nowMs)
    // Who does not get it now asks again with a later call.
    post(peer, { t: 'renew', capability: link.lease?.of ?? link.cid }).catch(() => undefined)
    return true
  }

  async #wait(name: string): Promise<void> {
    if (this.#waiting.size >= MAX_ASKED) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = this.#waiting.get(name) ?? new Set()
    this.#waiting.set(name, waiting.add(resolve))
    const timer = setTimeout(resolve, WAIT_MS)
    await promise
    clearTimeout(timer)
    waiting.delete(resolve)
    if (waiting.size === 0) this.#waiting.delete(name)
  }

  /** The newest of a lease of ours: renewed where it is due, the last one where it is not or may not be. */
  async #renewedFor(asked: VerifiedLink): Promise<VerifiedLink | undefined> {
    const { agent, authority } = this.#options
    const last = this.#newest(asked, 'issued')
    if (last === undefined || this.#isRevoked(last)) return undefined
    if (!isDue(last, nowS(agent.clock)) || last.lease.n >= last.lease.max) return last
    return authority.link((await this.renew(last.name)).cid)
  }

  async #send(peer: Did, { name, bytes }: VerifiedLink): Promise<void> {
    const { authority, post } = this.#options
    await post(peer, { t: 'authority', kind: 'delegation', label: authority.find(name).label, bytes })
  }

  /** The renewal of a lease with the highest number; undefined for what is no lease. */
  #newest(link: VerifiedLink, direction: GrantDirection): LeasedLink | undefined {
    const { agent, authority } = this.#options
    return authority
      .links(direction)
      .filter(isLeased)
      .filter((one) => firstName(one) === firstName(link) && agent.identities.isSame(one.issuer, link.issuer))
      .reduce<LeasedLink | undefined>(
        (best, one) => (best === undefined || one.lease.n > best.lease.n ? one : best),
        undefined,
      )
  }

  #hasGivenUnder({ subject }: VerifiedLink, peer: Did): boolean {
    const { authority } = this.#options
    const { identities } = this.#options.agent
    return authority.links('issued').some((link) => identities.isSame(link.audience, peer) && link.subject === subject)
  }

  #isRevoked(link: VerifiedLink): boolean {
    const { agent } = this.#options
    const view = revocationsByAgent(agent.revocations, agent.identities)
    return view.stateOf(revocableLink(link, [link.issuer, link.audience])).revoked
  }
}

function isLeased(link: VerifiedLink): link is LeasedLink {
  return link.lease !== undefined
}

function isDue({ expiresS, lease }: LeasedLink, now: number): boolean {
  return expiresS !== null && expiresS - now < lease.termS * RENEW_BELOW
}

/** The name of the first of a lease. */
function firstName({ name, lease }: VerifiedLink): string {
  return lease?.of?.toString() ?? name
}
