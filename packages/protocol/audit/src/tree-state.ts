/** The part of the tree that a writer holds in memory: the right edge, and each level's incomplete tile. */

import type { Kernel } from '@talos/kernel'
import { CompactRange, TILE_WIDTH, type Tile, TileBuilder, treeSize } from '@talos/merkle'
import type { AuditHead, AuditStore, PartialTile } from './store.ts'
import { tailOf } from './tail.ts'

/** What a batch of leaves does to the tree. */
export interface StagedTree {
  /** Of the leaves, 32 bytes each, in their order. */
  readonly leafHashes: readonly Uint8Array[]
  readonly state: TreeState
  readonly tiles: readonly Tile[]
  readonly partials: readonly PartialTile[]
}

export class TreeState {
  readonly #kernel: Kernel
  readonly #range: CompactRange
  readonly #builder: TileBuilder
  readonly head: AuditHead

  private constructor(kernel: Kernel, range: CompactRange, builder: TileBuilder) {
    this.#kernel = kernel
    this.#range = range
    this.#builder = builder
    this.head = { size: range.size, root: range.root(), edge: range.edge() }
  }

  static empty(kernel: Kernel): TreeState {
    return new TreeState(kernel, CompactRange.empty(kernel), TileBuilder.empty(kernel))
  }

  /** Reads the state of a store: its head, at most 255 entries, which are hashed, and one row per level. */
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
    return new TreeState(kernel, range, builder)
  }

  /** Leaf hashes of the last, incomplete tile, 32 bytes each. */
  get tail(): Uint8Array {
    return this.#builder.partial(0)
  }

  /** Adds leaves to a copy; this state stays as it is until the copy is durable. */
  stage(leaves: readonly Uint8Array[]): StagedTree {
    const range = this.#range.clone()
    const builder = this.#builder.clone()
    const leafHashes = range.appendLeaves(leaves)
    const tiles = leafHashes.flatMap((hash) => builder.append(hash))
    const partials: PartialTile[] = []
    const changed = Math.max(0, ...tiles.map(({ level }) => level + 1))
    for (let level = 1; level <= changed; level += 1) {
      const index = Math.floor(range.size / TILE_WIDTH ** (level + 1))
      partials.push({ level, index, hashes: builder.partial(level) })
    }
    return { leafHashes, state: new TreeState(this.#kernel, range, builder), tiles, partials }
  }
}
