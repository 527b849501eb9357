/**
 * Arithmetic on edwards25519 (RFC 8032, section 5.1) for making signatures that no honest signer makes: with a small-order
 * part in the key or in R. Slow and not constant time: for vectors only.
 */
import { createHash } from 'node:crypto'

/** Affine coordinates below p. */
export interface Point {
  readonly x: bigint
  readonly y: bigint
}

export const P = 2n ** 255n - 19n
/** Order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n
const D = modulo(-121665n * inverse(121666n))

const IDENTITY: Point = { x: 0n, y: 1n }
export const BASE: Point = {
  x: 15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  y: 46316835694926478169428394003475163141307993866256225615783033603165251855960n,
}
/** A point of order 8: `[L]Q` of some Q outside the prime-order group; checked below. */
export const TORSION: Point = findTorsion()

export function add(p: Point, q: Point): Point {
  const cross = modulo(D * p.x * q.x * p.y * q.y)
  return {
    x: modulo((p.x * q.y + p.y * q.x) * inverse(1n + cross)),
    y: modulo((p.y * q.y + p.x * q.x) * inverse(1n - cross)),
  }
}

export function multiply(point: Point, scalar: bigint): Point {
  let result = IDENTITY
  let power = point
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, power)
    power = add(power, power)
  }
  return result
}

export function encodePoint({ x, y }: Point): Uint8Array {
  return encodeInteger(y | ((x & 1n) << 255n))
}

/** 32 bytes, least significant first. */
export function encodeInteger(integer: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((integer >> BigInt(8 * index)) & 0xffn))
}

export function decodeInteger(bytes: Uint8Array): bigint {
  return bytes.reduceRight((integer, byte) => (integer << 8n) | BigInt(byte), 0n)
}

/** `k = SHA-512(R || A || M) mod L`. */
export function challenge({ r, a, message }: { r: Uint8Array; a: Uint8Array; message: Uint8Array }): bigint {
  return decodeInteger(createHash('sha512').update(r).update(a).update(message).digest()) % L
}

function findTorsion(): Point {
  for (let y = 2n; ; y += 1n) {
    const x = recoverX(y)
    if (x === undefined) continue
    const torsion = multiply({ x, y }, L)
    const four = multiply(torsion, 4n)
    if (four.y === P - 1n) return torsion
  }
}

/** The even x of a y, or `undefined` where y is on no point. */
function recoverX(y: bigint): bigint | undefined {
  const u = modulo(y * y - 1n)
  const v = modulo(D * y * y + 1n)
  const square = modulo(u * inverse(v))
  const root = power(square, (P + 3n) / 8n)
  const other = modulo(root * power(2n, (P - 1n) / 4n))
  return [root, other].find((x) => modulo(x * x) === square)
}

function modulo(value: bigint): bigint {
  return ((value % P) + P) % P
}

function inverse(value: bigint): bigint {
  return power(modulo(value), P - 2n)
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = modulo(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square)
    square = modulo(square * square)
  }
  return result
}
