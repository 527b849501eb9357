// Generated from contracts/schemas/first-payload.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/**
 * First payload
 * Specified in 05-prekeys-handshake 5.8.
 */
export interface FirstPayload {
  /**
   * Transcript signature (64 bytes) or session key certificate.
   * 1 to 1024 bytes.
   */
  readonly credential: Uint8Array
  /**
   * The first message's content.
   * 0 to 1048576 bytes.
   */
  readonly content: Uint8Array
}

/** Encodes FirstPayload. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeFirstPayload(value: FirstPayload): Uint8Array {
  const writer = new LayoutWriter('first-payload')
  writer.bytes('credential', value.credential, { min: 1, max: 1_024, prefix: 'u16' })
  writer.bytes('content', value.content, { min: 0, max: 1_048_576 })
  return writer.finish()
}

/** Decodes FirstPayload. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeFirstPayload(bytes: Uint8Array): FirstPayload {
  const reader = new LayoutReader('first-payload', bytes)
  const credentialField = reader.prefixed('credential', 'u16', { min: 1, max: 1_024 })
  const contentField = reader.rest('content', { min: 0, max: 1_048_576 })
  return { credential: credentialField, content: contentField }
}
