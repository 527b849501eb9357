/** From what callers report to the entries of a batch: places, times, ids, salts and commitments are the log's to give. */
import { toBase64url, toHex } from '@talos/bytes'
import type { AuditEntry, AuditEntryCommitments, AuditEntryKind, AuditEntryOpening, Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import type { Clock, Random } from '@talos/ports'
import { type CommitPath, type Committable, commitTo, deriveSalt, SALT_BYTES, saltScope } from './commitment.ts'
import { encodeEntry, entryId } from './entry.ts'
import type { FieldsName } from './fields/fields.ts'
import type { AuditStore, SaltKey, StoredEntry } from './store.ts'

/** A value to commit to, or the 64 hex digits of a commitment that somebody else made. */
export type CommitInput = Committable | { readonly commitment: string }

/** What a caller reports. The log adds the place, the time, the agent, the id and the commitments. */
export interface AuditEvent
  extends Partial<Omit<AuditEntry, 'v' | 'seq' | 'ts' | 'agent' | 'kind' | 'commit' | 'log'>> {
  readonly kind: Exclude<AuditEntryKind, 'log.open'>
  /** Values stay with the caller; the entry holds commitments alone. */
  readonly commit?: { readonly [path in CommitPath]?: CommitInput } & {
    readonly [name in FieldsName]?: { readonly commitment: string }
  }
}

/** An event, or what entry 0 says. */
export type Draft = Omit<AuditEvent, 'kind'> & { readonly kind: AuditEntryKind; readonly log?: AuditEntryOpening }

export interface DraftingOptions {
  readonly store: AuditStore
  readonly kernel: Kernel
  readonly clock: Clock
  readonly random: Random
  readonly agent: Did
}

/** Collects the entries of one batch. A draft that is refused leaves no trace. */
export class BatchDrafter {
  readonly #options: DraftingOptions
  readonly #first: number
  readonly #saltKeys = new Map<string, SaltKey>()
  readonly entries: StoredEntry[] = []

  constructor(options: DraftingOptions, first: number) {
    this.#options = options
    this.#first = first
  }

  get saltKeys(): SaltKey[] {
    return [...this.#saltKeys.values()]
  }

  /**
   * Adds all of these drafts, or none of them.
   *
   * @throws TalosError `SCHEMA_INVALID`, `JSON_INVALID`, `AUDIT_ENTRY_INVALID`; `AUDIT_STORE_FAILED` for a salt key
   */
  add(drafts: readonly Draft[]): void {
    const keys = new Map<string, SaltKey>()
    const next = this.#first + this.entries.length
    const added = drafts.map((draft, offset) => this.#entry(draft, { index: next + offset, keys }))
    for (const key of keys.values()) this.#saltKeys.set(key.scope, key)
    this.entries.push(...added)
  }

  #entry(draft: Draft, place: { readonly index: number; readonly keys: Map<string, SaltKey> }): StoredEntry {
    const { clock, random, agent } = this.#options
    const { index, keys } = place
    const ts = clock.nowMs()
    const { id = entryId({ nowMs: ts, random }), commit, ...members } = draft
    const base = { ...members, v: 1 as const, seq: index, ts, agent, id }
    const scope = saltScope(base)
    const entry: AuditEntry =
      commit === undefined ? base : { ...base, commit: this.#commitments(commit, { index, scope, keys }) }
    return { index, body: encodeEntry(entry) }
  }

  #commitments(
    inputs: { readonly [path: string]: CommitInput },
    place: { readonly index: number; readonly scope: string; readonly keys: Map<string, SaltKey> },
  ): AuditEntryCommitments {
    const { kernel } = this.#options
    const commitments = Object.entries(inputs).map(([path, input]): [string, string] => {
      if ('commitment' in input) return [path, input.commitment]
      const saltKey = this.#saltKey(place.scope, place.keys)
      const salt = deriveSalt({ saltKey, index: place.index, path, kernel })
      return [path, toHex(commitTo({ ...input, path, salt, kernel }))]
    })
    return Object.fromEntries(commitments)
  }

  #saltKey(scope: string, fresh: Map<string, SaltKey>): Uint8Array {
    const known = fresh.get(scope)?.key ?? this.#saltKeys.get(scope)?.key ?? this.#options.store.saltKey(scope)
    if (known !== undefined) return known
    const key = this.#options.random.bytes(SALT_BYTES)
    fresh.set(scope, { scope, key })
    return key
  }
}

/** What entry 0 says: the log's name, and the identity's word for the log key. */
export function openingDraft(options: {
  readonly origin: string
  readonly delegation: Uint8Array
  readonly previous?: string
}): Draft {
  const { origin, delegation, previous } = options
  const log = { origin, delegation: toBase64url(delegation) }
  return { kind: 'log.open', log: previous === undefined ? log : { ...log, previous } }
}
