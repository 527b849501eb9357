/**
 * Comparing two checkpoints of one log, and an entry with one, by tiles (contracts/spec/24-light-client.md, clause 24.5).
 * Nothing that a tile says counts before it hashes up to a root that the log signed.
 */
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  type Checkpoint,
  consistencyProof,
  HASH_BYTES,
  inclusionProof,
  leafIndex,
  nodeReader,
  type ReadNode,
  rootAt,
  TILE_BYTES,
  type TileId,
  type TreeSize,
  tileWidth,
  verifyConsistency,
  verifyInclusion,
} from '@talos/merkle'
import type { LogSource } from './source.ts'

type Head = Pick<Checkpoint, 'size' | 'root'>

interface World {
  readonly source: LogSource
  readonly kernel: Kernel
}

/** That one signed tree is not the beginning of another signed one. */
export interface Contradiction {
  /** Root that the larger tree has at the size of the smaller, 32 bytes; undefined for two trees of one size. */
  readonly root: Uint8Array | undefined
  /** Consistency proof from `root` to the larger tree. */
  readonly proof: readonly Uint8Array[]
}

/**
 * Compares two trees that the log signed.
 *
 * @param options `first` is not larger than `second`
 * @returns undefined when `first` is the beginning of `second`
 * @throws TalosError `LIGHT_TILES` when the source's tiles are not those of `second`, `LIGHT_SOURCE_INVALID`
 */
export async function contradictionOf(
  options: World & { readonly first: Head; readonly second: Head },
): Promise<Contradiction | undefined> {
  const { first, second, kernel } = options
  const { size: from, root: fromRoot } = first
  const { size: to, root: toRoot } = second
  if (from === to) return equalBytes(fromRoot, toRoot) ? undefined : { root: undefined, proof: [] }
  const read = (readNode: ReadNode) => ({
    proof: consistencyProof({ from, to, readNode, kernel }),
    root: rootAt({ size: from, readNode, kernel }),
  })
  const { proof, root } = await overTiles({ ...options, size: to, read })
  authentic(to, () => verifyConsistency({ from, to, fromRoot: root, toRoot, proof, kernel }))
  return equalBytes(root, fromRoot) ? undefined : { root, proof }
}

/**
 * The leaf hash at a place of a signed tree, 32 bytes.
 *
 * @throws TalosError `LIGHT_TILES`, `LIGHT_SOURCE_INVALID`, `MERKLE_RANGE`
 */
export async function leafHashAt(
  options: World & { readonly index: number; readonly tree: Head },
): Promise<Uint8Array> {
  const { tree, kernel } = options
  const { size, root } = tree
  const index = leafIndex(options.index)
  const read = (readNode: ReadNode) => ({
    leafHash: readNode(0, index),
    proof: inclusionProof({ index, size, readNode, kernel }),
  })
  const { leafHash, proof } = await overTiles({ ...options, size, read })
  authentic(size, () => verifyInclusion({ index, size, leafHash, proof, root, kernel }))
  return leafHash
}

/** Tiles in which no hash is known: which are read does not depend on what they hold. */
const UNKNOWN_TILE = new Uint8Array(TILE_BYTES)

/** Runs a computation over nodes twice: to learn which tiles it reads, and once they are there. */
async function overTiles<T>({
  source,
  size,
  kernel,
  read,
}: World & { readonly size: TreeSize; readonly read: (readNode: ReadNode) => T }): Promise<T> {
  const wanted = new Map<string, TileId>()
  const record = (tile: TileId) => {
    wanted.set(keyOf(tile), tile)
    return UNKNOWN_TILE
  }
  read(nodeReader(record, kernel))
  const fetched = [...wanted].map(async ([key, { level, index }]) => {
    return [key, await fetchTile(source, { level, index, width: tileWidth({ level, index, size }) })] as const
  })
  const tiles = new Map(await Promise.all(fetched))
  // Which nodes are read is the same both times, so that the tile is there.
  return read(nodeReader((tile) => tiles.get(keyOf(tile)) as Uint8Array, kernel))
}

function keyOf({ level, index }: TileId): string {
  return `${level}/${index}`
}

async function fetchTile(source: LogSource, tile: TileId & { readonly width: number }): Promise<Uint8Array> {
  const hashes = await source.tile(tile)
  if (hashes.length !== tile.width * HASH_BYTES) throw new TalosError('LIGHT_SOURCE_INVALID', { what: 'a tile' })
  return hashes
}

function authentic(size: number, verify: () => void): void {
  try {
    verify()
  } catch (cause) {
    throw new TalosError('LIGHT_TILES', { size }, { cause })
  }
}
