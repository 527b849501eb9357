// Generated from contracts/schemas/first-flight.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/**
 * First flight
 * Specified in 05-prekeys-handshake 5.5.
 */
export interface FirstFlight {
  /** 1: accountable; 2: deniable. */
  readonly mode: number
  /** What the content is; 0xf0 and above belong to the protocol. */
  readonly contentType: number
  /**
   * The initiator's DID, UTF-8.
   * 1 to 512 bytes.
   */
  readonly did: Uint8Array
  /**
   * The initiator's instance, ASCII.
   * 1 to 64 bytes.
   */
  readonly instance: Uint8Array
  /**
   * The initiator's X25519 identity key.
   * 32 bytes.
   */
  readonly identityKey: Uint8Array
  /**
   * X25519 key made for this handshake.
   * 32 bytes.
   */
  readonly ephemeralKey: Uint8Array
  /**
   * SHA-256 of the responder's bundle envelope.
   * 32 bytes.
   */
  readonly bundleHash: Uint8Array
  /** Index of the one-time pair; 0xffffffff for none. */
  readonly oneTimeIndex: number
  /**
   * Capability-context hash; zeroes for none.
   * 32 bytes.
   */
  readonly context: Uint8Array
  /**
   * ML-KEM-768 ciphertext.
   * 1088 bytes.
   */
  readonly kemCiphertext: Uint8Array
  /**
   * Random; shared by header and message.
   * 12 bytes.
   */
  readonly nonce: Uint8Array
  /**
   * Sealed header.
   * 61 bytes.
   */
  readonly header: Uint8Array
  /**
   * Key commitment.
   * 32 bytes.
   */
  readonly commitment: Uint8Array
  /**
   * Sealed, padded first payload.
   * 17 to 1081360 bytes.
   */
  readonly ciphertext: Uint8Array
}

/** Encodes FirstFlight. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeFirstFlight(value: FirstFlight): Uint8Array {
  const writer = new LayoutWriter('first-flight')
  writer.integer('suite', 'u8', { value: 1, min: 1, max: 1 })
  writer.integer('kind', 'u8', { value: 1, min: 1, max: 1 })
  writer.integer('mode', 'u8', { value: value.mode, min: 1, max: 2 })
  writer.integer('contentType', 'u8', { value: value.contentType, min: 0, max: 255 })
  writer.bytes('did', value.did, { min: 1, max: 512, prefix: 'u16' })
  writer.bytes('instance', value.instance, { min: 1, max: 64, prefix: 'u8' })
  writer.bytes('identityKey', value.identityKey, { min: 32, max: 32 })
  writer.bytes('ephemeralKey', value.ephemeralKey, { min: 32, max: 32 })
  writer.bytes('bundleHash', value.bundleHash, { min: 32, max: 32 })
  writer.integer('oneTimeIndex', 'u32', { value: value.oneTimeIndex, min: 0, max: 4_294_967_295 })
  writer.bytes('context', value.context, { min: 32, max: 32 })
  writer.bytes('kemCiphertext', value.kemCiphertext, { min: 1_088, max: 1_088 })
  writer.bytes('nonce', value.nonce, { min: 12, max: 12 })
  writer.bytes('header', value.header, { min: 61, max: 61 })
  writer.bytes('commitment', value.commitment, { min: 32, max: 32 })
  writer.bytes('ciphertext', value.ciphertext, { min: 17, max: 1_081_360 })
  return writer.finish()
}

/** Decodes FirstFlight. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeFirstFlight(bytes: Uint8Array): FirstFlight {
  const reader = new LayoutReader('first-flight', bytes)
  reader.integer('suite', 'u8', { min: 1, max: 1 })
  reader.integer('kind', 'u8', { min: 1, max: 1 })
  const modeField = reader.integer('mode', 'u8', { min: 1, max: 2 })
  const contentTypeField = reader.integer('contentType', 'u8', { min: 0, max: 255 })
  const didField = reader.prefixed('did', 'u16', { min: 1, max: 512 })
  const instanceField = reader.prefixed('instance', 'u8', { min: 1, max: 64 })
  const identityKeyField = reader.fixed('identityKey', 32)
  const ephemeralKeyField = reader.fixed('ephemeralKey', 32)
  const bundleHashField = reader.fixed('bundleHash', 32)
  const oneTimeIndexField = reader.integer('oneTimeIndex', 'u32', { min: 0, max: 4_294_967_295 })
  const contextField = reader.fixed('context', 32)
  const kemCiphertextField = reader.fixed('kemCiphertext', 1_088)
  const nonceField = reader.fixed('nonce', 12)
  const headerField = reader.fixed('header', 61)
  const commitmentField = reader.fixed('commitment', 32)
  const ciphertextField = reader.rest('ciphertext', { min: 17, max: 1_081_360 })
  return {
    mode: modeField,
    contentType: contentTypeField,
    did: didField,
    instance: instanceField,
    identityKey: identityKeyField,
    ephemeralKey: ephemeralKeyField,
    bundleHash: bundleHashField,
    oneTimeIndex: oneTimeIndexField,
    context: contextField,
    kemCiphertext: kemCiphertextField,
    nonce: nonceField,
    header: headerField,
    commitment: commitmentField,
    ciphertext: ciphertextField,
  }
}
