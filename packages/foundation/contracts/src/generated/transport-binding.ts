// Generated from contracts/schemas/transport-binding.layout.json by tools/src/generate.ts; do not edit.
import { LayoutReader, LayoutWriter } from '../layout.ts'

/** Length of an encoded TransportBinding in bytes. */
export const TRANSPORT_BINDING_SIZE_BYTES = 78

/**
 * What an agent's identity key signs to claim one connection and the transport key that it uses there.
 * Specified in 03-identity 3.9.
 */
export interface TransportBinding {
  /** 0 for the side that dialled, 1 for the side that listens. */
  readonly role: number
  /**
   * The exporter value of this very connection.
   * 32 bytes.
   */
  readonly channelBinding: Uint8Array
  /**
   * The Ed25519 transport key that the signing side uses on this connection.
   * 32 bytes.
   */
  readonly transportKey: Uint8Array
}

const DOMAIN = Uint8Array.of(0x74, 0x61, 0x6c, 0x6f, 0x73, 0x2f, 0x6c, 0x69, 0x6e, 0x6b, 0x2f, 0x31, 0x00)

/** Encodes TransportBinding. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function encodeTransportBinding(value: TransportBinding): Uint8Array {
  const writer = new LayoutWriter('transport-binding')
  writer.bytes('domain', DOMAIN, { min: 13, max: 13 })
  writer.integer('role', 'u8', { value: value.role, min: 0, max: 255 })
  writer.bytes('channelBinding', value.channelBinding, { min: 32, max: 32 })
  writer.bytes('transportKey', value.transportKey, { min: 32, max: 32 })
  return writer.finish()
}

/** Decodes TransportBinding. @throws TalosError LAYOUT_INVALID {layout, field, reason} */
export function decodeTransportBinding(bytes: Uint8Array): TransportBinding {
  const reader = new LayoutReader('transport-binding', bytes)
  reader.constant('domain', DOMAIN)
  const roleField = reader.integer('role', 'u8', { min: 0, max: 255 })
  const channelBindingField = reader.fixed('channelBinding', 32)
  const transportKeyField = reader.fixed('transportKey', 32)
  reader.end()
  return { role: roleField, channelBinding: channelBindingField, transportKey: transportKeyField }
}
