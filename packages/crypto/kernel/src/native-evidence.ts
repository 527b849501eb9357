/** Signed evidence and trees on the native module: a run of any length is one call. */
import { requireLength } from './arguments.ts'
import { requireEntries, requireEnvelopes, requireLeaves, subtreesOf } from './evidence.ts'
import { type Kernel, SHA256_BYTES } from './kernel.ts'
import { lengthsOf, type NativeBridge } from './native-block.ts'
import { nodesAbove, requireBundle, tilesWithin } from './tree.ts'
import { requireTile } from './tree-arguments.ts'

type EvidenceMethods = Pick<
  Kernel,
  'verifyEnvelopes' | 'verifyEntries' | 'leafHashes' | 'nodeHash' | 'appendLeaves' | 'appendBundle' | 'hashUp'
>

const HASH = SHA256_BYTES
/** A hash, then 1 where the signature holds. */
const VERDICT_BYTES = HASH + 1
/** A word holds 32 bits of a tree's size. */
const WORD = 2 ** 32

export function nativeEvidence({ module, block }: NativeBridge): EvidenceMethods {
  return {
    verifyEnvelopes: (items) => {
      requireEnvelopes(items)
      const run = items.flatMap(({ envelope, publicKey }) => [envelope, publicKey])
      const lengths = lengthsOf(run)
      const outputBytes = VERDICT_BYTES * items.length
      block.run(module.verifyEnvelopes, { words: [lengths.length], inputs: [lengths, ...run], outputBytes })
      const answer = block.takeLast(outputBytes)
      return items.map((_, index) => {
        const end = index * VERDICT_BYTES + HASH
        return { digest: answer.slice(end - HASH, end), valid: answer[end] === 1 }
      })
    },
    verifyEntries: (input) => {
      requireEntries(input)
      const { publicKey, entries, signatures } = input
      const run = [...entries, ...signatures]
      const lengths = lengthsOf(run)
      const words = [lengths.length, publicKey.length]
      const outputBytes = VERDICT_BYTES * entries.length
      block.run(module.verifyEntries, { words, inputs: [lengths, publicKey, ...run], outputBytes })
      const valid: boolean[] = []
      const leafHashes = entries.map(() => {
        const leafHash = block.take(HASH)
        valid.push(block.takeFlag())
        return leafHash
      })
      block.wipe()
      return { leafHashes, valid }
    },
    leafHashes: (leaves) => {
      const lengths = lengthsOf(leaves)
      const outputBytes = HASH * leaves.length
      block.run(module.leafHashes, { words: [lengths.length], inputs: [lengths, ...leaves], outputBytes })
      const hashes = leaves.map(() => block.take(HASH))
      block.wipe()
      return hashes
    },
    nodeHash: (left, right) => {
      requireLength('left', left, HASH)
      requireLength('right', right, HASH)
      block.run(module.nodeHash, { words: [], inputs: [left, right], outputBytes: HASH })
      return block.takeLast(HASH)
    },
    appendLeaves: (input) => {
      requireLeaves(input)
      const { size, edge, leaves } = input
      const lengths = lengthsOf(leaves)
      const words = [lengths.length, edge.length, size % WORD, Math.floor(size / WORD)]
      const edgeBytes = HASH * subtreesOf(size + leaves.length)
      const outputBytes = HASH * leaves.length + edgeBytes
      block.run(module.appendLeaves, { words, inputs: [lengths, edge, ...leaves], outputBytes })
      const leafHashes = leaves.map(() => block.take(HASH))
      return { leafHashes, edge: block.takeLast(edgeBytes) }
    },
    appendBundle: (input) => {
      const count = requireBundle(input).length
      const { size, edge, bundle } = input
      const words = [bundle.length, edge.length, size % WORD, Math.floor(size / WORD)]
      const sizes = [count, tilesWithin(size, count), subtreesOf(size + count), 1]
      const outputBytes = HASH * sizes.reduce((sum, hashes) => sum + hashes)
      block.run(module.appendBundle, { words, inputs: [edge, bundle], outputBytes })
      const leafHashes = block.take(HASH * count)
      const tileRoots = block.take(HASH * tilesWithin(size, count))
      const grown = block.take(HASH * subtreesOf(size + count))
      return { leafHashes, tileRoots, edge: grown, root: block.takeLast(HASH) }
    },
    hashUp: (hashes) => {
      requireTile(hashes)
      const outputBytes = HASH * nodesAbove(hashes.length / HASH)
      block.run(module.hashUp, { words: [hashes.length], inputs: [hashes], outputBytes })
      return block.takeLast(outputBytes)
    },
  }
}
