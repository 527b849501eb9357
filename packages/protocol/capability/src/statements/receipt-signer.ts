/**
 * Signs an executor's receipts, one signature for each or for all that wait (spec 09-receipt-revocation, clause 9.3).
 *
 * A batch is what gathered while the signature before it was under way: nothing waits for company, and the slower the signer
 * the larger its batches.
 */
import type { Receipt } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { SignedEnvelope, Signer } from '@talos/identity'
import { signReceipt } from './receipt.ts'
import { MAX_BATCH_RECEIPTS, signReceiptBatch } from './receipt-batch.ts'
import { type ReceiptContent, receiptPayload } from './receipt-body.ts'

/** A receipt with its name: of clause 9.1's form, or of a batch. */
export type SignedReceipt = SignedEnvelope

/** Receipts that may wait for a signature, unless the caller says otherwise: 64 batches. */
export const DEFAULT_MAX_QUEUED_RECEIPTS = 65_536

export interface ReceiptSignerOptions {
  /** The executor. */
  readonly signer: Signer
  /** The executor's clock, read when a batch is signed. */
  readonly nowMs: () => number
  /** {@link DEFAULT_MAX_QUEUED_RECEIPTS} unless given. */
  readonly maxQueued?: number
}

interface Waiting {
  readonly payload: Receipt
  readonly resolve: (receipt: SignedReceipt) => void
  readonly reject: (error: unknown) => void
}

export class ReceiptSigner {
  readonly #signer: Signer
  readonly #nowMs: () => number
  readonly #maxQueued: number
  readonly #queue: Waiting[] = []
  #isSigning = false

  constructor({ signer, nowMs, maxQueued = DEFAULT_MAX_QUEUED_RECEIPTS }: ReceiptSignerOptions) {
    this.#signer = signer
    this.#nowMs = nowMs
    this.#maxQueued = maxQueued
  }

  /**
   * Signs a receipt: `call` with a signature of its own, `batch` together with whichever others wait. One that nobody waits
   * beside is signed as for `call`. A signer that fails fails the receipts of that signature; the next ones are tried anew.
   *
   * @throws TalosError `RECEIPT_INVALID`, `SCHEMA_INVALID`, `RECEIPT_QUEUE_FULL`, `SIGNER_FAILED`
   */
  async issue(content: ReceiptContent, how: 'call' | 'batch'): Promise<SignedReceipt> {
    const payload = receiptPayload(this.#signer.did, content)
    if (how === 'call') return await signReceipt(this.#signer, payload)
    if (this.#queue.length >= this.#maxQueued) throw new TalosError('RECEIPT_QUEUE_FULL', { limit: this.#maxQueued })
    const { promise, resolve, reject } = Promise.withResolvers<SignedReceipt>()
    this.#queue.push({ payload, resolve, reject })
    if (!this.#isSigning) void this.#drain()
    return await promise
  }

  async #drain(): Promise<void> {
    this.#isSigning = true
    // What the caller asks for in the same breath goes with the first: a signer within this process is never under way long.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#signBatch()
    this.#isSigning = false
  }

  async #signBatch(): Promise<void> {
    const batch = this.#queue.splice(0, MAX_BATCH_RECEIPTS)
    try {
      for (const { receipt, resolve } of await this.#sign(batch)) resolve(receipt)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async #sign(batch: readonly Waiting[]): Promise<readonly (Waiting & { readonly receipt: SignedReceipt })[]> {
    if (batch.length > 1) return await signReceiptBatch(this.#signer, { items: batch, atMs: this.#nowMs() })
    const alone = async (waiting: Waiting) => ({
      ...waiting,
      receipt: await signReceipt(this.#signer, waiting.payload),
    })
    return await Promise.all(batch.map(alone))
  }
}
