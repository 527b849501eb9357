// Generated from contracts/schemas/key-file-v2.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, oneOfValues, ref, run, string } from '../check.ts'
import {
  type Base64url32,
  checkBase64url32,
  checkDid,
  checkDidKey,
  checkHex32,
  type Did,
  type DidKey,
  type Hex32,
} from './common.ts'

/**
 * An agent's secrets at rest, apart from those that change its identity: the latter lie in a reserve of their own,
 * under another key of the same passphrase.
 * Specified in 03-identity 3.6.
 */
export type KeyFileV2 = {
  readonly v: 2
  /** The key that signs for the agent. */
  readonly did: DidKey
  /** The agent's durable name: its key log (18). */
  readonly id: Did
  /** Who holds the identity's key: this file, or an external signer such as an HSM. */
  readonly signer: 'file' | 'external'
  readonly kdf: KeyFileV2Kdf
  readonly aead: KeyFileV2Aead
  /** Commitment to the key that the passphrase yields; tells a wrong passphrase from a changed file. */
  readonly check: Base64url32
  /** key-file-secrets (160 bytes), or key-file-secrets-external (128 bytes), sealed, with the 16-byte tag, in base64url. */
  readonly ciphertext: string
  readonly reserve: KeyFileV2Reserve
  /**
   * SHA-256 over the JCS form of all other members: finds damage without the passphrase. Not a protection against an
   * attacker; that is the tag's work.
   */
  readonly checksum: Hex32
}

const checkKeyFileV2: Check = object({
  v: oneOfValues(2),
  did: ref(() => checkDidKey),
  id: ref(() => checkDid),
  signer: oneOfValues('file', 'external'),
  kdf: ref(() => checkKeyFileV2Kdf),
  aead: ref(() => checkKeyFileV2Aead),
  check: ref(() => checkBase64url32),
  ciphertext: string({ maxLength: 235, pattern: /^[A-Za-z0-9_-]{192}(?:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])?$/u }),
  reserve: ref(() => checkKeyFileV2Reserve),
  checksum: ref(() => checkHex32),
})

/** Returns `value` typed as KeyFileV2. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFileV2(value: unknown): KeyFileV2 {
  run('key-file-v2', checkKeyFileV2, value)
  return value as KeyFileV2
}

/** Argon2id (RFC 9106), version 0x13. */
export type KeyFileV2Kdf = {
  readonly name: 'argon2id'
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
  /** 16 random bytes in base64url. */
  readonly salt: string
}

const checkKeyFileV2Kdf: Check = object({
  name: oneOfValues('argon2id'),
  memoryKib: integer(1, 4_294_967_295),
  passes: integer(1, 4_294_967_295),
  parallelism: integer(1, 16_777_215),
  salt: string({ maxLength: 22, pattern: /^[A-Za-z0-9_-]{21}[AQgw]$/u }),
})

/** Returns `value` typed as KeyFileV2Kdf. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFileV2Kdf(value: unknown): KeyFileV2Kdf {
  run('key-file-v2#kdf', checkKeyFileV2Kdf, value)
  return value as KeyFileV2Kdf
}

/** ChaCha20-Poly1305 (RFC 8439). */
export type KeyFileV2Aead = {
  readonly name: 'chacha20-poly1305'
  /** 12 random bytes in base64url. */
  readonly nonce: string
}

const checkKeyFileV2Aead: Check = object({
  name: oneOfValues('chacha20-poly1305'),
  nonce: string({ maxLength: 16, pattern: /^[A-Za-z0-9_-]{16}$/u }),
})

/** Returns `value` typed as KeyFileV2Aead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFileV2Aead(value: unknown): KeyFileV2Aead {
  run('key-file-v2#aead', checkKeyFileV2Aead, value)
  return value as KeyFileV2Aead
}

/** key-file-reserve (64 bytes), sealed, with the 16-byte tag. */
export type KeyFileV2Reserve = {
  /** 12 random bytes in base64url. */
  readonly nonce: string
  /** 80 bytes in base64url. */
  readonly ciphertext: string
}

const checkKeyFileV2Reserve: Check = object({
  nonce: string({ maxLength: 16, pattern: /^[A-Za-z0-9_-]{16}$/u }),
  ciphertext: string({ maxLength: 107, pattern: /^[A-Za-z0-9_-]{106}[AEIMQUYcgkosw048]$/u }),
})

/** Returns `value` typed as KeyFileV2Reserve. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKeyFileV2Reserve(value: unknown): KeyFileV2Reserve {
  run('key-file-v2#reserve', checkKeyFileV2Reserve, value)
  return value as KeyFileV2Reserve
}
