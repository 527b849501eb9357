/**
 * Hashes of the tree (RFC 6962 section 2.1): `leaf = SHA-256(0x00 || data)`, `node = SHA-256(0x01 || left || right)`,
 * and the empty tree's root `SHA-256("")`. The prefixes keep a node from passing for a leaf.
 */
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'

/** Length of every hash of the tree. */
export const HASH_BYTES = 32

/** Root of the tree without leaves, 32 bytes. */
export function emptyRoot(kernel: Kernel): Uint8Array {
  return kernel.sha256(new Uint8Array(0))
}

/** Hash of one leaf's data, 32 bytes. */
export function leafHash(kernel: Kernel, data: Uint8Array): Uint8Array {
  return at(kernel.leafHashes([data]), 0)
}

/** Refuses a hash that is not 32 bytes long. Throws `MERKLE_HASH_LENGTH`. */
export function requireHash(hash: Uint8Array): Uint8Array {
  if (hash.length !== HASH_BYTES) throw new TalosError('MERKLE_HASH_LENGTH', { lengthBytes: hash.length })
  return hash
}

/** The hash at `position` of a list, checked for its length. Throws `MERKLE_RANGE` past the list's end. */
export function at(hashes: readonly Uint8Array[], position: number): Uint8Array {
  const hash = hashes[position]
  if (hash === undefined) {
    throw new TalosError('MERKLE_RANGE', { name: 'hash position', value: position, limit: hashes.length - 1 })
  }
  return requireHash(hash)
}
