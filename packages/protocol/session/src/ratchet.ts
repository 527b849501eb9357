/**
 * The Double Ratchet with header encryption (spec 06-session; Signal's Double Ratchet, revision 4, section 4).
 *
 *     MK = HMAC(CK, 0x01), CK' = HMAC(CK, 0x02), k_enc || k_com = HKDF-Expand(MK, "talos/ts1/mk", 64)
 *     message = suite || kind || content type || session id || nonce || AEAD(HK, header) || k_com || AEAD(k_enc, padded)
 *
 * Receiving a turn costs one DH; the new ratchet key is made when the next message is sealed. A header that no key opens
 * costs a handful of short AEAD trials and nothing else. Left out: the sparse post-quantum step, for which header and
 * record keep an epoch (always 0 here).
 */
import { equalBytes } from '@talos/bytes'
import {
  decodeMessageHeader,
  decodeSessionMessage,
  encodeMessageHeader,
  encodeSessionMessage,
  type MessageHeader,
  type SessionMessage,
  type SessionRecord,
} from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import {
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type Kernel,
  RATCHET_COMMITMENT_BYTES,
  X25519_KEY_BYTES,
} from '@talos/kernel'
import type { Random } from '@talos/ports'
import {
  type KIND_FIRST_FLIGHT,
  KIND_MESSAGE,
  MAX_CHAIN_MESSAGES,
  MAX_MESSAGE_BYTES,
  MAX_SESSION_MESSAGES,
  RESERVED_CONTENT_TYPE,
  SESSION_LIFETIME_MS,
  SESSION_OPEN_GRACE_MS,
  SUITE_BYTE,
} from './constants.ts'
import { ifAuthentic, rootStep } from './key-schedule.ts'
import { type PaddingPolicy, paddedSize } from './padding.ts'
import { advance, boundSkipped, forgetExpired, takeSkipped } from './skipped.ts'
import { SessionState } from './state.ts'
import { associatedData, type SessionRole } from './transcript.ts'

type ReceivingChain = NonNullable<SessionRecord['receiving']>
type SendingChain = NonNullable<SessionRecord['sending']>

export interface SealInput {
  readonly kernel: Kernel
  readonly random: Random
  readonly nowMs: number
  /** {@link MAX_MESSAGE_BYTES} at most. */
  readonly plaintext: Uint8Array
  /** What the plaintext is, 0 to 0xef; visible on the wire and authenticated. 0 unless given. */
  readonly contentType?: number
  /** `padme` unless given; `none` for bulk. */
  readonly padding?: PaddingPolicy
}

export interface Sealed {
  /** Store this before the message leaves. */
  readonly state: SessionState
  readonly message: Uint8Array
}

export interface OpenInput {
  readonly kernel: Kernel
  readonly nowMs: number
  readonly message: Uint8Array
}

export interface Opened {
  readonly state: SessionState
  readonly plaintext: Uint8Array
  readonly contentType: number
}

/**
 * Seals one message.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_TOO_LARGE`, `SESSION_EXHAUSTED`; the state given stays usable
 */
export function seal(state: SessionState, input: SealInput): Sealed {
  const { kernel, random, nowMs, plaintext, contentType = 0, padding = 'padme' } = input
  const record = SessionState.recordOf(state)
  checkContent({ plaintext, contentType })
  if (nowMs - record.createdMs >= SESSION_LIFETIME_MS) throw exhausted('age')
  const step = sealStep(record, { kernel, random, kind: KIND_MESSAGE, contentType, content: plaintext, padding })
  const message = encodeSessionMessage({ contentType, sessionId: record.sessionId, nonce: step.nonce, ...step.sealed })
  return { state: new SessionState(step.record), message }
}

/**
 * Opens one message: each at most once, in any order within the limits.
 *
 * @throws TalosError `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`, `SESSION_MISMATCH`, `SESSION_EXHAUSTED`,
 *   `SESSION_HEADER`, `SESSION_DUPLICATE`, `SESSION_GAP`, `SESSION_LOW_ORDER`, `SESSION_AUTHENTICATION`,
 *   `SESSION_TOO_LARGE`; the state given stays usable
 */
export function open(state: SessionState, input: OpenInput): Opened {
  const { kernel, nowMs } = input
  const record = SessionState.recordOf(state)
  const message = parseMessage(input.message)
  if (!equalBytes(message.sessionId, record.sessionId)) throw new TalosError('SESSION_MISMATCH')
  if (nowMs - record.createdMs >= SESSION_LIFETIME_MS + SESSION_OPEN_GRACE_MS) throw exhausted('age')
  if (record.messages >= MAX_SESSION_MESSAGES) throw exhausted('messages')

  const sender: SessionRole = record.role === 'initiator' ? 'responder' : 'initiator'
  const bound = associatedData({ ...record, sender, kind: KIND_MESSAGE, contentType: message.contentType })
  const step = findStep(forgetExpired(record, nowMs), { kernel, nowMs, message, bound })
  const plaintext = openMessage(kernel, { messageKey: step.messageKey, bound, message })
  checkSize(plaintext.length)
  const next = boundSkipped({ ...step.record, messages: record.messages + 1 })
  return { state: new SessionState(next), plaintext, contentType: message.contentType }
}

/** The sealed parts that a first flight and a message have in common. */
export interface SealedParts {
  readonly nonce: Uint8Array
  readonly header: Uint8Array
  readonly commitment: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * One step of the sending chain, which begins here when the last thing was a turn.
 *
 * @throws TalosError `SESSION_EXHAUSTED`, `SESSION_LOW_ORDER`
 */
export function sealStep(
  before: SessionRecord,
  input: {
    readonly kernel: Kernel
    readonly random: Random
    readonly kind: typeof KIND_FIRST_FLIGHT | typeof KIND_MESSAGE
    readonly contentType: number
    readonly content: Uint8Array
    readonly padding: PaddingPolicy
  },
): { readonly record: SessionRecord; readonly nonce: Uint8Array; readonly sealed: Omit<SealedParts, 'nonce'> } {
  const { kernel, random, kind, contentType, content, padding } = input
  if (before.messages >= MAX_SESSION_MESSAGES) throw exhausted('messages')
  const { record, sending } = startSending(before, { kernel, random })
  if (sending.count >= MAX_CHAIN_MESSAGES) throw exhausted('chain messages')
  const { ratchetPublic: ratchetKey, count } = sending
  const nonce = random.bytes(AEAD_NONCE_BYTES)
  const header = encodeMessageHeader({ ratchetKey, previousCount: record.previousCount, count, epoch: record.epoch })
  const { nextChainKey, message } = kernel.ratchetSeal({
    chainKey: sending.chainKey,
    headerKey: sending.headerKey,
    nonce,
    header,
    associatedData: associatedData({ ...record, sender: record.role, kind, contentType }),
    prefix: new Uint8Array(0),
    content,
    paddedBytes: paddedSize(content.length, padding),
  })
  const commitmentAt = AEAD_NONCE_BYTES + header.length + AEAD_TAG_BYTES
  const ciphertextAt = commitmentAt + RATCHET_COMMITMENT_BYTES
  const sealed = {
    header: message.subarray(AEAD_NONCE_BYTES, commitmentAt),
    commitment: message.subarray(commitmentAt, ciphertextAt),
    ciphertext: message.subarray(ciphertextAt),
  }
  const next = {
    ...record,
    messages: record.messages + 1,
    sending: { ...sending, chainKey: nextChainKey, count: count + 1 },
  }
  return { record: next, nonce, sealed }
}

/** Makes the ratchet key and the sending chain that a turn left to be made. */
export function startSending(
  record: SessionRecord,
  { kernel, random }: { readonly kernel: Kernel; readonly random: Random },
): { readonly record: SessionRecord; readonly sending: SendingChain } {
  if (record.sending !== undefined) return { record, sending: record.sending }
  const ratchetSecret = random.bytes(X25519_KEY_BYTES)
  const step = rootStep(kernel, { rootKey: record.rootKey, secret: ratchetSecret, publicKey: record.remoteRatchet })
  const sending = {
    ratchetSecret,
    ratchetPublic: kernel.x25519PublicKey(ratchetSecret),
    headerKey: record.nextSendHeaderKey,
    chainKey: step.chainKey,
    count: 0,
  }
  return { record: { ...record, rootKey: step.rootKey, nextSendHeaderKey: step.nextHeaderKey, sending }, sending }
}

/** A message whose header opened: its key, and the record once that key is used. */
export interface ReceiveStep {
  /** Fresh or a copy: whoever takes it erases it. */
  readonly messageKey: Uint8Array
  readonly record: SessionRecord
}

interface ReceiveContext {
  readonly kernel: Kernel
  readonly nowMs: number
}

/** The key of message `count` of the current receiving chain. */
export function takeCurrent(
  record: SessionRecord,
  input: ReceiveContext & { readonly chain: ReceivingChain; readonly count: number },
): ReceiveStep {
  const { kernel, chain, count } = input
  if (count < chain.count) {
    const taken = takeSkipped(chain, count)
    return { messageKey: taken.messageKey, record: { ...record, receiving: taken.chain } }
  }
  const advanced = advance(kernel, { ...input, to: count })
  const { messageKey, nextChainKey } = kernel.ratchetStep(advanced.chainKey)
  return { messageKey, record: { ...record, receiving: { ...advanced, chainKey: nextChainKey, count: count + 1 } } }
}

/**
 * Opens and judges a sealed header.
 *
 * @returns `undefined` when the key does not open it
 * @throws TalosError `SESSION_MESSAGE_INVALID` when it opens and is not one that this version sends
 */
export function openHeader(
  kernel: Kernel,
  input: { readonly headerKey: Uint8Array; readonly bound: Uint8Array; readonly message: SealedParts },
): MessageHeader | undefined {
  const { headerKey: key, bound, message } = input
  const options = { key, nonce: message.nonce, associatedData: bound }
  const plain = ifAuthentic(() => kernel.aeadOpen(options, message.header))
  return plain === undefined ? undefined : parseHeader(plain)
}

/**
 * Opens the payload and erases the message key, which is a copy of nothing that any state still holds.
 *
 * @throws TalosError `SESSION_AUTHENTICATION`, `SESSION_MESSAGE_INVALID` when its padding has no end
 */
export function openMessage(
  kernel: Kernel,
  input: { readonly messageKey: Uint8Array; readonly bound: Uint8Array; readonly message: SealedParts },
): Uint8Array {
  const { messageKey, bound, message } = input
  const { nonce, header, commitment, ciphertext } = message
  const sealed = { messageKey, nonce, associatedData: bound, header, commitment, ciphertext }
  try {
    const content = ifAuthentic(() => kernel.ratchetOpen(sealed))
    if (content === undefined) throw new TalosError('SESSION_AUTHENTICATION')
    return content
  } catch (cause) {
    if (!isTalosError(cause, 'KERNEL_PADDING')) throw cause
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'the padding has no end' }, { cause })
  } finally {
    messageKey.fill(0)
  }
}

/** Checks what a caller wants to send. */
export function checkContent(input: { readonly plaintext: Uint8Array; readonly contentType: number }): void {
  const { plaintext, contentType } = input
  if (!Number.isInteger(contentType) || contentType < 0 || contentType >= RESERVED_CONTENT_TYPE) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'contentType', reason: 'it is not an integer from 0 to 239' })
  }
  checkSize(plaintext.length)
}

/** Content types of the protocol itself mean nothing in this version, so nothing may arrive under them. */
export function refuseReserved(contentType: number): void {
  if (contentType >= RESERVED_CONTENT_TYPE) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its content type is reserved' })
  }
}

function checkSize(sizeBytes: number): void {
  if (sizeBytes > MAX_MESSAGE_BYTES) {
    throw new TalosError('SESSION_TOO_LARGE', { sizeBytes, limitBytes: MAX_MESSAGE_BYTES })
  }
}

/** Tries the header keys in order (current, next, then old chains from the newest) and takes the message's key. */
function findStep(
  record: SessionRecord,
  input: ReceiveContext & { readonly message: SealedParts; readonly bound: Uint8Array },
): ReceiveStep {
  for (const { headerKey, take } of candidates(record, input)) {
    const header = openHeader(input.kernel, { headerKey, bound: input.bound, message: input.message })
    if (header !== undefined) return take(header)
  }
  throw new TalosError('SESSION_HEADER')
}

interface Candidate {
  readonly headerKey: Uint8Array
  readonly take: (header: MessageHeader) => ReceiveStep
}

function candidates(record: SessionRecord, context: ReceiveContext): readonly Candidate[] {
  const { receiving, sending, oldChains, nextReceiveHeaderKey: headerKey } = record
  const list: Candidate[] = []
  if (receiving !== undefined) {
    const take = ({ count }: MessageHeader) => takeCurrent(record, { ...context, chain: receiving, count })
    list.push({ headerKey: receiving.headerKey, take })
  }
  // A peer turns only on a ratchet key of ours, so there is nothing to turn on before the next one is sent.
  if (sending !== undefined)
    list.push({ headerKey, take: (header) => takeTurn(record, { ...context, sending, header }) })
  for (const chain of oldChains.toReversed()) {
    list.push({ headerKey: chain.headerKey, take: ({ count }) => takeOld(record, { chain, count }) })
  }
  return list
}

/** The peer's next ratchet key: closes the receiving chain, begins the next, and leaves the sending one to be made. */
function takeTurn(
  before: SessionRecord,
  input: ReceiveContext & { readonly sending: SendingChain; readonly header: MessageHeader },
): ReceiveStep {
  const { kernel, nowMs, sending, header } = input
  const { sending: _ended, receiving, ...rest } = before
  const closed = receiving === undefined ? [] : [closeChain(receiving, input)]
  const publicKey = header.ratchetKey
  const step = rootStep(kernel, { rootKey: before.rootKey, secret: sending.ratchetSecret, publicKey })
  const chain = { headerKey: before.nextReceiveHeaderKey, chainKey: step.chainKey, count: 0, skipped: [] }
  const record = {
    ...rest,
    rootKey: step.rootKey,
    nextReceiveHeaderKey: step.nextHeaderKey,
    remoteRatchet: publicKey,
    previousCount: sending.count,
    confirmed: true,
    oldChains: [...before.oldChains, ...closed],
  }
  return takeCurrent(record, { kernel, nowMs, chain, count: header.count })
}

/** What is left of a receiving chain when the peer says how many messages it had. */
function closeChain(
  chain: ReceivingChain,
  input: ReceiveContext & { readonly header: MessageHeader },
): SessionRecord['oldChains'][number] {
  const { kernel, nowMs, header } = input
  if (header.previousCount < chain.count) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'it counts fewer messages than arrived' })
  }
  const { headerKey, skipped } = advance(kernel, { chain, to: header.previousCount, nowMs })
  return { headerKey, skipped }
}

function takeOld(
  record: SessionRecord,
  input: { readonly chain: SessionRecord['oldChains'][number]; readonly count: number },
): ReceiveStep {
  const taken = takeSkipped(input.chain, input.count)
  const oldChains = record.oldChains.map((chain) => (chain === input.chain ? taken.chain : chain))
  return { messageKey: taken.messageKey, record: { ...record, oldChains } }
}

function parseMessage(bytes: Uint8Array): SessionMessage {
  checkPrefix(bytes, KIND_MESSAGE)
  const message = decodeMessage(bytes)
  refuseReserved(message.contentType)
  return message
}

function decodeMessage(bytes: Uint8Array): SessionMessage {
  try {
    return decodeSessionMessage(bytes)
  } catch (cause) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its fields or its size' }, { cause })
  }
}

/**
 * Checks the two bytes that everything on the wire begins with.
 *
 * @throws TalosError `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`
 */
export function checkPrefix(bytes: Uint8Array, kind: typeof KIND_FIRST_FLIGHT | typeof KIND_MESSAGE): void {
  if (bytes[0] !== SUITE_BYTE) throw new TalosError('SESSION_SUITE', { subject: 'the message' })
  if (bytes[1] !== kind) throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'it is of another kind' })
}

function parseHeader(plain: Uint8Array): MessageHeader {
  const header = decodeHeader(plain)
  const inRange = header.count < MAX_CHAIN_MESSAGES && header.previousCount <= MAX_CHAIN_MESSAGES && header.epoch === 0
  if (!inRange) throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its counts or its epoch are out of range' })
  return header
}

function decodeHeader(plain: Uint8Array): MessageHeader {
  try {
    return decodeMessageHeader(plain)
  } catch (cause) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its header' }, { cause })
  }
}

function exhausted(limit: string): TalosError {
  return new TalosError('SESSION_EXHAUSTED', { limit })
}
