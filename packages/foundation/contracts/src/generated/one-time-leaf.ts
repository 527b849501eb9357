// Generated from contracts/schemas/one-time-leaf.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded OneTimeLeaf in bytes. */
export const ONE_TIME_LEAF_SIZE_BYTES = 1_221

/**
 * One-time leaf
 * Specified in 05-prekeys-handshake 5.3.
 */
export interface OneTimeLeaf {
  /** Leaf index. */
  readonly index: number
  /**
   * X25519 public key.
   * 32 bytes.
   */
  readonly x25519: Uint8Array
  /**
   * ML-KEM-768 encapsulation key.
   * 1184 bytes.
   */
  readonly mlkem: Uint8Array
}

/** Encodes OneTimeLeaf. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeOneTimeLeaf(value: OneTimeLeaf): Uint8Array {
  const writer = new LayoutWriter('one-time-leaf')
  writer.integer('version', 'u8', { value: 1, min: 1, max: 1 })
  writer.integer('index', 'u32', { value: value.index, min: 0, max: 4_294_967_295 })
  writer.bytes('x25519', value.x25519, { min: 32, max: 32 })
  writer.bytes('mlkem', value.mlkem, { min: 1_184, max: 1_184 })
  return writer.finish()
}

/** Decodes OneTimeLeaf. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeOneTimeLeaf(bytes: Uint8Array): OneTimeLeaf {
  const reader = new LayoutReader('one-time-leaf', bytes)
  reader.integer('version', 'u8', { min: 1, max: 1 })
  const indexField = reader.integer('index', 'u32', { min: 0, max: 4_294_967_295 })
  const x25519Field = reader.fixed('x25519', 32)
  const mlkemField = reader.fixed('mlkem', 1_184)
  reader.end()
  return { index: indexField, x25519: x25519Field, mlkem: mlkemField }
}
