/** The tree by the recursive definitions of RFC 6962 alone, and its vectors. */
import { createHash } from 'node:crypto'

export interface MerkleCase {
  readonly clause: string
  readonly description: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** Leaves of the reference tree of certificate transparency. */
export const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => Buffer.from(text, 'hex'))

/** Published roots of its first 1 to 8 leaves. */
export const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

export function sha256(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `MTH` of RFC 6962 section 2.1, word for word. */
export function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Buffer.of(0), ...leaves)
  const k = split(leaves.length)
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

/** `PATH` of section 2.1.1. */
export function path(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return []
  const k = split(leaves.length)
  return index < k
    ? [...path(index, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...path(index - k, leaves.slice(k)), treeHash(leaves.slice(0, k))]
}

/** `SUBPROOF` of section 2.1.2. */
export function subproof(from: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (from === leaves.length) return isWhole ? [] : [treeHash(leaves)]
  const k = split(leaves.length)
  return from <= k
    ? [...subproof(from, leaves.slice(0, k), isWhole), treeHash(leaves.slice(k))]
    : [...subproof(from - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))]
}

function split(length: number): number {
  let k = 1
  while (k * 2 < length) k *= 2
  return k
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function first(size: number): Buffer[] {
  return LEAVES.slice(0, size)
}

export function rootCases(): MerkleCase[] {
  const cases = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((size) => {
    const rootHex = hex(treeHash(first(size)))
    if (size > 0 && rootHex !== ROOTS[size - 1]) throw new Error(`the root of ${size} leaves is not the published one`)
    return {
      clause: '11.1',
      description: `the root of the first ${size} reference leaves`,
      input: { operation: 'root', leavesHex: first(size).map(hex) },
      expected: { rootHex },
    }
  })
  const many = Array.from({ length: 300 }, (_, position) => Buffer.from(String(position)))
  return [
    ...cases,
    {
      clause: '11.1',
      description: 'the root of 300 leaves, the decimals from 0 to 299: more than one tile',
      input: { operation: 'root', leavesHex: many.map(hex) },
      expected: { rootHex: hex(treeHash(many)) },
    },
  ]
}

function inclusion(index: number, size: number): Record<string, unknown> {
  return {
    operation: 'inclusion',
    index,
    size,
    leafHashHex: hex(sha256(Buffer.of(0), LEAVES[index] ?? Buffer.alloc(0))),
    proofHex: path(index, first(size)).map(hex),
    rootHex: hex(treeHash(first(size))),
  }
}

export function inclusionCases(): MerkleCase[] {
  const places = [
    [0, 1],
    [0, 2],
    [2, 3],
    [4, 5],
    [3, 7],
    [6, 7],
    [0, 8],
    [5, 8],
    [7, 8],
  ] as const
  const valid = places.map(([index, size]) => ({
    clause: '11.2',
    description: `leaf ${index} of ${size}`,
    input: inclusion(index, size),
  }))
  const base = inclusion(5, 8)
  const proof = path(5, first(8)).map(hex)
  const invalid = (description: string, change: Record<string, unknown>, error: string): MerkleCase => ({
    clause: '11.2',
    description,
    input: { ...base, ...change },
    error,
  })
  return [
    ...valid,
    invalid('another index', { index: 4 }, 'MERKLE_PROOF_MISMATCH'),
    invalid('an index past the end', { index: 8 }, 'MERKLE_RANGE'),
    invalid('a negative index', { index: -1 }, 'MERKLE_RANGE'),
    invalid('another size', { size: 6 }, 'MERKLE_PROOF_LENGTH'),
    invalid('an empty tree', { size: 0 }, 'MERKLE_RANGE'),
    invalid('a proof without its last hash', { proofHex: proof.slice(0, -1) }, 'MERKLE_PROOF_LENGTH'),
    invalid('a proof with a hash too many', { proofHex: [...proof, proof[0]] }, 'MERKLE_PROOF_LENGTH'),
    invalid('two hashes exchanged', { proofHex: [proof[1], proof[0], proof[2]] }, 'MERKLE_PROOF_MISMATCH'),
    invalid('a hash of 31 bytes', { proofHex: [proof[0]?.slice(2), proof[1], proof[2]] }, 'MERKLE_HASH_LENGTH'),
    invalid('the leaf hash of another leaf', { leafHashHex: inclusion(4, 8)['leafHashHex'] }, 'MERKLE_PROOF_MISMATCH'),
    invalid('the root of another size', { rootHex: ROOTS[6] }, 'MERKLE_PROOF_MISMATCH'),
    invalid('a root of 33 bytes', { rootHex: `${ROOTS[7]}00` }, 'MERKLE_HASH_LENGTH'),
    {
      clause: '11.1',
      description: 'an inner node presented as a leaf: the prefixes keep them apart',
      input: {
        operation: 'inclusion',
        index: 0,
        size: 2,
        leafHashHex: hex(sha256(Buffer.of(0), treeHash(first(1)), treeHash(first(2).slice(1)))),
        proofHex: [hex(treeHash(first(4).slice(2)))],
        rootHex: ROOTS[3],
      },
      error: 'MERKLE_PROOF_MISMATCH',
    },
  ]
}

function consistency(from: number, to: number): Record<string, unknown> {
  const proof = from === 0 ? [] : subproof(from, first(to), true)
  return {
    operation: 'consistency',
    from,
    to,
    fromRootHex: hex(treeHash(first(from))),
    toRootHex: hex(treeHash(first(to))),
    proofHex: proof.map(hex),
  }
}

export function consistencyCases(): MerkleCase[] {
  const pairs = [
    [0, 0],
    [0, 8],
    [1, 1],
    [1, 8],
    [2, 5],
    [3, 7],
    [4, 7],
    [4, 8],
    [6, 8],
    [7, 8],
    [8, 8],
  ] as const
  const valid = pairs.map(([from, to]) => ({
    clause: '11.2',
    description: `${to} leaves extend ${from}`,
    input: consistency(from, to),
  }))
  const base = consistency(6, 8)
  const proof = subproof(6, first(8), true).map(hex)
  const invalid = (description: string, change: Record<string, unknown>, error: string): MerkleCase => ({
    clause: '11.2',
    description,
    input: { ...base, ...change },
    error,
  })
  return [
    ...valid,
    invalid('sizes in the wrong order', { from: 8, to: 6 }, 'MERKLE_RANGE'),
    invalid('another earlier root', { fromRootHex: ROOTS[4] }, 'MERKLE_PROOF_MISMATCH'),
    invalid('another later root', { toRootHex: ROOTS[6] }, 'MERKLE_PROOF_MISMATCH'),
    invalid('another earlier size', { from: 5 }, 'MERKLE_PROOF_LENGTH'),
    invalid('a proof without its first hash', { proofHex: proof.slice(1) }, 'MERKLE_PROOF_LENGTH'),
    invalid('a proof with a hash too many', { proofHex: [...proof, proof[0]] }, 'MERKLE_PROOF_LENGTH'),
    invalid('an empty proof between two sizes', { proofHex: [] }, 'MERKLE_PROOF_LENGTH'),
    invalid(
      'equal sizes with different roots',
      { ...consistency(8, 8), fromRootHex: ROOTS[6] },
      'MERKLE_PROOF_MISMATCH',
    ),
    invalid('equal sizes with a proof', { ...consistency(8, 8), proofHex: [ROOTS[0]] }, 'MERKLE_PROOF_LENGTH'),
    invalid(
      'from nothing, with a root that is not the empty one',
      { ...consistency(0, 8), fromRootHex: ROOTS[0] },
      'MERKLE_PROOF_MISMATCH',
    ),
    invalid(
      'two empty trees with another root',
      { ...consistency(0, 0), fromRootHex: ROOTS[0], toRootHex: ROOTS[0] },
      'MERKLE_PROOF_MISMATCH',
    ),
    invalid('a later root of 31 bytes', { toRootHex: String(ROOTS[7]).slice(2) }, 'MERKLE_HASH_LENGTH'),
  ]
}
