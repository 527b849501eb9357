// Generated from contracts/schemas/session-message.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/**
 * Session message
 * Specified in 06-session 6.2.
 */
export interface SessionMessage {
  /** What the content is; 0xf0 and above belong to the protocol. */
  readonly contentType: number
  /**
   * The session.
   * 16 bytes.
   */
  readonly sessionId: Uint8Array
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
   * Sealed, padded content.
   * 17 to 1081360 bytes.
   */
  readonly ciphertext: Uint8Array
}

/** Encodes SessionMessage. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeSessionMessage(value: SessionMessage): Uint8Array {
  const writer = new LayoutWriter('session-message')
  writer.integer('suite', 'u8', { value: 1, min: 1, max: 1 })
  writer.integer('kind', 'u8', { value: 2, min: 2, max: 2 })
  writer.integer('contentType', 'u8', { value: value.contentType, min: 0, max: 255 })
  writer.bytes('sessionId', value.sessionId, { min: 16, max: 16 })
  writer.bytes('nonce', value.nonce, { min: 12, max: 12 })
  writer.bytes('header', value.header, { min: 61, max: 61 })
  writer.bytes('commitment', value.commitment, { min: 32, max: 32 })
  writer.bytes('ciphertext', value.ciphertext, { min: 17, max: 1_081_360 })
  return writer.finish()
}

/** Decodes SessionMessage. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeSessionMessage(bytes: Uint8Array): SessionMessage {
  const reader = new LayoutReader('session-message', bytes)
  reader.integer('suite', 'u8', { min: 1, max: 1 })
  reader.integer('kind', 'u8', { min: 2, max: 2 })
  const contentTypeField = reader.integer('contentType', 'u8', { min: 0, max: 255 })
  const sessionIdField = reader.fixed('sessionId', 16)
  const nonceField = reader.fixed('nonce', 12)
  const headerField = reader.fixed('header', 61)
  const commitmentField = reader.fixed('commitment', 32)
  const ciphertextField = reader.rest('ciphertext', { min: 17, max: 1_081_360 })
  return {
    contentType: contentTypeField,
    sessionId: sessionIdField,
    nonce: nonceField,
    header: headerField,
    commitment: commitmentField,
    ciphertext: ciphertextField,
  }
}
