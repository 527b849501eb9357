/**
 * Hands capabilities to peers that connect: what was granted while they were away waits in the database, and the
 * session can carry it only from the peer's first word on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientEvent, TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { systemClock } from '@talos/kernel'

/** A handshake takes some tens of milliseconds; after these attempts the peer has to connect again. */
const ATTEMPTS = 20
const PAUSE_MS = 100

export class GrantCourier {
  readonly #client: TalosClient
  readonly #under = new Set<Did>()

  constructor(client: TalosClient) {
    this.#client = client
  }

  /** To be called with every event. */
  notice(event: ClientEvent): void {
    const isArrival = event.type === 'link.up' || (event.type === 'session.open' && !event.initiator)
    if (isArrival) void this.#offer(event.peer)
  }

  async #offer(peer: Did): Promise<void> {
    if (this.#under.has(peer)) return
    this.#under.add(peer)
    try {
      for (const cid of this.#waitingFor(peer)) await this.#deliver(peer, cid)
    } finally {
      this.#under.delete(peer)
    }
  }

  #waitingFor(peer: Did): string[] {
    const nowS = systemClock.nowMs() / 1000
    return this.#client
      .listCapabilities('issued')
      .filter((grant) => grant.peer === peer && grant.revokedMs === undefined)
      .filter(({ description }) => description.expiresS === null || description.expiresS > nowS)
      .map(({ cid }) => cid)
  }

  async #deliver(peer: Did, cid: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      try {
        return await this.#client.sendCapability(peer, cid)
      } catch (error) {
        if (!isTalosError(error) || error.code === 'CLIENT_CLOSED') return
        await sleep(PAUSE_MS, undefined, { ref: false })
      }
    }
  }
}
