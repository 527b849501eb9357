// Generated from contracts/schemas/key-file-secrets.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded KeyFileSecrets in bytes. */
export const KEY_FILE_SECRETS_SIZE_BYTES = 160

/**
 * The plaintext of a key file: 160 bytes.
 * Specified in 03-identity 3.6.
 */
export interface KeyFileSecrets {
  /**
   * Ed25519 seed of the DID.
   * 32 bytes.
   */
  readonly identitySeed: Uint8Array
  /**
   * X25519 secret of the session identity key.
   * 32 bytes.
   */
  readonly sessionKey: Uint8Array
  /**
   * Ed25519 seed that signs checkpoints.
   * 32 bytes.
   */
  readonly logSeed: Uint8Array
  /**
   * Ed25519 seed of the transport key.
   * 32 bytes.
   */
  readonly transportSeed: Uint8Array
  /**
   * Key that seals the agent's database rows.
   * 32 bytes.
   */
  readonly storageKey: Uint8Array
}

/** Encodes KeyFileSecrets. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeKeyFileSecrets(value: KeyFileSecrets): Uint8Array {
  const writer = new LayoutWriter('key-file-secrets')
  writer.bytes('identitySeed', value.identitySeed, { min: 32, max: 32 })
  writer.bytes('sessionKey', value.sessionKey, { min: 32, max: 32 })
  writer.bytes('logSeed', value.logSeed, { min: 32, max: 32 })
  writer.bytes('transportSeed', value.transportSeed, { min: 32, max: 32 })
  writer.bytes('storageKey', value.storageKey, { min: 32, max: 32 })
  return writer.finish()
}

/** Decodes KeyFileSecrets. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeKeyFileSecrets(bytes: Uint8Array): KeyFileSecrets {
  const reader = new LayoutReader('key-file-secrets', bytes)
  const identitySeedField = reader.fixed('identitySeed', 32)
  const sessionKeyField = reader.fixed('sessionKey', 32)
  const logSeedField = reader.fixed('logSeed', 32)
  const transportSeedField = reader.fixed('transportSeed', 32)
  const storageKeyField = reader.fixed('storageKey', 32)
  reader.end()
  return {
    identitySeed: identitySeedField,
    sessionKey: sessionKeyField,
    logSeed: logSeedField,
    transportSeed: transportSeedField,
    storageKey: storageKeyField,
  }
}
