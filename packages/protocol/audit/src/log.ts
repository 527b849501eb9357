/**
 * The audit log of one agent: append, sign, prove (contracts/spec/10-audit-entry.md and 11-checkpoint.md).
 *
 * Appends of one turn of the event loop, and those that arrive while a batch is being written, share one transaction.
 * An append resolves after the commit and not before; order is kept. A write that fails leaves the log as the store
 * says it is, and the log stays usable. A log that lost its own signed past opens for reading only.
 */
import { fromHex, toHex } from '@talos/bytes'
import type { AuditEntry, Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import type { NoteSigner, VerifiedCheckpoint, VerifierKey } from '@talos/merkle'
import type { Clock, Random } from '@talos/ports'
import { Checkpointer } from './checkpointer.ts'
import { type CommitPath, deriveSalt, saltScope } from './commitment.ts'
import { type AuditEvent, openingDraft } from './drafts.ts'
import { type AuditLevel, DEFAULT_AUDIT_LEVEL, isRecordedAt, type OptionalKind } from './levels.ts'
import { AuditReader } from './reader.ts'
import type { AuditIndex } from './search/audit-index.ts'
import { AuditSearch } from './search/search.ts'
import type { AuditStore, CheckpointGuard } from './store.ts'
import { type LogReport, type VerifyLogOptions, verifyLog } from './verify.ts'
import { type AppendedEntry, isDamage, Writer } from './writer.ts'

export interface AuditLogOptions {
  readonly store: AuditStore
  readonly guard: CheckpointGuard
  /** Search database; without one, everything is found by reading the log. It is closed with the log. */
  readonly index?: AuditIndex
  readonly kernel: Kernel
  readonly clock: Clock
  readonly random: Random
  /** Holds the log key. */
  readonly signer: NoteSigner
  /** Whose log it is. */
  readonly agent: Did
  /** The log's name, such as `talos/z6Mk…/1`. */
  readonly origin: string
  /** Envelope by which the identity delegates the log key; goes into entry 0 as it is. */
  readonly logKeyDelegation: Uint8Array
  /** Earlier keys of this log, oldest first, none of which signs any more: what they signed still counts. */
  readonly formerKeys?: readonly VerifierKey[]
  /** Last checkpoint of the earlier epoch, for entry 0 of a new one. */
  readonly previousCheckpoint?: string
  /** How much the log says from now on; `standard` where it is left out. */
  readonly level?: AuditLevel
}

/** What `append` answers: entries of some kinds are left out by some levels. */
export type AppendedOf<E extends AuditEvent> =
  E['kind'] extends Exclude<AuditEvent['kind'], OptionalKind> ? AppendedEntry : AppendedEntry | undefined

export class AuditLog implements AsyncDisposable {
  /** Entries, roots and proofs of what is committed. */
  readonly reader: AuditReader
  /** The same entries by what they say. The database is filled by whoever has time for it: `search.catchUp`. */
  readonly search: AuditSearch
  readonly #options: AuditLogOptions
  readonly #checkpointer: Checkpointer
  readonly #writer: Writer
  #fault: TalosError | undefined
  #signing: Promise<unknown> = Promise.resolve()

  private constructor(options: AuditLogOptions) {
    const { store, kernel } = options
    this.#options = options
    this.reader = new AuditReader({ store, kernel })
    this.search = new AuditSearch({ reader: this.reader, index: options.index })
    this.#writer = new Writer({ ...options, reader: this.reader })
    this.#checkpointer = new Checkpointer({ ...options, reader: this.reader })
  }

  /**
   * Opens the log of a store, or begins it with entry 0. A log that is damaged or was set back opens for reading only:
   * `fault` says why, and `append` and `checkpoint` throw it.
   *
   * @throws TalosError `AUDIT_OTHER_LOG`, `AUDIT_STORE_FAILED`, `AUDIT_APPEND_FAILED` (entry 0), `NOTE_KEY_INVALID`,
   *   `SCHEMA_INVALID` (an origin or delegation that entry 0 cannot hold)
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const log = new AuditLog(options)
    const broken = log.#writer.load() ?? log.#inspectOpening()
    log.#fault = options.store.damage ?? broken ?? (await log.#checkpointer.inspect())
    if (log.#fault === undefined && log.size === 0) {
      const { origin, logKeyDelegation: delegation, previousCheckpoint: previous } = options
      const draft = openingDraft({ origin, delegation, ...(previous !== undefined && { previous }) })
      await log.#writer.enqueue([draft])
    }
    return log
  }

  /** How much the log says. */
  get level(): AuditLevel {
    return this.#options.level ?? DEFAULT_AUDIT_LEVEL
  }

  /** Number of committed entries. */
  get size(): number {
    return this.reader.size
  }

  /** Root of the committed tree, 32 bytes. */
  get root(): Uint8Array {
    return this.reader.root
  }

  /** Why the log opened for reading only, or stopped writing; undefined in good health. */
  get fault(): TalosError | undefined {
    return this.#fault ?? this.#writer.fault
  }

  /** The key that checks this log's checkpoints. */
  get verifierKey(): VerifierKey {
    return this.#checkpointer.logKey
  }

  /** The last checkpoint that was signed. */
  get lastCheckpoint(): VerifiedCheckpoint | undefined {
    return this.#checkpointer.last
  }

  /**
   * Appends one entry; resolves when it is durable. Entries stand in the order of the calls. What the log's level leaves out
   * is not appended: the answer is then undefined.
   *
   * @throws TalosError the codes of `appendAll`
   */
  append<E extends AuditEvent>(event: E): Promise<AppendedOf<E>>
  append(event: AuditEvent): Promise<AppendedEntry | undefined> {
    if (this.fault !== undefined) return Promise.reject(this.fault)
    return isRecordedAt(this.level, event.kind) ? this.#writer.enqueueOne(event) : Promise.resolve(undefined)
  }

  /**
   * Appends entries side by side, all of them or none; resolves when they are durable. What the log's level leaves out is not
   * among the answers.
   *
   * @throws TalosError `SCHEMA_INVALID`, `JSON_INVALID` or `AUDIT_ENTRY_INVALID` (nothing was written);
   *   `AUDIT_BATCH_TOO_LARGE`, `AUDIT_QUEUE_FULL`, `AUDIT_CLOSED`; `AUDIT_APPEND_FAILED` with `stored` `yes`, `no` or
   *   `unknown`; the log's `fault`
   */
  async appendAll(events: readonly AuditEvent[]): Promise<AppendedEntry[]> {
    this.#requireHealth()
    return await this.#writer.enqueue(events.filter(({ kind }) => isRecordedAt(this.level, kind)))
  }

  /**
   * The signed checkpoint of the committed tree. Signs only what extends everything signed before, and releases the
   * note after it lies in two places.
   *
   * @throws TalosError `AUDIT_CHECKPOINT_FAILED`, `AUDIT_CLOSED`, `AUDIT_ROLLBACK`; the log's `fault`
   */
  async checkpoint(): Promise<string> {
    const signed = this.#signing.then(async () => {
      this.#requireHealth()
      return await this.#checkpointer.sign()
    })
    this.#signing = signed.catch(() => undefined)
    return await signed
  }

  /**
   * Holds the log against a checkpoint of its own that somebody else kept, such as a witness that answers with a larger
   * size or another root. A log that does not contain it was set back, guard and all: from then on, and after every later
   * start, it is there for reading only.
   *
   * @returns the fault, `AUDIT_ROLLBACK`; undefined when the log contains that checkpoint
   * @throws TalosError the codes of `openCheckpoint` for a note that this log's present key did not sign, which says
   *   nothing about the log; `AUDIT_STORE_FAILED`
   */
  async confront(note: string): Promise<TalosError | undefined> {
    // In turn with signatures: none is given while it is not known whether the log may sign.
    const confronted = this.#signing.then(async () => {
      const fault = await this.#checkpointer.confront(note)
      this.#fault ??= fault
      return fault
    })
    this.#signing = confronted.catch(() => undefined)
    return await confronted
  }

  /**
   * An entry with its tlog-proof text, under the last signed checkpoint, or a new one when that does not reach it.
   *
   * @throws TalosError `AUDIT_RANGE`, `AUDIT_CORRUPT`, and the codes of `checkpoint`
   */
  async prove(index: number): Promise<{ readonly body: Uint8Array; readonly proof: string }> {
    const { body } = this.reader.entry(index)
    const last = this.lastCheckpoint
    const checkpoint = last !== undefined && last.size > index ? last.note : await this.checkpoint()
    return { body, proof: this.reader.tlogProof({ index, checkpoint }) }
  }

  /** Index of the entry with this leaf hash (32 bytes). Throws `AUDIT_STORE_FAILED`, `AUDIT_CORRUPT`. */
  find(leafHash: Uint8Array): number | undefined {
    return this.search.find(leafHash)
  }

  /**
   * The salt of a commitment, 32 bytes: giving it away with the value discloses that value and nothing else.
   *
   * @throws TalosError `AUDIT_SALT_ERASED`, `AUDIT_RANGE`, `AUDIT_CORRUPT`
   */
  salt({ index, path }: { readonly index: number; readonly path: CommitPath }): Uint8Array {
    const { store, kernel } = this.#options
    const scope = saltScope(this.reader.entry(index).entry)
    const saltKey = store.saltKey(scope)
    if (saltKey === undefined || this.#wasErased({ index, scope })) throw new TalosError('AUDIT_SALT_ERASED', { index })
    return deriveSalt({ saltKey, index, path, kernel })
  }

  /**
   * Erases the salt key behind an entry (that of its whole session, where it has one) and records it as a `redact`
   * entry. The tree stays whole; the committed values can no longer be shown or guessed.
   *
   * @throws TalosError `AUDIT_SALT_ERASED`, `AUDIT_RANGE`, `AUDIT_CORRUPT`, and the codes of `append`
   */
  async erase(index: number): Promise<AppendedEntry> {
    const { store } = this.#options
    const { entry, leafHash } = this.reader.entry(index)
    const scope = saltScope(entry)
    if (store.saltKey(scope) === undefined || this.#wasErased({ index, scope })) {
      throw new TalosError('AUDIT_SALT_ERASED', { index })
    }
    const recorded = await this.append({ kind: 'redact', cause: toHex(leafHash) })
    await store.eraseSaltKey(scope)
    return recorded
  }

  /** Reads and recomputes the whole log; see `verifyLog`. A log that is found damaged signs and takes nothing from then on. */
  async verify(onProgress?: VerifyLogOptions['onProgress']): Promise<LogReport> {
    const { store, kernel, formerKeys = [] } = this.#options
    const options = { store, kernel, logKey: this.verifierKey, formerKeys }
    try {
      return await verifyLog({ ...options, ...(onProgress !== undefined && { onProgress }) })
    } catch (error) {
      if (isDamage(error)) this.#fault ??= error
      throw error
    }
  }

  /** Waits for what was accepted, then closes the store and the search database. Idempotent. */
  async close(): Promise<void> {
    this.#fault = new TalosError('AUDIT_CLOSED')
    await this.#writer.idle()
    await this.#signing
    this.#options.store.close()
    this.search.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** A session that goes on after an erasure has a new salt key, which says nothing about the entries before. */
  #wasErased({ index, scope }: { readonly index: number; readonly scope: string }): boolean {
    const redactions = Array.from(this.reader.entries({ kinds: ['redact'], fromIndex: index + 1 }))
    return redactions.some(({ entry: { cause } }) => {
      const erased = cause === undefined ? undefined : this.find(fromHex(cause))
      return erased !== undefined && saltScope(this.reader.entry(erased).entry) === scope
    })
  }

  #requireHealth(): void {
    if (this.fault !== undefined) throw this.fault
  }

  /** Entry 0 must be this agent's and this log's; another one means that the wrong store was opened. */
  #inspectOpening(): TalosError | undefined {
    if (this.size === 0) return undefined
    const { agent, origin } = this.#options
    let opening: AuditEntry
    try {
      opening = this.reader.entry(0).entry
    } catch (error) {
      if (isTalosError(error, 'AUDIT_CORRUPT')) return error
      throw error
    }
    if (opening.agent !== agent) throw new TalosError('AUDIT_OTHER_LOG', { part: 'agent' })
    if (opening.log?.origin !== origin) throw new TalosError('AUDIT_OTHER_LOG', { part: 'origin' })
    return undefined
  }
}
