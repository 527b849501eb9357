// Generated from contracts/schemas/link-close.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded LinkClose in bytes. */
export const LINK_CLOSE_SIZE_BYTES = 1

/**
 * The payload of a CLOSE frame, the last of its side.
 * Specified in 13-link-envelope 13.8.
 */
export interface LinkClose {
  /** 0 done, 1 protocol, 2 timeout, 3 refused. */
  readonly reason: number
}

/** Encodes LinkClose. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeLinkClose(value: LinkClose): Uint8Array {
  const writer = new LayoutWriter('link-close')
  writer.integer('reason', 'u8', { value: value.reason, min: 0, max: 3 })
  return writer.finish()
}

/** Decodes LinkClose. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeLinkClose(bytes: Uint8Array): LinkClose {
  const reader = new LayoutReader('link-close', bytes)
  const reasonField = reader.integer('reason', 'u8', { min: 0, max: 3 })
  reader.end()
  return { reason: reasonField }
}
