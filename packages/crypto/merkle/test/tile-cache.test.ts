/** Expanded tiles: the same nodes as computed one by one, whatever is kept, forgotten or grown. */
import { loadKernel } from '@talos/kernel'
import {
  DEFAULT_TILE_CACHE_BYTES,
  EXPANDED_TILE_BYTES,
  MAX_TILE_CACHE_BYTES,
  rootOf,
  TILE_BYTES,
  TileBuilder,
  TileCache,
  type TileId,
} from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { naiveLeaf } from './naive.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const leaves = Array.from({ length: 1024 }, (_, index) => naiveLeaf(String(index)))

function bytesOf(from: number, to: number): Uint8Array {
  return new Uint8Array(Buffer.concat(leaves.slice(from, to)))
}

function nodeOf(level: number, index: number): Uint8Array {
  return rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level), kernel)
}

/** A cache over the leaves, and the tiles that it has read. */
function cacheOf(limitBytes?: number) {
  const read: number[] = []
  const readTile = ({ level, index }: TileId) => {
    read.push(index)
    if (level === 1) return new Uint8Array(Buffer.concat([0, 1, 2, 3].map((tile) => nodeOf(8, tile))))
    return bytesOf(index * 256, (index + 1) * 256)
  }
  return { cache: new TileCache({ readTile, kernel, ...(limitBytes !== undefined && { limitBytes }) }), read }
}

describe('a cache of expanded tiles', () => {
  it('gives every node of the tree, and reads each tile once', () => {
    const { cache, read } = cacheOf()
    for (let level = 0; level <= 10; level += 1) {
      for (let index = 0; (index + 1) * 2 ** level <= 1024; index += 1) {
        if (level < 2 && index % 17 !== 0) continue
        expect(cache.readNode(level, index)).toEqual(nodeOf(level, index))
      }
    }
    expect(read.toSorted((one, other) => one - other)).toEqual([0, 0, 1, 2, 3])
  })

  it('keeps to its limit, and lets go of what was not used for the longest time', () => {
    const { cache, read } = cacheOf(2 * EXPANDED_TILE_BYTES)
    for (const leaf of [0, 256, 0, 512, 0, 256]) cache.readNode(0, leaf)
    expect(read).toEqual([0, 1, 2, 1])
    expect(DEFAULT_TILE_CACHE_BYTES).toBeLessThan(MAX_TILE_CACHE_BYTES)
  })

  it('keeps one tile at least, and forgets it when it is told to', () => {
    const { cache, read } = cacheOf(0)
    cache.readNode(0, 0)
    cache.readNode(0, 1)
    cache.readNode(0, 256)
    cache.clear()
    cache.readNode(0, 256)
    expect(read).toEqual([0, 1, 1])
  })

  it('hashes only what an incomplete tile gained, and gives the same nodes as at once', () => {
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(sizes, (unsorted) => {
        const grown = new TileCache({ readTile: ({ width }) => bytesOf(0, width), kernel })
        for (const size of unsorted.toSorted((one, other) => one - other)) {
          expect(grown.readNode(0, size - 1)).toEqual(leaves[size - 1])
          for (let level = 1; level < 8 && 2 ** level <= size; level += 1) {
            const index = Math.floor(size / 2 ** level) - 1
            expect(grown.readNode(level, index)).toEqual(nodeOf(level, index))
          }
        }
      }),
      { seed: 42, numRuns: 60 },
    )
  })

  it('takes no more than 256 hashes of a tile, and refuses one that is too short', () => {
    const long = new TileCache({ readTile: () => bytesOf(0, 300), kernel })
    expect(long.readNode(7, 1)).toEqual(nodeOf(7, 1))
    const short = new TileCache({ readTile: () => bytesOf(0, 3), kernel })
    expect(() => short.readNode(2, 0)).toThrow(expect.objectContaining({ code: 'MERKLE_HASH_LENGTH' }))
  })
})

describe('a run of leaves', () => {
  it('completes the same tiles as its leaves one by one, at every place in a tile', () => {
    fc.assert(
      fc.property(fc.nat(520), fc.nat(504), (before, more) => {
        const one = TileBuilder.empty(kernel)
        for (const leaf of leaves.slice(0, before)) one.append(leaf)
        const other = one.clone()
        const tiles = leaves.slice(before, before + more).flatMap((leaf) => one.append(leaf))
        const { tileRoots } = kernel.appendBundle(bundleFrom(before, more))
        expect(tileRoots).toHaveLength(32 * (Math.floor((before + more) / 256) - Math.floor(before / 256)))
        const ends = Array.from({ length: 4 }, (_, tile) => (tile + 1) * 256)
        const roots = ends.filter((end) => end > before && end <= before + more).map((end) => nodeOf(8, end / 256 - 1))
        const run = { leafHashes: bytesOf(before, before + more), tileRoots: new Uint8Array(Buffer.concat(roots)) }
        expect(other.appendRun(run)).toEqual(tiles)
        expect([other.size, other.partial(0), other.partial(1)]).toEqual([one.size, one.partial(0), one.partial(1)])
      }),
      { seed: 42, numRuns: 40 },
    )
    expect(TILE_BYTES).toBe(256 * 32)
  })
})

/** As many empty entries at that place; their edge is arbitrary. */
function bundleFrom(size: number, count: number) {
  const ones = size.toString(2).replaceAll('0', '').length
  return { size, edge: new Uint8Array(size === 0 ? 0 : 32 * ones), bundle: new Uint8Array(2 * count) }
}
