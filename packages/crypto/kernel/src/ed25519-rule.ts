/**
 * The one Ed25519 rule, part one: what an engine never gets to see.
 *
 * Refused before the equation: a wrong length; `S >= L` (RFC 8032, section 5.1.7); a public key or R whose y is not
 * below p (section 5.1.3); a public key or R of small order (1, 2, 4 or 8). Engines disagree on each of these, and one
 * engine disagrees with its own earlier versions, so the rule does not lean on any of them. Part two, the cofactorless
 * equation `R = [S]B - [k]A` over the encoded bytes, is the engine's.
 */
import type { Ed25519Input } from './engines.ts'
import { ED25519_PUBLIC_KEY_BYTES, ED25519_SIGNATURE_BYTES } from './kernel.ts'

/** The field's prime, `2^255 - 19`. */
const P = 2n ** 255n - 19n
/** Order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n
/** Clears the sign of x, the top bit of an encoded point. */
const Y_MASK = 2n ** 255n - 1n

/** y of a point of order 8; the other ones have `-y`. */
const Y_ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n

/**
 * y of the eight points of small order: 1 (order 1), -1 (order 2), 0 (order 4, both signs), the order 8 ones (both signs
 * of y and of x). The two encodings with x = 0 and the sign set are covered as well, since only y is looked up.
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([0n, 1n, P - 1n, Y_ORDER_8, P - Y_ORDER_8])

/** Tells whether lengths, scalar and points obey the rule, so that the equation may decide. */
export function isAdmissibleEd25519({ publicKey, signature }: Ed25519Input): boolean {
  return (
    publicKey.length === ED25519_PUBLIC_KEY_BYTES &&
    signature.length === ED25519_SIGNATURE_BYTES &&
    littleEndianInteger(signature.subarray(32)) < L &&
    isAdmissiblePoint(publicKey) &&
    isAdmissiblePoint(signature.subarray(0, 32))
  )
}

function isAdmissiblePoint(encoded: Uint8Array): boolean {
  const y = littleEndianInteger(encoded) & Y_MASK
  return y < P && !SMALL_ORDER_Y.has(y)
}

/** The integer of 32 bytes, least significant first (RFC 8032, section 5.1.2). */
export function littleEndianInteger(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let integer = 0n
  for (let offset = bytes.length - 8; offset >= 0; offset -= 8) {
    integer = (integer << 64n) | view.getBigUint64(offset, true)
  }
  return integer
}
