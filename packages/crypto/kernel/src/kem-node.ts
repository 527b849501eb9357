/** ML-KEM-768 on `node:crypto` (OpenSSL 3.5, Node 24.7). Keys go in through their fixed DER frames (RFC 9935). */
import { createPrivateKey, createPublicKey, type decapsulate, type encapsulate, type KeyObject } from 'node:crypto'
import type { Encapsulation, KemEngine } from './engines.ts'
import { wipe } from './memory.ts'

/** OneAsymmetricKey whose private key is the `[0]` choice: the 64-byte seed alone. */
const SEED_FRAME = Buffer.from('3054020100300b060960864801650304040204428040', 'hex')
/** SubjectPublicKeyInfo with a bit string of 1,184 bytes. */
const PUBLIC_FRAME = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex')

/** The two functions that older versions of Node lack. */
export interface NodeKemFunctions {
  readonly encapsulate?: typeof encapsulate
  readonly decapsulate?: typeof decapsulate
}

/** The engine, or `undefined` where this Node has no ML-KEM. */
export function nodeKem(functions: NodeKemFunctions): KemEngine | undefined {
  const { encapsulate: encapsulateTo, decapsulate: decapsulateWith } = functions
  if (encapsulateTo === undefined || decapsulateWith === undefined) return undefined
  return {
    encapsulationKey: (seed) => {
      const spki = createPublicKey(importSeed(seed)).export({ format: 'der', type: 'spki' })
      return new Uint8Array(spki.subarray(PUBLIC_FRAME.length))
    },
    encapsulate: (encapsulationKey): Encapsulation | undefined => {
      const key = importPublic(encapsulationKey)
      if (key === undefined) return undefined
      const { ciphertext, sharedKey } = encapsulateTo(key)
      return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) }
    },
    decapsulate: (seed, ciphertext) => new Uint8Array(decapsulateWith(importSeed(seed), ciphertext)),
  }
}

function importSeed(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([SEED_FRAME, seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  wipe(der)
  return key
}

/** OpenSSL makes the modulus check (FIPS 203, section 7.2) on import. */
function importPublic(encapsulationKey: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.concat([PUBLIC_FRAME, encapsulationKey]), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
