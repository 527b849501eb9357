/**
 * The state of one end of a session as an opaque, immutable value, and its stored form (spec 06-session 6.9).
 *
 * A step takes a state and returns another; nothing changes the one that it was given, so a failed step leaves it usable.
 * Printing a state, by whatever means, shows public facts only. What JavaScript cannot do is erase: key bytes of a state
 * that is no longer referenced stay in memory until the collector reuses it.
 */
import { decodeCbor, encodeCbor, type IpldValue, toHex } from '@talos/bytes'
import { type Did, parseSessionRecord, type SessionRecord, type SessionRecordSkippedKey } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_SESSION_RECORD_BYTES, MAX_SKIPPED_KEYS } from './constants.ts'
import type { SessionMode, SessionRole } from './transcript.ts'

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
  readonly epoch: number
  /** Sealed and opened, together. */
  readonly messages: number
  /** Messages sealed in the current sending chain. */
  readonly sendCount: number
  /** Next number expected in the current receiving chain. */
  readonly receiveCount: number
  /** Keys kept for messages that did not arrive yet. */
  readonly skippedKeys: number
  /** The peer's ratchet public key, 64 hex digits. */
  readonly remoteRatchetKey: string
}

export class SessionState {
  readonly #record: SessionRecord

  constructor(record: SessionRecord) {
    this.#record = record
  }

  /** For the steps of this package only: the class itself is not exported from it. */
  static recordOf(state: SessionState): SessionRecord {
    return state.#record
  }

  /** 16 bytes that name the session on the wire. */
  get sessionId(): Uint8Array {
    return this.#record.sessionId.slice()
  }

  /** 32 bytes: the handshake that this session came from. */
  get transcriptHash(): Uint8Array {
    return this.#record.transcriptHash.slice()
  }

  /** 32-byte capability-context hash; zeroes for none. */
  get context(): Uint8Array {
    return this.#record.context.slice()
  }

  get remoteDid(): Did {
    return this.#record.remoteDid
  }

  get remoteInstance(): string {
    return this.#record.remoteInstance
  }

  get role(): SessionRole {
    return this.#record.role
  }

  get mode(): SessionMode {
    return this.#record.mode
  }

  /**
   * False until the peer answered to keys that were made in this very session. Until then the responder may be looking at
   * a replay: what has side effects waits.
   */
  get confirmed(): boolean {
    return this.#record.confirmed
  }

  toJSON(): SessionSummary {
    const { sending, receiving, oldChains } = this.#record
    return {
      sessionId: toHex(this.#record.sessionId),
      role: this.role,
      mode: this.mode,
      localDid: this.#record.localDid,
      localInstance: this.#record.localInstance,
      remoteDid: this.remoteDid,
      remoteInstance: this.remoteInstance,
      createdMs: this.#record.createdMs,
      confirmed: this.confirmed,
      epoch: this.#record.epoch,
      messages: this.#record.messages,
      sendCount: sending === undefined ? 0 : sending.count,
      receiveCount: receiving === undefined ? 0 : receiving.count,
      skippedKeys: keptChains({ receiving, oldChains }).reduce((sum, { skipped }) => sum + skipped.length, 0),
      remoteRatchetKey: toHex(this.#record.remoteRatchet),
    }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): SessionSummary {
    return this.toJSON()
  }
}

/** The stored form: deterministic DAG-CBOR. Secret bytes; storage seals them. */
export function encodeSessionState(state: SessionState): Uint8Array {
  return encodeCbor(SessionState.recordOf(state) as unknown as IpldValue)
}

/**
 * Reads a stored state.
 *
 * @throws TalosError `SESSION_STATE_INVALID` for everything that {@link encodeSessionState} does not write
 */
export function decodeSessionState(bytes: Uint8Array): SessionState {
  try {
    const record = parseSessionRecord(decodeCbor(bytes, { maxBytes: MAX_SESSION_RECORD_BYTES }))
    checkSkipped(record)
    return new SessionState(record)
  } catch (cause) {
    throw new TalosError('SESSION_STATE_INVALID', { record: 'session' }, { cause })
  }
}

/** Every chain that keeps skipped keys, oldest first, the current one last. */
export function keptChains(record: {
  readonly receiving?: SessionRecord['receiving'] | undefined
  readonly oldChains: SessionRecord['oldChains']
}): readonly { readonly skipped: readonly SessionRecordSkippedKey[] }[] {
  return record.receiving === undefined ? record.oldChains : [...record.oldChains, record.receiving]
}

function checkSkipped(record: SessionRecord): void {
  const chains = keptChains(record)
  const total = chains.reduce((sum, { skipped }) => sum + skipped.length, 0)
  const ascends = chains.every(({ skipped }) =>
    skipped.every(({ count }, index) => count > (skipped[index - 1]?.count ?? -1)),
  )
  if (total > MAX_SKIPPED_KEYS || !ascends) throw new TalosError('SESSION_STATE_INVALID', { record: 'session' })
}
