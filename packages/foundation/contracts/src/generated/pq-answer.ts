// Generated from contracts/schemas/pq-answer.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded PqAnswer in bytes. */
export const PQ_ANSWER_SIZE_BYTES = 1_092

/**
 * Post-quantum answer
 * Specified in 06-session 6.11.
 */
export interface PqAnswer {
  /** The step that it belongs to. */
  readonly epoch: number
  /**
   * ML-KEM-768 ciphertext.
   * 1088 bytes.
   */
  readonly ciphertext: Uint8Array
}

/** Encodes PqAnswer. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodePqAnswer(value: PqAnswer): Uint8Array {
  const writer = new LayoutWriter('pq-answer')
  writer.integer('epoch', 'u32', { value: value.epoch, min: 0, max: 4_294_967_295 })
  writer.bytes('ciphertext', value.ciphertext, { min: 1_088, max: 1_088 })
  return writer.finish()
}

/** Decodes PqAnswer. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodePqAnswer(bytes: Uint8Array): PqAnswer {
  const reader = new LayoutReader('pq-answer', bytes)
  const epochField = reader.integer('epoch', 'u32', { min: 0, max: 4_294_967_295 })
  const ciphertextField = reader.fixed('ciphertext', 1_088)
  reader.end()
  return { epoch: epochField, ciphertext: ciphertextField }
}
