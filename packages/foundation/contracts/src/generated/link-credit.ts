// Generated from contracts/schemas/link-credit.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded LinkCredit in bytes. */
export const LINK_CREDIT_SIZE_BYTES = 5

/**
 * The payload of a CREDIT frame.
 * Specified in 13-link-envelope 13.6.
 */
export interface LinkCredit {
  /** The type of frame that the credit is for. */
  readonly pool: number
  /** Added to the credit of the pool. */
  readonly creditBytes: number
}

/** Encodes LinkCredit. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeLinkCredit(value: LinkCredit): Uint8Array {
  const writer = new LayoutWriter('link-credit')
  writer.integer('pool', 'u8', { value: value.pool, min: 2, max: 4 })
  writer.integer('creditBytes', 'u32', { value: value.creditBytes, min: 1, max: 4_294_967_295 })
  return writer.finish()
}

/** Decodes LinkCredit. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeLinkCredit(bytes: Uint8Array): LinkCredit {
  const reader = new LayoutReader('link-credit', bytes)
  const poolField = reader.integer('pool', 'u8', { min: 2, max: 4 })
  const creditBytesField = reader.integer('creditBytes', 'u32', { min: 1, max: 4_294_967_295 })
  reader.end()
  return { pool: poolField, creditBytes: creditBytesField }
}
