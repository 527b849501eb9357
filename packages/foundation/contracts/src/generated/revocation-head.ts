// Generated from contracts/schemas/revocation-head.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, ref, run } from '../check.ts'
import { checkDidKey, checkHash32, checkTimestampS, type DidKey, type Hash32, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Revocation head. */
export const REVOCATION_HEAD_TAG = 'talos/revhead@1'
/**
 * What an issuer's list of revocations is at one time: how many it has, and a digest over all in their order.
 * Specified in 09-receipt-revocation 9.6.
 */
export type RevocationHead = {
  /** Whose list it is. */
  readonly iss: DidKey
  /** How many revocations the list has. */
  readonly n: number
  /** The hash chain over the names of the revocations, in their order. */
  readonly digest: Hash32
  /** When it was signed: the list had no more then. */
  readonly atS: TimestampS
}

const checkRevocationHead: Check = object({
  iss: ref(() => checkDidKey),
  n: integer(0, Number.MAX_SAFE_INTEGER),
  digest: ref(() => checkHash32),
  atS: ref(() => checkTimestampS),
})

/** Returns `value` typed as RevocationHead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseRevocationHead(value: unknown): RevocationHead {
  run('revocation-head', checkRevocationHead, value)
  return value as RevocationHead
}
