/**
 * The proof that a DID stands behind one connection (spec 03-identity, 3.9).
 *
 *     signature = Ed25519(identity key, "talos/link/1\0" || role || channel binding (32) || transport key (32))
 *
 * The channel binding makes the proof worthless on any other connection, the role on the other end of this one, the
 * transport key for any other holder. Left out: freshness, which the channel binding already has.
 */
import { type Did, encodeTransportBinding } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { publicKeyFromDidKey } from './did-key.ts'
import { type Signer, signWith } from './signer.ts'

/** Which end of the connection signs: the one that dialled or the one that listens. */
export type LinkRole = 'dialer' | 'listener'

const ROLE_NUMBERS = { dialer: 0, listener: 1 } as const

export interface TransportBinding {
  /** The role of the side that signs. */
  readonly role: LinkRole
  /** 32 bytes that only the two ends of this connection derive. */
  readonly channelBinding: Uint8Array
  /** 32-byte Ed25519 key that the signing side proved on this connection. */
  readonly transportKey: Uint8Array
}

/**
 * Signs the claim to this end of the connection; 64 bytes.
 *
 * @throws TalosError `LAYOUT_INVALID` (a length), `SIGNER_FAILED`
 */
export async function signTransportBinding(options: TransportBinding & { readonly signer: Signer }) {
  return await signWith(options.signer, bindingBytes(options))
}

/**
 * Checks the claim of the other side.
 *
 * @param options.role the role of the peer, not one's own
 * @param options.signature what the peer sent
 * @returns the DID that is now proven
 * @throws TalosError `LAYOUT_INVALID` (a length), `TRANSPORT_BINDING_INVALID`
 */
export function verifyTransportBinding(
  options: TransportBinding & { readonly kernel: Kernel; readonly did: string; readonly signature: Uint8Array },
): Did {
  const { kernel, did, signature } = options
  if (!kernel.ed25519Verify(publicKeyOf(did), bindingBytes(options), signature)) {
    throw new TalosError('TRANSPORT_BINDING_INVALID', { reason: 'the signature is not by the claimed identity' })
  }
  return did as Did
}

function publicKeyOf(did: string): Uint8Array {
  try {
    return publicKeyFromDidKey(did)
  } catch (cause) {
    throw new TalosError('TRANSPORT_BINDING_INVALID', { reason: 'the claimed identity is not a did:key' }, { cause })
  }
}

function bindingBytes({ role, channelBinding, transportKey }: TransportBinding): Uint8Array {
  return encodeTransportBinding({ role: ROLE_NUMBERS[role], channelBinding, transportKey })
}
