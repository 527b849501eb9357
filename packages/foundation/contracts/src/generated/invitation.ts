// Generated from contracts/schemas/invitation.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, object, optional, ref, run, string } from '../check.ts'
import {
  checkDid,
  checkDidKey,
  checkKey32,
  checkTimestampS,
  type Did,
  type DidKey,
  type Key32,
  type TimestampS,
} from './common.ts'

/** Payload tag of the signed envelope that carries Invitation. */
export const INVITATION_TAG = 'talos/invite@1'
/**
 * Where an agent can be dialled and with which transport key, signed by the agent.
 * Specified in 03-identity 3.8.
 */
export type Invitation = {
  readonly iss: DidKey
  /** Addresses to dial, best first. */
  readonly ep: readonly string[]
  /** The Ed25519 transport key that the dialled side proves to hold. */
  readonly tk: Key32
  readonly iat: TimestampS
  /** The first second at which the invitation is no longer valid. */
  readonly exp: TimestampS
  /**
   * The issuer's durable name, `did:talos`: its key log (18). Who takes the invitation lets no other log speak for the
   * issuer.
   */
  readonly id?: Did
  /** What the issuer calls itself; for people, proves nothing. No control, line or direction characters. */
  readonly name?: string
}

const checkInvitation: Check = object({
  iss: ref(() => checkDidKey),
  ep: array(string({ maxLength: 200, pattern: /^[a-z][a-z0-9+.-]*:\/\/[!-~]+$/u }), { minItems: 1, maxItems: 8 }),
  tk: ref(() => checkKey32),
  iat: ref(() => checkTimestampS),
  exp: ref(() => checkTimestampS),
  id: optional(ref(() => checkDid)),
  name: optional(
    string({
      minLength: 1,
      maxLength: 64,
      pattern: /^[^\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+$/u,
    }),
  ),
})

/** Returns `value` typed as Invitation. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseInvitation(value: unknown): Invitation {
  run('invitation', checkInvitation, value)
  return value as Invitation
}
