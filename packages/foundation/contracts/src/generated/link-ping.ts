// Generated from contracts/schemas/link-ping.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded LinkPing in bytes. */
export const LINK_PING_SIZE_BYTES = 4

/**
 * The payload of a PING frame, and of the PONG frame that answers it.
 * Specified in 13-link-envelope 13.7.
 */
export interface LinkPing {
  /** Chosen by the side that asks, repeated by the one that answers. */
  readonly token: number
}

/** Encodes LinkPing. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeLinkPing(value: LinkPing): Uint8Array {
  const writer = new LayoutWriter('link-ping')
  writer.integer('token', 'u32', { value: value.token, min: 0, max: 4_294_967_295 })
  return writer.finish()
}

/** Decodes LinkPing. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeLinkPing(bytes: Uint8Array): LinkPing {
  const reader = new LayoutReader('link-ping', bytes)
  const tokenField = reader.integer('token', 'u32', { min: 0, max: 4_294_967_295 })
  reader.end()
  return { token: tokenField }
}
