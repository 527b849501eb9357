/**
 * The stored form of a state (spec 06-session 6.9): always the leased one. A record names the end of the send lease as the
 * next number, so that whoever resumes from it can seal nothing that was sealed before.
 */
import { decodeCbor, encodeCbor } from '@talos/bytes'
import { parseSessionRecord, type SessionRecord } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_SESSION_MESSAGES, MAX_SESSION_RECORD_BYTES, MAX_SKIPPED_KEYS, SESSION_SUITE } from './constants.ts'
import { HeaderForm, MessageForm } from './form.ts'
import { isOpener } from './post-quantum.ts'
import { oldestKeyMs } from './skipped.ts'
import { areSkippedKeys } from './skipped-keys.ts'
import {
  countSkipped,
  type ReceivingChain,
  type SendingChain,
  type SessionFacts,
  type SessionParts,
  SessionState,
} from './state.ts'

/** The stored form: deterministic DAG-CBOR, leased. Secret bytes; storage seals them. */
export function encodeSessionState(state: SessionState): Uint8Array {
  const { facts, root, pq, sending, receiving, oldChains, messages, sinceBytes } = SessionState.partsOf(state)
  const leased = sending === undefined ? 0 : sending.lease.count - sending.count
  const record: SessionRecord = {
    version: 4,
    suite: SESSION_SUITE,
    ...facts,
    ...root,
    messages: Math.min(messages + leased, MAX_SESSION_MESSAGES),
    ...(sending !== undefined && { sending: storedSending(sending) }),
    ...(receiving !== undefined && { receiving: storedReceiving(receiving) }),
    oldChains,
    pq: { ...pq, sinceBytes },
  }
  return encodeCbor(record)
}

/**
 * Reads a stored state. It seals next what the lease of the state that was stored did not cover.
 *
 * @throws TalosError `SESSION_STATE_INVALID` for everything that {@link encodeSessionState} does not write
 */
export function decodeSessionState(bytes: Uint8Array): SessionState {
  try {
    const record = parseSessionRecord(decodeCbor(bytes, { maxBytes: MAX_SESSION_RECORD_BYTES }))
    checkSkipped(record)
    checkStep(record)
    return new SessionState(partsOf(record))
  } catch (cause) {
    throw invalid(cause)
  }
}

function storedSending({ ratchetSecret, ratchetPublic, headerKey, lease }: SendingChain) {
  return { ratchetSecret, ratchetPublic, headerKey, chainKey: lease.chainKey, count: lease.count }
}

function storedReceiving({ header: _derived, ...chain }: ReceivingChain) {
  return chain
}

function partsOf(record: SessionRecord): SessionParts {
  const { version: _version, suite: _suite, messages, sending, receiving, oldChains, pq, ...rest } = record
  const { confirmed, epoch, rootKey, remoteRatchet, previousCount, nextSendHeaderKey, nextReceiveHeaderKey, ...fixed } =
    rest
  const facts: SessionFacts = fixed
  const { sinceBytes, ...step } = pq
  return {
    facts,
    form: new MessageForm(facts),
    root: { confirmed, epoch, rootKey, remoteRatchet, previousCount, nextSendHeaderKey, nextReceiveHeaderKey },
    pq: step,
    sending: sending && {
      ...sending,
      begun: sending.count,
      lease: { count: sending.count, chainKey: sending.chainKey },
      header: new HeaderForm({ ratchetKey: sending.ratchetPublic, previousCount, epoch }),
    },
    receiving: receiving && { ...receiving, header: new HeaderForm({ ...receiving, ratchetKey: remoteRatchet }) },
    oldChains,
    messages,
    sinceBytes,
    oldestMs: oldestKeyMs({ receiving, oldChains }),
  }
}

/** What the current chain skipped lies behind it: else its numbers would come a second time when it gets there. */
function checkSkipped(record: SessionRecord): void {
  const { receiving, oldChains } = record
  const isReadable =
    countSkipped(record) <= MAX_SKIPPED_KEYS &&
    oldChains.every(({ skipped }) => areSkippedKeys(skipped)) &&
    (receiving === undefined || areSkippedKeys(receiving.skipped, receiving.count))
  if (!isReadable) throw invalid()
}

/** One part of a post-quantum step at most, and the one of this side. */
function checkStep({ role, epoch, pq }: SessionRecord): void {
  const { offer, agreed, answer } = pq
  const held = [offer, agreed, answer].filter((part) => part !== undefined).length
  const isOpening = answer === undefined
  if (held > 1 || (held === 1 && isOpening !== isOpener(role, epoch + 1))) throw invalid()
}

function invalid(cause?: unknown): TalosError {
  return new TalosError('SESSION_STATE_INVALID', { record: 'session' }, { cause })
}
