/** The log service on a port of its own (spec 22-log-service, 22.4): every resource of the machine that it takes is bounded. */
import { createServer, type Server } from 'node:http'
import { isIP } from 'node:net'
import { TalosError } from '@talos/errors'
import { createLogHandler, type LogHandlerOptions } from './handler.ts'

/** Connections at once. */
export const MAX_CONNECTIONS = 256
/** Bytes of a request's line and headers. */
const MAX_HEADER_BYTES = 16_384
/** A request must have come whole after so long. */
const REQUEST_TIMEOUT_MS = 15_000
/** A connection on which nothing moves is closed after so long. */
const IDLE_TIMEOUT_MS = 30_000
/** How long the answers that are on their way when the service stops may take. */
const CLOSE_TIMEOUT_MS = 2_000
const MAX_HEADERS = 64
const MAX_REQUESTS_PER_CONNECTION = 10_000

export interface LogServerOptions extends LogHandlerOptions {
  /** An IP address; 127.0.0.1 where it is left out. */
  readonly address?: string
  /** 0 for a free port, which is also the default. */
  readonly port?: number
  /** Listen also on addresses that other machines reach. */
  readonly allowRemote?: boolean
}

export class LogServer implements AsyncDisposable {
  /** The prefix of every path, without a slash at its end. */
  readonly url: string
  readonly #server: Server

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  /** @throws TalosError `LOG_LISTEN_REFUSED`, `LOG_LISTEN_FAILED`, `LOG_TOKEN_INVALID` */
  static async start(options: LogServerOptions): Promise<LogServer> {
    const { address = '127.0.0.1', port = 0, allowRemote = false, hosts = [], ...rest } = options
    if (isIP(address) === 0) throw new TalosError('LOG_LISTEN_REFUSED', { reason: 'that is no IP address' })
    const isLocal = isLoopback(address)
    if (!isLocal && !allowRemote)
      throw new TalosError('LOG_LISTEN_REFUSED', { reason: 'other machines could reach it' })
    // Towards other machines, names are no protection: whoever may ask is told apart by the token.
    const handler = createLogHandler(isLocal ? { ...rest, hosts } : rest)
    const server = boundedServer().on('request', handler)
    const listening = Promise.withResolvers<void>()
    server.once('error', listening.reject)
    server.listen({ host: address, port }, listening.resolve)
    try {
      await listening.promise
    } catch (cause) {
      const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : 'unknown'
      throw new TalosError('LOG_LISTEN_FAILED', { reason }, { cause })
    }
    const bound = server.address()
    const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
    return new LogServer(server, `http://${isIP(address) === 6 ? `[${address}]` : address}:${boundPort}`)
  }

  /** Takes no more requests, lets those under way end, and cuts what lasts longer. Idempotent. */
  async close(): Promise<void> {
    const closed = Promise.withResolvers<void>()
    this.#server.close(() => closed.resolve())
    this.#server.closeIdleConnections()
    const cut = setTimeout(() => this.#server.closeAllConnections(), CLOSE_TIMEOUT_MS)
    await closed.promise
    clearTimeout(cut)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function boundedServer(): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 5_000,
    requireHostHeader: true,
  })
  server.maxConnections = MAX_CONNECTIONS
  server.maxHeadersCount = MAX_HEADERS
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION
  server.setTimeout(IDLE_TIMEOUT_MS)
  return server
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))
}
