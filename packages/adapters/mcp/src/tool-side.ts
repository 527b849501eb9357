/**
 * The tool's end of an MCP channel (clauses 14.5 and 14.6 of contracts/spec/14-mcp.md): asks the gate before a request
 * reaches the server, has the answer recorded before it reaches the agent, and gives every request an end.
 */
import type { McpFrame } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { InFlight } from './in-flight.ts'
import { CANCEL_GRACE_MS, DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_REQUEST_TIMEOUT_MS } from './limits.ts'
import {
  type MessageId,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  refuseOwnId,
} from './message.ts'
import type { ServeMcpChannelOptions } from './options.ts'
import type { CallPermission, CallProof, GateDecision, ListDecision, ListPermission } from './ports.ts'
import { asTalosError, cancellation, deniedToolResponse, errorResponse, type Refusal } from './replies.ts'
import { filterTools, KnownTools } from './tool-list.ts'

/** What came with a request to prove it. */
export interface Intent {
  readonly proof: CallProof | undefined
  readonly proofs: readonly Uint8Array[]
  readonly approvals: readonly Uint8Array[]
  readonly saltKey: Uint8Array | undefined
}

export interface ToolSideOptions extends ServeMcpChannelOptions {
  readonly toServer: (message: Uint8Array) => Promise<void>
  readonly toAgent: (frame: McpFrame) => Promise<void>
  readonly report: (error: TalosError) => void
}

interface Answer {
  readonly bytes: Uint8Array
  readonly isError: boolean
}

interface Waiting {
  readonly id: MessageId
  readonly method: string
  /** What the gate gave; undefined for methods that need no permission. */
  permission: CallPermission | undefined
  /** Of a `tools/list`: which tools the agent may see. */
  permits: ((tool: string) => boolean) | undefined
  cancelled: boolean
  /** Whether it was sent to the server. Until then the one who decides on it also sees to its end. */
  forwarded: boolean
}

/** Methods of the agent that pass without a capability: they start, check and tune the connection, and tell nothing. */
const FREE_METHODS: ReadonlySet<string> = new Set(['initialize', 'ping', 'logging/setLevel'])

export class ToolSide {
  readonly #options: ToolSideOptions
  readonly #known: KnownTools
  readonly #inFlight: InFlight<Waiting>
  #phase: 'new' | 'initializing' | 'ready' = 'new'
  #gone: TalosError | undefined

  constructor(options: ToolSideOptions) {
    this.#options = options
    this.#known = new KnownTools({ serverName: options.serverName, send: options.toServer })
    this.#inFlight = new InFlight((waiting) => void this.#timedOut(waiting))
  }

  get phase(): 'during the handshake' | 'after the handshake' {
    return this.#phase === 'ready' ? 'after the handshake' : 'during the handshake'
  }

  /** A request of the agent. Resolves once it is decided and, where allowed, with the server. */
  async request(message: RequestMessage, intent: Intent): Promise<void> {
    const { id, method } = message
    const waiting: Waiting = {
      id,
      method,
      permission: undefined,
      permits: undefined,
      cancelled: false,
      forwarded: false,
    }
    try {
      this.#admit(message)
      this.#inFlight.add(waiting)
    } catch (error) {
      const refusal = asTalosError(error, 'MCP_MESSAGE_INVALID')
      await this.#refuse(refusal.code === 'MCP_ID_IN_USE' ? 'null' : id.json, refusal)
      return
    }
    if (method === 'initialize') this.#phase = 'initializing'
    try {
      if (!(await this.#decide(message, intent, waiting))) return
    } catch (cause) {
      this.#inFlight.take(id.key)
      await this.#refuse(id.json, new TalosError('MCP_AUTHORITY_FAILED', {}, { cause }))
      return
    }
    await this.#forward(message, waiting)
  }

  /** A notification of the agent. */
  async notification(message: NotificationMessage): Promise<void> {
    if (!message.method.startsWith('notifications/')) {
      this.#options.report(new TalosError('MCP_METHOD_REFUSED'))
      return
    }
    const waiting = message.cancels === undefined ? undefined : this.#inFlight.get(message.cancels)
    if (waiting !== undefined) {
      waiting.cancelled = true
      this.#inFlight.startTimer(waiting.id.key, CANCEL_GRACE_MS)
    }
    await this.#options.toServer(message.bytes)
  }

  /** A response of the server. */
  async response(message: ResponseMessage): Promise<void> {
    if (message.id === undefined || this.#known.accept(message.id, message.bytes)) return
    const waiting = this.#inFlight.take(message.id.key)
    if (waiting === undefined) return
    if (waiting.method === 'initialize') this.#phase = message.isError ? 'new' : 'ready'
    if (waiting.permission === undefined) await this.#options.toAgent({ k: 'data', body: message.bytes })
    else await this.#release(waiting, waiting.permission, message)
  }

  /** The server answered something that cannot be read, under an id that can. */
  async unreadableResponse(id: MessageId, reason: string): Promise<void> {
    const waiting = this.#inFlight.take(id.key)
    if (waiting === undefined) return
    if (waiting.method === 'initialize') this.#phase = 'new'
    await this.#lose(waiting, new TalosError('MCP_ANSWER_INVALID', { server: this.#options.serverName, reason }))
  }

  toolsChanged(): void {
    this.#known.forget()
  }

  /** The server or the channel is gone: every request that waits gets its end, calls their receipts. */
  async end(reason: TalosError): Promise<void> {
    this.#gone = reason
    this.#known.end()
    const forwarded = this.#inFlight.takeAll().filter((waiting) => waiting.forwarded)
    await Promise.all(forwarded.map((waiting) => this.#lose(waiting, reason)))
  }

  #admit({ id, method }: RequestMessage): void {
    if (this.#gone !== undefined) throw this.#gone
    refuseOwnId(id)
    const governed = method === 'tools/call' || method === 'tools/list'
    if (!governed && !FREE_METHODS.has(method)) throw new TalosError('MCP_METHOD_REFUSED')
    if (method === 'initialize' && this.#phase !== 'new') {
      throw new TalosError('MCP_NOT_INITIALIZED', { method, reason: 'a second time' })
    }
    if (this.#phase !== 'ready' && method !== 'initialize' && method !== 'ping') {
      throw new TalosError('MCP_NOT_INITIALIZED', { method: governed ? method : 'a request', reason: 'too early' })
    }
  }

  /** False where the request was denied and answered. */
  async #decide(message: RequestMessage, intent: Intent, waiting: Waiting): Promise<boolean> {
    if (FREE_METHODS.has(message.method)) return true
    const decision = await this.#ask(message, intent)
    if (decision.allowed) {
      waiting.permission = decision
      if ('permits' in decision) waiting.permits = permitsOf(decision)
      return true
    }
    this.#inFlight.take(message.id.key)
    const write = decision.argumentsAtFault && message.call !== undefined ? deniedToolResponse : errorResponse
    const body = write(message.id.json, decision)
    await this.#options.toAgent(
      decision.receipt === undefined ? { k: 'data', body } : { k: 'result', body, rcpt: decision.receipt },
    )
    return false
  }

  async #ask(message: RequestMessage, intent: Intent): Promise<GateDecision | ListDecision> {
    const { gate, channel, serverName: server } = this.#options
    const { proof, proofs, saltKey } = intent
    const common = { peer: channel.peer, server, request: message.bytes, proofs, saltKey }
    if (message.call === undefined) {
      const invocation = proof?.level === 'signature' ? proof.invocation : undefined
      return gate.authorizeList({ ...common, invocation })
    }
    const { approvals } = intent
    const { tool, argumentsJson } = message.call
    const known = await this.#known.has(tool)
    return gate.authorizeCall({ ...common, tool, argumentsJson, proof, approvals, known })
  }

  async #forward(message: RequestMessage, waiting: Waiting): Promise<void> {
    if (this.#gone !== undefined) {
      this.#inFlight.take(message.id.key)
      await this.#lose(waiting, this.#gone)
      return
    }
    waiting.forwarded = true
    this.#inFlight.startTimer(message.id.key, this.#timeoutMs(message.method))
    await this.#options.toServer(message.bytes)
  }

  /** Records an answer and, only then, lets the agent have it. */
  async #release(waiting: Waiting, permission: CallPermission, message: ResponseMessage): Promise<void> {
    try {
      const { bytes: response, isError } = this.#charged(waiting, permission, message)
      const rcpt = await permission.finish({ response, isError })
      await this.#options.toAgent({ k: 'result', body: response, rcpt })
    } catch (cause) {
      const refusal = new TalosError('MCP_RECEIPT_FAILED', {}, { cause })
      this.#options.report(refusal)
      await this.#options.toAgent({ k: 'data', body: errorResponse(waiting.id.json, refusal) })
    }
  }

  /** The response, or what the agent gets where it may not have that much. */
  #charged(waiting: Waiting, permission: CallPermission, message: ResponseMessage): Answer {
    const answer = this.#filtered(waiting, message)
    const refusal = permission.charge(answer.bytes.length)
    return refusal === undefined ? answer : { bytes: errorResponse(waiting.id.json, refusal), isError: true }
  }

  #filtered(waiting: Waiting, message: ResponseMessage): Answer {
    const { permits } = waiting
    if (permits === undefined || message.isError) return message
    try {
      const { serverName } = this.#options
      return { bytes: filterTools({ response: message.bytes, serverName, permits }), isError: false }
    } catch (error) {
      const refusal = asTalosError(error, 'MCP_ANSWER_INVALID')
      this.#options.report(refusal)
      return { bytes: errorResponse(waiting.id.json, refusal), isError: true }
    }
  }

  async #timedOut(waiting: Waiting): Promise<void> {
    const { serverName: server } = this.#options
    if (!waiting.cancelled) await this.#options.toServer(cancellation(waiting.id.json))
    if (waiting.method === 'initialize') this.#phase = 'new'
    const timeoutMs = waiting.cancelled ? CANCEL_GRACE_MS : this.#timeoutMs(waiting.method)
    const error = new TalosError('MCP_SERVER_SILENT', { server, method: waiting.method, timeoutMs })
    await this.#lose(waiting, error)
  }

  /** Answers a request that the server will not answer; a call's receipt says that its end is unknown. */
  async #lose(waiting: Waiting, reason: Refusal): Promise<void> {
    const body = errorResponse(waiting.id.json, reason)
    let rcpt: Uint8Array | undefined
    try {
      rcpt = await waiting.permission?.finish({ lost: reason.code })
    } catch (cause) {
      this.#options.report(new TalosError('MCP_RECEIPT_FAILED', {}, { cause }))
    }
    await this.#options.toAgent(rcpt === undefined ? { k: 'data', body } : { k: 'result', body, rcpt })
  }

  async #refuse(idJson: string, refusal: TalosError): Promise<void> {
    this.#options.report(refusal)
    await this.#options.toAgent({ k: 'data', body: errorResponse(idJson, refusal) })
  }

  #timeoutMs(method: string): number {
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } =
      this.#options
    return method === 'initialize' ? handshakeTimeoutMs : requestTimeoutMs
  }
}

function permitsOf(permission: ListPermission): (tool: string) => boolean {
  return (tool) => permission.permits(tool)
}
