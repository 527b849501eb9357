/**
 * What is anchored: the leaves of a log of logs (contracts/spec/25-anchor.md, clause 25.2).
 *
 * A leaf is canonical JSON of a closed schema. One tree holds the heads of everything that an anchoring agent answers for:
 * checkpoints of audit logs, lists of revocations, key logs. Its root alone goes to the chain.
 */
import { decodeJcs, encodeJcs, toHex, utf8 } from '@talos/bytes'
import { type AnchorStatement, type AnchorStatementCheckpoint, type Did, parseAnchorStatement } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { leafHash } from '@talos/merkle'

/** An origin has 256 characters, a DID 512; the rest is short. */
export const STATEMENT_MAX_BYTES = 2_048

/** Canonical bytes of a statement. @throws TalosError `SCHEMA_INVALID`, `JSON_INVALID` */
export function encodeStatement(statement: AnchorStatement): Uint8Array {
  return utf8(encodeJcs(parseAnchorStatement(statement)))
}

/** Reads a statement from its exact bytes. @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `JSON_INVALID`, `SCHEMA_INVALID` */
export function decodeStatement(bytes: Uint8Array): AnchorStatement {
  return parseAnchorStatement(decodeJcs(bytes, { maxBytes: STATEMENT_MAX_BYTES, maxDepth: 1 }))
}

/** The tree of a log as a checkpoint says it. */
export interface CheckpointHead {
  readonly origin: string
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** What a checkpoint says, as a statement; its members, as those of the others, stand in canonical order. */
export function checkpointStatement({ origin, size, root }: CheckpointHead): AnchorStatementCheckpoint {
  return { kind: 'checkpoint', origin, root: toHex(root), size, v: 1 }
}

/** What a list of revocations is. */
export function revocationsStatement(head: {
  readonly issuer: Did
  readonly n: number
  /** 32 bytes. */
  readonly digest: Uint8Array
}): AnchorStatement {
  const { issuer, n, digest } = head
  return { digest: toHex(digest), issuer, kind: 'revocations', n, v: 1 }
}

/** What a key log is. */
export function identityStatement(log: {
  readonly did: Did
  /** Number of its last entry. */
  readonly version: number
  /** SHA-256 of the exact bytes of its last line, 32 bytes. */
  readonly hash: Uint8Array
}): AnchorStatement {
  const { did, version, hash } = log
  return { did, hash: toHex(hash), kind: 'identity', v: 1, version }
}

/** Leaf hash of a statement, 32 bytes. @throws TalosError as {@link encodeStatement} */
export function statementLeaf(statement: AnchorStatement, kernel: Kernel): Uint8Array {
  return leafHash(kernel, encodeStatement(statement))
}
