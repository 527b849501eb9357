// Generated from contracts/schemas/key-file.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, oneOfValues, ref, run, string } from '../check.ts'
import { type Base64url32, checkBase64url32, checkDidKey, checkHex32, type DidKey, type Hex32 } from './common.ts'

/**
 * An agent's secrets at rest: Argon2id turns the passphrase into a key, ChaCha20-Poly1305 seals the secrets under it.
 * Specified in 03-identity 3.6.
 */
export type KeyFile = {
  readonly v: 1
  readonly did: DidKey
  readonly kdf: KeyFileKdf
  readonly aead: KeyFileAead
  /** Commitment to the key that the passphrase yields; tells a wrong passphrase from a changed file. */
  readonly check: Base64url32
  /** The 160 bytes of key-file-secrets, sealed, with the 16-byte tag: 176 bytes in base64url. */
  readonly ciphertext: string
  /**
   * SHA-256 over the JCS form of all other members: finds damage without the passphrase. Not a protection against an
   * attacker; that is the tag's work.
   */
  readonly checksum: Hex32
}

const checkKeyFile: Check = object({
  v: oneOfValues(1),
  did: ref(() => checkDidKey),
  kdf: ref(() => checkKeyFileKdf),
  aead: ref(() => checkKeyFileAead),
  check: ref(() => checkBase64url32),
  ciphertext: string({ maxLength: 235, pattern: /^[A-Za-z0-9_-]{234}[AEIMQUYcgkosw048]$/u }),
  checksum: ref(() => checkHex32),
})

/** Returns `value` typed as KeyFile. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFile(value: unknown): KeyFile {
  run('key-file', checkKeyFile, value)
  return value as KeyFile
}

/** Argon2id (RFC 9106), version 0x13. */
export type KeyFileKdf = {
  readonly name: 'argon2id'
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
  /** 16 random bytes in base64url. */
  readonly salt: string
}

export const checkKeyFileKdf: Check = object({
  name: oneOfValues('argon2id'),
  memoryKib: integer(1, 4_294_967_295),
  passes: integer(1, 4_294_967_295),
  parallelism: integer(1, 16_777_215),
  salt: string({ maxLength: 22, pattern: /^[A-Za-z0-9_-]{21}[AQgw]$/u }),
})

/** Returns `value` typed as KeyFileKdf. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFileKdf(value: unknown): KeyFileKdf {
  run('key-file#kdf', checkKeyFileKdf, value)
  return value as KeyFileKdf
}

/** ChaCha20-Poly1305 (RFC 8439). */
export type KeyFileAead = {
  readonly name: 'chacha20-poly1305'
  /** 12 random bytes in base64url. */
  readonly nonce: string
}

export const checkKeyFileAead: Check = object({
  name: oneOfValues('chacha20-poly1305'),
  nonce: string({ maxLength: 16, pattern: /^[A-Za-z0-9_-]{16}$/u }),
})

/** Returns `value` typed as KeyFileAead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFileAead(value: unknown): KeyFileAead {
  run('key-file#aead', checkKeyFileAead, value)
  return value as KeyFileAead
}
