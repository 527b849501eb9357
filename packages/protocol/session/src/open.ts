/**
 * Opening (spec 06-session 6.7; Signal's Double Ratchet, revision 4, section 4, with header encryption).
 *
 * The next header in order is known before it comes: ratchet key, PN and epoch are those of the chain. So the message
 * that comes in order is opened by one call of the kernel. Others cost what they cost: a skipped key, a gap, a turn with
 * its DH, or a handful of short AEAD trials for a header that no key opens.
 */
import { equalBytes } from '@talos/bytes'
import { decodeMessageHeader, type MessageHeader } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  CONTENT_PQ_ANSWER,
  CONTENT_STREAM,
  KIND_MESSAGE,
  MAX_CHAIN_MESSAGES,
  MAX_SESSION_MESSAGES,
  RESERVED_CONTENT_TYPE,
  SESSION_LIFETIME_MS,
  SESSION_OPEN_GRACE_MS,
} from './constants.ts'
import { HeaderForm, MESSAGE_PREFIX_BYTES, MessageForm } from './form.ts'
import { authentic, exhausted, ifAuthentic, invalidMessage, turnRoot } from './key-schedule.ts'
import { nextEpoch, secretFor, takeControl } from './post-quantum.ts'
import { checkPrefix } from './route.ts'
import { checkSize } from './seal.ts'
import { MAX_SEALED_BYTES, MIN_SEALED_BYTES, type SealedParts, sealedParts } from './sealed-parts.ts'
import { advance, advancePast, boundSkipped, forgetExpired, takeSkipped } from './skipped.ts'
import { type OldChain, type ReceivingChain, type SendingChain, type SessionParts, SessionState } from './state.ts'

export interface OpenInput {
  readonly kernel: Kernel
  readonly nowMs: number
  readonly message: Uint8Array
  /** 32 bytes, injected by vectors only: the encapsulation that a post-quantum offer leads to. */
  readonly kemRandomness?: Uint8Array
}

/** What a message was: of the application, or a frame of the protocol that the new state has taken in. */
export type Opened =
  | {
      readonly kind: 'content'
      readonly state: SessionState
      readonly plaintext: Uint8Array
      readonly contentType: number
    }
  | { readonly kind: 'control'; readonly state: SessionState }

/**
 * Opens one message: each at most once, in any order within the limits. Store the state before what is in it acts.
 *
 * @throws TalosError `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`, `SESSION_MISMATCH`, `SESSION_EXHAUSTED`,
 *   `SESSION_HEADER`, `SESSION_DUPLICATE`, `SESSION_GAP`, `SESSION_LOW_ORDER`, `SESSION_AUTHENTICATION`,
 *   `SESSION_TOO_LARGE`; the state given stays usable
 */
export function open(state: SessionState, input: OpenInput): Opened {
  const { kernel, nowMs, message } = input
  const before = SessionState.partsOf(state)
  const contentType = checkMessage(before, { message, nowMs, highestType: CONTENT_PQ_ANSWER })
  const associatedData = before.form.openedWith(contentType)
  const { parts, content } = openParts(forgetExpired(before, nowMs), { kernel, nowMs, message, associatedData })
  checkSize(content.length)
  const next = counted(parts, message)
  if (contentType < RESERVED_CONTENT_TYPE) {
    return { kind: 'content', state: new SessionState(next), plaintext: content, contentType }
  }
  const { kemRandomness } = input
  return {
    kind: 'control',
    state: new SessionState(takeControl(next, { kernel, contentType, content, kemRandomness })),
  }
}

/**
 * Opens a message of the protocol whose key keys more than itself. `derive` gets a copy of the message key.
 *
 * @throws TalosError as {@link open}
 */
export function openKeyed<T>(
  state: SessionState,
  input: OpenInput,
  derive: (messageKey: Uint8Array) => T,
): { readonly parts: SessionParts; readonly content: Uint8Array; readonly derived: T } {
  const { kernel, nowMs, message } = input
  const before = SessionState.partsOf(state)
  const contentType = checkMessage(before, { message, nowMs, highestType: CONTENT_STREAM })
  const associatedData = before.form.openedWith(contentType)
  const sealed = sealedParts(message, MESSAGE_PREFIX_BYTES)
  const found = findMessage(forgetExpired(before, nowMs), { kernel, nowMs, message, associatedData, sealed })
  const derived = derive(found.messageKey.slice())
  const content = openContent(kernel, { associatedData, sealed, messageKey: found.messageKey })
  return { parts: counted(boundSkipped(found.parts), message), content, derived }
}

/**
 * Opens and judges a sealed header.
 *
 * @returns `undefined` when the key does not open it
 * @throws TalosError `SESSION_MESSAGE_INVALID` when it opens and is not one that this version sends
 */
export function openHeader(
  kernel: Kernel,
  input: { readonly headerKey: Uint8Array; readonly associatedData: Uint8Array; readonly sealed: SealedParts },
): MessageHeader | undefined {
  const { headerKey: key, associatedData, sealed } = input
  const options = { key, nonce: sealed.nonce, associatedData }
  const plain = ifAuthentic(() => kernel.aeadOpen(options, sealed.header))
  return plain === undefined ? undefined : parseHeader(plain)
}

/**
 * Opens the content and erases the message key, which is a copy of nothing that any state still holds.
 *
 * @throws TalosError `SESSION_AUTHENTICATION`, `SESSION_MESSAGE_INVALID` (the padding)
 */
export function openContent(
  kernel: Kernel,
  input: { readonly messageKey: Uint8Array; readonly associatedData: Uint8Array; readonly sealed: SealedParts },
): Uint8Array {
  const { messageKey, associatedData, sealed } = input
  const { nonce, header, commitment, ciphertext } = sealed
  try {
    return authentic(() => kernel.ratchetOpen({ messageKey, nonce, associatedData, header, commitment, ciphertext }))
  } finally {
    messageKey.fill(0)
  }
}

/** A receiving chain from its first header on. */
export function newReceivingChain(
  keys: Pick<ReceivingChain, 'headerKey' | 'chainKey'>,
  { ratchetKey, previousCount, epoch }: MessageHeader,
): ReceivingChain {
  const header = new HeaderForm({ ratchetKey, previousCount, epoch })
  return { ...keys, count: 0, previousCount, epoch, skipped: [], header }
}

interface OpenContext {
  readonly kernel: Kernel
  readonly nowMs: number
  readonly message: Uint8Array
  readonly associatedData: Uint8Array
}

/** A message that authenticated: its content, and the parts once its key is used. */
interface OpenedParts {
  readonly parts: SessionParts
  readonly content: Uint8Array
}

/** A message whose header opened: its key, and the parts once that key is used. */
interface Found {
  readonly messageKey: Uint8Array
  readonly parts: SessionParts
}

/** One message more. */
function counted(parts: SessionParts, message: Uint8Array): SessionParts {
  return { ...parts, messages: parts.messages + 1, sinceBytes: parts.sinceBytes + message.length }
}

/** Judges what is clear, in the order of 6.7; returns the content type. */
function checkMessage(
  { facts, form, messages }: SessionParts,
  given: { readonly message: Uint8Array; readonly nowMs: number; readonly highestType: number },
): number {
  const { message, nowMs, highestType } = given
  checkPrefix(message, KIND_MESSAGE)
  const sealedBytes = message.length - MESSAGE_PREFIX_BYTES
  if (sealedBytes < MIN_SEALED_BYTES || sealedBytes > MAX_SEALED_BYTES) throw invalidMessage('its size')
  const contentType = MessageForm.contentTypeOf(message)
  if (contentType > highestType) throw invalidMessage('its content type is reserved')
  if (!form.isNamedIn(message)) throw new TalosError('SESSION_MISMATCH')
  if (nowMs - facts.createdMs >= SESSION_LIFETIME_MS + SESSION_OPEN_GRACE_MS) throw exhausted('age')
  if (messages >= MAX_SESSION_MESSAGES) throw exhausted('messages')
  return contentType
}

/** Current chain, then a turn, then old chains from the newest. */
function openParts(parts: SessionParts, context: OpenContext): OpenedParts {
  const { receiving } = parts
  if (receiving !== undefined) {
    const opened = openCurrent(parts, { ...context, receiving })
    if (opened !== undefined) return opened
  }
  const sealed = sealedParts(context.message, MESSAGE_PREFIX_BYTES)
  const found = findElsewhere(parts, { ...context, sealed })
  return { parts: boundSkipped(found.parts), content: openContent(context.kernel, { ...context, ...found, sealed }) }
}

/** Opens what the current header key opens; the message in order costs one call. `undefined` when it is of another chain. */
function openCurrent(
  parts: SessionParts,
  context: OpenContext & { readonly receiving: ReceivingChain },
): OpenedParts | undefined {
  const { kernel, message, associatedData, receiving: chain } = context
  const { headerKey, chainKey, count } = chain
  const expectedHeader = chain.header.numbered(count)
  const prefixBytes = MESSAGE_PREFIX_BYTES
  const received = authentic(() =>
    kernel.ratchetReceive({ headerKey, chainKey, expectedHeader, associatedData, message, prefixBytes }),
  )
  if (received.kind === 'other-key') return undefined
  if (received.kind === 'opened') {
    if (count >= MAX_CHAIN_MESSAGES) throw outOfRange()
    const receiving = { ...chain, chainKey: received.nextChainKey, count: count + 1 }
    return { parts: { ...parts, receiving }, content: received.content }
  }
  const header = parseHeader(received.header)
  checkConstants(parts, { chain, header })
  const found = takeNumber(parts, { ...context, chain, count: header.count })
  const sealed = sealedParts(message, MESSAGE_PREFIX_BYTES)
  return { parts: boundSkipped(found.parts), content: openContent(kernel, { ...context, ...found, sealed }) }
}

/** Every header of a chain repeats its ratchet key, its PN and its epoch. */
function checkConstants(
  { root }: SessionParts,
  { chain, header }: { readonly chain: ReceivingChain; readonly header: MessageHeader },
): void {
  const repeats =
    equalBytes(header.ratchetKey, root.remoteRatchet) &&
    header.previousCount === chain.previousCount &&
    header.epoch === chain.epoch
  if (!repeats) throw invalidMessage('its header is not of its chain')
}

/** As {@link openParts} without the one call for the message in order: the key itself is wanted. */
function findMessage(parts: SessionParts, context: OpenContext & { readonly sealed: SealedParts }): Found {
  const { receiving: chain } = parts
  const header = chain && openHeader(context.kernel, { ...context, headerKey: chain.headerKey })
  if (chain === undefined || header === undefined) return findElsewhere(parts, context)
  checkConstants(parts, { chain, header })
  return takeNumber(parts, { ...context, chain, count: header.count })
}

function findElsewhere(parts: SessionParts, context: OpenContext & { readonly sealed: SealedParts }): Found {
  const { sending, oldChains } = parts
  const headerOf = (headerKey: Uint8Array) => openHeader(context.kernel, { ...context, headerKey })
  // A peer turns only on a ratchet key of ours, so there is nothing to turn on before the next one is sent.
  const turned = sending && headerOf(parts.root.nextReceiveHeaderKey)
  if (sending !== undefined && turned !== undefined) return takeTurn(parts, { ...context, sending, header: turned })
  for (const chain of oldChains.toReversed()) {
    const header = headerOf(chain.headerKey)
    if (header !== undefined) return takeOld(parts, { chain, count: header.count })
  }
  throw new TalosError('SESSION_HEADER')
}

/** The key of message `count` of the current chain, which may be one that was skipped. */
function takeNumber(
  parts: SessionParts,
  input: { readonly kernel: Kernel; readonly nowMs: number; readonly chain: ReceivingChain; readonly count: number },
): Found {
  const { kernel, nowMs, chain, count: to } = input
  const taken = to < chain.count ? takeSkipped(chain, to) : advancePast(kernel, { chain, to, nowMs })
  return { messageKey: taken.messageKey, parts: { ...parts, receiving: taken.chain } }
}

/** The peer's next ratchet key: closes the receiving chain, begins the next, and leaves the sending one to be made. */
function takeTurn(
  before: SessionParts,
  input: OpenContext & { readonly sending: SendingChain; readonly header: MessageHeader },
): Found {
  const { kernel, nowMs, sending, header } = input
  const closed = before.receiving === undefined ? [] : [closeChain(before.receiving, input)]
  const mixed = secretFor(before, header.epoch)
  const { rootKey, nextReceiveHeaderKey: headerKey } = before.root
  const turned = turnRoot(kernel, { rootKey, secret: sending.ratchetSecret, publicKey: header.ratchetKey, mixed })
  const parts = mixed === undefined ? before : nextEpoch(before, nowMs)
  const chain = newReceivingChain({ headerKey, chainKey: turned.chainKey }, header)
  const next = {
    ...parts,
    root: {
      ...parts.root,
      rootKey: turned.rootKey,
      nextReceiveHeaderKey: turned.nextHeaderKey,
      remoteRatchet: header.ratchetKey,
      previousCount: sending.count,
      confirmed: true,
    },
    sending: undefined,
    oldChains: [...before.oldChains, ...closed],
  }
  return takeNumber(next, { kernel, nowMs, chain, count: header.count })
}

/** What is left of a receiving chain when the peer says how many messages it had. */
function closeChain(chain: ReceivingChain, input: OpenContext & { readonly header: MessageHeader }): OldChain {
  const { kernel, nowMs, header } = input
  if (header.previousCount < chain.count) throw invalidMessage('it counts fewer messages than arrived')
  const { headerKey, skipped } = advance(kernel, { chain, to: header.previousCount, nowMs })
  return { headerKey, skipped }
}

function takeOld(parts: SessionParts, input: { readonly chain: OldChain; readonly count: number }): Found {
  const { messageKey, chain } = takeSkipped(input.chain, input.count)
  return {
    messageKey,
    parts: { ...parts, oldChains: parts.oldChains.map((old) => (old === input.chain ? chain : old)) },
  }
}

function parseHeader(plain: Uint8Array): MessageHeader {
  const header = decodeHeader(plain)
  if (header.count >= MAX_CHAIN_MESSAGES || header.previousCount > MAX_CHAIN_MESSAGES) throw outOfRange()
  return header
}

function decodeHeader(plain: Uint8Array): MessageHeader {
  try {
    return decodeMessageHeader(plain)
  } catch (cause) {
    throw invalidMessage('its header', cause)
  }
}

function outOfRange(): TalosError {
  return invalidMessage('its counts are out of range')
}
