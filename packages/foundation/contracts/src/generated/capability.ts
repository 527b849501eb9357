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
import { checkDid, checkDidKey, checkTimestampS, type Did, type DidKey, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Capability. */
export const CAPABILITY_TAG = 'talos/cap@1'
/**
 * A delegation with the terms that UCAN lacks: depth, required proof, typed rules, a closed world of arguments.
 * Specified in 07-delegation 7.2.
 */
export interface Capability {
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
  /** The weakest proof of possession that a call may bring; version 1 always demands the strongest, a signature. */
  readonly need: 'channel' | 'mac' | 'signature'
  /** Typed rules on the arguments; all must hold, an unknown kind refuses the whole object. */
  readonly rules: readonly IpldValue[]
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
})

/** Returns `value` typed as Capability. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseCapability(value: unknown): Capability {
  run('capability', checkCapability, value)
  return value as Capability
}
