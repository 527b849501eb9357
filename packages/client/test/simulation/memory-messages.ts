/** Outbox, inbox and the ids that arrived, in memory, with the semantics of `MessageStore`. */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  type IncomingKind,
  type IncomingMessage,
  type MessageName,
  OUTBOX_KEEP_MS,
  type OutgoingMessage,
  type StoredIncoming,
  type StoredOutgoing,
} from '@talos/storage'
import type { Table, Transaction } from './table.ts'

export class MemoryMessages {
  readonly #transaction: Transaction
  readonly #outbox: Table<StoredOutgoing>
  readonly #inbox: Table<StoredIncoming>
  readonly #arrived: Table<number>
  readonly #counter: Table<number>
  readonly #forgetsIds: boolean

  constructor(parts: {
    readonly transaction: Transaction
    readonly outbox: Table<StoredOutgoing>
    readonly inbox: Table<StoredIncoming>
    readonly arrived: Table<number>
    readonly counter: Table<number>
    readonly forgetsIds: boolean
  }) {
    this.#transaction = parts.transaction
    this.#outbox = parts.outbox
    this.#inbox = parts.inbox
    this.#arrived = parts.arrived
    this.#counter = parts.counter
    this.#forgetsIds = parts.forgetsIds
  }

  putOutgoing({ nowMs, ...message }: OutgoingMessage): void {
    this.#transaction(() => {
      if (this.#outbox.has(keyOf(message))) throw new TalosError('STORE_CONFLICT', { what: 'the message' })
      this.#outbox.put(keyOf(message), { ...message, position: this.#next('outbox'), createdMs: nowMs })
    })
  }

  outgoing(peer: Did, limit = Number.POSITIVE_INFINITY): StoredOutgoing[] {
    const rows = this.#outbox.values().filter((row) => row.peer === peer)
    return rows.sort((one, other) => one.position - other.position).slice(0, limit)
  }

  waitingPeers(): Did[] {
    return Array.from(new Set(this.#outbox.values().map(({ peer }) => peer))).sort()
  }

  resealOutgoing({
    peer,
    messageId,
    sessionId,
    wire,
  }: Pick<OutgoingMessage, 'peer' | 'messageId' | 'sessionId' | 'wire'>) {
    this.#transaction(() => {
      const row = this.#outbox.get(keyOf({ peer, messageId }))
      if (row === undefined) throw new TalosError('STORE_CONFLICT', { what: 'the message' })
      this.#outbox.put(keyOf(row), { ...row, sessionId, wire })
    })
  }

  acknowledge(key: MessageName): boolean {
    return this.#transaction(() => this.#outbox.remove(keyOf(key)))
  }

  dropOutdated(nowMs: number): MessageName[] {
    return this.#transaction(() => {
      const rows = this.#outbox.values().filter(({ createdMs }) => createdMs <= nowMs - OUTBOX_KEEP_MS)
      for (const row of rows) this.#outbox.remove(keyOf(row))
      return rows.map(({ peer, messageId }) => ({ peer, messageId }))
    })
  }

  hasArrived(key: MessageName): boolean {
    return this.#arrived.has(keyOf(key))
  }

  noteArrived({ peer, messageId, nowMs }: MessageName & { readonly nowMs: number }): boolean {
    return this.#transaction(() => {
      const isNew = !this.#arrived.has(keyOf({ peer, messageId }))
      if (isNew) this.#arrived.put(keyOf({ peer, messageId }), nowMs)
      return isNew
    })
  }

  putIncoming({ nowMs, ...message }: IncomingMessage): boolean {
    return this.#transaction(() => {
      const key = keyOf(message)
      if (!this.noteArrived({ ...message, nowMs })) return false
      this.#inbox.put(key, { ...message, position: this.#next('inbox'), receivedMs: nowMs })
      return true
    })
  }

  incoming(limit = Number.POSITIVE_INFINITY, kind: IncomingKind = 'message'): StoredIncoming[] {
    return this.#inbox
      .values()
      .filter((row) => row.kind === kind)
      .sort((one, other) => one.position - other.position)
      .slice(0, limit)
  }

  handOver(key: MessageName): boolean {
    return this.#transaction(() => {
      if (this.#forgetsIds) this.#arrived.remove(keyOf(key))
      return this.#inbox.remove(keyOf(key))
    })
  }

  removeExpired(_nowMs: number): void {
    // Ids are kept for 30 days, which no schedule lasts.
  }

  findOutgoing(key: MessageName): StoredOutgoing | undefined {
    return this.#outbox.get(keyOf(key))
  }

  /** For the schedule alone: whether anything waits to be handed over. */
  get hasIncoming(): boolean {
    return this.#inbox.size > 0
  }

  /** For checks alone: whether it arrived and was not handed over. */
  isWaiting(key: MessageName): boolean {
    return this.#inbox.has(keyOf(key))
  }

  #next(name: string): number {
    const position = (this.#counter.get(name) ?? 0) + 1
    this.#counter.put(name, position)
    return position
  }
}

function keyOf({ peer, messageId }: MessageName): string {
  return `${peer}/${messageId}`
}
