/**
 * What the relay asks of its surroundings (contracts/spec/14-mcp.md): a sealed channel to the peer, a gate that decides
 * and records on the tool's side, an author that signs intents and keeps evidence on the agent's side.
 */
import type { Did } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'

/** An ordered, sealed pipe of frames to one authenticated peer. A frame has up to MAX_MCP_FRAME_BYTES bytes. */
export interface SealedChannel {
  readonly peer: Did
  readonly name: string
  /** Resolves when the channel takes further frames; rejects once it is closed. */
  send(frame: Uint8Array): Promise<void>
  /** One handler per channel. The next frame may wait until the handler's promise has settled. */
  onFrame(handler: (frame: Uint8Array) => void | Promise<void>): void
  /** Resolves, and never rejects, with the reason of the end, whichever side asked for it. */
  readonly closed: Promise<string>
  close(reason?: string): void
}

/** One `tools/call` as it came from the agent. */
export interface GatedCall {
  readonly peer: Did
  readonly server: string
  readonly tool: string
  /** The exact bytes of `params.arguments`; `{}` where the request has none. */
  readonly argumentsJson: Uint8Array
  /** The exact JSON-RPC message. */
  readonly request: Uint8Array
  /** The signed intent; undefined where the agent sent none. */
  readonly invocation: Uint8Array | undefined
  readonly proofs: readonly Uint8Array[]
  /** 32 bytes from the agent, for the salts of this call's commitments; undefined where it sent none. */
  readonly saltKey: Uint8Array | undefined
  /** Whether the server lists a tool of that name. */
  readonly known: boolean
}

/** One `tools/list` as it came from the agent. */
export interface GatedList {
  readonly peer: Did
  readonly server: string
  readonly request: Uint8Array
  readonly invocation: Uint8Array | undefined
  readonly proofs: readonly Uint8Array[]
  readonly saltKey: Uint8Array | undefined
}

/** How an allowed request ended: with the exact response that the agent gets, or without any of the server's. */
export type CallEnd = { readonly response: Uint8Array; readonly isError: boolean } | { readonly lost: string }

export interface GateDenial {
  readonly allowed: false
  readonly receipt: Uint8Array | undefined
  /** True where other arguments could be allowed: the model gets `message` as a tool result, and can try again. */
  readonly argumentsAtFault: boolean
  readonly code: ErrorCode
  /** For the model. */
  readonly message: string
}

export interface CallPermission {
  readonly allowed: true
  /** Called exactly once. Resolves to the receipt's envelope. */
  finish(end: CallEnd): Promise<Uint8Array>
}

export interface ListPermission extends CallPermission {
  /** Whether the agent may see the tool of that name. */
  permits(tool: string): boolean
}

export type GateDecision = CallPermission | GateDenial
export type ListDecision = ListPermission | GateDenial

/** The tool side's authority: decides, records, signs receipts. */
export interface ToolGate {
  authorizeCall(call: GatedCall): Promise<GateDecision>
  authorizeList(list: GatedList): Promise<ListDecision>
}

/** One request that the agent side is about to make. */
export interface IntendedCall {
  readonly peer: Did
  readonly server: string
  /** Absent for `tools/list`. */
  readonly tool?: string
  /** The exact bytes of `params.arguments`; absent for `tools/list`. */
  readonly argumentsJson?: Uint8Array
  readonly request: Uint8Array
}

/** A signed intent, to be completed by the response and its receipt. */
export interface SignedIntent {
  readonly invocation: Uint8Array
  readonly proofs: readonly Uint8Array[]
  /** 32 fresh random bytes; both sides derive the salts of the call's commitments from them. */
  readonly saltKey: Uint8Array
  /** Called at most once, with the exact response. Throws when the receipt does not fit; the response is then withheld. */
  finish(end: { readonly receipt: Uint8Array | undefined; readonly response: Uint8Array }): Promise<void>
}

/** The agent side's authority: signs intents, keeps evidence. */
export interface CallAuthor {
  intend(call: IntendedCall): Promise<SignedIntent>
}
