// Generated from contracts/schemas/backup.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, oneOfValues, ref, run, string } from '../check.ts'
import {
  type Base64url32,
  checkBase64url32,
  checkDid,
  checkDidKey,
  checkHex32,
  checkTimestampS,
  type Did,
  type DidKey,
  type Hex32,
  type TimestampS,
} from './common.ts'
import { checkKeyFileAead, checkKeyFileKdf, type KeyFileAead, type KeyFileKdf } from './key-file.ts'

/**
 * What makes an agent anew on another machine, under a passphrase of its own: Argon2id turns that into a key,
 * ChaCha20-Poly1305 seals the contents under it.
 * Specified in 21-identity-lifecycle 21.8.
 */
export type Backup = {
  readonly format: 'talos-backup/v1'
  /** The agent's durable name. */
  readonly id: Did
  /** The key that signed for the agent then. */
  readonly did: DidKey
  /** Entries of the key log then. */
  readonly version: number
  readonly madeS: TimestampS
  readonly kdf: KeyFileKdf
  readonly aead: KeyFileAead
  /** Commitment to the key that the passphrase yields. */
  readonly check: Base64url32
  /** `backup-contents`, sealed, with the 16-byte tag, in base64url. */
  readonly ciphertext: string
  /** SHA-256 over the JCS form of all other members. */
  readonly checksum: Hex32
}

const checkBackup: Check = object({
  format: oneOfValues('talos-backup/v1'),
  id: ref(() => checkDid),
  did: ref(() => checkDidKey),
  version: integer(1, 4_096),
  madeS: ref(() => checkTimestampS),
  kdf: ref(() => checkKeyFileKdf),
  aead: ref(() => checkKeyFileAead),
  check: ref(() => checkBase64url32),
  ciphertext: string({ minLength: 1, maxLength: 44_739_243, pattern: /^[A-Za-z0-9_-]+$/u }),
  checksum: ref(() => checkHex32),
})

/** Returns `value` typed as Backup. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBackup(value: unknown): Backup {
  run('backup', checkBackup, value)
  return value as Backup
}
