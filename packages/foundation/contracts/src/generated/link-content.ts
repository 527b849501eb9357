// Generated from contracts/schemas/link-content.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded LinkContent in bytes. */
export const LINK_CONTENT_SIZE_BYTES = 6

/**
 * In front of the content, within its first frame.
 * Specified in 13-link-envelope 13.5.
 */
export interface LinkContent {
  /** MESSAGE, REQUEST: what the content is. RESPONSE: 0 for an answer, 1 for an error code. */
  readonly kind: number
  /** Length of the content, this head excluded. */
  readonly lengthBytes: number
}

/** Encodes LinkContent. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeLinkContent(value: LinkContent): Uint8Array {
  const writer = new LayoutWriter('link-content')
  writer.integer('kind', 'u16', { value: value.kind, min: 0, max: 65_535 })
  writer.integer('lengthBytes', 'u32', { value: value.lengthBytes, min: 0, max: 67_108_864 })
  return writer.finish()
}

/** Decodes LinkContent. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeLinkContent(bytes: Uint8Array): LinkContent {
  const reader = new LayoutReader('link-content', bytes)
  const kindField = reader.integer('kind', 'u16', { min: 0, max: 65_535 })
  const lengthBytesField = reader.integer('lengthBytes', 'u32', { min: 0, max: 67_108_864 })
  reader.end()
  return { kind: kindField, lengthBytes: lengthBytesField }
}
