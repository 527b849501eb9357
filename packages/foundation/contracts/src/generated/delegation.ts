// Generated from contracts/schemas/delegation.schema.json by tools/src/generate.ts; do not edit.
import type { IpldValue } from '@talos/bytes'
import {
  anyIpld,
  array,
  byType,
  bytes,
  type Check,
  map,
  nothing,
  object,
  optional,
  ref,
  run,
  string,
} from '../check.ts'
import { checkDid, checkDidKey, checkTimestampS, type Did, type DidKey, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Delegation. */
export const DELEGATION_TAG = 'ucan/dlg@1.0.0'
/**
 * UCAN 1.0's delegation: one link of a chain of authority, in UCAN's own terms.
 * Specified in 07-delegation 7.1.
 */
export type Delegation = {
  /** Who gives the authority. */
  readonly iss: DidKey
  /** Who receives it. */
  readonly aud: Did
  /** Whose resource it is: the DID that began the chain; null hands on whatever subject the link before has. */
  readonly sub: Did | null
  /** What may be done: `/` for everything, else lower-case segments behind slashes, compared segment by segment. */
  readonly cmd: string
  /** Statements of UCAN's policy language on the arguments; all must hold. */
  readonly pol: readonly IpldValue[]
  /** Makes the object unique. */
  readonly nonce: Uint8Array
  /** Signed remarks; carries no authority. */
  readonly meta?: { readonly [name: string]: IpldValue }
  /** The first second of validity; from the beginning of time where absent. */
  readonly nbf?: TimestampS
  /** The last second of validity; null for no end. */
  readonly exp: TimestampS | null
}

const checkDelegation: Check = object({
  iss: ref(() => checkDidKey),
  aud: ref(() => checkDid),
  sub: byType({
    string: ref(() => checkDid),
    null: nothing,
  }),
  cmd: string({ minLength: 1, maxLength: 1_024, pattern: /^\/(?:[^/]+(?:\/[^/]+)*)?$/u }),
  pol: array(anyIpld, { minItems: 0, maxItems: 256 }),
  nonce: bytes(0, 256),
  meta: optional(map(anyIpld, 64)),
  nbf: optional(ref(() => checkTimestampS)),
  exp: byType({
    integer: ref(() => checkTimestampS),
    null: nothing,
  }),
})

/** Returns `value` typed as Delegation. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDelegation(value: unknown): Delegation {
  run('delegation', checkDelegation, value)
  return value as Delegation
}
