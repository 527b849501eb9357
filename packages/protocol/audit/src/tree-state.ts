/** The part of the tree that a writer holds in memory: the right edge, and each level's incomplete tile. */

import { concatBytes } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'
import { CompactRange, HASH_BYTES, TILE_WIDTH, type Tile, TileBuilder, treeSize } from '@talos/merkle'
import type { AuditHead, AuditStore, PartialTile } from './store.ts'
import { requireSameEdge, tailOf } from './tail.ts'

/** What a batch of entries does to the tree. */
export interface StagedTree {
  /** Of the entries, 32 bytes each, in their order and in one piece. */
  readonly leafHashes: Uint8Array
  readonly state: TreeState
  readonly tiles: readonly Tile[]
  readonly partials: readonly PartialTile[]
}

export class TreeState {
  readonly #kernel: Kernel
  readonly #builder: TileBuilder
  readonly head: AuditHead

  private constructor(kernel: Kernel, head: AuditHead, builder: TileBuilder) {
    this.#kernel = kernel
    this.#builder = builder
    this.head = head
  }

  static empty(kernel: Kernel): TreeState {
    const range = CompactRange.empty(kernel)
    return new TreeState(kernel, { size: 0, root: range.root(), edge: range.edge() }, TileBuilder.empty(kernel))
  }

  /**
   * Reads the state of a store: its head, at most 255 entries, which are hashed, and one row per level; and checks that
   * they belong together. The root is computed from the edge.
   *
   * @throws TalosError `AUDIT_CORRUPT`, `MERKLE_EDGE_INVALID`, `AUDIT_STORE_FAILED`
   */
  static load(store: AuditStore, kernel: Kernel): TreeState {
    const head = store.head()
    if (head === undefined) return TreeState.empty(kernel)
    const size = treeSize(head.size)
    const range = CompactRange.decode({ kernel, size, edge: head.edge })
    const builder = TileBuilder.restore({
      kernel,
      size,
      partial: (level) =>
        level === 0 ? tailOf({ store, kernel, head }) : (store.partial(level)?.hashes ?? new Uint8Array(0)),
    })
    const edge = edgeOfTiles({ size, builder, kernel })
    requireSameEdge({ expected: edge, stored: head.edge, first: 0, size })
    return new TreeState(kernel, { size, root: range.root(), edge: range.edge() }, builder)
  }

  /** Leaf hashes of the last, incomplete tile, 32 bytes each. */
  get tail(): Uint8Array {
    return this.#builder.partial(0)
  }

  /** Adds the entries of a bundle to a copy; this state stays as it is until the copy is durable. */
  stage(bundle: Uint8Array): StagedTree {
    const { size, edge } = this.head
    const { leafHashes, tileRoots, edge: grown, root } = this.#kernel.appendBundle({ size, edge, bundle })
    const builder = this.#builder.clone()
    const tiles = builder.appendRun({ leafHashes, tileRoots })
    const head = { size: treeSize(size + leafHashes.length / HASH_BYTES), root, edge: grown }
    const partials: PartialTile[] = []
    const changed = Math.max(0, ...tiles.map(({ level }) => level + 1))
    for (let level = 1; level <= changed; level += 1) {
      const index = Math.floor(head.size / TILE_WIDTH ** (level + 1))
      partials.push({ level, index, hashes: builder.partial(level) })
    }
    return { leafHashes, state: new TreeState(this.#kernel, head, builder), tiles, partials }
  }
}

/** Roots of the perfect subtrees, largest first, from the incomplete tiles: each holds those of eight tree levels. */
function edgeOfTiles({ size, builder, kernel }: { size: number; builder: TileBuilder; kernel: Kernel }): Uint8Array {
  const roots: Uint8Array[] = []
  for (let level = 0, nodes = size; nodes > 0; level += 1, nodes = Math.floor(nodes / TILE_WIDTH)) {
    const hashes = builder.partial(level)
    if (hashes.length > 0) roots.unshift(perfectRoots(hashes, kernel))
  }
  return concatBytes(...roots)
}

/** Roots of the perfect subtrees over the hashes of a tile, largest first. */
function perfectRoots(hashes: Uint8Array, kernel: Kernel): Uint8Array {
  const range = CompactRange.empty(kernel)
  for (let start = 0; start < hashes.length; start += HASH_BYTES)
    range.append(hashes.subarray(start, start + HASH_BYTES))
  return range.edge()
}
