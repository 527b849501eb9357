/**
 * Signing checkpoints so that a log never contradicts itself (contracts/spec/11-checkpoint.md, clause 11.4).
 *
 * The last signed checkpoint lies in two places: in the store and, written first, with the guard. A store that does not
 * contain the guard's checkpoint was set back or replaced, and then nothing is signed any more.
 */
import { equalBytes } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  logVerifierKey,
  type NoteSigner,
  openCheckpoint,
  signCheckpoint,
  TILE_WIDTH,
  treeSize,
  type VerifiedCheckpoint,
  type VerifierKey,
  verifyConsistency,
} from '@talos/merkle'
import type { AuditReader } from './reader.ts'
import type { AuditStore, CheckpointGuard } from './store.ts'

export interface CheckpointerOptions {
  readonly store: AuditStore
  readonly guard: CheckpointGuard
  readonly signer: NoteSigner
  readonly origin: string
  /** Keys that signed this log before, oldest first. */
  readonly formerKeys?: readonly VerifierKey[]
  readonly reader: AuditReader
  readonly kernel: Kernel
}

export class Checkpointer {
  readonly #options: CheckpointerOptions
  readonly #logKey: VerifierKey
  #last: VerifiedCheckpoint | undefined

  /** @throws TalosError `NOTE_KEY_INVALID` */
  constructor(options: CheckpointerOptions) {
    this.#options = options
    const { origin, signer, kernel } = options
    this.#logKey = logVerifierKey({ origin, publicKey: signer.publicKey, kernel })
  }

  /** The last checkpoint that was signed. */
  get last(): VerifiedCheckpoint | undefined {
    return this.#last
  }

  get logKey(): VerifierKey {
    return this.#logKey
  }

  /**
   * Compares the store with the guard's checkpoint.
   *
   * @returns the reason to sign nothing, `AUDIT_ROLLBACK`; undefined when all is well
   * @throws TalosError `AUDIT_STORE_FAILED` when either cannot be read
   */
  async inspect(): Promise<TalosError | undefined> {
    const { store, guard, reader } = this.#options
    const note = await guard.read()
    const stored = store.lastCheckpoint()
    if (note === undefined) {
      return stored && rollback(stored.size, 'the copy outside of the store is missing')
    }
    const last = this.#open(note)
    if (last === undefined) return rollback('unknown', 'the copy outside of the store is not signed by the log key')
    if (stored !== undefined && stored.size > last.size) {
      return rollback(stored.size, 'the copy outside of the store is older')
    }
    if (last.size > reader.size) return rollback(last.size, `it has ${reader.size} entries`)
    if (!sameRoot(reader, last)) return rollback(last.size, 'its entries are others')
    this.#last = last
    await store.addCheckpoint({ size: last.size, note })
    return undefined
  }

  /**
   * Holds the store against a checkpoint of this log that somebody else kept, such as a witness: the only sign of a store
   * that was set back together with the guard. A note that the store does not contain goes to the guard, so that every
   * later start refuses as well. Only the key that signs now counts: with an earlier one a thief could stop the log.
   *
   * @returns `AUDIT_ROLLBACK` when the store does not contain it; undefined when it does
   * @throws TalosError the codes of `openCheckpoint` for a note that this log's key did not sign; `AUDIT_STORE_FAILED`
   */
  async confront(note: string): Promise<TalosError | undefined> {
    const { reader, guard, kernel } = this.#options
    const kept = openCheckpoint(note, { logKey: this.#logKey, kernel })
    const isLonger = kept.size > reader.size
    if (!isLonger && sameRoot(reader, kept)) return undefined
    const reason = isLonger ? `it has ${reader.size} entries` : 'its entries are others'
    try {
      await guard.write(note)
      return rollback(kept.size, reason)
    } catch (cause) {
      return rollback(kept.size, reason, cause)
    }
  }

  /**
   * Signs the reader's head, or returns the last checkpoint when nothing was added. Calls must not overlap.
   *
   * @throws TalosError `AUDIT_ROLLBACK` when the log does not extend the last checkpoint; `AUDIT_CHECKPOINT_FAILED` when
   *   the key, the guard or the store failed, in which case nothing was released
   */
  async sign(): Promise<string> {
    const { store, guard, reader } = this.#options
    const { size, root } = reader
    const last = this.#last
    if (last !== undefined) this.#requireExtension(last, { size, root })
    if (last?.size === size) {
      await released(size, 'the store did not take it', store.addCheckpoint({ size, note: last.note }))
      return last.note
    }
    const { origin, signer, kernel } = this.#options
    const signing = signCheckpoint({ origin, size: treeSize(size), root, signer, kernel })
    const note = await released(size, 'the log key did not sign', signing)
    await released(size, 'its second copy could not be written', guard.write(note))
    this.#last = openCheckpoint(note, { logKey: this.#logKey, kernel })
    await released(size, 'the store did not take it', store.addCheckpoint({ size, note }))
    return note
  }

  #requireExtension(last: VerifiedCheckpoint, head: { readonly size: number; readonly root: Uint8Array }): void {
    const { reader, kernel } = this.#options
    try {
      reader.forget()
      // The last entries as well, which no proof may touch.
      reader.leafHashes({ from: head.size - (head.size % TILE_WIDTH), to: head.size })
      verifyConsistency({
        from: last.size,
        to: treeSize(head.size),
        fromRoot: last.root,
        toRoot: head.root,
        proof: reader.consistency({ from: last.size, to: head.size }),
        kernel,
      })
    } catch (cause) {
      if (isTalosError(cause, 'AUDIT_STORE_FAILED')) throw cause
      throw rollback(last.size, 'the entries in the store do not extend it', cause)
    }
  }

  #open(note: string): VerifiedCheckpoint | undefined {
    try {
      return openLogCheckpoint(note, { ...this.#options, logKey: this.#logKey })
    } catch {
      return undefined
    }
  }
}

/**
 * Opens a checkpoint that one of a log's keys signed, and says which.
 *
 * @param options.keys oldest first, one at least
 * @throws TalosError what `openCheckpoint` throws with the newest of them
 */
export function openByAny(
  note: string,
  { keys, kernel }: { readonly keys: readonly VerifierKey[]; readonly kernel: Kernel },
): { readonly checkpoint: VerifiedCheckpoint; readonly position: number } {
  let failure: unknown
  for (const [position, logKey] of keys.entries()) {
    try {
      return { checkpoint: openCheckpoint(note, { logKey, kernel }), position }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

/**
 * Opens a checkpoint of a log that the log's key signed, or one that signed before it.
 *
 * @throws TalosError as `openCheckpoint`
 */
export function openLogCheckpoint(
  note: string,
  options: {
    readonly logKey: VerifierKey
    readonly formerKeys?: readonly VerifierKey[]
    readonly kernel: Kernel
  },
): VerifiedCheckpoint {
  const { logKey, formerKeys = [], kernel } = options
  return openByAny(note, { keys: [...formerKeys, logKey], kernel }).checkpoint
}

/** A tree that cannot be read is not the one that was signed; a failing medium is another matter. */
function sameRoot(reader: AuditReader, { size, root }: VerifiedCheckpoint): boolean {
  try {
    reader.forget()
    return equalBytes(reader.rootAt(size), root)
  } catch (error) {
    if (isTalosError(error, 'AUDIT_STORE_FAILED')) throw error
    return false
  }
}

async function released<T>(size: number, reason: string, step: Promise<T>): Promise<T> {
  try {
    return await step
  } catch (cause) {
    throw new TalosError('AUDIT_CHECKPOINT_FAILED', { size, reason }, { cause })
  }
}

function rollback(size: number | 'unknown', reason: string, cause?: unknown): TalosError {
  return new TalosError('AUDIT_ROLLBACK', { size, reason }, { cause })
}
