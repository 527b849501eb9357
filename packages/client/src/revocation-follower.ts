/** Whose lists of revocations are followed here, when they are asked for, and when what is known grows old (15-frames 15.11). */
import type { AppFrame, Did } from '@talos/contracts'
import type { Agent } from './agent.ts'
import type { ClientEvent } from './events.ts'
import { nowS } from './options.ts'
import { PeerTurns } from './turns.ts'

/** How often the lists are asked for unless the program says otherwise. */
export const REVOCATION_INTERVAL_MS = 30_000
/** Intervals after which what is known counts as old: two answers in a row may be lost. */
const STALE_INTERVALS = 3
/** Issuers that are followed; of those in no chain the one that was asked for longest ago goes first, then of the others. */
const MAX_FOLLOWED = 4_096
/** A list is not asked for again so soon, however many calls want it. */
const ASK_AGAIN_MS = 1_000
/** Questions to one peer that wait until those before are there. */
const MAX_QUESTIONS_PER_PEER = MAX_FOLLOWED
/** How long a list is asked for after its issuer stood in a chain that was served. */
const KEEP_FOLLOWING_MS = 86_400_000

export interface FollowerOptions {
  readonly agent: Agent
  readonly isLinked: (peer: Did) => boolean
  /** Sends a frame to a peer that is linked. */
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
  readonly emit: (event: ClientEvent) => void
  readonly intervalMs: number
}

interface Followed {
  /** Who showed a chain with the issuer last: may have its list. */
  readonly via: Did | undefined
  readonly seenMs: number
  readonly askedMs: number
  readonly isFresh: boolean
  /** Whether it stood in a chain that was shown here; else it is followed for others, or was before the start. */
  readonly isServed: boolean
}

export class RevocationFollower {
  readonly #options: FollowerOptions
  readonly #followed = new Map<Did, Followed>()
  readonly #asking = new PeerTurns(MAX_QUESTIONS_PER_PEER)
  readonly #timer: NodeJS.Timeout

  /** Goes on with the lists that are known. */
  constructor(options: FollowerOptions) {
    this.#options = options
    const { agent, intervalMs } = options
    for (const issuer of agent.revocations.issuers()) {
      if (!agent.identities.isSame(issuer, agent.did)) this.#note(issuer, undefined)
    }
    this.#timer = setInterval(() => this.tick(), intervalMs).unref()
  }

  /**
   * An issuer matters here: asks for its list where nothing fresh is known of it.
   *
   * @param via who showed a chain with it
   */
  follow(issuer: Did, via?: Did): void {
    const { identities, did } = this.#options.agent
    if (identities.isSame(issuer, did)) return
    for (const key of new Set([issuer, identities.currentOf(issuer)])) {
      this.#note(key, via)
      const { askedMs = 0 } = this.#followed.get(key) ?? {}
      if (!this.#isFresh(key) && performance.now() - askedMs >= ASK_AGAIN_MS) this.#ask(key)
    }
  }

  has(issuer: Did): boolean {
    return this.#followed.has(issuer)
  }

  /** Whether an issuer stood in a chain that was shown here since the start. */
  serves(issuer: Did): boolean {
    return this.#followed.get(issuer)?.isServed === true
  }

  /**
   * A peer can be reached: asks for what it may have, this agent's own list included where there may be one. An agent whose
   * records were put back learns so that it has signed more than it knows.
   */
  linkUp(peer: Did): void {
    const { agent } = this.#options
    if (agent.database.grants.has('issued')) {
      this.askOn(peer, { issuer: agent.did, after: agent.revocations.listOf(agent.did).size })
    }
    for (const [issuer, { via }] of this.#followed) {
      const current = agent.identities.currentOf(issuer)
      if (current === peer || (via === peer && !this.#options.isLinked(current))) this.#ask(issuer)
    }
  }

  /** Asks a peer for a part of a list; what fails is asked again later. */
  askOn(peer: Did, { issuer, after }: { readonly issuer: Did; readonly after: number }): void {
    const { post } = this.#options
    this.#asking.take(peer, async () => await post(peer, { t: 'pull', issuer, after }).catch(() => undefined))
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #note(issuer: Did, via: Did | undefined): void {
    const known = this.#followed.get(issuer)
    // The order of a map is that of insertion: the first one was seen longest ago.
    this.#followed.delete(issuer)
    const { isFresh = false, askedMs = Number.NEGATIVE_INFINITY } = known ?? {}
    const isServed = via !== undefined || known?.isServed === true
    this.#followed.set(issuer, { via: via ?? known?.via, seenMs: performance.now(), askedMs, isFresh, isServed })
    if (this.#followed.size > MAX_FOLLOWED) this.#dropOne()
  }

  /** The one that was followed longest ago for others, else the one that stood in a chain longest ago. */
  #dropOne(): void {
    const [oldest] = this.#followed.keys()
    const unserved = [...this.#followed].find(([, { isServed }]) => !isServed)
    const leaving = unserved?.[0] ?? oldest
    if (leaving !== undefined) this.#followed.delete(leaving)
  }

  /** Asks for every list that is followed, and tells of those that have grown old. */
  tick(): void {
    for (const [issuer, followed] of Array.from(this.#followed)) {
      if (performance.now() - followed.seenMs > KEEP_FOLLOWING_MS) this.#followed.delete(issuer)
      else {
        this.#tell(issuer, followed)
        this.#ask(issuer)
      }
    }
  }

  /** Tells the program once that what was fresh is so no more. */
  #tell(issuer: Did, followed: Followed): void {
    const { agent, emit } = this.#options
    const isFresh = this.#isFresh(issuer)
    if (isFresh === followed.isFresh) return
    this.#followed.set(issuer, { ...followed, isFresh })
    if (!isFresh) emit({ type: 'authority.stale', issuer, knownAtS: agent.revocations.knownAtS(issuer) })
  }

  #isFresh(issuer: Did): boolean {
    const { agent, intervalMs } = this.#options
    const atS = agent.revocations.knownAtS(issuer)
    return atS !== undefined && (nowS(agent.clock) - atS) * 1000 <= STALE_INTERVALS * intervalMs
  }

  #ask(issuer: Did): void {
    const { agent, isLinked } = this.#options
    const followed = this.#followed.get(issuer)
    const peer = [agent.identities.currentOf(issuer), followed?.via].find((one) => one !== undefined && isLinked(one))
    if (peer === undefined || followed === undefined) return
    this.#followed.set(issuer, { ...followed, askedMs: performance.now() })
    this.askOn(peer, { issuer, after: agent.revocations.listOf(issuer).size })
  }
}
