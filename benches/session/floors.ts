/**
 * What the same machine gives without a protocol, in the same run.
 *
 * `bare step`: two HMACs of a chain key and one ChaCha20-Poly1305 seal, nothing else (no header, no commitment, no state).
 * `F1`: one HKDF and one AEAD of libsignal's native module; `F2`: key generation, two Diffie-Hellmans and two HKDFs of it.
 * `bare native`: the kernel's fused `ratchetSeal` alone, on a state that stands still.
 */
import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Kernel } from '@talos/kernel'
import { paddedSize } from '@talos/session'
import { repeat, type Subject } from '../harness/measure.ts'
import type { Libsignal } from './libsignal-types.ts'

const ONE = Uint8Array.of(1)
const TWO = Uint8Array.of(2)

export function nodeBareStep(content: Uint8Array): Subject {
  const nonce = randomBytes(12)
  let chainKey: Uint8Array = randomBytes(32)
  return repeat('node bare step', () => {
    const messageKey = createHmac('sha256', chainKey).update(ONE).digest()
    chainKey = createHmac('sha256', chainKey).update(TWO).digest()
    const cipher = createCipheriv('chacha20-poly1305', messageKey, nonce, { authTagLength: 16 })
    return [cipher.update(content), cipher.final(), cipher.getAuthTag()]
  })
}

export function nobleBareStep(content: Uint8Array): Subject {
  const nonce = randomBytes(12)
  let chainKey: Uint8Array = randomBytes(32)
  return repeat('noble bare step', () => {
    const messageKey = hmac(sha256, chainKey, ONE)
    chainKey = hmac(sha256, chainKey, TWO)
    return chacha20poly1305(messageKey, nonce).encrypt(content)
  })
}

export function kernelSeal(kernel: Kernel, content: Uint8Array): Subject {
  const input = {
    chainKey: randomBytes(32),
    headerKey: randomBytes(32),
    nonce: randomBytes(12),
    header: randomBytes(44),
    associatedData: randomBytes(66),
    prefix: randomBytes(19),
    content,
    paddedBytes: paddedSize(content.length, 'padme'),
  }
  return repeat(`${kernel.name} ratchetSeal`, () => kernel.ratchetSeal(input))
}

export function f1({ hkdf, Aes256GcmSiv }: Libsignal, content: Uint8Array): Subject {
  const [ikm, label, nonce, none] = [randomBytes(32), randomBytes(12), randomBytes(12), new Uint8Array(0)]
  return repeat('F1', () => {
    const keys = hkdf(64, ikm, label, null)
    return Aes256GcmSiv.new(keys.subarray(0, 32)).encrypt(content, nonce, none)
  })
}

export function f2({ hkdf, PrivateKey }: Libsignal): Subject {
  const label = randomBytes(12)
  const own = PrivateKey.generate()
  const peer = PrivateKey.generate().getPublicKey()
  return repeat('F2', () => {
    const next = PrivateKey.generate()
    next.getPublicKey()
    hkdf(96, own.agree(peer), label, null)
    return hkdf(96, next.agree(peer), label, null)
  })
}
