// Generated from contracts/schemas/prekey-bundle.schema.json by tools/src/generate.ts; do not edit.
import { bytes, type Check, integer, object, oneOfValues, ref, run, string } from '../check.ts'
import { checkDidKey, checkTimestampS, type DidKey, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Prekey bundle. */
export const PREKEY_BUNDLE_TAG = 'talos/prekeys@1'
/**
 * What an agent instance publishes so that others can open sessions with it; payload of a signed envelope.
 * Specified in 05-prekeys-handshake 5.2.
 */
export type PrekeyBundle = {
  /** The agent; its Ed25519 key signs the envelope. */
  readonly iss: DidKey
  /** The one suite of Talos Session 1. */
  readonly suite: 'ts1-x25519-mlkem768-sha256-chacha20poly1305'
  /** The instance of the agent that holds these keys. */
  readonly instance: PrekeyBundleInstanceName
  /** X25519 identity key of the instance. */
  readonly ik: Uint8Array
  /** Signed X25519 prekey. */
  readonly spk: PrekeyBundleSignedPrekey
  /** Signed ML-KEM-768 prekey, used when no one-time pair is. */
  readonly pqspk: PrekeyBundleSignedKemPrekey
  /** RFC 6962 root over the one-time pairs; SHA-256 of nothing when there are none. */
  readonly otkRoot: Uint8Array
  /** Number of one-time pairs under the root. */
  readonly otkCount: number
  /** Grows with every bundle of the instance. */
  readonly serial: number
}

const checkPrekeyBundle: Check = object({
  iss: ref(() => checkDidKey),
  suite: oneOfValues('ts1-x25519-mlkem768-sha256-chacha20poly1305'),
  instance: ref(() => checkPrekeyBundleInstanceName),
  ik: bytes(32, 32),
  spk: ref(() => checkPrekeyBundleSignedPrekey),
  pqspk: ref(() => checkPrekeyBundleSignedKemPrekey),
  otkRoot: bytes(32, 32),
  otkCount: integer(0, 1_024),
  serial: integer(0, Number.MAX_SAFE_INTEGER),
})

/** Returns `value` typed as PrekeyBundle. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePrekeyBundle(value: unknown): PrekeyBundle {
  run('prekey-bundle', checkPrekeyBundle, value)
  return value as PrekeyBundle
}

/** Name of one running instance of an agent. */
export type PrekeyBundleInstanceName = string

export const checkPrekeyBundleInstanceName: Check = string({ maxLength: 64, pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/u })

/** Returns `value` typed as PrekeyBundleInstanceName. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePrekeyBundleInstanceName(value: unknown): PrekeyBundleInstanceName {
  run('prekey-bundle#instanceName', checkPrekeyBundleInstanceName, value)
  return value as PrekeyBundleInstanceName
}

/** A signed X25519 prekey. */
export type PrekeyBundleSignedPrekey = {
  /** Number of the key, chosen by its owner. */
  readonly id: number
  /** X25519 public key. */
  readonly pub: Uint8Array
  /** First second of validity. */
  readonly nbf: TimestampS
  /** First second after validity. */
  readonly exp: TimestampS
}

const checkPrekeyBundleSignedPrekey: Check = object({
  id: integer(0, 4_294_967_295),
  pub: bytes(32, 32),
  nbf: ref(() => checkTimestampS),
  exp: ref(() => checkTimestampS),
})

/** Returns `value` typed as PrekeyBundleSignedPrekey. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePrekeyBundleSignedPrekey(value: unknown): PrekeyBundleSignedPrekey {
  run('prekey-bundle#signedPrekey', checkPrekeyBundleSignedPrekey, value)
  return value as PrekeyBundleSignedPrekey
}

/** A signed ML-KEM-768 prekey. */
export type PrekeyBundleSignedKemPrekey = {
  /** Number of the key, chosen by its owner. */
  readonly id: number
  /** ML-KEM-768 encapsulation key. */
  readonly pub: Uint8Array
  /** First second of validity. */
  readonly nbf: TimestampS
  /** First second after validity. */
  readonly exp: TimestampS
}

const checkPrekeyBundleSignedKemPrekey: Check = object({
  id: integer(0, 4_294_967_295),
  pub: bytes(1_184, 1_184),
  nbf: ref(() => checkTimestampS),
  exp: ref(() => checkTimestampS),
})

/** Returns `value` typed as PrekeyBundleSignedKemPrekey. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePrekeyBundleSignedKemPrekey(value: unknown): PrekeyBundleSignedKemPrekey {
  run('prekey-bundle#signedKemPrekey', checkPrekeyBundleSignedKemPrekey, value)
  return value as PrekeyBundleSignedKemPrekey
}
