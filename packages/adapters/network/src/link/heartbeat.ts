/** The heartbeat of a link (spec 13-link-envelope, 13.7): ping a silent peer, give a dead one up. */
import type { LinkTimers } from './timers.ts'

export interface HeartbeatOptions {
  readonly timers: LinkTimers
  readonly intervalMs: number
  readonly deadAfterMs: number
  readonly ping: (token: number) => void
  readonly onDead: () => void
}

/** A tick this late means that our own process stood still: what the peer sent waits unread, so it gets another chance. */
const LATE_MS = 100

export class Heartbeat {
  readonly #options: HeartbeatOptions
  #lastHeardMs: number
  #token = 0
  #cancel: () => void = () => undefined

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#lastHeardMs = options.timers.nowMs()
    this.#schedule(options.intervalMs)
  }

  /** Something arrived from the peer. */
  heard(): void {
    this.#lastHeardMs = this.#options.timers.nowMs()
  }

  stop(): void {
    this.#cancel()
  }

  #schedule(delayMs: number): void {
    const { timers } = this.#options
    const dueMs = timers.nowMs() + delayMs
    this.#cancel = timers.after(delayMs, () => this.#tick(timers.nowMs() - dueMs))
  }

  #tick(lateMs: number): void {
    const { timers, intervalMs, deadAfterMs, ping, onDead } = this.#options
    const silentMs = timers.nowMs() - this.#lastHeardMs
    if (silentMs >= deadAfterMs) {
      if (lateMs > LATE_MS) this.#schedule(LATE_MS)
      else onDead()
      return
    }
    if (silentMs >= intervalMs) {
      this.#token = (this.#token + 1) >>> 0
      ping(this.#token)
    }
    const nextMs = (Math.floor(silentMs / intervalMs) + 1) * intervalMs
    this.#schedule(Math.ceil(Math.min(nextMs, deadAfterMs) - silentMs))
  }
}
