/** Peers by any of their names: who has another key meanwhile is followed there. */
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { Agent } from './agent.ts'
import type { Parts } from './parts.ts'

export class Following {
  readonly #identities: Agent['identities']
  readonly #exchange: Parts['exchange']

  constructor({ agent, parts }: { readonly agent: Agent; readonly parts: Parts }) {
    this.#identities = agent.identities
    this.#exchange = parts.exchange
  }

  /**
   * The key of a peer now, by any of its DIDs, its durable one included.
   *
   * @throws TalosError `IDENTITY_DEACTIVATED`, `PEER_DEACTIVATED`
   */
  live(peer: Did): Did {
    const current = this.#identities.currentOf(peer)
    this.#exchange.requireLive(current)
    return current
  }

  /** Does something with a peer; where it turns out to have another DID meanwhile, once more with that. */
  async to<T>(peer: Did, run: (current: Did) => Promise<T>): Promise<T> {
    const current = this.live(peer)
    try {
      return await run(current)
    } catch (error) {
      const now = this.live(peer)
      if (!isTalosError(error) || now === current) throw error
      return await run(now)
    }
  }
}
