/**
 * Whether a peer opens what the session seals, asked before a channel runs in it: a channel's frames have no answer of their
 * own, so that the first call through a session that the peer lost would fail. Once for each session on a link.
 */
import { toHex } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import type { Link } from '@talos/network'
import type { Healer } from './healer.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

export interface ReadinessOptions {
  readonly healer: Healer
  readonly wire: Wire
  readonly sessions: SessionKeeper
  /** Hands a frame to the peer, in the next session where this one is lost there. */
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
}

export class Readiness {
  readonly #options: ReadinessOptions
  /** The session that the peer opened on a link. */
  readonly #shown = new WeakMap<Link, string>()

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  /** Resolves when a session is there that the peer opens. @throws TalosError `SESSION_MISSING`, `PEER_REFUSED`, the link's */
  async of(peer: Did): Promise<void> {
    const { healer, wire, sessions, post } = this.#options
    await healer.require(peer)
    const link = await wire.linkTo(peer)
    if (this.#shown.get(link) === toHex(sessions.require(peer).sessionId)) return
    await post(peer, { t: 'greeting' })
    this.#shown.set(link, toHex(sessions.require(peer).sessionId))
  }
}
