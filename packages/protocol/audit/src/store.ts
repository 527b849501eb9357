/**
 * What the audit log asks of its surroundings: a store of entries and tiles, a second place for the last signed
 * checkpoint, and a lookup by leaf hash. `@talos/storage` implements them over SQLite and files.
 */
import type { TalosError } from '@talos/errors'
import type { Tile, TileId } from '@talos/merkle'

/** The committed state of the tree. */
export interface AuditHead {
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
  /** `CompactRange.edge()`: 32 bytes for each 1 bit of the size. */
  readonly edge: Uint8Array
}

/** One entry as it is stored. */
export interface StoredEntry {
  readonly index: number
  /** The exact bytes of the leaf. */
  readonly body: Uint8Array
}

/**
 * Entries that stand side by side, in the form of an entry bundle of C2SP tlog-tiles: for each entry its length in two
 * bytes, big endian, then its bytes. `groupsOf` makes them and `entriesOf` reads them.
 */
export interface EntryGroup {
  /** Index of the first entry. */
  readonly first: number
  /** 1 to 256; a group never crosses a multiple of 256. */
  readonly count: number
  readonly bodies: Uint8Array
}

/** A level's incomplete tile: 0 to 255 hashes, 32 bytes each. */
export type PartialTile = Tile

export interface SaltKey {
  readonly scope: string
  /** 32 bytes. */
  readonly key: Uint8Array
}

export interface AuditBatch {
  /** The head that the batch was built on; a store with another head refuses the batch. */
  readonly expected: Pick<AuditHead, 'size' | 'root'>
  /** Consecutive from `expected.size` on, one row each. */
  readonly groups: readonly EntryGroup[]
  /** Tiles that the batch completes; written once, never changed. */
  readonly tiles: readonly Tile[]
  /** Incomplete tiles of level 1 and above that changed; each replaces its level's earlier one. */
  readonly partials: readonly PartialTile[]
  readonly saltKeys: readonly SaltKey[]
  readonly head: AuditHead
}

export interface StoredCheckpoint {
  readonly size: number
  /** The signed note. */
  readonly note: string
}

/** Which entries to read: `from <= index < to`. */
export interface StoreQuery {
  readonly from: number
  readonly to: number
  /** `ascending` where it is left out. */
  readonly order?: 'ascending' | 'descending'
}

/**
 * Durable storage of one log, with one writer. Every method throws `AUDIT_STORE_FAILED` when the medium fails.
 * `storeCompliance` of the tests says what an implementation has to keep.
 */
export interface AuditStore {
  /** Why the store knows itself to have lost what was durable; the log is then there for reading only. */
  readonly damage?: TalosError | undefined
  /** The committed head; undefined in an empty store. */
  head(): AuditHead | undefined
  /**
   * Writes a whole batch or nothing, and resolves once it is durable.
   *
   * @throws TalosError `AUDIT_STORE_CONFLICT` when the stored head is not `batch.expected`; `AUDIT_CORRUPT` {index, part:
   *   'missing'} when the entry before the batch is not there
   */
  append(batch: AuditBatch): Promise<void>
  /** The group that holds an entry. */
  group(index: number): EntryGroup | undefined
  /** Every group with an entry of the range, whole, in order of their places; may be read lazily while entries are appended. */
  groups(query: StoreQuery): Iterable<EntryGroup>
  /** The 256 hashes of a complete tile. */
  tile(id: TileId): Uint8Array | undefined
  /** The incomplete tile of a level from 1 on. */
  partial(level: number): PartialTile | undefined
  /** Keeps a signed checkpoint durably. One that is there for this size stays as it is. */
  addCheckpoint(checkpoint: StoredCheckpoint): Promise<void>
  /** All kept checkpoints, smallest first. */
  checkpoints(): Iterable<StoredCheckpoint>
  lastCheckpoint(): StoredCheckpoint | undefined
  saltKey(scope: string): Uint8Array | undefined
  /** Deletes a salt key so that no copy stays in the store's files. Tells whether there was one. */
  eraseSaltKey(scope: string): Promise<boolean>
  /** Idempotent. */
  close(): void
}

/**
 * A second place, outside of the store's files, for the last signed checkpoint. It is written before a checkpoint is
 * released, so that a store which was set back is noticed.
 */
export interface CheckpointGuard {
  read(): Promise<string | undefined>
  /** Resolves once the note is durable; the earlier note stays whole until then. */
  write(note: string): Promise<void>
}
