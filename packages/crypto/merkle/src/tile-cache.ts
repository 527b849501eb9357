/**
 * Tiles with every node above their hashes, so that a proof reads a node instead of computing up to 255 of them.
 *
 * A node of the tree never changes once all of its leaves are there, so what is kept stays right while the tree grows; an
 * incomplete tile is read again when more of it is asked for, and only what it gained is hashed.
 */
import type { Kernel } from '@talos/kernel'
import { HASH_BYTES, requireHash } from './hash.ts'
import type { ReadNode } from './proof.ts'
import { type ReadTile, TILE_HEIGHT, TILE_WIDTH } from './tiles.ts'

/** A tile of 256 hashes and its 255 nodes. */
export const EXPANDED_TILE_BYTES = (2 * TILE_WIDTH - 1) * HASH_BYTES
/** What a cache holds where nothing else is said: 64 tiles. A proof of ten million leaves reads four. */
export const DEFAULT_TILE_CACHE_BYTES = 64 * EXPANDED_TILE_BYTES
/** The most that a cache is given: 4,100 tiles, which hold a million leaves. */
export const MAX_TILE_CACHE_BYTES = 64 * 1024 * 1024

export interface TileCacheOptions {
  readonly readTile: ReadTile
  readonly kernel: Kernel
  /** `DEFAULT_TILE_CACHE_BYTES` where it is left out, `MAX_TILE_CACHE_BYTES` at most; at least one tile is kept. */
  readonly limitBytes?: number
}

export class TileCache {
  readonly #readTile: ReadTile
  readonly #kernel: Kernel
  readonly #limit: number
  /** Least recently used first. */
  readonly #tiles = new Map<number, ExpandedTile>()

  constructor({ readTile, kernel, limitBytes = DEFAULT_TILE_CACHE_BYTES }: TileCacheOptions) {
    this.#readTile = readTile
    this.#kernel = kernel
    this.#limit = Math.max(1, Math.floor(Math.min(limitBytes, MAX_TILE_CACHE_BYTES) / EXPANDED_TILE_BYTES))
  }

  /**
   * The hash of a node, 32 bytes of its own.
   *
   * @throws TalosError `MERKLE_HASH_LENGTH` when its tile is shorter than asked for; what `readTile` throws
   */
  readonly readNode: ReadNode = (nodeLevel, nodeIndex) => {
    const level = Math.floor(nodeLevel / TILE_HEIGHT)
    const height = nodeLevel % TILE_HEIGHT
    const span = 2 ** height
    const first = nodeIndex * span
    const index = Math.floor(first / TILE_WIDTH)
    const position = first % TILE_WIDTH
    const tile = this.#tile({ level, index, width: position + span })
    return tile.node(height, position / span)
  }

  /** Forgets everything: the tree is another one. */
  clear(): void {
    this.#tiles.clear()
  }

  #tile(wanted: Parameters<ReadTile>[0]): ExpandedTile {
    const key = wanted.index * TILE_HEIGHT + wanted.level
    const tile = this.#tiles.get(key) ?? new ExpandedTile(this.#kernel)
    if (tile.width < wanted.width) tile.grow(this.#readTile(wanted), wanted.width)
    this.#tiles.delete(key)
    this.#tiles.set(key, tile)
    if (this.#tiles.size > this.#limit) for (const oldest of this.#tiles.keys()) return this.#dropped(oldest, tile)
    return tile
  }

  #dropped(oldest: number, tile: ExpandedTile): ExpandedTile {
    this.#tiles.delete(oldest)
    return tile
  }
}

/**
 * A node reader over tiles with a small cache of its own.
 *
 * @throws TalosError (the reader) `MERKLE_HASH_LENGTH` when a tile is shorter than asked for
 */
export function nodeReader(readTile: ReadTile, kernel: Kernel): ReadNode {
  return new TileCache({ readTile, kernel }).readNode
}

/** Hashes of a tile and the nodes above them, row by row: row `h` begins where the rows of 256, 128, ... below it end. */
class ExpandedTile {
  readonly #kernel: Kernel
  readonly #nodes = new Uint8Array(EXPANDED_TILE_BYTES)
  width = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  node(height: number, index: number): Uint8Array {
    const start = offsetOf(height, index)
    return this.#nodes.slice(start, start + HASH_BYTES)
  }

  /** Takes over a tile of `width` hashes or more. */
  grow(hashes: Uint8Array, width: number): void {
    requireHash(hashes.subarray((width - 1) * HASH_BYTES, width * HASH_BYTES))
    const before = this.width
    const count = Math.min(TILE_WIDTH, Math.floor(hashes.length / HASH_BYTES))
    this.#nodes.set(hashes.subarray(0, count * HASH_BYTES))
    if (before === 0) this.#expand(hashes.subarray(0, count * HASH_BYTES))
    else this.#complete(before, count)
    this.width = count
  }

  #expand(hashes: Uint8Array): void {
    const above = this.#kernel.hashUp(hashes)
    let start = 0
    for (let height = 1, row = hashes.length / HASH_BYTES / 2; row >= 1; height += 1, row /= 2) {
      const end = start + Math.floor(row) * HASH_BYTES
      this.#nodes.set(above.subarray(start, end), offsetOf(height, 0))
      start = end
      row = Math.floor(row)
    }
  }

  /** Hashes the nodes that have all of their leaves since there are `count` instead of `before`. */
  #complete(before: number, count: number): void {
    for (let height = 1; height <= TILE_HEIGHT; height += 1) {
      const span = 2 ** height
      for (let index = Math.floor(before / span); (index + 1) * span <= count; index += 1) {
        const [left, right] = [this.node(height - 1, 2 * index), this.node(height - 1, 2 * index + 1)]
        this.#nodes.set(this.#kernel.nodeHash(left, right), offsetOf(height, index))
      }
    }
  }
}

function offsetOf(height: number, index: number): number {
  return (2 * TILE_WIDTH - 2 ** (TILE_HEIGHT + 1 - height) + index) * HASH_BYTES
}
