/** What a receipt says, however it is signed (spec 09-receipt-revocation, clause 9.1). */
import type { Cid } from '@talos/bytes'
import { type Did, parseReceipt, type Receipt } from '@talos/contracts'
import { type ErrorCode, TalosError } from '@talos/errors'
import { type DenialCause, denialPath } from '../denial.ts'

/** `refer`: the decision is left to somebody else; `error`: allowed, and the execution failed. */
export type Outcome = 'allow' | 'deny' | 'refer' | 'error'

export interface ReceiptContent {
  /** The invocation; of its bytes as they came, also where they could not be opened. */
  readonly invocation: Cid
  readonly outcome: Outcome
  /** 32-byte salted commitment to the exact bytes of the request. */
  readonly requestCommitment: Uint8Array
  /** 32-byte salted commitment to the exact bytes of the result. */
  readonly resultCommitment?: Uint8Array
  /** With the outcome `deny` why, with `refer` what is missing; with no other. */
  readonly denial?: DenialCause
  readonly atMs: number
  /** The executor's receipt before this one. */
  readonly previous?: Cid
}

/** Codes of a denial that a receipt carries: the root's and those nearest to it. */
const MAX_DENIAL_CODES = 8

/**
 * The payload of a receipt by `issuer`.
 *
 * @throws TalosError `RECEIPT_INVALID`, `SCHEMA_INVALID`
 */
export function receiptPayload(issuer: Did, content: ReceiptContent): Receipt {
  const { invocation, outcome, requestCommitment, resultCommitment, denial, atMs, previous } = content
  const codes: readonly ErrorCode[] = denial === undefined ? [] : denialPath(denial).slice(0, MAX_DENIAL_CODES)
  const payload = parseReceipt({
    iss: issuer,
    ran: invocation,
    outcome,
    request: requestCommitment,
    ...(resultCommitment === undefined ? {} : { result: resultCommitment }),
    ...(codes.length === 0 ? {} : { denial: codes }),
    atMs,
    ...(previous === undefined ? {} : { prev: previous }),
  })
  checkCodes(payload)
  return payload
}

/**
 * Reads a receipt's payload.
 *
 * @throws TalosError `RECEIPT_INVALID`, `SCHEMA_INVALID`
 */
export function readReceiptPayload(value: unknown): Receipt {
  const payload = parseReceipt(value)
  checkCodes(payload)
  return payload
}

function checkCodes({ outcome, denial = [] }: Receipt): void {
  const isDue = outcome === 'deny' || outcome === 'refer'
  if (isDue !== denial.length > 0) {
    throw new TalosError('RECEIPT_INVALID', { reason: 'codes belong to the outcomes deny and refer, and to no other' })
  }
}
