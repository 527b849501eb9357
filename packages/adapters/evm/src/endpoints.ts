/**
 * Several RPC endpoints of one chain, none of which is trusted alone (contracts/spec/25-anchor.md, clause 25.4).
 *
 * A request is tried again with growing pauses; what decides is asked of all endpoints and believed where enough of them say
 * the same. An endpoint's own words end here: errors name its host, the method and a reason of ours. Its URL may hold a key
 * and is in no error.
 */
import { isTalosError, TalosError } from '@talos/errors'
import type { Random } from '@talos/ports'
import { createPublicClient, HttpRequestError, http, type PublicClient, RpcRequestError, TimeoutError } from 'viem'
import {
  DEFAULT_TIMEOUT_MS,
  type EndpointOptions,
  GRACE_MS,
  MAX_ANSWER_BYTES,
  MAX_ENDPOINTS,
  REQUEST_ATTEMPTS,
  RETRY_BASE_MS,
} from './options.ts'

export interface Endpoint {
  /** Host and port, for people. */
  readonly host: string
  readonly client: PublicClient
}

interface Gathered<T> {
  readonly answers: readonly T[]
  readonly failures: readonly unknown[]
}

type Question<T> = (client: PublicClient) => Promise<T>

export class Endpoints {
  readonly chainId: number
  /** How many must say the same. */
  readonly quorum: number
  readonly #endpoints: readonly Endpoint[]
  readonly #random: Random
  readonly #closing = new AbortController()
  /** Endpoints that have shown that they serve the chain. */
  readonly #known = new Set<Endpoint>()

  /** @throws TalosError `ANCHOR_OPTION_INVALID` */
  constructor(options: EndpointOptions) {
    const { rpcUrls, chainId, timeoutMs = DEFAULT_TIMEOUT_MS } = options
    if (rpcUrls.length === 0 || rpcUrls.length > MAX_ENDPOINTS) {
      throw new TalosError('ANCHOR_OPTION_INVALID', {
        option: '--rpc',
        reason: `1 to ${MAX_ENDPOINTS} URLs are needed`,
      })
    }
    const { quorum = Math.floor(rpcUrls.length / 2) + 1 } = options
    if (quorum < 1 || quorum > rpcUrls.length) {
      throw new TalosError('ANCHOR_OPTION_INVALID', { option: 'quorum', reason: 'it is no number of the endpoints' })
    }
    this.chainId = chainId
    this.quorum = quorum
    this.#random = options.random
    const { signal } = this.#closing
    this.#endpoints = rpcUrls.map((url) => endpointOf(url, { timeoutMs, signal }))
  }

  /**
   * Asks all endpoints at once. Those that fail, or serve another chain, are left out.
   *
   * @returns at least as many answers as are needed
   * @throws TalosError `ANCHOR_ENDPOINTS_FAILED`, or the one endpoint's error where there is but one
   */
  async ask<T>(method: string, question: Question<T>): Promise<readonly T[]> {
    const { answers, failures } = await this.#gather(method, question, this.quorum)
    if (answers.length >= this.quorum) return answers
    if (this.#endpoints.length === 1) throw failures[0]
    const mismatch = failures.find((failure) => isTalosError(failure, 'ANCHOR_CHAIN_MISMATCH'))
    if (mismatch !== undefined) throw mismatch
    const details = { answers: answers.length, endpoints: this.#endpoints.length, needed: this.quorum }
    throw new TalosError('ANCHOR_ENDPOINTS_FAILED', details, { cause: failures[0] })
  }

  /** Asks all endpoints at once, and lets as many fail as may be. */
  async tryAll<T>(method: string, question: Question<T>): Promise<Gathered<T>> {
    return await this.#gather(method, question, 1)
  }

  /** Waits for all, but once as many have answered as are needed, not much longer for those that are slow or gone. */
  async #gather<T>(method: string, question: Question<T>, needed: number): Promise<Gathered<T>> {
    const answers: T[] = []
    const failures: unknown[] = []
    const enough = Promise.withResolvers<void>()
    let timer: NodeJS.Timeout | undefined
    const asking = this.#endpoints.map(async (endpoint) => {
      try {
        answers.push(await this.#askOne(endpoint, method, question))
        if (answers.length >= needed) timer ??= setTimeout(enough.resolve, GRACE_MS)
      } catch (error) {
        failures.push(error)
      }
    })
    await Promise.race([Promise.all(asking), enough.promise])
    clearTimeout(timer)
    return { answers: [...answers], failures: [...failures] }
  }

  /**
   * Asks all endpoints, and returns what enough of them say.
   *
   * @param options.keyOf what makes two answers the same
   * @throws TalosError `ANCHOR_ENDPOINTS_DISAGREE` with `what`, and what {@link ask} throws
   */
  async agree<T>(
    method: string,
    options: {
      readonly what: string
      readonly question: Question<T>
      readonly keyOf: (answer: T) => string
    },
  ): Promise<T> {
    const answers = await this.ask(method, options.question)
    for (const answer of answers) {
      const same = answers.filter((other) => options.keyOf(other) === options.keyOf(answer))
      if (same.length >= this.quorum) return answer
    }
    throw new TalosError('ANCHOR_ENDPOINTS_DISAGREE', { what: options.what })
  }

  /**
   * Takes the first answer that is not refused: for what is verified by whoever asks.
   *
   * @param accept returns undefined for an answer that is wrong
   */
  async first<T>(method: string, accept: Question<T | undefined>): Promise<T | undefined> {
    let failure: unknown
    for (const endpoint of this.#endpoints) {
      try {
        const answer = await this.#askOne(endpoint, method, accept)
        if (answer !== undefined) return answer
      } catch (error) {
        failure = error
      }
    }
    if (failure !== undefined) throw failure
    return undefined
  }

  async #askOne<T>(endpoint: Endpoint, method: string, question: Question<T>): Promise<T> {
    if (!this.#known.has(endpoint)) await this.#introduce(endpoint)
    return await this.#retry(endpoint, method, question)
  }

  async #introduce(endpoint: Endpoint): Promise<void> {
    const actual = await this.#retry(endpoint, 'eth_chainId', async (client) => await client.getChainId())
    if (actual !== this.chainId) {
      throw new TalosError('ANCHOR_CHAIN_MISMATCH', { host: endpoint.host, actual, expected: this.chainId })
    }
    this.#known.add(endpoint)
  }

  async #retry<T>(endpoint: Endpoint, method: string, question: Question<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await question(endpoint.client)
      } catch (cause) {
        if (isTalosError(cause)) throw cause
        const { reason, mayPass } = reasonOf(cause)
        if (!mayPass || attempt >= REQUEST_ATTEMPTS || this.#closing.signal.aborted) {
          throw new TalosError('ANCHOR_ENDPOINT_FAILED', { host: endpoint.host, method, reason }, { cause })
        }
        await this.#pause(attempt)
      }
    }
  }

  /** Gives up what is being asked, and asks nothing more. */
  close(): void {
    this.#closing.abort()
  }

  /** Twice as long each time, and not at the same moment as everybody else. */
  async #pause(attempt: number): Promise<void> {
    const [byte = 0] = this.#random.bytes(1)
    const longest = RETRY_BASE_MS * 2 ** (attempt - 1)
    const { promise, resolve } = Promise.withResolvers<void>()
    setTimeout(resolve, longest / 2 + (longest / 2) * (byte / 255))
    await promise
  }
}

function endpointOf(
  text: string,
  { timeoutMs: timeout, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Endpoint {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TalosError('ANCHOR_OPTION_INVALID', { option: '--rpc', reason: 'it is no http or https URL' })
  }
  const limits = { timeout, retryCount: 0, maxResponseBodySize: MAX_ANSWER_BYTES }
  const transport = http(text, { ...limits, fetchOptions: { signal } })
  return { host: url.host, client: createPublicClient({ transport, cacheTime: 0 }) }
}

/** What went wrong, in words of ours, and whether asking again may help. */
function reasonOf(error: unknown): { readonly reason: string; readonly mayPass: boolean } {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TimeoutError) return { reason: 'it took too long', mayPass: true }
    if (cause instanceof HttpRequestError) {
      const { status } = cause
      if (status === undefined) return { reason: 'the connection failed', mayPass: true }
      return { reason: `status ${status}`, mayPass: status === 429 || status >= 500 }
    }
    // -32005 and 429: too many requests. Everything else is an answer.
    if (cause instanceof RpcRequestError) {
      return { reason: `error ${cause.code}`, mayPass: cause.code === -32005 || cause.code === 429 }
    }
  }
  return { reason: 'its answer has another form', mayPass: false }
}
