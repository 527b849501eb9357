/**
 * Messages of a ratchet, each in one call.
 *
 * `k_enc(32) || k_com(32) = HKDF-Expand(MK, "talos/ts1/mk", 64)`; sealed header = `AEAD(HK, nonce, header, AD)`;
 * ciphertext = `AEAD(k_enc, nonce, content || 0x80 || 0x00 ..., AD || sealed header || k_com)`;
 * message = `prefix || nonce || sealed header || k_com || ciphertext`. `k_com` commits to the key, so that one ciphertext
 * opens to one plaintext only. Specified in 20.10 to 20.13.
 */
import { concatBytes, equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { openOrThrow, requireTag } from './aead.ts'
import { requireLength, requireLengthWithin } from './arguments.ts'
import type { AeadEngine, HashEngine } from './engines.ts'
import { hkdfExpand } from './hash.ts'
import {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type Kernel,
  RATCHET_COMMITMENT_BYTES,
  RATCHET_KEY_BYTES,
  RATCHET_MAX_HEADER_BYTES,
  RATCHET_MAX_PADDED_BYTES,
  RATCHET_MAX_PREFIX_BYTES,
  type RatchetOpenInput,
  type RatchetReceived,
  type RatchetReceiveInput,
  type RatchetSealed,
  type RatchetSealInput,
} from './kernel.ts'
import { wipe } from './memory.ts'
import { chainKeyAfter, messageKeyOf } from './ratchet-chain.ts'

/** ASCII of `talos/ts1/mk`. */
const MESSAGE_KEY_INFO = Uint8Array.of(0x74, 0x61, 0x6c, 0x6f, 0x73, 0x2f, 0x74, 0x73, 0x31, 0x2f, 0x6d, 0x6b)
/** Ends the content; zeros follow it. */
const END_MARK = 0x80

const HEADER = { minimum: 1, maximum: RATCHET_MAX_HEADER_BYTES }
const PREFIX = { minimum: 0, maximum: RATCHET_MAX_PREFIX_BYTES }
const CIPHERTEXT = { minimum: AEAD_TAG_BYTES, maximum: RATCHET_MAX_PADDED_BYTES + AEAD_TAG_BYTES }

interface RatchetEngines {
  readonly hash: HashEngine
  readonly aead: AeadEngine
}

type RatchetMethods = Pick<Kernel, 'ratchetSeal' | 'ratchetOpen' | 'ratchetReceive'>

export function ratchetMethods(engines: RatchetEngines): RatchetMethods {
  return {
    ratchetSeal: (input) => seal(engines, input),
    ratchetOpen: (input) => open(engines, input),
    ratchetReceive: (input) => receive(engines, input),
  }
}

function seal({ hash, aead }: RatchetEngines, input: RatchetSealInput): RatchetSealed {
  const { chainKey, headerKey, nonce, header, associatedData, prefix, content, paddedBytes } = input
  requireSealInput(input)
  const parts = layout(prefix.length, header.length)
  const message = new Uint8Array(parts.ciphertext + paddedBytes + AEAD_TAG_BYTES)
  message.set(prefix)
  message.set(nonce, parts.nonce)
  const messageKey = messageKeyOf(hash, chainKey)
  const keys = messageKeys(hash, messageKey)
  message.set(keys.commitment, parts.commitment)
  aead.sealInto({ key: headerKey, nonce, associatedData }, header, message.subarray(parts.header, parts.commitment))
  // Padded in place: the cipher runs over the bytes that leave.
  message.set(content, parts.ciphertext)
  message[parts.ciphertext + content.length] = END_MARK
  const bound = concatBytes(associatedData, message.subarray(parts.header, parts.ciphertext))
  const output = message.subarray(parts.ciphertext)
  aead.sealInto({ key: keys.key, nonce, associatedData: bound }, output.subarray(0, paddedBytes), output)
  wipe(messageKey, keys.expanded)
  return { nextChainKey: chainKeyAfter(hash, chainKey), message }
}

function open(engines: RatchetEngines, input: RatchetOpenInput): Uint8Array {
  const { messageKey, nonce, associatedData, header, commitment, ciphertext } = input
  requireOpenInput(input)
  const bound = concatBytes(associatedData, header, commitment)
  return openContent(engines, { messageKey, nonce, bound, commitment, ciphertext })
}

function receive(engines: RatchetEngines, input: RatchetReceiveInput): RatchetReceived {
  const { chainKey, headerKey, expectedHeader, associatedData, message, prefixBytes } = input
  requireReceiveInput(input)
  const parts = layout(prefixBytes, expectedHeader.length)
  const nonce = message.subarray(parts.nonce, parts.header)
  const sealedHeader = message.subarray(parts.header, parts.commitment)
  const header = engines.aead.open({ key: headerKey, nonce, associatedData }, sealedHeader)
  if (header === undefined) return { kind: 'other-key' }
  if (!equalBytes(header, expectedHeader)) return { kind: 'other-header', header }
  const messageKey = messageKeyOf(engines.hash, chainKey)
  try {
    const content = openContent(engines, {
      messageKey,
      nonce,
      bound: concatBytes(associatedData, message.subarray(parts.header, parts.ciphertext)),
      commitment: message.subarray(parts.commitment, parts.ciphertext),
      ciphertext: message.subarray(parts.ciphertext),
    })
    return { kind: 'opened', nextChainKey: chainKeyAfter(engines.hash, chainKey), content }
  } finally {
    wipe(messageKey)
  }
}

interface SealedContent {
  readonly messageKey: Uint8Array
  readonly nonce: Uint8Array
  /** `AD || sealed header || commitment`. */
  readonly bound: Uint8Array
  readonly commitment: Uint8Array
  readonly ciphertext: Uint8Array
}

/** Commitment, tag, padding, in this order; nothing of the plaintext leaves before the first two hold. */
function openContent({ hash, aead }: RatchetEngines, input: SealedContent): Uint8Array {
  const { key, commitment, expanded } = messageKeys(hash, input.messageKey)
  try {
    if (!equalBytes(commitment, input.commitment)) throw new TalosError('KERNEL_AUTHENTICATION')
    const options = { key, nonce: input.nonce, associatedData: input.bound }
    return withoutPadding(openOrThrow(aead, { options, ciphertext: input.ciphertext }))
  } finally {
    wipe(expanded)
  }
}

/** The content in authentic bytes. Throws `KERNEL_PADDING` where the last byte that is not zero is no end mark. */
function withoutPadding(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1
  while (padded[end] === 0) end -= 1
  if (padded[end] !== END_MARK) throw new TalosError('KERNEL_PADDING')
  return padded.subarray(0, end)
}

/** Throws `KERNEL_ARGUMENT` as 20.11 states it. */
export function requireSealInput(input: RatchetSealInput): void {
  requireLength('chainKey', input.chainKey, RATCHET_KEY_BYTES)
  requireLength('headerKey', input.headerKey, AEAD_KEY_BYTES)
  requireLength('nonce', input.nonce, AEAD_NONCE_BYTES)
  requireLengthWithin('header', input.header.length, HEADER)
  requireLengthWithin('prefix', input.prefix.length, PREFIX)
  const padded = { minimum: input.content.length + 1, maximum: RATCHET_MAX_PADDED_BYTES }
  requireLengthWithin('paddedBytes', input.paddedBytes, padded)
}

/** Throws `KERNEL_ARGUMENT` as 20.12 states it. */
export function requireOpenInput(input: RatchetOpenInput): void {
  requireLength('messageKey', input.messageKey, RATCHET_KEY_BYTES)
  requireLength('nonce', input.nonce, AEAD_NONCE_BYTES)
  requireLength('commitment', input.commitment, RATCHET_COMMITMENT_BYTES)
  requireTag('header', input.header)
  requireLengthWithin('ciphertext', input.ciphertext.length, CIPHERTEXT)
}

/** Throws `KERNEL_ARGUMENT` as 20.13 states it. */
export function requireReceiveInput(input: RatchetReceiveInput): void {
  requireLength('headerKey', input.headerKey, AEAD_KEY_BYTES)
  requireLength('chainKey', input.chainKey, RATCHET_KEY_BYTES)
  requireLengthWithin('expectedHeader', input.expectedHeader.length, HEADER)
  requireLengthWithin('prefixBytes', input.prefixBytes, PREFIX)
  const { ciphertext } = layout(input.prefixBytes, input.expectedHeader.length)
  const size = { minimum: ciphertext + CIPHERTEXT.minimum, maximum: ciphertext + CIPHERTEXT.maximum }
  requireLengthWithin('message', input.message.length, size)
}

/** Where the parts of a message begin; the prefix begins at 0. */
export function layout(prefixBytes: number, headerBytes: number) {
  const header = prefixBytes + AEAD_NONCE_BYTES
  const commitment = header + headerBytes + AEAD_TAG_BYTES
  return { nonce: prefixBytes, header, commitment, ciphertext: commitment + RATCHET_COMMITMENT_BYTES }
}

interface MessageKeys {
  readonly key: Uint8Array
  readonly commitment: Uint8Array
  /** The 64 bytes that both are views of; wiped by the caller. */
  readonly expanded: Uint8Array
}

function messageKeys(hash: HashEngine, messageKey: Uint8Array): MessageKeys {
  const lengthBytes = AEAD_KEY_BYTES + RATCHET_COMMITMENT_BYTES
  const expanded = hkdfExpand(hash, { prk: messageKey, info: MESSAGE_KEY_INFO, lengthBytes })
  return { key: expanded.subarray(0, AEAD_KEY_BYTES), commitment: expanded.subarray(AEAD_KEY_BYTES), expanded }
}
