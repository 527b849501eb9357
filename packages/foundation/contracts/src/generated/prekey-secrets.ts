// Generated from contracts/schemas/prekey-secrets.schema.json by tools/src/generate.ts; do not edit.
import { bytes, type Check, integer, object, oneOfValues, ref, run } from '../check.ts'
import { checkTimestampS, type TimestampS } from './common.ts'

/**
 * The private half of one bundle without its one-time pairs, as stored. Secret bytes: storage seals them.
 * Specified in 05-prekeys-handshake 5.9.
 */
export type PrekeySecrets = {
  /** Version of this record. */
  readonly version: 1
  /** SHA-256 of the bundle's envelope. */
  readonly bundleHash: Uint8Array
  /** Serial of the bundle. */
  readonly serial: number
  /** Number of the signed prekey. */
  readonly spkId: number
  /** X25519 secret of the signed prekey. */
  readonly spkSecret: Uint8Array
  /** Number of the signed ML-KEM prekey. */
  readonly pqspkId: number
  /** ML-KEM-768 seed d || z; the expanded key is never stored. */
  readonly pqspkSeed: Uint8Array
  /** First second of validity of both keys. */
  readonly nbf: TimestampS
  /** First second after validity of both keys. */
  readonly exp: TimestampS
}

const checkPrekeySecrets: Check = object({
  version: oneOfValues(1),
  bundleHash: bytes(32, 32),
  serial: integer(0, Number.MAX_SAFE_INTEGER),
  spkId: integer(0, 4_294_967_295),
  spkSecret: bytes(32, 32),
  pqspkId: integer(0, 4_294_967_295),
  pqspkSeed: bytes(64, 64),
  nbf: ref(() => checkTimestampS),
  exp: ref(() => checkTimestampS),
})

/** Returns `value` typed as PrekeySecrets. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePrekeySecrets(value: unknown): PrekeySecrets {
  run('prekey-secrets', checkPrekeySecrets, value)
  return value as PrekeySecrets
}
