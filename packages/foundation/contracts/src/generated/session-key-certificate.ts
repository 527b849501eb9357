// Generated from contracts/schemas/session-key-certificate.schema.json by tools/src/generate.ts; do not edit.
import { bytes, type Check, object, oneOfValues, ref, run } from '../check.ts'
import { checkDidKey, checkTimestampS, type DidKey, type TimestampS } from './common.ts'
import { checkPrekeyBundleInstanceName, type PrekeyBundleInstanceName } from './prekey-bundle.ts'

/** Payload tag of the signed envelope that carries Session key certificate. */
export const SESSION_KEY_CERTIFICATE_TAG = 'talos/session-key@1'
/**
 * Certifies the X25519 identity key of an instance; the initiator's credential in deniable mode.
 * Specified in 05-prekeys-handshake 5.8.
 */
export type SessionKeyCertificate = {
  /** The agent; its Ed25519 key signs the envelope. */
  readonly iss: DidKey
  /** The one suite of Talos Session 1. */
  readonly suite: 'ts1-x25519-mlkem768-sha256-chacha20poly1305'
  /** The instance that holds the key. */
  readonly instance: PrekeyBundleInstanceName
  /** X25519 identity key of the instance. */
  readonly ik: Uint8Array
  /** First second of validity. */
  readonly nbf: TimestampS
  /** First second after validity. */
  readonly exp: TimestampS
}

const checkSessionKeyCertificate: Check = object({
  iss: ref(() => checkDidKey),
  suite: oneOfValues('ts1-x25519-mlkem768-sha256-chacha20poly1305'),
  instance: ref(() => checkPrekeyBundleInstanceName),
  ik: bytes(32, 32),
  nbf: ref(() => checkTimestampS),
  exp: ref(() => checkTimestampS),
})

/** Returns `value` typed as SessionKeyCertificate. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSessionKeyCertificate(value: unknown): SessionKeyCertificate {
  run('session-key-certificate', checkSessionKeyCertificate, value)
  return value as SessionKeyCertificate
}
