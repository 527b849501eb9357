import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { ReceiveCommit, ReceiveResult, SendCommit, SessionChange } from '@talos/storage'
import type { Defect } from './defects.ts'
import { MemoryMessages } from './memory-messages.ts'
import { MemoryPrekeys } from './memory-prekeys.ts'
import { MemorySessions } from './memory-sessions.ts'
import { Table, type Transaction, type Undo } from './table.ts'

/** Told of each transaction as it is about to become durable: calls `commit`, or not, and may throw before or after. */
export type WriteGate = (commit: () => void) => void

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
