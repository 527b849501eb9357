/**
 * Sessions at rest (design: one active and two receive-only per peer instance; a record changes only from the version
 * that was read, so that two writers never fork a ratchet).
 */
import { toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import type { RowSealer } from './row-seal.ts'
import { bytesOf, integerOf, textOf } from './rows.ts'

/** Older sessions of a peer instance that may still receive, next to the active one: messages under way arrive. */
export const RECEIVE_ONLY_SESSIONS = 2
/** Sessions of one peer over all its instances, which it names itself: of more, the oldest go. */
export const SESSIONS_MAX_PER_PEER = 48
const TABLE = 'sessions'
/** Columns of a {@link SessionHead}. */
const HEAD = 'session_id, peer, instance, role, standing, version, created_ms, updated_ms'

/** `active` sends and receives; `receive-only` was replaced and opens what is still under way. */
export type SessionRole = 'active' | 'receive-only'

/**
 * `whole`: nothing speaks against it. `reset`: the peer said that it cannot open it. `frozen`: this side cannot open it, or
 * its record is an older copy of itself. Only a whole session seals; every one receives.
 */
export type SessionStanding = 'whole' | 'reset' | 'frozen'

export interface SessionHead {
  readonly sessionId: Uint8Array
  readonly peer: Did
  /** The peer's instance. */
  readonly instance: string
  readonly role: SessionRole
  readonly standing: SessionStanding
  /** Grows by one with every change of the state. */
  readonly version: number
  readonly createdMs: number
  readonly updatedMs: number
}

export interface StoredSession extends SessionHead {
  /** Secret bytes of the session's record. */
  readonly state: Uint8Array
}

export interface NewSession {
  readonly sessionId: Uint8Array
  readonly peer: Did
  readonly instance: string
  /** Secret bytes of the session's record; sealed before they are stored. */
  readonly state: Uint8Array
  readonly nowMs: number
}

export interface SessionUpdate {
  readonly sessionId: Uint8Array
  /** The version that the new state was made from. */
  readonly expectedVersion: number
  readonly state: Uint8Array
  readonly nowMs: number
}

/** How a session comes to seal nothing any more. */
export interface Retirement {
  readonly standing: Exclude<SessionStanding, 'whole'>
  readonly nowMs: number
}

export class SessionStore {
  readonly #database: Database
  readonly #sealer: RowSealer

  constructor(database: Database, sealer: RowSealer) {
    this.#database = database
    this.#sealer = sealer
  }

  /** @throws TalosError `STORE_ROW_INVALID`, `STORE_READ_FAILED`, `STORE_KEY_MISSING` */
  get(sessionId: Uint8Array): StoredSession | undefined {
    const row = this.#database.get('SELECT * FROM sessions WHERE session_id = :sessionId', { sessionId })
    return row === undefined ? undefined : this.#open(row)
  }

  /** The session that sends to a peer; its newest one over all instances where none is named. */
  active(peer: Did, instance?: string): StoredSession | undefined {
    const row = this.#database.get(
      `SELECT * FROM sessions WHERE peer = :peer AND role = 'active' AND instance = coalesce(:instance, instance)
       ORDER BY created_ms DESC LIMIT 1`,
      { peer, instance: instance ?? null },
    )
    return row === undefined ? undefined : this.#open(row)
  }

  /** Every session, or those of one peer, newest first, without their states. */
  list(peer?: Did): SessionHead[] {
    // By two statements, so that the one that every message asks for goes by the index.
    const rows =
      peer === undefined
        ? this.#database.all(`SELECT ${HEAD} FROM sessions ORDER BY created_ms DESC, session_id`)
        : this.#database.all(`SELECT ${HEAD} FROM sessions WHERE peer = :peer ORDER BY created_ms DESC, session_id`, {
            peer,
          })
    return rows.map(headOf)
  }

  /**
   * Stores a session as the active one of its peer instance. The one before becomes receive-only; of these the oldest beyond
   * {@link RECEIVE_ONLY_SESSIONS} go, and of all that peer's those beyond {@link SESSIONS_MAX_PER_PEER}.
   *
   * @returns its version, 1
   * @throws TalosError `STORE_CONFLICT` (the id exists), `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`
   */
  create(session: NewSession): number {
    const { sessionId, peer, instance, state, nowMs } = session
    const sealed = this.#seal(sessionId, 1, state)
    return this.#database.transaction(() => {
      if (this.#versionOf(sessionId) !== undefined) throw new TalosError('STORE_CONFLICT', { what: 'the session' })
      this.#demote(peer, instance, nowMs)
      this.#database.run(
        `INSERT INTO sessions (session_id, peer, instance, role, version, sealed, created_ms, updated_ms)
         VALUES (:sessionId, :peer, :instance, 'active', 1, :sealed, :nowMs, :nowMs)`,
        { sessionId, peer, instance, sealed, nowMs },
      )
      this.#prune(peer, instance)
      return 1
    })
  }

  /**
   * Replaces the state of a session that still has the expected version.
   *
   * @returns the new version
   * @throws TalosError `STORE_CONFLICT`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`
   */
  update({ sessionId, expectedVersion, state, nowMs }: SessionUpdate): number {
    const version = expectedVersion + 1
    const sealed = this.#seal(sessionId, version, state)
    const changed = this.#database.run(
      `UPDATE sessions SET sealed = :sealed, version = :version, updated_ms = :nowMs
       WHERE session_id = :sessionId AND version = :expectedVersion`,
      { sealed, version, nowMs, sessionId, expectedVersion },
    )
    if (changed !== 1) throw new TalosError('STORE_CONFLICT', { what: 'the session' })
    return version
  }

  /**
   * Makes a session the one that sends, such as after both sides opened one at the same moment.
   *
   * @throws TalosError `STORE_CONFLICT` (it is gone, or not whole), `STORE_WRITE_FAILED`
   */
  activate(sessionId: Uint8Array, nowMs: number): void {
    this.#database.transaction(() => {
      const row = this.#database.get('SELECT * FROM sessions WHERE session_id = :sessionId', { sessionId })
      if (row === undefined || headOf(row).standing !== 'whole') {
        throw new TalosError('STORE_CONFLICT', { what: 'the session' })
      }
      const { peer, instance } = headOf(row)
      this.#demote(peer, instance, nowMs)
      this.#database.run("UPDATE sessions SET role = 'active', updated_ms = :nowMs WHERE session_id = :sessionId", {
        sessionId,
        nowMs,
      })
    })
  }

  /** A session is lost at one side: it seals nothing from now on. @throws TalosError `STORE_WRITE_FAILED` */
  retire(sessionId: Uint8Array, { standing, nowMs }: Retirement): void {
    this.#database.run(
      `UPDATE sessions SET role = 'receive-only', standing = :standing, updated_ms = :nowMs
       WHERE session_id = :sessionId`,
      { sessionId, standing, nowMs },
    )
  }

  /** This database is an older copy: no session in it seals any more. Tells how many did. @throws TalosError `STORE_WRITE_FAILED` */
  freeze(): number {
    return this.#database.run(
      "UPDATE sessions SET role = 'receive-only', standing = 'frozen' WHERE standing <> 'frozen'",
    )
  }

  /**
   * One side of the sessions has another DID, to which they are not bound: they seal nothing from now on, and others take
   * their place. Those with one peer that has a new DID, or all of this agent's where none is named.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  outdate({
    nowMs,
    moved,
  }: {
    readonly nowMs: number
    readonly moved?: { readonly from: Did; readonly to: Did }
  }): void {
    const set = "UPDATE sessions SET role = 'receive-only', standing = 'reset', updated_ms = :nowMs"
    if (moved === undefined) this.#database.run(set, { nowMs })
    else this.#database.run(`${set}, peer = :to WHERE peer = :from`, { nowMs, ...moved })
  }

  /** Forgets a session; tells whether it was there. @throws TalosError `STORE_WRITE_FAILED` */
  remove(sessionId: Uint8Array): boolean {
    return this.#database.run('DELETE FROM sessions WHERE session_id = :sessionId', { sessionId }) === 1
  }

  #versionOf(sessionId: Uint8Array): number | undefined {
    const row = this.#database.get('SELECT version FROM sessions WHERE session_id = :sessionId', { sessionId })
    return row === undefined ? undefined : integerOf(row, 'version')
  }

  #demote(peer: string, instance: string, nowMs: number): void {
    this.#database.run(
      `UPDATE sessions SET role = 'receive-only', updated_ms = :nowMs
       WHERE peer = :peer AND instance = :instance AND role = 'active'`,
      { peer, instance, nowMs },
    )
  }

  #prune(peer: string, instance: string): void {
    this.#database.run(
      `DELETE FROM sessions WHERE session_id IN (
         SELECT session_id FROM sessions WHERE peer = :peer AND instance = :instance AND role = 'receive-only'
         ORDER BY created_ms DESC, updated_ms DESC, session_id LIMIT -1 OFFSET ${RECEIVE_ONLY_SESSIONS})`,
      { peer, instance },
    )
    this.#database.run(
      `DELETE FROM sessions WHERE session_id IN (
         SELECT session_id FROM sessions WHERE peer = :peer AND instance <> :instance
         ORDER BY updated_ms DESC, session_id
         LIMIT -1 OFFSET ${SESSIONS_MAX_PER_PEER - RECEIVE_ONLY_SESSIONS - 1})`,
      { peer, instance },
    )
  }

  #seal(sessionId: Uint8Array, version: number, state: Uint8Array): Uint8Array {
    return this.#sealer.seal({ table: TABLE, key: toHex(sessionId), version }, state)
  }

  #open(row: Row): StoredSession {
    const head = headOf(row)
    const place = { table: TABLE, key: toHex(head.sessionId), version: head.version }
    return { ...head, state: this.#sealer.open(place, bytesOf(row, 'sealed')) }
  }
}

function headOf(row: Row): SessionHead {
  return {
    sessionId: bytesOf(row, 'session_id'),
    peer: textOf(row, 'peer') as Did,
    instance: textOf(row, 'instance'),
    role: textOf(row, 'role') === 'active' ? 'active' : 'receive-only',
    standing: standingOf(textOf(row, 'standing')),
    version: integerOf(row, 'version'),
    createdMs: integerOf(row, 'created_ms'),
    updatedMs: integerOf(row, 'updated_ms'),
  }
}

function standingOf(text: string): SessionStanding {
  return text === 'whole' || text === 'reset' ? text : 'frozen'
}
