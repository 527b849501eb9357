/**
 * Appending in groups: what is asked for in one turn of the event loop, or while a batch is being written, goes into one
 * transaction of the store. Nobody is answered before the commit, and order is kept.
 *
 * A write that fails is settled by asking the store for its head: stored, not stored, or unknown, and then asked again
 * before anything else is written. A head that is neither belongs to another writer, and this one stops.
 */
import { equalBytes } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import { HASH_BYTES } from '@talos/merkle'
import { BatchDrafter, type Draft, type DraftingOptions } from './drafts.ts'
import { EntryIds, keepsRules } from './entry.ts'
import { EntryWriter } from './entry-text.ts'
import { type Bundle, bodyAt, cutBundle } from './group.ts'
import type { AuditReader } from './reader.ts'
import type { AuditBatch, AuditHead } from './store.ts'
import { TreeState } from './tree-state.ts'

/** Most entries of one transaction: SQLite commits so many in a few milliseconds. */
export const MAX_BATCH_ENTRIES = 1024
/** Ids whose randomness is drawn at once: a call for each costs as much as writing the entry. */
const IDS_AHEAD = 256
/** Most entries that wait; at 16 KiB each the queue stays at 128 MiB. */
export const MAX_QUEUED_ENTRIES = 8192

export interface AppendedEntry {
  readonly index: number
  /** 32 bytes; names the entry in causes and proofs. */
  readonly leafHash: Uint8Array
  /** The exact bytes of the leaf. */
  readonly body: Uint8Array
}

/** What is to be appended; answered with its entries, or with the reason why there are none. */
type Request = {
  readonly drafts: readonly Draft[]
  readonly reject: (error: unknown) => void
} & (
  | { readonly isOne: false; readonly resolve: (entries: AppendedEntry[]) => void }
  | { readonly isOne: true; readonly resolve: (entry: AppendedEntry) => void }
)

/** A request whose entries were accepted into a batch. */
interface Accepted {
  readonly request: Request
  /** Its first entry's position in the batch. */
  readonly start: number
}

/** A batch on its way to the store, with those who wait for it. */
interface Staged {
  readonly batch: AuditBatch
  readonly state: TreeState
  readonly bundle: Bundle
  readonly leafHashes: Uint8Array
  readonly accepted: readonly Accepted[]
}

/** An entry of a batch. Its bytes are copied when they are asked for: whoever keeps them does not keep the batch. */
class BatchEntry implements AppendedEntry {
  readonly #staged: Staged
  readonly #position: number

  constructor(staged: Staged, position: number) {
    this.#staged = staged
    this.#position = position
  }

  get index(): number {
    return this.#staged.batch.expected.size + this.#position
  }

  get leafHash(): Uint8Array {
    return this.#staged.leafHashes.slice(this.#position * HASH_BYTES, (this.#position + 1) * HASH_BYTES)
  }

  get body(): Uint8Array {
    return bodyAt(this.#staged.bundle, this.#position)
  }
}

type Outcome = 'yes' | 'no' | 'unknown' | 'conflict'

export class Writer {
  readonly #options: DraftingOptions & {
    readonly reader: AuditReader
    readonly writer: EntryWriter
    readonly ids: EntryIds
  }
  #state: TreeState
  #fault: TalosError | undefined
  /** A batch whose fate the store could not tell. */
  #unsettled: Staged | undefined
  readonly #queue: Request[] = []
  #queuedEntries = 0
  #draining: Promise<void> | undefined

  constructor(options: DraftingOptions & { readonly reader: AuditReader }) {
    this.#options = {
      ...options,
      writer: new EntryWriter(options.agent, keepsRules),
      ids: new EntryIds(options.random, IDS_AHEAD),
    }
    this.#state = TreeState.empty(options.kernel)
  }

  /** Why nothing can be written any more; undefined in good health. */
  get fault(): TalosError | undefined {
    return this.#fault
  }

  /**
   * Reads the tree's edge from the store.
   *
   * @returns `AUDIT_CORRUPT` when the edge and the root do not belong together
   * @throws TalosError `AUDIT_STORE_FAILED`
   */
  load(): TalosError | undefined {
    const { store, kernel, reader } = this.#options
    const index = reader.size
    try {
      this.#state = TreeState.load(store, kernel)
    } catch (cause) {
      if (isTalosError(cause, 'AUDIT_STORE_FAILED')) throw cause
      if (isTalosError(cause, 'AUDIT_CORRUPT')) return cause
      return new TalosError('AUDIT_CORRUPT', { index, part: 'edge' }, { cause })
    }
    if (!sameHead(this.#state.head, reader)) return new TalosError('AUDIT_CORRUPT', { index, part: 'root' })
    reader.advance(this.#state.head, this.#state.tail)
    return undefined
  }

  /** @throws TalosError the codes of `AuditLog.appendAll` */
  enqueue(drafts: readonly Draft[]): Promise<AppendedEntry[]> {
    return new Promise((resolve, reject) => this.#accept({ isOne: false, drafts, resolve, reject }))
  }

  /** As `enqueue`, of one entry. */
  enqueueOne(draft: Draft): Promise<AppendedEntry> {
    return new Promise((resolve, reject) => this.#accept({ isOne: true, drafts: [draft], resolve, reject }))
  }

  #accept(request: Request): void {
    const { length } = request.drafts
    if (length > MAX_BATCH_ENTRIES) {
      throw new TalosError('AUDIT_BATCH_TOO_LARGE', { count: length, limit: MAX_BATCH_ENTRIES })
    }
    const count = this.#queuedEntries + length
    if (count > MAX_QUEUED_ENTRIES) throw new TalosError('AUDIT_QUEUE_FULL', { count, limit: MAX_QUEUED_ENTRIES })
    this.#queue.push(request)
    this.#queuedEntries = count
    this.#draining ??= this.#drain()
  }

  /** Resolves once everything that was accepted is answered. */
  async idle(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    // One microtask later, everybody who appends in this turn has joined the first batch.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#commit(this.#take())
    this.#draining = undefined
  }

  #take(): Request[] {
    let entries = 0
    let requests = 0
    for (const { drafts } of this.#queue) {
      if (entries + drafts.length > MAX_BATCH_ENTRIES) break
      entries += drafts.length
      requests += 1
    }
    this.#queuedEntries -= entries
    return this.#queue.splice(0, requests)
  }

  async #commit(requests: readonly Request[]): Promise<void> {
    let staged: Staged
    try {
      this.#settle()
      staged = this.#stage(requests)
    } catch (error) {
      for (const { reject } of requests) reject(error)
      return
    }
    try {
      if (staged.batch.groups.length > 0) await this.#options.store.append(staged.batch)
    } catch (cause) {
      const error = this.#recover(staged, cause)
      for (const { request } of staged.accepted) request.reject(error)
      return
    }
    this.#adopt(staged)
    for (const { request, start } of staged.accepted) {
      if (request.isOne) request.resolve(new BatchEntry(staged, start))
      else request.resolve(request.drafts.map((_, offset) => new BatchEntry(staged, start + offset)))
    }
  }

  /** Drafts and hashes what can be written; a request that is refused is answered at once and leaves no trace. */
  #stage(requests: readonly Request[]): Staged {
    const { head } = this.#state
    const drafter = new BatchDrafter(this.#options, head.size)
    const accepted: Accepted[] = []
    for (const request of requests) {
      const start = drafter.count
      try {
        drafter.add(request.drafts)
        accepted.push({ request, start })
      } catch (error) {
        request.reject(error)
      }
    }
    const bundle = drafter.bundle()
    const { leafHashes, state, tiles, partials } = this.#state.stage(bundle.bytes)
    const groups = cutBundle(head.size, bundle)
    const batch = { expected: head, groups, tiles, partials, saltKeys: drafter.saltKeys, head: state.head }
    return { batch, state, bundle, leafHashes, accepted }
  }

  #adopt({ state }: Staged): void {
    this.#state = state
    this.#options.reader.advance(state.head, state.tail)
  }

  /** After a failed write: finds out what the store holds, and says so. */
  #recover(staged: Staged, cause: unknown): TalosError {
    const outcome = this.#outcome(staged)
    if (outcome === 'conflict') return this.#stop(staged, cause)
    if (outcome === 'yes') this.#adopt(staged)
    if (outcome === 'unknown') this.#unsettled = staged
    // On what is damaged nothing more is built.
    if (isDamage(cause)) this.#fault = cause
    return new TalosError('AUDIT_APPEND_FAILED', { stored: outcome }, { cause })
  }

  /** Before a write: settles an earlier one of unknown fate. */
  #settle(): void {
    if (this.#fault !== undefined) throw this.#fault
    const staged = this.#unsettled
    if (staged === undefined) return
    const outcome = this.#outcome(staged)
    if (outcome === 'unknown') throw new TalosError('AUDIT_STORE_FAILED', { operation: 'tell what it holds' })
    if (outcome === 'conflict') throw this.#stop(staged)
    this.#unsettled = undefined
    if (outcome === 'yes') this.#adopt(staged)
  }

  #outcome({ batch }: Staged): Outcome {
    let head: AuditHead
    try {
      head = this.#options.reader.refresh()
    } catch {
      return 'unknown'
    }
    if (sameHead(head, batch.head)) return 'yes'
    return sameHead(head, batch.expected) ? 'no' : 'conflict'
  }

  #stop({ batch }: Staged, cause?: unknown): TalosError {
    const details = { expected: batch.expected.size, actual: this.#options.reader.size }
    this.#fault = new TalosError('AUDIT_STORE_CONFLICT', details, { cause })
    return this.#fault
  }
}

/** Whether a store says that what it holds is damaged, which no waiting mends. */
export function isDamage(error: unknown): error is TalosError {
  return isTalosError(error, 'AUDIT_CORRUPT') || isTalosError(error, 'STORE_CORRUPT')
}

function sameHead(one: Pick<AuditHead, 'size' | 'root'>, other: Pick<AuditHead, 'size' | 'root'>): boolean {
  return one.size === other.size && equalBytes(one.root, other.root)
}
