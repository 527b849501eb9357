/** From a leaf hash to its index, through a lookup that may lag or lie and is rebuilt from the log when it does. */
import { equalBytes } from '@talos/bytes'
import { HASH_BYTES } from '@talos/merkle'
import type { AuditReader } from './reader.ts'
import type { AuditIndex } from './store.ts'

/** Leaf hashes that are read and added at once: four tiles. */
const CHUNK_ENTRIES = 1024

interface LookupOptions {
  readonly reader: AuditReader
  readonly index?: AuditIndex
}

/** Index of the entry with this leaf hash, 32 bytes. Throws `AUDIT_STORE_FAILED`, `AUDIT_CORRUPT`. */
export function findLeaf(leafHash: Uint8Array, { reader, index }: LookupOptions): number | undefined {
  if (index === undefined) return scan(leafHash, reader)
  if (index.size > reader.size) index.clear()
  catchUp({ reader, index })
  const found = index.find(leafHash)
  if (found === undefined || (found < reader.size && equalBytes(reader.leafHash(found), leafHash))) return found
  index.clear()
  catchUp({ reader, index })
  return index.find(leafHash)
}

/** Fills the lookup with the entries that it does not know yet. */
function catchUp({ reader, index }: LookupOptions & { readonly index: AuditIndex }): void {
  while (index.size < reader.size) {
    const from = index.size
    index.add(splitHashes(reader.leafHashes({ from, to: Math.min(reader.size, from + CHUNK_ENTRIES) })))
  }
}

function scan(leafHash: Uint8Array, reader: AuditReader): number | undefined {
  for (let from = 0; from < reader.size; from += CHUNK_ENTRIES) {
    const hashes = splitHashes(reader.leafHashes({ from, to: Math.min(reader.size, from + CHUNK_ENTRIES) }))
    const position = hashes.findIndex((hash) => equalBytes(hash, leafHash))
    if (position >= 0) return from + position
  }
  return undefined
}

/** The hashes of one piece, 32 bytes each. */
export function splitHashes(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, position) =>
    hashes.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES),
  )
}
