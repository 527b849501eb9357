// Generated from contracts/schemas/link-hello.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/**
 * The payload of a HELLO frame: what a side takes, who it is, and the proof of that for this connection.
 * Specified in 13-link-envelope 13.4.
 */
export interface LinkHello {
  /** Largest content that the side takes. */
  readonly maxMessageBytes: number
  /** Credit of each pool at the start; at least the largest content and its overhead. */
  readonly windowBytes: number
  /**
   * DID of the side, ASCII.
   * 7 to 512 bytes.
   */
  readonly did: Uint8Array
  /**
   * Transport binding (03-identity 3.9) by the key of the DID.
   * 64 bytes.
   */
  readonly signature: Uint8Array
}

/** Encodes LinkHello. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeLinkHello(value: LinkHello): Uint8Array {
  const writer = new LayoutWriter('link-hello')
  writer.integer('version', 'u8', { value: 1, min: 1, max: 1 })
  writer.integer('reserved', 'u8', { value: 0, min: 0, max: 0 })
  writer.integer('maxMessageBytes', 'u32', { value: value.maxMessageBytes, min: 65_536, max: 67_108_864 })
  writer.integer('windowBytes', 'u32', { value: value.windowBytes, min: 65_792, max: 4_294_967_295 })
  writer.bytes('did', value.did, { min: 7, max: 512, prefix: 'u16' })
  writer.bytes('signature', value.signature, { min: 64, max: 64 })
  return writer.finish()
}

/** Decodes LinkHello. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeLinkHello(bytes: Uint8Array): LinkHello {
  const reader = new LayoutReader('link-hello', bytes)
  reader.integer('version', 'u8', { min: 1, max: 1 })
  reader.integer('reserved', 'u8', { min: 0, max: 0 })
  const maxMessageBytesField = reader.integer('maxMessageBytes', 'u32', { min: 65_536, max: 67_108_864 })
  const windowBytesField = reader.integer('windowBytes', 'u32', { min: 65_792, max: 4_294_967_295 })
  const didField = reader.prefixed('did', 'u16', { min: 7, max: 512 })
  const signatureField = reader.fixed('signature', 64)
  reader.end()
  return {
    maxMessageBytes: maxMessageBytesField,
    windowBytes: windowBytesField,
    did: didField,
    signature: signatureField,
  }
}
