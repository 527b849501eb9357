/**
 * Tiles of the tree (C2SP tlog-tiles, height 8): how 256 hashes at a time are named, stored and read.
 *
 * Tile `(level, index)` holds the nodes of tree level `8 * level` from `256 * index` on. Only whole tiles are immutable;
 * the partial ones form the right edge. Nodes between two tile levels are recomputed from the tile below them (`tile-cache.ts`).
 */
import { concatBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { HASH_BYTES, requireHash } from './hash.ts'
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

/** What a run of leaves is to a tree of tiles. */
export interface LeafRun {
  /** 32 bytes each, in one piece. */
  readonly leafHashes: Uint8Array
  /** For each whole tile that the run completes, the root of its 256 leaves: 32 bytes each, in one piece. */
  readonly tileRoots: Uint8Array
}

/** Collects leaf hashes into tiles: whole ones are handed out, partial ones stay inside as the tree's edge. */
export class TileBuilder {
  readonly #kernel: Kernel
  /** Hashes of each level's partial tile; a change makes another array. */
  readonly #partial: Uint8Array[]
  #size: number

  private constructor(kernel: Kernel, size: number, partial: Uint8Array[]) {
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
    const tiles: Uint8Array[] = []
    for (let level = 0, nodes: number = options.size; nodes > 0; level += 1, nodes = Math.floor(nodes / TILE_WIDTH)) {
      const expected = nodes % TILE_WIDTH
      const hashes = options.partial(level)
      const actual = hashes.length / HASH_BYTES
      if (actual !== expected) throw new TalosError('MERKLE_EDGE_INVALID', { expected, actual })
      tiles.push(new Uint8Array(hashes))
    }
    return new TileBuilder(options.kernel, options.size, tiles)
  }

  get size(): number {
    return this.#size
  }

  /** An independent copy. */
  clone(): TileBuilder {
    return new TileBuilder(this.#kernel, this.#size, [...this.#partial])
  }

  /** Adds one leaf hash (32 bytes) and returns the tiles that it completed, lowest level first. */
  append(leafHash: Uint8Array): Tile[] {
    const tiles = this.#add(0, requireHash(leafHash))
    this.#size += 1
    return tiles
  }

  /** Adds many leaf hashes; returns the tiles that they completed, each above the last of its own. */
  appendRun({ leafHashes, tileRoots }: LeafRun): Tile[] {
    const tiles: Tile[] = []
    for (let start = 0, tile = 0; start < leafHashes.length; tile += 1) {
      const end = Math.min(leafHashes.length, start + TILE_BYTES - this.partial(0).length)
      const root = tileRoots.subarray(tile * HASH_BYTES, (tile + 1) * HASH_BYTES)
      tiles.push(...this.#add(0, leafHashes.subarray(start, end), root))
      this.#size += (end - start) / HASH_BYTES
      start = end
    }
    return tiles
  }

  /** Hashes of a level's partial tile: 0 to 255 of them, 32 bytes each. */
  partial(level: number): Uint8Array {
    return this.#partial[level] ?? NO_HASHES
  }

  /** Adds hashes that fit the level's tile, whose root is `root` where it then is whole; computed where none is given. */
  #add(level: number, added: Uint8Array, root: Uint8Array = NO_HASHES): Tile[] {
    const hashes = concatBytes(this.partial(level), added)
    if (hashes.length < TILE_BYTES) {
      this.#partial[level] = hashes
      return []
    }
    this.#partial[level] = NO_HASHES
    const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
    const carried = root.length === 0 ? this.#kernel.hashUp(hashes).slice(-HASH_BYTES) : root
    return [{ level, index, hashes }, ...this.#add(level + 1, carried)]
  }
}

const NO_HASHES = new Uint8Array(0)
