/**
 * What a message and a first flight have in common: what follows their clear beginning (spec 05-prekeys-handshake 5.5,
 * 06-session 6.2).
 *
 *     nonce (12) || sealed header (61) || commitment (32) || ciphertext (17 to 1,081,360)
 */
import { MESSAGE_HEADER_SIZE_BYTES } from '@talos/contracts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, RATCHET_COMMITMENT_BYTES } from '@talos/kernel'
import { MAX_SEALED_PAYLOAD_BYTES } from './constants.ts'

/** Sealed bytes by what they are. */
export interface SealedParts {
  readonly nonce: Uint8Array
  readonly header: Uint8Array
  readonly commitment: Uint8Array
  readonly ciphertext: Uint8Array
}

const SEALED_HEADER_BYTES = MESSAGE_HEADER_SIZE_BYTES + AEAD_TAG_BYTES
const HEAD_BYTES = AEAD_NONCE_BYTES + SEALED_HEADER_BYTES + RATCHET_COMMITMENT_BYTES
/** The end mark of the padding and the tag: the ciphertext of nothing. */
const MIN_CIPHERTEXT_BYTES = 1 + AEAD_TAG_BYTES
export const MIN_SEALED_BYTES = HEAD_BYTES + MIN_CIPHERTEXT_BYTES
export const MAX_SEALED_BYTES = HEAD_BYTES + MAX_SEALED_PAYLOAD_BYTES

/** Zeroes in the shape of the shortest seal. */
export const EMPTY_SEAL: SealedParts = {
  nonce: new Uint8Array(AEAD_NONCE_BYTES),
  header: new Uint8Array(SEALED_HEADER_BYTES),
  commitment: new Uint8Array(RATCHET_COMMITMENT_BYTES),
  ciphertext: new Uint8Array(MIN_CIPHERTEXT_BYTES),
}

/** Views of the parts, from the byte where the nonce begins. */
export function sealedParts(message: Uint8Array, nonceAt: number): SealedParts {
  const headerAt = nonceAt + AEAD_NONCE_BYTES
  const commitmentAt = headerAt + SEALED_HEADER_BYTES
  const ciphertextAt = commitmentAt + RATCHET_COMMITMENT_BYTES
  return {
    nonce: message.subarray(nonceAt, headerAt),
    header: message.subarray(headerAt, commitmentAt),
    commitment: message.subarray(commitmentAt, ciphertextAt),
    ciphertext: message.subarray(ciphertextAt),
  }
}
