import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OPENSSL_AEAD_FROM_BYTES } from '../src/aead-node.ts'
import { nobleEd25519Verify, nobleKernel, portableKernel } from '../src/index.ts'
import { KERNELS, refusal } from './support.ts'

const node = portableKernel()
const noble = nobleKernel()
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const nonce = fc.uint8Array({ minLength: 12, maxLength: 12 })
const kemSeed = fc.uint8Array({ minLength: 64, maxLength: 64 })
const data = fc.uint8Array({ maxLength: 300 })

describe('the node and the noble path', () => {
  it('agree on hashes of any input and any key length', () => {
    const property = fc.property(data, data, fc.integer({ min: 1, max: 200 }), (a, b, lengthBytes) => {
      const options = { ikm: a, salt: b, info: a, lengthBytes }
      expect(node.sha256(a)).toEqual(noble.sha256(a))
      expect(node.hmacSha256(a, b)).toEqual(noble.hmacSha256(a, b))
      expect(node.hkdfSha256(options)).toEqual(noble.hkdfSha256(options))
      expect(node.leafHashes([a, b])).toEqual(noble.leafHashes([a, b]))
    })
    fc.assert(property, { seed: 42, numRuns: 200 })
  })

  it('agree on HMAC of longer data than the kept block holds, and leave nothing of it for the next', () => {
    const lengthBytes = fc.integer({ min: 440, max: 460 })
    const property = fc.property(key, lengthBytes, (secret, length) => {
      const long = new Uint8Array(length).fill(9)
      expect(node.hmacSha256(secret, long)).toEqual(noble.hmacSha256(secret, long))
      expect(node.hmacSha256(secret.subarray(1), secret)).toEqual(noble.hmacSha256(secret.subarray(1), secret))
    })
    fc.assert(property, { seed: 42, numRuns: 50 })
  })

  it.each(KERNELS)('leave nothing of an HMAC that failed for the next one: %s', (_, kernel) => {
    const secret = new Uint8Array(32).fill(1)
    const before = kernel.hmacSha256(secret, secret)
    const gone = new Uint8Array(9)
    structuredClone(gone, { transfer: [gone.buffer] })
    try {
      // Some engines refuse memory that is gone, some take it for nothing.
      kernel.hmacSha256(new Uint8Array(64).fill(9), gone)
    } catch {
      // What counts is what comes after.
    }
    expect(kernel.hmacSha256(secret, secret)).toEqual(before)
  })

  it('open what the other one sealed, on either side of the length where OpenSSL takes over', () => {
    const lengthBytes = fc.oneof(
      fc.integer({ min: 0, max: 64 }),
      fc.integer({ min: OPENSSL_AEAD_FROM_BYTES - 20, max: OPENSSL_AEAD_FROM_BYTES + 20 }),
    )
    const property = fc.property(key, nonce, data, lengthBytes, (aeadKey, aeadNonce, associatedData, length) => {
      const options = { key: aeadKey, nonce: aeadNonce, associatedData }
      const plaintext = new Uint8Array(length).fill(7)
      const sealed = node.aeadSeal(options, plaintext)
      expect(sealed).toEqual(noble.aeadSeal(options, plaintext))
      expect(node.aeadOpen(options, sealed)).toEqual(plaintext)
      expect(noble.aeadOpen(options, sealed)).toEqual(plaintext)
    })
    fc.assert(property, { seed: 42, numRuns: 100 })
  })

  it('agree on keys, signatures and verdicts', () => {
    const property = fc.property(key, key, data, fc.nat(63), (seed, secret, message, position) => {
      const publicKey = node.ed25519PublicKey(seed)
      const signature = node.ed25519Sign(seed, message)
      expect(noble.ed25519PublicKey(seed)).toEqual(publicKey)
      expect(noble.ed25519Sign(seed, message)).toEqual(signature)
      const changed = signature.map((byte, index) => (index === position ? byte ^ 1 : byte))
      for (const verifier of [node, noble, { ed25519Verify: nobleEd25519Verify }]) {
        expect(verifier.ed25519Verify(publicKey, message, signature)).toBe(true)
        expect(verifier.ed25519Verify(publicKey, message, changed)).toBe(false)
      }
      const peer = node.x25519PublicKey(secret)
      expect(noble.x25519PublicKey(secret)).toEqual(peer)
      expect(noble.x25519(seed, peer)).toEqual(node.x25519(seed, peer))
    })
    fc.assert(property, { seed: 42, numRuns: 20 })
  })

  it('judge arbitrary bytes alike as keys and signatures, and never throw', () => {
    const anything = fc.uint8Array({ maxLength: 70 })
    const signature = fc.uint8Array({ minLength: 64, maxLength: 64 })
    const property = fc.property(
      fc.oneof(key, anything),
      data,
      fc.oneof(signature, anything),
      (publicKey, message, forged) => {
        expect(node.ed25519Verify(publicKey, message, forged)).toBe(false)
        expect(noble.ed25519Verify(publicKey, message, forged)).toBe(false)
      },
    )
    fc.assert(property, { seed: 42, numRuns: 100 })
  })

  it('agree on ML-KEM-768 for random seeds, randomness and damaged ciphertexts', () => {
    const property = fc.property(kemSeed, key, fc.nat(1087), (seed, randomness, position) => {
      const encapsulationKey = node.mlkem768EncapsulationKey(seed)
      expect(noble.mlkem768EncapsulationKey(seed)).toEqual(encapsulationKey)
      const { ciphertext, sharedSecret } = noble.mlkem768Encapsulate(encapsulationKey, randomness)
      expect(node.mlkem768Decapsulate(seed, ciphertext)).toEqual(sharedSecret)
      const damaged = ciphertext.map((byte, index) => (index === position ? byte ^ 1 : byte))
      const rejected = node.mlkem768Decapsulate(seed, damaged)
      expect(rejected).not.toEqual(sharedSecret)
      expect(noble.mlkem768Decapsulate(seed, damaged)).toEqual(rejected)
      const fresh = node.mlkem768Encapsulate(encapsulationKey)
      expect(noble.mlkem768Decapsulate(seed, fresh.ciphertext)).toEqual(fresh.sharedSecret)
    })
    fc.assert(property, { seed: 42, numRuns: 25 })
  })

  it.each(KERNELS)(
    'return plain byte arrays of their own on the %s path, and leave their arguments alone',
    (_, kernel) => {
      const secret = new Uint8Array(32).fill(1)
      const associatedData = secret
      const nonce = new Uint8Array(12)
      const sealing = { chainKey: secret, headerKey: secret, nonce, header: secret, associatedData, prefix: secret }
      const sealed = kernel.ratchetSeal({ ...sealing, content: new Uint8Array(3000), paddedBytes: 3001 })
      const { messageKey } = kernel.ratchetStep(secret)
      const opening = { messageKey, associatedData, ...partsOf(sealed.message, { prefixBytes: 32, headerBytes: 32 }) }
      const results = [
        kernel.sha256(secret),
        kernel.ed25519PublicKey(secret),
        kernel.x25519PublicKey(secret),
        kernel.ratchetOpen(opening),
        kernel.ratchetForward(secret, 0),
        kernel.ratchetForward(secret, 1),
        ...Object.values(kernel.ratchetAdvance(secret, 2)),
        ...Object.values(kernel.ratchetTurn({ rootKey: secret, secret, publicKey: kernel.x25519PublicKey(secret) })),
        messageKey,
        ...Object.values(sealed),
      ]
      for (const result of results) expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype)
      expect(secret).toEqual(new Uint8Array(32).fill(1))
      expect(messageKey).toEqual(kernel.ratchetStep(secret).messageKey)
      expect(opening.commitment.some((byte) => byte !== 0)).toBe(true)
    },
  )

  it.each(KERNELS)('open a ratchet message after a failed attempt on the %s path', (_, kernel) => {
    const header = fc.uint8Array({ minLength: 1, maxLength: 300 })
    const property = fc.property(
      fc.tuple(key, key),
      nonce,
      header,
      fc.tuple(data, data, data),
      fc.nat(64),
      (...given) => {
        const [[chainKey, headerKey], iv, plainHeader, [associatedData, prefix, content], padding] = given
        const { nextChainKey, message } = kernel.ratchetSeal({
          chainKey,
          headerKey,
          nonce: iv,
          header: plainHeader,
          associatedData,
          prefix,
          content,
          paddedBytes: content.length + 1 + padding,
        })
        const step = kernel.ratchetStep(chainKey)
        const parts = partsOf(message, { prefixBytes: prefix.length, headerBytes: plainHeader.length })
        const opening = { messageKey: step.messageKey, associatedData, ...parts }
        const damaged = parts.ciphertext.map((byte) => byte ^ 0x80)
        expect(refusal(() => kernel.ratchetOpen({ ...opening, ciphertext: damaged }))).toBe('KERNEL_AUTHENTICATION')
        expect(kernel.ratchetOpen(opening)).toEqual(content)
        expect(kernel.aeadOpen({ key: headerKey, nonce: iv, associatedData }, parts.header)).toEqual(plainHeader)
        expect(nextChainKey).toEqual(step.nextChainKey)
        expect(message.subarray(0, prefix.length)).toEqual(prefix)
        const receiving = { chainKey, headerKey, associatedData, message, prefixBytes: prefix.length }
        const received = kernel.ratchetReceive({ ...receiving, expectedHeader: plainHeader })
        expect(received).toEqual({ kind: 'opened', nextChainKey, content })
        const otherHeader = plainHeader.map((byte) => byte ^ 1)
        const other = kernel.ratchetReceive({ ...receiving, expectedHeader: otherHeader })
        expect(other).toEqual({ kind: 'other-header', header: plainHeader })
      },
    )
    fc.assert(property, { seed: 42, numRuns: 50 })
  })
})

/** The parts of a sealed message after its prefix. */
function partsOf(message: Uint8Array, given: { readonly prefixBytes: number; readonly headerBytes: number }) {
  const headerAt = given.prefixBytes + 12
  const commitmentAt = headerAt + given.headerBytes + 16
  return {
    nonce: message.subarray(given.prefixBytes, headerAt),
    header: message.subarray(headerAt, commitmentAt),
    commitment: message.subarray(commitmentAt, commitmentAt + 32),
    ciphertext: message.subarray(commitmentAt + 32),
  }
}
