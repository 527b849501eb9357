/**
 * Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2), produced and verified.
 *
 * Producer and verifier walk the same path: from the root down, each split leaves one sibling range aside, and the
 * siblings in reverse order are the proof. A verifier knows from index and sizes alone how many hashes are due and on
 * which side each one stands, so a proof carries neither and nothing about its shape can be forged.
 */
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { at, emptyRoot, requireHash } from './hash.ts'
import { checked, type LeafIndex, splitPoint, type TreeSize } from './range.ts'

/**
 * Reads one node of the tree: the hash over the leaves `index * 2^level` to `(index + 1) * 2^level - 1`. Only nodes
 * whose leaves all exist in the proof's tree are asked for.
 */
export type ReadNode = (level: number, index: number) => Uint8Array

export interface InclusionProofOptions {
  readonly index: LeafIndex
  readonly size: TreeSize
  readonly readNode: ReadNode
  readonly kernel: Kernel
}

export interface ConsistencyProofOptions {
  readonly from: TreeSize
  readonly to: TreeSize
  readonly readNode: ReadNode
  readonly kernel: Kernel
}

export interface InclusionClaim {
  readonly index: LeafIndex
  readonly size: TreeSize
  /** 32 bytes. */
  readonly leafHash: Uint8Array
  /** Sibling hashes from the leaf upwards, 32 bytes each. */
  readonly proof: readonly Uint8Array[]
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly kernel: Kernel
}

export interface ConsistencyClaim {
  readonly from: TreeSize
  readonly to: TreeSize
  /** Root at `from`, 32 bytes. */
  readonly fromRoot: Uint8Array
  /** Root at `to`, 32 bytes. */
  readonly toRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly kernel: Kernel
}

/** A range of leaves left aside by a split, and the side of the path on which it stands. */
interface Sibling {
  readonly begin: number
  readonly end: number
  readonly side: 'left' | 'right'
}

/** Hashes from the leaf's sibling up to the root's child. Throws `MERKLE_RANGE` unless `index < size`. */
export function inclusionProof({ index, size, readNode, kernel }: InclusionProofOptions): Uint8Array[] {
  checked('index', index, size - 1)
  return inclusionPath(index, size).map(({ begin, end }) => rangeHash({ begin, end, readNode, kernel }))
}

/** Hashes that show the tree of `to` leaves to extend that of `from` leaves. Throws `MERKLE_RANGE` when `from > to`. */
export function consistencyProof({ from, to, readNode, kernel }: ConsistencyProofOptions): Uint8Array[] {
  checked('from', from, to)
  if (from === 0 || from === to) return []
  const { begin, siblings } = consistencyPath(from, to)
  const seed = begin === 0 ? [] : [{ begin, end: from }]
  return [...seed, ...siblings].map((range) => rangeHash({ begin: range.begin, end: range.end, readNode, kernel }))
}

/** Root of the tree's first `size` leaves, from nodes that are already known. */
export function rootAt({ size, readNode, kernel }: Omit<InclusionProofOptions, 'index'>): Uint8Array {
  return size === 0 ? emptyRoot(kernel) : rangeHash({ begin: 0, end: size, readNode, kernel })
}

/**
 * Checks that the leaf stands at `index` of the tree with that size and root.
 *
 * @throws TalosError `MERKLE_RANGE`, `MERKLE_HASH_LENGTH`, `MERKLE_PROOF_LENGTH` or `MERKLE_PROOF_MISMATCH`
 */
export function verifyInclusion(claim: InclusionClaim): void {
  checked('index', claim.index, claim.size - 1)
  const path = inclusionPath(claim.index, claim.size)
  requireLength(claim.proof, path.length)
  const root = path.reduce((hash, { side }, position) => {
    const sibling = at(claim.proof, position)
    return side === 'left' ? claim.kernel.nodeHash(sibling, hash) : claim.kernel.nodeHash(hash, sibling)
  }, requireHash(claim.leafHash))
  requireRoot('inclusion', root, claim.root)
}

/**
 * Checks that the tree of `to` leaves begins with the tree of `from` leaves. The empty tree is the beginning of every
 * tree: its proof is empty and `fromRoot` must be the empty root.
 *
 * @throws TalosError `MERKLE_RANGE`, `MERKLE_HASH_LENGTH`, `MERKLE_PROOF_LENGTH` or `MERKLE_PROOF_MISMATCH`
 */
export function verifyConsistency(claim: ConsistencyClaim): void {
  const { from, to, proof, kernel } = claim
  checked('from', from, to)
  requireHash(claim.toRoot)
  if (from === 0 || from === to) {
    requireLength(proof, 0)
    requireRoot('consistency', from === to ? claim.toRoot : emptyRoot(kernel), claim.fromRoot)
    if (to === 0) requireRoot('consistency', emptyRoot(kernel), claim.toRoot)
    return
  }
  const { begin, siblings } = consistencyPath(from, to)
  const seeds = begin === 0 ? 0 : 1
  requireLength(proof, siblings.length + seeds)
  let older = seeds === 0 ? requireHash(claim.fromRoot) : at(proof, 0)
  let newer = older
  for (const [position, { side }] of siblings.entries()) {
    const sibling = at(proof, position + seeds)
    if (side === 'left') older = kernel.nodeHash(sibling, older)
    newer = side === 'left' ? kernel.nodeHash(sibling, newer) : kernel.nodeHash(newer, sibling)
  }
  requireRoot('consistency', older, claim.fromRoot)
  requireRoot('consistency', newer, claim.toRoot)
}

/** Siblings of a leaf, from the bottom up; `PATH(m, D[n])` of RFC 6962. */
function inclusionPath(index: number, size: number): Sibling[] {
  const siblings: Sibling[] = []
  let begin = 0
  let end = size
  while (end - begin > 1) {
    const split = begin + splitPoint(end - begin)
    if (index < split) {
      siblings.push({ begin: split, end, side: 'right' })
      end = split
    } else {
      siblings.push({ begin, end: split, side: 'left' })
      begin = split
    }
  }
  return siblings.reverse()
}

/** Siblings of the last perfect subtree within the first `from` leaves; `SUBPROOF(m, D[n], b)`, 0 < from < to. */
function consistencyPath(from: number, to: number): { readonly begin: number; readonly siblings: Sibling[] } {
  const siblings: Sibling[] = []
  let begin = 0
  let end = to
  while (end > from) {
    const split = begin + splitPoint(end - begin)
    if (from <= split) {
      siblings.push({ begin: split, end, side: 'right' })
      end = split
    } else {
      siblings.push({ begin, end: split, side: 'left' })
      begin = split
    }
  }
  return { begin, siblings: siblings.reverse() }
}

interface RangeOptions {
  readonly begin: number
  readonly end: number
  readonly readNode: ReadNode
  readonly kernel: Kernel
}

/** `MTH(D[begin:end])` of a range that the tree's splits produce: perfect subtrees, folded from the right. */
function rangeHash({ begin, end, readNode, kernel }: RangeOptions): Uint8Array {
  const parts: Uint8Array[] = []
  let start = begin
  while (start < end) {
    const length = end - start
    const half = splitPoint(length)
    const width = half * 2 === length || length === 1 ? length : half
    parts.push(requireHash(readNode(Math.log2(width), start / width)))
    start += width
  }
  return parts.reduceRight((right, left) => kernel.nodeHash(left, right))
}

function requireLength(proof: readonly Uint8Array[], expected: number): void {
  if (proof.length !== expected) throw new TalosError('MERKLE_PROOF_LENGTH', { expected, actual: proof.length })
}

function requireRoot(proof: string, actual: Uint8Array, claimed: Uint8Array): void {
  if (!equalBytes(actual, requireHash(claimed))) throw new TalosError('MERKLE_PROOF_MISMATCH', { proof })
}
