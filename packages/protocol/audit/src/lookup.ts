/** From a leaf hash to its index, by reading the leaf hashes of a log one after the other. */
import { equalBytes } from '@talos/bytes'
import { HASH_BYTES } from '@talos/merkle'
import type { AuditReader } from './reader.ts'

/** Leaf hashes that are read at once: four tiles. */
const CHUNK_ENTRIES = 1024

/** Index, from `from` on, of the entry with this leaf hash, 32 bytes. Throws `AUDIT_STORE_FAILED`, `AUDIT_CORRUPT`. */
export function scanFor(
  leafHash: Uint8Array,
  { reader, from }: { readonly reader: AuditReader; readonly from: number },
): number | undefined {
  for (let start = from; start < reader.size; start += CHUNK_ENTRIES) {
    const hashes = splitHashes(reader.leafHashes({ from: start, to: Math.min(reader.size, start + CHUNK_ENTRIES) }))
    const position = hashes.findIndex((hash) => equalBytes(hash, leafHash))
    if (position >= 0) return start + position
  }
  return undefined
}

/** The hashes of one piece, 32 bytes each. */
function splitHashes(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, position) =>
    hashes.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES),
  )
}
