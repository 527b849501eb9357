// Generated from contracts/schemas/session-record.schema.json by tools/src/generate.ts; do not edit.
import { array, boolean, bytes, type Check, integer, object, oneOfValues, optional, ref, run } from '../check.ts'
import { checkDidKey, checkTimestampMs, type DidKey, type TimestampMs } from './common.ts'
import { checkPrekeyBundleInstanceName, type PrekeyBundleInstanceName } from './prekey-bundle.ts'

/**
 * The whole state of one end of a session, as stored. Secret bytes: storage seals them.
 * Specified in 06-session 6.9.
 */
export type SessionRecord = {
  /** Version of this record. */
  readonly version: 4
  /** The one suite of Talos Session 1. */
  readonly suite: 'ts1-x25519-mlkem768-sha256-chacha20poly1305'
  /** Which end this is. */
  readonly role: 'initiator' | 'responder'
  /** How the initiator authenticated. */
  readonly mode: 'accountable' | 'deniable'
  /** Names the session on the wire. */
  readonly sessionId: Uint8Array
  /** Hash of the handshake transcript. */
  readonly transcriptHash: Uint8Array
  /** Capability-context hash; zeroes for none. */
  readonly context: Uint8Array
  /** Exporter secret: the same at both ends, for the session's life. */
  readonly exporter: Uint8Array
  /** This agent. */
  readonly localDid: DidKey
  /** This instance. */
  readonly localInstance: PrekeyBundleInstanceName
  /** The peer. */
  readonly remoteDid: DidKey
  /** The peer's instance. */
  readonly remoteInstance: PrekeyBundleInstanceName
  /** When this end made the session, by its own clock. */
  readonly createdMs: TimestampMs
  /** Whether the peer answered to keys made in this session. */
  readonly confirmed: boolean
  /** Post-quantum steps that the root key has taken in. */
  readonly epoch: number
  /** Messages sealed and opened so far. */
  readonly messages: number
  /** Root key. */
  readonly rootKey: Uint8Array
  /** The peer's current ratchet public key. */
  readonly remoteRatchet: Uint8Array
  /** Messages in the sending chain before the current one. */
  readonly previousCount: number
  /** Absent after a turn, until the next message is sealed. */
  readonly sending?: SessionRecordSendingChain
  /** Header key of the next sending chain. */
  readonly nextSendHeaderKey: Uint8Array
  /** Absent at the initiator until the first answer. */
  readonly receiving?: SessionRecordReceivingChain
  /** Header key of the next receiving chain. */
  readonly nextReceiveHeaderKey: Uint8Array
  /** Earlier receiving chains with messages still missing, oldest first. */
  readonly oldChains: readonly SessionRecordOldChain[]
  /** Where the next post-quantum step stands. */
  readonly pq: SessionRecordPqStep
}

const checkSessionRecord: Check = object({
  version: oneOfValues(4),
  suite: oneOfValues('ts1-x25519-mlkem768-sha256-chacha20poly1305'),
  role: oneOfValues('initiator', 'responder'),
  mode: oneOfValues('accountable', 'deniable'),
  sessionId: bytes(16, 16),
  transcriptHash: bytes(32, 32),
  context: bytes(32, 32),
  exporter: bytes(32, 32),
  localDid: ref(() => checkDidKey),
  localInstance: ref(() => checkPrekeyBundleInstanceName),
  remoteDid: ref(() => checkDidKey),
  remoteInstance: ref(() => checkPrekeyBundleInstanceName),
  createdMs: ref(() => checkTimestampMs),
  confirmed: boolean,
  epoch: integer(0, 4_294_967_295),
  messages: integer(0, 4_294_967_296),
  rootKey: bytes(32, 32),
  remoteRatchet: bytes(32, 32),
  previousCount: integer(0, 16_777_216),
  sending: optional(ref(() => checkSessionRecordSendingChain)),
  nextSendHeaderKey: bytes(32, 32),
  receiving: optional(ref(() => checkSessionRecordReceivingChain)),
  nextReceiveHeaderKey: bytes(32, 32),
  oldChains: array(
    ref(() => checkSessionRecordOldChain),
    { minItems: 0, maxItems: 4 },
  ),
  pq: ref(() => checkSessionRecordPqStep),
})

/** Returns `value` typed as SessionRecord. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecord(value: unknown): SessionRecord {
  run('session-record', checkSessionRecord, value)
  return value as SessionRecord
}

/** The sending chain and the ratchet key that it belongs to. */
export type SessionRecordSendingChain = {
  /** X25519 ratchet secret. */
  readonly ratchetSecret: Uint8Array
  /** X25519 ratchet public key. */
  readonly ratchetPublic: Uint8Array
  /** Header key of the chain. */
  readonly headerKey: Uint8Array
  /** Chain key at the end of the send lease. */
  readonly chainKey: Uint8Array
  /** End of the send lease: the first number that no message may have yet. */
  readonly count: number
}

const checkSessionRecordSendingChain: Check = object({
  ratchetSecret: bytes(32, 32),
  ratchetPublic: bytes(32, 32),
  headerKey: bytes(32, 32),
  chainKey: bytes(32, 32),
  count: integer(0, 16_777_216),
})

/** Returns `value` typed as SessionRecordSendingChain. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecordSendingChain(value: unknown): SessionRecordSendingChain {
  run('session-record#sendingChain', checkSessionRecordSendingChain, value)
  return value as SessionRecordSendingChain
}

/** The receiving chain and the keys of its messages that did not arrive yet. */
export type SessionRecordReceivingChain = {
  /** Header key of the chain. */
  readonly headerKey: Uint8Array
  /** Chain key of the next message. */
  readonly chainKey: Uint8Array
  /** Number of the next message. */
  readonly count: number
  /** PN in every header of the chain. */
  readonly previousCount: number
  /** Epoch in every header of the chain. */
  readonly epoch: number
  /**
   * Keys of skipped messages, ascending by number; 44 bytes for each: u32 number, u64 time of storing in milliseconds,
   * message key (32).
   */
  readonly skipped: Uint8Array
}

const checkSessionRecordReceivingChain: Check = object({
  headerKey: bytes(32, 32),
  chainKey: bytes(32, 32),
  count: integer(0, 16_777_216),
  previousCount: integer(0, 16_777_216),
  epoch: integer(0, 4_294_967_295),
  skipped: bytes(0, 88_000),
})

/** Returns `value` typed as SessionRecordReceivingChain. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecordReceivingChain(value: unknown): SessionRecordReceivingChain {
  run('session-record#receivingChain', checkSessionRecordReceivingChain, value)
  return value as SessionRecordReceivingChain
}

/**
 * The post-quantum step after `epoch`: what counts towards it and, while it runs, this side's part. At most one of
 * `offer`, `agreed` and `answer`.
 */
export type SessionRecordPqStep = {
  /** When the step before was mixed in, or the session made. */
  readonly sinceMs: TimestampMs
  /** Messages of the session at that moment. */
  readonly sinceMessages: number
  /** Bytes sealed and opened since. */
  readonly sinceBytes: number
  /** At the opener that waits for the answer. */
  readonly offer?: SessionRecordPqOffer
  /** At the opener that has the answer: the shared secret, until its next sending chain. */
  readonly agreed?: Uint8Array
  /** At the answerer, until the opener mixes. */
  readonly answer?: SessionRecordPqAnswer
}

const checkSessionRecordPqStep: Check = object({
  sinceMs: ref(() => checkTimestampMs),
  sinceMessages: integer(0, 4_294_967_296),
  sinceBytes: integer(0, Number.MAX_SAFE_INTEGER),
  offer: optional(ref(() => checkSessionRecordPqOffer)),
  agreed: optional(bytes(32, 32)),
  answer: optional(ref(() => checkSessionRecordPqAnswer)),
})

/** Returns `value` typed as SessionRecordPqStep. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecordPqStep(value: unknown): SessionRecordPqStep {
  run('session-record#pqStep', checkSessionRecordPqStep, value)
  return value as SessionRecordPqStep
}

/** An offer that was sealed. */
export type SessionRecordPqOffer = {
  /** ML-KEM-768 seed `d || z` of the offered key. */
  readonly seed: Uint8Array
  /** When it was last sealed. */
  readonly sealedMs: TimestampMs
}

const checkSessionRecordPqOffer: Check = object({
  seed: bytes(64, 64),
  sealedMs: ref(() => checkTimestampMs),
})

/** Returns `value` typed as SessionRecordPqOffer. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecordPqOffer(value: unknown): SessionRecordPqOffer {
  run('session-record#pqOffer', checkSessionRecordPqOffer, value)
  return value as SessionRecordPqOffer
}

/** What an offer is answered with, each time the same. */
export type SessionRecordPqAnswer = {
  /** SHA-256 of the offered encapsulation key. */
  readonly offerHash: Uint8Array
  /** ML-KEM-768 ciphertext. */
  readonly ciphertext: Uint8Array
  /** The shared secret inside it. */
  readonly secret: Uint8Array
  /** Whether an offer waits for it. */
  readonly due: boolean
}

const checkSessionRecordPqAnswer: Check = object({
  offerHash: bytes(32, 32),
  ciphertext: bytes(1_088, 1_088),
  secret: bytes(32, 32),
  due: boolean,
})

/** Returns `value` typed as SessionRecordPqAnswer. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecordPqAnswer(value: unknown): SessionRecordPqAnswer {
  run('session-record#pqAnswer', checkSessionRecordPqAnswer, value)
  return value as SessionRecordPqAnswer
}

/** What is left of an earlier receiving chain. */
export type SessionRecordOldChain = {
  /** Header key of the chain. */
  readonly headerKey: Uint8Array
  /**
   * Keys of skipped messages, ascending by number; 44 bytes for each: u32 number, u64 time of storing in milliseconds,
   * message key (32).
   */
  readonly skipped: Uint8Array
}

const checkSessionRecordOldChain: Check = object({
  headerKey: bytes(32, 32),
  skipped: bytes(44, 88_000),
})

/** Returns `value` typed as SessionRecordOldChain. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionRecordOldChain(value: unknown): SessionRecordOldChain {
  run('session-record#oldChain', checkSessionRecordOldChain, value)
  return value as SessionRecordOldChain
}
