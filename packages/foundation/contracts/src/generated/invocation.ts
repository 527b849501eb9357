// Generated from contracts/schemas/invocation.schema.json by tools/src/generate.ts; do not edit.
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
import {
  type Cid,
  checkCid,
  checkDid,
  checkDidKey,
  checkTimestampS,
  type Did,
  type DidKey,
  type TimestampS,
} from './common.ts'

/** Payload tag of the signed envelope that carries Invocation. */
export const INVOCATION_TAG = 'ucan/inv@1.0.0'
/**
 * UCAN 1.0's invocation: the signed intent to make one call.
 * Specified in 08-invocation 8.1.
 */
export type Invocation = {
  /** Who calls. */
  readonly iss: DidKey
  /** Whose resource is called. */
  readonly sub: Did
  /** Who is to execute the call; the subject where absent. */
  readonly aud?: Did
  /** What may be done: `/` for everything, else lower-case segments behind slashes, compared segment by segment. */
  readonly cmd: string
  /** The arguments, mapped from JSON by clause 8.4. */
  readonly args: { readonly [name: string]: IpldValue }
  /** The chain of delegations, from the root to the caller. */
  readonly prf: readonly Cid[]
  /** Signed remarks; carries no authority. */
  readonly meta?: { readonly [name: string]: IpldValue }
  /** Makes two equal calls different. */
  readonly nonce: Uint8Array
  /** The last second of validity; null for no end. */
  readonly exp: TimestampS | null
  /** When the caller says that it signed; not relied on. */
  readonly iat?: TimestampS
  /** The receipt that led to this call. */
  readonly cause?: Cid
}

const checkInvocation: Check = object({
  iss: ref(() => checkDidKey),
  sub: ref(() => checkDid),
  aud: optional(ref(() => checkDid)),
  cmd: string({ minLength: 1, maxLength: 1_024, pattern: /^\/(?:[^/]+(?:\/[^/]+)*)?$/u }),
  args: map(anyIpld, 1_024),
  prf: array(
    ref(() => checkCid),
    { minItems: 0, maxItems: 16 },
  ),
  meta: optional(map(anyIpld, 64)),
  nonce: bytes(0, 256),
  exp: byType({
    integer: ref(() => checkTimestampS),
    null: nothing,
  }),
  iat: optional(ref(() => checkTimestampS)),
  cause: optional(ref(() => checkCid)),
})

/** Returns `value` typed as Invocation. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseInvocation(value: unknown): Invocation {
  run('invocation', checkInvocation, value)
  return value as Invocation
}
