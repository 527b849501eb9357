/** From what callers report to the entries of a batch: places, times, ids, salts and commitments are the log's to give. */
import { toBase64url, toHex } from '@talos/bytes'
import type { AuditEntry, AuditEntryCommitments, AuditEntryKind, AuditEntryOpening, Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import type { Clock, Random } from '@talos/ports'
import { type CommitPath, type Committable, commitTo, deriveSalt, SALT_BYTES, saltScope } from './commitment.ts'
import { type EntryIds, entryText } from './entry.ts'
import type { EntryWriter } from './entry-text.ts'
import type { FieldsName } from './fields/fields.ts'
import { type Bundle, bundleOf } from './group.ts'
import type { AuditStore, SaltKey } from './store.ts'

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

/** What the salts of an entry depend on, and the salt keys that its request has brought so far. */
interface EntryPlace {
  readonly index: number
  readonly session: string | undefined
  readonly id: string
  readonly keys: SaltKey[]
}

/** Members of a draft that the short way of writing takes. */
const PLAIN_MEMBERS: ReadonlySet<string> = new Set([
  'kind',
  'id',
  'commit',
  'cap',
  'cause',
  'decision',
  'message',
  'peer',
  'reason',
  'ref',
  'session',
  'tool',
])

/** Collects the entries of one batch. A draft that is refused leaves no trace. */
export class BatchDrafter {
  readonly #options: DraftingOptions & { readonly ids: EntryIds }
  readonly #writer: EntryWriter
  readonly #first: number
  readonly #saltKeys = new Map<string, SaltKey>()
  readonly #texts: string[] = []

  /** @param first index of the batch's first entry */
  constructor(options: DraftingOptions & { readonly writer: EntryWriter; readonly ids: EntryIds }, first: number) {
    this.#options = options
    this.#writer = options.writer
    this.#first = first
  }

  get saltKeys(): SaltKey[] {
    return [...this.#saltKeys.values()]
  }

  /** Entries so far. */
  get count(): number {
    return this.#texts.length
  }

  /** The entries' bytes. */
  bundle(): Bundle {
    return bundleOf(this.#texts)
  }

  /**
   * Adds all of these drafts, or none of them.
   *
   * @throws TalosError `SCHEMA_INVALID`, `JSON_INVALID`, `AUDIT_ENTRY_INVALID`; `AUDIT_STORE_FAILED` for a salt key
   */
  add(drafts: readonly Draft[]): void {
    const { count } = this
    const keys: SaltKey[] = []
    try {
      for (const draft of drafts) this.#texts.push(this.#entry(draft, { index: this.#first + this.count, keys }))
    } catch (error) {
      this.#texts.length = count
      throw error
    }
    for (const key of keys) this.#saltKeys.set(key.scope, key)
  }

  #entry(draft: Draft, place: { readonly index: number; readonly keys: SaltKey[] }): string {
    const { clock, agent } = this.#options
    const { index, keys } = place
    const ts = clock.nowMs()
    const {
      id = this.#options.ids.next(ts),
      kind,
      cap,
      cause,
      decision,
      message,
      peer,
      reason,
      ref,
      session,
      tool,
    } = draft
    const commit = draft.commit && this.#commitments(draft.commit, { index, session, id, keys })
    if (isPlain(draft)) {
      const plain = {
        seq: index,
        ts,
        kind,
        id,
        cap,
        cause,
        commit,
        decision,
        message,
        peer,
        reason,
        ref,
        session,
        tool,
      }
      const text = this.#writer.write(plain, draft.id === undefined)
      if (text !== undefined) return text
    }
    const { commit: _, ...members } = draft
    const given = { ...members, v: 1 as const, seq: index, ts, agent, id }
    return entryText(commit === undefined ? given : { ...given, commit })
  }

  #commitments(inputs: { readonly [path: string]: CommitInput }, place: EntryPlace): AuditEntryCommitments {
    const { kernel } = this.#options
    const commitments: Record<string, string> = {}
    for (const [path, input] of Object.entries(inputs)) {
      if ('commitment' in input) {
        commitments[path] = input.commitment
        continue
      }
      const saltKey = this.#saltKey(saltScope(place), place.keys)
      const salt = deriveSalt({ saltKey, index: place.index, path, kernel })
      commitments[path] = toHex(commitTo({ ...input, path, salt, kernel }))
    }
    return commitments
  }

  #saltKey(scope: string, fresh: SaltKey[]): Uint8Array {
    const known =
      fresh.find((each) => each.scope === scope)?.key ??
      this.#saltKeys.get(scope)?.key ??
      this.#options.store.saltKey(scope)
    if (known !== undefined) return known
    const key = this.#options.random.bytes(SALT_BYTES)
    fresh.push({ scope, key })
    return key
  }
}

/** A member that is there without a value is for the schema to refuse, and so is an object of a class. */
function isPlain(draft: Draft): boolean {
  if (Object.getPrototypeOf(draft) !== Object.prototype) return false
  const members: Readonly<Record<string, unknown>> = draft
  for (const name of Object.keys(members)) {
    if (members[name] === undefined || !PLAIN_MEMBERS.has(name)) return false
  }
  return true
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
