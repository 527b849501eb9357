/** How much one peer may take of something within a time. Monotonic time: setting the clock opens nothing. */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'

/** Peers whose use is remembered; the one that took first is forgotten beyond this. */
const MAX_PEERS = 10_000

export interface Quota {
  /** For people, with the time in which the limit counts. */
  readonly what: string
  readonly limit: number
  readonly windowMs: number
}

interface Use {
  readonly sinceMs: number
  readonly count: number
}

export class PeerQuota {
  readonly #quota: Quota
  readonly #monotonicMs: () => number
  readonly #uses = new Map<Did, Use>()

  constructor(quota: Quota, monotonicMs: () => number = () => performance.now()) {
    this.#quota = quota
    this.#monotonicMs = monotonicMs
  }

  /** Takes one, or so many; tells whether there was that much to take, and takes nothing else. */
  tryTake(peer: Did, amount = 1): boolean {
    const { limit, windowMs } = this.#quota
    const nowMs = this.#monotonicMs()
    const known = this.#uses.get(peer)
    const use = known !== undefined && nowMs - known.sinceMs < windowMs ? known : { sinceMs: nowMs, count: 0 }
    if (use.count + amount > limit) return false
    this.#uses.set(peer, { ...use, count: use.count + amount })
    const [oldest] = this.#uses.keys()
    if (this.#uses.size > MAX_PEERS && oldest !== undefined) this.#uses.delete(oldest)
    return true
  }

  /** @throws TalosError `PEER_QUOTA` */
  take(peer: Did): void {
    const { what, limit } = this.#quota
    if (!this.tryTake(peer)) throw new TalosError('PEER_QUOTA', { what, limit })
  }
}
