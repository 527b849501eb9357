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
      const input = {
        chainKey: secret,
        headerKey: secret,
        nonce: new Uint8Array(12),
        header: secret,
        associatedData: secret,
        plaintext: new Uint8Array(3000),
      }
      const sealed = kernel.ratchetSeal(input)
      const { messageKey } = kernel.ratchetStep(secret)
      const { header, commitment, ciphertext } = sealed
      const opening = { ...input, messageKey, header, commitment, ciphertext }
      const results = [
        kernel.sha256(secret),
        kernel.ed25519PublicKey(secret),
        kernel.x25519PublicKey(secret),
        kernel.ratchetOpen(opening),
        messageKey,
        ...Object.values(sealed),
      ]
      for (const result of results) expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype)
      expect(secret).toEqual(new Uint8Array(32).fill(1))
      expect(messageKey).toEqual(kernel.ratchetStep(secret).messageKey)
      expect(commitment.some((byte) => byte !== 0)).toBe(true)
    },
  )

  it.each(KERNELS)('open a ratchet message after a failed attempt on the %s path', (_, kernel) => {
    const property = fc.property(
      key,
      key,
      nonce,
      data,
      data,
      data,
      (chainKey, headerKey, iv, header, ad, plaintext) => {
        const sealed = kernel.ratchetSeal({ chainKey, headerKey, nonce: iv, header, associatedData: ad, plaintext })
        const { messageKey, nextChainKey } = kernel.ratchetStep(chainKey)
        const { commitment, ciphertext } = sealed
        const opening = { messageKey, nonce: iv, associatedData: ad, header: sealed.header, commitment, ciphertext }
        const damaged = ciphertext.map((byte) => byte ^ 0x80)
        expect(refusal(() => kernel.ratchetOpen({ ...opening, ciphertext: damaged }))).toBe('KERNEL_AUTHENTICATION')
        expect(kernel.ratchetOpen(opening)).toEqual(plaintext)
        expect(kernel.aeadOpen({ key: headerKey, nonce: iv, associatedData: ad }, sealed.header)).toEqual(header)
        expect(sealed.nextChainKey).toEqual(nextChainKey)
      },
    )
    fc.assert(property, { seed: 42, numRuns: 50 })
  })
})
