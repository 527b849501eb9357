// Generated from contracts/schemas/revocation.schema.json by tools/src/generate.ts; do not edit.
import { type Check, object, optional, ref, run, string } from '../check.ts'
import { type Cid, checkCid, checkDidKey, checkTimestampS, type DidKey, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Revocation. */
export const REVOCATION_TAG = 'talos/revoke@1'
/**
 * Takes one delegation back, and with it every chain that it stands in.
 * Specified in 09-receipt-revocation 9.4.
 */
export interface Revocation {
  /** An issuer of the chain up to the revoked link, or its holder. */
  readonly iss: DidKey
  /** The delegation. */
  readonly revoke: Cid
  /** Why; for people. No control, line or direction characters. */
  readonly reason?: string
  /** When it was signed. */
  readonly atS: TimestampS
}

const checkRevocation: Check = object({
  iss: ref(() => checkDidKey),
  revoke: ref(() => checkCid),
  reason: optional(
    string({
      minLength: 1,
      maxLength: 256,
      pattern: /^[^\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$/u,
    }),
  ),
  atS: ref(() => checkTimestampS),
})

/** Returns `value` typed as Revocation. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseRevocation(value: unknown): Revocation {
  run('revocation', checkRevocation, value)
  return value as Revocation
}
