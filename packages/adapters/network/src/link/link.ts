/**
 * An open link (spec 13-link-envelope, 13.5 to 13.8): messages and requests between two proven DIDs over one connection.
 *
 * Reading never stops for a slow handler: what may wait here is bounded by the credit that was granted, and a peer that
 * sends more breaks the protocol. Every way to the end settles everything that is pending.
 */
import { type Did, decodeLinkClose, decodeLinkCredit, decodeLinkPing } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { LinkRole } from '@talos/identity'
import type { CarrierConnection, CloseReason } from '@talos/ports'
import { DEFAULT_REQUEST_TIMEOUT_MS } from '../limits.ts'
import { CLOSE_DONE, CLOSE_REFUSED, closeFor, leave } from './closing.ts'
import { Dispatcher, type MessageHandler, type RequestHandler } from './dispatcher.ts'
import {
  decodeAs,
  FLAG_FIRST,
  FRAME_CLOSE,
  FRAME_CREDIT,
  FRAME_MESSAGE,
  FRAME_PING,
  FRAME_PONG,
  FRAME_REQUEST,
  FRAME_RESPONSE,
  type Frame,
  type FrameSource,
  invalid,
  type Pool,
  poolOf,
} from './frames.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Hello, LinkTerms } from './hello.ts'
import { Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { Requests } from './requests.ts'
import type { LinkTimers } from './timers.ts'

/** @internal What `openLink` hands over once the hellos are verified. */
export interface LinkParts {
  readonly connection: CarrierConnection
  readonly source: FrameSource
  readonly role: LinkRole
  readonly peer: Hello
  readonly terms: LinkTerms
  readonly timers: LinkTimers
  readonly heartbeatIntervalMs: number
  readonly deadAfterMs: number
}

const MAX_STREAM = 0xffff_ffff

export class Link implements AsyncDisposable {
  /** The DID that the peer proved for this connection. */
  readonly peerDid: Did
  readonly role: LinkRole
  /** The peer's 32-byte transport key. */
  readonly peerTransportKey: Uint8Array
  /** Where the peer is, for people to read. */
  readonly remoteAddress: string
  /** Largest content that the peer takes. */
  readonly maxMessageBytes: number
  /** Settles once, when the link is over. Never rejects. */
  readonly closed: Promise<CloseReason>
  readonly #connection: CarrierConnection
  readonly #timers: LinkTimers
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #requests: Requests
  readonly #dispatcher: Dispatcher
  readonly #heartbeat: Heartbeat
  readonly #settleClosed: (reason: CloseReason) => void
  #failure: TalosError | undefined
  /** Set when the link is over; resolves when the carrier is closed as well. */
  #left: Promise<void> | undefined
  #nextStream: number

  /** @internal Use `openLink`. */
  constructor(parts: LinkParts) {
    const { connection, source, role, peer, terms, timers } = parts
    this.peerDid = peer.did
    this.role = role
    this.peerTransportKey = connection.remoteTransportKey
    this.remoteAddress = connection.remoteAddress
    this.maxMessageBytes = peer.maxMessageBytes
    this.#connection = connection
    this.#timers = timers
    this.#nextStream = firstStream(role)
    const closed = Promise.withResolvers<CloseReason>()
    this.closed = closed.promise
    this.#settleClosed = closed.resolve
    this.#outbox = new Outbox({
      peer,
      write: (bytes) => connection.write(bytes),
      onWriteFailure: () => this.#shut(new TalosError('NETWORK_CLOSED', { reason: 'reset' })),
    })
    this.#inbox = new Inbox({ terms, grant: (pool, creditBytes) => this.#outbox.grantCredit(pool, creditBytes) })
    this.#requests = new Requests(timers)
    this.#dispatcher = new Dispatcher({
      respond: ({ stream, kind, content }) => this.#outbox.send({ pool: FRAME_RESPONSE, stream, kind, content }),
      onFailure: (error) => this.#shut(error),
    })
    this.#heartbeat = new Heartbeat({
      timers,
      intervalMs: parts.heartbeatIntervalMs,
      deadAfterMs: parts.deadAfterMs,
      ping: (token) => this.#outbox.ping(token),
      onDead: () =>
        this.#shut(
          new TalosError('NETWORK_TIMEOUT', { step: "the peer's sign of life", timeoutMs: parts.deadAfterMs }),
        ),
    })
    void this.#read(source)
  }

  /** Why the link ended, where more than the close reason is known. */
  get failure(): TalosError | undefined {
    return this.#failure
  }

  get isOpen(): boolean {
    return this.#left === undefined
  }

  /**
   * Sends a message. Messages arrive in the order of the calls. Resolves when the carrier has taken it, which is no word
   * of its arrival; await it, it is the backpressure. The payload must not change before.
   *
   * @param kind 0 to 65,535, see clause 13.9
   * @throws TalosError `NETWORK_MESSAGE_TOO_LARGE`, `NETWORK_LIMIT`, `NETWORK_CLOSED`, `LAYOUT_INVALID` (the kind)
   */
  send(kind: number, payload: Uint8Array): Promise<void> {
    return this.#outbox.send({ pool: FRAME_MESSAGE, stream: this.#takeStream(), kind, content: payload })
  }

  /**
   * Asks the peer and waits for its answer.
   *
   * @throws TalosError `NETWORK_TIMEOUT`, `NETWORK_REQUEST_FAILED` (the peer's code as `peerCode`), and those of `send`
   */
  async request(kind: number, payload: Uint8Array, options: { readonly timeoutMs?: number } = {}): Promise<Uint8Array> {
    if (this.#failure !== undefined || !this.isOpen) throw this.#closedError()
    const stream = this.#takeStream()
    const answer = this.#requests.open(stream, options.timeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS)
    this.#outbox.send({ pool: FRAME_REQUEST, stream, kind, content: payload }).catch((error: unknown) => {
      this.#requests.fail(stream, isTalosError(error) ? error : this.#closedError())
    })
    return await answer
  }

  /**
   * Sets the handler of the peer's messages, called for one after the other in their order; a promise that it returns
   * is awaited and so holds the sender back. Messages that came before it was set wait for it. A handler that throws
   * ends the link. What it is given is its own copy.
   */
  onMessage(handler: MessageHandler): void {
    this.#dispatcher.onMessage(handler)
  }

  /**
   * Sets the handler of the peer's requests; some run side by side. A TalosError that it throws reaches the peer as its
   * code alone, anything else as `NETWORK_HANDLER_FAILED`.
   */
  onRequest(handler: RequestHandler): void {
    this.#dispatcher.onRequest(handler)
  }

  /** Ends the link: what waits here fails, what the carrier has taken still leaves. Idempotent. */
  async close(): Promise<void> {
    this.#end({ reason: 'local', wire: CLOSE_DONE })
    await this.#left
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #read({ incoming, decoder }: FrameSource): Promise<void> {
    try {
      for (;;) {
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) this.#onFrame(frame)
        const step = await incoming.next()
        if (step.done === true) break
        this.#heartbeat.heard()
        // What follows the end of the link is read, so that the carrier sees the peer's end, and forgotten.
        if (this.isOpen) decoder.feed(step.value)
      }
      this.#shut(new TalosError('NETWORK_CLOSED', { reason: 'reset' }))
    } catch (error) {
      this.#shut(isTalosError(error) ? error : new TalosError('NETWORK_CLOSED', { reason: 'reset' }, { cause: error }))
      for (let over = false; !over; )
        over = await incoming.next().then(
          (step) => step.done === true,
          () => true,
        )
    }
  }

  #onFrame(frame: Frame): void {
    if (!this.isOpen) return
    const pool = poolOf(frame.type)
    if (pool !== undefined) this.#onContent(pool, frame)
    else if (frame.type === FRAME_CREDIT) this.#onCredit(frame)
    else if (frame.type === FRAME_PING) this.#outbox.pong(tokenOf(frame))
    else if (frame.type === FRAME_PONG) tokenOf(frame)
    else if (frame.type === FRAME_CLOSE) this.#onClose(frame)
    else throw invalid('a second hello')
  }

  #onContent(pool: Pool, frame: Frame): void {
    if ((frame.flags & FLAG_FIRST) !== 0) this.#checkStream(pool, frame.stream)
    const content = this.#inbox.accept(pool, frame)
    if (content === undefined) return
    if (pool === FRAME_MESSAGE) {
      this.#dispatcher.message(content)
    } else if (pool === FRAME_REQUEST) {
      this.#dispatcher.request(content)
    } else {
      this.#requests.settle(content)
      content.release()
    }
  }

  /** A side numbers its own messages and requests, odd for the dialer; an answer bears the number of the request. */
  #checkStream(pool: Pool, stream: number): void {
    if (pool === FRAME_RESPONSE) {
      if (!this.#requests.has(stream)) throw invalid('an answer to no request')
    } else if (stream % 2 === firstStream(this.role) % 2) {
      throw invalid('a stream with a number of the other side')
    }
  }

  #onCredit(frame: Frame): void {
    const { pool, creditBytes } = decodeAs('the credit', () => decodeLinkCredit(frame.payload))
    const known = poolOf(pool)
    if (known === undefined) throw invalid('credit for no pool')
    this.#outbox.addCredit(known, creditBytes)
  }

  #onClose(frame: Frame): void {
    const { reason } = decodeAs('the close', () => decodeLinkClose(frame.payload))
    if (reason === CLOSE_REFUSED) this.#failure ??= new TalosError('NETWORK_REFUSED_BY_PEER')
    this.#end({ reason: 'remote', wire: CLOSE_DONE })
  }

  #takeStream(): number {
    let stream = this.#nextStream
    while (this.#requests.has(stream)) stream = following(stream, this.role)
    this.#nextStream = following(stream, this.role)
    return stream
  }

  #shut(error: TalosError): void {
    if (!this.isOpen) return
    this.#failure ??= error
    this.#end(closeFor(error))
  }

  #end(close: { readonly reason: CloseReason; readonly wire: number }): void {
    if (!this.isOpen) return
    const error = new TalosError('NETWORK_CLOSED', { reason: close.reason }, { cause: this.#failure })
    this.#left = leave({ connection: this.#connection, timers: this.#timers, ...close })
    this.#heartbeat.stop()
    this.#outbox.close(error)
    this.#requests.close(error)
    // What the peer completed before it left still counts; after our own end nobody asks for it.
    this.#dispatcher.stop({ finishMessages: close.reason === 'remote' || close.reason === 'reset' })
    this.#settleClosed(close.reason)
  }

  #closedError(): TalosError {
    return new TalosError('NETWORK_CLOSED', { reason: 'local' }, { cause: this.#failure })
  }
}

function firstStream(role: LinkRole): number {
  return role === 'dialer' ? 1 : 2
}

function following(stream: number, role: LinkRole): number {
  return stream + 2 > MAX_STREAM ? firstStream(role) : stream + 2
}

function tokenOf(frame: Frame): number {
  return decodeAs('the ping', () => decodeLinkPing(frame.payload)).token
}
