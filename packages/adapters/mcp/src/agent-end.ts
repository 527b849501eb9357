/**
 * The agent's end of an MCP channel (clause 14.7 of contracts/spec/14-mcp.md): proves the intent behind each `tools/call`
 * and `tools/list`, releases an answer only when its receipt has passed, and gives every request an end.
 */
import type { McpFrame } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { callFrame, decodeMcpFrame, encodeMcpFrame, termsOfReady } from './frames.ts'
import { InFlight, Sequence } from './in-flight.ts'
import {
  AGENT_TIMEOUT_MARGIN_MS,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  DEFAULT_REQUEST_TIMEOUT_MS,
  MAX_IN_FLIGHT,
} from './limits.ts'
import {
  idToAnswer,
  type Message,
  type MessageId,
  parseMessage,
  type RequestMessage,
  type ResponseMessage,
  refuseOwnId,
} from './message.ts'
import type { McpEvent, McpTimeouts } from './options.ts'
import {
  bytesOfProof,
  type CallAuthor,
  type CallRemarks,
  type ChannelTerms,
  type SealedChannel,
  type SignedIntent,
} from './ports.ts'
import { asTalosError, codeOfReason, errorResponse, talosCodeOf } from './replies.ts'

/** What belongs to a delivered response. */
export interface Evidence {
  /** The signed intent, or the bare call. */
  readonly invocation: Uint8Array | undefined
  readonly receipt: Uint8Array | undefined
}

export interface AgentEndOptions extends McpTimeouts {
  readonly channel: SealedChannel
  readonly serverName: string
  readonly author: CallAuthor
  /** Takes each message for the MCP client, in order; the next one waits until its promise has settled. */
  readonly deliver: (bytes: Uint8Array, evidence: Evidence) => Promise<void> | void
  readonly onEvent?: ((event: McpEvent) => void) | undefined
}

interface Waiting {
  readonly id: MessageId
  readonly method: string
  intent: SignedIntent | undefined
}

const NO_EVIDENCE: Evidence = { invocation: undefined, receipt: undefined }

export class AgentEnd {
  /** Resolves with the reason once the channel is closed and every request has its answer or error. */
  readonly closed: Promise<string>
  readonly #options: AgentEndOptions
  readonly #inFlight: InFlight<Waiting>
  readonly #serverRequests = new Set<string>()
  readonly #outbound = new Sequence()
  readonly #inbound = new Sequence()
  /** What the tool side asks for. It says so before its first answer, hence before any call. */
  #terms: ChannelTerms | undefined
  #open = true
  #idle: (() => void) | undefined

  constructor(options: AgentEndOptions) {
    this.#options = options
    this.#inFlight = new InFlight((waiting) => {
      const error = new TalosError('MCP_CALL_LOST', { reason: 'no answer came in time' })
      void this.#inbound.run(() => this.#fail(waiting.id.json, error, waiting))
    })
    this.closed = options.channel.closed.then((reason) => this.#end(reason))
    options.channel.onFrame((frame) => this.#inbound.run(() => this.#take(frame)))
  }

  /**
   * Takes one message of the MCP client. Resolves when the channel takes more. Never rejects: what is wrong with the
   * message is answered.
   *
   * @param remarks what is said beside a `tools/call`
   */
  accept(bytes: Uint8Array, remarks: CallRemarks = {}): Promise<void> {
    return this.#outbound.run(() => this.#accept(bytes, remarks))
  }

  /** Resolves when no request waits for an answer. */
  async idle(): Promise<void> {
    await this.#outbound.run(async () => undefined)
    if (this.#inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#inbound.run(async () => undefined)
  }

  async #accept(bytes: Uint8Array, remarks: CallRemarks): Promise<void> {
    let message: Message
    try {
      message = parseMessage(bytes, 'agent')
    } catch (error) {
      await this.#refuse(idToAnswer(bytes), error)
      return
    }
    if (message.kind === 'request') await this.#request(message, remarks)
    else if (message.kind === 'response') await this.#clientResponse(message)
    else if (message.method !== 'tools/call') await this.#sendOrReport({ k: 'data', body: bytes })
  }

  async #request(message: RequestMessage, remarks: CallRemarks): Promise<void> {
    const waiting: Waiting = { id: message.id, method: message.method, intent: undefined }
    try {
      if (!this.#open) throw this.#channelClosed('')
      refuseOwnId(message.id)
      this.#inFlight.add(waiting)
    } catch (error) {
      // The first request keeps its id: an error under the same one would look like its answer.
      await this.#refuse(isTalosError(error, 'MCP_ID_IN_USE') ? 'null' : message.id.json, error)
      return
    }
    this.#inFlight.startTimer(message.id.key, this.#timeoutMs(message.method))
    try {
      await this.#send(await this.#frameFor(message, { waiting, remarks }))
    } catch (error) {
      if (this.#settle(message.id.key) !== undefined) await this.#refuse(message.id.json, error)
    }
  }

  async #frameFor(
    message: RequestMessage,
    { waiting, remarks }: { readonly waiting: Waiting; readonly remarks: CallRemarks },
  ): Promise<McpFrame> {
    const { bytes: body, method, call } = message
    if (method !== 'tools/call' && method !== 'tools/list') return { k: 'data', body }
    const { channel, serverName: server, author } = this.#options
    try {
      const common = { peer: channel.peer, server, request: body, terms: this.#terms }
      const intent = await author.intend({ ...common, ...(call !== undefined && { ...remarks, ...call }) })
      waiting.intent = intent
      return callFrame(body, intent)
    } catch (error) {
      throw asTalosError(error, 'MCP_AUTHORITY_FAILED')
    }
  }

  async #clientResponse(message: ResponseMessage): Promise<void> {
    if (message.id !== undefined && this.#serverRequests.delete(message.id.key)) {
      await this.#sendOrReport({ k: 'data', body: message.bytes })
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    try {
      const frame = decodeMcpFrame(bytes)
      if (frame.k === 'call' || frame.k === 'bare') {
        throw new TalosError('MCP_FRAME_INVALID', { reason: 'a call from the tool side' })
      }
      if (frame.k === 'ready') {
        this.#terms = termsOfReady(frame)
        return
      }
      const message = parseMessage(frame.body, 'server')
      if (message.kind === 'response') {
        await this.#response(message, frame.k === 'result' ? frame.rcpt : undefined)
      } else {
        if (message.kind === 'request') this.#noteServerRequest(message.id)
        await this.#options.deliver(message.bytes, NO_EVIDENCE)
      }
    } catch (error) {
      const failure = asTalosError(error, 'MCP_FRAME_INVALID')
      this.#report(failure)
      this.#options.channel.close(failure.code)
    }
  }

  #noteServerRequest(id: MessageId): void {
    if (this.#serverRequests.size >= MAX_IN_FLIGHT) {
      throw new TalosError('MCP_FRAME_INVALID', { reason: 'too many requests of the server' })
    }
    this.#serverRequests.add(id.key)
  }

  async #response(message: ResponseMessage, receipt: Uint8Array | undefined): Promise<void> {
    // Null: the tool side could not read a message of ours, and no request of ours waits for that.
    const waiting = message.id === undefined ? undefined : this.#settle(message.id.key)
    if (waiting === undefined) return
    const invocation = nameBytesOf(waiting)
    try {
      await waiting.intent?.finish({ receipt, response: message.bytes })
    } catch (cause) {
      await this.#fail(waiting.id.json, withheld({ message, receipt, cause }), waiting)
      return
    }
    await this.#options.deliver(message.bytes, { invocation, receipt })
  }

  async #end(reason: string): Promise<string> {
    this.#open = false
    const error = this.#channelClosed(reason)
    await this.#inbound.run(async () => {
      for (const waiting of this.#inFlight.takeAll()) await this.#fail(waiting.id.json, error, waiting)
    })
    this.#idle?.()
    return reason
  }

  #channelClosed(reason: string): TalosError {
    const server = this.#options.serverName
    const cause = codeOfReason(reason)
    return new TalosError('MCP_CHANNEL_CLOSED', { server, ...(cause !== undefined && { reason: cause }) })
  }

  async #sendOrReport(frame: McpFrame): Promise<void> {
    await this.#send(frame).catch((error: unknown) => this.#report(asTalosError(error, 'MCP_FRAME_INVALID')))
  }

  async #send(frame: McpFrame): Promise<void> {
    const bytes = encodeMcpFrame(frame)
    try {
      await this.#options.channel.send(bytes)
    } catch (error) {
      throw this.#open ? asTalosError(error, 'MCP_FRAME_INVALID') : this.#channelClosed('')
    }
  }

  #settle(key: string): Waiting | undefined {
    const waiting = this.#inFlight.take(key)
    if (this.#inFlight.size === 0) this.#idle?.()
    return waiting
  }

  async #refuse(idJson: string, error: unknown): Promise<void> {
    await this.#inbound.run(() => this.#fail(idJson, asTalosError(error, 'MCP_MESSAGE_INVALID')))
  }

  async #fail(idJson: string, error: TalosError, waiting?: Waiting): Promise<void> {
    this.#report(error)
    const evidence = { invocation: nameBytesOf(waiting), receipt: undefined }
    await this.#options.deliver(errorResponse(idJson, error), evidence)
  }

  #timeoutMs(method: string): number {
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } =
      this.#options
    return (method === 'initialize' ? handshakeTimeoutMs : requestTimeoutMs) + AGENT_TIMEOUT_MARGIN_MS
  }

  #report(error: TalosError): void {
    this.#options.onEvent?.({ kind: 'refused', server: this.#options.serverName, error })
  }
}

function nameBytesOf(waiting: Waiting | undefined): Uint8Array | undefined {
  return waiting?.intent === undefined ? undefined : bytesOfProof(waiting.intent.proof)
}

/** What the client gets in the place of an answer without proof: of a bare refusal at least the code, where we know it. */
function withheld({ message, receipt, cause }: Withheld): TalosError {
  const says = receipt === undefined ? talosCodeOf(message.bytes) : undefined
  if (says === undefined) return new TalosError('MCP_RECEIPT_REFUSED', {}, { cause })
  return new TalosError('MCP_UNPROVEN_REFUSAL', { says }, { cause })
}

interface Withheld {
  readonly message: ResponseMessage
  readonly receipt: Uint8Array | undefined
  readonly cause: unknown
}
