/** Tools of MCP servers over sealed channels: serving them, standing in for them, and calling them from a program. */
import type { Readable, Writable } from 'node:stream'
import type { JsonValue } from '@talos/bytes'
import { openInvocation, openReceipt } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { type ErrorCode, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  type CallAuthor,
  connectMcpStdio,
  McpCaller,
  type McpConfig,
  type McpEvent,
  type McpResponse,
  serveMcpChannel,
} from '@talos/mcp'
import type { ChannelKeeper } from './channels.ts'
import type { ExecutorGate } from './tool-gate.ts'

/** Name of the protocol on channels; the channel's name is the server's. */
const PROTOCOL = 'talos/mcp/1'

export interface McpStdio {
  /** Where the MCP client's messages come from. */
  readonly input: Readable
  /** Where the answers go. */
  readonly output: Writable
}

export interface ToolCall {
  /** Name of the MCP server in the executor's configuration. */
  readonly server: string
  readonly tool: string
  readonly arguments?: { readonly [name: string]: JsonValue }
  readonly signal?: AbortSignal
}

export interface ToolOutcome {
  /** `error`: the tool ran and says that it failed, or its answer was lost. */
  readonly outcome: 'allow' | 'deny' | 'error'
  /** The tool's result as MCP has it; undefined for a refusal. */
  readonly content: JsonValue | undefined
  /** Why it was refused: a code, and words that help to correct the call. */
  readonly denial?: { readonly code: ErrorCode; readonly message: string }
  /** CID of the signed intent; `exportProof` takes it. */
  readonly invocation: string
  /** The executor's signed receipt. */
  readonly receipt: Uint8Array
}

export interface ToolUserOptions {
  readonly channels: ChannelKeeper
  readonly author: CallAuthor
  readonly kernel: Kernel
}

/** Calls tools of peers; keeps one channel per peer and server. */
export class ToolUser {
  readonly #options: ToolUserOptions
  readonly #callers = new Map<string, Promise<McpCaller>>()

  constructor(options: ToolUserOptions) {
    this.#options = options
  }

  /** @throws TalosError `RECEIPT_MISMATCH` (a refusal without a receipt), and what channel and relay throw */
  async call(peer: Did, { server, signal, ...call }: ToolCall): Promise<ToolOutcome> {
    const caller = await this.#callerOf(peer, server)
    const response = await caller.callTool(call, { ...(signal !== undefined && { signal }) })
    return outcomeOf(response, this.#options.kernel)
  }

  async close(): Promise<void> {
    const callers = await Promise.allSettled(this.#callers.values())
    this.#callers.clear()
    for (const caller of callers) if (caller.status === 'fulfilled') caller.value.close()
  }

  async #callerOf(peer: Did, server: string): Promise<McpCaller> {
    const key = `${peer}/${server}`
    const known = this.#callers.get(key)
    if (known !== undefined) return await known
    const opening = this.#open(peer, server, () => this.#callers.delete(key))
    this.#callers.set(key, opening)
    opening.catch(() => this.#callers.delete(key))
    return await opening
  }

  async #open(peer: Did, server: string, onClosed: () => void): Promise<McpCaller> {
    const { channels, author } = this.#options
    const channel = await channels.open(peer, { protocol: PROTOCOL, name: server })
    void channel.closed.then(onClosed)
    return await McpCaller.open({ channel, serverName: server, author })
  }
}

/** Serves MCP servers on channels that peers open. */
export function serveMcp(
  parts: {
    readonly channels: ChannelKeeper
    readonly gate: ExecutorGate
    readonly onEvent?: (event: McpEvent) => void
  },
  { servers }: McpConfig,
): { close(): Promise<void> } {
  const { channels, gate, onEvent } = parts
  const served = new Set<ReturnType<typeof serveMcpChannel>>()
  const stop = channels.serve(PROTOCOL, (channel) => {
    const server = servers.get(channel.name)
    if (server === undefined) return channel.close('refused')
    const serving = serveMcpChannel({
      channel,
      server,
      serverName: channel.name,
      gate: gate.of(channel),
      ...(onEvent !== undefined && { onEvent }),
    })
    served.add(serving)
    void serving.closed.then(() => served.delete(serving))
  })
  return {
    close: async () => {
      stop()
      await Promise.all([...served].map(async (serving) => await serving.close()))
    },
  }
}

/** Stands in, on a pair of streams, for a server of a peer. Resolves when it is ready. */
export async function connectMcp(
  parts: {
    readonly channels: ChannelKeeper
    readonly author: CallAuthor
    readonly onEvent?: (event: McpEvent) => void
  },
  { peer, server, stdio }: { readonly peer: Did; readonly server: string; readonly stdio: McpStdio },
): Promise<{ readonly closed: Promise<string> }> {
  const { channels, author, onEvent } = parts
  const channel = await channels.open(peer, { protocol: PROTOCOL, name: server })
  return connectMcpStdio({
    channel,
    serverName: server,
    author,
    ...stdio,
    ...(onEvent !== undefined && { onEvent }),
  })
}

function outcomeOf({ invocation, receipt, result, error, isError }: McpResponse, kernel: Kernel): ToolOutcome {
  if (invocation === undefined || receipt === undefined) {
    throw new TalosError('RECEIPT_MISMATCH', { reason: error?.talosCode ?? 'there is none' })
  }
  const opened = openReceipt(receipt, { kernel })
  const facts = { invocation: openInvocation(invocation, { kernel }).cid.toString(), receipt }
  if (opened.outcome !== 'deny') return { outcome: isError ? 'error' : 'allow', content: result, ...facts }
  const code = opened.denial.at(-1) as ErrorCode
  return { outcome: 'deny', content: undefined, denial: { code, message: error?.message ?? textOf(result) }, ...facts }
}

/** The words of a result that says `isError`. */
function textOf(result: JsonValue | undefined): string {
  const { content } = (result ?? {}) as { readonly content?: readonly { readonly text?: string }[] }
  return (content ?? []).map(({ text = '' }) => text).join('\n')
}
