// Generated from contracts/schemas/pq-offer.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded PqOffer in bytes. */
export const PQ_OFFER_SIZE_BYTES = 1_188

/**
 * Post-quantum offer
 * Specified in 06-session 6.11.
 */
export interface PqOffer {
  /** The step that it opens. */
  readonly epoch: number
  /**
   * ML-KEM-768 encapsulation key.
   * 1184 bytes.
   */
  readonly encapsulationKey: Uint8Array
}

/** Encodes PqOffer. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodePqOffer(value: PqOffer): Uint8Array {
  const writer = new LayoutWriter('pq-offer')
  writer.integer('epoch', 'u32', { value: value.epoch, min: 0, max: 4_294_967_295 })
  writer.bytes('encapsulationKey', value.encapsulationKey, { min: 1_184, max: 1_184 })
  return writer.finish()
}

/** Decodes PqOffer. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodePqOffer(bytes: Uint8Array): PqOffer {
  const reader = new LayoutReader('pq-offer', bytes)
  const epochField = reader.integer('epoch', 'u32', { min: 0, max: 4_294_967_295 })
  const encapsulationKeyField = reader.fixed('encapsulationKey', 1_184)
  reader.end()
  return { epoch: epochField, encapsulationKey: encapsulationKeyField }
}
