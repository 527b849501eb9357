/**
 * One authenticated TLS connection as the carrier port sees it (spec 13-link-envelope, 13.2).
 *
 * Node reports an announced end (close_notify) and a cut one (bare FIN) alike, so `incoming` ends for both; what was
 * complete is said by the link's own CLOSE frame, above.
 */
import type { TLSSocket } from 'node:tls'
import { TalosError } from '@talos/errors'
import type { CarrierConnection, CloseReason } from '@talos/ports'

export interface TlsConnectionParts {
  readonly socket: TLSSocket
  readonly remoteTransportKey: Uint8Array
  readonly channelBinding: Uint8Array
}

interface DrainWaiter {
  readonly resolve: () => void
  readonly reject: (error: TalosError) => void
}

export class TlsConnection implements CarrierConnection {
  readonly carrier = 'tls'
  readonly remoteTransportKey: Uint8Array
  readonly channelBinding: Uint8Array
  readonly remoteAddress: string
  readonly closed: Promise<CloseReason>
  readonly #socket: TLSSocket
  readonly #drainWaiters = new Set<DrainWaiter>()
  /** Decided by the first of: our close, an error, the end of the socket. */
  #reason: CloseReason | undefined
  #firstToEnd: 'local' | 'remote' | undefined
  #localEnded = false
  #remoteEnded = false
  #wakeReader: (() => void) | undefined

  constructor(parts: TlsConnectionParts) {
    const { socket } = parts
    this.#socket = socket
    this.remoteTransportKey = parts.remoteTransportKey
    this.channelBinding = parts.channelBinding
    this.remoteAddress = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
    socket.setNoDelay(true)
    socket.on('readable', () => this.#wake())
    socket.on('end', () => {
      this.#remoteEnded = true
      this.#firstToEnd ??= 'remote'
      this.#wake()
    })
    socket.on('drain', () => this.#releaseWriters((waiter) => waiter.resolve()))
    socket.on('error', () => {
      this.#reason ??= 'reset'
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve(this.#onClose()))
    })
  }

  get incoming(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#read() }
  }

  /** The bytes must stay unchanged until the promise settles. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#reason !== undefined || this.#localEnded || this.#socket.destroyed)
      return Promise.reject(this.#closedError())
    if (this.#socket.write(bytes)) return Promise.resolve()
    return new Promise((resolve, reject) => this.#drainWaiters.add({ resolve, reject }))
  }

  end(): Promise<void> {
    if (this.#localEnded || this.#socket.destroyed) return Promise.resolve()
    this.#localEnded = true
    this.#firstToEnd ??= 'local'
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#socket.end(() => resolve())
    })
  }

  close(reason: CloseReason = 'local'): void {
    this.#reason ??= reason
    this.#socket.destroy()
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        const chunk: Uint8Array | null = this.#socket.read()
        if (chunk !== null) yield chunk
        else if (this.#remoteEnded) return
        else if (this.#socket.destroyed) throw this.#closedError()
        else await new Promise<void>((resolve) => (this.#wakeReader = resolve))
      }
    } finally {
      // Whoever stops reading early cannot hear the peer any more: the connection is of no use.
      if (!this.#remoteEnded) this.close()
    }
  }

  #onClose(): CloseReason {
    const ended = this.#localEnded && this.#remoteEnded ? this.#firstToEnd : undefined
    this.#reason ??= ended ?? 'reset'
    this.#releaseWriters((waiter) => waiter.reject(this.#closedError()))
    this.#wake()
    return this.#reason
  }

  #releaseWriters(release: (waiter: DrainWaiter) => void): void {
    const waiters = [...this.#drainWaiters]
    this.#drainWaiters.clear()
    for (const waiter of waiters) release(waiter)
  }

  #wake(): void {
    this.#wakeReader?.()
    this.#wakeReader = undefined
  }

  #closedError(): TalosError {
    return new TalosError('NETWORK_CLOSED', { reason: this.#reason ?? 'local' })
  }
}
