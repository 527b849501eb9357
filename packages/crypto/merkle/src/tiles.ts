/**
 * Tiles of the tree (C2SP tlog-tiles, height 8): how 256 hashes at a time are named, stored and read.
 *
 * Tile `(level, index)` holds the nodes of tree level `8 * level` from `256 * index` on. Only whole tiles are immutable;
 * the partial ones form the right edge. Nodes between two tile levels are recomputed from the tile below them.
 */
import { concatBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { at, HASH_BYTES, requireHash } from './hash.ts'
import type { ReadNode } from './proof.ts'
import { checked, MAX_TREE_SIZE, type TreeSize } from './range.ts'

/** Tree levels that one tile covers. */
export const TILE_HEIGHT = 8
/** Hashes of a whole tile. */
export const TILE_WIDTH = 256
/** Bytes of a whole tile. */
export const TILE_BYTES = TILE_WIDTH * HASH_BYTES
/** Tile levels that a tree of at most 2^53 - 1 leaves can have: 0 to 6. */
export const MAX_TILE_LEVEL = 6

export interface TileId {
  readonly level: number
  readonly index: number
}

/** A tile with its hashes in order, 32 bytes each. */
export interface Tile extends TileId {
  readonly hashes: Uint8Array
}

/** Number of hashes, 0 to 256, that a tree of `size` leaves has in a tile. */
export function tileWidth({ level, index, size }: TileId & { readonly size: TreeSize }): number {
  const nodes = Math.floor(size / TILE_WIDTH ** level)
  return Math.min(Math.max(nodes - index * TILE_WIDTH, 0), TILE_WIDTH)
}

/**
 * Path of a tile in the tlog-tiles layout, such as `tile/0/x001/234` or, for a partial tile, `tile/0/005.p/17`.
 *
 * @param options `level` may be `'entries'` for the bundle of entries; `width` is 1 to 256
 * @throws TalosError `MERKLE_RANGE`
 */
export function tilePath(options: {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}): string {
  const { level, index, width } = options
  if (level !== 'entries') checked('tile level', level, MAX_TILE_LEVEL)
  checked('tile width', width - 1, TILE_WIDTH - 1)
  const groups = [String(checked('tile index', index, MAX_TREE_SIZE) % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  }
  const suffix = width === TILE_WIDTH ? '' : `.p/${width}`
  return `tile/${level}/${groups.join('/')}${suffix}`
}

/** Returns the hashes of a tile, at least as many as are asked for. */
export type ReadTile = (tile: TileId & { readonly width: number }) => Uint8Array

/**
 * A node reader over tiles. Each node costs one tile and at most 255 hashes.
 *
 * @throws TalosError (the reader) `MERKLE_HASH_LENGTH` when a tile is shorter than asked for
 */
export function nodeReader(readTile: ReadTile, kernel: Kernel): ReadNode {
  return (nodeLevel, nodeIndex) => {
    const level = Math.floor(nodeLevel / TILE_HEIGHT)
    const span = 2 ** (nodeLevel % TILE_HEIGHT)
    const first = nodeIndex * span
    const index = Math.floor(first / TILE_WIDTH)
    const offset = first - index * TILE_WIDTH
    const hashes = readTile({ level, index, width: offset + span })
    return perfectRoot(splitHashes(hashes.subarray(offset * HASH_BYTES, (offset + span) * HASH_BYTES), span), kernel)
  }
}

/** Collects leaf hashes into tiles: whole ones are handed out, partial ones stay inside as the tree's edge. */
export class TileBuilder {
  readonly #kernel: Kernel
  readonly #partial: Uint8Array[][]
  #size: number

  private constructor(kernel: Kernel, size: number, partial: Uint8Array[][]) {
    this.#kernel = kernel
    this.#size = size
    this.#partial = partial
  }

  static empty(kernel: Kernel): TileBuilder {
    return new TileBuilder(kernel, 0, [])
  }

  /**
   * Restores a builder from the partial tiles of a tree.
   *
   * @param options `partial`: the hashes of each level's partial tile, lowest level first
   * @throws TalosError `MERKLE_EDGE_INVALID` when a partial tile does not fit the size
   */
  static restore(options: {
    readonly kernel: Kernel
    readonly size: TreeSize
    readonly partial: (level: number) => Uint8Array
  }): TileBuilder {
    const tiles: Uint8Array[][] = []
    for (let level = 0, nodes: number = options.size; nodes > 0; level += 1, nodes = Math.floor(nodes / TILE_WIDTH)) {
      const expected = nodes % TILE_WIDTH
      const hashes = options.partial(level)
      const actual = hashes.length / HASH_BYTES
      if (actual !== expected) throw new TalosError('MERKLE_EDGE_INVALID', { expected, actual })
      tiles.push(splitHashes(hashes, expected))
    }
    return new TileBuilder(options.kernel, options.size, tiles)
  }

  get size(): number {
    return this.#size
  }

  /** An independent copy. */
  clone(): TileBuilder {
    return new TileBuilder(
      this.#kernel,
      this.#size,
      this.#partial.map((hashes) => [...hashes]),
    )
  }

  /** Adds one leaf hash (32 bytes) and returns the tiles that it completed, lowest level first. */
  append(leafHash: Uint8Array): Tile[] {
    const completed: Tile[] = []
    let carried = requireHash(leafHash)
    this.#size += 1
    for (let level = 0, position = this.#size; ; level += 1, position /= TILE_WIDTH) {
      const hashes = this.#level(level)
      hashes.push(carried)
      if (hashes.length < TILE_WIDTH) return completed
      completed.push({ level, index: position / TILE_WIDTH - 1, hashes: concatBytes(...hashes) })
      carried = perfectRoot(hashes, this.#kernel)
      hashes.length = 0
    }
  }

  /** Hashes of a level's partial tile: 0 to 255 of them, 32 bytes each. */
  partial(level: number): Uint8Array {
    return concatBytes(...(this.#partial[level] ?? []))
  }

  #level(level: number): Uint8Array[] {
    const known = this.#partial[level]
    if (known !== undefined) return known
    const fresh: Uint8Array[] = []
    this.#partial.push(fresh)
    return fresh
  }
}

function splitHashes(hashes: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, position) =>
    requireHash(hashes.slice(position * HASH_BYTES, (position + 1) * HASH_BYTES)),
  )
}

/** Root over a power of two of hashes. */
function perfectRoot(hashes: readonly Uint8Array[], kernel: Kernel): Uint8Array {
  let row = hashes
  while (row.length > 1) {
    const below = row
    row = Array.from({ length: below.length / 2 }, (_, position) =>
      kernel.nodeHash(at(below, position * 2), at(below, position * 2 + 1)),
    )
  }
  return at(row, 0)
}
