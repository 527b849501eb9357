/** ML-KEM-768 on noble: for engines without it in `node:crypto`, and wherever the randomness is given. */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import type { Encapsulation, SeededKemEngine } from './engines.ts'
import { wipe } from './memory.ts'

export const nobleKem: SeededKemEngine = {
  encapsulationKey: (seed) => {
    const { publicKey, secretKey } = ml_kem768.keygen(seed)
    wipe(secretKey)
    return publicKey
  },
  encapsulate: (encapsulationKey) => encapsulate(encapsulationKey),
  encapsulateWith: (encapsulationKey, randomness) => encapsulate(encapsulationKey, randomness),
  decapsulate: (seed, ciphertext) => {
    const { secretKey } = ml_kem768.keygen(seed)
    const sharedSecret = ml_kem768.decapsulate(ciphertext, secretKey)
    wipe(secretKey)
    return sharedSecret
  },
}

function encapsulate(encapsulationKey: Uint8Array, randomness?: Uint8Array): Encapsulation | undefined {
  try {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(encapsulationKey, randomness)
    return { ciphertext: cipherText, sharedSecret }
  } catch {
    // Lengths are checked by the caller, so what noble refuses is a coefficient that is not below q.
    return undefined
  }
}
