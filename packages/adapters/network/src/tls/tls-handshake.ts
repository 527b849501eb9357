/** What both sides of the TLS handshake share: its terms, our key, and what is read from the finished one (13.2). */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { TalosError } from '@talos/errors'
import { ED25519_SEED_BYTES, type Kernel } from '@talos/kernel'
import type { CarrierConnection } from '@talos/ports'
import { CHANNEL_BINDING_BYTES } from '../limits.ts'
import { certificatePem, transportCertificate, transportKeyOf, withPrivateKeyPem } from './certificate.ts'
import { TlsConnection } from './tls-connection.ts'

export const TLS_SCHEME = 'tls:'
export const TLS_ALPN = 'talos/1'
const TLS_EXPORTER_LABEL = 'EXPORTER-talos-link-1'

/** What both sides demand of the handshake. */
const HANDSHAKE = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  sigalgs: 'ed25519',
  ecdhCurve: 'X25519MLKEM768',
  ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
} as const

export interface TlsIdentity {
  readonly secureContext: SecureContext
  /** 32 bytes. */
  readonly transportKey: Uint8Array
}

/**
 * Puts the transport key into OpenSSL.
 *
 * @throws TalosError `NETWORK_KEY_INVALID` when the seed has not 32 bytes
 */
export function tlsIdentity(kernel: Kernel, seed: Uint8Array): TlsIdentity {
  if (seed.length !== ED25519_SEED_BYTES) {
    throw new TalosError('NETWORK_KEY_INVALID', { part: 'seed', sizeBytes: seed.length })
  }
  const cert = certificatePem(transportCertificate(kernel, seed))
  const secureOptions = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION
  const sessionIdContext = TLS_ALPN
  const secureContext = withPrivateKeyPem(seed, (key) =>
    createSecureContext({ ...HANDSHAKE, cert, key, secureOptions, sessionIdContext }),
  )
  return { secureContext, transportKey: kernel.ed25519PublicKey(seed) }
}

/** Takes over a socket whose handshake is complete; undefined when the peer showed no Ed25519 key of its own. */
export function authenticated(socket: TLSSocket): CarrierConnection | undefined {
  const certificate = socket.getPeerX509Certificate()
  const remoteTransportKey = certificate === undefined ? undefined : transportKeyOf(certificate)
  if (remoteTransportKey === undefined || socket.alpnProtocol !== TLS_ALPN || socket.isSessionReused()) return undefined
  const exported = socket.exportKeyingMaterial(CHANNEL_BINDING_BYTES, TLS_EXPORTER_LABEL, Buffer.alloc(0))
  return new TlsConnection({ socket, remoteTransportKey, channelBinding: new Uint8Array(exported) })
}

/** The operating system's or OpenSSL's name for what happened, such as `ECONNREFUSED`. */
export function systemCode(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'the connection was closed'
}
