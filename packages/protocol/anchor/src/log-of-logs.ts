/** Growing a log of logs whose every node is kept (contracts/spec/25-anchor.md, clause 25.2): one leaf at a time, as in RFC 6962. */
import type { Kernel } from '@talos/kernel'
import type { ReadNode } from '@talos/merkle'

/** A node of the tree: `position` counts the nodes of its level, leaves being level 0. */
export interface TreeNode {
  readonly level: number
  readonly position: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

/**
 * The nodes that a leaf completes, its own first: all of whose leaves exist once it is there.
 *
 * @param options.index of the new leaf
 * @param options.leafHash 32 bytes
 * @param options.readNode reads nodes that earlier leaves completed
 */
export function completedNodes(options: {
  readonly index: number
  readonly leafHash: Uint8Array
  readonly readNode: ReadNode
  readonly kernel: Kernel
}): readonly TreeNode[] {
  const { index, leafHash, readNode, kernel } = options
  const nodes: TreeNode[] = [{ level: 0, position: index, hash: leafHash }]
  let hash = leafHash
  let position = index
  for (let level = 0; position % 2 === 1; level += 1) {
    hash = kernel.nodeHash(readNode(level, position - 1), hash)
    position = (position - 1) / 2
    nodes.push({ level: level + 1, position, hash })
  }
  return nodes
}
