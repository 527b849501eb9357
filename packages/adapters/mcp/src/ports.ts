/**
 * What the relay asks of its surroundings (contracts/spec/14-mcp.md): a sealed channel to the peer, a gate that decides
 * and records on the tool's side, an author that signs intents and keeps evidence on the agent's side.
 */
import type { ProofLevel } from '@talos/capability'
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

/** How a call is proven (08-invocation 8.3): what its name, a CID, is made of is the invocation or the bare call. */
export type CallProof =
  | { readonly level: 'signature'; readonly invocation: Uint8Array }
  | { readonly level: 'mac'; readonly call: Uint8Array; readonly mac: Uint8Array }
  | { readonly level: 'channel'; readonly call: Uint8Array }

/** The bytes that a call's name is made of: its signed intent, or the bare call. */
export function bytesOfProof(proof: CallProof): Uint8Array {
  return proof.level === 'signature' ? proof.invocation : proof.call
}

/** What the tool side says of itself when the channel opens (14.3). */
export interface ChannelTerms {
  /** 16 bytes that are the executor's instance, for the nonces of calls. */
  readonly epoch: Uint8Array
  /** The weakest proof that suffices for tools that are not named. */
  readonly proof: ProofLevel
  readonly tools: ReadonlyMap<string, { readonly proof: ProofLevel; readonly mustSayWhy: boolean }>
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
  /** Undefined where the agent sent none. */
  readonly proof: CallProof | undefined
  readonly proofs: readonly Uint8Array[]
  /** Signed approvals of the call, unread. */
  readonly approvals: readonly Uint8Array[]
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
  /** Undefined where the agent sent none, or one that is not signed. */
  readonly invocation: Uint8Array | undefined
  readonly proofs: readonly Uint8Array[]
  readonly saltKey: Uint8Array | undefined
}

/** How an allowed request ended: with the exact response that the agent gets, or without any of the server's. */
export type CallEnd = { readonly response: Uint8Array; readonly isError: boolean } | { readonly lost: string }

/** What is still missing where the decision is somebody else's: shown to the agent beside the code. */
export interface Referral {
  /** SHA-256 of what is to be approved, 64 hex digits. */
  readonly digest: string
  /** So many of those named must approve, for each of them. */
  readonly approvals: readonly { readonly m: number; readonly of: readonly Did[] }[]
}

export interface GateDenial {
  readonly allowed: false
  /** Set where the call waits for approvals and is not refused for good. */
  readonly referral?: Referral
  readonly receipt: Uint8Array | undefined
  /** True where other arguments could be allowed: the model gets `message` as a tool result, and can try again. */
  readonly argumentsAtFault: boolean
  readonly code: ErrorCode
  /** For the model. */
  readonly message: string
}

export interface CallPermission {
  readonly allowed: true
  /**
   * Called at most once, before {@link finish}, with the size of the server's response: what it is refused for, where it
   * is more than is left. The agent then gets that in its place.
   */
  charge(sizeBytes: number): { readonly code: ErrorCode; readonly message: string } | undefined
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

/** What a program says beside a call of its own. */
export interface CallRemarks {
  /** Why the call is made; tools of high risk ask for it. */
  readonly justification?: string
  /** Signed approvals of the very call. */
  readonly approvals?: readonly Uint8Array[]
}

/** One request that the agent side is about to make. */
export interface IntendedCall extends CallRemarks {
  readonly peer: Did
  readonly server: string
  /** Absent for `tools/list`. */
  readonly tool?: string
  /** The exact bytes of `params.arguments`; absent for `tools/list`. */
  readonly argumentsJson?: Uint8Array
  readonly request: Uint8Array
  /** What the tool side asks for; undefined where it said nothing. */
  readonly terms: ChannelTerms | undefined
}

/** A proven intent, to be completed by the response and its receipt. */
export interface SignedIntent {
  readonly proof: CallProof
  readonly proofs: readonly Uint8Array[]
  readonly approvals: readonly Uint8Array[]
  /** 32 fresh random bytes; both sides derive the salts of the call's commitments from them. */
  readonly saltKey: Uint8Array
  /** Called at most once, with the exact response. Throws when the receipt does not fit; the response is then withheld. */
  finish(end: { readonly receipt: Uint8Array | undefined; readonly response: Uint8Array }): Promise<void>
}

/** The agent side's authority: signs intents, keeps evidence. */
export interface CallAuthor {
  intend(call: IntendedCall): Promise<SignedIntent>
}
