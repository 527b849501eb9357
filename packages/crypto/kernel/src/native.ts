/**
 * The kernel on the native module: hashes, AEAD, curves and ML-KEM here, ratchet and handshake in `native-session.ts`, runs
 * of evidence in `native-evidence.ts`.
 *
 * Every method checks what the portable one checks, in the same order, and is one call. There is no decision in these three
 * files: what can go one way or another is in `native-block.ts` and in the module.
 */
import { requireKeyAndNonce, requireTag } from './aead.ts'
import { requireLength, requireLengthWithin } from './arguments.ts'
import { HKDF_MAX_BYTES } from './hash.ts'
import {
  AEAD_TAG_BYTES,
  ED25519_PUBLIC_KEY_BYTES,
  ED25519_SEED_BYTES,
  ED25519_SIGNATURE_BYTES,
  type Kernel,
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_ENCAPSULATION_KEY_BYTES,
  MLKEM768_RANDOMNESS_BYTES,
  MLKEM768_SEED_BYTES,
  MLKEM768_SHARED_SECRET_BYTES,
  SHA256_BYTES,
  X25519_KEY_BYTES,
} from './kernel.ts'
import { NativeBlock, type NativeBridge, randomnessOf } from './native-block.ts'
import { nativeEvidence } from './native-evidence.ts'
import type { NativeModule } from './native-module.ts'
import { nativeSession } from './native-session.ts'

/**
 * The kernel of a module that `openNativeModule` has checked. It has one block of memory for all of its calls: make one for
 * a process and hand it on.
 *
 * Argon2id is that of `portable`: in Node it is OpenSSL's, off the main thread, and one derivation for each start of a
 * process is nothing to gain on. Randomness of an encapsulation comes from the system through Node.
 */
export function nativeKernel(module: NativeModule, portable: Pick<Kernel, 'argon2id'>): Kernel {
  const bridge = { module, block: new NativeBlock() }
  return {
    name: 'native',
    ...hashes(bridge),
    ...aead(bridge),
    ...ed25519(bridge),
    ...x25519(bridge),
    ...mlkem768(bridge),
    ...nativeSession(bridge),
    ...nativeEvidence(bridge),
    argon2id: (options) => portable.argon2id(options),
  }
}

function hashes({ module, block }: NativeBridge): Pick<Kernel, 'sha256' | 'hmacSha256' | 'hkdfSha256'> {
  return {
    sha256: (data) => {
      block.run(module.sha256, { words: [data.length], inputs: [data], outputBytes: SHA256_BYTES })
      return block.takeLast(SHA256_BYTES)
    },
    hmacSha256: (key, data) => {
      const words = [key.length, data.length]
      block.run(module.hmacSha256, { words, inputs: [key, data], outputBytes: SHA256_BYTES })
      return block.takeLast(SHA256_BYTES)
    },
    hkdfSha256: ({ ikm, salt, info, lengthBytes }) => {
      requireLengthWithin('lengthBytes', lengthBytes, { minimum: 1, maximum: HKDF_MAX_BYTES })
      const words = [ikm.length, salt.length, info.length, lengthBytes]
      block.run(module.hkdfSha256, { words, inputs: [ikm, salt, info], outputBytes: lengthBytes })
      return block.takeLast(lengthBytes)
    },
  }
}

function aead({ module, block }: NativeBridge): Pick<Kernel, 'aeadSeal' | 'aeadOpen'> {
  return {
    aeadSeal: (options, plaintext) => {
      requireKeyAndNonce(options)
      const { key, nonce, associatedData } = options
      const words = [associatedData.length, plaintext.length]
      const outputBytes = plaintext.length + AEAD_TAG_BYTES
      block.run(module.aeadSeal, { words, inputs: [key, nonce, associatedData, plaintext], outputBytes })
      return block.takeLast(outputBytes)
    },
    aeadOpen: (options, ciphertext) => {
      requireKeyAndNonce(options)
      requireTag('ciphertext', ciphertext)
      const { key, nonce, associatedData } = options
      const words = [associatedData.length, ciphertext.length]
      const outputBytes = ciphertext.length - AEAD_TAG_BYTES
      block.run(module.aeadOpen, { words, inputs: [key, nonce, associatedData, ciphertext], outputBytes })
      return block.takeLast(outputBytes)
    },
  }
}

function ed25519({ module, block }: NativeBridge): Pick<Kernel, 'ed25519PublicKey' | 'ed25519Sign' | 'ed25519Verify'> {
  return {
    ed25519PublicKey: (seed) => {
      requireLength('seed', seed, ED25519_SEED_BYTES)
      block.run(module.ed25519PublicKey, { words: [], inputs: [seed], outputBytes: ED25519_PUBLIC_KEY_BYTES })
      return block.takeLast(ED25519_PUBLIC_KEY_BYTES)
    },
    ed25519Sign: (seed, message) => {
      requireLength('seed', seed, ED25519_SEED_BYTES)
      const words = [message.length]
      block.run(module.ed25519Sign, { words, inputs: [seed, message], outputBytes: ED25519_SIGNATURE_BYTES })
      return block.takeLast(ED25519_SIGNATURE_BYTES)
    },
    ed25519Verify: (publicKey, message, signature) => {
      const words = [publicKey.length, message.length, signature.length]
      const answer = block.run(module.ed25519Verify, { words, inputs: [publicKey, message, signature], outputBytes: 0 })
      block.wipe()
      return answer === 1
    },
  }
}

function x25519({ module, block }: NativeBridge): Pick<Kernel, 'x25519PublicKey' | 'x25519'> {
  return {
    x25519PublicKey: (secret) => {
      requireLength('secret', secret, X25519_KEY_BYTES)
      block.run(module.x25519PublicKey, { words: [], inputs: [secret], outputBytes: X25519_KEY_BYTES })
      return block.takeLast(X25519_KEY_BYTES)
    },
    x25519: (secret, publicKey) => {
      requireLength('secret', secret, X25519_KEY_BYTES)
      requireLength('publicKey', publicKey, X25519_KEY_BYTES)
      block.run(module.x25519, { words: [], inputs: [secret, publicKey], outputBytes: X25519_KEY_BYTES })
      return block.takeLast(X25519_KEY_BYTES)
    },
  }
}

type KemMethods = Pick<Kernel, 'mlkem768EncapsulationKey' | 'mlkem768Encapsulate' | 'mlkem768Decapsulate'>

function mlkem768({ module, block }: NativeBridge): KemMethods {
  return {
    mlkem768EncapsulationKey: (seed) => {
      requireLength('seed', seed, MLKEM768_SEED_BYTES)
      const outputBytes = MLKEM768_ENCAPSULATION_KEY_BYTES
      block.run(module.mlkem768EncapsulationKey, { words: [], inputs: [seed], outputBytes })
      return block.takeLast(outputBytes)
    },
    mlkem768Encapsulate: (encapsulationKey, given) => {
      const randomness = randomnessOf(given)
      requireLength('encapsulationKey', encapsulationKey, MLKEM768_ENCAPSULATION_KEY_BYTES)
      requireLength('randomness', randomness, MLKEM768_RANDOMNESS_BYTES)
      const outputBytes = MLKEM768_CIPHERTEXT_BYTES + MLKEM768_SHARED_SECRET_BYTES
      block.run(module.mlkem768Encapsulate, { words: [], inputs: [encapsulationKey, randomness], outputBytes })
      const ciphertext = block.take(MLKEM768_CIPHERTEXT_BYTES)
      return { ciphertext, sharedSecret: block.takeLast(MLKEM768_SHARED_SECRET_BYTES) }
    },
    mlkem768Decapsulate: (seed, ciphertext) => {
      requireLength('seed', seed, MLKEM768_SEED_BYTES)
      requireLength('ciphertext', ciphertext, MLKEM768_CIPHERTEXT_BYTES)
      const outputBytes = MLKEM768_SHARED_SECRET_BYTES
      block.run(module.mlkem768Decapsulate, { words: [], inputs: [seed, ciphertext], outputBytes })
      return block.takeLast(outputBytes)
    },
  }
}
