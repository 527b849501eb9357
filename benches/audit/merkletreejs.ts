/** `merkletreejs`, the npm library that most projects take: SHA-256 by `node:crypto`, its defaults otherwise. */
import { hash } from 'node:crypto'
import type { Subject } from '../harness/measure.ts'
import { repeat } from '../harness/measure.ts'

interface Tree {
  getRoot(): Buffer
  getProof(leaf: Buffer, index?: number): readonly object[]
  verify(proof: readonly object[], leaf: Buffer, root: Buffer): boolean
}

export interface Merkletreejs {
  readonly MerkleTree: new (leaves: readonly Buffer[], hashFunction: (data: Buffer) => Buffer) => Tree
}

export const MERKLETREEJS = 'merkletreejs'

const sha256 = (data: Buffer): Buffer => hash('sha256', data, 'buffer')

export function buildSubject({ MerkleTree }: Merkletreejs, leaves: readonly Uint8Array[]): Subject {
  return repeat(MERKLETREEJS, () =>
    new MerkleTree(
      leaves.map((leaf) => hash('sha256', leaf, 'buffer')),
      sha256,
    ).getRoot(),
  )
}

export function proofSubject({ MerkleTree }: Merkletreejs, leaves: readonly Uint8Array[]): Subject {
  const hashes = leaves.map((leaf) => hash('sha256', leaf, 'buffer'))
  const tree = new MerkleTree(hashes, sha256)
  let index = 0
  return repeat(MERKLETREEJS, () => {
    index = (index + 7_919) % hashes.length
    return tree.getProof(hashes[index] as Buffer, index)
  })
}

export function verifySubject({ MerkleTree }: Merkletreejs, leaves: readonly Uint8Array[]): Subject {
  const hashes = leaves.map((leaf) => hash('sha256', leaf, 'buffer'))
  const tree = new MerkleTree(hashes, sha256)
  const root = tree.getRoot()
  const leaf = hashes[1] as Buffer
  const proof = tree.getProof(leaf, 1)
  return repeat(MERKLETREEJS, () => {
    if (!tree.verify(proof, leaf, root)) throw new Error('the proof does not verify')
  })
}
