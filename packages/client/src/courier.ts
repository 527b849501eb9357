/**
 * What becomes of a message in the outbox: which is next, in which session it leaves, and what a refusal means for it.
 *
 * Decisions alone, each synchronous and durable: whoever carries the bytes asks here. A message keeps its id through every
 * session that it travels in, so that the peer takes it once.
 */
import { equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { RESERVED_CONTENT_TYPE, routeOf } from '@talos/session'
import type { MessageName, SessionHead, StoredOutgoing } from '@talos/storage'
import type { QueuedFrame } from './received.ts'
import type { SessionWorld } from './session-world.ts'
import type { SessionKeeper } from './sessions.ts'

/** Times that one message is sent to a peer that cannot open it: as many as it takes to ask for a reset. */
export const ATTEMPTS_UNOPENED = 3
/** How many more rows are looked at when none of those before can leave. */
const ROWS_AT_A_TIME = 8

/**
 * What to do with a message that the peer refused. `resealed`: other bytes, now. `settled`: nothing, it is out of the
 * outbox. `waits`: nothing now, it stays. `renew`: it is settled, and the session that it was to begin is none: begin
 * another one.
 */
export type Verdict =
  | { readonly kind: 'settled' | 'waits' | 'renew' }
  | { readonly kind: 'resealed'; readonly message: QueuedFrame }

export class Courier {
  readonly #world: SessionWorld
  readonly #sessions: SessionKeeper
  /** Refusals of the bytes that a message has now, by its name. */
  readonly #refusals = new Map<string, number>()

  constructor({ world, sessions }: { readonly world: SessionWorld; readonly sessions: SessionKeeper }) {
    this.#world = world
    this.#sessions = sessions
  }

  /**
   * The oldest message for a peer that can leave, in the bytes in which it leaves. What was sealed in a session that is
   * lost is sealed again in the one that sends, or waits where there is none.
   *
   * @param except ids to pass over
   * @throws TalosError what `seal` throws, store codes
   */
  next(peer: Did, except: ReadonlySet<string> = new Set()): QueuedFrame | undefined {
    const { messages } = this.#world.storage
    // One row as a rule: each costs its decryption.
    for (let limit = except.size + 1; ; limit += ROWS_AT_A_TIME) {
      const rows = messages.outgoing(peer, limit)
      for (const row of rows) {
        const ready = except.has(row.messageId) ? undefined : this.#ready(row)
        if (ready !== undefined) return ready
      }
      if (rows.length < limit) return undefined
    }
  }

  /** A message in the bytes in which it leaves now; undefined where it is gone, or no session sends. */
  ready(name: MessageName): QueuedFrame | undefined {
    const row = this.#world.storage.messages.findOutgoing(name)
    return row === undefined ? undefined : this.#ready(row)
  }

  /** The peer has it. @throws TalosError `STORE_WRITE_FAILED` */
  delivered(name: MessageName): void {
    this.#refusals.delete(keyOf(name))
    this.#world.storage.messages.acknowledge(name)
  }

  /**
   * The peer refused a message with a code of its own.
   *
   * @throws TalosError what `seal` throws, store codes
   */
  refused(message: QueuedFrame, peerCode: string): Verdict {
    if (!peerCode.startsWith('SESSION_')) return { kind: 'waits' }
    const row = this.#world.storage.messages.findOutgoing(message)
    if (row === undefined) return { kind: 'settled' }
    if (isControl(row)) return this.#settle(row, 'settled')
    if (isFirstFlight(row)) {
      const head = headOf(this.#sessions.heads(row.peer), row.sessionId)
      if (head !== undefined) this.#sessions.retire(head, { standing: 'reset' })
      return this.#settle(row, this.#sessions.active(row.peer) === undefined ? 'renew' : 'settled')
    }
    const active = this.#sessions.active(row.peer)
    // The bytes that were refused may be older than those of the row.
    const isAnother = active !== undefined && !equalBytes(active.sessionId, message.sessionId)
    if (isAnother) return { kind: 'resealed', message: this.#reseal(row) }
    if (active === undefined) return { kind: 'waits' }
    if (peerCode === 'SESSION_MISSING') {
      if (!this.#preferLater(row.peer, active.sessionId)) return { kind: 'waits' }
      return { kind: 'resealed', message: this.#reseal(row) }
    }
    const count = (this.#refusals.get(keyOf(row)) ?? 0) + 1
    this.#refusals.set(keyOf(row), count)
    // Bytes that waited may be of a chain that the peer keeps no longer, in a session that is well: other ones show which.
    if (count < ATTEMPTS_UNOPENED) return { kind: 'resealed', message: this.#sessions.reseal(row) }
    this.#refusals.delete(keyOf(row))
    return { kind: 'waits' }
  }

  /** Forgets what waited too long, and says what that was. @throws TalosError `STORE_WRITE_FAILED` */
  outdated(): readonly MessageName[] {
    const dropped = this.#world.storage.messages.dropOutdated(this.#world.clock.nowMs())
    for (const name of dropped) this.#refusals.delete(keyOf(name))
    return dropped
  }

  #ready(row: StoredOutgoing): QueuedFrame | undefined {
    const head = headOf(this.#sessions.heads(row.peer), row.sessionId)
    if (head?.standing === 'whole') return row
    if (isControl(row) || isFirstFlight(row)) {
      this.#settle(row, 'settled')
      return undefined
    }
    return this.#sessions.active(row.peer) === undefined ? undefined : this.#reseal(row)
  }

  /**
   * The peer does not have the session that sends. Where it has a later one, such as one that it began after it lost the
   * first, and that counted as begun at once, that one sends from now on. Tells whether there is one.
   */
  #preferLater(peer: Did, missing: Uint8Array): boolean {
    const heads = this.#sessions.heads(peer)
    const before = headOf(heads, missing)
    const later = heads.find(({ sessionId, instance, standing, createdMs }) => {
      const isLater = instance === before?.instance && createdMs > before.createdMs
      return isLater && standing === 'whole' && this.#sessions.isShared(sessionId)
    })
    const { storage, clock } = this.#world
    if (later !== undefined) storage.sessions.activate(later.sessionId, clock.nowMs())
    return later !== undefined
  }

  #reseal(row: StoredOutgoing): QueuedFrame {
    this.#refusals.delete(keyOf(row))
    return this.#sessions.reseal(row)
  }

  #settle(row: StoredOutgoing, kind: 'settled' | 'renew'): Verdict {
    this.delivered(row)
    return { kind }
  }
}

/** Frames of the session protocol itself belong to one session and are worth nothing in another. */
function isControl({ contentType }: StoredOutgoing): boolean {
  return contentType >= RESERVED_CONTENT_TYPE
}

/** A first flight has nothing to say besides its session. */
function isFirstFlight({ wire }: StoredOutgoing): boolean {
  return routeOf(wire).kind === 'first-flight'
}

function headOf(heads: readonly SessionHead[], sessionId: Uint8Array): SessionHead | undefined {
  return heads.find((head) => equalBytes(head.sessionId, sessionId))
}

function keyOf({ peer, messageId }: MessageName): string {
  return `${peer}/${messageId}`
}
