// Generated from contracts/schemas/receipt.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import {
  type Cid,
  checkCid,
  checkDidKey,
  checkHash32,
  checkTimestampMs,
  type DidKey,
  type Hash32,
  type TimestampMs,
} from './common.ts'

/** Payload tag of the signed envelope that carries Receipt. */
export const RECEIPT_TAG = 'talos/receipt@1'
/**
 * What the executor says that it did with one invocation.
 * Specified in 09-receipt-revocation 9.1.
 */
export type Receipt = {
  /** The executor. */
  readonly iss: DidKey
  /** The invocation. */
  readonly ran: Cid
  /** What became of it; `refer` when a decision is left to somebody else. */
  readonly outcome: 'allow' | 'deny' | 'refer' | 'error'
  /** Salted commitment to the exact bytes of the request. */
  readonly request: Hash32
  /** Salted commitment to the exact bytes of the result. */
  readonly result?: Hash32
  /**
   * With the outcome `deny` the denial's codes from the root down, with `refer` the codes of what is missing; with no
   * other.
   */
  readonly denial?: readonly string[]
  /** When the executor decided, or had the result. */
  readonly atMs: TimestampMs
  /** The executor's receipt before this one. */
  readonly prev?: Cid
}

const checkReceipt: Check = object({
  iss: ref(() => checkDidKey),
  ran: ref(() => checkCid),
  outcome: oneOfValues('allow', 'deny', 'refer', 'error'),
  request: ref(() => checkHash32),
  result: optional(ref(() => checkHash32)),
  denial: optional(
    array(string({ minLength: 1, maxLength: 64, pattern: /^[A-Z][A-Z0-9_]*$/u }), { minItems: 1, maxItems: 8 }),
  ),
  atMs: ref(() => checkTimestampMs),
  prev: optional(ref(() => checkCid)),
})

/** Returns `value` typed as Receipt. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseReceipt(value: unknown): Receipt {
  run('receipt', checkReceipt, value)
  return value as Receipt
}
