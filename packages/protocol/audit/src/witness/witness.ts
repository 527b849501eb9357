/**
 * A witness: it cosigns checkpoints of logs, and of one log never two that exclude each other (C2SP tlog-witness v1.0.0;
 * contracts/spec/23-witness.md, clause 23.3).
 *
 * The state of a log goes forward alone, in a store that keeps it durably before the witness signs. A log that is shown to
 * contradict itself is cosigned no more, and what shows it is kept. Left out: the way by which a checkpoint arrives.
 */
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  cosignCheckpoint,
  formatVerifierKey,
  NOTE_COSIGNATURE,
  type NoteSigner,
  openCheckpoint,
  parseCheckpoint,
  parseVerifierKey,
  splitNote,
  type VerifierKey,
  verifierKey,
  verifyConsistency,
} from '@talos/merkle'
import type { Clock } from '@talos/ports'
import { LogForked, WitnessConflict } from './conflicts.ts'
import {
  impliedRoot,
  makeForkEvidence,
  originOfFork,
  type SignedHead,
  type VerifiedFork,
  verifyForkEvidence,
} from './fork.ts'
import {
  delegationOf,
  excludes,
  headsOf,
  isSameHead,
  isTrusted,
  type KeyJudge,
  type KnownHead,
  lastOf,
  openOffered,
  signerOf,
} from './known-head.ts'
import { type KnownAgents, type LogSigningKey, NO_AGENTS } from './log-keys.ts'
import type { KeptLogKey, WitnessRecord, WitnessStore } from './store.ts'

/** Logs that one witness follows; none is ever forgotten, as it could be contradicted then. */
export const WITNESS_MAX_LOGS = 10_000
/** Of these, logs that were brought by those with whom the witness has nothing to do. */
export const WITNESS_MAX_STRANGE_LOGS = 5_000
/** Logs that one introducer may make known: its own epochs, and those of others that it hands on. */
export const WITNESS_MAX_LOGS_OF_ONE = 64
/** Keys of one log: each change in an emergency brings one. */
export const WITNESS_MAX_LOG_KEYS = 16
/** Checkpoints of one log, seen elsewhere, that wait until the log shows that they are of its own history. */
export const WITNESS_MAX_HEADS = 4

export interface WitnessOptions {
  readonly store: WitnessStore
  /** Holds the witness's key. */
  readonly signer: NoteSigner
  /** Its name on signature lines, such as `talos/witness/z6Mk…`. */
  readonly name: string
  readonly kernel: Kernel
  readonly clock: Clock
  /** Which keys are one agent's, and which are compromised; nobody is known where absent. */
  readonly agents?: KnownAgents
  /** The key log of a log's agent, for evidence; none where absent. */
  readonly historyOf?: (key: LogSigningKey) => string | undefined
}

/** Who makes a log known. */
export interface Introduction {
  /** A DID, or a word of the operator's. */
  readonly introducer: string
  /** Whether the witness has to do with the introducer: strangers share a part of the room. */
  readonly isKnown: boolean
}

export interface CheckpointOffer {
  /** The signed checkpoint. Lines of others than the log are ignored. */
  readonly note: string
  /** Size from which `proof` leads to the checkpoint. */
  readonly from: number
  /** Consistency proof, 32 bytes each. */
  readonly proof: readonly Uint8Array[]
  /** The log's own root at `from`, 32 bytes: shows where a fork begins, and is believed in nothing else. */
  readonly root?: Uint8Array | undefined
}

export interface Cosigned {
  readonly origin: string
  readonly size: number
  /** The signature line, with its line feed. */
  readonly line: string
}

/** What a checkpoint that was seen elsewhere is to this witness. */
export type Seen = 'known' | 'noted' | 'ignored'

export class Witness {
  /** The key that checks its cosignatures. */
  readonly key: VerifierKey
  readonly #options: WitnessOptions
  readonly #judge: KeyJudge

  /** @throws TalosError `NOTE_KEY_INVALID` */
  constructor(options: WitnessOptions) {
    const { name, signer, kernel, agents = NO_AGENTS } = options
    this.key = verifierKey({ name, type: NOTE_COSIGNATURE, publicKey: signer.publicKey, kernel })
    this.#options = options
    this.#judge = { kernel, agents }
  }

  /** What is known of a log. */
  record(origin: string): WitnessRecord | undefined {
    return this.#options.store.get(origin)
  }

  /**
   * Makes a log known, or one more key of it, by a delegation that was opened (`openLogKey`).
   *
   * @throws TalosError `WITNESS_FULL`, `WITNESS_CONFLICT` (another process was faster), what the store throws
   */
  learn({ origin, key, delegation }: LogSigningKey, by: Introduction): WitnessRecord {
    return this.#learn({ origin, kept: { vkey: formatVerifierKey(key), delegation } }, by)
  }

  /**
   * Makes a log known that is no agent's: an operator wrote its key down.
   *
   * @throws TalosError as {@link learn}
   */
  trust(key: VerifierKey, by: Introduction): WitnessRecord {
    return this.#learn({ origin: key.name, kept: { vkey: formatVerifierKey(key) } }, by)
  }

  /**
   * Checks a checkpoint in the order of clause 23.3, keeps it, and cosigns it.
   *
   * @throws TalosError `NOTE_INVALID`, `CHECKPOINT_INVALID`; `WITNESS_LOG_UNKNOWN`; `WITNESS_NOT_SIGNED`; `LogForked`
   *   (`WITNESS_FORK`) with the evidence, of now or of before; `WITNESS_RANGE`; `WitnessConflict` (`WITNESS_CONFLICT`) with
   *   the size to prove from; `WITNESS_INCONSISTENT`; `WITNESS_SIGNING_FAILED`, which leaves the checkpoint kept; what the
   *   store throws, after which nothing is signed
   */
  async addCheckpoint(offer: CheckpointOffer): Promise<Cosigned> {
    const { record, head } = this.#open(offer.note)
    const { from } = offer
    if (from > head.size) throw new TalosError('WITNESS_RANGE', { from, size: head.size })
    const last = lastOf(record, this.#judge)
    const waiting = headsOf(record)
    const base = [last, ...waiting].find(({ size }) => size === from)
    if (base === undefined) throw new WitnessConflict({ ...(waiting[0] ?? last), from })
    this.#requireExtension({ record, base, head, offer })
    const others = waiting.filter((one) => one !== base && !isSameHead(one, head))
    if (base !== last) {
      const heads = [...others, head].map(({ note }) => note)
      if (!isSameHead(base, head)) this.#swap({ ...record, version: record.version + 1, heads })
      throw new WitnessConflict({ ...(others[0] ?? last), from })
    }
    const [next] = others
    if (next !== undefined) throw new WitnessConflict({ ...next, from })
    this.#keep(record, { last, head })
    return { origin: record.origin, size: head.size, line: await this.#cosign(head) }
  }

  /**
   * Takes a checkpoint that somebody else saw. It waits until the log shows that it is of the history that is known here;
   * nothing is cosigned before.
   *
   * @returns `known` for one that is there, `noted`, or `ignored` where too many wait: it is to be shown again later
   * @throws TalosError `NOTE_INVALID`, `CHECKPOINT_INVALID`, `WITNESS_LOG_UNKNOWN`, `WITNESS_NOT_SIGNED`, `LogForked`, what
   *   the store throws
   */
  see(note: string): Seen {
    const { record, head } = this.#open(note)
    const waiting = headsOf(record)
    if ([lastOf(record, this.#judge), ...waiting].some((one) => isSameHead(one, head))) return 'known'
    if (waiting.length >= WITNESS_MAX_HEADS) return 'ignored'
    this.#swap({ ...record, version: record.version + 1, heads: [...record.heads, head.note] })
    return 'noted'
  }

  /**
   * Takes evidence that somebody else has: of a log that is known here nothing is cosigned from then on.
   *
   * @returns the fork; undefined where one of that log was known before
   * @throws TalosError `FORK_INVALID` (by a key that is known as compromised as well), `INPUT_TOO_LARGE`,
   *   `WITNESS_LOG_UNKNOWN`, `WITNESS_CONFLICT`, what the store throws
   */
  condemn(evidence: string): VerifiedFork | undefined {
    const record = this.#require(originOfFork(evidence))
    if (record.fork !== undefined) return undefined
    const fork = verifyForkEvidence(evidence, { kernel: this.#options.kernel })
    const issuers = [fork.first, fork.second].map(({ logKey }) => logKey.issuer)
    if (issuers.some((issuer) => this.#judge.agents.standingOf(issuer) === 'compromised')) {
      throw new TalosError('FORK_INVALID', { reason: 'a key of it is known as compromised' })
    }
    this.#swap({ ...record, version: record.version + 1, fork: evidence })
    return fork
  }

  #learn(
    { origin, kept }: { readonly origin: string; readonly kept: KeptLogKey },
    { introducer, isKnown }: Introduction,
  ): WitnessRecord {
    const record = this.record(origin)
    if (record === undefined) {
      this.#requireRoom({ introducer, isKnown })
      return this.#swap({ origin, version: 1, introducer, keys: [kept], size: 0, heads: [] })
    }
    const earlier = record.keys.find(({ vkey }) => vkey === kept.vkey)
    if (earlier !== undefined && (isTrusted(earlier, this.#judge) || !isTrusted(kept, this.#judge))) return record
    const keys = [...record.keys.filter((one) => one !== earlier), kept]
    requireFewer('keys of one log', { count: keys.length, limit: WITNESS_MAX_LOG_KEYS })
    return this.#swap({ ...record, version: record.version + 1, keys })
  }

  #requireRoom({ introducer, isKnown }: Introduction): void {
    const { store } = this.#options
    const all = isKnown ? WITNESS_MAX_LOGS : WITNESS_MAX_STRANGE_LOGS
    requireFewer('logs', { count: store.count() + 1, limit: all })
    requireFewer('logs of one peer', { count: store.count(introducer) + 1, limit: WITNESS_MAX_LOGS_OF_ONE })
  }

  /** The log of a checkpoint and the checkpoint, signed; what contradicts a known one is a fork. */
  #open(note: string): { readonly record: WitnessRecord; readonly head: KnownHead & { readonly note: string } } {
    const record = this.#require(parseCheckpoint(splitNote(note).text).origin)
    const head = openOffered(record, note, this.#judge)
    if (record.fork !== undefined) {
      const fork = verifyForkEvidence(record.fork, { kernel: this.#options.kernel })
      throw new LogForked(fork, { isNew: false })
    }
    for (const known of [lastOf(record, this.#judge), ...headsOf(record)]) {
      if (excludes(known, head)) this.#blame({ record, base: known, head })
    }
    return { record, head }
  }

  #require(origin: string): WitnessRecord {
    const record = this.record(origin)
    if (record === undefined) throw new TalosError('WITNESS_LOG_UNKNOWN')
    return record
  }

  #requireExtension(step: Step & { readonly offer: CheckpointOffer }): void {
    const { base, head, offer } = step
    const { kernel } = this.#options
    const { proof, root } = offer
    const claim = { from: base.size, to: head.size, proof, kernel }
    try {
      verifyConsistency({ ...claim, fromRoot: base.root, toRoot: head.root })
    } catch (cause) {
      const other = root ?? impliedRoot(claim)
      if (other !== undefined) this.#blame({ ...step, split: { root: other, proof } })
      if (excludes(base, head)) throw new WitnessConflict({ ...base, from: offer.from })
      throw new TalosError('WITNESS_INCONSISTENT', { size: base.size }, { cause })
    }
  }

  /** Condemns the log where two of its checkpoints are shown to exclude each other; else returns. */
  #blame({ record, base, head, split }: Step): void {
    const heads = [this.#signed(record, base), this.#signed(record, head)] as const
    const [first, second] = heads
    if (first === undefined || second === undefined) return
    const history = this.#historyOf(record)
    const fork = attempt(() =>
      makeForkEvidence({ heads: [first, second], history, kernel: this.#options.kernel, ...(split && { split }) }),
    )
    if (fork === undefined) return
    this.#swap({ ...record, version: record.version + 1, fork: fork.text })
    throw new LogForked(fork, { isNew: true })
  }

  /** A checkpoint by a key that an agent delegated and that counts: others blame nobody. */
  #signed(record: WitnessRecord, { note }: KnownHead): SignedHead | undefined {
    const kept = note === undefined ? undefined : signerOf(record, note, this.#judge)
    if (note === undefined || kept?.delegation === undefined || !isTrusted(kept, this.#judge)) return undefined
    const { kernel } = this.#options
    const checkpoint = openCheckpoint(note, { logKey: parseVerifierKey(kept.vkey, kernel), kernel })
    return { checkpoint, delegation: kept.delegation }
  }

  #historyOf(record: WitnessRecord): string | undefined {
    const { historyOf = () => undefined } = this.#options
    const keys = record.keys.flatMap((kept) => delegationOf(kept, this.#judge) ?? [])
    const changed = keys.find(({ issuer, agent }) => issuer !== agent)
    return changed === undefined ? undefined : historyOf(changed)
  }

  /** The same checkpoint again costs no write. */
  #keep(
    record: WitnessRecord,
    { last, head }: { readonly last: KnownHead; readonly head: KnownHead & { readonly note: string } },
  ): void {
    if (last.note !== undefined && isSameHead(last, head)) return
    const { size, note } = head
    this.#swap({ ...record, version: record.version + 1, size, note, heads: [] })
  }

  #swap(next: WitnessRecord): WitnessRecord {
    if (this.#options.store.swap(next)) return next
    const now = this.record(next.origin)
    throw new WitnessConflict({ size: now?.size ?? 0, note: now?.note, from: next.size })
  }

  async #cosign({ note, size }: KnownHead & { readonly note: string }): Promise<string> {
    const { signer, name, kernel, clock } = this.#options
    const timeS = Math.floor(clock.nowMs() / 1000)
    try {
      const cosigned = await cosignCheckpoint({ note, name, signer, timeS, kernel })
      return cosigned.slice(note.length)
    } catch (cause) {
      throw new TalosError('WITNESS_SIGNING_FAILED', { size }, { cause })
    }
  }
}

interface Step {
  readonly record: WitnessRecord
  readonly base: KnownHead
  readonly head: KnownHead & { readonly note: string }
  /** Where the tree of `head` has another root at the size of `base`. */
  readonly split?: { readonly root: Uint8Array; readonly proof: readonly Uint8Array[] }
}

/** What makes no evidence is none. */
function attempt(make: () => VerifiedFork): VerifiedFork | undefined {
  try {
    return make()
  } catch (error) {
    if (isTalosError(error)) return undefined
    throw error
  }
}

function requireFewer(what: string, { count, limit }: { readonly count: number; readonly limit: number }): void {
  if (count > limit) throw new TalosError('WITNESS_FULL', { what, limit })
}
