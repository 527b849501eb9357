/**
 * The private half of a bundle (spec 05-prekeys-handshake 5.9). ML-KEM keys are kept as seeds only: an expanded key is
 * derived again each time and never stored.
 */
import { decodeCbor, encodeCbor, type Secret, toHex } from '@talos/bytes'
import { type PrekeySecrets as PrekeySecretsRecord, parsePrekeySecrets } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MLKEM768_SEED_BYTES, X25519_KEY_BYTES } from '@talos/kernel'
import { MAX_PREKEY_SECRETS_BYTES } from './constants.ts'

/** A one-time secret is the X25519 secret (32 bytes), then the ML-KEM-768 seed (64 bytes). */
export const ONE_TIME_SECRET_BYTES = X25519_KEY_BYTES + MLKEM768_SEED_BYTES

/** The secrets of one bundle without its one-time pairs. Prints as its public facts. */
export class PrekeySecrets {
  readonly #record: PrekeySecretsRecord

  constructor(record: PrekeySecretsRecord) {
    this.#record = record
  }

  /** For the steps of this package only: the class itself is not exported from it. */
  static recordOf(secrets: PrekeySecrets): PrekeySecretsRecord {
    return secrets.#record
  }

  /** SHA-256 of the bundle's envelope: what a first flight names it by. */
  get bundleHash(): Uint8Array {
    return this.#record.bundleHash.slice()
  }

  get serial(): number {
    return this.#record.serial
  }

  /** First second in which the keys are not accepted any more: delete them then. */
  get expiresS(): number {
    return this.#record.exp
  }

  toJSON(): { readonly bundleHash: string; readonly serial: number; readonly expiresS: number } {
    return { bundleHash: toHex(this.#record.bundleHash), serial: this.serial, expiresS: this.expiresS }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}

/** The stored form: deterministic DAG-CBOR. Secret bytes; storage seals them. */
export function encodePrekeySecrets(secrets: PrekeySecrets): Uint8Array {
  return encodeCbor({ ...PrekeySecrets.recordOf(secrets) })
}

/**
 * Reads stored prekey secrets.
 *
 * @throws TalosError `SESSION_STATE_INVALID`
 */
export function decodePrekeySecrets(bytes: Uint8Array): PrekeySecrets {
  try {
    return new PrekeySecrets(parsePrekeySecrets(decodeCbor(bytes, { maxBytes: MAX_PREKEY_SECRETS_BYTES })))
  } catch (cause) {
    throw new TalosError('SESSION_STATE_INVALID', { record: 'prekey secrets' }, { cause })
  }
}

/**
 * Lends both halves of a one-time secret.
 *
 * @throws TalosError `SESSION_STATE_INVALID` for another length
 */
export function useOneTimeSecret<T>(
  secret: Secret,
  use: (parts: { readonly x25519: Uint8Array; readonly seed: Uint8Array }) => T,
): T {
  return secret.use((bytes) => {
    if (bytes.length !== ONE_TIME_SECRET_BYTES)
      throw new TalosError('SESSION_STATE_INVALID', { record: 'one-time prekey' })
    return use({ x25519: bytes.subarray(0, X25519_KEY_BYTES), seed: bytes.subarray(X25519_KEY_BYTES) })
  })
}
