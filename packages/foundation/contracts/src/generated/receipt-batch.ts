// Generated from contracts/schemas/receipt-batch.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, ref, run } from '../check.ts'
import { checkDidKey, checkHash32, checkTimestampMs, type DidKey, type Hash32, type TimestampMs } from './common.ts'

/** Payload tag of the signed envelope that carries Receipt batch. */
export const RECEIPT_BATCH_TAG = 'talos/receipts@1'
/**
 * What the executor signs once for several receipts: the root of the tree that they stand in.
 * Specified in 09-receipt-revocation 9.3.
 */
export type ReceiptBatch = {
  /** The executor. */
  readonly iss: DidKey
  /** Receipts of the batch. */
  readonly n: number
  /** Root of the tree over the receipts. */
  readonly root: Hash32
  /** When the batch was signed. */
  readonly atMs: TimestampMs
}

const checkReceiptBatch: Check = object({
  iss: ref(() => checkDidKey),
  n: integer(1, 1_024),
  root: ref(() => checkHash32),
  atMs: ref(() => checkTimestampMs),
})

/** Returns `value` typed as ReceiptBatch. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseReceiptBatch(value: unknown): ReceiptBatch {
  run('receipt-batch', checkReceiptBatch, value)
  return value as ReceiptBatch
}
