/**
 * The hello (spec 13-link-envelope, 13.4): each side proves its DID for this very connection.
 *
 * The dialer speaks first; the listener answers only whom it has verified and admits, so that a stranger learns no DID.
 */
import { fromUtf8, utf8 } from '@talos/bytes'
import { type Did, decodeLinkHello, encodeLinkHello } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type LinkRole, type Signer, signTransportBinding, verifyTransportBinding } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { MESSAGE_OVERHEAD_BYTES } from '../limits.ts'
import { decodeAs } from './frames.ts'

const LINK_VERSION = 1

/** What a side takes. */
export interface LinkTerms {
  readonly maxMessageBytes: number
  /** At least `maxMessageBytes` and the overhead of one message. */
  readonly windowBytes: number
}

export interface Hello extends LinkTerms {
  readonly did: Did
}

/** Where a hello is made or checked. */
export interface HelloContext {
  /** The role of the side that signs. */
  readonly role: LinkRole
  /** 32 bytes. */
  readonly channelBinding: Uint8Array
  /** The 32-byte transport key of the side that signs. */
  readonly transportKey: Uint8Array
}

/** Encodes and signs our hello. @throws TalosError `SIGNER_FAILED` */
export async function createHello(
  context: HelloContext & LinkTerms & { readonly signer: Signer },
): Promise<Uint8Array> {
  const signature = await signTransportBinding(context)
  const { maxMessageBytes, windowBytes, signer } = context
  return encodeLinkHello({ maxMessageBytes, windowBytes, did: utf8(signer.did), signature })
}

/**
 * Verifies the peer's hello: version, form, signature over this connection, then the expected DID.
 *
 * @throws TalosError `NETWORK_HELLO_VERSION`, `NETWORK_FRAME_INVALID`, `NETWORK_HELLO_INVALID`, `NETWORK_DID_MISMATCH`
 */
export function verifyHello(
  context: HelloContext & {
    readonly payload: Uint8Array
    readonly kernel: Kernel
    readonly expectedDid?: Did | undefined
  },
): Hello {
  const { payload, expectedDid } = context
  const version = payload.at(0)
  if (version !== undefined && version !== LINK_VERSION) throw new TalosError('NETWORK_HELLO_VERSION', { version })
  const {
    maxMessageBytes,
    windowBytes,
    did: didBytes,
    signature,
  } = decodeAs('the hello', () => decodeLinkHello(payload))
  if (windowBytes < maxMessageBytes + MESSAGE_OVERHEAD_BYTES) {
    throw new TalosError('NETWORK_FRAME_INVALID', { reason: 'the window does not hold one message of full size' })
  }
  const claimed = decodeAs('the DID of the hello', () => fromUtf8(didBytes))
  const did = provenDid(context, claimed, signature)
  if (expectedDid !== undefined && did !== expectedDid) throw new TalosError('NETWORK_DID_MISMATCH', { expectedDid })
  return { did, maxMessageBytes, windowBytes }
}

function provenDid(context: HelloContext & { readonly kernel: Kernel }, did: string, signature: Uint8Array): Did {
  try {
    return verifyTransportBinding({ ...context, did, signature })
  } catch (cause) {
    throw new TalosError('NETWORK_HELLO_INVALID', { reason: 'the signature does not fit' }, { cause })
  }
}
