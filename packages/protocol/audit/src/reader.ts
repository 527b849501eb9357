/**
 * Reading a log: entries, proofs and roots of a store's committed state. Needs no key and changes nothing, so that a
 * second process may read while the first one writes.
 */
import { concatBytes, equalBytes } from '@talos/bytes'
import type { AuditEntry } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  consistencyProof,
  emptyRoot,
  formatTlogProof,
  HASH_BYTES,
  hashAt,
  inclusionProof,
  leafIndex,
  MAX_TILE_LEVEL,
  parseCheckpoint,
  rootAt,
  splitNote,
  TILE_BYTES,
  TILE_WIDTH,
  TileCache,
  type TileId,
  treeSize,
} from '@talos/merkle'
import { decodeEntry } from './entry.ts'
import type { AuditFilter } from './filter.ts'
import { bodyIn, entriesOf, groupsOf } from './group.ts'
import { Sieve } from './sieve.ts'
import type { AuditHead, AuditStore, EntryGroup, StoredEntry, StoreQuery } from './store.ts'
import { tailOf } from './tail.ts'

/** An entry as it was read: its place, its exact bytes, and what they say. */
export interface AuditRecord {
  readonly index: number
  /** 32 bytes. */
  readonly leafHash: Uint8Array
  readonly body: Uint8Array
  readonly entry: AuditEntry
}

/** Leaf hashes of the entries behind the last whole tile. */
interface Tail {
  /** First index, a multiple of 256. */
  readonly first: number
  /** 32 bytes each. */
  readonly hashes: Uint8Array
}

export class AuditReader {
  readonly #store: AuditStore
  readonly #kernel: Kernel
  readonly #tiles: TileCache
  #head: AuditHead
  #tail: Tail | undefined

  /** @throws TalosError `AUDIT_STORE_FAILED` */
  constructor({
    store,
    kernel,
    cacheBytes,
  }: {
    readonly store: AuditStore
    readonly kernel: Kernel
    /** Most bytes of tiles that are held expanded; the default of {@link TileCache} when absent. */
    readonly cacheBytes?: number | undefined
  }) {
    this.#store = store
    this.#kernel = kernel
    this.#tiles = new TileCache({
      readTile: (tile) => this.#readTile(tile),
      kernel,
      ...(cacheBytes !== undefined && { limitBytes: cacheBytes }),
    })
    this.#head = this.refresh()
  }

  /** Number of entries. */
  get size(): number {
    return this.#head.size
  }

  /** Root of the tree, 32 bytes. */
  get root(): Uint8Array {
    return this.#head.root
  }

  /** Reads the committed head again, as another process may have written. */
  refresh(): AuditHead {
    this.#head = this.#store.head() ?? { size: 0, root: emptyRoot(this.#kernel), edge: new Uint8Array(0) }
    this.forget()
    return this.#head
  }

  /** Reads tiles and entries from the store again, as before a signature: what is kept in memory could hide damage. */
  forget(): void {
    this.#tiles.clear()
    this.#tail = undefined
  }

  /**
   * Takes over a head that this process has just committed, without reading it back.
   *
   * @param tail leaf hashes of the last, incomplete tile, 32 bytes each
   */
  advance(head: AuditHead, tail: Uint8Array): void {
    this.#head = head
    this.#tail = { first: head.size - (head.size % TILE_WIDTH), hashes: tail }
  }

  /**
   * Root of the first `size` entries, 32 bytes.
   *
   * @throws TalosError `AUDIT_RANGE`, `AUDIT_CORRUPT`
   */
  rootAt(size: number): Uint8Array {
    return rootAt({ size: treeSize(this.#within('size', size)), readNode: this.#tiles.readNode, kernel: this.#kernel })
  }

  /**
   * Proof that entry `index` is in the tree of the first `size` entries (all of them where it is left out).
   *
   * @throws TalosError `AUDIT_RANGE`, `AUDIT_CORRUPT`
   */
  inclusion({ index, size = this.size }: { readonly index: number; readonly size?: number }): Uint8Array[] {
    this.#within('size', size)
    this.#below('index', index, size)
    return inclusionProof({
      index: leafIndex(index),
      size: treeSize(size),
      readNode: (level, node) => this.#edgeNode(level, node) ?? this.#tiles.readNode(level, node),
      kernel: this.#kernel,
    })
  }

  /**
   * Proof that the tree of the first `to` entries (all of them where it is left out) begins with the first `from`.
   *
   * @throws TalosError `AUDIT_RANGE`, `AUDIT_CORRUPT`
   */
  consistency({ from, to = this.size }: { readonly from: number; readonly to?: number }): Uint8Array[] {
    this.#within('to', to)
    this.#below('from', from, to + 1)
    return consistencyProof({
      from: treeSize(from),
      to: treeSize(to),
      readNode: this.#tiles.readNode,
      kernel: this.#kernel,
    })
  }

  /**
   * The tlog-proof text that entry `index` is in the tree of a signed checkpoint of this log.
   *
   * @throws TalosError `AUDIT_RANGE` when the checkpoint does not reach so far; `NOTE_INVALID`, `CHECKPOINT_INVALID`
   */
  tlogProof({ index, checkpoint }: { readonly index: number; readonly checkpoint: string }): string {
    const { size } = parseCheckpoint(splitNote(checkpoint).text)
    return formatTlogProof({ index: leafIndex(index), proof: this.inclusion({ index, size }), checkpoint })
  }

  /** Reads one entry. Throws `AUDIT_RANGE`, or `AUDIT_CORRUPT` when its bytes are not those that were hashed. */
  entry(index: number): AuditRecord {
    this.#below('index', index, this.size)
    const group = this.#store.group(index)
    if (group === undefined) throw new TalosError('AUDIT_CORRUPT', { index, part: 'missing' })
    const [record] = this.#records([{ index, body: bodyIn(group, index) }])
    return record as AuditRecord
  }

  /** Reads entries one after the other, those of the log as it was at the call. Throws `AUDIT_CORRUPT`. */
  *entries(filter: AuditFilter = {}): Generator<AuditRecord, void> {
    const { fromIndex = 0, toIndex = this.size, order = 'ascending' } = filter
    const to = Math.min(toIndex, this.size)
    const sieve = new Sieve(filter)
    for (const group of this.#whole({ from: fromIndex, to, order })) {
      if (!sieve.mayHold(group)) continue
      const stored = entriesOf(group).filter(({ index }) => index >= fromIndex && index < to)
      const records = this.#records(stored.filter(({ body }) => sieve.mayBe(body)))
      for (const record of order === 'ascending' ? records : records.toReversed()) {
        if (sieve.holds(record.entry)) yield record
      }
    }
  }

  /** Leaf hash of one entry as it stands in the tree, 32 bytes. Throws `AUDIT_RANGE`, `AUDIT_CORRUPT`. */
  leafHash(index: number): Uint8Array {
    return this.leafHashes({ from: index, to: this.#below('index', index, this.size) + 1 })
  }

  /**
   * Leaf hashes of `from <= index < to` as they stand in the tree, 32 bytes each, in one piece.
   *
   * @throws TalosError `AUDIT_RANGE`, `AUDIT_CORRUPT`
   */
  leafHashes({ from, to }: { readonly from: number; readonly to: number }): Uint8Array {
    this.#within('to', to)
    this.#below('from', from, to + 1)
    const parts: Uint8Array[] = []
    for (let index = from; index < to; ) {
      const n = Math.floor(index / TILE_WIDTH)
      const end = Math.min(to, (n + 1) * TILE_WIDTH)
      const hashes = this.#readTile({ level: 0, index: n, width: end - n * TILE_WIDTH })
      parts.push(hashes.subarray((index - n * TILE_WIDTH) * HASH_BYTES, (end - n * TILE_WIDTH) * HASH_BYTES))
      index = end
    }
    return concatBytes(...parts)
  }

  /**
   * The first `width` hashes of a tile, 32 bytes each, as tlog-tiles serves them.
   *
   * @throws TalosError `AUDIT_RANGE` when the log does not have so many yet, `AUDIT_CORRUPT`
   */
  tile({ level, index, width }: TileId & { readonly width: number }): Uint8Array {
    this.#below('level', level, MAX_TILE_LEVEL + 1)
    this.#below('tile width', width - 1, TILE_WIDTH)
    this.#below('tile', (index * TILE_WIDTH + width) * TILE_WIDTH ** level - 1, this.size)
    return this.#readTile({ level, index, width }).slice(0, width * HASH_BYTES)
  }

  /**
   * The bundle of the entries from `256 * index` on, `width` of them, as tlog-tiles serves it.
   *
   * @throws TalosError `AUDIT_RANGE` when the log does not have so many yet, `AUDIT_CORRUPT`
   */
  bundle({ index, width }: { readonly index: number; readonly width: number }): Uint8Array {
    this.#below('tile width', width - 1, TILE_WIDTH)
    const from = index * TILE_WIDTH
    const to = this.#below('bundle', from + width - 1, this.size) + 1
    const bodies = this.#bodies({ from, to }).map(({ body }) => body)
    const [group] = groupsOf(from, bodies)
    return (group as EntryGroup).bodies
  }

  /** The groups of a range, each next to the one before: a row that is gone leaves nothing out unseen. */
  *#whole({ from, to, order }: Required<StoreQuery>): Generator<EntryGroup, void> {
    const isAscending = order === 'ascending'
    // What is to come: entries from `low` on, below `high`.
    let [low, high] = [from, to]
    for (const group of this.#store.groups({ from, to, order })) {
      const end = group.first + group.count
      if (isAscending ? group.first > low : end < high) break
      if (isAscending) low = Math.min(end, to)
      else high = Math.max(group.first, from)
      yield group
    }
    if (low < high) throw new TalosError('AUDIT_CORRUPT', { index: isAscending ? low : high - 1, part: 'missing' })
  }

  /** Entries of a range that does not cross a tile. */
  #bodies({ from, to }: { readonly from: number; readonly to: number }): StoredEntry[] {
    const stored: StoredEntry[] = []
    for (const group of this.#store.groups({ from, to })) {
      for (const entry of entriesOf(group)) if (entry.index >= from && entry.index < to) stored.push(entry)
    }
    const gap = stored.findIndex(({ index }, position) => index !== from + position)
    if (gap >= 0 || stored.length < to - from) {
      throw new TalosError('AUDIT_CORRUPT', { index: from + (gap < 0 ? stored.length : gap), part: 'missing' })
    }
    return stored
  }

  /** Reads entries of one group and holds each against its hash in the tree. */
  #records(stored: readonly StoredEntry[]): AuditRecord[] {
    const hashes = this.#kernel.leafHashes(stored.map(({ body }) => body))
    return stored.map((entry, position) => {
      const hash = hashAt(hashes, position)
      if (!equalBytes(hash, this.leafHash(entry.index))) {
        throw new TalosError('AUDIT_CORRUPT', { index: entry.index, part: 'entry' })
      }
      const { index, body } = entry
      return { index, leafHash: hash, body, entry: requirePlace(readEntry(entry), index) }
    })
  }

  #within(name: string, value: number): number {
    return this.#below(name, value, this.size + 1)
  }

  #below(name: string, value: number, limit: number): number {
    if (!Number.isSafeInteger(value) || value < 0 || value >= limit) {
      throw new TalosError('AUDIT_RANGE', { name, value, size: this.size })
    }
    return value
  }

  /** A partial tile is asked for before the complete one: a writer in another process only ever completes tiles. */
  #readTile({ level, index, width }: TileId & { readonly width: number }): Uint8Array {
    if (level === 0 && index === Math.floor(this.size / TILE_WIDTH)) return this.#tailHashes()
    const isLast = index === Math.floor(this.size / TILE_WIDTH ** (level + 1))
    const partial = isLast ? this.#store.partial(level) : undefined
    if (partial?.index === index && partial.hashes.length >= width * HASH_BYTES) return partial.hashes
    const tile = this.#store.tile({ level, index })
    if (tile?.length === TILE_BYTES) return tile
    throw new TalosError('AUDIT_CORRUPT', { index: index * TILE_WIDTH ** (level + 1), part: 'tile' })
  }

  /**
   * The node where it is one of the perfect subtrees of the tree, whose roots are in the head: what stands on the right of a
   * path needs no tile, and the last entries need not be hashed for it. Only for proofs: what is checked before a signature is
   * read from where it lies.
   */
  #edgeNode(level: number, node: number): Uint8Array | undefined {
    const { size, edge } = this.#head
    const nodes = Math.floor(size / 2 ** level)
    if (nodes % 2 === 0 || node !== nodes - 1) return undefined
    let end = edge.length
    for (let rest = size % 2 ** level; rest > 0; rest = Math.floor(rest / 2)) end -= (rest % 2) * HASH_BYTES
    return edge.slice(end - HASH_BYTES, end)
  }

  #tailHashes(): Uint8Array {
    const first = this.size - (this.size % TILE_WIDTH)
    this.#tail ??= { first, hashes: tailOf({ store: this.#store, kernel: this.#kernel, head: this.#head }) }
    return this.#tail.hashes
  }
}

/** Reads a stored entry. Throws `AUDIT_CORRUPT` {index, part: 'entry'}. */
export function readEntry({ index, body }: StoredEntry): AuditEntry {
  try {
    return decodeEntry(body)
  } catch (cause) {
    throw new TalosError('AUDIT_CORRUPT', { index, part: 'entry' }, { cause })
  }
}

/** Holds an entry against the place where it was found. Throws `AUDIT_CORRUPT` {index, part: 'entry'}. */
export function requirePlace(entry: AuditEntry, index: number): AuditEntry {
  if (entry.seq !== index) throw new TalosError('AUDIT_CORRUPT', { index, part: 'entry' })
  return entry
}
