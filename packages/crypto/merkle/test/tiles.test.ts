/** Tiles: what a builder hands out and keeps inside is the whole tree, at the sizes where levels begin. */
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import {
  CompactRange,
  consistencyProof,
  inclusionProof,
  leafIndex,
  nodeReader,
  rootAt,
  TILE_BYTES,
  TILE_WIDTH,
  TileBuilder,
  type TileId,
  tilePath,
  tileWidth,
  treeSize,
  verifyConsistency,
  verifyInclusion,
} from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { naiveLeaf, sha256 } from './naive.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')

/** A tree of just over 65,536 leaves, so that it has tiles of three levels, with its roots at some sizes. */
const SIZE = TILE_WIDTH ** 2 + TILE_WIDTH + 3
const leaves = Array.from({ length: SIZE }, (_, position) => naiveLeaf(String(position)))
const stored = new Map<string, Uint8Array>()
const builder = TileBuilder.empty(kernel)
const range = CompactRange.empty(kernel)
const roots = new Map<number, Uint8Array>()
for (const leaf of leaves) {
  for (const { level, index, hashes } of builder.append(leaf)) stored.set(`${level}/${index}`, hashes)
  range.append(leaf)
  if (range.size % 1021 === 0 || range.size % TILE_WIDTH === 0 || range.size > SIZE - 5) {
    roots.set(range.size, range.root())
  }
}

function readTile({ level, index }: TileId): Uint8Array {
  return stored.get(`${level}/${index}`) ?? builder.partial(level)
}

const readNode = nodeReader(readTile, kernel)

describe('tiles of a tree with three levels', () => {
  it('give the root that the tree had at every size', () => {
    expect(roots.size).toBeGreaterThan(300)
    for (const [size, root] of roots) expect(rootAt({ size: treeSize(size), readNode, kernel })).toEqual(root)
  })

  it('give proofs that verify, for any leaf and any two sizes', () => {
    const sizes = fc.constantFrom(...roots.keys())
    fc.assert(
      fc.property(sizes, sizes, fc.nat(), (one, other, position) => {
        const to = treeSize(Math.max(one, other))
        const from = treeSize(Math.min(one, other))
        const index = leafIndex(position % to)
        const root = roots.get(to)!
        const proof = inclusionProof({ index, size: to, readNode, kernel })
        verifyInclusion({ index, size: to, leafHash: leaves[index]!, proof, root, kernel })
        const extension = consistencyProof({ from, to, readNode, kernel })
        verifyConsistency({ from, to, fromRoot: roots.get(from)!, toRoot: root, proof: extension, kernel })
      }),
      { seed: 42, numRuns: 60 },
    )
  })

  it('hold 256 hashes each, and the hash of a whole tile stands in the one above it', () => {
    expect([...stored.values()].every((hashes) => hashes.length === TILE_BYTES)).toBe(true)
    expect(stored.size).toBe(TILE_WIDTH + 1 + 1)
    const pair = (hashes: Uint8Array): Uint8Array => sha256(Uint8Array.of(1), hashes)
    let row = stored.get('0/7')!
    while (row.length > 32) {
      const parts = Array.from({ length: row.length / 64 }, (_, at) => pair(row.subarray(at * 64, at * 64 + 64)))
      row = new Uint8Array(Buffer.concat(parts))
    }
    expect(stored.get('1/0')!.slice(7 * 32, 8 * 32)).toEqual(row)
  })

  it('count their hashes as the size says', () => {
    const size = treeSize(SIZE)
    expect(tileWidth({ level: 0, index: 0, size })).toBe(TILE_WIDTH)
    expect(tileWidth({ level: 0, index: TILE_WIDTH + 1, size })).toBe(3)
    expect(tileWidth({ level: 0, index: TILE_WIDTH + 2, size })).toBe(0)
    expect(tileWidth({ level: 1, index: 1, size })).toBe(1)
    expect(tileWidth({ level: 2, index: 0, size })).toBe(1)
    expect(tileWidth({ level: 3, index: 0, size })).toBe(0)
  })

  it('are refused when they are shorter than the node that is asked for', () => {
    const short = nodeReader(() => new Uint8Array(31), kernel)
    expect(codeOf(() => short(0, 0))).toBe('MERKLE_HASH_LENGTH')
    const half = nodeReader(({ width }) => new Uint8Array(32 * (width - 1)), kernel)
    expect(codeOf(() => half(3, 0))).toBe('MERKLE_HASH_LENGTH')
  })
})

describe('a builder of tiles', () => {
  it('goes on after a restart as if there had been none, at every size around a tile', () => {
    for (const size of [0, 1, 255, 256, 257, 511, 512]) {
      const first = TileBuilder.empty(kernel)
      for (const leaf of leaves.slice(0, size)) first.append(leaf)
      const restored = TileBuilder.restore({ kernel, size: treeSize(size), partial: (level) => first.partial(level) })
      for (const leaf of leaves.slice(size, size + 300)) expect(restored.append(leaf)).toEqual(first.append(leaf))
      expect(restored.size).toBe(size + 300)
      expect([0, 1, 2].map((level) => restored.partial(level))).toEqual([0, 1, 2].map((level) => first.partial(level)))
    }
  })

  it('is copied by clone: appending to the one leaves the other', () => {
    const original = TileBuilder.empty(kernel)
    original.append(leaves[0]!)
    const copy = original.clone()
    copy.append(leaves[1]!)
    expect(original.partial(0)).toEqual(leaves[0])
    expect(copy.size).toBe(2)
  })

  it('is not restored from tiles that do not fit its size', () => {
    const restore = (size: number, lengthBytes: number) => () =>
      TileBuilder.restore({ kernel, size: treeSize(size), partial: () => new Uint8Array(lengthBytes) })
    expect([restore(3, 64), restore(3, 97), restore(256, 0)].map(codeOf)).toEqual(
      Array.from({ length: 3 }, () => 'MERKLE_EDGE_INVALID'),
    )
  })

  it('refuses a leaf hash of another length', () => {
    expect(codeOf(() => TileBuilder.empty(kernel).append(new Uint8Array(31)))).toBe('MERKLE_HASH_LENGTH')
  })
})

describe('the path of a tile', () => {
  it('is refused beyond the levels, widths and indexes that exist', () => {
    const paths = [
      { level: -1, index: 0, width: 1 },
      { level: 7, index: 0, width: 1 },
      { level: 0, index: -1, width: 1 },
      { level: 0, index: 0, width: 0 },
      { level: 0, index: 0, width: 257 },
    ]
    expect(paths.map((path) => codeOf(() => tilePath(path)))).toEqual(paths.map(() => 'MERKLE_RANGE'))
  })
})

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : 'a foreign error'
  }
  return 'accepted'
}
