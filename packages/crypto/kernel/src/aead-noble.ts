/** ChaCha20-Poly1305 on noble. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import type { AeadEngine } from './engines.ts'

export const nobleAead: AeadEngine = {
  sealInto: ({ key, nonce, associatedData }, plaintext, output) => {
    chacha20poly1305(key, nonce, associatedData).encrypt(plaintext, output)
  },
  open: ({ key, nonce, associatedData }, ciphertext) => {
    const cipher = chacha20poly1305(key, nonce, associatedData)
    try {
      return cipher.decrypt(ciphertext)
    } catch {
      // Lengths are checked by the caller, so the tag is what is wrong.
      return undefined
    }
  },
}
