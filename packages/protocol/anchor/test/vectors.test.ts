/** Every case of contracts/vectors/anchor, valid and invalid. */
import {
  decodeRlp,
  decodeStatement,
  encodeRlp,
  encodeStatement,
  judgeGrowth,
  type RlpItem,
  statementLeaf,
  verifyChainProof,
  verifyStatementAnchor,
} from '@talos/anchor'
import { fromHex, toHex, utf8 } from '@talos/bytes'
import { type AnchorProof, parseAnchorProof, parseAnchorProofChain, parseAnchorStatement } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, test } from 'vitest'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')

/** Runs what a case is about: equal to what is expected, or refused with its code. */
function judge(vector: VectorCase, run: () => unknown): void {
  expect(outcomeOf(run)).toEqual(vector.valid ? { value: vector.expected } : { code: vector.error })
}

function outcomeOf(run: () => unknown): { readonly value: unknown } | { readonly code: unknown } {
  try {
    return { value: run() }
  } catch (error) {
    if (isTalosError(error)) return { code: error.code }
    throw error
  }
}

function shown(item: RlpItem): unknown {
  return item instanceof Uint8Array ? toHex(item) : item.map(shown)
}

describe('RLP', () => {
  test.each(repoVectors('anchor/rlp.json').cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    judge(vector, () => {
      const encoded = fromHex(String(vector.input['encodedHex']))
      const item = decodeRlp(encoded)
      expect(encodeRlp(item)).toEqual(encoded)
      return { item: shown(item) }
    })
  })
})

describe('statements', () => {
  test.each(repoVectors('anchor/statement.json').cases.map((vector) => ({ ...vector })))(
    '$id: $description',
    (vector) => {
      judge(vector, () => {
        const leaf = utf8(String(vector.input['leaf']))
        const statement = decodeStatement(leaf)
        expect(encodeStatement(statement)).toEqual(leaf)
        return { statement, leafHashHex: toHex(statementLeaf(statement, kernel)) }
      })
    },
  )
})

describe('proofs', () => {
  test.each(repoVectors('anchor/proof.json').cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    const { statement, proof, chain, trustedHashHex } = vector.input
    if (chain !== undefined) {
      judge(vector, () => ({ blockHashHex: toHex(verifyChainProof(parseAnchorProofChain(chain)).hash) }))
      return
    }
    judge(vector, () => {
      const trust = { has: ({ hash }: { readonly hash: Uint8Array }) => toHex(hash) === trustedHashHex }
      const options = { statement: parseAnchorStatement(statement), kernel, trust }
      const { blockHash, root, ...facts } = verifyStatementAnchor(parsed(proof), options)
      return { ...facts, blockHashHex: toHex(blockHash), rootHex: toHex(root) }
    })
  })
})

/** Some cases have what the schema refuses already: they must be refused beneath it as well. */
function parsed(proof: unknown): AnchorProof {
  try {
    return parseAnchorProof(proof)
  } catch {
    return proof as AnchorProof
  }
}

describe('growth', () => {
  test.each(repoVectors('anchor/growth.json').cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    const heads = vector.input['heads'] as readonly { readonly size: number; readonly rootHex: string }[]
    judge(vector, () => ({
      verdicts: judgeGrowth(heads.map(({ size, rootHex }) => ({ size, root: fromHex(rootHex) }))),
    }))
  })
})
