/** Every size up to 300 against the recursive definition, and every way of being wrong. */
import { utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { BATCH_MAX_ENTRIES, loadKernel } from '@talos/kernel'
import {
  CompactRange,
  consistencyProof,
  emptyRoot,
  hashAt,
  inclusionProof,
  leafHash,
  leafIndex,
  MAX_TREE_SIZE,
  type ReadNode,
  requireHash,
  rootAt,
  rootOf,
  treeSize,
  verifyConsistency,
  verifyInclusion,
} from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NaiveTree, naiveLeaf } from './naive.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const LARGEST = 300
const leaves = Array.from({ length: LARGEST }, (_, position) => naiveLeaf(`leaf ${position}`))
const naive = new NaiveTree(leaves)
const readNode: ReadNode = (level, index) => naive.hash(index * 2 ** level, (index + 1) * 2 ** level)
const sizes = Array.from({ length: LARGEST + 1 }, (_, size) => size)

function inclusion(index: number, size: number) {
  return {
    index: leafIndex(index),
    size: treeSize(size),
    leafHash: leaves[index]!,
    proof: inclusionProof({ index: leafIndex(index), size: treeSize(size), readNode, kernel }),
    root: naive.hash(0, size),
    kernel,
  }
}

function consistency(from: number, to: number) {
  return {
    from: treeSize(from),
    to: treeSize(to),
    fromRoot: naive.hash(0, from),
    toRoot: naive.hash(0, to),
    proof: consistencyProof({ from: treeSize(from), to: treeSize(to), readNode, kernel }),
    kernel,
  }
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : 'a foreign error'
  }
  return 'accepted'
}

describe('the tree of every size from 0 to 300', () => {
  it('has the root of the recursive definition, appended leaf by leaf, restored or read back', () => {
    const growing = CompactRange.empty(kernel)
    for (const size of sizes) {
      const expected = naive.hash(0, size)
      expect(growing.root()).toEqual(expected)
      expect(rootOf(leaves.slice(0, size), kernel)).toEqual(expected)
      expect(rootAt({ size: treeSize(size), readNode, kernel })).toEqual(expected)
      const restored = CompactRange.decode({ kernel, size, edge: growing.edge() })
      expect(restored.root()).toEqual(expected)
      expect(restored.size).toBe(size)
      if (size < LARGEST) growing.append(leaves[size]!)
    }
  })

  it('proves every leaf with the path of the recursive definition', () => {
    const different: string[] = []
    for (const size of sizes) {
      for (let index = 0; index < size; index += 1) {
        const claim = inclusion(index, size)
        if (!isSame(claim.proof, naive.path(index, 0, size))) different.push(`${index} of ${size}`)
        verifyInclusion(claim)
      }
    }
    expect(different).toEqual([])
  })

  it('proves that it extends every smaller one with the proof of the recursive definition', () => {
    const different: string[] = []
    for (const to of sizes) {
      for (let from = 0; from <= to; from += 1) {
        const claim = consistency(from, to)
        if (!isSame(claim.proof, naive.consistency(from, to))) different.push(`${from} to ${to}`)
        verifyConsistency(claim)
      }
    }
    expect(different).toEqual([])
  })
})

describe('a proof that is wrong anywhere', () => {
  const place = fc
    .integer({ min: 2, max: LARGEST })
    .chain((size) => fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)))

  it('is refused when any byte of an inclusion proof, the leaf or the root is flipped', () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.integer({ min: 1, max: 255 }), ([index, size], position, mask) => {
        const claim = inclusion(index, size)
        const parts = [...claim.proof, claim.leafHash, claim.root].map((hash) => hash.slice())
        const bytes = parts.length * 32
        flip(parts[Math.floor((position % bytes) / 32)]!, position % 32, mask)
        const [leaf, root] = parts.slice(-2)
        const changed = { ...claim, proof: parts.slice(0, -2), leafHash: leaf!, root: root! }
        expect(codeOf(() => verifyInclusion(changed))).toBe('MERKLE_PROOF_MISMATCH')
      }),
      { seed: 42, numRuns: 300 },
    )
  })

  it('is refused at every byte of one inclusion proof', () => {
    const claim = inclusion(137, 200)
    for (const [position, hash] of claim.proof.entries()) {
      for (let byte = 0; byte < hash.length; byte += 1) {
        const proof = claim.proof.map((other) => other.slice())
        flip(proof[position]!, byte, 1)
        expect(codeOf(() => verifyInclusion({ ...claim, proof }))).toBe('MERKLE_PROOF_MISMATCH')
      }
    }
  })

  it('is refused when any byte of a consistency proof or of a root is flipped', () => {
    const pair = fc
      .integer({ min: 2, max: LARGEST })
      .chain((to) => fc.tuple(fc.integer({ min: 1, max: to - 1 }), fc.constant(to)))
    fc.assert(
      fc.property(pair, fc.nat(), fc.integer({ min: 1, max: 255 }), ([from, to], position, mask) => {
        const claim = consistency(from, to)
        const parts = [...claim.proof, claim.fromRoot, claim.toRoot].map((hash) => hash.slice())
        flip(parts[Math.floor((position % (parts.length * 32)) / 32)]!, position % 32, mask)
        const [fromRoot, toRoot] = parts.slice(-2)
        const changed = { ...claim, proof: parts.slice(0, -2), fromRoot: fromRoot!, toRoot: toRoot! }
        expect(codeOf(() => verifyConsistency(changed))).toBe('MERKLE_PROOF_MISMATCH')
      }),
      { seed: 42, numRuns: 300 },
    )
  })

  it('is refused at another index or another size', () => {
    fc.assert(
      fc.property(place, place, ([index, size], [otherIndex, otherSize]) => {
        fc.pre(index !== otherIndex || size !== otherSize)
        const claim = { ...inclusion(index, size), index: leafIndex(otherIndex), size: treeSize(otherSize) }
        // The root of the other size, as a forger would present it.
        const root = naive.hash(0, otherSize)
        expect(codeOf(() => verifyInclusion({ ...claim, root }))).toMatch(/^MERKLE_PROOF_(LENGTH|MISMATCH)$/)
      }),
      { seed: 42, numRuns: 300 },
    )
  })

  it('is refused with a hash too many or too few', () => {
    const claim = inclusion(5, 8)
    for (const proof of [claim.proof.slice(1), [...claim.proof, claim.root], []]) {
      expect(codeOf(() => verifyInclusion({ ...claim, proof }))).toBe('MERKLE_PROOF_LENGTH')
    }
    const extension = consistency(6, 8)
    for (const proof of [extension.proof.slice(1), [...extension.proof, claim.root], []]) {
      expect(codeOf(() => verifyConsistency({ ...extension, proof }))).toBe('MERKLE_PROOF_LENGTH')
    }
  })

  it('is refused with a hash of 31 or 33 bytes anywhere', () => {
    const claim = inclusion(5, 8)
    const extension = consistency(4, 8)
    const seeded = consistency(6, 8)
    for (const lengthBytes of [0, 31, 33]) {
      const short = new Uint8Array(lengthBytes)
      const runs = [
        () => verifyInclusion({ ...claim, leafHash: short }),
        () => verifyInclusion({ ...claim, root: short }),
        () => verifyInclusion({ ...claim, proof: [short, ...claim.proof.slice(1)] }),
        () => verifyConsistency({ ...extension, fromRoot: short }),
        () => verifyConsistency({ ...extension, toRoot: short }),
        () => verifyConsistency({ ...seeded, fromRoot: short }),
        () => verifyConsistency({ ...seeded, proof: [short, ...seeded.proof.slice(1)] }),
        () => verifyConsistency({ ...consistency(8, 8), fromRoot: short }),
        () => CompactRange.empty(kernel).append(short),
      ]
      expect(runs.map(codeOf)).toEqual(runs.map(() => 'MERKLE_HASH_LENGTH'))
    }
  })

  it('cannot pass an inner node for a leaf', () => {
    const node = naive.hash(0, 2)
    const claim = { ...inclusion(0, 2), leafHash: leafHash(kernel, node), proof: [naive.hash(2, 4)] }
    expect(codeOf(() => verifyInclusion({ ...claim, root: naive.hash(0, 4) }))).toBe('MERKLE_PROOF_MISMATCH')
  })
})

describe('places in a tree', () => {
  it('are integers from 0 to 2^53 - 1, an index one less', () => {
    expect(treeSize(MAX_TREE_SIZE)).toBe(MAX_TREE_SIZE)
    expect(leafIndex(MAX_TREE_SIZE - 1)).toBe(MAX_TREE_SIZE - 1)
    const runs = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_TREE_SIZE + 1].flatMap((value) => [
      () => treeSize(value),
      () => leafIndex(value),
    ])
    expect([...runs, () => leafIndex(MAX_TREE_SIZE)].map(codeOf)).toEqual(
      Array.from({ length: runs.length + 1 }, () => 'MERKLE_RANGE'),
    )
  })

  it('are refused past the end of the tree, by the prover and the verifier', () => {
    const past = { ...inclusion(7, 8), index: leafIndex(8) }
    expect(codeOf(() => verifyInclusion(past))).toBe('MERKLE_RANGE')
    expect(codeOf(() => verifyInclusion({ ...past, index: leafIndex(0), size: treeSize(0) }))).toBe('MERKLE_RANGE')
    expect(codeOf(() => inclusion(8, 8))).toBe('MERKLE_RANGE')
    expect(codeOf(() => verifyConsistency({ ...consistency(4, 8), from: treeSize(9) }))).toBe('MERKLE_RANGE')
    expect(codeOf(() => consistency(9, 8))).toBe('MERKLE_RANGE')
  })

  it('reach as far as the largest tree allows: the edge is full and takes no more', () => {
    const edge = new Uint8Array(53 * 32)
    const range = CompactRange.decode({ kernel, size: MAX_TREE_SIZE, edge })
    expect(range.edge()).toEqual(edge)
    expect(codeOf(() => range.append(leaves[0]!))).toBe('MERKLE_RANGE')
    expect(codeOf(() => range.appendLeaves([leaves[0]!]))).toBe('MERKLE_RANGE')
    expect(range.appendLeaves([])).toEqual([])
    expect(range.edge()).toEqual(edge)
    const index = leafIndex(MAX_TREE_SIZE - 1)
    const size = treeSize(MAX_TREE_SIZE)
    const proof = inclusionProof({ index, size, readNode: () => leaves[0]!, kernel })
    expect(proof).toHaveLength(52)
  })
})

describe('the edge of a tree', () => {
  it('grows by any number of leaves at once as it does leaf by leaf, and tells their hashes', () => {
    const runs = fc.array(fc.nat(70), { minLength: 1, maxLength: 8 })
    const property = fc.property(runs, (lengths) => {
      const range = CompactRange.empty(kernel)
      for (const length of lengths) {
        const from = range.size
        const to = Math.min(from + length, LARGEST)
        const added = Array.from({ length: to - from }, (_, place) => utf8(`leaf ${from + place}`))
        expect(range.appendLeaves(added)).toEqual(leaves.slice(from, to))
        expect(range.size).toBe(to)
        expect(range.root()).toEqual(naive.hash(0, to))
      }
    })
    fc.assert(property, { seed: 42, numRuns: 50 })
  })

  it('stays as it was when there are more leaves than one call takes', () => {
    const range = CompactRange.empty(kernel)
    range.append(leaves[0]!)
    const empty = new Uint8Array(0)
    const tooMany = Array.from({ length: BATCH_MAX_ENTRIES + 1 }, () => empty)
    expect(codeOf(() => range.appendLeaves(tooMany))).toBe('KERNEL_PARAMETER')
    expect(range.root()).toEqual(naive.hash(0, 1))
  })

  it('is copied by clone: appending to the one leaves the other', () => {
    const range = CompactRange.empty(kernel)
    for (const leaf of leaves.slice(0, 7)) range.append(leaf)
    const copy = range.clone()
    copy.append(leaves[7]!)
    expect(range.root()).toEqual(naive.hash(0, 7))
    expect(copy.root()).toEqual(naive.hash(0, 8))
  })

  it('is refused when its length does not fit its size', () => {
    for (const [size, hashes] of [
      [0, 1],
      [1, 0],
      [3, 1],
      [4, 3],
    ] as const) {
      const edge = new Uint8Array(hashes * 32)
      expect(codeOf(() => CompactRange.decode({ kernel, size, edge }))).toBe('MERKLE_EDGE_INVALID')
    }
    expect(codeOf(() => CompactRange.decode({ kernel, size: 1, edge: new Uint8Array(33) }))).toBe('MERKLE_EDGE_INVALID')
    expect(codeOf(() => CompactRange.decode({ kernel, size: -1, edge: new Uint8Array(0) }))).toBe('MERKLE_RANGE')
  })
})

describe('hashes', () => {
  it('of leaves and of the empty tree carry the prefixes of RFC 6962', () => {
    expect(leafHash(kernel, new Uint8Array(0))).toEqual(naiveLeaf(''))
    expect(emptyRoot(kernel)).toEqual(naive.hash(0, 0))
  })

  it('are taken from a list only where there is one', () => {
    expect(hashAt(leaves, 1)).toBe(leaves[1])
    expect(codeOf(() => hashAt(leaves, LARGEST))).toBe('MERKLE_RANGE')
    expect(codeOf(() => requireHash(new Uint8Array(31)))).toBe('MERKLE_HASH_LENGTH')
  })
})

function flip(hash: Uint8Array, byte: number, mask: number): void {
  hash[byte] = hash[byte]! ^ mask
}

/** Quicker than `toEqual` for ninety thousand proofs. */
function isSame(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  return one.length === other.length && one.every((hash, position) => Buffer.compare(hash, other[position]!) === 0)
}
