/**
 * Reading a log: entries, proofs and roots of a store's committed state. Needs no key and changes nothing, so that a
 * second process may read while the first one writes.
 */
import { equalBytes } from '@talos/bytes'
import type { AuditEntry, AuditEntryKind, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  consistencyProof,
  emptyRoot,
  formatTlogProof,
  HASH_BYTES,
  inclusionProof,
  leafHash,
  leafIndex,
  nodeReader,
  parseCheckpoint,
  type ReadNode,
  rootAt,
  splitNote,
  TILE_WIDTH,
  type TileId,
  treeSize,
} from '@talos/merkle'
import { decodeEntry } from './entry.ts'
import type { AuditHead, AuditStore, StoredEntry } from './store.ts'

/** An entry as it was read: its place, its exact bytes, and what they say. */
export interface AuditRecord {
  readonly index: number
  /** 32 bytes. */
  readonly leafHash: Uint8Array
  readonly body: Uint8Array
  readonly entry: AuditEntry
}

/** Which entries to read; members that are left out do not narrow. */
export interface AuditFilter {
  readonly kinds?: readonly AuditEntryKind[]
  readonly session?: string
  readonly peer?: Did
  readonly tool?: string
  /** CID of a capability, as text. */
  readonly cap?: string
  /** Earliest time. */
  readonly fromMs?: number
  /** First time that is too late. */
  readonly toMs?: number
  readonly fromIndex?: number
  /** First index that is too late. */
  readonly toIndex?: number
  /** `ascending` where it is left out. */
  readonly order?: 'ascending' | 'descending'
}

export class AuditReader {
  readonly #store: AuditStore
  readonly #kernel: Kernel
  readonly #readNode: ReadNode
  #head: AuditHead

  /** @throws TalosError `AUDIT_STORE_FAILED` */
  constructor({ store, kernel }: { readonly store: AuditStore; readonly kernel: Kernel }) {
    this.#store = store
    this.#kernel = kernel
    this.#readNode = nodeReader((tile) => this.#readTile(tile), kernel)
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
    return this.#head
  }

  /** Takes over a head that this process has just committed, without reading it back. */
  advance(head: AuditHead): void {
    this.#head = head
  }

  /**
   * Root of the first `size` entries, 32 bytes.
   *
   * @throws TalosError `AUDIT_RANGE`
   */
  rootAt(size: number): Uint8Array {
    return rootAt({ size: treeSize(this.#within('size', size)), readNode: this.#readNode, kernel: this.#kernel })
  }

  /**
   * Proof that entry `index` is in the tree of the first `size` entries (all of them where it is left out).
   *
   * @throws TalosError `AUDIT_RANGE`
   */
  inclusion({ index, size = this.size }: { readonly index: number; readonly size?: number }): Uint8Array[] {
    this.#within('size', size)
    this.#below('index', index, size)
    return inclusionProof({
      index: leafIndex(index),
      size: treeSize(size),
      readNode: this.#readNode,
      kernel: this.#kernel,
    })
  }

  /**
   * Proof that the tree of the first `to` entries (all of them where it is left out) begins with the first `from`.
   *
   * @throws TalosError `AUDIT_RANGE`
   */
  consistency({ from, to = this.size }: { readonly from: number; readonly to?: number }): Uint8Array[] {
    this.#within('to', to)
    this.#below('from', from, to + 1)
    return consistencyProof({ from: treeSize(from), to: treeSize(to), readNode: this.#readNode, kernel: this.#kernel })
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
    const stored = this.#store.entry(index)
    if (stored === undefined) throw new TalosError('AUDIT_CORRUPT', { index, part: 'missing' })
    return readRecord(stored, leafHash(this.#kernel, stored.body))
  }

  /** Reads entries one after the other, those of the log as it was at the call. Throws `AUDIT_CORRUPT`. */
  *entries(filter: AuditFilter = {}): Generator<AuditRecord, void> {
    const { peer, tool, cap, fromIndex = 0, toIndex = this.size, ...columns } = filter
    const query = { ...columns, from: fromIndex, to: Math.min(toIndex, this.size) }
    for (const stored of this.#store.entries(query)) {
      const record = readRecord(stored, leafHash(this.#kernel, stored.body))
      const { entry } = record
      if (peer !== undefined && entry.peer !== peer) continue
      if (tool !== undefined && entry.tool !== tool) continue
      if (cap !== undefined && entry.cap !== cap) continue
      yield record
    }
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
    if (level > 0) {
      const partial = this.#store.partial(level)
      if (partial?.index === index && partial.hashes.length >= width * HASH_BYTES) return partial.hashes
    }
    const tile = this.#store.tile({ level, index })
    if (tile !== undefined) return tile
    const from = index * TILE_WIDTH
    return level === 0 ? this.#store.leafHashes({ from, to: from + width }) : new Uint8Array(0)
  }
}

/**
 * Checks a stored entry against the hash that its body has and its own place, and reads it.
 *
 * @param hash leaf hash of the body, computed by the caller: one call of the kernel may serve many
 * @throws TalosError `AUDIT_CORRUPT` {index, part: 'entry'}
 */
export function readRecord(stored: StoredEntry, hash: Uint8Array): AuditRecord {
  const { index, body } = stored
  const entry = readEntry(stored)
  const sameColumns = entry.ts === stored.tsMs && entry.kind === stored.kind && entry.session === stored.session
  if (entry.seq !== index || !sameColumns || !equalBytes(hash, stored.leafHash)) {
    throw new TalosError('AUDIT_CORRUPT', { index, part: 'entry' })
  }
  return { index, leafHash: hash, body, entry }
}

function readEntry({ index, body }: StoredEntry): AuditEntry {
  try {
    return decodeEntry(body)
  } catch (cause) {
    throw new TalosError('AUDIT_CORRUPT', { index, part: 'entry' }, { cause })
  }
}
