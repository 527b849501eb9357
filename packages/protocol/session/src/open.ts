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
import { checkNow } from './clock.ts'
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
import { NO_SKIPPED_KEYS } from './skipped-keys.ts'
import { type OldChain, type ReceivingChain, type SessionParts, SessionState } from './state.ts'

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
      /** A view: its buffer may hold what other messages said. Copy it before it is cloned into another thread. */
      readonly plaintext: Uint8Array
      readonly contentType: number
    }
  | { readonly kind: 'control'; readonly state: SessionState }

/**
 * Opens one message: each at most once, in any order within the limits. Store the state before what is in it acts.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`, `SESSION_MISMATCH`,
 *   `SESSION_EXHAUSTED`, `SESSION_HEADER`, `SESSION_DUPLICATE`, `SESSION_GAP`, `SESSION_LOW_ORDER`, `SESSION_AUTHENTICATION`,
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
  return { ...keys, count: 0, previousCount, epoch, skipped: NO_SKIPPED_KEYS, header }
}

interface OpenContext {
  readonly kernel: Kernel
  readonly nowMs: number
  readonly message: Uint8Array
  readonly associatedData: Uint8Array
}

interface LocatedContext extends OpenContext {
  readonly sealed: SealedParts
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
  checkNow(nowMs)
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

/** Current chain, then a turn, which makes the message's chain the current one, then old chains from the newest. */
function openParts(parts: SessionParts, context: OpenContext): OpenedParts {
  const current = openCurrent(parts, context)
  if (current !== undefined) return current
  const located = { ...context, sealed: sealedParts(context.message, MESSAGE_PREFIX_BYTES) }
  const turned = takeTurn(parts, located)
  return turned === undefined ? openFound(findOld(parts, located), located) : openParts(turned, context)
}

/** Opens what the current header key opens; the message in order costs one call. `undefined` when it is of another chain. */
function openCurrent(parts: SessionParts, context: OpenContext): OpenedParts | undefined {
  const { receiving: chain } = parts
  if (chain === undefined) return undefined
  const { kernel, message, associatedData } = context
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
  const found = takeNumber(parts, { ...context, chain, header: parseHeader(received.header) })
  return openFound(found, { ...context, sealed: sealedParts(message, MESSAGE_PREFIX_BYTES) })
}

/** As {@link openParts} without the one call for the message in order: the key itself is wanted. */
function findMessage(parts: SessionParts, context: LocatedContext): Found {
  const { receiving: chain } = parts
  const header = chain && openHeader(context.kernel, { ...context, headerKey: chain.headerKey })
  if (chain !== undefined && header !== undefined) return takeNumber(parts, { ...context, chain, header })
  const turned = takeTurn(parts, context)
  return turned === undefined ? findOld(parts, context) : findMessage(turned, context)
}

function openFound({ parts, messageKey }: Found, context: LocatedContext): OpenedParts {
  return { parts: boundSkipped(parts), content: openContent(context.kernel, { ...context, messageKey }) }
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

/** The key of a message of the current chain, which may be one that was skipped. */
function takeNumber(
  parts: SessionParts,
  input: {
    readonly kernel: Kernel
    readonly nowMs: number
    readonly chain: ReceivingChain
    readonly header: MessageHeader
  },
): Found {
  const { kernel, nowMs, chain, header } = input
  checkConstants(parts, { chain, header })
  const to = header.count
  const taken = to < chain.count ? takeSkipped(chain, to) : advancePast(kernel, { chain, to, nowMs })
  const oldestMs = Math.min(parts.oldestMs, nowMs)
  return { messageKey: taken.messageKey, parts: { ...parts, receiving: taken.chain, oldestMs } }
}

/**
 * The peer's next ratchet key: closes the receiving chain, begins the next, and leaves the sending one to be made.
 * `undefined` when the message is no turn.
 */
function takeTurn(before: SessionParts, input: LocatedContext): SessionParts | undefined {
  const { kernel, nowMs } = input
  const { sending, receiving } = before
  // A peer turns only on a ratchet key of ours, so there is nothing to turn on before the next one is sent.
  if (sending === undefined) return undefined
  const { rootKey, nextReceiveHeaderKey: headerKey } = before.root
  const header = openHeader(kernel, { ...input, headerKey })
  if (header === undefined) return undefined
  const closed = receiving === undefined ? [] : [closeChain(receiving, { kernel, nowMs, header })]
  const mixed = secretFor(before, header.epoch)
  const turned = turnRoot(kernel, { rootKey, secret: sending.ratchetSecret, publicKey: header.ratchetKey, mixed })
  const parts = mixed === undefined ? before : nextEpoch(before, nowMs)
  return boundSkipped({
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
    receiving: newReceivingChain({ headerKey, chainKey: turned.chainKey }, header),
    oldChains: [...before.oldChains, ...closed],
    oldestMs: Math.min(before.oldestMs, nowMs),
  })
}

/** What is left of a receiving chain when the peer says how many messages it had. */
function closeChain(
  chain: ReceivingChain,
  input: { readonly kernel: Kernel; readonly nowMs: number; readonly header: MessageHeader },
): OldChain {
  const { kernel, nowMs, header } = input
  if (header.previousCount < chain.count) throw invalidMessage('it counts fewer messages than arrived')
  const { headerKey, skipped } = advance(kernel, { chain, to: header.previousCount, nowMs })
  return { headerKey, skipped }
}

/** The key of a message of an old chain, from the newest on. */
function findOld(parts: SessionParts, context: LocatedContext): Found {
  for (const old of parts.oldChains.toReversed()) {
    const header = openHeader(context.kernel, { ...context, headerKey: old.headerKey })
    if (header !== undefined) return takeOld(parts, { old, count: header.count })
  }
  throw new TalosError('SESSION_HEADER')
}

function takeOld(parts: SessionParts, { old, count }: { readonly old: OldChain; readonly count: number }): Found {
  const { messageKey, chain } = takeSkipped(old, count)
  return { messageKey, parts: { ...parts, oldChains: parts.oldChains.map((other) => (other === old ? chain : other)) } }
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
