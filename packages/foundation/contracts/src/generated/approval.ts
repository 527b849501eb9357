// Generated from contracts/schemas/approval.schema.json by tools/src/generate.ts; do not edit.
import { bytes, type Check, object, optional, ref, run, string } from '../check.ts'
import { checkDidKey, checkHash32, checkTimestampS, type DidKey, type Hash32, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Approval. */
export const APPROVAL_TAG = 'talos/approve@1'
/**
 * Somebody's consent to one exact call.
 * Specified in 19-approval 19.2.
 */
export type Approval = {
  /** Who approves. */
  readonly iss: DidKey
  /** Digest of the exact call. */
  readonly call: Hash32
  /** When it was signed. */
  readonly atS: TimestampS
  /** Last second in which it counts; at most one hour after `atS`. */
  readonly exp: TimestampS
  /** Random; makes the second approval of an equal call another one. */
  readonly nonce: Uint8Array
  /** Why; for people. No control, line or direction characters. */
  readonly note?: string
}

const checkApproval: Check = object({
  iss: ref(() => checkDidKey),
  call: ref(() => checkHash32),
  atS: ref(() => checkTimestampS),
  exp: ref(() => checkTimestampS),
  nonce: bytes(12, 64),
  note: optional(
    string({
      minLength: 1,
      maxLength: 256,
      pattern: /^[^\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$/u,
    }),
  ),
})

/** Returns `value` typed as Approval. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseApproval(value: unknown): Approval {
  run('approval', checkApproval, value)
  return value as Approval
}
