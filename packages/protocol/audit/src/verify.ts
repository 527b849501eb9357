/**
 * Checking a whole log from its first byte (contracts/spec/10-audit-entry.md, clause 10.7): bodies to leaf hashes,
 * hashes to tiles, tiles to the root, and every stored checkpoint against the root that the entries have at its size.
 */
import { equalBytes, toHex } from '@talos/bytes'
import type { AuditEntry, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { AppendedBundle, Kernel } from '@talos/kernel'
import {
  emptyRoot,
  HASH_BYTES,
  TILE_WIDTH,
  type Tile,
  TileBuilder,
  type TileId,
  type VerifiedCheckpoint,
  type VerifierKey,
} from '@talos/merkle'
import { openByAny } from './checkpointer.ts'
import { asciiText, keepsRules } from './entry.ts'
import { readEntryText } from './entry-text.ts'
import { entriesOf, LENGTH_BYTES } from './group.ts'
import { type AuditRecord, readEntry, requirePlace } from './reader.ts'
import type { AuditHead, AuditStore, EntryGroup, StoredEntry } from './store.ts'
import { firstDifference, requireSameEdge } from './tail.ts'

/** Entries between two reports of progress. */
export const PROGRESS_STEP = 1024

export interface VerifyLogOptions {
  readonly store: AuditStore
  /** Checks the stored checkpoints; its name is the log's origin. */
  readonly logKey: VerifierKey
  /** Keys that signed this log before that one, oldest first. */
  readonly formerKeys?: readonly VerifierKey[]
  readonly kernel: Kernel
  /** Called after every 1,024 entries and at the end; awaited, so that it may let other work run. */
  readonly onProgress?: (progress: VerifyProgress) => void | Promise<void>
  /** Given the entries of each group once they were read; not yet held against the tree. */
  readonly onEntries?: (records: readonly AuditRecord[]) => void
}

export interface VerifyProgress {
  readonly checked: number
  readonly size: number
}

/** What a whole and unaltered log has. */
export interface LogReport {
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
  /** Number of checkpoints whose signature and root were checked. */
  readonly checkpoints: number
  readonly agent?: Did
  /** Indexes of tool invocations without an outcome: gaps to be asked about, not damage. */
  readonly openInvocations: readonly number[]
}

/**
 * Reads the log from end to end and recomputes everything.
 *
 * @throws TalosError `AUDIT_CORRUPT` {index, part}: the first entry that is not as it was written. `part` is `entry`,
 *   `missing`, `tile`, `edge`, `root` or `checkpoint`. With `edge` or `root` the damage is at `index` or after it, with
 *   `checkpoint` before it: `index` is then the checkpoint's size
 */
export async function verifyLog(options: VerifyLogOptions): Promise<LogReport> {
  const { store, kernel, onProgress, onEntries } = options
  const snapshot = takeSnapshot(store, kernel)
  const { size } = snapshot.head
  const walk = new Walk(options, snapshot)
  for (const group of store.groups({ from: 0, to: size })) {
    if (group.first !== walk.size) throw corrupt(walk.size, 'missing')
    const records = walk.addGroup(group)
    onEntries?.(records)
    if (walk.size % PROGRESS_STEP === 0) await onProgress?.({ checked: walk.size, size })
  }
  walk.finish()
  await onProgress?.({ checked: walk.size, size })
  return walk.report()
}

/** What may change while the entries are read, taken at one moment. */
interface Snapshot {
  readonly head: AuditHead
  /** Incomplete tiles from level 1 on. */
  readonly partials: readonly Uint8Array[]
  /** Size of the last stored checkpoint. */
  readonly lastCheckpoint: number
}

/** Another process may commit between two reads; then they are read again. */
function takeSnapshot(store: AuditStore, kernel: Kernel): Snapshot {
  const read = (): AuditHead => store.head() ?? { size: 0, root: emptyRoot(kernel), edge: new Uint8Array(0) }
  for (;;) {
    const head = read()
    const partials: Uint8Array[] = []
    for (let level = 1, nodes = head.size; nodes >= TILE_WIDTH; level += 1, nodes = Math.floor(nodes / TILE_WIDTH)) {
      partials.push(store.partial(level)?.hashes ?? new Uint8Array(0))
    }
    const lastCheckpoint = store.lastCheckpoint()?.size ?? -1
    if (read().size === head.size) return { head, partials, lastCheckpoint }
  }
}

/** The recomputed tree, one entry after the other. */
class Walk {
  readonly #options: VerifyLogOptions
  readonly #snapshot: Snapshot
  #tree: Pick<AppendedBundle, 'edge' | 'root'>
  #size = 0
  readonly #builder: TileBuilder
  readonly #checkpoints: Iterator<VerifiedCheckpoint, void>
  #nextCheckpoint: VerifiedCheckpoint | undefined
  #checked = 0
  #agent: Did | undefined
  readonly #open = new Map<string, number>()

  constructor(options: VerifyLogOptions, snapshot: Snapshot) {
    this.#options = options
    this.#snapshot = snapshot
    this.#tree = { edge: new Uint8Array(0), root: emptyRoot(options.kernel) }
    this.#builder = TileBuilder.empty(options.kernel)
    this.#checkpoints = openStored(options, snapshot.lastCheckpoint)
    this.#nextCheckpoint = this.#pull()
    this.#compareCheckpoint()
  }

  get size(): number {
    return this.#size
  }

  /** Reads and adds the entries of a group, as far as the log went at the beginning; a checkpoint may lie among them. */
  addGroup({ first, count, bodies }: EntryGroup): AuditRecord[] {
    const { size } = this.#snapshot.head
    const entries = entriesOf({ first, count, bodies }).filter(({ index }) => index < size)
    const text = groupText(bodies, entries)
    const records: AuditRecord[] = []
    let offset = 0
    while (records.length < entries.length) {
      const upTo = (this.#nextCheckpoint?.size ?? Number.POSITIVE_INFINITY) - first
      const run = entries.slice(records.length, Math.max(records.length + 1, upTo))
      const end = run.reduce((sum, { body }) => sum + LENGTH_BYTES + body.length, offset)
      const read = run.map((stored) => readInGroup(stored, { bodies, text }))
      const leafHashes = this.#grow(bodies.subarray(offset, end))
      offset = end
      for (const [position, { index, body }] of run.entries()) {
        const leafHash = leafHashes.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES)
        const entry = read[position] as AuditEntry
        this.#note({ index, leafHash, entry })
        records.push({ index, leafHash, body, entry })
      }
      this.#compareCheckpoint()
    }
    return records
  }

  /** Hashes entries that stand side by side, in one call of the kernel, and compares the tiles that they complete. */
  #grow(bundle: Uint8Array): Uint8Array {
    const appended = this.#options.kernel.appendBundle({ size: this.#size, edge: this.#tree.edge, bundle })
    const { leafHashes, tileRoots } = appended
    for (const tile of this.#builder.appendRun({ leafHashes, tileRoots })) this.#compareTile(tile)
    this.#tree = appended
    this.#size += leafHashes.length / HASH_BYTES
    return leafHashes
  }

  #note({ index, leafHash, entry }: Omit<AuditRecord, 'body'>): void {
    this.#agent ??= entry.agent
    if (entry.agent !== this.#agent) throw corrupt(index, 'entry')
    if (index === 0 && entry.log?.origin !== this.#options.logKey.name) throw corrupt(index, 'entry')
    if (entry.kind === 'tool.invoke') this.#open.set(toHex(leafHash), index)
    else if (entry.cause !== undefined) this.#open.delete(entry.cause)
  }

  finish(): void {
    const { head, partials } = this.#snapshot
    if (this.size !== head.size) throw corrupt(this.size, 'missing')
    for (const [position, stored] of partials.entries()) {
      const level = position + 1
      const index = Math.floor(head.size / TILE_WIDTH ** (level + 1))
      compareHashes({ level, index, hashes: this.#builder.partial(level) }, stored)
    }
    this.#compareEdge(head.edge)
    if (!equalBytes(this.#tree.root, head.root)) throw corrupt(0, 'root')
    if (this.#nextCheckpoint !== undefined) throw corrupt(head.size, 'checkpoint')
  }

  report(): LogReport {
    const report = {
      size: this.size,
      root: this.#tree.root,
      checkpoints: this.#checked,
      openInvocations: [...this.#open.values()],
    }
    return this.#agent === undefined ? report : { ...report, agent: this.#agent }
  }

  /** Of a body and a tile that do not fit each other, the node above tells which one is wrong. */
  #compareTile(tile: Tile): void {
    const { store, kernel } = this.#options
    const stored = store.tile(tile) ?? new Uint8Array(0)
    const position = firstDifference(tile.hashes, stored)
    if (position === undefined) return
    const isTileWhole =
      tile.level === 0 && stored.length === tile.hashes.length && isKnown(stored, { store, kernel, tile })
    throw corrupt((tile.index * TILE_WIDTH + position) * TILE_WIDTH ** tile.level, isTileWhole ? 'entry' : 'tile')
  }

  /** A wrong edge is found at the first perfect subtree that differs. */
  #compareEdge(stored: Uint8Array): void {
    requireSameEdge({ expected: this.#tree.edge, stored, first: 0, size: this.size })
  }

  #compareCheckpoint(): void {
    while (this.#nextCheckpoint?.size === this.size) {
      if (!equalBytes(this.#nextCheckpoint.root, this.#tree.root)) {
        // At the end of the log the stored edge tells more closely where the damage is.
        if (this.size === this.#snapshot.head.size) this.#compareEdge(this.#snapshot.head.edge)
        throw corrupt(this.size, 'checkpoint')
      }
      this.#checked += 1
      this.#nextCheckpoint = this.#pull()
    }
  }

  #pull(): VerifiedCheckpoint | undefined {
    const next = this.#checkpoints.next()
    return next.done === true ? undefined : next.value
  }
}

/**
 * The text of a group, decoded at once, with one character for each byte. Where that is not so, no text: the entries are then
 * read one by one.
 */
function groupText(bodies: Uint8Array, entries: readonly StoredEntry[]): string {
  const bytes = bodies.slice()
  // A length may look like the beginning of a character.
  for (const { body } of entries)
    bytes.fill(0, body.byteOffset - bodies.byteOffset - LENGTH_BYTES, body.byteOffset - bodies.byteOffset)
  const text = asciiText(bytes)
  return text.length === bytes.length ? text : ''
}

/** Reads an entry from the text of its group, which is decoded once for all. Throws `AUDIT_CORRUPT` {part: 'entry'}. */
function readInGroup(
  { index, body }: StoredEntry,
  { bodies, text }: { readonly bodies: Uint8Array; readonly text: string },
): AuditEntry {
  const start = body.byteOffset - bodies.byteOffset
  const entry = readEntryText(text, { start, end: start + body.length }, keepsRules)
  return requirePlace(entry ?? readEntry({ index, body }), index)
}

/** In the order of their sizes; a key that was replaced signs nothing after the one that replaced it. */
function* openStored(options: VerifyLogOptions, last: number): Generator<VerifiedCheckpoint, void> {
  const { store, logKey, formerKeys = [], kernel } = options
  let keys = [...formerKeys, logKey]
  for (const { size, note } of store.checkpoints()) {
    if (size > last) return
    const { checkpoint, position } = openOne({ note, size, keys, kernel })
    if (checkpoint.size !== size) throw corrupt(size, 'checkpoint')
    keys = keys.slice(position)
    yield checkpoint
  }
}

interface OpenOne {
  readonly note: string
  readonly size: number
  readonly keys: readonly VerifierKey[]
  readonly kernel: Kernel
}

function openOne({ note, size, keys, kernel }: OpenOne) {
  try {
    return openByAny(note, { keys, kernel })
  } catch (cause) {
    throw new TalosError('AUDIT_CORRUPT', { index: size, part: 'checkpoint' }, { cause })
  }
}

/** Tells whether the stored tree holds the root of these 256 hashes above their tile. */
function isKnown(
  hashes: Uint8Array,
  { store, kernel, tile }: Pick<VerifyLogOptions, 'store' | 'kernel'> & { readonly tile: TileId },
): boolean {
  const root = kernel.hashUp(hashes).slice(-HASH_BYTES)
  const index = Math.floor(tile.index / TILE_WIDTH)
  const offset = (tile.index % TILE_WIDTH) * HASH_BYTES
  const above = store.tile({ level: 1, index }) ?? store.partial(1)?.hashes ?? new Uint8Array(0)
  return equalBytes(above.subarray(offset, offset + HASH_BYTES), root)
}

/** Compares a recomputed tile with the stored one; the first hash that differs names the first entry below it. */
function compareHashes({ level, index, hashes }: Tile, stored: Uint8Array): void {
  const position = firstDifference(hashes, stored)
  if (position === undefined) return
  throw corrupt((index * TILE_WIDTH + position) * TILE_WIDTH ** level, 'tile')
}

function corrupt(index: number, part: string): TalosError {
  return new TalosError('AUDIT_CORRUPT', { index, part })
}
