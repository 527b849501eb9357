/** One thing at a time for each peer: what a peer asks for costs its own turns, and no more wait than may. */
import type { Did } from '@talos/contracts'

export class PeerTurns {
  readonly #limit: number
  readonly #waiting = new Map<Did, { readonly last: Promise<void>; readonly count: number }>()

  /** @param limit how many may wait or run for one peer */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Does it when what was asked for before is done; false, and not at all, where too many wait. It must not reject. */
  take(peer: Did, work: () => Promise<void>): boolean {
    const { last, count } = this.#waiting.get(peer) ?? { last: Promise.resolve(), count: 0 }
    if (count >= this.#limit) return false
    const next = last.then(async () => {
      await work()
      this.#end(peer)
    })
    this.#waiting.set(peer, { last: next, count: count + 1 })
    return true
  }

  #end(peer: Did): void {
    const waiting = this.#waiting.get(peer)
    if (waiting === undefined || waiting.count === 1) this.#waiting.delete(peer)
    else this.#waiting.set(peer, { ...waiting, count: waiting.count - 1 })
  }
}
