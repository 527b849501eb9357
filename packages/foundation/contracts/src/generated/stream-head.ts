// Generated from contracts/schemas/stream-head.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded StreamHead in bytes. */
export const STREAM_HEAD_SIZE_BYTES = 40

/**
 * Stream head
 * Specified in 06-session 6.13.
 */
export interface StreamHead {
  /** What the content of the stream is. */
  readonly contentType: number
  /**
   * Random; begins the nonce of every chunk.
   * 7 bytes.
   */
  readonly noncePrefix: Uint8Array
  /**
   * Key commitment of the stream.
   * 32 bytes.
   */
  readonly commitment: Uint8Array
}

/** Encodes StreamHead. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeStreamHead(value: StreamHead): Uint8Array {
  const writer = new LayoutWriter('stream-head')
  writer.integer('contentType', 'u8', { value: value.contentType, min: 0, max: 239 })
  writer.bytes('noncePrefix', value.noncePrefix, { min: 7, max: 7 })
  writer.bytes('commitment', value.commitment, { min: 32, max: 32 })
  return writer.finish()
}

/** Decodes StreamHead. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeStreamHead(bytes: Uint8Array): StreamHead {
  const reader = new LayoutReader('stream-head', bytes)
  const contentTypeField = reader.integer('contentType', 'u8', { min: 0, max: 239 })
  const noncePrefixField = reader.fixed('noncePrefix', 7)
  const commitmentField = reader.fixed('commitment', 32)
  reader.end()
  return { contentType: contentTypeField, noncePrefix: noncePrefixField, commitment: commitmentField }
}
