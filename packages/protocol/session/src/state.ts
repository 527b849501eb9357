/**
 * The state of one end of a session as an opaque, immutable value (spec 06-session 6.1).
 *
 * A step takes a state and returns another; nothing changes the one that it was given, so a failed step leaves it usable.
 * A state is a few parts by how often they change: facts never, the root at a turn, a chain with each message; a step
 * replaces the parts that it changes and shares the others. Printing a state, by whatever means, shows public facts only.
 * What JavaScript cannot do is erase: key bytes of a state that is no longer referenced stay in memory until the collector
 * reuses it.
 */
import { toHex } from '@talos/bytes'
import type { Did, SessionRecord, SessionRecordPqStep } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { exporterSecret } from './exporter-secret.ts'
import { type HeaderForm, MessageForm } from './form.ts'
import { keyCount } from './skipped-keys.ts'
import type { SessionMode, SessionRole } from './transcript.ts'

/** What never changes; one object that all states of a session share. */
export type SessionFacts = Pick<
  SessionRecord,
  | 'role'
  | 'mode'
  | 'sessionId'
  | 'transcriptHash'
  | 'context'
  | 'exporter'
  | 'localDid'
  | 'localInstance'
  | 'remoteDid'
  | 'remoteInstance'
  | 'createdMs'
>

/** What a handshake settles before its first turn. */
export type HandshakeFacts = Omit<SessionFacts, 'exporter'>

/** What changes when a chain begins or ends. */
export type SessionRoot = Pick<
  SessionRecord,
  'confirmed' | 'epoch' | 'rootKey' | 'remoteRatchet' | 'previousCount' | 'nextSendHeaderKey' | 'nextReceiveHeaderKey'
>

/** How far messages of a sending chain may leave by what is stored: the stored record resumes at its end. */
interface SendLease {
  /** The first number that is not covered. */
  readonly count: number
  /** Chain key of that number. */
  readonly chainKey: Uint8Array
}

export interface SendingChain {
  readonly ratchetSecret: Uint8Array
  readonly ratchetPublic: Uint8Array
  readonly headerKey: Uint8Array
  /** Of the next message; in memory only. */
  readonly chainKey: Uint8Array
  /** Number of the next message. */
  readonly count: number
  /** Its count when the chain began, or when its state was read. */
  readonly begun: number
  readonly lease: SendLease
  readonly header: HeaderForm
}

export interface ReceivingChain {
  readonly headerKey: Uint8Array
  readonly chainKey: Uint8Array
  readonly count: number
  readonly previousCount: number
  readonly epoch: number
  /** As in the record; shared by states, never written to. */
  readonly skipped: Uint8Array
  readonly header: HeaderForm
}

export type OldChain = SessionRecord['oldChains'][number]
/** A running post-quantum step: at most one of the three is there. */
type PqStep = Omit<SessionRecordPqStep, 'sinceBytes'>

export interface SessionParts {
  readonly facts: SessionFacts
  readonly form: MessageForm
  readonly root: SessionRoot
  readonly pq: PqStep
  readonly sending: SendingChain | undefined
  readonly receiving: ReceivingChain | undefined
  readonly oldChains: readonly OldChain[]
  /** Sealed and opened, together. */
  readonly messages: number
  /** Bytes sealed and opened since the last post-quantum step. */
  readonly sinceBytes: number
  /** No skipped key was stored before: a bound, exact when it is found that keys may be too old. */
  readonly oldestMs: number
}

/** What may be shown of a session. */
export interface SessionSummary {
  /** 32 hex digits. */
  readonly sessionId: string
  readonly role: SessionRole
  readonly mode: SessionMode
  readonly localDid: Did
  readonly localInstance: string
  readonly remoteDid: Did
  readonly remoteInstance: string
  readonly createdMs: number
  readonly confirmed: boolean
  /** Post-quantum steps taken in. */
  readonly epoch: number
  /** Sealed and opened, together. */
  readonly messages: number
  /** Messages sealed in the current sending chain. */
  readonly sendCount: number
  /** Messages of that chain that may leave by what the last `needsStore` asked to store; the lease's end. */
  readonly sendLease: number
  /** Next number expected in the current receiving chain. */
  readonly receiveCount: number
  /** Keys kept for messages that did not arrive yet. */
  readonly skippedKeys: number
  /** The peer's ratchet public key, 64 hex digits. */
  readonly remoteRatchetKey: string
}

export class SessionState {
  readonly #parts: SessionParts

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /** For the steps of this package only: the class itself is not exported from it. */
  static partsOf(state: SessionState): SessionParts {
    return state.#parts
  }

  /** 16 bytes that name the session on the wire. */
  get sessionId(): Uint8Array {
    return this.#parts.facts.sessionId.slice()
  }

  /** 32 bytes: the handshake that this session came from. */
  get transcriptHash(): Uint8Array {
    return this.#parts.facts.transcriptHash.slice()
  }

  /** 32-byte capability-context hash; zeroes for none. */
  get context(): Uint8Array {
    return this.#parts.facts.context.slice()
  }

  get remoteDid(): Did {
    return this.#parts.facts.remoteDid
  }

  get remoteInstance(): string {
    return this.#parts.facts.remoteInstance
  }

  get role(): SessionRole {
    return this.#parts.facts.role
  }

  get mode(): SessionMode {
    return this.#parts.facts.mode
  }

  /**
   * False until the peer answered to keys that were made in this very session. Until then the responder may be looking at
   * a replay: what has side effects waits.
   */
  get confirmed(): boolean {
    return this.#parts.root.confirmed
  }

  toJSON(): SessionSummary {
    const { facts, root, sending, receiving } = this.#parts
    return {
      sessionId: toHex(facts.sessionId),
      role: facts.role,
      mode: facts.mode,
      localDid: facts.localDid,
      localInstance: facts.localInstance,
      remoteDid: facts.remoteDid,
      remoteInstance: facts.remoteInstance,
      createdMs: facts.createdMs,
      confirmed: root.confirmed,
      epoch: root.epoch,
      messages: this.#parts.messages,
      sendCount: sending === undefined ? 0 : sending.count,
      sendLease: sending === undefined ? 0 : sending.lease.count,
      receiveCount: receiving === undefined ? 0 : receiving.count,
      skippedKeys: countSkipped(this.#parts),
      remoteRatchetKey: toHex(root.remoteRatchet),
    }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): SessionSummary {
    return this.toJSON()
  }
}

/** A session before its first chain, its root key being that of the first turn. */
export function newParts(
  kernel: Kernel,
  facts: HandshakeFacts,
  keys: Pick<SessionRoot, 'rootKey' | 'remoteRatchet' | 'nextSendHeaderKey' | 'nextReceiveHeaderKey'>,
): SessionParts {
  const exporter = exporterSecret(kernel, { rootKey: keys.rootKey, transcriptHash: facts.transcriptHash })
  return {
    facts: { ...facts, exporter },
    form: new MessageForm(facts),
    root: { ...keys, confirmed: false, epoch: 0, previousCount: 0 },
    pq: { sinceMs: facts.createdMs, sinceMessages: 0 },
    sending: undefined,
    receiving: undefined,
    oldChains: [],
    messages: 0,
    sinceBytes: 0,
    oldestMs: Number.POSITIVE_INFINITY,
  }
}

/** Every chain that keeps skipped keys, oldest first, the current one last. */
export function keptChains(parts: {
  readonly receiving?: Pick<ReceivingChain, 'skipped'> | undefined
  readonly oldChains: readonly OldChain[]
}): readonly Pick<ReceivingChain, 'skipped'>[] {
  return parts.receiving === undefined ? parts.oldChains : [...parts.oldChains, parts.receiving]
}

export function countSkipped(parts: Parameters<typeof keptChains>[0]): number {
  return keptChains(parts).reduce((sum, { skipped }) => sum + keyCount(skipped), 0)
}
