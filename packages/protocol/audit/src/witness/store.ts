/** What a witness must remember: for each log, how far it cosigned it (contracts/spec/23-witness.md, clause 23.3). */

/** A key by which a log signs, as it is kept. */
export interface KeptLogKey {
  /** The verifier key as text. */
  readonly vkey: string
  /** The signed delegation; absent for the key of a log that an operator wrote down. */
  readonly delegation?: Uint8Array
}

/** One log, as this witness knows it. */
export interface WitnessRecord {
  readonly origin: string
  /** Raised by each change, from 1. */
  readonly version: number
  /** Who made the log known first: a DID, or a word of the operator's. Its room is limited. */
  readonly introducer: string
  /** In the order in which they became known; one at least. */
  readonly keys: readonly KeptLogKey[]
  /** Size of the last checkpoint that was cosigned; 0 with `note` absent where none was. */
  readonly size: number
  /** The last checkpoint that was cosigned, with the log's signature alone. */
  readonly note?: string
  /** Checkpoints that others saw and that are not yet shown to be of the same history. */
  readonly heads: readonly string[]
  /** The evidence that the log contradicted itself. From then on nothing of it is cosigned. */
  readonly fork?: string
}

/**
 * Durable memory of a witness. Nothing in it is ever removed: what is forgotten could be contradicted. A method that
 * fails throws, and then nothing is signed.
 */
export interface WitnessStore {
  get(origin: string): WitnessRecord | undefined
  /**
   * Compare and swap: keeps `next` durably where the record of its origin has the version before it (none where
   * `next.version` is 1), before it returns. Tells whether it did; otherwise nothing has changed.
   */
  swap(next: WitnessRecord): boolean
  /** How many logs are kept, of one introducer or in all. */
  count(introducer?: string): number
}
