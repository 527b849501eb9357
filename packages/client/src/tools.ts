/** Tools of MCP servers over sealed channels: serving them, standing in for them, and calling them from a program. */
import type { Readable, Writable } from 'node:stream'
import { type JsonValue, utf8 } from '@talos/bytes'
import { argumentsFromJson, type ExecutorPolicy, mcpToolCommand, openReceipt } from '@talos/capability'
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
import type { ApprovalKeeper, ApprovalRequest } from './approvals.ts'
import type { ChannelKeeper } from './channels.ts'
import type { ExecutorGate } from './tool-gate.ts'

/** Name of the protocol on channels; the channel's name is the server's. */
const PROTOCOL = 'talos/mcp/1'

export interface McpStdio {
  /** Where the MCP client's messages come from. */
  readonly input: Readable
  /** Where the answers go. */
  readonly output: Writable
  /** Why calls are made that do not say so themselves, in `_meta["talos/justification"]`. */
  readonly justification?: string
}

export interface ToolCall {
  /** Name of the MCP server in the executor's configuration. */
  readonly server: string
  readonly tool: string
  readonly arguments?: { readonly [name: string]: JsonValue }
  /** Why the call is made: tools of high risk ask for it, and the receipt's call carries it. */
  readonly justification?: string
  /** Signed approvals of this very call; those that arrived over sessions are brought along where absent. */
  readonly approvals?: readonly Uint8Array[]
  readonly signal?: AbortSignal
}

/** What a call waits for that others must approve. */
export interface CallReferral {
  /** What is to be approved: hand `bytes` to approvers, or send it with `requestApproval`. */
  readonly request: ApprovalRequest
  /** For each of them, so many of those named; as the executor says. */
  readonly approvals: readonly { readonly m: number; readonly of: readonly Did[] }[]
}

export interface ToolOutcome {
  /** `error`: the tool ran and says that it failed, or its answer was lost; `refer`: others must approve first. */
  readonly outcome: 'allow' | 'deny' | 'refer' | 'error'
  /** The tool's result as MCP has it; undefined for a refusal. */
  readonly content: JsonValue | undefined
  /** Why it was refused: a code, and words that help to correct the call. */
  readonly denial?: { readonly code: ErrorCode; readonly message: string }
  /** Why there is no result, where the executor has none to give: a code of ours, such as that of a limit. */
  readonly failure?: { readonly code: string; readonly message: string }
  /** With `refer`. */
  readonly referral?: CallReferral
  /** CID of the intent; `exportProof` takes it where that was signed. */
  readonly invocation: string
  /** The executor's signed receipt. */
  readonly receipt: Uint8Array
}

export interface ServeMcpOptions {
  readonly policy?: ExecutorPolicy
  readonly onEvent?: (event: McpEvent) => void
}

export interface ToolUserOptions {
  readonly channels: ChannelKeeper
  readonly author: CallAuthor
  readonly approvals: ApprovalKeeper
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
    const { approvals, kernel } = this.#options
    const caller = await this.#callerOf(peer, server)
    const response = await caller.callTool(call, { ...(signal !== undefined && { signal }) })
    return outcomeOf(response, { call: requested(peer, { server, ...call }), approvals, kernel })
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
    readonly onEvent?: ((event: McpEvent) => void) | undefined
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
      terms: gate.terms(channel.name),
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
  const { input, output, justification } = stdio
  const channel = await channels.open(peer, { protocol: PROTOCOL, name: server })
  return connectMcpStdio({
    channel,
    serverName: server,
    author,
    input,
    output,
    ...(justification !== undefined && { remarks: { justification } }),
    ...(onEvent !== undefined && { onEvent }),
  })
}

function outcomeOf(
  response: McpResponse,
  {
    call,
    approvals,
    kernel,
  }: { readonly call: RequestedCall; readonly approvals: ApprovalKeeper; readonly kernel: Kernel },
): ToolOutcome {
  const { invocation, receipt, result, error, isError } = response
  if (invocation === undefined || receipt === undefined) {
    throw new TalosError('RECEIPT_MISMATCH', { reason: error?.talosCode ?? 'there is none' })
  }
  const { outcome, denial, invocation: name } = openReceipt(receipt, { kernel })
  const facts = { invocation: name.toString(), receipt }
  if (outcome === 'allow' || outcome === 'error') {
    const { talosCode, message = '' } = error ?? {}
    const failure = talosCode === undefined ? {} : { failure: { code: talosCode, message } }
    return { outcome: isError ? 'error' : 'allow', content: result, ...failure, ...facts }
  }
  const code = outcome === 'refer' ? 'CAPABILITY_APPROVAL' : (denial.at(-1) as ErrorCode)
  const refusal = { content: undefined, denial: { code, message: error?.message ?? textOf(result) }, ...facts }
  if (outcome === 'deny' || error?.referral === undefined) return { outcome, ...refusal }
  const { approvals: missing } = error.referral
  const request = approvals.requestFor(
    call,
    missing.flatMap(({ of }) => of),
  )
  return { outcome, ...refusal, referral: { request, approvals: missing } }
}

type RequestedCall = Parameters<ApprovalKeeper['requestFor']>[0]

/** A call as its approvers see it. */
function requested(peer: Did, { server, tool, justification, arguments: args = {} }: ToolCall): RequestedCall {
  const why = justification === undefined ? {} : { why: justification }
  const mapped = argumentsFromJson(utf8(JSON.stringify(args)))
  return { aud: peer, sub: peer, cmd: mcpToolCommand({ server, tool }), args: mapped, ...why }
}

/** The words of a result that says `isError`. */
function textOf(result: JsonValue | undefined): string {
  const { content } = (result ?? {}) as { readonly content?: readonly { readonly text?: string }[] }
  return (content ?? []).map(({ text = '' }) => text).join('\n')
}
