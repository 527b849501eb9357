/** The options and results of the relay's public functions. */
import type { Readable, Writable } from 'node:stream'
import type { JsonValue } from '@talos/bytes'
import type { TalosError } from '@talos/errors'
import type { StdioServerConfig } from './config.ts'
import type { CallAuthor, CallRemarks, ChannelTerms, Referral, SealedChannel, ToolGate } from './ports.ts'

/** What happened on a served or connected channel and concerns its owner: for logs, never for the peer. */
export type McpEvent =
  | { readonly kind: 'server-started'; readonly server: string; readonly pid: number }
  /** `stderr`: the last lines that the server wrote there, control characters taken out. */
  | { readonly kind: 'server-ended'; readonly server: string; readonly reason: string; readonly stderr: string }
  /** A message was refused, dropped or replaced. */
  | { readonly kind: 'refused'; readonly server: string; readonly error: TalosError }

export interface McpTimeouts {
  /** How long `initialize` may take; DEFAULT_HANDSHAKE_TIMEOUT_MS unless given. */
  readonly handshakeTimeoutMs?: number
  /** How long every other request may take; DEFAULT_REQUEST_TIMEOUT_MS unless given. */
  readonly requestTimeoutMs?: number
}

export interface ServeMcpChannelOptions extends McpTimeouts {
  readonly channel: SealedChannel
  /** The child to start for this channel. */
  readonly server: StdioServerConfig
  /** Its name in the configuration, and in commands. */
  readonly serverName: string
  readonly gate: ToolGate
  /** What the agent is told when the channel opens; nothing where absent. */
  readonly terms?: ChannelTerms
  readonly onEvent?: (event: McpEvent) => void
}

export interface ServedMcpChannel {
  /** Resolves, and never rejects, with the reason, once the child is gone and every call has its receipt. */
  readonly closed: Promise<string>
  close(reason?: string): Promise<void>
}

export interface ConnectMcpStdioOptions extends McpTimeouts {
  readonly channel: SealedChannel
  readonly serverName: string
  readonly author: CallAuthor
  /** Where the MCP client's messages come from: this process's stdin. */
  readonly input: Readable
  /** Where the answers go: this process's stdout, which carries nothing else. */
  readonly output: Writable
  /** Said beside each call that says nothing of its own. */
  readonly remarks?: CallRemarks
  readonly onEvent?: (event: McpEvent) => void
}

export interface ConnectedMcpStdio {
  /** Resolves, and never rejects, with the reason, once every pending request has its answer or error. */
  readonly closed: Promise<string>
  close(reason?: string): void
}

export interface McpCallerOptions extends McpTimeouts {
  readonly channel: SealedChannel
  readonly serverName: string
  readonly author: CallAuthor
  readonly signal?: AbortSignal
}

export interface ToolCall extends CallRemarks {
  readonly tool: string
  readonly arguments?: { readonly [name: string]: JsonValue }
}

export interface RequestOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** A response whose receipt, where there is one, has passed the author. */
export interface McpResponse {
  /** The exact JSON-RPC message. */
  readonly response: Uint8Array
  /** Its `result`; undefined for an error response. */
  readonly result: JsonValue | undefined
  /** Its `error`. `talosCode` is `data.code` where Talos wrote the error. */
  readonly error:
    | {
        readonly code: number
        readonly message: string
        readonly talosCode: string | undefined
        /** What the call waits for, where the executor leaves the decision to others. Its word alone. */
        readonly referral: Referral | undefined
      }
    | undefined
  /** True for an error response and for a result with `isError: true`. */
  readonly isError: boolean
  /** The signed intent, or the bare call; undefined where there is neither. */
  readonly invocation: Uint8Array | undefined
  readonly receipt: Uint8Array | undefined
}
