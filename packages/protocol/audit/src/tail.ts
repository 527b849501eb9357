/**
 * The last, incomplete tile of level 0: its leaf hashes are not stored but computed from the entries themselves, and held
 * against the tree's edge.
 */
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { CompactRange, HASH_BYTES, TILE_WIDTH } from '@talos/merkle'
import { entriesOf } from './group.ts'
import type { AuditHead, AuditStore } from './store.ts'

/**
 * Leaf hashes of the entries behind the last whole tile, 32 bytes each: 0 to 255 of them.
 *
 * @throws TalosError `AUDIT_CORRUPT` {index, part}: `missing` or `entry` where an entry cannot be read, `edge` where the
 *   entries are not those of the stored edge; `AUDIT_STORE_FAILED`
 */
export function tailOf({ store, kernel, head }: { store: AuditStore; kernel: Kernel; head: AuditHead }): Uint8Array {
  const { size, edge } = head
  const first = size - (size % TILE_WIDTH)
  const bodies: Uint8Array[] = []
  for (const group of store.groups({ from: first, to: size })) {
    if (group.first !== first + bodies.length) {
      throw new TalosError('AUDIT_CORRUPT', { index: first + bodies.length, part: 'missing' })
    }
    for (const { body } of entriesOf(group)) bodies.push(body)
  }
  // A row is never ahead of the head either: both are of one transaction.
  if (first + bodies.length !== size)
    throw new TalosError('AUDIT_CORRUPT', { index: Math.min(size, first + bodies.length), part: 'missing' })
  const range = CompactRange.empty(kernel)
  const hashes = new Uint8Array(bodies.length * HASH_BYTES)
  for (const [position, hash] of range.appendLeaves(bodies).entries()) hashes.set(hash, position * HASH_BYTES)
  const own = range.edge()
  requireSameEdge({ expected: own, stored: edge.subarray(Math.max(0, edge.length - own.length)), first, size })
  return hashes
}

/** Throws `AUDIT_CORRUPT` {part: 'edge'} at the first perfect subtree whose root differs; the first one begins at `first`. */
export function requireSameEdge(options: {
  readonly expected: Uint8Array
  readonly stored: Uint8Array
  readonly first: number
  readonly size: number
}): void {
  const { expected, stored, size } = options
  const position = firstDifference(expected, stored)
  if (position === undefined) return
  let start = options.first
  for (let subtree = 0; subtree < position; subtree += 1) start += 2 ** Math.floor(Math.log2(size - start))
  throw new TalosError('AUDIT_CORRUPT', { index: start, part: 'edge' })
}

/** Position of the first of two lists of hashes that differ; undefined when they are equal. */
export function firstDifference(expected: Uint8Array, stored: Uint8Array): number | undefined {
  const length = Math.max(expected.length, stored.length)
  for (let offset = 0; offset < length; offset += 1) {
    if (expected[offset] !== stored[offset]) return Math.floor(offset / HASH_BYTES)
  }
  return undefined
}
