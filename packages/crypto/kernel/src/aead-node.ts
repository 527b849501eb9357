/**
 * ChaCha20-Poly1305 in Node: noble for short messages, OpenSSL for long ones. A cipher object costs about 11 us before
 * the first byte, noble about 5 us and then 4 us a kilobyte; the curves cross at two kilobytes.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { nobleAead } from './aead-noble.ts'
import type { AeadEngine } from './engines.ts'
import { AEAD_TAG_BYTES, type AeadOptions } from './kernel.ts'
import { wipe } from './memory.ts'

const ALGORITHM = 'chacha20-poly1305'
/** Messages longer than this go to OpenSSL; measured. */
export const OPENSSL_AEAD_FROM_BYTES = 2048

export const nodeAead: AeadEngine = {
  sealInto: (options, plaintext, output) =>
    plaintext.length > OPENSSL_AEAD_FROM_BYTES
      ? sealInto(options, plaintext, output)
      : nobleAead.sealInto(options, plaintext, output),
  open: (options, ciphertext) =>
    ciphertext.length > OPENSSL_AEAD_FROM_BYTES ? open(options, ciphertext) : nobleAead.open(options, ciphertext),
}

function sealInto({ key, nonce, associatedData }: AeadOptions, plaintext: Uint8Array, output: Uint8Array): void {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: AEAD_TAG_BYTES })
  cipher.setAAD(associatedData, { plaintextLength: plaintext.length })
  output.set(cipher.update(plaintext))
  cipher.final()
  output.set(cipher.getAuthTag(), plaintext.length)
}

function open({ key, nonce, associatedData }: AeadOptions, ciphertext: Uint8Array): Uint8Array | undefined {
  const lengthBytes = ciphertext.length - AEAD_TAG_BYTES
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: AEAD_TAG_BYTES })
  decipher.setAAD(associatedData, { plaintextLength: lengthBytes })
  decipher.setAuthTag(ciphertext.subarray(lengthBytes))
  // OpenSSL decrypts before it knows the tag: nothing of this leaves the function until `final` has agreed.
  const plaintext = decipher.update(ciphertext.subarray(0, lengthBytes))
  try {
    decipher.final()
  } catch {
    wipe(plaintext)
    return undefined
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length)
}
