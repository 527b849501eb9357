/**
 * The resolver (spec 18-key-log, 18.14 and 18.15): did:key from itself, did:web and did:webvh over HTTPS, did:talos from a
 * source that the owner of the resolver gives it.
 */
import { fromUtf8 } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import {
  type DidResolution,
  type DidResolver,
  didDocument,
  GENERAL_DOCUMENT_MAX_BYTES,
  type GeneralDidDocument,
  type JsonObject,
  KEY_LOG_MAX_BYTES,
  KEY_LOG_MAX_WITNESS_BYTES,
  newerKeyLog,
  type ParsedDid,
  type ResolveOptions,
  readDid,
  readDidDocument,
  resolvedDocument,
  type VerifiedKeyLog,
  verifyKeyLog,
  type WebPlace,
  webUrl,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { Clock } from '@talos/ports'
import { dnsLookup, type Fetcher, fetchFile, type Lookup } from './fetch.ts'
import { type KnownLogs, memoryKnownLogs } from './known-logs.ts'

/** A log as it comes from anywhere; nothing of it is trusted. */
export interface LogToVerify {
  /** did.jsonl */
  readonly text: string
  /** did-witness.json, where there is one. */
  readonly witnessFile?: string
}

/** Where logs of did:talos come from; undefined when the source knows none. */
export type LogSource = (scid: string, signal: AbortSignal | undefined) => Promise<LogToVerify | undefined>

export interface ResolverOptions {
  readonly kernel: Kernel
  readonly clock: Clock
  /** Without one, did:talos is not resolved. */
  readonly source?: LogSource
  /** In memory when absent. */
  readonly knownLogs?: KnownLogs
  /** Also connect to hosts with private and loopback addresses: for closed networks. */
  readonly allowPrivateAddresses?: boolean
  /** Certificate authorities (PEM) to trust in the place of the system's. */
  readonly ca?: readonly string[]
  /** How host names become addresses; the system's way when absent. */
  readonly lookup?: Lookup
  /** For one file; DEFAULT_FETCH_TIMEOUT_MS when absent. */
  readonly timeoutMs?: number
  /** DIDs whose answers are kept; DEFAULT_CACHE_ENTRIES when absent. */
  readonly cacheEntries?: number
}

export const DEFAULT_FETCH_TIMEOUT_MS = 10_000
export const DEFAULT_CACHE_ENTRIES = 1_024
/** A did:web document does not say how long it holds. */
export const WEB_TTL_MS = 300_000
/** No answer is kept longer, whatever its log says. */
export const MAX_TTL_MS = 86_400_000
/** Questions under way; more are refused, so that a flood of names costs no memory. */
export const MAX_QUESTIONS = 256

type WebFile = 'did.json' | 'did.jsonl' | 'did-witness.json'

const FILES: Readonly<Record<WebFile, { readonly maxBytes: number; readonly accept: string }>> = {
  'did.json': {
    maxBytes: GENERAL_DOCUMENT_MAX_BYTES,
    accept: 'application/did, application/did+json, application/json',
  },
  'did.jsonl': { maxBytes: KEY_LOG_MAX_BYTES, accept: 'text/jsonl' },
  'did-witness.json': { maxBytes: KEY_LOG_MAX_WITNESS_BYTES, accept: 'application/json' },
}

interface Answer {
  readonly resolution: DidResolution
  readonly untilMs: number
}

/** @throws nothing; the resolver's calls do, see {@link DidResolver} */
export function createResolver(options: ResolverOptions): DidResolver {
  return new Resolver(options)
}

class Resolver implements DidResolver {
  readonly #options: ResolverOptions
  readonly #fetcher: Fetcher
  readonly #known: KnownLogs
  readonly #kept = new Map<string, Answer>()
  #questions = 0

  constructor(options: ResolverOptions) {
    this.#options = options
    this.#known = options.knownLogs ?? memoryKnownLogs()
    this.#fetcher = {
      lookup: options.lookup ?? dnsLookup,
      allowPrivateAddresses: options.allowPrivateAddresses ?? false,
      ca: options.ca,
      timeoutMs: options.timeoutMs ?? DEFAULT_FETCH_TIMEOUT_MS,
    }
  }

  async resolve(did: string, options: ResolveOptions = {}): Promise<DidResolution> {
    const parsed = readDid(did)
    const kept = this.#kept.get(did)
    if (options.fresh !== true && kept !== undefined && this.#holds(kept)) return kept.resolution
    if (this.#questions >= MAX_QUESTIONS)
      throw new TalosError('DID_FETCH_FAILED', { reason: 'too many are asked for at once' })
    this.#questions += 1
    try {
      const { resolution, ttlMs } = await this.#ask(parsed, options.signal)
      this.#keep(resolution, Math.min(ttlMs, MAX_TTL_MS))
      return resolution
    } finally {
      this.#questions -= 1
    }
  }

  /**
   * Not when a newer log became known since, and not while the clock reads earlier than it did: then nobody knows how
   * long that has been.
   */
  #holds({ resolution, untilMs }: Answer): boolean {
    const nowMs = this.#options.clock.nowMs()
    const { log, fetchedMs } = resolution
    const isNewest = log === undefined || this.#known.get(log.scid)?.versionId === log.versionId
    return isNewest && fetchedMs <= nowMs && nowMs < untilMs
  }

  async #ask(did: ParsedDid, signal: AbortSignal | undefined): Promise<{ resolution: DidResolution; ttlMs: number }> {
    if (did.method === 'key') {
      const json = didDocument({ did: did.did })
      return { resolution: this.#answer(did.did, { json, document: readDidDocument(json) }), ttlMs: 0 }
    }
    if (did.method === 'web') {
      const bytes = await this.#fetch(did.place, 'did.json', signal)
      const document = readDidDocument(bytes, did.did)
      return { resolution: this.#answer(did.did, { json: document.json, document }), ttlMs: WEB_TTL_MS }
    }
    if (did.method === 'other') throw new TalosError('DID_METHOD_UNSUPPORTED')
    const log = did.method === 'talos' ? await this.#fromSource(did, signal) : await this.#fromWeb(did, signal)
    this.#remember(log)
    const json = resolvedDocument(log.document)
    const resolution = this.#answer(did.did, { json, document: readOrNot(json), log })
    return { resolution, ttlMs: log.parameters.ttlS * 1_000 }
  }

  async #fromSource(
    did: { readonly did: string; readonly scid: string },
    signal: AbortSignal | undefined,
  ): Promise<VerifiedKeyLog> {
    const { source } = this.#options
    if (source === undefined) throw new TalosError('DID_NOT_FOUND', { reason: 'there is no source of logs' })
    const found = await source(did.scid, signal)
    if (found === undefined) throw new TalosError('DID_NOT_FOUND', { reason: 'the source has no log of it' })
    return this.#verify(did.did, found)
  }

  /** The file of its witnesses is asked for when the log turns out to need one. */
  async #fromWeb(
    did: { readonly did: string; readonly place: WebPlace },
    signal: AbortSignal | undefined,
  ): Promise<VerifiedKeyLog> {
    const text = textOf(await this.#fetch(did.place, 'did.jsonl', signal))
    try {
      return this.#verify(did.did, { text })
    } catch (error) {
      if (!isTalosError(error, 'KEY_LOG_WITNESS')) throw error
    }
    return this.#verify(did.did, {
      text,
      witnessFile: textOf(await this.#fetch(did.place, 'did-witness.json', signal)),
    })
  }

  #verify(did: string, log: LogToVerify): VerifiedKeyLog {
    const { kernel, clock } = this.#options
    return verifyKeyLog({ ...log, kernel, nowMs: clock.nowMs(), did })
  }

  #fetch(place: WebPlace, file: WebFile, signal: AbortSignal | undefined): Promise<Uint8Array> {
    return fetchFile(this.#fetcher, { url: webUrl(place, file), signal, ...FILES[file] })
  }

  /** Refuses an older or another history of a log that is known, before anything of it is used. */
  #remember(log: VerifiedKeyLog): void {
    const known = this.#known.get(log.scid)
    this.#known.set(known === undefined ? log : newerKeyLog(known, log))
  }

  #answer(
    did: string,
    found: Pick<DidResolution, 'document' | 'json'> & { readonly log?: VerifiedKeyLog },
  ): DidResolution {
    return { did, json: found.json, document: found.document, log: found.log, fetchedMs: this.#options.clock.nowMs() }
  }

  #keep(resolution: DidResolution, ttlMs: number): void {
    this.#kept.delete(resolution.did)
    if (ttlMs === 0) return
    this.#kept.set(resolution.did, { resolution, untilMs: resolution.fetchedMs + ttlMs })
    const { cacheEntries = DEFAULT_CACHE_ENTRIES } = this.#options
    for (const did of this.#kept.keys()) {
      if (this.#kept.size <= cacheEntries) break
      this.#kept.delete(did)
    }
  }
}

/** A log verifies whatever its documents look like; keys are taken from those that keep the rules. */
function readOrNot(json: JsonObject): GeneralDidDocument | undefined {
  try {
    return readDidDocument(json)
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw new TalosError('DID_FETCH_FAILED', { reason: 'its file is not UTF-8' }, { cause })
  }
}
