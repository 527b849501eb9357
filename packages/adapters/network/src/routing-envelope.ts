/**
 * The routing envelope (spec 13-link-envelope, 13.10): sealed bytes with what a carrier or a mailbox needs, and no more.
 * The sender is not named; who it is stands inside the sealed body.
 */
import { concatBytes, equalBytes, utf8 } from '@talos/bytes'
import { type Did, decodeRoutingEnvelope, encodeRoutingEnvelope, type RoutingEnvelope } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'

export const BOX_TAG_BYTES = 16
export const MESSAGE_ID_BYTES = 16
/** Smallest size class: bodies below 256 bytes are not told apart. */
const MIN_SIZE_CLASS = 8
const BOX_DOMAIN = utf8('talos/box/1\0')

export type RoutingEnvelopeParts = Omit<RoutingEnvelope, 'sizeClass'>

/** The 16-byte tag of a recipient's box: `SHA-256("talos/box/1" || 0x00 || DID)`, its first half. */
export function boxTag(kernel: Kernel, did: Did): Uint8Array {
  return kernel.sha256(concatBytes(BOX_DOMAIN, utf8(did))).slice(0, BOX_TAG_BYTES)
}

/** The smallest class from 8 on whose power of two holds the body. */
export function sizeClassOf(bodyBytes: number): number {
  return Math.max(MIN_SIZE_CLASS, Math.ceil(Math.log2(bodyBytes)))
}

/** @throws TalosError `NETWORK_ENVELOPE_INVALID` for a length out of its limits */
export function sealForRoute(parts: RoutingEnvelopeParts): Uint8Array {
  return refusing('a field is out of its limits', () =>
    encodeRoutingEnvelope({ ...parts, sizeClass: sizeClassOf(parts.body.length) }),
  )
}

/**
 * Reads an envelope and checks what its carrier may rely on: form, size class, recipient, expiry.
 *
 * @param expected.box where given, envelopes for others are refused
 * @throws TalosError `NETWORK_ENVELOPE_INVALID`
 */
export function openFromRoute(
  bytes: Uint8Array,
  expected: { readonly nowS: number; readonly box?: Uint8Array },
): RoutingEnvelope {
  const envelope = refusing('it is malformed', () => decodeRoutingEnvelope(bytes))
  if (envelope.sizeClass !== sizeClassOf(envelope.body.length)) throw invalid('its size class is not that of its body')
  if (expected.box !== undefined && !equalBytes(expected.box, envelope.box))
    throw invalid('it is for another recipient')
  if (envelope.expiresS <= expected.nowS) throw invalid('it has expired')
  return envelope
}

function refusing<T>(reason: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw invalid(reason, cause)
  }
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('NETWORK_ENVELOPE_INVALID', { reason }, { cause })
}
