/** Properties of anchors against other definitions, misuse, and limits with one past each. */
import {
  ANCHORED_TOPIC,
  completedNodes,
  decodeHeader,
  decodeReceipt,
  decodeRlp,
  decodeStatement,
  decodeUint,
  encodeRlp,
  encodeUint,
  identityStatement,
  keccak256,
  proveReceipt,
  RLP_MAX_BYTES,
  RLP_MAX_DEPTH,
  RLP_MAX_ITEMS,
  type RlpItem,
  revocationsStatement,
  statementLeaf,
  TRIE_MAX_NODE_BYTES,
  TRIE_MAX_NODES,
  verifyAnchorProof,
  verifyTrieProof,
} from '@talos/anchor'
import { concatBytes, fromHex, toHex, utf8 } from '@talos/bytes'
import { type Did, parseAnchorProof } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import { leafHash, rootAt, rootOf, treeSize } from '@talos/merkle'
import { repoVectors } from '@talos/testkit'
import fc from 'fast-check'
import { fromRlp, keccak256 as keccakOfViem, toRlp } from 'viem'
import { describe, expect, test } from 'vitest'

const kernel = loadKernel('portable')
const runs = (numRuns: number) => ({ seed: 42, numRuns })

type Nested = Uint8Array | readonly Nested[]
const nested = fc.letrec<{ item: Nested }>((tie) => ({
  item: fc.oneof({ maxDepth: 5 }, fc.uint8Array({ maxLength: 300 }), fc.array(tie('item'), { maxLength: 5 })),
})).item

/** What must be there. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is missing')
  return value
}

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
  } catch (error) {
    return (error as { readonly code?: string }).code
  }
  return undefined
}

describe('RLP', () => {
  test('is what viem writes and reads', () => {
    fc.assert(
      fc.property(nested, (item) => {
        const encoded = encodeRlp(item)
        expect(encoded).toEqual(toRlp(item as Parameters<typeof toRlp>[0], 'bytes'))
        expect(decodeRlp(encoded)).toEqual(fromRlp(encoded, 'bytes'))
      }),
      runs(300),
    )
  })

  test('reads nothing that it would write otherwise, and throws nothing but its own code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const code = codeOf(() => decodeRlp(bytes))
        expect(code ?? 'RLP_INVALID').toBe('RLP_INVALID')
        if (code === undefined) again(bytes)
      }),
      runs(2_000),
    )
  })

  const again = (bytes: Uint8Array) => expect(encodeRlp(decodeRlp(bytes))).toEqual(bytes)

  test('has limits, and takes what is just within them', () => {
    const nest = (depth: number): RlpItem => (depth === 0 ? [] : [nest(depth - 1)])
    expect(decodeRlp(encodeRlp(nest(RLP_MAX_DEPTH)))).toEqual(nest(RLP_MAX_DEPTH))
    expect(codeOf(() => decodeRlp(encodeRlp(nest(RLP_MAX_DEPTH + 1))))).toBe('RLP_INVALID')
    const list = (items: number) => encodeRlp(Array.from({ length: items }, () => Uint8Array.of(1)))
    expect(decodeRlp(list(RLP_MAX_ITEMS - 1))).toHaveLength(RLP_MAX_ITEMS - 1)
    expect(codeOf(() => decodeRlp(list(RLP_MAX_ITEMS)))).toBe('RLP_INVALID')
    const string = (length: number) => encodeRlp(new Uint8Array(length))
    expect(decodeRlp(string(RLP_MAX_BYTES - 4))).toHaveLength(RLP_MAX_BYTES - 4)
    expect(codeOf(() => decodeRlp(string(RLP_MAX_BYTES - 3)))).toBe('RLP_INVALID')
  })

  test('writes numbers without leading zeros and reads them up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(decodeUint(encodeUint(value))).toBe(value)
      }),
      runs(200),
    )
    expect(encodeUint(0)).toHaveLength(0)
    expect(encodeUint(2n ** 64n)).toHaveLength(9)
    expect(codeOf(() => decodeUint(encodeUint(2n ** 53n)))).toBe('RLP_INVALID')
    expect(codeOf(() => decodeUint(Uint8Array.of(0)))).toBe('RLP_INVALID')
  })
})

test('Keccak-256 is the one of Ethereum and not the SHA-3 of the standard', () => {
  expect(toHex(keccak256(new Uint8Array(0)))).toBe('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  expect(`0x${toHex(ANCHORED_TOPIC)}`).toBe(keccakOfViem(utf8('Anchored(address,bytes32,uint64)')))
})

describe('the trie of receipts', () => {
  const receipts = (count: number) => Array.from({ length: count }, (_, index) => keccak256(encodeUint(index + 1)))

  test('proves every receipt of blocks of every size, and no other', () => {
    for (const count of [1, 2, 3, 16, 17, 127, 128, 129, 130, 257, 300]) {
      const values = receipts(count)
      for (const index of [0, 1, 15, 16, 127, 128, 129, 255, 256, count - 1]) {
        const value = values[index]
        if (value === undefined) continue
        const { root, nodes } = proveReceipt({ receipts: values, index })
        expect(nodes.length).toBeLessThanOrEqual(TRIE_MAX_NODES)
        expect(verifyTrieProof({ root, index, nodes })).toEqual(value)
        for (const other of [index + 1, index + 128, 0x10000]) {
          expect(codeOf(() => verifyTrieProof({ root, index: other, nodes }))).toBe('ANCHOR_RECEIPT_UNPROVEN')
        }
      }
    }
  })

  test('has one root whichever receipt is proven, and another for other receipts or another order', () => {
    const values = receipts(40)
    const rootOfAll = (all: readonly Uint8Array[], index = 0) => toHex(proveReceipt({ receipts: all, index }).root)
    const roots = values.map((_, index) => rootOfAll(values, index))
    expect(new Set(roots).size).toBe(1)
    expect(rootOfAll(values.toReversed())).not.toBe(roots[0])
    expect(rootOfAll(values.slice(0, -1))).not.toBe(roots[0])
  })

  test('refuses proofs with a node missing, changed, repeated or too long', () => {
    const { root, nodes } = proveReceipt({ receipts: receipts(200), index: 150 })
    const [first = new Uint8Array(0), ...others] = nodes
    expect(others.length).toBeGreaterThan(0)
    const changed = others.map((node) => Uint8Array.from(node, (byte, at) => (at === 5 ? byte ^ 1 : byte)))
    const long = new Uint8Array(TRIE_MAX_NODE_BYTES + 1)
    for (const wrong of [
      [],
      [first],
      others,
      [first, ...changed],
      [first, first, ...others],
      [long],
      [...nodes, ...nodes],
    ]) {
      expect(codeOf(() => verifyTrieProof({ root, index: 150, nodes: wrong }))).toBe('ANCHOR_RECEIPT_UNPROVEN')
    }
    const many = Array.from({ length: TRIE_MAX_NODES + 1 }, () => first)
    expect(codeOf(() => verifyTrieProof({ root, index: 150, nodes: many }))).toBe('ANCHOR_RECEIPT_UNPROVEN')
  })

  test('has no proof for a transaction that the block does not have', () => {
    expect(codeOf(() => proveReceipt({ receipts: receipts(3), index: 3 }))).toBe('ANCHOR_RECEIPT_UNPROVEN')
    expect(codeOf(() => proveReceipt({ receipts: [], index: 0 }))).toBe('ANCHOR_RECEIPT_UNPROVEN')
  })

  test('refuses a path that leads into an empty place of a branch', () => {
    const node = encodeRlp(
      [...Array.from({ length: 16 }, () => keccak256(new Uint8Array(1))), new Uint8Array(0)].with(8, new Uint8Array(0)),
    )
    const proof = { root: keccak256(node), index: 0, nodes: [node, new Uint8Array(40)] }
    expect(codeOf(() => verifyTrieProof(proof))).toBe('ANCHOR_RECEIPT_UNPROVEN')
  })

  test('refuses an extension that is longer than what is left of the key', () => {
    const node = encodeRlp([fromHex('008080'), keccak256(new Uint8Array(1))])
    expect(codeOf(() => verifyTrieProof({ root: keccak256(node), index: 0, nodes: [node] }))).toBe(
      'ANCHOR_RECEIPT_UNPROVEN',
    )
  })

  test('refuses a leaf that is shorter than what is left of the key', () => {
    const node = encodeRlp([fromHex('38'), keccak256(new Uint8Array(1))])
    expect(codeOf(() => verifyTrieProof({ root: keccak256(node), index: 0, nodes: [node] }))).toBe(
      'ANCHOR_RECEIPT_UNPROVEN',
    )
  })
})

test('bytes of any kind are no header and no receipt, and throw codes of ours', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(codeOf(() => decodeHeader(bytes))).toMatch(/^(?:RLP_INVALID|ANCHOR_HEADER_INVALID)$/)
      expect(codeOf(() => decodeReceipt(bytes))).toMatch(/^(?:RLP_INVALID|ANCHOR_RECEIPT_INVALID)$/)
    }),
    runs(500),
  )
})

describe('the log of logs', () => {
  test('keeps the nodes from which the root of every size follows', () => {
    const leaves = Array.from({ length: 70 }, (_, index) => leafHash(kernel, utf8(`leaf ${index}`)))
    const nodes = new Map<string, Uint8Array>()
    const readNode = (level: number, position: number) => present(nodes.get(`${level}/${position}`))
    for (const [index, hash] of leaves.entries()) {
      for (const node of completedNodes({ index, leafHash: hash, readNode, kernel })) {
        nodes.set(`${node.level}/${node.position}`, node.hash)
      }
      const size = index + 1
      expect(rootAt({ size: treeSize(size), readNode, kernel })).toEqual(rootOf(leaves.slice(0, size), kernel))
    }
    expect(nodes.size).toBeLessThan(2 * leaves.length)
  })

  test('holds statements of every kind, each another leaf', () => {
    const issuer = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did
    const hash = new Uint8Array(32)
    const statements = [
      revocationsStatement({ issuer, n: 1, digest: hash }),
      revocationsStatement({ issuer, n: 2, digest: hash }),
      identityStatement({ did: issuer, version: 1, hash }),
    ]
    expect(new Set(statements.map((statement) => toHex(statementLeaf(statement, kernel)))).size).toBe(3)
    expect(codeOf(() => decodeStatement(utf8('{}')))).toBe('SCHEMA_INVALID')
  })
})

test('every byte of a proof that holds is needed: each flip is refused, or names another block', () => {
  const vector = repoVectors('anchor/proof.json').cases.find(({ description }) =>
    description.includes('log of logs of three'),
  )
  const { statement, proof } = present(vector).input as {
    statement: { origin: string; size: number; root: string }
    proof: object
  }
  const checkpoint = { origin: statement.origin, size: statement.size, root: fromHex(statement.root) }
  const whole = parseAnchorProof(proof)
  const good = verifyAnchorProof(whole, { checkpoint, kernel })
  const text = JSON.stringify(whole)
  for (let at = 0; at < text.length; at += 1) {
    const flipped = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
    let changed: ReturnType<typeof parseAnchorProof>
    try {
      changed = parseAnchorProof(JSON.parse(flipped))
    } catch {
      continue
    }
    const trust = { has: ({ hash }: { readonly hash: Uint8Array }) => toHex(hash) === toHex(good.blockHash) }
    const verified = resultOf(() => verifyAnchorProof(changed, { checkpoint, kernel, trust }))
    // What still verifies is of another block, which the verifier does not know.
    const isOther = verified?.trusted === 'unverified-header' && toHex(verified.blockHash) !== toHex(good.blockHash)
    expect(verified === undefined || isOther).toBe(true)
  }
  expect(concatBytes(good.root)).toHaveLength(32)
})

/** What a call gives, or undefined for a refusal of ours. */
function resultOf<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (isTalosError(error)) return undefined
    throw error
  }
}
