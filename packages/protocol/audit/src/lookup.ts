/** From a leaf hash to its index, through a lookup that may lag or lie and is rebuilt from the log when it does. */
import { equalBytes } from '@talos/bytes'
import { HASH_BYTES } from '@talos/merkle'
import type { AuditIndex, AuditStore } from './store.ts'

/** Leaf hashes that are read and added at once. */
const CHUNK_ENTRIES = 1024

interface LookupOptions {
  readonly store: AuditStore
  readonly index?: AuditIndex
  /** Committed entries. */
  readonly size: number
}

/** Index of the entry with this leaf hash, 32 bytes. Throws `AUDIT_STORE_FAILED`. */
export function findLeaf(leafHash: Uint8Array, { store, index, size }: LookupOptions): number | undefined {
  if (index === undefined) return scan(leafHash, { store, size })
  if (index.size > size) index.clear()
  catchUp({ store, index, size })
  const found = index.find(leafHash)
  if (found === undefined || equalBytes(store.leafHashes({ from: found, to: found + 1 }), leafHash)) return found
  index.clear()
  catchUp({ store, index, size })
  return index.find(leafHash)
}

/** Fills the lookup with the entries that it does not know yet. */
function catchUp({ store, index, size }: LookupOptions & { readonly index: AuditIndex }): void {
  while (index.size < size) {
    const from = index.size
    index.add(split(store.leafHashes({ from, to: Math.min(size, from + CHUNK_ENTRIES) })))
  }
}

function scan(leafHash: Uint8Array, { store, size }: LookupOptions): number | undefined {
  for (let from = 0; from < size; from += CHUNK_ENTRIES) {
    const hashes = split(store.leafHashes({ from, to: Math.min(size, from + CHUNK_ENTRIES) }))
    const position = hashes.findIndex((hash) => equalBytes(hash, leafHash))
    if (position >= 0) return from + position
  }
  return undefined
}

function split(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(hashes.length / HASH_BYTES) }, (_, position) =>
    hashes.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES),
  )
}
