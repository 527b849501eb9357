/**
 * The log service as a handler of node:http (spec 22-log-service): C2SP tlog-tiles, what a light client needs besides, and
 * the call of C2SP tlog-witness where a witness is given.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { LogSource } from '@talos/audit'
import type { Secret } from '@talos/bytes'
import { type ErrorCode, isTalosError, TalosError } from '@talos/errors'
import { Access } from './access.ts'
import {
  ADD_CHECKPOINT_MAX_BYTES,
  answerAddCheckpoint,
  type CheckpointWitness,
  type WitnessAnswer,
} from './add-checkpoint.ts'
import { type LogPath, parseLogPath } from './log-path.ts'
import { type Resource, readResource } from './resources.ts'

/** Bytes of answers that are on their way at once: sixteen of the largest bundles of ours. */
export const MAX_OPEN_BYTES = 67_108_864
/** Checkpoints that the witness is asked about at once: it is an agent that has other things to do, and others ask it as well. */
export const MAX_COSIGNING = 4
const YEAR_S = 31_536_000
const RETRY_AFTER_S = 1

export interface LogHandlerOptions {
  readonly source: LogSource
  /** Without one, there is no path add-checkpoint. */
  readonly witness?: CheckpointWitness
  /** 32 to 256 letters and digits in UTF-8, asked for with each request; everybody may ask without one. */
  readonly token?: Secret
  /** Names that a request may be for besides localhost, 127.0.0.1 and [::1]; any name where it is left out. */
  readonly hosts?: readonly string[]
  /** Told of failures of which the asking side learns only that there was one. */
  readonly onFailure?: (error: unknown) => void
}

/** @throws TalosError `LOG_TOKEN_INVALID` */
export function createLogHandler(options: LogHandlerOptions): RequestListener {
  const service = new LogService(options)
  const busy = new WeakSet<object>()
  return (request, response) => {
    const { socket } = request
    // Whoever asks on before it has its answer makes this process remember, and nobody in the field does (22.4).
    if (busy.has(socket)) {
      socket.destroy()
      return
    }
    busy.add(socket)
    for (const end of ['finish', 'close']) response.once(end, () => busy.delete(socket))
    void service.serve(request, response)
  }
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  LOG_REQUEST_INVALID: 400,
  LOG_TOKEN_WRONG: 401,
  LOG_PATH_UNKNOWN: 404,
  LOG_NOT_PUBLISHED: 404,
  LOG_NOT_FOUND: 404,
  LOG_METHOD_REFUSED: 405,
  LOG_REQUEST_TOO_LARGE: 413,
  LOG_HOST_REFUSED: 421,
  LOG_BUSY: 503,
  CONTROL_BUSY: 503,
  CONTROL_UNREACHABLE: 503,
  CLI_NOT_RUNNING: 503,
}
const FAILED = 500

class LogService {
  readonly #options: LogHandlerOptions
  readonly #access: Access
  #openBytes = 0
  #cosigning = 0

  constructor(options: LogHandlerOptions) {
    const { hosts, token } = options
    this.#options = options
    this.#access = new Access({ hosts, token })
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Content-Security-Policy', "default-src 'none'")
    try {
      this.#access.require(request)
      const path = this.#pathOf(request)
      requireMethod(request, path)
      if (path.kind === 'add-checkpoint') await this.#addCheckpoint(request, response)
      else await this.#give(request, { response, resource: await readResource(this.#options.source, path) })
    } catch (error) {
      this.#refuse(request, { response, error })
    }
  }

  #pathOf({ url = '' }: IncomingMessage): LogPath {
    const path = parseLogPath(url)
    if (path === undefined || (path.kind === 'add-checkpoint' && this.#options.witness === undefined)) {
      throw new TalosError('LOG_PATH_UNKNOWN')
    }
    return path
  }

  async #give(
    request: IncomingMessage,
    { response, resource }: { readonly response: ServerResponse; readonly resource: Resource },
  ): Promise<void> {
    const { body, isImmutable } = resource
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    response.setHeader('ETag', etag)
    response.setHeader('Cache-Control', this.#cacheControl(isImmutable))
    if (isKnown(request, etag)) {
      response.writeHead(304).end()
      return
    }
    this.#send(request, { response, status: 200, resource })
  }

  #cacheControl(isImmutable: boolean): string {
    const scope = this.#access.isPrivate ? 'private' : 'public'
    return isImmutable ? `${scope}, max-age=${YEAR_S}, immutable` : `${scope}, no-cache`
  }

  async #addCheckpoint(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { witness } = this.#options
    if (witness === undefined) throw new TalosError('LOG_PATH_UNKNOWN')
    const { status, type, body } = await this.#askWitness(await readBody(request), witness)
    response.setHeader('Cache-Control', 'no-store')
    this.#send(request, { response, status, resource: { type, body: Buffer.from(body), isImmutable: false } })
  }

  /** @throws TalosError `LOG_BUSY` when it is asked about as many as may be */
  async #askWitness(body: Uint8Array, witness: CheckpointWitness): Promise<WitnessAnswer> {
    if (this.#cosigning >= MAX_COSIGNING) throw new TalosError('LOG_BUSY')
    this.#cosigning += 1
    try {
      return await answerAddCheckpoint(body, witness)
    } finally {
      this.#cosigning -= 1
    }
  }

  /** @throws TalosError `LOG_BUSY` when too much is on its way to others that read slowly */
  #send(
    { method }: IncomingMessage,
    {
      response,
      status,
      resource,
    }: { readonly response: ServerResponse; readonly status: number; readonly resource: Resource },
  ): void {
    const { type, body } = resource
    const sizeBytes = method === 'HEAD' ? 0 : body.length
    if (this.#openBytes + sizeBytes > MAX_OPEN_BYTES) throw new TalosError('LOG_BUSY')
    this.#openBytes += sizeBytes
    response.once('close', () => {
      this.#openBytes -= sizeBytes
    })
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length })
    response.end(method === 'HEAD' ? undefined : body)
  }

  #refuse(
    request: IncomingMessage,
    { response, error }: { readonly response: ServerResponse; readonly error: unknown },
  ): void {
    const known = isTalosError(error) ? STATUS[error.code] : undefined
    const status = known ?? FAILED
    // Who went away in the midst of its request is no failure of ours.
    if (known === undefined && !request.readableAborted) this.#options.onFailure?.(error)
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const report = isTalosError(error) && known !== undefined ? error : failedBy(error)
    for (const name of ['ETag', 'Content-Length']) response.removeHeader(name)
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('Content-Type', 'application/json')
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
    if (status === 405) response.setHeader('Allow', allowed(request))
    if (status === 503) response.setHeader('Retry-After', RETRY_AFTER_S)
    // What is left of a body that is not read would be taken for the next request.
    if (!request.complete || status === 413) response.setHeader('Connection', 'close')
    const body = JSON.stringify({ error: { code: report.code, message: report.message } })
    response.writeHead(status)
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

function requireMethod({ method }: IncomingMessage, { kind }: LogPath): void {
  const isRead = method === 'GET' || method === 'HEAD'
  if (kind === 'add-checkpoint' ? method !== 'POST' : !isRead) throw new TalosError('LOG_METHOD_REFUSED')
}

function allowed({ url = '' }: IncomingMessage): string {
  return parseLogPath(url)?.kind === 'add-checkpoint' ? 'POST' : 'GET, HEAD'
}

/** Whether the asking side has this very answer; weak tags compare like strong ones here (RFC 9110, 13.1.2). */
function isKnown({ headers }: IncomingMessage, etag: string): boolean {
  const tags = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

/** @throws TalosError `LOG_REQUEST_TOO_LARGE` */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const tooLarge = () => new TalosError('LOG_REQUEST_TOO_LARGE', { limitBytes: ADD_CHECKPOINT_MAX_BYTES })
  if (Number(request.headers['content-length'] ?? 0) > ADD_CHECKPOINT_MAX_BYTES) throw tooLarge()
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length
    if (sizeBytes > ADD_CHECKPOINT_MAX_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The code and nothing of the details: a path or a row of this machine's is nobody's business. */
function failedBy(error: unknown): TalosError {
  return new TalosError('LOG_SERVICE_FAILED', { kind: isTalosError(error) ? error.code : 'unexpected' })
}
