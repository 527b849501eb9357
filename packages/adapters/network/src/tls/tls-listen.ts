/** The listening side of the TLS carrier: bounded connections, bounded handshakes in number and time (13.2). */
import { createServer, type Server, type Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { TalosError } from '@talos/errors'
import type { CarrierConnection, CarrierListener, CarrierListenOptions } from '@talos/ports'
import { formatHostEndpoint, type HostEndpoint, parseHostEndpoint } from '../endpoint.ts'
import { DEFAULT_MAX_CONNECTIONS, HANDSHAKE_TIMEOUT_MS, MAX_PENDING_HANDSHAKES } from '../limits.ts'
import { authenticated, systemCode, TLS_ALPN, TLS_SCHEME } from './tls-handshake.ts'

export interface TlsListenOptions extends CarrierListenOptions {
  readonly handshakeTimeoutMs?: number
  readonly maxPendingHandshakes?: number
}

export async function listenTls(
  secureContext: SecureContext,
  endpoint: string,
  options: TlsListenOptions,
): Promise<CarrierListener> {
  const address = parseHostEndpoint(TLS_SCHEME, endpoint)
  const acceptor = new Acceptor(secureContext, options)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (raw) => acceptor.accept(raw))
  await bind(server, endpoint, address)
  // A failed accept (no file descriptor left) concerns one newcomer, not the listener.
  server.on('error', () => undefined)
  const bound = server.address()
  const port = bound !== null && typeof bound === 'object' ? bound.port : address.port
  let closing: Promise<void> | undefined
  return {
    endpoints: [formatHostEndpoint(TLS_SCHEME, { host: address.host, port })],
    close: () => {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve())
        acceptor.close()
      })
      return closing
    },
  }
}

function bind(server: Server, endpoint: string, address: HostEndpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => {
      reject(new TalosError('NETWORK_LISTEN_FAILED', { endpoint, reason: systemCode(cause) }, { cause }))
    }
    server.once('error', onError)
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

/** Runs the handshakes of one listener within its limits. */
class Acceptor {
  readonly #secureContext: SecureContext
  readonly #onConnection: (connection: CarrierConnection) => void
  readonly #maxConnections: number
  readonly #maxPending: number
  readonly #handshakeTimeoutMs: number
  /** In order of arrival. */
  readonly #pending = new Set<TLSSocket>()
  readonly #open = new Set<CarrierConnection>()

  constructor(secureContext: SecureContext, options: TlsListenOptions) {
    this.#secureContext = secureContext
    this.#onConnection = options.onConnection
    this.#maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS
    this.#maxPending = options.maxPendingHandshakes ?? MAX_PENDING_HANDSHAKES
    this.#handshakeTimeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS
  }

  accept(raw: Socket): void {
    if (this.#open.size >= this.#maxConnections) {
      raw.destroy()
      return
    }
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: this.#secureContext,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: [TLS_ALPN],
    })
    const timer = setTimeout(() => socket.destroy(), this.#handshakeTimeoutMs)
    const settle = () => {
      clearTimeout(timer)
      this.#pending.delete(socket)
    }
    this.#pending.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', settle)
    socket.once('secure', () => {
      settle()
      this.#admit(socket)
    })
    this.#dropOldestPending()
  }

  close(): void {
    for (const socket of this.#pending) socket.destroy()
    for (const connection of this.#open) connection.close()
  }

  #admit(socket: TLSSocket): void {
    const connection = this.#open.size < this.#maxConnections ? authenticated(socket) : undefined
    if (connection === undefined) {
      socket.destroy()
      return
    }
    this.#open.add(connection)
    void connection.closed.then(() => this.#open.delete(connection))
    this.#onConnection(connection)
  }

  #dropOldestPending(): void {
    for (const socket of this.#pending) {
      if (this.#pending.size <= this.#maxPending) return
      this.#pending.delete(socket)
      socket.destroy()
    }
  }
}
