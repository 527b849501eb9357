/**
 * The trie of a block's receipts (Ethereum yellow paper, appendix D; contracts/spec/25-anchor.md, clause 25.5).
 *
 * Key is the RLP of the transaction's index, value the receipt. A node is RLP: a branch of 17 items, or a pair of a path and
 * what it leads to; its parent names it by its Keccak-256. (Nodes of fewer than 32 bytes would stand in their parent; a
 * receipt alone has more, so here there are none.) A proof is the nodes from the root to the value.
 */
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { listOf, stringOf } from './items.ts'
import { keccak256 } from './keccak.ts'
import { decodeRlp, encodeRlp, encodeUint, type RlpItem } from './rlp.ts'

/** Keys have up to 4 bytes, so 8 digits: one node each, and the value's. */
export const TRIE_MAX_NODES = 8
/** A node holds at most one receipt. */
export const TRIE_MAX_NODE_BYTES = 131_072
const BRANCH_ITEMS = 17
const PAIR_ITEMS = 2
/** In the first digit of an encoded path: whether it is of odd length, and whether the value follows. */
const ODD = 1
const LEAF = 2
/** Above those four. */
const NO_PATH = 4

type Digits = readonly number[]

/** The key of a transaction in the tries of its block. */
function keyDigits(index: number): Digits {
  return digitsOf(encodeRlp(encodeUint(index)))
}

export interface TrieProof {
  /** 32 bytes. */
  readonly root: Uint8Array
  /** Index of the transaction in its block. */
  readonly index: number
  /** From the root on. */
  readonly nodes: readonly Uint8Array[]
}

/**
 * The value that the trie with this root has for a transaction.
 *
 * @throws TalosError `ANCHOR_RECEIPT_UNPROVEN`, `RLP_INVALID`
 */
export function verifyTrieProof({ root, index, nodes }: TrieProof): Uint8Array {
  if (nodes.length > TRIE_MAX_NODES) throw unproven('it has too many nodes')
  let step: Step = { next: root, digits: keyDigits(index), isValue: false }
  for (const bytes of nodes) {
    if (step.isValue) throw unproven('nodes are left over')
    step = follow(namedNode(step.next, bytes), step.digits)
  }
  if (!step.isValue) throw unproven('a node is missing')
  return step.next
}

interface Step {
  /** Name of the next node, or the value. */
  readonly next: Uint8Array
  readonly digits: Digits
  readonly isValue: boolean
}

function namedNode(hash: Uint8Array, bytes: Uint8Array): RlpItem {
  if (bytes.length > TRIE_MAX_NODE_BYTES) throw unproven('a node has too many bytes')
  if (!equalBytes(keccak256(bytes), hash)) throw unproven('a node has another hash')
  return decodeRlp(bytes)
}

/** One step down. The keys of a trie of indexes are of different lengths, and none begins another. */
function follow(node: RlpItem, digits: Digits): Step {
  const items = listOf(node) ?? []
  const [digit = BRANCH_ITEMS, ...further] = digits
  if (items.length === BRANCH_ITEMS) return { next: stringAt(items, digit), digits: further, isValue: false }
  if (items.length !== PAIR_ITEMS) throw unproven('a node has another form')
  const { digits: expected, isLeaf } = readPath(stringAt(items, 0))
  const isSame = expected.every((each, position) => each === digits[position])
  if (!isSame || (isLeaf && expected.length !== digits.length)) throw unproven('it leads to another key')
  return { next: stringAt(items, 1), digits: digits.slice(expected.length), isValue: isLeaf }
}

function stringAt(items: readonly RlpItem[], position: number): Uint8Array {
  const bytes = stringOf(items[position])
  if (bytes === undefined) throw unproven('a node has another form')
  return bytes
}

function readPath(encoded: Uint8Array): { readonly digits: Digits; readonly isLeaf: boolean } {
  const [flags = NO_PATH, padding = 0, ...digits] = digitsOf(encoded)
  const isOdd = flags % 2 === ODD
  if (flags >= NO_PATH || (!isOdd && padding !== 0)) throw unproven('a path has another form')
  return { digits: isOdd ? [padding, ...digits] : digits, isLeaf: flags >= LEAF }
}

/**
 * Builds the trie of a block's receipts, and the proof of one of them.
 *
 * @param options.receipts as they stand in the trie, in the order of the transactions; each has 32 bytes or more
 * @throws TalosError `ANCHOR_RECEIPT_UNPROVEN` where the block has no such transaction
 */
export function proveReceipt({
  receipts,
  index,
}: {
  readonly receipts: readonly Uint8Array[]
  readonly index: number
}): {
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly nodes: readonly Uint8Array[]
} {
  if (receipts[index] === undefined) throw unproven('its block has no such transaction')
  const entries = receipts.map((value, position) => ({
    digits: keyDigits(position),
    value,
    isWanted: position === index,
  }))
  const { encoded, nodes } = build(entries)
  return { root: keccak256(encoded), nodes }
}

interface Entry {
  /** What is left of its key. */
  readonly digits: Digits
  readonly value: Uint8Array
  readonly isWanted: boolean
}

interface BuiltNode {
  readonly encoded: Uint8Array
  /** The nodes from this one to the entry that is wanted, where it lies below. */
  readonly nodes: readonly Uint8Array[]
}

function build(entries: readonly Entry[]): BuiltNode {
  const [first, ...others] = entries
  if (first === undefined) return { encoded: new Uint8Array(0), nodes: [] }
  const shared = first.digits.findIndex((digit, depth) => others.some(({ digits }) => digits[depth] !== digit))
  if (others.length === 0) return built([writePath(first.digits, LEAF), first.value], entries)
  if (shared > 0) {
    const child = build(entries.map((entry) => ({ ...entry, digits: entry.digits.slice(shared) })))
    return built([writePath(first.digits.slice(0, shared), 0), keccak256(child.encoded)], entries, [child])
  }
  const children = Array.from({ length: BRANCH_ITEMS - 1 }, (_, digit) =>
    build(
      entries.filter(({ digits }) => digits[0] === digit).map((entry) => ({ ...entry, digits: entry.digits.slice(1) })),
    ),
  )
  const names = children.map(({ encoded }) => (encoded.length === 0 ? encoded : keccak256(encoded)))
  return built([...names, new Uint8Array(0)], entries, children)
}

function built(node: RlpItem, entries: readonly Entry[], children: readonly BuiltNode[] = []): BuiltNode {
  const encoded = encodeRlp(node)
  const isOnTheWay = entries.some(({ isWanted }) => isWanted)
  return { encoded, nodes: isOnTheWay ? [encoded, ...children.flatMap(({ nodes }) => nodes)] : [] }
}

function writePath(digits: Digits, kind: number): Uint8Array {
  const all = digits.length % 2 === 1 ? [kind + ODD, ...digits] : [kind, 0, ...digits]
  return Uint8Array.from({ length: all.length / 2 }, (_, index) => {
    const [high = 0, low = 0] = all.slice(2 * index)
    return 16 * high + low
  })
}

function digitsOf(bytes: Uint8Array): Digits {
  return [...bytes].flatMap((byte) => [byte >> 4, byte % 16])
}

function unproven(reason: string): TalosError {
  return new TalosError('ANCHOR_RECEIPT_UNPROVEN', { reason })
}
