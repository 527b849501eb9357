/**
 * The fused ratchet steps.
 *
 * `MK = HMAC(CK, 0x01)`, `CK' = HMAC(CK, 0x02)` (Double Ratchet, section 5.2);
 * `k_enc(32) || k_com(32) = HKDF-Expand(MK, "talos/ts1/mk", 64)`; sealed header = `AEAD(HK, nonce, header, AD)`;
 * ciphertext = `AEAD(k_enc, nonce, plaintext, AD || sealed header || k_com)`. `k_com` travels with the message and
 * commits to the key, so that one ciphertext opens to one plaintext only.
 */
import { concatBytes, equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { openOrThrow, requireTag } from './aead.ts'
import { requireLength } from './arguments.ts'
import type { AeadEngine, HashEngine } from './engines.ts'
import { hkdfExpand } from './hash.ts'
import {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  type Kernel,
  RATCHET_COMMITMENT_BYTES,
  RATCHET_KEY_BYTES,
  type RatchetOpenInput,
  type RatchetSealed,
  type RatchetSealInput,
} from './kernel.ts'
import { wipe } from './memory.ts'

const MESSAGE_KEY_LABEL = Uint8Array.of(1)
const CHAIN_KEY_LABEL = Uint8Array.of(2)
/** ASCII of `talos/ts1/mk`. */
const MESSAGE_KEY_INFO = Uint8Array.of(0x74, 0x61, 0x6c, 0x6f, 0x73, 0x2f, 0x74, 0x73, 0x31, 0x2f, 0x6d, 0x6b)

interface RatchetEngines {
  readonly hash: HashEngine
  readonly aead: AeadEngine
}

type RatchetMethods = Pick<Kernel, 'ratchetStep' | 'ratchetSeal' | 'ratchetOpen'>

export function ratchetMethods(engines: RatchetEngines): RatchetMethods {
  return {
    ratchetStep: (chainKey) => step(engines.hash, chainKey),
    ratchetSeal: (input) => seal(engines, input),
    ratchetOpen: (input) => open(engines, input),
  }
}

function step(hash: HashEngine, chainKey: Uint8Array): ReturnType<Kernel['ratchetStep']> {
  requireLength('chainKey', chainKey, RATCHET_KEY_BYTES)
  return {
    messageKey: hash.hmacSha256(chainKey, MESSAGE_KEY_LABEL),
    nextChainKey: hash.hmacSha256(chainKey, CHAIN_KEY_LABEL),
  }
}

function seal({ hash, aead }: RatchetEngines, input: RatchetSealInput): RatchetSealed {
  const { chainKey, headerKey, nonce, associatedData, plaintext } = input
  requireLength('chainKey', chainKey, RATCHET_KEY_BYTES)
  requireLength('headerKey', headerKey, AEAD_KEY_BYTES)
  requireLength('nonce', nonce, AEAD_NONCE_BYTES)
  const { messageKey, nextChainKey } = step(hash, chainKey)
  const { key, commitment, expanded } = messageKeys(hash, messageKey)
  const header = aead.seal({ key: headerKey, nonce, associatedData }, input.header)
  const ciphertext = aead.seal(
    { key, nonce, associatedData: concatBytes(associatedData, header, commitment) },
    plaintext,
  )
  const sealed = { nextChainKey, header, commitment: commitment.slice(), ciphertext }
  wipe(messageKey, expanded)
  return sealed
}

function open({ hash, aead }: RatchetEngines, input: RatchetOpenInput): Uint8Array {
  const { messageKey, nonce, associatedData, header, ciphertext } = input
  requireLength('messageKey', messageKey, RATCHET_KEY_BYTES)
  requireLength('nonce', nonce, AEAD_NONCE_BYTES)
  requireLength('commitment', input.commitment, RATCHET_COMMITMENT_BYTES)
  requireTag('header', header)
  requireTag('ciphertext', ciphertext)
  const { key, commitment, expanded } = messageKeys(hash, messageKey)
  try {
    if (!equalBytes(commitment, input.commitment)) throw new TalosError('KERNEL_AUTHENTICATION')
    const options = { key, nonce, associatedData: concatBytes(associatedData, header, input.commitment) }
    return openOrThrow(aead, { options, ciphertext })
  } finally {
    wipe(expanded)
  }
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
