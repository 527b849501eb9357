/** Our requests in flight on one link (spec 13-link-envelope, 13.5): each ends by its answer, its timeout, or the link's end. */
import { fromUtf8 } from '@talos/bytes'
import { ERROR_TABLE, TalosError } from '@talos/errors'
import { MAX_REQUESTS_IN_FLIGHT } from '../limits.ts'
import { invalid } from './frames.ts'
import type { LinkTimers } from './timers.ts'

export const RESPONSE_ANSWER = 0
export const RESPONSE_ERROR = 1

interface InFlight {
  readonly resolve: (answer: Uint8Array) => void
  readonly reject: (error: TalosError) => void
  readonly cancelTimer: () => void
}

export class Requests {
  readonly #timers: LinkTimers
  /** `undefined`: the caller has given up; the stream stays taken until the peer answers. */
  readonly #inFlight = new Map<number, InFlight | undefined>()

  constructor(timers: LinkTimers) {
    this.#timers = timers
  }

  has(stream: number): boolean {
    return this.#inFlight.has(stream)
  }

  /**
   * Waits for the answer on a stream; rejects with `NETWORK_TIMEOUT`, `NETWORK_REQUEST_FAILED`, `NETWORK_CLOSED`.
   *
   * @throws TalosError `NETWORK_LIMIT`, at once: then the request must not be sent
   */
  open(stream: number, timeoutMs: number): Promise<Uint8Array> {
    if (this.#inFlight.size >= MAX_REQUESTS_IN_FLIGHT) {
      throw new TalosError('NETWORK_LIMIT', { limit: MAX_REQUESTS_IN_FLIGHT, what: 'requests in flight' })
    }
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#timers.after(timeoutMs, () => {
        this.#inFlight.set(stream, undefined)
        reject(new TalosError('NETWORK_TIMEOUT', { step: 'the answer', timeoutMs }))
      })
      this.#inFlight.set(stream, { resolve, reject, cancelTimer })
    })
  }

  /** The request never left: its stream is free again. */
  fail(stream: number, error: TalosError): void {
    const request = this.#inFlight.get(stream)
    this.#inFlight.delete(stream)
    request?.cancelTimer()
    request?.reject(error)
  }

  /** @throws TalosError `NETWORK_FRAME_INVALID` for an answer that nobody asked for, or of an unknown kind */
  settle(response: { readonly stream: number; readonly kind: number; readonly content: Uint8Array }): void {
    const { stream, kind, content } = response
    if (!this.#inFlight.has(stream)) throw invalid('an answer to no request')
    if (kind !== RESPONSE_ANSWER && kind !== RESPONSE_ERROR) throw invalid('an answer of unknown kind')
    if (kind === RESPONSE_ERROR) {
      this.fail(stream, peerError(content))
      return
    }
    const request = this.#inFlight.get(stream)
    this.#inFlight.delete(stream)
    request?.cancelTimer()
    request?.resolve(content)
  }

  close(error: TalosError): void {
    for (const stream of this.#inFlight.keys()) this.fail(stream, error)
  }
}

/** Only a code of our own contract is repeated: a peer's text does not reach logs and terminals. */
function peerError(content: Uint8Array): TalosError {
  return new TalosError('NETWORK_REQUEST_FAILED', { peerCode: knownCode(content) ?? 'unknown' })
}

function knownCode(content: Uint8Array): string | undefined {
  try {
    const text = fromUtf8(content)
    return Object.hasOwn(ERROR_TABLE, text) ? text : undefined
  } catch {
    return undefined
  }
}
