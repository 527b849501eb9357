/**
 * The TLS carrier (spec 13-link-envelope, 13.2): TLS 1.3 between two raw Ed25519 keys.
 *
 * No certificate authority, no names, no resumption, no early data. Each side shows the certificate of its transport
 * key; the dialer compares the listener's key with the pinned one, the listener reports the dialer's. The key exchange
 * is the hybrid X25519MLKEM768 alone, so that what the link says about itself is no harvest for later either.
 * Left out: who a key belongs to (the link's hello) and the secrecy of contents (the session).
 */
import type { Secret } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'
import type { Carrier } from '@talos/ports'
import { dialTls } from './tls-dial.ts'
import { TLS_SCHEME, tlsIdentity } from './tls-handshake.ts'
import { listenTls } from './tls-listen.ts'

export interface TlsCarrierOptions {
  readonly kernel: Kernel
  /** 32-byte Ed25519 seed of this device's transport key. Read once; the key then lives inside OpenSSL. */
  readonly transportSeed: Secret | Uint8Array
  readonly handshakeTimeoutMs?: number
  readonly maxPendingHandshakes?: number
}

export interface TlsCarrier extends Carrier {
  /** The 32-byte public transport key that peers pin. */
  readonly transportKey: Uint8Array
}

/**
 * A carrier for `tls://host:port` endpoints.
 *
 * @throws TalosError `NETWORK_KEY_INVALID` when the seed has not 32 bytes
 */
export function tlsCarrier(options: TlsCarrierOptions): TlsCarrier {
  const { kernel, transportSeed, ...limits } = options
  const { secureContext, transportKey } =
    transportSeed instanceof Uint8Array
      ? tlsIdentity(kernel, transportSeed)
      : transportSeed.use((seed) => tlsIdentity(kernel, seed))
  return {
    name: 'tls',
    schemes: [TLS_SCHEME],
    transportKey,
    listen: (endpoint, listenOptions) => listenTls(secureContext, endpoint, { ...limits, ...listenOptions }),
    dial: (endpoint, dialOptions) => dialTls(secureContext, endpoint, dialOptions),
  }
}
