/** Stores in memory for tests: they keep the ports' promises, and fail on command. */
import {
  type AuditBatch,
  type AuditHead,
  type AuditIndex,
  type AuditRecord,
  type AuditStore,
  type CheckpointGuard,
  type EntryGroup,
  entriesOf,
  groupsOf,
  type IndexQuery,
  type IndexRange,
  type PartialTile,
  type StoredCheckpoint,
  type StoreQuery,
} from '@talos/audit'
import { encodeJcs, equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { TileId } from '@talos/merkle'

/** How the next writes behave: as they should, fail and store nothing, or store and then fail. */
export type WriteFault = 'none' | 'fails and is not stored' | 'fails but is stored'

export class MemoryAuditStore implements AuditStore {
  /** The contents are public so that a test can damage them. */
  current: AuditHead | undefined
  /** By the place of their first entry. */
  readonly rows = new Map<number, EntryGroup>()
  readonly tiles = new Map<string, Uint8Array>()
  readonly partials = new Map<number, PartialTile>()
  readonly notes = new Map<number, string>()
  readonly secrets = new Map<string, Uint8Array>()
  writeFault: WriteFault = 'none'
  isReadable = true
  appends = 0
  isClosed = false

  /** Writes other entries into the group of entry `index`, which may then be shorter or gone. */
  rewrite(index: number, change: (bodies: Uint8Array[], position: number) => readonly Uint8Array[]): void {
    const group = this.group(index)
    if (group === undefined) throw new Error(`there is no entry ${index}`)
    const bodies = entriesOf(group).map(({ body }) => body)
    const [changed] = groupsOf(group.first, change(bodies, index - group.first))
    if (changed === undefined) this.rows.delete(group.first)
    else this.rows.set(group.first, changed)
  }

  head(): AuditHead | undefined {
    this.#requireReadable()
    return this.current
  }

  async append(batch: AuditBatch): Promise<void> {
    // A real store takes a moment, in which more is asked for.
    await Promise.resolve()
    this.appends += 1
    this.#requireWorking('fails and is not stored')
    const size = this.current?.size ?? 0
    const isSame = this.current === undefined || equalBytes(this.current.root, batch.expected.root)
    if (size !== batch.expected.size || !isSame) {
      throw new TalosError('AUDIT_STORE_CONFLICT', { expected: batch.expected.size, actual: size })
    }
    for (const group of batch.groups) this.rows.set(group.first, group)
    for (const { level, index, hashes } of batch.tiles) this.tiles.set(`${level}/${index}`, hashes)
    for (const partial of batch.partials) this.partials.set(partial.level, partial)
    for (const { scope, key } of batch.saltKeys) this.secrets.set(scope, key)
    this.current = batch.head
    this.#requireWorking('fails but is stored')
  }

  group(index: number): EntryGroup | undefined {
    this.#requireReadable()
    return [...this.rows.values()].find(({ first, count }) => index >= first && index < first + count)
  }

  *groups({ from, to, order = 'ascending' }: StoreQuery): Generator<EntryGroup, void> {
    const wanted = [...this.rows.values()]
      .filter(() => from < to)
      .filter(({ first, count }) => first < to && first + count > from)
      .sort((one, other) => (order === 'ascending' ? one.first - other.first : other.first - one.first))
    for (const group of wanted) {
      this.#requireReadable()
      yield group
    }
  }

  tile({ level, index }: TileId): Uint8Array | undefined {
    this.#requireReadable()
    return this.tiles.get(`${level}/${index}`)
  }

  partial(level: number): PartialTile | undefined {
    return this.partials.get(level)
  }

  async addCheckpoint({ size, note }: StoredCheckpoint): Promise<void> {
    this.#requireWorking('fails and is not stored')
    if (!this.notes.has(size)) this.notes.set(size, note)
    this.#requireWorking('fails but is stored')
  }

  *checkpoints(): Generator<StoredCheckpoint, void> {
    // Live, as a database's pages are: what is added while this is read appears.
    for (let after = -1; ; ) {
      const size = Math.min(...[...this.notes.keys()].filter((key) => key > after))
      if (!Number.isFinite(size)) return
      yield { size, note: String(this.notes.get(size)) }
      after = size
    }
  }

  lastCheckpoint(): StoredCheckpoint | undefined {
    return [...this.checkpoints()].at(-1)
  }

  saltKey(scope: string): Uint8Array | undefined {
    return this.secrets.get(scope)
  }

  async eraseSaltKey(scope: string): Promise<boolean> {
    return this.secrets.delete(scope)
  }

  close(): void {
    this.isClosed = true
  }

  #requireReadable(): void {
    if (!this.isReadable) throw new TalosError('AUDIT_STORE_FAILED', { operation: 'read' })
  }

  #requireWorking(fault: WriteFault): void {
    if (this.writeFault === fault) throw new TalosError('AUDIT_STORE_FAILED', { operation: 'write' })
  }
}

export class MemoryCheckpointGuard implements CheckpointGuard {
  note: string | undefined
  writeFault: WriteFault = 'none'
  /** Notes that were written for certain. */
  readonly written: string[] = []

  async read(): Promise<string | undefined> {
    return this.note
  }

  async write(note: string): Promise<void> {
    if (this.writeFault === 'fails and is not stored') throw new Error('no space left')
    this.note = note
    if (this.writeFault === 'fails but is stored') throw new Error('the answer was lost')
    this.written.push(note)
  }
}

export class MemoryAuditIndex implements AuditIndex {
  /** Public, so that a test can make it lie. */
  records: AuditRecord[] = []
  isClosed = false
  /** Every call fails. */
  isBroken = false

  get size(): number {
    this.#requireWhole()
    return this.records.length
  }

  get last(): Uint8Array | undefined {
    return this.records.at(-1)?.leafHash
  }

  add(records: readonly AuditRecord[]): void {
    this.#requireWhole()
    this.records.push(...records.filter(({ index }) => index >= this.records.length))
  }

  find(leafHash: Uint8Array): readonly number[] {
    this.#requireWhole()
    return this.records.flatMap((record, place) => (equalBytes(record.leafHash, leafHash) ? [place] : []))
  }

  narrow({ fromIndex: from, toIndex: to, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: IndexQuery): IndexRange {
    this.#requireWhole()
    const places = this.records.flatMap(({ entry }, place) => (entry.ts >= fromMs && entry.ts < toMs ? [place] : []))
    return { from: Math.max(from, places[0] ?? to), to: Math.min(to, (places.at(-1) ?? to - 1) + 1) }
  }

  *search({ fromIndex, toIndex, kinds, peers, order, ...rest }: IndexQuery): Generator<number, void> {
    const exact = Object.entries(rest).filter(([name]) => name !== 'fromMs' && name !== 'toMs')
    const places = this.records
      .map((record, place) => ({ entry: record.entry as unknown as Readonly<Record<string, unknown>>, place }))
      .filter(({ place }) => place >= fromIndex && place < toIndex)
      .filter(({ entry }) => kinds === undefined || kinds.some((kind) => kind === entry['kind']))
      .filter(({ entry }) => peers === undefined || peers.some((peer) => peer === entry['peer']))
      .filter(({ entry }) => exact.every(([name, value]) => value === undefined || entry[name] === value))
      .map(({ place }) => place)
    for (const place of order === 'descending' ? places.reverse() : places) {
      this.#requireWhole()
      yield place
    }
  }

  agrees(records: readonly AuditRecord[]): boolean {
    this.#requireWhole()
    return records.every((record) => {
      const known = this.records[record.index]
      return known !== undefined && encodeJcs(known.entry) === encodeJcs(record.entry)
    })
  }

  isSound(): boolean {
    this.#requireWhole()
    return true
  }

  clear(): void {
    this.#requireWhole()
    this.records = []
  }

  close(): void {
    this.isClosed = true
  }

  #requireWhole(): void {
    if (this.isBroken) throw new TalosError('STORE_CORRUPT', { store: 'audit index', reason: 'a test says so' })
  }
}
