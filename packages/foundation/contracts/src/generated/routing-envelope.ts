// Generated from contracts/schemas/routing-envelope.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/**
 * Sealed bytes and what a carrier or a mailbox needs to route them. It names the recipient by a tag and the sender not
 * at all.
 * Specified in 13-link-envelope 13.10.
 */
export interface RoutingEnvelope {
  /** 1: a session message or first flight (05-session). */
  readonly kind: number
  /**
   * Tag of the recipient: the first 16 bytes of SHA-256("talos/box/1" || 0x00 || DID).
   * 16 bytes.
   */
  readonly box: Uint8Array
  /**
   * UUIDv7 or 16 random bytes; one id, one message, for deduplication.
   * 16 bytes.
   */
  readonly messageId: Uint8Array
  /** The first second since 1970 at which nobody keeps or delivers the envelope any more. */
  readonly expiresS: number
  /** The smallest c from 8 on for which the body has at most 2^c bytes. */
  readonly sizeClass: number
  /**
   * Sealed bytes.
   * 1 to 16777216 bytes.
   */
  readonly body: Uint8Array
}

/** Encodes RoutingEnvelope. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeRoutingEnvelope(value: RoutingEnvelope): Uint8Array {
  const writer = new LayoutWriter('routing-envelope')
  writer.integer('version', 'u8', { value: 1, min: 1, max: 1 })
  writer.integer('kind', 'u8', { value: value.kind, min: 1, max: 255 })
  writer.bytes('box', value.box, { min: 16, max: 16 })
  writer.bytes('messageId', value.messageId, { min: 16, max: 16 })
  writer.integer('expiresS', 'u64', { value: value.expiresS, min: 0, max: Number.MAX_SAFE_INTEGER })
  writer.integer('sizeClass', 'u8', { value: value.sizeClass, min: 8, max: 24 })
  writer.bytes('body', value.body, { min: 1, max: 16_777_216, prefix: 'u32' })
  return writer.finish()
}

/** Decodes RoutingEnvelope. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeRoutingEnvelope(bytes: Uint8Array): RoutingEnvelope {
  const reader = new LayoutReader('routing-envelope', bytes)
  reader.integer('version', 'u8', { min: 1, max: 1 })
  const kindField = reader.integer('kind', 'u8', { min: 1, max: 255 })
  const boxField = reader.fixed('box', 16)
  const messageIdField = reader.fixed('messageId', 16)
  const expiresSField = reader.integer('expiresS', 'u64', { min: 0, max: Number.MAX_SAFE_INTEGER })
  const sizeClassField = reader.integer('sizeClass', 'u8', { min: 8, max: 24 })
  const bodyField = reader.prefixed('body', 'u32', { min: 1, max: 16_777_216 })
  reader.end()
  return {
    kind: kindField,
    box: boxField,
    messageId: messageIdField,
    expiresS: expiresSField,
    sizeClass: sizeClassField,
    body: bodyField,
  }
}
