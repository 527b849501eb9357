/**
 * One-time pairs under one root (spec 05-prekeys-handshake 5.3; RFC 6962 section 2.1): the bundle's single signature
 * covers every pair, and each is served with its path.
 */
import { encodeOneTimeLeaf, type PublishedBundlePublishedOneTime } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { inclusionProof, leafHash, leafIndex, type ReadNode, rootOf, treeSize, verifyInclusion } from '@talos/merkle'

/** The public half of a one-time pair as it is served. */
export type PublishedOneTime = PublishedBundlePublishedOneTime

/** The public half of a one-time pair before the tree is made. */
export type OneTimePublic = Omit<PublishedOneTime, 'path'>

/** Root over the pairs in index order, and each pair with its path. */
export function oneTimeTree<Pair extends OneTimePublic>(
  kernel: Kernel,
  pairs: readonly Pair[],
): { readonly root: Uint8Array; readonly published: readonly (Pair & PublishedOneTime)[] } {
  const leaves = kernel.leafHashes(pairs.map((pair) => encodeOneTimeLeaf(pair)))
  const readNode = nodesOver(kernel, leaves)
  const size = treeSize(pairs.length)
  const pathOf = (index: number) => inclusionProof({ index: leafIndex(index), size, readNode, kernel })
  return { root: rootOf(leaves, kernel), published: pairs.map((pair) => ({ ...pair, path: pathOf(pair.index) })) }
}

/**
 * Checks that a served pair is the one at its index.
 *
 * @throws TalosError `SESSION_ONE_TIME_INVALID`
 */
export function verifyOneTime(
  kernel: Kernel,
  input: { readonly pair: PublishedOneTime; readonly root: Uint8Array; readonly count: number },
): void {
  const { pair, root, count } = input
  try {
    const leaf = leafHash(kernel, encodeOneTimeLeaf(pair))
    verifyInclusion({
      index: leafIndex(pair.index),
      size: treeSize(count),
      leafHash: leaf,
      proof: pair.path,
      root,
      kernel,
    })
  } catch (cause) {
    throw new TalosError('SESSION_ONE_TIME_INVALID', { index: pair.index }, { cause })
  }
}

/** Computes the perfect subtrees over the leaves once, so that all paths share them. */
function nodesOver(kernel: Kernel, leaves: readonly Uint8Array[]): ReadNode {
  const known = new Map<string, Uint8Array>(leaves.map((leaf, index) => [`0/${index}`, leaf]))
  const read: ReadNode = (level, index) => {
    const key = `${level}/${index}`
    const hash = known.get(key) ?? kernel.nodeHash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))
    known.set(key, hash)
    return hash
  }
  return read
}
