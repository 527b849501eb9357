/** ML-KEM-768 methods (FIPS 203). Decapsulation keys exist as 64-byte seeds only: expanded ones are never stored. */
import { TalosError } from '@talos/errors'
import { requireLength } from './arguments.ts'
import type { KemEngine } from './engines.ts'
import { nobleKem } from './kem-noble.ts'
import {
  type Kernel,
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_ENCAPSULATION_KEY_BYTES,
  MLKEM768_RANDOMNESS_BYTES,
  MLKEM768_SEED_BYTES,
} from './kernel.ts'

type KemMethods = Pick<Kernel, 'mlkem768EncapsulationKey' | 'mlkem768Encapsulate' | 'mlkem768Decapsulate'>

export function kemMethods(kem: KemEngine): KemMethods {
  return {
    mlkem768EncapsulationKey: (seed) => {
      requireLength('seed', seed, MLKEM768_SEED_BYTES)
      return kem.encapsulationKey(seed)
    },
    mlkem768Encapsulate: (encapsulationKey, randomness) => {
      requireLength('encapsulationKey', encapsulationKey, MLKEM768_ENCAPSULATION_KEY_BYTES)
      const result =
        randomness === undefined ? kem.encapsulate(encapsulationKey) : encapsulateWith(encapsulationKey, randomness)
      if (result === undefined) throw new TalosError('KERNEL_KEY_INVALID', { argument: 'encapsulationKey' })
      return result
    },
    mlkem768Decapsulate: (seed, ciphertext) => {
      requireLength('seed', seed, MLKEM768_SEED_BYTES)
      requireLength('ciphertext', ciphertext, MLKEM768_CIPHERTEXT_BYTES)
      return kem.decapsulate(seed, ciphertext)
    },
  }
}

/** Vectors inject the randomness, which `node:crypto` has no way to take: noble serves them in every engine. */
function encapsulateWith(encapsulationKey: Uint8Array, randomness: Uint8Array) {
  requireLength('randomness', randomness, MLKEM768_RANDOMNESS_BYTES)
  return nobleKem.encapsulateWith(encapsulationKey, randomness)
}
