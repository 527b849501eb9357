/**
 * Receipts: what the executor says that it did with a call (spec 09-receipt-revocation, clauses 9.1 to 9.3).
 *
 * A receipt is signed alone, or stands in a batch that is signed once; `openReceipt` reads either.
 */
import type { Cid } from '@talos/bytes'
import { type Did, RECEIPT_TAG, type Receipt } from '@talos/contracts'
import {
  openEnvelope,
  type ReadEnvelope,
  readEnvelope,
  type SignedEnvelope,
  type Signer,
  signEnvelope,
  type VerifiedEnvelope,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { STATEMENT_MAX_BYTES } from '../limits.ts'
import {
  type BatchedParts,
  batchedReceiptOf,
  isBatchedReceipt,
  openBatchedReceipt,
  RECEIPT_BATCH_ENVELOPE,
  type ReceiptBatchPlace,
  readBatchedReceipt,
} from './receipt-batch.ts'
import { type Outcome, type ReceiptContent, readReceiptPayload, receiptPayload } from './receipt-body.ts'

export interface IssueReceiptOptions extends ReceiptContent {
  /** The executor. */
  readonly signer: Signer
}

export interface VerifiedReceipt {
  /** Names the exact bytes, in whichever form. */
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  readonly issuer: Did
  readonly invocation: Cid
  readonly outcome: Outcome
  readonly requestCommitment: Uint8Array
  readonly resultCommitment: Uint8Array | undefined
  /** The denial's codes from the root down, or those of what is missing; none unless the outcome is `deny` or `refer`. */
  readonly denial: readonly string[]
  readonly atMs: number
  readonly previous: Cid | undefined
  /** The batch that it stands in; none where it is signed alone. */
  readonly batch: ReceiptBatchPlace | undefined
}

/**
 * Signs a receipt alone.
 *
 * @throws TalosError `RECEIPT_INVALID`, `SCHEMA_INVALID`, `SIGNER_FAILED`
 */
export async function issueReceipt({ signer, ...content }: IssueReceiptOptions): Promise<SignedEnvelope> {
  return await signReceipt(signer, receiptPayload(signer.did, content))
}

/** Signs a payload alone. Throws `SIGNER_FAILED`. */
export async function signReceipt(signer: Signer, payload: Receipt): Promise<SignedEnvelope> {
  return await signEnvelope({ tag: RECEIPT_TAG, payload: { ...payload }, signer, maxBytes: STATEMENT_MAX_BYTES })
}

/**
 * Opens a receipt of either form. Whether its issuer is the executor of the call is the reader's to compare: see clause 9.3.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `RECEIPT_INVALID`, `RECEIPT_BATCH_INVALID`
 */
export function openReceipt(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedReceipt {
  if (isBatchedReceipt(bytes)) {
    const { payload, cid, batch } = openBatchedReceipt(bytes, kernel)
    return verified(payload, { cid, bytes, batch })
  }
  return receiptOf(openEnvelope(bytes, { kernel, ...RECEIPT_ENVELOPE }))
}

/** What the envelope of a receipt that is signed alone is opened with. */
const RECEIPT_ENVELOPE = { tags: [RECEIPT_TAG], maxBytes: STATEMENT_MAX_BYTES } as const

/** A receipt of either form whose signature is still to be checked. */
export interface ReadReceipt {
  /** What is signed: the receipt, or the batch that it stands in. */
  readonly envelope: ReadEnvelope
  readonly parts: BatchedParts | undefined
}

/**
 * Reads a receipt up to its signature.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `CBOR_INVALID`, `RECEIPT_BATCH_INVALID`
 */
export function readReceipt(bytes: Uint8Array): ReadReceipt {
  if (!isBatchedReceipt(bytes)) return { envelope: readEnvelope({ bytes, ...RECEIPT_ENVELOPE }), parts: undefined }
  const parts = readBatchedReceipt(bytes)
  return { envelope: readEnvelope({ bytes: parts.envelope, ...RECEIPT_BATCH_ENVELOPE }), parts }
}

/**
 * The receipt that was read, once its envelope is verified.
 *
 * @throws TalosError of the payload and of the place in the batch
 */
export function receiptOfRead(
  { parts }: ReadReceipt,
  { opened, kernel }: { readonly opened: VerifiedEnvelope; readonly kernel: Kernel },
): VerifiedReceipt {
  if (parts === undefined) return receiptOf(opened)
  const { payload, cid, batch } = batchedReceiptOf(parts, opened, kernel)
  return verified(payload, { cid, bytes: parts.bytes, batch })
}

/** Reads a receipt that is signed alone. @throws TalosError `SCHEMA_INVALID`, `RECEIPT_INVALID` */
function receiptOf({ payload, cid, bytes }: VerifiedEnvelope): VerifiedReceipt {
  return verified(readReceiptPayload(payload), { cid, bytes, batch: undefined })
}

function verified(payload: Receipt, form: Pick<VerifiedReceipt, 'cid' | 'bytes' | 'batch'>): VerifiedReceipt {
  const { iss, ran, outcome, request, result, denial = [], atMs, prev } = payload
  return {
    ...form,
    issuer: iss,
    invocation: ran,
    outcome,
    requestCommitment: request,
    resultCommitment: result,
    denial,
    atMs,
    previous: prev,
  }
}
