/**
 * `agent.db`: everything that an agent must remember besides its keys and its audit log, and the two steps that must be
 * one transaction each.
 *
 * Invariants: nothing leaves before the state that it came from is durable (`commitSend`); nothing is acknowledged
 * before it, its session's state and its id are durable (`commitReceive`).
 */
import type { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import type { AgentFolder } from './agent-home.ts'
import type { AgentLock } from './agent-lock.ts'
import { AGENT_MIGRATIONS } from './agent-schema.ts'
import { AnchorStore } from './anchor-store.ts'
import { EvidenceStore, GrantStore, InvocationReplayStore } from './authority-store.ts'
import { Database } from './database.ts'
import { GENERATION_FILE, Generation } from './generation.ts'
import { IdentityStore } from './identity-store.ts'
import {
  type IncomingMessage,
  type MessageName,
  MessageStore,
  type OutgoingMessage,
  type PeerMove,
} from './message-store.ts'
import { EpochStore, SqliteMeterStore } from './meter-store.ts'
import { PeerStore, SettingStore } from './peer-store.ts'
import { type OneTimeKeyName, PrekeyStore } from './prekey-store.ts'
import { RevocationStore } from './revocation-store.ts'
import { NO_SEALER, type RowSealer, rowSealer } from './row-seal.ts'
import { type NewSession, SessionStore, type SessionUpdate } from './session-store.ts'
import { SqliteWitnessStore } from './witness-store.ts'

/** Name of the file in the agent's folder. */
export const AGENT_DATABASE_FILE = 'agent.db'

export interface AgentDatabaseKeys {
  /** 32 bytes; seals the rows. */
  readonly storageKey: Secret
  readonly kernel: Kernel
  readonly random: Random
}

export interface OpenAgentDatabaseOptions extends AgentDatabaseKeys {
  readonly folder: AgentFolder
  /** Proof that this process owns the agent. */
  readonly lock: AgentLock
  /** Injects a full disk (see `Database`). Tests only. */
  readonly maxPages?: number
}

/** A session that is new with this step, or a new state of one that is known. */
export type SessionChange = { readonly create: NewSession } | { readonly update: SessionUpdate }

export interface ReceiveCommit {
  readonly session: SessionChange
  /** The frame that was opened and waits to be handed over or acted on. */
  readonly message?: IncomingMessage
  /** The name of what was opened where it leaves nothing to be done; absent too for what has no id of its own. */
  readonly arrival?: MessageName & { readonly nowMs: number }
  /** The one-time key that the new session used. */
  readonly consumedOneTime?: OneTimeKeyName
  /** The first flight that made the new session. */
  readonly firstFlight?: { readonly transcriptHash: Uint8Array; readonly expiresMs: number }
}

export interface ReceiveResult {
  /** Version of the session's record. */
  readonly version: number
  /** False for a message whose id had arrived before: acknowledge it and hand nothing over. */
  readonly isNew: boolean
}

export interface SendCommit {
  /** Absent where the message is within the lease that the stored record grants. */
  readonly session?: SessionChange
  /** What leaves afterwards and is kept until the peer has it. */
  readonly message?: OutgoingMessage
}

export class AgentDatabase {
  readonly sessions: SessionStore
  readonly prekeys: PrekeyStore
  readonly messages: MessageStore
  readonly grants: GrantStore
  readonly revocations: RevocationStore
  readonly replay: InvocationReplayStore
  readonly evidence: EvidenceStore
  readonly meters: SqliteMeterStore
  readonly epochs: EpochStore
  readonly identities: IdentityStore
  readonly peers: PeerStore
  readonly settings: SettingStore
  readonly anchors: AnchorStore
  readonly witness: SqliteWitnessStore
  /** Set when the database was found to be an older copy of itself: how many sessions seal nothing any more for that. */
  readonly restored: number | undefined
  readonly #database: Database
  readonly #sealer: RowSealer
  readonly #generation: Generation | undefined

  private constructor(database: Database, sealer: RowSealer, generation?: Generation) {
    this.#database = database
    this.#sealer = sealer
    this.#generation = generation
    this.sessions = new SessionStore(database, sealer)
    this.prekeys = new PrekeyStore(database, sealer, { onChange: () => generation?.count() })
    this.messages = new MessageStore(database, sealer)
    this.grants = new GrantStore(database)
    this.revocations = new RevocationStore(database, { onPlaced: () => generation?.count() })
    this.replay = new InvocationReplayStore(database)
    this.evidence = new EvidenceStore(database, sealer)
    this.meters = new SqliteMeterStore(database)
    this.epochs = new EpochStore(database)
    this.identities = new IdentityStore(database)
    this.peers = new PeerStore(database)
    this.settings = new SettingStore(database, sealer)
    this.anchors = new AnchorStore(database)
    this.witness = new SqliteWitnessStore(database, { onChange: () => generation?.count() })
    database.onEnd = (isDone) => (isDone ? generation?.note() : generation?.doubt())
    let frozen = 0
    const isRestored = generation?.raise(() => (frozen = this.#freeze()))
    this.restored = isRestored === true ? frozen : undefined
  }

  /**
   * Opens the database as its owner, creating or migrating it. One that is an older copy of itself is opened with its
   * sessions frozen (see {@link AgentDatabase.restored}).
   *
   * @throws TalosError `AGENT_LOCKED` (the lock was released or is of another agent), and what `Database.open` throws
   */
  static open(options: OpenAgentDatabaseOptions): AgentDatabase {
    const { folder, lock, storageKey, kernel, random, maxPages } = options
    if (!lock.held || lock.name !== folder.name) throw new TalosError('AGENT_LOCKED', { name: folder.name })
    const database = Database.open({
      path: folder.filePath(AGENT_DATABASE_FILE),
      store: 'agent',
      migrations: AGENT_MIGRATIONS,
      ...(maxPages !== undefined && { maxPages }),
    })
    try {
      const generation = new Generation({ database, path: folder.filePath(GENERATION_FILE) })
      return new AgentDatabase(database, rowSealer({ storageKey, kernel, random }), generation)
    } catch (error) {
      database.close()
      throw error
    }
  }

  /**
   * Opens an existing database for reading, next to its owner. Without keys, sealed rows stay closed
   * (`STORE_KEY_MISSING`); every write is `STORE_WRITE_FAILED`.
   *
   * @throws TalosError what `Database.open` throws
   */
  static openReader(options: { readonly folder: AgentFolder; readonly keys?: AgentDatabaseKeys }): AgentDatabase {
    const { folder, keys } = options
    const path = folder.filePath(AGENT_DATABASE_FILE)
    const database = Database.open({ path, store: 'agent', migrations: AGENT_MIGRATIONS, readOnly: true })
    return new AgentDatabase(database, keys === undefined ? NO_SEALER : rowSealer(keys))
  }

  /**
   * One transaction: the session's new state, the one-time key's removal, the first flight, the message and its id.
   * Acknowledge after this returned.
   *
   * @throws TalosError `STORE_CONFLICT`, `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`; nothing changed then
   */
  commitReceive({ session, message, arrival, consumedOneTime, firstFlight }: ReceiveCommit): ReceiveResult {
    return this.transaction(() => {
      if (firstFlight !== undefined) this.prekeys.rememberFirstFlight(firstFlight)
      if (consumedOneTime !== undefined) this.prekeys.consumeOneTime(consumedOneTime)
      const version = this.#changeSession(session)
      const isNewMessage = message === undefined || this.messages.putIncoming(message)
      const isNewArrival = arrival === undefined || this.messages.noteArrived(arrival)
      return { version, isNew: isNewMessage && isNewArrival }
    })
  }

  /**
   * One transaction: the session's new state and the message in the outbox. Send after this returned.
   *
   * @returns the version of the session's record, where that changed
   * @throws TalosError `STORE_CONFLICT`, `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`; nothing changed then
   */
  commitSend({ session, message }: SendCommit): number | undefined {
    return this.transaction(() => {
      const version = session === undefined ? undefined : this.#changeSession(session)
      if (message !== undefined) this.messages.putOutgoing(message)
      return version
    })
  }

  /** Runs several steps on the stores as one transaction. @throws TalosError `STORE_WRITE_FAILED`, and what `work` throws */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work)
  }

  /**
   * A peer has another DID: everything that is kept of it goes by that. Its sessions seal no more.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  movePeer({ from, to }: PeerMove, nowMs: number): void {
    this.transaction(() => {
      this.messages.movePeer({ from, to })
      this.sessions.outdate({ nowMs, moved: { from, to } })
      this.peers.move({ from, to })
      this.#database.run('UPDATE grants SET peer = :to WHERE peer = :from', { from, to })
      this.#database.run('DELETE FROM identity_told WHERE peer = :from', { from })
    })
  }

  /** A peer is no more: its sessions go, and what waits for it. @throws TalosError `STORE_WRITE_FAILED` */
  endPeer(did: Did, nowMs: number): void {
    this.transaction(() => {
      this.sessions.outdate({ nowMs, moved: { from: did, to: did } })
      this.#database.run('DELETE FROM outbox WHERE peer = :did', { did })
    })
  }

  /** This agent has another DID: no session and no prekey of before serves any more. @throws TalosError `STORE_WRITE_FAILED` */
  outdateOwn(nowMs: number): void {
    this.transaction(() => {
      this.sessions.outdate({ nowMs })
      this.prekeys.withdraw()
    })
  }

  /** Removes what time has made useless. @throws TalosError `STORE_WRITE_FAILED` */
  removeExpired(nowMs: number): void {
    this.transaction(() => {
      this.prekeys.removeExpired(nowMs)
      this.messages.removeExpired(nowMs)
    })
  }

  /** Closes the file and forgets the keys. Idempotent. */
  close(): void {
    if (this.#database.isOpen) this.#countEnd()
    this.#generation?.close()
    this.#database.close()
    this.#sealer.dispose()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** What an older copy must not use again: sessions, and one-time keys that may have been handed out since. */
  #freeze(): number {
    this.prekeys.withdraw()
    return this.sessions.freeze()
  }

  /** So that a copy made while the agent runs counts as older afterwards. Not needed for anything else: it may fail. */
  #countEnd(): void {
    try {
      this.#generation?.raise(() => undefined)
    } catch {
      // A full or failing disk must not keep the file open.
    }
  }

  #changeSession(change: SessionChange): number {
    this.#generation?.count()
    return 'create' in change ? this.sessions.create(change.create) : this.sessions.update(change.update)
  }
}
