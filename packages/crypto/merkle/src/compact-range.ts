/**
 * The right edge of a growing tree: the roots of its perfect subtrees, largest first. It is all that appending needs.
 *
 * A tree of `n` leaves has one perfect subtree for each 1 bit of `n`, so the edge holds at most 53 hashes and an append
 * costs one node hash on average (RFC 6962 section 2.1, read from the right).
 */
import { concatBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { at, emptyRoot, HASH_BYTES, requireHash } from './hash.ts'
import { checked, MAX_TREE_SIZE, type TreeSize, treeSize } from './range.ts'

export class CompactRange {
  readonly #kernel: Kernel
  /** Roots of the perfect subtrees, largest first. */
  #roots: readonly Uint8Array[]
  #size: TreeSize

  private constructor(kernel: Kernel, size: TreeSize, roots: readonly Uint8Array[]) {
    this.#kernel = kernel
    this.#size = size
    this.#roots = roots
  }

  /** The edge of the empty tree. */
  static empty(kernel: Kernel): CompactRange {
    return new CompactRange(kernel, treeSize(0), [])
  }

  /**
   * Restores an edge that `edge()` wrote.
   *
   * @throws TalosError `MERKLE_RANGE`, or `MERKLE_EDGE_INVALID` when the bytes do not fit the size
   */
  static decode(options: { readonly kernel: Kernel; readonly size: number; readonly edge: Uint8Array }): CompactRange {
    const size = treeSize(options.size)
    const expected = countOnes(size)
    const actual = options.edge.length / HASH_BYTES
    if (actual !== expected) throw new TalosError('MERKLE_EDGE_INVALID', { expected, actual })
    return new CompactRange(options.kernel, size, splitEdge(options.edge))
  }

  get size(): TreeSize {
    return this.#size
  }

  /** An independent copy: appending to one leaves the other as it is. */
  clone(): CompactRange {
    return new CompactRange(this.#kernel, this.#size, this.#roots)
  }

  /** Adds one leaf by its 32-byte hash. Throws `MERKLE_HASH_LENGTH`, and `MERKLE_RANGE` when the tree is full. */
  append(leafHash: Uint8Array): void {
    const next = checked('size', this.#size + 1, MAX_TREE_SIZE) as TreeSize
    let carried = requireHash(leafHash)
    let keep = this.#roots.length
    // Each trailing 1 bit of the size is a perfect subtree as large as the carried one: the two become one node.
    for (let rest = this.#size as number; rest % 2 === 1; rest = (rest - 1) / 2) {
      keep -= 1
      carried = this.#kernel.nodeHash(at(this.#roots, keep), carried)
    }
    this.#roots = [...this.#roots.slice(0, keep), carried]
    this.#size = next
  }

  /**
   * Hashes and adds leaves in one call of the kernel.
   *
   * @param leaves 65,536 at most
   * @returns their hashes, 32 bytes each, in their order
   * @throws TalosError `MERKLE_RANGE` when the tree would be larger than it can be, `KERNEL_PARAMETER` for more leaves
   */
  appendLeaves(leaves: readonly Uint8Array[]): readonly Uint8Array[] {
    const next = checked('size', this.#size + leaves.length, MAX_TREE_SIZE) as TreeSize
    const { leafHashes, edge } = this.#kernel.appendLeaves({ size: this.#size, edge: this.edge(), leaves })
    this.#roots = splitEdge(edge)
    this.#size = next
    return leafHashes
  }

  /** Root of the tree, 32 bytes. */
  root(): Uint8Array {
    const [last, ...larger] = this.#roots.toReversed()
    if (last === undefined) return emptyRoot(this.#kernel)
    return larger.reduce((right, left) => this.#kernel.nodeHash(left, right), last)
  }

  /** The edge's hashes, largest subtree first, 32 bytes each: 0 to 53 of them, one for each 1 bit of the size. */
  edge(): Uint8Array {
    return concatBytes(...this.#roots)
  }
}

/** Root of the tree over the given leaf hashes (32 bytes each). */
export function rootOf(leafHashes: Iterable<Uint8Array>, kernel: Kernel): Uint8Array {
  const range = CompactRange.empty(kernel)
  for (const hash of leafHashes) range.append(hash)
  return range.root()
}

function splitEdge(edge: Uint8Array): readonly Uint8Array[] {
  const roots: Uint8Array[] = []
  for (let start = 0; start < edge.length; start += HASH_BYTES) roots.push(edge.slice(start, start + HASH_BYTES))
  return roots
}

function countOnes(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2
  return ones
}
