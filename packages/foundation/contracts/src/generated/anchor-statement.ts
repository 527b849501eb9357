// Generated from contracts/schemas/anchor-statement.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, oneOfValues, ref, run, string, variant } from '../check.ts'
import { checkDid, checkDidKey, checkHex32, type Did, type DidKey, type Hex32 } from './common.ts'

/**
 * One leaf of a log of logs: what is anchored. Its canonical bytes are the leaf.
 * Specified in 25-anchor 25.2.
 */
export type AnchorStatement = AnchorStatementCheckpoint | AnchorStatementRevocations | AnchorStatementIdentity

export const checkAnchorStatement: Check = variant('kind', {
  checkpoint: ref(() => checkAnchorStatementCheckpoint),
  revocations: ref(() => checkAnchorStatementRevocations),
  identity: ref(() => checkAnchorStatementIdentity),
})

/** Returns `value` typed as AnchorStatement. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorStatement(value: unknown): AnchorStatement {
  run('anchor-statement', checkAnchorStatement, value)
  return value as AnchorStatement
}

/** The tree of an audit log, as a checkpoint says it (11-checkpoint 11.4). */
export type AnchorStatementCheckpoint = {
  readonly v: 1
  readonly kind: 'checkpoint'
  /** The log's name. */
  readonly origin: string
  readonly size: number
  readonly root: Hex32
}

const checkAnchorStatementCheckpoint: Check = object({
  v: oneOfValues(1),
  kind: oneOfValues('checkpoint'),
  origin: string({ minLength: 1, maxLength: 256 }),
  size: integer(0, Number.MAX_SAFE_INTEGER),
  root: ref(() => checkHex32),
})

/** Returns `value` typed as AnchorStatementCheckpoint. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorStatementCheckpoint(value: unknown): AnchorStatementCheckpoint {
  run('anchor-statement#checkpoint', checkAnchorStatementCheckpoint, value)
  return value as AnchorStatementCheckpoint
}

/** What an issuer's list of revocations was (09-receipt-revocation 9.6). */
export type AnchorStatementRevocations = {
  readonly v: 1
  readonly kind: 'revocations'
  readonly issuer: DidKey
  /** How many revocations the list had. */
  readonly n: number
  /** The hash chain over their names. */
  readonly digest: Hex32
}

const checkAnchorStatementRevocations: Check = object({
  v: oneOfValues(1),
  kind: oneOfValues('revocations'),
  issuer: ref(() => checkDidKey),
  n: integer(0, Number.MAX_SAFE_INTEGER),
  digest: ref(() => checkHex32),
})

/** Returns `value` typed as AnchorStatementRevocations. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorStatementRevocations(value: unknown): AnchorStatementRevocations {
  run('anchor-statement#revocations', checkAnchorStatementRevocations, value)
  return value as AnchorStatementRevocations
}

/** What a key log was (18-key-log). */
export type AnchorStatementIdentity = {
  readonly v: 1
  readonly kind: 'identity'
  readonly did: Did
  /** Number of the key log's last entry. */
  readonly version: number
  /** SHA-256 of the exact bytes of the key log's last line, without the line feed. */
  readonly hash: Hex32
}

const checkAnchorStatementIdentity: Check = object({
  v: oneOfValues(1),
  kind: oneOfValues('identity'),
  did: ref(() => checkDid),
  version: integer(1, Number.MAX_SAFE_INTEGER),
  hash: ref(() => checkHex32),
})

/** Returns `value` typed as AnchorStatementIdentity. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorStatementIdentity(value: unknown): AnchorStatementIdentity {
  run('anchor-statement#identity', checkAnchorStatementIdentity, value)
  return value as AnchorStatementIdentity
}
