// Generated from contracts/schemas/key-file-reserve.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded KeyFileReserve in bytes. */
export const KEY_FILE_RESERVE_SIZE_BYTES = 64

/**
 * What changes the identity and is opened for that alone: 64 bytes.
 * Specified in 03-identity 3.6.
 */
export interface KeyFileReserve {
  /**
   * Ed25519 seed of the update key that signs the next scheduled entry of the key log.
   * 32 bytes.
   */
  readonly nextSeed: Uint8Array
  /**
   * Ed25519 seed of the update key for recovery; the same until an emergency.
   * 32 bytes.
   */
  readonly recoverySeed: Uint8Array
}

/** Encodes KeyFileReserve. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeKeyFileReserve(value: KeyFileReserve): Uint8Array {
  const writer = new LayoutWriter('key-file-reserve')
  writer.bytes('nextSeed', value.nextSeed, { min: 32, max: 32 })
  writer.bytes('recoverySeed', value.recoverySeed, { min: 32, max: 32 })
  return writer.finish()
}

/** Decodes KeyFileReserve. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeKeyFileReserve(bytes: Uint8Array): KeyFileReserve {
  const reader = new LayoutReader('key-file-reserve', bytes)
  const nextSeedField = reader.fixed('nextSeed', 32)
  const recoverySeedField = reader.fixed('recoverySeed', 32)
  reader.end()
  return { nextSeed: nextSeedField, recoverySeed: recoverySeedField }
}
