/** Keccak-256 as Ethereum uses it: the sponge of SHA-3 with the padding that it had before the standard. */
import { keccak_256 } from '@noble/hashes/sha3.js'

/** Length of a hash of the chain. */
export const KECCAK_BYTES = 32

/** Hash of the bytes, 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes)
}
