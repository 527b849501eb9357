/**
 * What an agent remembers, in memory, with the semantics of `AgentDatabase`: the same rows, the same conflicts, and
 * transactions that are durable all at once or not at all. Whoever holds the gate decides what becomes of each of them.
 */
import { toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  type IncomingKind,
  type IncomingMessage,
  type MessageName,
  type NewPrekeys,
  type NewSession,
  type OneTimeKeyName,
  OUTBOX_KEEP_MS,
  type OutgoingMessage,
  RECEIVE_ONLY_SESSIONS,
  type ReceiveCommit,
  type ReceiveResult,
  type Retirement,
  type SendCommit,
  type SessionChange,
  type SessionHead,
  type SessionUpdate,
  type StoredBundle,
  type StoredIncoming,
  type StoredOutgoing,
  type StoredSession,
} from '@talos/storage'
import type { Defect } from './defects.ts'
import { Table, type Undo } from './table.ts'

/** Told of each transaction as it is about to become durable: calls `commit`, or not, and may throw before or after. */
export type WriteGate = (commit: () => void) => void

interface OneTimeRow {
  readonly serial: number
  readonly index: number
  readonly published: Uint8Array
  readonly secret: Uint8Array
  readonly isServed: boolean
}

/** How a session begins its time in the store. */
const START = { role: 'active', standing: 'whole', version: 1 } as const

type BundleRow = StoredBundle & { readonly secrets: Uint8Array }

/** Everything that is durable at one moment. */
export type Snapshot = readonly ReadonlyMap<string, unknown>[]

export class MemoryStorage {
  readonly #gate: WriteGate
  readonly #defect: Defect | undefined
  readonly #tables: Table<unknown>[] = []
  #undo: Undo[] | undefined
  #durable: readonly Undo[] = []
  #version = 0
  readonly sessions: MemorySessions
  readonly messages: MemoryMessages
  readonly prekeys: MemoryPrekeys
  readonly peers: MemoryPeers
  readonly #generation: Table<number>

  /** @param defect makes the store wrong on purpose: what the simulation must find */
  constructor(gate: WriteGate, defect?: Defect) {
    this.#gate = gate
    this.#defect = defect
    const table = <Row>(): Table<Row> => {
      const made = new Table<Row>((undo) => this.#note(undo))
      this.#tables.push(made as Table<unknown>)
      return made
    }
    const transaction = <T>(work: () => T): T => this.transaction(work)
    this.sessions = new MemorySessions({ transaction, sessions: table() })
    this.messages = new MemoryMessages({
      transaction,
      outbox: table(),
      inbox: table(),
      arrived: table(),
      counter: table(),
      forgetsIds: defect === 'forgets ids',
    })
    this.prekeys = new MemoryPrekeys({
      transaction,
      onChange: () => this.#count(),
      bundles: table(),
      oneTime: table(),
      flights: table(),
      serial: table(),
    })
    this.peers = new MemoryPeers({ transaction, serials: table() })
    this.#generation = table()
  }

  /** Grows with every durable transaction. */
  get version(): number {
    return this.#version
  }

  transaction<T>(work: () => T): T {
    if (this.#undo !== undefined) return work()
    const undo: Undo[] = []
    this.#undo = undo
    let isDurable = false
    try {
      const result = work()
      if (undo.length > 0) {
        this.#gate(() => {
          isDurable = true
          this.#durable = undo
          this.#version += 1
        })
      }
      return result
    } catch (error) {
      if (!isDurable) takeBack(this.#defect === 'tears transactions' ? undo.slice(-1) : undo)
      throw error
    } finally {
      this.#undo = undefined
    }
  }

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

  commitSend({ session, message }: SendCommit): number | undefined {
    return this.transaction(() => {
      const isIgnored = this.#defect === 'ignores leases' && session !== undefined && 'update' in session
      const change = isIgnored ? { update: this.sessions.unchanged(session.update) } : session
      const version = change === undefined ? undefined : this.#changeSession(change)
      if (message !== undefined) this.messages.putOutgoing(message)
      return version
    })
  }

  removeExpired(nowMs: number): void {
    this.transaction(() => {
      this.prekeys.removeExpired(nowMs)
      this.messages.removeExpired(nowMs)
    })
  }

  /** Counts openings, and steps of sessions. */
  get generation(): number {
    return this.#generation.get('value') ?? 0
  }

  /**
   * What opening the agent does: a store whose generation is below that of the second place is an older copy, and its
   * sessions seal nothing any more.
   *
   * @returns the generation that was found
   */
  raiseGeneration(guard: number): number {
    return this.transaction(() => {
      const found = this.generation
      if (found < guard) {
        this.prekeys.withdraw()
        this.sessions.freeze()
      }
      this.#generation.put('value', Math.max(found, guard) + 1)
      return found
    })
  }

  snapshot(): Snapshot {
    return this.#tables.map((table) => table.copy())
  }

  restore(snapshot: Snapshot): void {
    for (const [index, table] of this.#tables.entries()) table.restore(snapshot[index] ?? new Map())
    this.#durable = []
    this.#version += 1
  }

  /** Loses the last transaction although it was durable: what a store that lies about durability does at a crash. */
  loseLastTransaction(): void {
    takeBack(this.#durable)
    this.#durable = []
  }

  #note(undo: Undo): void {
    if (this.#undo === undefined) throw new Error('a row changed outside of a transaction')
    this.#undo.push(undo)
  }

  #count(): void {
    this.#generation.put('value', this.generation + 1)
  }

  #changeSession(change: SessionChange): number {
    this.#count()
    return 'create' in change ? this.sessions.create(change.create) : this.sessions.update(change.update)
  }
}

function takeBack(undo: readonly Undo[]): void {
  for (const step of undo.toReversed()) step()
}

type Transaction = <T>(work: () => T) => T

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

export class MemoryPrekeys {
  readonly #transaction: Transaction
  readonly #bundles: Table<BundleRow>
  readonly #oneTime: Table<OneTimeRow>
  readonly #flights: Table<number>
  readonly #serial: Table<number>

  readonly #onChange: () => void

  constructor(parts: {
    readonly transaction: Transaction
    readonly onChange: () => void
    readonly bundles: Table<BundleRow>
    readonly oneTime: Table<OneTimeRow>
    readonly flights: Table<number>
    readonly serial: Table<number>
  }) {
    this.#transaction = parts.transaction
    this.#onChange = parts.onChange
    this.#bundles = parts.bundles
    this.#oneTime = parts.oneTime
    this.#flights = parts.flights
    this.#serial = parts.serial
  }

  put({ serial, bundleHash, bundle, secrets, oneTime, nowMs, keepUntilMs }: NewPrekeys): void {
    this.#transaction(() => {
      if (serial < this.nextSerial()) throw new TalosError('STORE_CONFLICT', { what: 'the prekey bundle' })
      this.#onChange()
      const row = { serial, bundleHash, bundle, secrets: secrets.slice(), createdMs: nowMs, keepUntilMs }
      this.#bundles.put(toHex(bundleHash), row)
      this.#serial.put('highest', serial)
      for (const { index, published, secret } of oneTime) {
        this.#oneTime.put(`${serial}/${index}`, { serial, index, published, secret: secret.slice(), isServed: false })
      }
    })
  }

  nextSerial(): number {
    return (this.#serial.get('highest') ?? 0) + 1
  }

  latest(): StoredBundle | undefined {
    return this.list()[0]
  }

  list(): StoredBundle[] {
    const rows = this.#bundles.values().sort((one, other) => other.serial - one.serial)
    return rows.map(({ secrets: _sealed, ...bundle }) => bundle)
  }

  secrets(bundleHash: Uint8Array): Uint8Array | undefined {
    return this.#bundles.get(toHex(bundleHash))?.secrets.slice()
  }

  serveOneTime(): { readonly serial: number; readonly index: number; readonly published: Uint8Array } | undefined {
    return this.#transaction(() => {
      const [row] = this.#unserved()
      if (row === undefined) return undefined
      this.#onChange()
      const { serial, index, published } = row
      this.#oneTime.put(`${serial}/${index}`, { ...row, isServed: true })
      return { serial, index, published }
    })
  }

  /** None of the one-time pairs that are there is handed out any more. */
  withdraw(): void {
    this.#transaction(() => {
      for (const key of this.#oneTime.keys()) {
        const row = this.#oneTime.get(key)
        if (row?.isServed === false) this.#oneTime.put(key, { ...row, isServed: true })
      }
      for (const row of this.#bundles.values()) this.#bundles.put(toHex(row.bundleHash), { ...row, createdMs: 0 })
    })
  }

  unserved(): number {
    return this.#unserved().length
  }

  oneTimeSecret({ bundleHash, index }: OneTimeKeyName): Uint8Array | undefined {
    const serial = this.#bundles.get(toHex(bundleHash))?.serial
    return this.#oneTime.get(`${serial}/${index}`)?.secret.slice()
  }

  consumeOneTime({ bundleHash, index }: OneTimeKeyName): void {
    this.#transaction(() => {
      const serial = this.#bundles.get(toHex(bundleHash))?.serial
      if (!this.#oneTime.remove(`${serial}/${index}`))
        throw new TalosError('STORE_CONFLICT', { what: 'the one-time key' })
    })
  }

  hasFirstFlight(transcriptHash: Uint8Array): boolean {
    return this.#flights.has(toHex(transcriptHash))
  }

  rememberFirstFlight({
    transcriptHash,
    expiresMs,
  }: {
    readonly transcriptHash: Uint8Array
    readonly expiresMs: number
  }) {
    this.#transaction(() => {
      if (this.hasFirstFlight(transcriptHash)) throw new TalosError('STORE_CONFLICT', { what: 'the first flight' })
      this.#flights.put(toHex(transcriptHash), expiresMs)
    })
  }

  removeExpired(nowMs: number): void {
    this.#transaction(() => {
      for (const { serial, bundleHash, keepUntilMs } of this.list()) {
        if (keepUntilMs > nowMs) continue
        this.#bundles.remove(toHex(bundleHash))
        for (const key of this.#oneTime.keys()) if (key.startsWith(`${serial}/`)) this.#oneTime.remove(key)
      }
      for (const key of this.#flights.keys()) {
        if ((this.#flights.get(key) ?? 0) <= nowMs) this.#flights.remove(key)
      }
    })
  }

  #unserved(): OneTimeRow[] {
    const serial = this.latest()?.serial
    const rows = this.#oneTime.values().filter((row) => row.serial === serial && !row.isServed)
    return rows.sort((one, other) => one.index - other.index)
  }
}

export class MemoryPeers {
  readonly #transaction: Transaction
  readonly #serials: Table<number>

  constructor(parts: { readonly transaction: Transaction; readonly serials: Table<number> }) {
    this.#transaction = parts.transaction
    this.#serials = parts.serials
  }

  noteBundleSerial({
    did,
    instance,
    serial,
  }: {
    readonly did: Did
    readonly instance: string
    readonly serial: number
  }) {
    this.#transaction(() => {
      const seen = this.#serials.get(`${did}/${instance}`)
      if (seen !== undefined && serial < seen) throw new TalosError('BUNDLE_ROLLBACK', { offered: serial, seen })
      this.#serials.put(`${did}/${instance}`, serial)
    })
  }
}

function keyOf({ peer, messageId }: MessageName): string {
  return `${peer}/${messageId}`
}

function newestFirst(one: StoredSession, other: StoredSession): number {
  const byTime = other.createdMs - one.createdMs || other.updatedMs - one.updatedMs
  return byTime || compareIds(one.sessionId, other.sessionId)
}

/** As SQLite orders blobs. */
function compareIds(one: Uint8Array, other: Uint8Array): number {
  return Buffer.compare(one, other)
}
