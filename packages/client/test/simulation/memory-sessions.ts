/** Sessions in memory, with the semantics of `SessionStore`. */
import { toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  type NewSession,
  RECEIVE_ONLY_SESSIONS,
  type Retirement,
  type SessionHead,
  type SessionUpdate,
  type StoredSession,
} from '@talos/storage'
import type { Table, Transaction } from './table.ts'

/** How a session begins its time in the store. */
const START = { role: 'active', standing: 'whole', version: 1 } as const

export class MemorySessions {
  readonly #sessions: Table<StoredSession>
  readonly #transaction: Transaction

  constructor(parts: { readonly transaction: Transaction; readonly sessions: Table<StoredSession> }) {
    this.#transaction = parts.transaction
    this.#sessions = parts.sessions
  }

  get(sessionId: Uint8Array): StoredSession | undefined {
    const row = this.#sessions.get(toHex(sessionId))
    return row === undefined ? undefined : { ...row, state: row.state.slice() }
  }

  list(peer?: Did): SessionHead[] {
    const rows = this.#sessions.values().filter((row) => peer === undefined || row.peer === peer)
    const sorted = rows.sort(
      (one, other) => other.createdMs - one.createdMs || compareIds(one.sessionId, other.sessionId),
    )
    return sorted.map(({ state: _sealed, ...head }) => head)
  }

  create({ sessionId, peer, instance, state, nowMs }: NewSession): number {
    return this.#transaction(() => {
      const key = toHex(sessionId)
      if (this.#sessions.has(key)) throw new TalosError('STORE_CONFLICT', { what: 'the session' })
      this.#demote(peer, instance, nowMs)
      const times = { createdMs: nowMs, updatedMs: nowMs }
      this.#sessions.put(key, { sessionId, peer, instance, state, ...START, ...times })
      this.#prune(peer, instance)
      return 1
    })
  }

  update({ sessionId, expectedVersion, state, nowMs }: SessionUpdate): number {
    return this.#transaction(() => {
      const key = toHex(sessionId)
      const row = this.#sessions.get(key)
      if (row?.version !== expectedVersion) throw new TalosError('STORE_CONFLICT', { what: 'the session' })
      this.#sessions.put(key, { ...row, state, version: expectedVersion + 1, updatedMs: nowMs })
      return expectedVersion + 1
    })
  }

  /** For a defect alone: an update that stores the state that is there. */
  unchanged(update: SessionUpdate): SessionUpdate {
    return { ...update, state: this.#sessions.get(toHex(update.sessionId))?.state ?? update.state }
  }

  activate(sessionId: Uint8Array, nowMs: number): void {
    this.#transaction(() => {
      const row = this.#sessions.get(toHex(sessionId))
      if (row?.standing !== 'whole') throw new TalosError('STORE_CONFLICT', { what: 'the session' })
      this.#demote(row.peer, row.instance, nowMs)
      this.#sessions.put(toHex(sessionId), { ...row, role: 'active', updatedMs: nowMs })
    })
  }

  retire(sessionId: Uint8Array, { standing, nowMs }: Retirement): void {
    this.#transaction(() => {
      const row = this.#sessions.get(toHex(sessionId))
      if (row === undefined) return
      this.#sessions.put(toHex(sessionId), { ...row, role: 'receive-only', standing, updatedMs: nowMs })
    })
  }

  freeze(): number {
    return this.#transaction(() => {
      const rows = this.#sessions.values().filter(({ standing }) => standing !== 'frozen')
      for (const row of rows) {
        this.#sessions.put(toHex(row.sessionId), { ...row, role: 'receive-only', standing: 'frozen' })
      }
      return rows.length
    })
  }

  /** For checks alone: the rows as they are. */
  states(): readonly StoredSession[] {
    return this.#sessions.values()
  }

  #demote(peer: Did, instance: string, nowMs: number): void {
    for (const row of this.#sessions.values()) {
      if (row.peer !== peer || row.instance !== instance || row.role !== 'active') continue
      this.#sessions.put(toHex(row.sessionId), { ...row, role: 'receive-only', updatedMs: nowMs })
    }
  }

  #prune(peer: Did, instance: string): void {
    const rows = this.#sessions.values().filter((row) => row.peer === peer && row.instance === instance)
    const old = rows.filter(({ role }) => role === 'receive-only').sort(newestFirst)
    for (const { sessionId } of old.slice(RECEIVE_ONLY_SESSIONS)) this.#sessions.remove(toHex(sessionId))
  }
}

function newestFirst(one: StoredSession, other: StoredSession): number {
  const byTime = other.createdMs - one.createdMs || other.updatedMs - one.updatedMs
  return byTime || compareIds(one.sessionId, other.sessionId)
}

/** As SQLite orders blobs. */
function compareIds(one: Uint8Array, other: Uint8Array): number {
  return Buffer.compare(one, other)
}
