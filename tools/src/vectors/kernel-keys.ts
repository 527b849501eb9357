/** Keys for cases: X25519, Ed25519 and ML-KEM-768 on `node:crypto`, through their DER frames (RFC 8410, RFC 9935). */
import { createPrivateKey, createPublicKey, decapsulate, diffieHellman, type KeyObject, sign } from 'node:crypto'
import { bytesOf, hex } from './kernel-case.ts'

const X25519_PRIVATE = '302e020100300506032b656e04220420'
const X25519_PUBLIC = '302a300506032b656e032100'
const ED25519_PRIVATE = '302e020100300506032b657004220420'
const MLKEM768_PRIVATE = '3054020100300b060960864801650304040204428040'

/** u of a point of order 8 (RFC 7748, section 7, speaks of such points). */
export const LOW_ORDER_KEY = 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'

/** X25519 key of a secret. */
export function publicKeyOf(secretHex: string): string {
  return rawPublic(privateKey(X25519_PRIVATE, secretHex), 32)
}

/** X25519 of a secret and a key. */
export function agreement(secretHex: string, publicKeyHex: string): string {
  const publicKey = createPublicKey({ key: bytesOf(X25519_PUBLIC + publicKeyHex), format: 'der', type: 'spki' })
  return hex(diffieHellman({ privateKey: privateKey(X25519_PRIVATE, secretHex), publicKey }))
}

/** Ed25519 key of a seed. */
export function verifyingKeyOf(seedHex: string): string {
  return rawPublic(privateKey(ED25519_PRIVATE, seedHex), 32)
}

export function signature(seedHex: string, messageHex: string): string {
  return hex(sign(null, bytesOf(messageHex), privateKey(ED25519_PRIVATE, seedHex)))
}

/** ML-KEM-768 encapsulation key of a seed. */
export function encapsulationKeyOf(seedHex: string): string {
  return rawPublic(privateKey(MLKEM768_PRIVATE, seedHex), 1184)
}

export function decapsulated(seedHex: string, ciphertextHex: string): string {
  return hex(decapsulate(privateKey(MLKEM768_PRIVATE, seedHex), bytesOf(ciphertextHex)))
}

function privateKey(frame: string, secretHex: string): KeyObject {
  return createPrivateKey({ key: bytesOf(frame + secretHex), format: 'der', type: 'pkcs8' })
}

function rawPublic(key: KeyObject, lengthBytes: number): string {
  return hex(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-lengthBytes))
}
