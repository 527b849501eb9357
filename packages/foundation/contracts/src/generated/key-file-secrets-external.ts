// Generated from contracts/schemas/key-file-secrets-external.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded KeyFileSecretsExternal in bytes. */
export const KEY_FILE_SECRETS_EXTERNAL_SIZE_BYTES = 128

/**
 * The plaintext of a key file without the identity's seed: 128 bytes.
 * Specified in 03-identity 3.6.
 */
export interface KeyFileSecretsExternal {
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

/** Encodes KeyFileSecretsExternal. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeKeyFileSecretsExternal(value: KeyFileSecretsExternal): Uint8Array {
  const writer = new LayoutWriter('key-file-secrets-external')
  writer.bytes('sessionKey', value.sessionKey, { min: 32, max: 32 })
  writer.bytes('logSeed', value.logSeed, { min: 32, max: 32 })
  writer.bytes('transportSeed', value.transportSeed, { min: 32, max: 32 })
  writer.bytes('storageKey', value.storageKey, { min: 32, max: 32 })
  return writer.finish()
}

/** Decodes KeyFileSecretsExternal. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeKeyFileSecretsExternal(bytes: Uint8Array): KeyFileSecretsExternal {
  const reader = new LayoutReader('key-file-secrets-external', bytes)
  const sessionKeyField = reader.fixed('sessionKey', 32)
  const logSeedField = reader.fixed('logSeed', 32)
  const transportSeedField = reader.fixed('transportSeed', 32)
  const storageKeyField = reader.fixed('storageKey', 32)
  reader.end()
  return {
    sessionKey: sessionKeyField,
    logSeed: logSeedField,
    transportSeed: transportSeedField,
    storageKey: storageKeyField,
  }
}
