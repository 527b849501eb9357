// Generated from contracts/schemas/revocation.schema.json by tools/src/generate.ts; do not edit.
import { type Check, object, optional, ref, run, string } from '../check.ts'
import {
  type Cid,
  checkCid,
  checkDid,
  checkDidKey,
  checkHash32,
  checkTimestampS,
  type Did,
  type DidKey,
  type Hash32,
  type TimestampS,
} from './common.ts'

/** Payload tag of the signed envelope that carries Revocation. */
export const REVOCATION_TAG = 'talos/revoke@1'
/**
 * Takes one delegation back, or all that the issuer gave to one audience, and with each every chain that it stands in.
 * Specified in 09-receipt-revocation 9.4.
 */
export type Revocation = {
  /** An issuer of the chain up to the revoked link, or its holder; of `who`, the issuer of the delegations. */
  readonly iss: DidKey
  /** The delegation; there where `who` is not. */
  readonly revoke?: Cid
  /**
   * Every delegation of the issuer to this audience that begins before `atS`, or names no beginning; there where
   * `revoke` is not.
   */
  readonly who?: Did
  /** Why; for people. No control, line or direction characters. */
  readonly reason?: string
  /** SHA-256 of what shows the reason. */
  readonly evidence?: Hash32
  /** When it was signed. */
  readonly atS: TimestampS
}

const checkRevocation: Check = object({
  iss: ref(() => checkDidKey),
  revoke: optional(ref(() => checkCid)),
  who: optional(ref(() => checkDid)),
  reason: optional(
    string({
      minLength: 1,
      maxLength: 256,
      pattern: /^[^\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$/u,
    }),
  ),
  evidence: optional(ref(() => checkHash32)),
  atS: ref(() => checkTimestampS),
})

/** Returns `value` typed as Revocation. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseRevocation(value: unknown): Revocation {
  run('revocation', checkRevocation, value)
  return value as Revocation
}
