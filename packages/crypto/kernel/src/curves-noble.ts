/** Ed25519 and X25519 on noble, for engines without `node:crypto`. */

import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '@talos/bytes'
import { isAdmissibleEd25519, littleEndianInteger } from './ed25519-rule.ts'
import type { CurveEngine, Ed25519Input } from './engines.ts'

export const nobleCurves: CurveEngine = {
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  ed25519Equation,
  x25519PublicKey: (secret) => x25519.getPublicKey(secret),
  x25519: (secret, publicKey) => {
    try {
      return x25519.getSharedSecret(secret, publicKey)
    } catch {
      // Lengths are checked by the caller, so what noble refuses is the all-zero result.
      return undefined
    }
  },
}

/**
 * The one Ed25519 rule in full, without `node:crypto`: for browsers. Never throws on bad input.
 *
 * @param publicKey 32 bytes
 * @param signature 64 bytes
 */
export function nobleEd25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const input = { publicKey, message, signature }
  return isAdmissibleEd25519(input) && ed25519Equation(input)
}

/**
 * `encode([S]B - [k]A) = R`, with `k = SHA-512(R || A || M) mod L`. Noble's own verify multiplies the equation by the
 * cofactor and so accepts signatures that OpenSSL and dalek refuse; hence its points only.
 */
function ed25519Equation({ publicKey, message, signature }: Ed25519Input): boolean {
  const encodedR = signature.subarray(0, 32)
  const a = decodePoint(publicKey)
  if (a === undefined) return false
  const k = ed25519.Point.Fn.create(littleEndianInteger(sha512(concatBytes(encodedR, publicKey, message))))
  const s = littleEndianInteger(signature.subarray(32))
  const r = ed25519.Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k))
  return equalBytes(r.toBytes(), encodedR)
}

function decodePoint(encoded: Uint8Array): InstanceType<typeof ed25519.Point> | undefined {
  try {
    return ed25519.Point.fromBytes(encoded)
  } catch {
    return undefined
  }
}
