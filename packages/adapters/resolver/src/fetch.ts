/**
 * One bounded GET (spec 18-key-log, 18.14): the host's addresses are checked and the connection goes to one of them,
 * redirects are refused, size and time are bounded. HTTPS, but for an address that says otherwise: DIDs never do.
 */
import { lookup as systemLookup } from 'node:dns/promises'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isTalosError, TalosError } from '@talos/errors'
import { isPublicAddress } from './addresses.ts'

/** The addresses of a host name, as texts. */
export type Lookup = (host: string) => Promise<readonly string[]>

export interface Fetcher {
  readonly lookup: Lookup
  /** Connect to addresses that are not public as well. */
  readonly allowPrivateAddresses: boolean
  /** Certificates (PEM) to trust in the place of the system's. */
  readonly ca: readonly string[] | undefined
  readonly timeoutMs: number
}

export interface FetchOptions {
  readonly url: string
  readonly maxBytes: number
  /** Media type asked for; the server's answer is judged by its contents. */
  readonly accept: string
  /** Sent besides; carries no secret to another host, as redirects are refused. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
}

/** What the system knows of a host. */
export const dnsLookup: Lookup = async (host) => {
  const found = await systemLookup(host, { all: true, verbatim: true })
  return found.map(({ address }) => address)
}

/**
 * Fetches a file as UTF-8 bytes.
 *
 * @throws TalosError `DID_NOT_FOUND`, `DID_ADDRESS_REFUSED`, `DID_FETCH_FAILED`
 */
export async function fetchFile(fetcher: Fetcher, options: FetchOptions): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(fetcher.timeoutMs)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal])
  try {
    const address = await checkedAddress(fetcher, new URL(options.url).hostname, signal)
    const response = await open(fetcher, { options, address, signal })
    return await readBody(response, options.maxBytes)
  } catch (cause) {
    if (isTalosError(cause)) throw cause
    throw new TalosError('DID_FETCH_FAILED', { reason: reasonOf(options.signal, timeout) }, { cause })
  }
}

/** All addresses must be public: which of them a connection takes is then no matter. */
async function checkedAddress(
  { lookup, allowPrivateAddresses }: Fetcher,
  host: string,
  signal: AbortSignal,
): Promise<string> {
  const addresses = await untilAborted(lookup(host), signal)
  const [first] = addresses
  if (first === undefined) throw new TalosError('DID_FETCH_FAILED', { reason: 'its host has no address' })
  if (!allowPrivateAddresses && !addresses.every(isPublicAddress)) throw new TalosError('DID_ADDRESS_REFUSED')
  return first
}

interface OpenOptions {
  readonly options: FetchOptions
  readonly address: string
  readonly signal: AbortSignal
}

/** Sends the request to that very address, under the host's name; resolves with a response of status 200. */
function open({ ca }: Fetcher, { options, address, signal }: OpenOptions): Promise<IncomingMessage> {
  const pinned: LookupFunction = (_host, wanted, done) => {
    const family = isIP(address)
    if (wanted.all === true) done(null, [{ address, family }])
    else done(null, address, family)
  }
  return new Promise((resolve, reject) => {
    const send = options.url.startsWith('http:') ? plainRequest : secureRequest
    const outgoing = send(
      options.url,
      {
        agent: false,
        headers: { ...options.headers, accept: options.accept, 'accept-encoding': 'identity' },
        lookup: pinned,
        // A variable of the environment could have turned this off for the whole process.
        rejectUnauthorized: true,
        signal,
        ...(ca !== undefined && { ca: [...ca] }),
      },
      (response) => {
        const refusal = refusalOf(response)
        if (refusal === undefined) return resolve(response)
        response.destroy()
        reject(refusal)
      },
    )
    outgoing.on('error', reject)
    // A host that answers by changing the protocol gets no response that would come here, and no time.
    outgoing.on('upgrade', (_response, socket) => socket.destroy())
    outgoing.on('close', () => reject(new TalosError('DID_FETCH_FAILED', { reason: 'its host did not answer' })))
    outgoing.end()
  })
}

function refusalOf({ statusCode, headers }: IncomingMessage): TalosError | undefined {
  if (statusCode === 404 || statusCode === 410)
    return new TalosError('DID_NOT_FOUND', { reason: 'its host has no such file' })
  if (statusCode !== 200)
    return new TalosError('DID_FETCH_FAILED', { reason: `its host answered with status ${statusCode ?? 0}` })
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity') return undefined
  return new TalosError('DID_FETCH_FAILED', { reason: 'its host answered in a compressed form' })
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) {
      throw new TalosError('DID_FETCH_FAILED', {
        reason: `its host sent more than ${maxBytes} bytes`,
        limitBytes: maxBytes,
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A resolver of names cannot be stopped, but nobody has to wait for it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function reasonOf(asked: AbortSignal | undefined, timeout: AbortSignal): string {
  if (asked?.aborted === true) return 'the caller gave up'
  return timeout.aborted ? 'its host did not answer in time' : 'the connection failed'
}
