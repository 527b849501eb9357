/**
 * Receipts that share a signature (spec 09-receipt-revocation, clause 9.3).
 *
 *     batched receipt = DAG-CBOR [ payload bytes, index, [ path hashes ], envelope of talos/receipts@1 ]
 *     leaf            = SHA-256(0x00 || "talos/receipt@1" || 0x00 || payload bytes)
 *
 * The tree is that of RFC 6962. Each receipt carries all that it takes to verify it, so it is kept and shown like any other.
 */
import { Cid, concatBytes, decodeCbor, encodeCbor, type IpldValue, utf8 } from '@talos/bytes'
import { parseReceiptBatch, RECEIPT_BATCH_TAG, RECEIPT_TAG, type Receipt } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { hashAt, leafHash, leafIndex, splitPoint, treeSize, verifyInclusion } from '@talos/merkle'
import { STATEMENT_MAX_BYTES } from '../limits.ts'
import { readReceiptPayload } from './receipt-body.ts'

/** Receipts that share a signature, at most: their paths stay at ten hashes, and a signer that is slow holds back few. */
export const MAX_BATCH_RECEIPTS = 1_024

/** Where a receipt stands. */
export interface ReceiptBatchPlace {
  /** Receipts of the batch, 1 to {@link MAX_BATCH_RECEIPTS}. */
  readonly size: number
  /** From 0. */
  readonly index: number
  /** 32 bytes. */
  readonly root: Uint8Array
  /** When the batch was signed, by the executor's clock. */
  readonly signedMs: number
}

interface BatchedReceipt {
  readonly payload: Receipt
  readonly cid: Cid
  readonly batch: ReceiptBatchPlace
}

/** First byte of DAG-CBOR arrays of four items; a receipt that is signed alone is one of two. */
const ARRAY_OF_FOUR = 0x84
/** Arrays within the array, and members of a payload. */
const MAX_DEPTH = 2
const LIMITS = { maxBytes: STATEMENT_MAX_BYTES, maxDepth: MAX_DEPTH }
const LEAF_LABEL = utf8(`${RECEIPT_TAG}\0`)

/** Tells the two forms apart by their first byte; checks nothing else. */
export function isBatchedReceipt(bytes: Uint8Array): boolean {
  return bytes[0] === ARRAY_OF_FOUR
}

/**
 * Signs receipts together.
 *
 * @param items 1 to {@link MAX_BATCH_RECEIPTS}, each with the payload of a receipt by the signer
 * @returns the items in their order, each with its receipt, which is complete in itself
 * @throws TalosError `SIGNER_FAILED`
 */
export async function signReceiptBatch<T extends { readonly payload: Receipt }>(
  signer: Signer,
  { items, atMs }: { readonly items: readonly T[]; readonly atMs: number },
): Promise<readonly (T & { readonly receipt: SignedEnvelope })[]> {
  const { kernel } = signer
  const { root, leaves } = treeOver(
    items.map((item) => leafOf(item, kernel)),
    kernel,
  )
  const head = parseReceiptBatch({ iss: signer.did, n: leaves.length, root, atMs })
  const envelope = await signEnvelope({ tag: RECEIPT_BATCH_TAG, payload: { ...head }, signer })
  return leaves.map(({ item, content, path }, index) => {
    const bytes = encodeCbor([content, index, path, envelope.bytes])
    return { ...item, receipt: { bytes, cid: Cid.fromSha256(kernel.sha256(bytes)) } }
  })
}

/**
 * Opens a receipt of a batch: size, form, the batch's signature, its place in the tree, then its content.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `CBOR_INVALID`, of the envelope, `SCHEMA_INVALID`,
 *   `RECEIPT_BATCH_INVALID`, `RECEIPT_INVALID`
 */
export function openBatchedReceipt(bytes: Uint8Array, kernel: Kernel): BatchedReceipt {
  const parts = readBatchedReceipt(bytes)
  return batchedReceiptOf(parts, openEnvelope(parts.envelope, { kernel, ...RECEIPT_BATCH_ENVELOPE }), kernel)
}

/** What the envelope of a batch is opened with. */
export const RECEIPT_BATCH_ENVELOPE = { tags: [RECEIPT_BATCH_TAG], maxBytes: STATEMENT_MAX_BYTES } as const

/**
 * Takes a receipt of a batch apart; nothing is verified.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `CBOR_INVALID`, `RECEIPT_BATCH_INVALID`
 */
export function readBatchedReceipt(bytes: Uint8Array): BatchedParts {
  return { bytes, ...partsOf(decodeCbor(bytes, LIMITS)) }
}

/**
 * Reads a receipt of a batch whose envelope was verified.
 *
 * @throws TalosError `CBOR_INVALID`, `INPUT_TOO_DEEP`, `SCHEMA_INVALID`, `RECEIPT_BATCH_INVALID`, `RECEIPT_INVALID`
 */
export function batchedReceiptOf(parts: BatchedParts, opened: VerifiedEnvelope, kernel: Kernel): BatchedReceipt {
  const { bytes, content, index, path } = parts
  const { iss, n, root, atMs } = parseReceiptBatch(opened.payload)
  const leaf = leafHash(kernel, leafData(content))
  try {
    verifyInclusion({ index: leafIndex(index), size: treeSize(n), leafHash: leaf, proof: path, root, kernel })
  } catch (cause) {
    throw invalid('its path does not lead to the root', cause)
  }
  const payload = readReceiptPayload(decodeCbor(content, LIMITS))
  if (payload.iss !== iss) throw invalid('it is by another executor than the batch')
  const cid = Cid.fromSha256(kernel.sha256(bytes))
  return { payload, cid, batch: { size: n, index, root, signedMs: atMs } }
}

/** What a leaf's hash is taken over: the tag keeps a receipt from passing for a leaf of another tree, and the reverse. */
function leafData(content: Uint8Array): Uint8Array {
  return concatBytes(LEAF_LABEL, content)
}

interface Leaf<T> {
  readonly item: T
  readonly content: Uint8Array
  readonly hash: Uint8Array
  /** Siblings from the bottom up. */
  readonly path: readonly Uint8Array[]
}

function leafOf<T extends { readonly payload: Receipt }>(item: T, kernel: Kernel): Leaf<T> {
  const content = encodeCbor({ ...item.payload })
  return { item, content, hash: leafHash(kernel, leafData(content)), path: [] }
}

/** The tree of RFC 6962 section 2.1 with all of its inclusion paths. */
function treeOver<T>(
  leaves: readonly Leaf<T>[],
  kernel: Kernel,
): { readonly root: Uint8Array; readonly leaves: readonly Leaf<T>[] } {
  const hashes = leaves.map(({ hash }) => hash)
  if (hashes.length < 2) return { root: hashAt(hashes, 0), leaves }
  const split = splitPoint(hashes.length)
  const left = treeOver(leaves.slice(0, split), kernel)
  const right = treeOver(leaves.slice(split), kernel)
  const below = (tree: typeof left, sibling: Uint8Array) =>
    tree.leaves.map((leaf) => ({ ...leaf, path: [...leaf.path, sibling] }))
  return {
    root: kernel.nodeHash(left.root, right.root),
    leaves: [...below(left, right.root), ...below(right, left.root)],
  }
}

/** A receipt of a batch, taken apart. */
export interface BatchedParts {
  /** The exact bytes of the whole. */
  readonly bytes: Uint8Array
  readonly content: Uint8Array
  readonly index: number
  readonly path: readonly Uint8Array[]
  readonly envelope: Uint8Array
}

function partsOf(decoded: IpldValue): Omit<BatchedParts, 'bytes'> {
  const [content, index, path, envelope] = decoded as readonly IpldValue[]
  const isWhole = content instanceof Uint8Array && envelope instanceof Uint8Array
  if (!isWhole || typeof index !== 'number' || !isHashList(path)) {
    throw invalid('it is not payload, index, path and envelope')
  }
  return { content, index, path, envelope }
}

function isHashList(value: IpldValue | undefined): value is readonly Uint8Array[] {
  return Array.isArray(value) && value.every((hash) => hash instanceof Uint8Array)
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('RECEIPT_BATCH_INVALID', { reason }, { cause })
}
