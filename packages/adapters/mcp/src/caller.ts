/**
 * A small MCP client on a channel, for programs that call tools without an MCP host (clause 14.7 of
 * contracts/spec/14-mcp.md). It speaks the handshake revisions, and has nothing to offer to a server: requests of the
 * server other than `ping` are refused.
 */
import { fromUtf8, type JsonValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { AgentEnd, type Evidence } from './agent-end.ts'
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_REQUEST_TIMEOUT_MS, MAX_LIST_PAGES } from './limits.ts'
import { keyOfText, parseMessage, type RequestMessage } from './message.ts'
import type { McpCallerOptions, McpResponse, RequestOptions, ToolCall } from './options.ts'
import type { CallRemarks } from './ports.ts'
import { referralOf } from './referral.ts'
import { cancellation, codeOfReason, request } from './replies.ts'

/** The revisions that the caller speaks, latest first. All have the same `tools/call`. */
const PROTOCOL_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
const CLIENT_INFO = { name: 'talos', version: '0.1.0' }

type JsonObject = { readonly [name: string]: JsonValue }
type Settle = (response: McpResponse) => void

interface Asked {
  readonly method: string
  readonly params: JsonObject
  readonly remarks?: CallRemarks
}

export class McpCaller {
  /** Resolves with the reason once the channel is closed and every request has its answer. */
  readonly closed: Promise<string>
  readonly #end: AgentEnd
  readonly #options: McpCallerOptions
  readonly #waiting = new Map<string, Settle>()
  #count = 0

  /**
   * Shakes hands with the server behind the channel.
   *
   * @throws MCP_REQUEST_ABORTED, MCP_CALL_LOST, MCP_ANSWER_INVALID where the server refuses or speaks no revision of ours
   */
  static async open(options: McpCallerOptions): Promise<McpCaller> {
    const caller = new McpCaller(options)
    await caller.#handshake()
    return caller
  }

  private constructor(options: McpCallerOptions) {
    this.#options = options
    this.#end = new AgentEnd({ ...options, deliver: (bytes, evidence) => this.#take(bytes, evidence) })
    this.closed = this.#end.closed
  }

  /**
   * Calls a tool. A refusal is an answer too: it comes as a response with `isError`.
   *
   * @throws MCP_REQUEST_ABORTED when `signal` fires, MCP_CALL_LOST after `timeoutMs`; the server is told either way
   */
  callTool(call: ToolCall, options: RequestOptions = {}): Promise<McpResponse> {
    const { tool, arguments: args = {}, ...remarks } = call
    return this.#request({ method: 'tools/call', params: { name: tool, arguments: args }, remarks, ...options })
  }

  /**
   * The tools that the agent may see, all pages.
   *
   * @throws MCP_ANSWER_INVALID where the answer is an error or no list; else as {@link callTool}
   */
  async listTools(options: RequestOptions = {}): Promise<readonly JsonObject[]> {
    const tools: JsonObject[] = []
    let params: JsonObject = {}
    for (let page = 0; page < MAX_LIST_PAGES; page += 1) {
      const response = await this.#request({ method: 'tools/list', params, ...options })
      const result = objectOf(response.result)
      const listed = result['tools']
      if (!Array.isArray(listed)) throw this.#unusable(response, 'no list of tools')
      tools.push(...listed.map(objectOf))
      const cursor = result['nextCursor']
      if (typeof cursor !== 'string') break
      params = { cursor }
    }
    return tools
  }

  /** Closes the channel, and with it the server behind it. */
  close(): void {
    this.#options.channel.close('done')
  }

  async #handshake(): Promise<void> {
    const { signal, handshakeTimeoutMs: timeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = this.#options
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT_INFO }
    const response = await this.#request({ method: 'initialize', params, timeoutMs, ...(signal && { signal }) })
    const version = objectOf(response.result)['protocolVersion']
    if (!PROTOCOL_VERSIONS.some((known) => known === version)) {
      this.close()
      throw this.#unusable(response, 'it refused the handshake, or speaks a revision that Talos does not')
    }
    await this.#send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
  }

  #request(options: RequestOptions & Asked): Promise<McpResponse> {
    const { method, params, remarks, signal } = options
    const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS
    if (signal?.aborted) return Promise.reject(new TalosError('MCP_REQUEST_ABORTED', { method }))
    this.#count += 1
    const id = `call:${this.#count}`
    return new Promise((resolve, reject) => {
      const giveUp = (error: TalosError) => {
        stop()
        void this.#send(cancellation(JSON.stringify(id)))
        reject(error)
      }
      const late = () => giveUp(new TalosError('MCP_CALL_LOST', { reason: `none came within ${timeoutMs} ms` }))
      const aborted = () => giveUp(new TalosError('MCP_REQUEST_ABORTED', { method }))
      const timer = setTimeout(late, timeoutMs)
      const stop = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
        this.#waiting.delete(keyOfText(id))
      }
      signal?.addEventListener('abort', aborted)
      this.#waiting.set(keyOfText(id), (response) => {
        stop()
        resolve(response)
      })
      void this.#end.accept(request({ id, method, paramsJson: JSON.stringify(params) }), remarks)
    })
  }

  async #take(bytes: Uint8Array, evidence: Evidence): Promise<void> {
    const message = parseMessage(bytes, 'server')
    if (message.kind === 'request') void this.#answer(message)
    if (message.kind !== 'response' || message.id === undefined) return
    const parsed = objectOf(JSON.parse(fromUtf8(bytes)) as JsonValue)
    const settle = this.#waiting.get(message.id.key)
    settle?.({
      response: bytes,
      result: parsed['result'],
      error: parsed['error'] === undefined ? undefined : errorOf(objectOf(parsed['error'])),
      isError: message.isError,
      ...evidence,
    })
  }

  async #answer({ id, method }: RequestMessage): Promise<void> {
    const outcome = method === 'ping' ? '"result":{}' : '"error":{"code":-32601,"message":"not offered"}'
    await this.#send(`{"jsonrpc":"2.0","id":${id.json},${outcome}}`)
  }

  #send(message: string | Uint8Array): Promise<void> {
    return this.#end.accept(typeof message === 'string' ? Buffer.from(message) : message)
  }

  #unusable({ error }: McpResponse, reason: string): TalosError {
    const code = codeOfReason(error?.talosCode ?? '')
    const details = { server: this.#options.serverName, reason: code === undefined ? reason : `${reason} (${code})` }
    return new TalosError('MCP_ANSWER_INVALID', { ...details, ...(error && { rpcCode: error.code }) })
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
  return isObject ? (value as JsonObject) : {}
}

function errorOf(error: JsonObject): McpResponse['error'] {
  const { code, message } = error
  const data = objectOf(error['data'])
  const { code: talosCode } = data
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : '',
    talosCode: typeof talosCode === 'string' ? talosCode : undefined,
    referral: referralOf(data),
  }
}
