/**
 * Hashes of a Merkle tree (RFC 6962, section 2.1), one by one and in runs: specification 20.4, 20.21 and 20.22.
 *
 *     leaf = SHA-256(0x00 || data)      node = SHA-256(0x01 || left || right)
 *
 * What is hashed is public, so the hashes are written through text, which in Node is four times as fast as a buffer for
 * each, and the blocks that are hashed are kept and not erased. Nothing here calls back, so each serves one call at a time.
 */
import { requireLength, requireWithin } from './arguments.ts'
import type { HashEngine } from './engines.ts'
import { subtreesOf } from './evidence.ts'
import { type AppendedBundle, BATCH_MAX_ENTRIES, type BundleToAppend, type Kernel, SHA256_BYTES } from './kernel.ts'
import { bundleLengths, requireTile } from './tree-arguments.ts'

const HASH = SHA256_BYTES
const LEAF_PREFIX_BYTES = 1
const NODE_PREFIX = 1
/** Node block: prefix, left, right. */
const LEFT = 1
const RIGHT = LEFT + HASH
const NODE_BYTES = RIGHT + HASH
/** Longer leaves are rare and get a block of their own. */
const KEPT_LEAF_BYTES = 16_384
/** Perfect subtrees of the largest tree. */
const MAX_EDGE = 53
/** Tree levels of a tile, which has 256 leaves. */
const TILE_HEIGHT = 8
const TILE_WIDTH = 2 ** TILE_HEIGHT

type TreeMethods = Pick<Kernel, 'leafHashes' | 'nodeHash' | 'appendBundle' | 'hashUp'>

export function treeMethods(engine: HashEngine): TreeMethods {
  const blocks = new Blocks(engine)
  return {
    leafHashes: (leaves) => leaves.map((leaf) => blocks.leaf(leaf)),
    nodeHash: (left, right) => {
      requireLength('left', left, HASH)
      requireLength('right', right, HASH)
      return blocks.node(left, right)
    },
    appendBundle: (input) => appendBundle(engine, blocks, input),
    hashUp: (hashes) => {
      requireTile(hashes)
      return blocks.hashUp(hashes)
    },
  }
}

/** Memory of its own buffer: a short array would lie on the engine's heap, where writing text into it is slow. */
function bytesOf(lengthBytes: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(lengthBytes))
}

/** The blocks that are hashed. */
class Blocks {
  readonly #engine: HashEngine
  readonly #leaf = bytesOf(LEAF_PREFIX_BYTES + KEPT_LEAF_BYTES)
  /** Prefix, left, right. */
  readonly #node = bytesOf(NODE_BYTES)
  readonly #ontoRight: (data: Uint8Array, offset: number) => void
  readonly #answer = bytesOf(HASH)
  readonly #toAnswer: (data: Uint8Array, offset: number) => void

  constructor(engine: HashEngine) {
    this.#engine = engine
    this.#node.set([NODE_PREFIX])
    this.#ontoRight = engine.hasherInto(this.#node)
    this.#toAnswer = engine.hasherInto(this.#answer)
  }

  leaf(leaf: Uint8Array): Uint8Array {
    this.#toAnswer(this.leafBlock(leaf), 0)
    return this.#answer.slice()
  }

  node(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.#node.set(left, LEFT)
    this.#node.set(right, RIGHT)
    this.#toAnswer(this.#node, 0)
    return this.#answer.slice()
  }

  /** What is hashed for a leaf; valid until the next one. */
  leafBlock(leaf: Uint8Array): Uint8Array {
    const length = LEAF_PREFIX_BYTES + leaf.length
    const block = length <= this.#leaf.length ? this.#leaf.subarray(0, length) : new Uint8Array(length)
    // The prefix of a leaf is zero, as the first byte of a new block, which nothing writes to.
    block.set(leaf, LEAF_PREFIX_BYTES)
    return block
  }

  /** The hash that stands on the right side of the node block. */
  get carried(): Uint8Array {
    return this.#node.subarray(RIGHT)
  }

  carry(hash: Uint8Array): void {
    this.#node.set(hash, RIGHT)
  }

  /** Makes the carried hash and the one on its left one node, which is carried on. */
  join(left: Uint8Array): void {
    this.#node.set(left, LEFT)
    this.#ontoRight(this.#node, RIGHT)
  }

  /** Rows of the nodes above `hashes`, the lowest first. */
  hashUp(hashes: Uint8Array): Uint8Array {
    let count = hashes.length / HASH
    const nodes = bytesOf(nodesAbove(count) * HASH)
    const into = this.#engine.hasherInto(nodes)
    let row = hashes
    for (let end = 0; count > 1; ) {
      const start = end
      count = Math.floor(count / 2)
      for (let position = 0; position < count; position += 1) {
        this.#node.set(row.subarray(2 * position * HASH, 2 * (position + 1) * HASH), LEFT)
        into(this.#node, end)
        end += HASH
      }
      row = nodes.subarray(start, end)
    }
    return nodes
  }
}

/** Nodes whose leaves are all among `count`: half of them, a quarter, and so on. */
export function nodesAbove(count: number): number {
  let nodes = 0
  for (let row = Math.floor(count / 2); row > 0; row = Math.floor(row / 2)) nodes += row
  return nodes
}

/** Leaves of the tree that complete a tile among those from `size` to `size + count`. */
export function tilesWithin(size: number, count: number): number {
  return Math.floor((size + count) / TILE_WIDTH) - Math.floor(size / TILE_WIDTH)
}

/** Throws `KERNEL_PARAMETER` and `KERNEL_ARGUMENT` as 20.21 states it; returns the lengths of the entries. */
export function requireBundle({ size, edge, bundle }: BundleToAppend): readonly number[] {
  const lengths = bundleLengths(bundle)
  requireWithin('entries', lengths.length, { minimum: 0, maximum: BATCH_MAX_ENTRIES })
  requireWithin('size', size, { minimum: 0, maximum: Number.MAX_SAFE_INTEGER - lengths.length })
  requireLength('edge', edge, HASH * subtreesOf(size))
  return lengths
}

function appendBundle(engine: HashEngine, blocks: Blocks, input: BundleToAppend): AppendedBundle {
  const lengths = requireBundle(input)
  const leafHashes = bytesOf(lengths.length * HASH)
  const intoLeaves = engine.hasherInto(leafHashes)
  const edge = bytesOf(MAX_EDGE * HASH)
  edge.set(input.edge)
  let depth = input.edge.length / HASH
  const tileRoots = new Uint8Array(tilesWithin(input.size, lengths.length) * HASH)
  let tiles = 0
  let offset = 0
  for (const [position, length] of lengths.entries()) {
    intoLeaves(blocks.leafBlock(input.bundle.subarray(offset + 2, offset + 2 + length)), position * HASH)
    offset += 2 + length
    blocks.carry(leafHashes.subarray(position * HASH, (position + 1) * HASH))
    // Each trailing 1 bit of the size is a perfect subtree as large as the carried one: the two become one node.
    let rest = input.size + position
    for (let height = 1; rest % 2 === 1; height += 1) {
      depth -= 1
      blocks.join(edge.subarray(depth * HASH, (depth + 1) * HASH))
      if (height === TILE_HEIGHT) tileRoots.set(blocks.carried, HASH * tiles++)
      rest = (rest - 1) / 2
    }
    edge.set(blocks.carried, depth * HASH)
    depth += 1
  }
  return {
    leafHashes,
    tileRoots,
    edge: edge.slice(0, depth * HASH),
    root: fold(engine, blocks, edge.subarray(0, depth * HASH)),
  }
}

/** Root of a tree from its edge. */
function fold(engine: HashEngine, blocks: Blocks, edge: Uint8Array): Uint8Array {
  if (edge.length === 0) return engine.sha256(edge)
  let start = edge.length - HASH
  blocks.carry(edge.subarray(start))
  for (; start > 0; start -= HASH) blocks.join(edge.subarray(start - HASH, start))
  return blocks.carried.slice()
}
