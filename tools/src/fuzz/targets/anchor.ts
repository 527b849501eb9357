/** RLP, headers, receipts, tries and whole anchors (spec 25-anchor). */
import {
  decodeHeader,
  decodeReceipt,
  decodeRlp,
  decodeStatement,
  encodeRlp,
  encodeStatement,
  keccak256,
  verifyStatementAnchor,
  verifyTrieProof,
} from '@talos/anchor'
import { equalBytes, fromBase64url, parseJson } from '@talos/bytes'
import { parseAnchorProof, parseAnchorStatement } from '@talos/contracts'
import { casesOf, seedsOf, textSeed } from '../seeds.ts'
import { must, type Target } from '../target.ts'
import { kernel } from './kernels.ts'

export function anchorTargets(): readonly Target[] {
  const proofs = casesOf('anchor/proof.json').flatMap(({ input, valid }) =>
    input['proof'] === undefined ? [] : [{ valid, proof: input['proof'], statement: input['statement'] }],
  )
  const chains = proofs.map(
    ({ proof }) => (proof as { readonly chain: { header: string; receipt: { nodes: string[] } } }).chain,
  )
  const headers = chains.flatMap(({ header }) => bytesOf(header))
  const nodes = chains.flatMap(({ receipt }) => receipt.nodes.flatMap(bytesOf))
  const honest = new Set(headers.map((header) => keccak256(header).toString()))
  return [
    {
      name: 'anchor/rlp',
      refusals: /^RLP_INVALID$/,
      form: 'bytes',
      seeds: [...seedsOf('anchor/rlp.json', 'encodedHex'), ...nodes.slice(0, 4)],
      run(input) {
        must(equalBytes(encodeRlp(decodeRlp(input)), input), 'taken bytes are canonical')
      },
    },
    {
      name: 'anchor/header',
      refusals: /^RLP_INVALID$|^ANCHOR_HEADER_INVALID$/,
      form: 'bytes',
      seeds: headers.slice(0, 12),
      run(input) {
        const { hash, receiptsRoot } = decodeHeader(input)
        must(equalBytes(hash, keccak256(input)) && receiptsRoot.length === 32, 'the hash is that of the bytes')
      },
    },
    {
      name: 'anchor/receipt',
      refusals: /^RLP_INVALID$|^ANCHOR_RECEIPT_INVALID$/,
      form: 'bytes',
      seeds: nodes.flatMap((node) => receiptsIn(node)).slice(0, 12),
      run(input) {
        const { logs } = decodeReceipt(input)
        must(
          logs.every(({ address, topics }) => address.length === 20 && topics.length <= 4),
          'events have their form',
        )
      },
    },
    {
      name: 'anchor/trie',
      refusals: /^RLP_INVALID$|^ANCHOR_RECEIPT_UNPROVEN$/,
      form: 'bytes',
      seeds: nodes.slice(0, 12),
      run(input) {
        // By its own hash, so that the forms beneath are reached.
        const value = verifyTrieProof({ root: keccak256(input), index: 0, nodes: [input] })
        must(Buffer.from(input).includes(Buffer.from(value)), 'the value is in the node')
      },
    },
    {
      name: 'anchor/statement',
      refusals: /^INPUT_|^JSON_INVALID$|^SCHEMA_INVALID$/,
      form: 'json',
      seeds: seedsOf('anchor/statement.json', 'leaf'),
      run(input) {
        must(equalBytes(encodeStatement(decodeStatement(input)), input), 'taken bytes are canonical')
      },
    },
    {
      name: 'anchor/proof',
      refusals: /^INPUT_|^JSON_INVALID$|^SCHEMA_INVALID$|^RLP_INVALID$|^ANCHOR_/,
      form: 'json',
      seeds: proofs.map(({ proof, statement }) => textSeed(JSON.stringify({ proof, statement }))),
      run(input) {
        const { proof, statement } = parseJson(input) as { readonly proof?: unknown; readonly statement?: unknown }
        const trust = { has: ({ hash }: { readonly hash: Uint8Array }) => honest.has(hash.toString()) }
        const options = { statement: parseAnchorStatement(statement), kernel, trust }
        const { trusted, rootSize } = verifyStatementAnchor(parseAnchorProof(proof), options)
        // Under a block that is known, only what was anchored verifies; the vectors anchor one statement.
        const original = proofs[0]?.statement as { readonly root: string } | undefined
        const root = options.statement.kind === 'checkpoint' ? options.statement.root : undefined
        must(trusted === 'unverified-header' || root === original?.root, 'a known block holds what it holds')
        must(rootSize > 0, 'a log of logs has leaves')
      },
    },
  ]
}

/** Some vectors are no base64url. */
function bytesOf(text: string): readonly Uint8Array[] {
  try {
    return [fromBase64url(text)]
  } catch {
    return []
  }
}

/** The receipt of a trie of one leaf. */
function receiptsIn(node: Uint8Array): readonly Uint8Array[] {
  try {
    const item = decodeRlp(node)
    const value = item instanceof Uint8Array ? undefined : item[1]
    return value instanceof Uint8Array ? [value] : []
  } catch {
    return []
  }
}
