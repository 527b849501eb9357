/**
 * Ed25519 and X25519 on `node:crypto`. Raw keys become key objects through their fixed DER frames (RFC 8410, sections 4
 * and 7); secrets are imported on each use and their frame is wiped, public keys go through a bounded cache.
 */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto'
import type { CurveEngine } from './engines.ts'
import { wipe } from './memory.ts'
import { PublicKeyCache } from './public-key-cache.ts'

/** OneAsymmetricKey, version 0, the algorithm's identifier, and an octet string of 32 bytes inside another. */
const ED25519_PRIVATE_FRAME = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519_PRIVATE_FRAME = Buffer.from('302e020100300506032b656e04220420', 'hex')
/** SubjectPublicKeyInfo: the algorithm's identifier and a bit string of 32 bytes. */
const ED25519_PUBLIC_FRAME = Buffer.from('302a300506032b6570032100', 'hex')
const X25519_PUBLIC_FRAME = Buffer.from('302a300506032b656e032100', 'hex')

/** Keys kept per algorithm, about 1 KiB each: enough for the peers that a busy gateway talks to at a time. */
const PUBLIC_KEY_CACHE_CAPACITY = 1024

export function nodeCurves(): CurveEngine {
  const ed25519Keys = new PublicKeyCache(PUBLIC_KEY_CACHE_CAPACITY, (raw) => importPublic(ED25519_PUBLIC_FRAME, raw))
  const x25519Keys = new PublicKeyCache(PUBLIC_KEY_CACHE_CAPACITY, (raw) => importPublic(X25519_PUBLIC_FRAME, raw))
  return {
    ed25519PublicKey: (seed) => exportPublic(importPrivate(ED25519_PRIVATE_FRAME, seed)),
    ed25519Sign: (seed, message) => new Uint8Array(sign(null, message, importPrivate(ED25519_PRIVATE_FRAME, seed))),
    ed25519Equation: ({ publicKey, message, signature }) =>
      verify(null, message, ed25519Keys.get(publicKey), signature),
    x25519PublicKey: (secret) => exportPublic(importPrivate(X25519_PRIVATE_FRAME, secret)),
    x25519: (secret, publicKey) => {
      const keys = { privateKey: importPrivate(X25519_PRIVATE_FRAME, secret), publicKey: x25519Keys.get(publicKey) }
      try {
        return new Uint8Array(diffieHellman(keys))
      } catch {
        // Both keys are imported, so the derivation fails for one reason: OpenSSL refuses the all-zero result.
        return undefined
      }
    },
  }
}

function importPrivate(frame: Uint8Array, secret: Uint8Array): KeyObject {
  const der = Buffer.concat([frame, secret])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  wipe(der)
  return key
}

function importPublic(frame: Uint8Array, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([frame, raw]), format: 'der', type: 'spki' })
}

/** By way of a JWK, whose member `x` is the raw key (RFC 8037, section 2): a DER export costs 19 us, this one 2. */
function exportPublic(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(String(x), 'base64url'))
}
