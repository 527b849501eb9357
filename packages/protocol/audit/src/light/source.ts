/**
 * Where a light client gets a log from (contracts/spec/24-light-client.md, clause 24.2). Nothing that a source says is
 * believed: everything is checked against signatures and hashes that the client knows.
 */

/** A part of an agent's list of revocations (09-receipt-revocation, clause 9.7). */
export interface RevocationPage {
  /** The exact bytes of a head (`talos/revhead@1`); it may cover more than this page gives. */
  readonly head: Uint8Array
  /** The exact bytes of the revocations at the positions after the one that was asked for: as many as the source likes. */
  readonly items: readonly Uint8Array[]
}

/**
 * A log as it is offered: over HTTP, from a folder, by a peer. Errors of a source's own medium pass through the client
 * as they are; a source need not check anything.
 */
export interface LogSource {
  /** The newest checkpoint: a signed note, with whatever cosignatures are there. */
  checkpoint(): Promise<string>
  /**
   * The first `width` hashes (1 to 256, 32 bytes each) of a tile: `width` is what a tree of the checkpoint's size has of
   * it, so that it is the full tile or the partial one of that checkpoint.
   */
  tile(tile: { readonly level: number; readonly index: number; readonly width: number }): Promise<Uint8Array>
  /** The first `width` entries from `256 * index` on, in the form of C2SP entry bundles: u16 length, then the bytes. */
  entries(bundle: { readonly index: number; readonly width: number }): Promise<Uint8Array>
  /** The newest envelope (`talos/logkey@1`) by which the agent's identity lets the log's key sign. */
  logKey(): Promise<Uint8Array>
  /** The agent's key log as text (`did.jsonl`, 18-key-log). */
  keyLog(): Promise<string>
  /**
   * The list of revocations of the agent's current key, from the position after `after` on.
   *
   * @returns undefined when the agent has signed no head
   */
  revocations(after: number): Promise<RevocationPage | undefined>
}
