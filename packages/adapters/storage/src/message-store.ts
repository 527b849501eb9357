/**
 * Messages at rest: what was sent and not acknowledged, what arrived and was not handed over, and the ids that arrived.
 *
 * A message in the outbox keeps its exact wire bytes, so that sending again never seals twice, and its plaintext, so
 * that it can travel in another session when this one is lost.
 */
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import type { RowSealer } from './row-seal.ts'
import { bytesOf, integerOf, requireRoom, requireSize, textOf } from './rows.ts'

/** Messages that wait for one peer's acknowledgement: above this the sender must wait. */
export const OUTBOX_MAX_PER_PEER = 10_000
/** What waits in the inbox, of each kind, over all peers: above this nothing of that kind is acknowledged any more. */
export const INBOX_MAX = 10_000
/** What waits in the inbox, of each kind, of one peer: nobody fills it for the others alone. */
export const INBOX_MAX_PER_PEER = 2_500
/** Ids are remembered this long; a sender gives up resending long before (a week, the life of a session). */
export const INBOX_IDS_KEEP_MS = 30 * 24 * 60 * 60 * 1000
/**
 * Ids that are remembered of one peer, some 300 MB of disk: three messages in four seconds for a month. Above this the peer's
 * messages are refused: an id that is forgotten too early would let a message in twice.
 */
export const INBOX_IDS_MAX_PER_PEER = 2_000_000
/** How long a message waits for its peer: as long as a session lives. */
export const OUTBOX_KEEP_MS = 7 * 24 * 60 * 60 * 1000
const OUTBOX = 'outbox'
const INBOX = 'inbox'
const MESSAGE_ID = /^[0-9a-f]{32}$/

export interface OutgoingMessage {
  readonly peer: Did
  /** 32 lower-case hex digits (UUIDv7). */
  readonly messageId: string
  /** The session that sealed `wire`. */
  readonly sessionId: Uint8Array
  readonly contentType: number
  /** Sealed before it is stored. */
  readonly plaintext: Uint8Array
  /** The sealed message exactly as it is sent. */
  readonly wire: Uint8Array
  readonly nowMs: number
}

export interface StoredOutgoing extends Omit<OutgoingMessage, 'nowMs'> {
  /** Order of sending. */
  readonly position: number
  readonly createdMs: number
}

/** What names a message between this agent and a peer. */
export interface MessageName {
  readonly peer: Did
  /** 32 lower-case hex digits. */
  readonly messageId: string
}

/** A peer that goes by another DID from now on. */
export interface PeerMove {
  readonly from: Did
  readonly to: Did
}

/** `message`: waits for the application. `effect`: a frame that this agent itself acts on. */
export type IncomingKind = 'message' | 'effect'

export interface IncomingMessage {
  readonly peer: Did
  readonly messageId: string
  readonly sessionId: Uint8Array
  readonly kind: IncomingKind
  readonly contentType: number
  /** Sealed before it is stored. */
  readonly plaintext: Uint8Array
  readonly nowMs: number
}

export interface StoredIncoming extends Omit<IncomingMessage, 'nowMs'> {
  /** Order of arrival. */
  readonly position: number
  readonly receivedMs: number
}

export class MessageStore {
  readonly #database: Database
  readonly #sealer: RowSealer

  constructor(database: Database, sealer: RowSealer) {
    this.#database = database
    this.#sealer = sealer
  }

  /** @throws TalosError `STORE_CONFLICT` (the id waits already), `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE` */
  putOutgoing(message: OutgoingMessage): void {
    const { peer, messageId, sessionId, contentType, plaintext, wire, nowMs } = message
    const place = placeOf(OUTBOX, { peer, messageId })
    this.#database.transaction(() => {
      if (this.#exists(OUTBOX, { peer, messageId })) throw new TalosError('STORE_CONFLICT', { what: 'the message' })
      requireRoom(this.#database, {
        what: 'unacknowledged messages',
        limit: OUTBOX_MAX_PER_PEER,
        count: 'SELECT count(*) AS n FROM outbox WHERE peer = :peer',
        parameters: { peer },
      })
      this.#database.run(
        `INSERT INTO outbox (peer, message_id, session_id, content_type, sealed, wire, created_ms)
         VALUES (:peer, :messageId, :sessionId, :contentType, :sealed, :wire, :nowMs)`,
        {
          peer,
          messageId,
          sessionId,
          contentType,
          sealed: this.#sealer.seal(place, plaintext),
          wire: requireSize(wire),
          nowMs,
        },
      )
    })
  }

  /** Messages that a peer did not acknowledge, in the order of sending. A row that does not open is passed over. */
  outgoing(peer: Did, limit = OUTBOX_MAX_PER_PEER): StoredOutgoing[] {
    const sql = 'SELECT * FROM outbox WHERE peer = :peer AND position > :after ORDER BY position LIMIT :limit'
    const page = (after: number) => this.#database.all(sql, { peer, after, limit })
    return readable({ page, limit, read: (row) => this.#outgoingOf(row) })
  }

  /** One message of the outbox. */
  findOutgoing({ peer, messageId }: MessageName): StoredOutgoing | undefined {
    const sql = 'SELECT * FROM outbox WHERE peer = :peer AND message_id = :messageId'
    const row = this.#database.get(sql, { peer, messageId })
    return row === undefined ? undefined : this.#outgoingOf(row)
  }

  /** Peers for whom messages wait. */
  waitingPeers(): Did[] {
    return this.#database.all('SELECT DISTINCT peer FROM outbox ORDER BY peer').map((row) => textOf(row, 'peer') as Did)
  }

  /** Replaces the wire bytes of a message that travels in another session now. @throws TalosError `STORE_CONFLICT` (gone) */
  resealOutgoing(options: Pick<OutgoingMessage, 'peer' | 'messageId' | 'sessionId' | 'wire'>): void {
    const { peer, messageId, sessionId, wire } = options
    const changed = this.#database.run(
      'UPDATE outbox SET wire = :wire, session_id = :sessionId WHERE peer = :peer AND message_id = :messageId',
      { wire: requireSize(wire), sessionId, peer, messageId },
    )
    if (changed !== 1) throw new TalosError('STORE_CONFLICT', { what: 'the message' })
  }

  /** The peer has the message: forgets it. Tells whether it was waiting. @throws TalosError `STORE_WRITE_FAILED` */
  acknowledge({ peer, messageId }: MessageName): boolean {
    const sql = 'DELETE FROM outbox WHERE peer = :peer AND message_id = :messageId'
    return this.#database.run(sql, { peer, messageId }) === 1
  }

  /**
   * Forgets what waited longer than {@link OUTBOX_KEEP_MS}, and says what that was.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  dropOutdated(nowMs: number): MessageName[] {
    const before = nowMs - OUTBOX_KEEP_MS
    return this.#database.transaction(() => {
      const sql = 'SELECT peer, message_id FROM outbox WHERE created_ms <= :before ORDER BY position'
      const outdated = this.#database.all(sql, { before }).map(nameOf)
      if (outdated.length > 0) this.#database.run('DELETE FROM outbox WHERE created_ms <= :before', { before })
      return outdated
    })
  }

  /** Whether a message with that id arrived before. */
  hasArrived({ peer, messageId }: MessageName): boolean {
    return this.#exists('inbox_ids', { peer, messageId })
  }

  /**
   * Takes the id of something that arrived and leaves nothing to be done.
   *
   * @returns false for an id that had arrived before
   * @throws TalosError `PEER_QUOTA`, `STORE_WRITE_FAILED`
   */
  noteArrived({ peer, messageId, nowMs }: MessageName & { readonly nowMs: number }): boolean {
    placeOf(INBOX, { peer, messageId })
    if (this.hasArrived({ peer, messageId })) return false
    const counted = this.#database.get('SELECT n FROM inbox_id_counts WHERE peer = :peer', { peer })
    if (counted !== undefined && integerOf(counted, 'n') >= INBOX_IDS_MAX_PER_PEER) {
      throw new TalosError('PEER_QUOTA', {
        what: 'messages from one peer within 30 days',
        limit: INBOX_IDS_MAX_PER_PEER,
      })
    }
    const sql = 'INSERT INTO inbox_ids (peer, message_id, received_ms) VALUES (:peer, :messageId, :nowMs)'
    return this.#database.run(sql, { peer, messageId, nowMs }) === 1
  }

  /**
   * Takes a message that arrived, once: a second one with the same id changes nothing.
   *
   * @returns false for a message that had arrived before
   * @throws TalosError `PEER_QUOTA`, `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`
   */
  putIncoming(message: IncomingMessage): boolean {
    const { peer, messageId, sessionId, kind, contentType, plaintext, nowMs } = message
    const place = placeOf(INBOX, { peer, messageId })
    return this.#database.transaction(() => {
      if (!this.noteArrived({ peer, messageId, nowMs })) return false
      this.#requireInboxRoom(peer, kind)
      this.#database.run(
        `INSERT INTO inbox (peer, message_id, session_id, kind, content_type, sealed, received_ms)
         VALUES (:peer, :messageId, :sessionId, :kind, :contentType, :sealed, :nowMs)`,
        { peer, messageId, sessionId, kind, contentType, sealed: this.#sealer.seal(place, plaintext), nowMs },
      )
      return true
    })
  }

  /** What arrived, of one kind, and was not handed over, in the order of arrival. A row that does not open is passed over. */
  incoming(limit = INBOX_MAX, kind: IncomingKind = 'message'): StoredIncoming[] {
    const sql = 'SELECT * FROM inbox WHERE kind = :kind AND position > :after ORDER BY position LIMIT :limit'
    const page = (after: number) => this.#database.all(sql, { kind, after, limit })
    const read = (row: Row) => ({
      ...this.#messageOf(INBOX, row),
      kind,
      receivedMs: integerOf(row, 'received_ms'),
    })
    return readable({ page, limit, read })
  }

  /** What the message asked for is done: forgets it, and keeps its id. @throws TalosError `STORE_WRITE_FAILED` */
  handOver({ peer, messageId }: MessageName): boolean {
    const sql = 'DELETE FROM inbox WHERE peer = :peer AND message_id = :messageId'
    return this.#database.run(sql, { peer, messageId }) === 1
  }

  /** Forgets ids older than {@link INBOX_IDS_KEEP_MS}. @throws TalosError `STORE_WRITE_FAILED` */
  removeExpired(nowMs: number): void {
    this.#database.run('DELETE FROM inbox_ids WHERE received_ms <= :before', { before: nowMs - INBOX_IDS_KEEP_MS })
    this.#database.run('DELETE FROM inbox_id_counts WHERE n <= 0')
  }

  /**
   * A peer has another DID: what waits for it or came from it, and the ids that it used, are that one's from now on.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  movePeer({ from, to }: PeerMove): void {
    this.#database.transaction(() => {
      for (const table of [OUTBOX, INBOX] as const) this.#moveRows(table, { from, to })
      const ids = `INSERT OR IGNORE INTO inbox_ids (peer, message_id, received_ms)
        SELECT :to, message_id, received_ms FROM inbox_ids WHERE peer = :from`
      this.#database.run(ids, { from, to })
      this.#database.run('DELETE FROM inbox_ids WHERE peer = :from', { from })
    })
  }

  /** The peer's name is part of what seals a row. One that does not open stays where it is, as unreadable as before. */
  #moveRows(table: 'outbox' | 'inbox', { from, to }: PeerMove): void {
    const rows = this.#database.all(`SELECT position, message_id, sealed FROM ${table} WHERE peer = :from`, { from })
    for (const row of rows) {
      const messageId = textOf(row, 'message_id')
      const sealed = this.#resealed(
        placeOf(table, { peer: from, messageId }),
        placeOf(table, { peer: to, messageId }),
        row,
      )
      if (sealed === undefined) continue
      this.#database.run(`UPDATE OR REPLACE ${table} SET peer = :to, sealed = :sealed WHERE position = :position`, {
        to,
        sealed,
        position: integerOf(row, 'position'),
      })
    }
  }

  #resealed(before: Place, after: Place, row: Row): Uint8Array | undefined {
    try {
      return this.#sealer.seal(after, this.#sealer.open(before, bytesOf(row, 'sealed')))
    } catch (error) {
      if (!isTalosError(error, 'STORE_ROW_INVALID')) throw error
      return undefined
    }
  }

  #requireInboxRoom(peer: Did, kind: IncomingKind): void {
    requireRoom(this.#database, {
      what: 'messages that wait for the application',
      limit: INBOX_MAX,
      count: 'SELECT count(*) AS n FROM inbox WHERE kind = :kind',
      parameters: { kind },
    })
    requireRoom(this.#database, {
      what: 'messages of one peer that wait for the application',
      limit: INBOX_MAX_PER_PEER,
      count: 'SELECT count(*) AS n FROM inbox WHERE peer = :peer AND kind = :kind',
      parameters: { peer, kind },
    })
  }

  #exists(table: 'outbox' | 'inbox_ids', key: { readonly peer: string; readonly messageId: string }): boolean {
    const sql = `SELECT 1 AS found FROM ${table} WHERE peer = :peer AND message_id = :messageId`
    return this.#database.get(sql, { peer: key.peer, messageId: key.messageId }) !== undefined
  }

  #outgoingOf(row: Row): StoredOutgoing {
    return { ...this.#messageOf(OUTBOX, row), wire: bytesOf(row, 'wire'), createdMs: integerOf(row, 'created_ms') }
  }

  #messageOf(table: string, row: Row) {
    const peer = textOf(row, 'peer') as Did
    const messageId = textOf(row, 'message_id')
    return {
      position: integerOf(row, 'position'),
      peer,
      messageId,
      sessionId: bytesOf(row, 'session_id'),
      contentType: integerOf(row, 'content_type'),
      plaintext: this.#sealer.open(placeOf(table, { peer, messageId }), bytesOf(row, 'sealed')),
    }
  }
}

/**
 * Rows in the order of their positions, `limit` of those that open: one that was damaged, or is of another key, must not
 * hold up what follows it. It stays where it is.
 */
function readable<T>(options: {
  /** Up to `limit` rows after a position. */
  readonly page: (after: number) => Row[]
  readonly limit: number
  readonly read: (row: Row) => T
}): T[] {
  const { page, limit, read } = options
  const found: T[] = []
  for (let after = 0; ; ) {
    const rows = page(after)
    for (const row of rows) {
      after = integerOf(row, 'position')
      try {
        found.push(read(row))
      } catch (error) {
        if (!isTalosError(error, 'STORE_ROW_INVALID')) throw error
      }
      if (found.length === limit) return found
    }
    if (rows.length < limit) return found
  }
}

function nameOf(row: Row): MessageName {
  return { peer: textOf(row, 'peer') as Did, messageId: textOf(row, 'message_id') }
}

type Place = ReturnType<typeof placeOf>

function placeOf(table: string, { peer, messageId }: { readonly peer: string; readonly messageId: string }) {
  if (!MESSAGE_ID.test(messageId)) {
    throw new TalosError('SCHEMA_INVALID', { schema: 'message', path: '$.messageId', reason: 'is not 32 hex digits' })
  }
  return { table, key: `${peer}/${messageId}`, version: 1 }
}
