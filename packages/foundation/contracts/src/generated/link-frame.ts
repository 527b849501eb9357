// Generated from contracts/schemas/link-frame.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded LinkFrame in bytes. */
export const LINK_FRAME_SIZE_BYTES = 10

/**
 * The ten bytes in front of every frame of a link; the payload follows.
 * Specified in 13-link-envelope 13.3.
 */
export interface LinkFrame {
  /** HELLO 1, MESSAGE 2, REQUEST 3, RESPONSE 4, CREDIT 5, PING 6, PONG 7, CLOSE 8. */
  readonly type: number
  /** Bit 0: first frame of its content; bit 1: last. Zero in frames of control. */
  readonly flags: number
  /** Stream of the content; zero in frames of control. */
  readonly stream: number
  /** Length of the payload. */
  readonly lengthBytes: number
}

/** Encodes LinkFrame. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeLinkFrame(value: LinkFrame): Uint8Array {
  const writer = new LayoutWriter('link-frame')
  writer.integer('type', 'u8', { value: value.type, min: 1, max: 8 })
  writer.integer('flags', 'u8', { value: value.flags, min: 0, max: 3 })
  writer.integer('stream', 'u32', { value: value.stream, min: 0, max: 4_294_967_295 })
  writer.integer('lengthBytes', 'u32', { value: value.lengthBytes, min: 0, max: 65_536 })
  return writer.finish()
}

/** Decodes LinkFrame. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeLinkFrame(bytes: Uint8Array): LinkFrame {
  const reader = new LayoutReader('link-frame', bytes)
  const typeField = reader.integer('type', 'u8', { min: 1, max: 8 })
  const flagsField = reader.integer('flags', 'u8', { min: 0, max: 3 })
  const streamField = reader.integer('stream', 'u32', { min: 0, max: 4_294_967_295 })
  const lengthBytesField = reader.integer('lengthBytes', 'u32', { min: 0, max: 65_536 })
  reader.end()
  return { type: typeField, flags: flagsField, stream: streamField, lengthBytes: lengthBytesField }
}
