/**
 * A log read from a log service over HTTP (spec 22-log-service, 22.7), for a light client or an auditor. Sizes and times are
 * bounded and redirects refused; nothing that comes is believed, checking it is the caller's part.
 */
import type { LogSource, RevocationPage } from '@talos/audit'
import { fromUtf8, type Secret } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import { HASH_BYTES, MAX_NOTE_CHARS, TILE_WIDTH, tilePath } from '@talos/merkle'
import { dnsLookup, type Fetcher, fetchFile, type Lookup } from '@talos/resolver'
import { parseRevocationPage, REVOCATION_PAGE_MAX_JSON_BYTES } from './revocation-page.ts'

export const DEFAULT_SOURCE_TIMEOUT_MS = 10_000
/** An entry of C2SP tlog-tiles has a length of two bytes before it; ours are shorter, those of other logs need not be. */
const ENTRY_MAX_BYTES = 2 + 65_535
const LOG_KEY_MAX_BYTES = 16_384
/** Ours have 900,000 characters at most; the limit of did:webvh logs in general. */
const KEY_LOG_MAX_BYTES = 4_194_304
const LOOPBACK: Readonly<Record<string, string>> = { localhost: '127.0.0.1', '127.0.0.1': '127.0.0.1', '[::1]': '::1' }

export interface HttpLogSourceOptions {
  /** Prefix of the log: https, or http towards this machine itself. */
  readonly url: string
  /** Bearer token of a service that asks for one. */
  readonly token?: Secret
  /** Also connect to hosts with private addresses: for closed networks. */
  readonly allowPrivateAddresses?: boolean
  /** Certificate authorities (PEM) to trust in the place of the system's. */
  readonly ca?: readonly string[]
  /** How host names become addresses; the system's way when absent. */
  readonly lookup?: Lookup
  /** For one resource; DEFAULT_SOURCE_TIMEOUT_MS when absent. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

interface Wanted {
  readonly path: string
  readonly maxBytes: number
  readonly accept?: string
}

/** Every method throws `LOG_NOT_FOUND`, `LOG_ADDRESS_REFUSED`, `LOG_FETCH_FAILED`, and `LOG_ANSWER_INVALID` for another form. */
export class HttpLogSource implements LogSource {
  readonly #options: HttpLogSourceOptions
  readonly #prefix: string
  readonly #fetcher: Fetcher

  /** @throws TalosError `LOG_ADDRESS_INVALID` */
  constructor(options: HttpLogSourceOptions) {
    const url = prefixOf(options.url)
    const local = url.protocol === 'http:' ? LOOPBACK[url.hostname] : undefined
    this.#options = options
    this.#prefix = url.href.replace(/\/*$/, '')
    this.#fetcher = {
      lookup: local === undefined ? (options.lookup ?? dnsLookup) : async () => [local],
      allowPrivateAddresses: local !== undefined || (options.allowPrivateAddresses ?? false),
      ca: options.ca,
      timeoutMs: options.timeoutMs ?? DEFAULT_SOURCE_TIMEOUT_MS,
    }
  }

  async checkpoint(): Promise<string> {
    return textOf(await this.#get({ path: 'checkpoint', maxBytes: MAX_NOTE_CHARS, accept: 'text/plain' }), 'checkpoint')
  }

  async tile(tile: { readonly level: number; readonly index: number; readonly width: number }): Promise<Uint8Array> {
    const sizeBytes = tile.width * HASH_BYTES
    const hashes = await this.#partialOrWhole(tile, HASH_BYTES)
    if (hashes.length !== sizeBytes && hashes.length !== TILE_WIDTH * HASH_BYTES) throw invalid('tile')
    return hashes.slice(0, sizeBytes)
  }

  async entries({ index, width }: { readonly index: number; readonly width: number }): Promise<Uint8Array> {
    return firstEntries(await this.#partialOrWhole({ level: 'entries', index, width }, ENTRY_MAX_BYTES), width)
  }

  async logKey(): Promise<Uint8Array> {
    return await this.#get({ path: 'log-key', maxBytes: LOG_KEY_MAX_BYTES })
  }

  async keyLog(): Promise<string> {
    return textOf(await this.#get({ path: 'did.jsonl', maxBytes: KEY_LOG_MAX_BYTES, accept: 'text/jsonl' }), 'key log')
  }

  async revocations(after: number): Promise<RevocationPage | undefined> {
    const path = `revocations?after=${after}`
    const wanted = { path, maxBytes: REVOCATION_PAGE_MAX_JSON_BYTES, accept: 'application/json' }
    const answer = await this.#find(wanted)
    return answer === undefined ? undefined : parseRevocationPage(textOf(answer, 'revocations'))
  }

  /** A partial tile may be gone once it was completed (C2SP tlog-tiles, Partial Tiles): the whole one begins with it. */
  async #partialOrWhole(
    tile: { readonly level: number | 'entries'; readonly index: number; readonly width: number },
    itemBytes: number,
  ): Promise<Uint8Array> {
    const { width } = tile
    const partial = await this.#find({ path: tilePath(tile), maxBytes: width * itemBytes })
    if (partial !== undefined) return partial
    if (width === TILE_WIDTH) throw new TalosError('LOG_NOT_FOUND', { what: tilePath(tile) })
    return await this.#get({ path: tilePath({ ...tile, width: TILE_WIDTH }), maxBytes: TILE_WIDTH * itemBytes })
  }

  async #get(wanted: Wanted): Promise<Uint8Array> {
    const found = await this.#find(wanted)
    if (found === undefined) throw new TalosError('LOG_NOT_FOUND', { what: wanted.path })
    return found
  }

  /** Undefined where the service has no such resource. */
  async #find({ path, maxBytes, accept = 'application/octet-stream' }: Wanted): Promise<Uint8Array | undefined> {
    const { token, signal } = this.#options
    const bearer = token?.use((bytes) => fromUtf8(bytes))
    const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
    try {
      return await fetchFile(this.#fetcher, { url: `${this.#prefix}/${path}`, maxBytes, accept, headers, signal })
    } catch (cause) {
      if (isTalosError(cause, 'DID_NOT_FOUND')) return undefined
      if (isTalosError(cause, 'DID_ADDRESS_REFUSED')) throw new TalosError('LOG_ADDRESS_REFUSED', {}, { cause })
      if (!isTalosError(cause, 'DID_FETCH_FAILED')) {
        throw new TalosError('LOG_FETCH_FAILED', { what: path, reason: 'the connection failed' }, { cause })
      }
      // It speaks of documents, which nobody asked for.
      const { details, cause: deeper } = cause
      throw new TalosError('LOG_FETCH_FAILED', { what: path, reason: String(details['reason']) }, { cause: deeper })
    }
  }
}

function prefixOf(text: string): URL {
  const invalidAddress = (reason: string) => new TalosError('LOG_ADDRESS_INVALID', { reason })
  const url = URL.parse(text)
  if (url === null) throw invalidAddress('it is no address')
  const { protocol, username, password, search, hash, hostname } = url
  if (username !== '' || password !== '') throw invalidAddress('it names a user')
  if (search !== '' || hash !== '') throw invalidAddress('it has a query or a fragment')
  if (protocol === 'https:') return url
  if (protocol === 'http:' && Object.hasOwn(LOOPBACK, hostname)) return url
  throw invalidAddress('it is not https')
}

/** The first entries of a bundle that may have more. @throws TalosError `LOG_ANSWER_INVALID` */
function firstEntries(bundle: Uint8Array, width: number): Uint8Array {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  let end = 0
  for (let count = 0; count < width; count += 1) {
    if (end + 2 > bundle.length) throw invalid('entries')
    end += 2 + view.getUint16(end)
  }
  if (end > bundle.length) throw invalid('entries')
  return bundle.slice(0, end)
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new TalosError('LOG_ANSWER_INVALID', { what }, { cause })
  }
}

function invalid(what: string): TalosError {
  return new TalosError('LOG_ANSWER_INVALID', { what })
}
