/**
 * Sealing (spec 06-session 6.4, 6.6 and 6.10): one native call for each message, and a lease of the chain for several.
 *
 *     MK = HMAC(CK, 0x01), CK' = HMAC(CK, 0x02), k_enc || k_com = HKDF-Expand(MK, "talos/ts1/mk", 64)
 *     message = suite || kind || content type || session id || nonce || AEAD(HK, header) || k_com || AEAD(k_enc, padded)
 *
 * A message leaves at once while its number is within the lease that is stored; the first past it extends the lease and
 * waits for the store. A process that died resumes at the lease's end, so no message key seals twice (6.10).
 */
import { TalosError } from '@talos/errors'
import { AEAD_NONCE_BYTES, type Kernel, X25519_KEY_BYTES } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { checkNow } from './clock.ts'
import {
  LEASE_GROWTH,
  LEASE_MAX_MESSAGES,
  MAX_CHAIN_MESSAGES,
  MAX_MESSAGE_BYTES,
  MAX_SESSION_MESSAGES,
  RESERVED_CONTENT_TYPE,
  SESSION_LIFETIME_MS,
} from './constants.ts'
import { HeaderForm } from './form.ts'
import { exhausted, turnRoot } from './key-schedule.ts'
import { type PaddingPolicy, paddedSize } from './padding.ts'
import { mixAgreed } from './post-quantum.ts'
import { type SendingChain, type SessionParts, SessionState } from './state.ts'

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
  /**
   * Messages that a new lease covers, 1 to {@link LEASE_MAX_MESSAGES}. Unless given, four times what this process has sealed in
   * the chain: one for a process that seals one message and ends, so that it skips no number.
   */
  readonly leaseMessages?: number
}

export interface Sealed {
  /** To go on from, also where storing it fails: whoever seals twice from one state uses one message key twice. */
  readonly state: SessionState
  readonly message: Uint8Array
  /**
   * True: a record of this state, or of a later one, must be durable before this message leaves, and before any later one
   * does. False: what was asked for before covers this message.
   */
  readonly needsStore: boolean
}

/**
 * Seals one message.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_TOO_LARGE`, `SESSION_EXHAUSTED`, `SESSION_LOW_ORDER`; the state given
 *   stays usable
 */
export function seal(state: SessionState, input: SealInput): Sealed {
  const { plaintext, contentType = 0, padding = 'padme', leaseMessages } = input
  checkContent({ plaintext, contentType })
  if (leaseMessages !== undefined) checkLease(leaseMessages)
  return sealMessage(SessionState.partsOf(state), { ...input, content: plaintext, contentType, padding })
}

/**
 * Seals a message of the established session, of an application or of the protocol.
 *
 * @throws TalosError `SESSION_ARGUMENT` (the time), `SESSION_EXHAUSTED`, `SESSION_LOW_ORDER`
 */
export function sealMessage(
  before: SessionParts,
  input: Omit<StepInput, 'prefix' | 'associatedData'> & {
    readonly nowMs: number
    readonly contentType: number
  },
): Sealed {
  const { kernel, random, nowMs, contentType, content, padding, leaseMessages } = input
  checkNow(nowMs)
  if (nowMs - before.facts.createdMs >= SESSION_LIFETIME_MS) throw exhausted('age')
  const parts = beginSending(before, input)
  const prefix = parts.form.prefix(contentType)
  const associatedData = parts.form.sealedWith(contentType)
  return sealStep(parts, { kernel, random, prefix, associatedData, content, padding, leaseMessages })
}

/** Parts with a sending chain. */
export type SendingParts = SessionParts & { readonly sending: SendingChain }

export interface StepInput {
  readonly kernel: Kernel
  readonly random: Random
  /** What the message begins with, before the nonce. */
  readonly prefix: Uint8Array
  readonly associatedData: Uint8Array
  readonly content: Uint8Array
  readonly padding: PaddingPolicy
  readonly leaseMessages?: number | undefined
}

/**
 * One step of a sending chain that was begun. Draws the nonce (12).
 *
 * @throws TalosError `SESSION_EXHAUSTED`
 */
export function sealStep(parts: SendingParts, input: StepInput): Sealed {
  const { kernel, random, prefix, associatedData, content } = input
  const { sending, messages } = parts
  if (messages >= MAX_SESSION_MESSAGES) throw exhausted('messages')
  if (sending.count >= MAX_CHAIN_MESSAGES) throw exhausted('chain messages')
  const needsStore = sending.count >= sending.lease.count
  const lease = needsStore ? extendLease(sending, input) : sending.lease
  const { nextChainKey, message } = kernel.ratchetSeal({
    chainKey: sending.chainKey,
    headerKey: sending.headerKey,
    nonce: random.bytes(AEAD_NONCE_BYTES),
    header: sending.header.numbered(sending.count),
    associatedData,
    prefix,
    content,
    paddedBytes: paddedSize(content.length, input.padding),
  })
  const state = new SessionState({
    ...parts,
    sending: { ...sending, chainKey: nextChainKey, count: sending.count + 1, lease },
    messages: messages + 1,
    sinceBytes: parts.sinceBytes + message.length,
  })
  return { state, message, needsStore }
}

/**
 * The parts with a sending chain, which begins here when the last thing was a turn.
 *
 * @throws TalosError `SESSION_LOW_ORDER`
 */
export function beginSending(parts: SessionParts, input: Parameters<typeof startSending>[1]): SendingParts {
  return isSending(parts) ? parts : startSending(parts, input)
}

/**
 * Makes the ratchet key and the sending chain that a turn left to be made, with the post-quantum secret that waits for it.
 * Draws the ratchet secret (32).
 *
 * @throws TalosError `SESSION_LOW_ORDER`
 */
export function startSending(
  parts: SessionParts,
  { kernel, random, nowMs }: { readonly kernel: Kernel; readonly random: Random; readonly nowMs: number },
): SendingParts {
  const ratchetSecret = random.bytes(X25519_KEY_BYTES)
  const { rootKey, remoteRatchet: publicKey, nextSendHeaderKey: headerKey, previousCount } = parts.root
  const mixed = mixAgreed(parts, nowMs)
  const turned = turnRoot(kernel, { rootKey, secret: ratchetSecret, publicKey, mixed: parts.pq.agreed })
  const ratchetPublic = kernel.x25519PublicKey(ratchetSecret)
  const { epoch } = mixed.root
  return {
    ...mixed,
    root: { ...mixed.root, rootKey: turned.rootKey, nextSendHeaderKey: turned.nextHeaderKey },
    sending: newSendingChain(
      { ratchetSecret, ratchetPublic, headerKey, chainKey: turned.chainKey },
      { previousCount, epoch },
    ),
  }
}

/** A sending chain before its first message: nothing of it is leased. */
export function newSendingChain(
  keys: Pick<SendingChain, 'ratchetSecret' | 'ratchetPublic' | 'headerKey' | 'chainKey'>,
  constants: { readonly previousCount: number; readonly epoch: number },
): SendingChain {
  const lease = { count: 0, chainKey: keys.chainKey }
  return {
    ...keys,
    count: 0,
    begun: 0,
    lease,
    header: new HeaderForm({ ...constants, ratchetKey: keys.ratchetPublic }),
  }
}

/**
 * Checks what a caller wants to send.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_TOO_LARGE`
 */
export function checkContent(input: { readonly plaintext: Uint8Array; readonly contentType: number }): void {
  const { plaintext, contentType } = input
  if (!Number.isInteger(contentType) || contentType < 0 || contentType >= RESERVED_CONTENT_TYPE) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'contentType', reason: 'it is not an integer from 0 to 239' })
  }
  checkSize(plaintext.length)
}

/** @throws TalosError `SESSION_TOO_LARGE` */
export function checkSize(sizeBytes: number): void {
  if (sizeBytes > MAX_MESSAGE_BYTES) {
    throw new TalosError('SESSION_TOO_LARGE', { sizeBytes, limitBytes: MAX_MESSAGE_BYTES })
  }
}

function isSending(parts: SessionParts): parts is SendingParts {
  return parts.sending !== undefined
}

function checkLease(leaseMessages: number): void {
  if (!Number.isInteger(leaseMessages) || leaseMessages < 1 || leaseMessages > LEASE_MAX_MESSAGES) {
    const reason = `it is not an integer from 1 to ${LEASE_MAX_MESSAGES}`
    throw new TalosError('SESSION_ARGUMENT', { name: 'leaseMessages', reason })
  }
}

/** The lease that begins with the next message, which is within the chain's limit. */
function extendLease(
  { chainKey, count, begun }: SendingChain,
  { kernel, leaseMessages }: Pick<StepInput, 'kernel' | 'leaseMessages'>,
): SendingChain['lease'] {
  const wanted = leaseMessages ?? Math.min(Math.max(LEASE_GROWTH * (count - begun), 1), LEASE_MAX_MESSAGES)
  const messages = Math.min(wanted, MAX_CHAIN_MESSAGES - count)
  return { count: count + messages, chainKey: kernel.ratchetForward(chainKey, messages) }
}
