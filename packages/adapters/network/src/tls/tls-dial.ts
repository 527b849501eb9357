/** The dialling side of the TLS carrier: reach, handshake, compare the peer's key with the pinned one (13.2). */
import { type ConnectionOptions, connect, type SecureContext } from 'node:tls'
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { ED25519_PUBLIC_KEY_BYTES } from '@talos/kernel'
import type { CarrierConnection, CarrierDialOptions } from '@talos/ports'
import { parseHostEndpoint } from '../endpoint.ts'
import { DEFAULT_DIAL_TIMEOUT_MS } from '../limits.ts'
import { authenticated, systemCode, TLS_ALPN, TLS_SCHEME } from './tls-handshake.ts'

export function dialTls(
  secureContext: SecureContext,
  endpoint: string,
  options: CarrierDialOptions,
): Promise<CarrierConnection> {
  const { remoteTransportKey, timeoutMs = DEFAULT_DIAL_TIMEOUT_MS, signal } = options
  if (remoteTransportKey.length !== ED25519_PUBLIC_KEY_BYTES) {
    return Promise.reject(new TalosError('NETWORK_KEY_INVALID', { part: 'key', sizeBytes: remoteTransportKey.length }))
  }
  return new Promise((resolve, reject) => {
    const { host, port } = parseHostEndpoint(TLS_SCHEME, endpoint)
    if (port === 0) throw new TalosError('NETWORK_ENDPOINT_INVALID', { reason: 'port 0 cannot be dialled' })
    if (signal?.aborted === true) throw new TalosError('NETWORK_ABORTED', { step: 'dialling' })
    const socket = connect(port, host, terms(secureContext))
    let reached = false
    const onAbort = () => fail(new TalosError('NETWORK_ABORTED', { step: 'dialling' }))
    const timer = setTimeout(() => fail(new TalosError('NETWORK_TIMEOUT', { step: 'dialling', timeoutMs })), timeoutMs)
    const onError = (cause: unknown) => fail(dialError(endpoint, { reached, cause }))
    const onClose = () => fail(dialError(endpoint, { reached, cause: undefined }))
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('close', onClose)
    }
    const fail = (error: TalosError) => {
      settle()
      // The error listener stays: what the destroyed socket still says is of no interest.
      socket.destroy()
      reject(error)
    }
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('connect', () => (reached = true))
    signal?.addEventListener('abort', onAbort)
    socket.on('secureConnect', () => {
      const connection = authenticated(socket)
      if (connection === undefined) {
        fail(new TalosError('NETWORK_HANDSHAKE_FAILED', { endpoint, reason: 'the peer showed no Ed25519 key' }))
      } else if (!equalBytes(connection.remoteTransportKey, remoteTransportKey)) {
        fail(new TalosError('NETWORK_KEY_MISMATCH', { endpoint }))
      } else {
        settle()
        resolve(connection)
      }
    })
  })
}

function terms(secureContext: SecureContext): ConnectionOptions {
  const options = {
    secureContext,
    ALPNProtocols: [TLS_ALPN],
    // There is no authority to ask: the key itself is compared once the handshake has proven it.
    rejectUnauthorized: false,
    allowHalfOpen: true,
  }
  return options
}

function dialError(endpoint: string, failure: { readonly reached: boolean; readonly cause: unknown }): TalosError {
  const code = failure.reached ? 'NETWORK_HANDSHAKE_FAILED' : 'NETWORK_UNREACHABLE'
  return new TalosError(code, { endpoint, reason: systemCode(failure.cause) }, { cause: failure.cause })
}
