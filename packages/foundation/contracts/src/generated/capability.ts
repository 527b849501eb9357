// Generated from contracts/schemas/capability.schema.json by tools/src/generate.ts; do not edit.
import type { IpldValue } from '@talos/bytes'
import {
  anyIpld,
  array,
  byType,
  bytes,
  type Check,
  integer,
  map,
  nothing,
  object,
  oneOfValues,
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

/** Payload tag of the signed envelope that carries Capability. */
export const CAPABILITY_TAG = 'talos/cap@1'
/**
 * A delegation with the terms that UCAN lacks: depth, required proof, typed rules, a closed world of arguments, limits
 * that are counted, times, leases, approvals.
 * Specified in 07-delegation 7.2.
 */
export type Capability = {
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
  /** How many links may follow this one. */
  readonly depth: number
  /** The weakest proof of possession that a call may bring. */
  readonly need: 'channel' | 'mac' | 'signature'
  /** Typed rules on the arguments; all must hold, an unknown kind refuses the whole object. */
  readonly rules: readonly IpldValue[]
  /**
   * Limits that are counted over all calls, those of every descendant included; all must hold, an unknown kind refuses
   * the whole object.
   */
  readonly limits?: readonly IpldValue[]
  /** Conditions on time and environment of the executor; all must hold, an unknown kind refuses the whole object. */
  readonly when?: readonly IpldValue[]
  /** A short term that its issuer may renew so many times; a renewal continues what was counted. */
  readonly lease?: {
    /** The longest time from nbf to exp, in seconds. */
    readonly term: number
    /** How many renewals there may be. */
    readonly max: number
    /** Which renewal this is: 0 for the first of the lease. */
    readonly n: number
    /** The first of the lease; absent in the first itself. */
    readonly of?: Cid
  }
  /** Signed approvals of the exact call that it needs besides. */
  readonly approvals?: {
    /** How many of the approvers. */
    readonly m: number
    /** The approvers, each once. */
    readonly of: readonly Did[]
  }
}

const checkCapability: Check = object({
  iss: ref(() => checkDidKey),
  aud: ref(() => checkDid),
  sub: byType({
    string: ref(() => checkDid),
    null: nothing,
  }),
  cmd: string({ minLength: 1, maxLength: 1_024, pattern: /^\/(?:[^/]+(?:\/[^/]+)*)?$/u }),
  pol: array(anyIpld, { minItems: 0, maxItems: 256 }),
  nonce: bytes(12, 64),
  meta: optional(map(anyIpld, 64)),
  nbf: optional(ref(() => checkTimestampS)),
  exp: byType({
    integer: ref(() => checkTimestampS),
    null: nothing,
  }),
  depth: integer(0, 15),
  need: oneOfValues('channel', 'mac', 'signature'),
  rules: array(anyIpld, { minItems: 0, maxItems: 256 }),
  limits: optional(array(anyIpld, { minItems: 1, maxItems: 16 })),
  when: optional(array(anyIpld, { minItems: 1, maxItems: 16 })),
  lease: optional(
    object({
      term: integer(1, 31_622_400),
      max: integer(0, 4_294_967_295),
      n: integer(0, 4_294_967_295),
      of: optional(ref(() => checkCid)),
    }),
  ),
  approvals: optional(
    object({
      m: integer(1, 16),
      of: array(
        ref(() => checkDid),
        { minItems: 1, maxItems: 16 },
      ),
    }),
  ),
})

/** Returns `value` typed as Capability. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseCapability(value: unknown): Capability {
  run('capability', checkCapability, value)
  return value as Capability
}
