/** Hands complete content to the handlers: messages one by one, requests some at a time (spec 13-link-envelope, 13.5). */
import { utf8 } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import { MAX_CONCURRENT_HANDLERS, MAX_REQUESTS_IN_FLIGHT } from '../limits.ts'
import { Fifo } from './fifo.ts'
import { invalid } from './frames.ts'
import type { IncomingContent } from './inbox.ts'
import { RESPONSE_ANSWER, RESPONSE_ERROR } from './requests.ts'

export type MessageHandler = (kind: number, payload: Uint8Array) => Promise<void> | void
export type RequestHandler = (kind: number, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array

interface Response {
  readonly stream: number
  readonly kind: number
  readonly content: Uint8Array
}

export interface DispatcherOptions {
  /** Resolves when the carrier has taken the response: until then its request keeps its place. */
  readonly respond: (response: Response) => Promise<void>
  /** A message handler threw. */
  readonly onFailure: (error: TalosError) => void
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #messages = new Fifo<IncomingContent>()
  readonly #requests = new Fifo<IncomingContent>()
  /** Streams of requests that are not yet answered. */
  readonly #open = new Set<number>()
  #messageHandler: MessageHandler | undefined
  #requestHandler: RequestHandler | undefined
  #handlingMessages = false
  #handlingRequests = 0
  #stopped = false

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  onMessage(handler: MessageHandler): void {
    this.#messageHandler = handler
    void this.#handleMessages()
  }

  onRequest(handler: RequestHandler): void {
    this.#requestHandler = handler
    this.#handleRequests()
  }

  message(content: IncomingContent): void {
    this.#messages.push(content)
    void this.#handleMessages()
  }

  /** @throws TalosError `NETWORK_FRAME_INVALID` for a stream in use or too many at once */
  request(content: IncomingContent): void {
    if (this.#open.has(content.stream)) throw invalid('a request on a stream that waits for its answer')
    if (this.#open.size >= MAX_REQUESTS_IN_FLIGHT) throw invalid('too many requests in flight')
    this.#open.add(content.stream)
    this.#requests.push(content)
    this.#handleRequests()
  }

  /** The link is over: no request starts any more, and messages only where they are to be finished. */
  stop({ finishMessages }: { readonly finishMessages: boolean }): void {
    this.#stopped = true
    this.#requests.clear()
    if (!finishMessages) this.#messages.clear()
  }

  async #handleMessages(): Promise<void> {
    if (this.#handlingMessages || this.#messageHandler === undefined) return
    this.#handlingMessages = true
    for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) {
      try {
        await this.#messageHandler(next.kind, next.content)
      } catch (cause) {
        this.#messages.clear()
        this.#options.onFailure(new TalosError('NETWORK_HANDLER_FAILED', { kind: next.kind }, { cause }))
      }
      next.release()
    }
    this.#handlingMessages = false
  }

  #handleRequests(): void {
    const handler = this.#requestHandler
    if (handler === undefined) return
    while (this.#handlingRequests < MAX_CONCURRENT_HANDLERS) {
      const next = this.#requests.shift()
      if (next === undefined) return
      this.#handlingRequests += 1
      void this.#answer(next, handler)
    }
  }

  async #answer(request: IncomingContent, handler: RequestHandler): Promise<void> {
    const { stream } = request
    const response = await outcome(request, handler)
    try {
      if (!this.#stopped) await this.#options.respond({ stream, ...response })
    } catch (error) {
      await this.#refuse(stream, error)
    }
    this.#open.delete(stream)
    this.#handlingRequests -= 1
    request.release()
    this.#handleRequests()
  }

  /** The answer could not be sent, such as one that is too large: the peer learns the code. */
  async #refuse(stream: number, error: unknown): Promise<void> {
    try {
      if (!this.#stopped) await this.#options.respond({ stream, ...failed(error) })
    } catch {
      // The link has ended meanwhile; its end says everything.
    }
  }
}

async function outcome(request: IncomingContent, handler: RequestHandler): Promise<Omit<Response, 'stream'>> {
  try {
    return { kind: RESPONSE_ANSWER, content: await handler(request.kind, request.content) }
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): Omit<Response, 'stream'> {
  return { kind: RESPONSE_ERROR, content: utf8(isTalosError(error) ? error.code : 'NETWORK_HANDLER_FAILED') }
}
