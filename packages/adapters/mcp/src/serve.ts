/**
 * The tool side of one MCP channel (clauses 14.4 to 14.6 of contracts/spec/14-mcp.md): one child process, one channel,
 * exact bytes either way. Whatever ends first, the child, the channel or our patience, ends the other two.
 */
import type { McpFrame } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { decodeMcpFrame, encodeMcpFrame, proofOfFrame, readyFrame } from './frames.ts'
import { Sequence } from './in-flight.ts'
import { MAX_IN_FLIGHT, MAX_JUNK_LINES, MAX_QUEUED_BYTES, MAX_QUEUED_FRAMES } from './limits.ts'
import { idOfBrokenResponse, idToAnswer, type Message, parseMessage } from './message.ts'
import type { ServedMcpChannel, ServeMcpChannelOptions } from './options.ts'
import { asTalosError, errorResponse } from './replies.ts'
import { StdioServer } from './stdio-server.ts'
import { type Intent, ToolSide } from './tool-side.ts'

/** Starts the server and relays until one side ends. Never rejects or throws: what fails is answered and reported. */
export function serveMcpChannel(options: ServeMcpChannelOptions): ServedMcpChannel {
  const relay = new ServerRelay(options)
  const closed = relay.run()
  return {
    closed,
    close: async (reason = 'done') => {
      options.channel.close(reason)
      await closed
    },
  }
}

class ServerRelay {
  readonly #options: ServeMcpChannelOptions
  readonly #toolSide: ToolSide
  readonly #inbound = new Sequence()
  /** Requests of the server that the agent has not answered. */
  readonly #serverRequests = new Set<string>()
  readonly #started: Promise<StdioServer | undefined>
  #queuedFrames = 0
  #queuedBytes = 0
  #failure: TalosError | undefined

  constructor(options: ServeMcpChannelOptions) {
    this.#options = options
    this.#toolSide = new ToolSide({
      ...options,
      toServer: async (message) => (await this.#started)?.send(message),
      toAgent: (frame) => this.#send(frame),
      report: (error) => this.#report(error),
    })
    const { terms } = options
    if (terms !== undefined) void this.#send(readyFrame(terms))
    this.#started = this.#start()
    options.channel.onFrame((frame) => this.#take(frame))
  }

  /** Resolves with the reason of the end once the child is gone and every request has its end. */
  async run(): Promise<string> {
    const { channel } = this.#options
    const server = await this.#started
    if (server !== undefined) {
      void channel.closed.then(() => {
        this.#failure ??= this.#channelClosed()
        return server.stop()
      })
      await this.#relayLines(server)
      const reason = await server.stop()
      this.#serverEnded(server, reason)
    }
    const reason = this.#failure ?? this.#channelClosed()
    await this.#toolSide.end(reason)
    await this.#inbound.run(async () => undefined)
    channel.close(reason.code)
    return channel.closed
  }

  async #start(): Promise<StdioServer | undefined> {
    const { server, serverName, onEvent } = this.#options
    try {
      const child = await StdioServer.start({ server, serverName })
      onEvent?.({ kind: 'server-started', server: serverName, pid: child.pid })
      return child
    } catch (error) {
      this.#failure = asTalosError(error, 'MCP_SERVER_START_FAILED')
      this.#report(this.#failure)
      return undefined
    }
  }

  async #relayLines(server: StdioServer): Promise<void> {
    let junk = 0
    try {
      for await (const line of server.lines()) {
        if (!(await this.#takeLine(line))) junk += 1
        if (junk > MAX_JUNK_LINES) throw this.#junk('too many lines are no JSON-RPC')
      }
    } catch (error) {
      // A line over the limit, or too many that are no messages.
      this.#failure = asTalosError(error, 'MCP_SERVER_OUTPUT_INVALID')
      if (this.#failure.code === 'MCP_MESSAGE_INVALID')
        this.#failure = this.#junk(String(this.#failure.details['reason']))
      this.#report(this.#failure)
    }
  }

  /** False for what is no message: some servers greet on stdout, and the next line may be a message. */
  async #takeLine(line: Uint8Array): Promise<boolean> {
    let message: Message
    try {
      message = parseMessage(line, 'server')
    } catch (error) {
      const reason = String(asTalosError(error, 'MCP_MESSAGE_INVALID').details['reason'] ?? 'a batch')
      this.#report(this.#junk(reason))
      const id = idOfBrokenResponse(line)
      if (id !== undefined) await this.#toolSide.unreadableResponse(id, reason)
      return id !== undefined
    }
    await this.#fromServer(message)
    return true
  }

  #junk(reason: string): TalosError {
    return new TalosError('MCP_SERVER_OUTPUT_INVALID', { server: this.#options.serverName, reason })
  }

  async #fromServer(message: Message): Promise<void> {
    if (message.kind === 'response') return this.#toolSide.response(message)
    if (message.kind === 'notification' && message.method === 'notifications/tools/list_changed') {
      this.#toolSide.toolsChanged()
    }
    if (message.kind === 'request') {
      if (this.#serverRequests.size >= MAX_IN_FLIGHT) {
        const error = new TalosError('MCP_TOO_MANY_REQUESTS', { limit: MAX_IN_FLIGHT })
        await (await this.#started)?.send(errorResponse(message.id.json, error))
        return
      }
      this.#serverRequests.add(message.id.key)
    }
    await this.#send({ k: 'data', body: message.bytes })
  }

  /** Takes a frame in; resolves at once while few are being worked on, so that answers to the server are not held up. */
  async #take(bytes: Uint8Array): Promise<void> {
    let frame: AgentFrame
    try {
      frame = agentFrame(decodeMcpFrame(bytes))
    } catch (error) {
      const failure = asTalosError(error, 'MCP_FRAME_INVALID')
      this.#failure ??= failure
      this.#report(failure)
      this.#options.channel.close(failure.code)
      return
    }
    const message = await this.#readFrame(frame)
    if (message === undefined) return
    if (message.kind === 'response') {
      if (message.id === undefined || !this.#serverRequests.delete(message.id.key)) return
      await (await this.#started)?.send(message.bytes)
      return
    }
    await this.#enqueue(message, intentOf(frame), bytes.length)
  }

  async #readFrame(frame: AgentFrame): Promise<Message | undefined> {
    try {
      return parseMessage(frame.body, 'agent')
    } catch (error) {
      const refusal = asTalosError(error, 'MCP_MESSAGE_INVALID')
      this.#report(refusal)
      await this.#send({ k: 'data', body: errorResponse(idToAnswer(frame.body), refusal) })
      return undefined
    }
  }

  async #enqueue(message: Exclude<Message, { kind: 'response' }>, intent: Intent, sizeBytes: number): Promise<void> {
    this.#queuedFrames += 1
    this.#queuedBytes += sizeBytes
    const handled = this.#inbound.run(async () => {
      if (message.kind === 'request') await this.#toolSide.request(message, intent)
      else await this.#toolSide.notification(message)
      this.#queuedFrames -= 1
      this.#queuedBytes -= sizeBytes
    })
    if (this.#queuedFrames >= MAX_QUEUED_FRAMES || this.#queuedBytes >= MAX_QUEUED_BYTES) await handled
  }

  /** Sends to the agent. Where the channel does not take it, the channel ends: an answer that is missing would never come. */
  async #send(frame: McpFrame): Promise<void> {
    try {
      await this.#options.channel.send(encodeMcpFrame(frame))
    } catch (error) {
      const failure = asTalosError(error, 'MCP_CHANNEL_CLOSED')
      this.#report(failure)
      this.#options.channel.close(failure.code)
    }
  }

  #serverEnded(server: StdioServer, reason: string): void {
    const { serverName, onEvent } = this.#options
    this.#failure ??= new TalosError('MCP_SERVER_EXITED', { server: serverName, phase: this.#toolSide.phase, reason })
    onEvent?.({ kind: 'server-ended', server: serverName, reason, stderr: server.stderrTail })
  }

  #channelClosed(): TalosError {
    return new TalosError('MCP_CHANNEL_CLOSED', { server: this.#options.serverName })
  }

  #report(error: TalosError): void {
    this.#options.onEvent?.({ kind: 'refused', server: this.#options.serverName, error })
  }
}

type AgentFrame = Extract<McpFrame, { k: 'data' | 'call' | 'bare' }>

/** @throws MCP_FRAME_INVALID for a frame that only this side sends */
function agentFrame(frame: McpFrame): AgentFrame {
  if (frame.k === 'data' || frame.k === 'call' || frame.k === 'bare') return frame
  throw new TalosError('MCP_FRAME_INVALID', { reason: 'one of the tool side from the agent' })
}

function intentOf(frame: AgentFrame): Intent {
  if (frame.k === 'data') return { proof: undefined, proofs: [], approvals: [], saltKey: undefined }
  return { proof: proofOfFrame(frame), proofs: frame.prf, approvals: frame.appr ?? [], saltKey: frame.salt }
}
