// Generated from contracts/schemas/message-header.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded MessageHeader in bytes. */
export const MESSAGE_HEADER_SIZE_BYTES = 45

/**
 * Ratchet header
 * Specified in 06-session 6.3.
 */
export interface MessageHeader {
  /**
   * The sender's X25519 ratchet public key.
   * 32 bytes.
   */
  readonly ratchetKey: Uint8Array
  /** Number of messages in the sender's chain before this one. */
  readonly previousCount: number
  /** Number of the message in its chain, from 0. */
  readonly count: number
  /** Post-quantum steps that the chain is keyed by. */
  readonly epoch: number
}

/** Encodes MessageHeader. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeMessageHeader(value: MessageHeader): Uint8Array {
  const writer = new LayoutWriter('message-header')
  writer.integer('version', 'u8', { value: 1, min: 1, max: 1 })
  writer.bytes('ratchetKey', value.ratchetKey, { min: 32, max: 32 })
  writer.integer('previousCount', 'u32', { value: value.previousCount, min: 0, max: 4_294_967_295 })
  writer.integer('count', 'u32', { value: value.count, min: 0, max: 4_294_967_295 })
  writer.integer('epoch', 'u32', { value: value.epoch, min: 0, max: 4_294_967_295 })
  return writer.finish()
}

/** Decodes MessageHeader. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeMessageHeader(bytes: Uint8Array): MessageHeader {
  const reader = new LayoutReader('message-header', bytes)
  reader.integer('version', 'u8', { min: 1, max: 1 })
  const ratchetKeyField = reader.fixed('ratchetKey', 32)
  const previousCountField = reader.integer('previousCount', 'u32', { min: 0, max: 4_294_967_295 })
  const countField = reader.integer('count', 'u32', { min: 0, max: 4_294_967_295 })
  const epochField = reader.integer('epoch', 'u32', { min: 0, max: 4_294_967_295 })
  reader.end()
  return { ratchetKey: ratchetKeyField, previousCount: previousCountField, count: countField, epoch: epochField }
}
