// Generated from contracts/schemas/session-reset.schema.json by tools/src/generate.ts; do not edit.
import { bytes, type Check, object, oneOfValues, optional, ref, run } from '../check.ts'
import { checkDidKey, checkTimestampS, type DidKey, type TimestampS } from './common.ts'
import { checkPrekeyBundleInstanceName, type PrekeyBundleInstanceName } from './prekey-bundle.ts'

/** Payload tag of the signed envelope that carries Session reset. */
export const SESSION_RESET_TAG = 'talos/reset@1'
/**
 * Says that its issuer cannot open messages of one session, so that the peer begins a new one.
 * Specified in 06-session 6.12.
 */
export type SessionReset = {
  /** Who cannot open. */
  readonly iss: DidKey
  /** Who sealed. */
  readonly aud: DidKey
  /** The issuer's instance. */
  readonly instance: PrekeyBundleInstanceName
  /** The session that does not open. */
  readonly session: Uint8Array
  /** The newest session that the issuer has with the peer, where it has one. */
  readonly active?: Uint8Array
  /** Why it does not open. */
  readonly reason: 'missing' | 'header' | 'authentication' | 'exhausted' | 'rollback'
  /** When it was signed. */
  readonly iat: TimestampS
  /** Random: makes every reset another one. */
  readonly nonce: Uint8Array
}

const checkSessionReset: Check = object({
  iss: ref(() => checkDidKey),
  aud: ref(() => checkDidKey),
  instance: ref(() => checkPrekeyBundleInstanceName),
  session: bytes(16, 16),
  active: optional(bytes(16, 16)),
  reason: oneOfValues('missing', 'header', 'authentication', 'exhausted', 'rollback'),
  iat: ref(() => checkTimestampS),
  nonce: bytes(16, 16),
})

/** Returns `value` typed as SessionReset. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionReset(value: unknown): SessionReset {
  run('session-reset', checkSessionReset, value)
  return value as SessionReset
}
