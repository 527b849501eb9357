/** Receipts: what the executor says that it did with a call (spec 09-receipt-revocation, clauses 9.1 to 9.3). */
import type { Cid } from '@talos/bytes'
import { type Did, parseReceipt, RECEIPT_TAG } from '@talos/contracts'
import { type ErrorCode, TalosError } from '@talos/errors'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type DenialCause, denialPath } from '../denial.ts'
import { STATEMENT_MAX_BYTES } from '../limits.ts'

/** `refer`: the decision is left to somebody else; `error`: allowed, and the execution failed. */
export type Outcome = 'allow' | 'deny' | 'refer' | 'error'

export interface IssueReceiptOptions {
  /** The executor. */
  readonly signer: Signer
  /** The invocation; of its bytes as they came, also where they could not be opened. */
  readonly invocation: Cid
  readonly outcome: Outcome
  /** 32-byte salted commitment to the exact bytes of the request. */
  readonly requestCommitment: Uint8Array
  /** 32-byte salted commitment to the exact bytes of the result. */
  readonly resultCommitment?: Uint8Array
  /** With the outcome `deny`, and with no other. */
  readonly denial?: DenialCause
  readonly atMs: number
  /** The executor's receipt before this one. */
  readonly previous?: Cid
}

export interface VerifiedReceipt {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  readonly issuer: Did
  readonly invocation: Cid
  readonly outcome: Outcome
  readonly requestCommitment: Uint8Array
  readonly resultCommitment: Uint8Array | undefined
  /** The denial's codes from the root down; none unless the outcome is `deny`. */
  readonly denial: readonly string[]
  readonly atMs: number
  readonly previous: Cid | undefined
}

/** Codes of a denial that a receipt carries: the root's and those nearest to it. */
const MAX_DENIAL_CODES = 8

/**
 * Signs a receipt.
 *
 * @throws TalosError `RECEIPT_INVALID`, `SCHEMA_INVALID`, `SIGNER_FAILED`
 */
export async function issueReceipt(options: IssueReceiptOptions): Promise<SignedEnvelope> {
  const { signer, invocation, outcome, requestCommitment, resultCommitment, denial, atMs, previous } = options
  const codes: readonly ErrorCode[] = denial === undefined ? [] : denialPath(denial).slice(0, MAX_DENIAL_CODES)
  checkDenial(outcome, codes)
  const payload = parseReceipt({
    iss: signer.did,
    ran: invocation,
    outcome,
    request: requestCommitment,
    ...(resultCommitment === undefined ? {} : { result: resultCommitment }),
    ...(codes.length === 0 ? {} : { denial: codes }),
    atMs,
    ...(previous === undefined ? {} : { prev: previous }),
  })
  return await signEnvelope({ tag: RECEIPT_TAG, payload: { ...payload }, signer, maxBytes: STATEMENT_MAX_BYTES })
}

/**
 * Opens a receipt. Whether its issuer is the executor of the call is the reader's to compare: see clause 9.3.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `RECEIPT_INVALID`
 */
export function openReceipt(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedReceipt {
  const { payload, cid } = openEnvelope(bytes, { kernel, tags: [RECEIPT_TAG], maxBytes: STATEMENT_MAX_BYTES })
  const { iss, ran, outcome, request, result, denial = [], atMs, prev } = parseReceipt(payload)
  checkDenial(outcome, denial)
  return {
    cid,
    bytes,
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

function checkDenial(outcome: Outcome, codes: readonly string[]): void {
  if ((outcome === 'deny') !== codes.length > 0) {
    throw new TalosError('RECEIPT_INVALID', { reason: 'a denial belongs to the outcome deny, and to no other' })
  }
}
