// Generated from contracts/schemas/mcp-frame.schema.json by tools/src/generate.ts; do not edit.
import {
  array,
  boolean,
  bytes,
  type Check,
  object,
  oneOfValues,
  optional,
  ref,
  run,
  string,
  variant,
} from '../check.ts'

/**
 * One frame of an MCP channel: one JSON-RPC message and the evidence that belongs to it, or what the tool side asks of
 * calls.
 * Specified in 14-mcp 14.3.
 */
export type McpFrame = McpFrameReady | McpFrameData | McpFrameCall | McpFrameBare | McpFrameResult

const checkMcpFrame: Check = variant('k', {
  ready: ref(() => checkMcpFrameReady),
  data: ref(() => checkMcpFrameData),
  call: ref(() => checkMcpFrameCall),
  bare: ref(() => checkMcpFrameBare),
  result: ref(() => checkMcpFrameResult),
})

/** Returns `value` typed as McpFrame. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrame(value: unknown): McpFrame {
  run('mcp-frame', checkMcpFrame, value)
  return value as McpFrame
}

/** The exact bytes of one JSON-RPC message, without the line feed that ended it. */
export type McpFrameMessage = Uint8Array

const checkMcpFrameMessage: Check = bytes(2, 16_777_216)

/** Returns `value` typed as McpFrameMessage. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameMessage(value: unknown): McpFrameMessage {
  run('mcp-frame#message', checkMcpFrameMessage, value)
  return value as McpFrameMessage
}

/** The envelopes of the chain. */
export type McpFrameProofs = readonly Uint8Array[]

const checkMcpFrameProofs: Check = array(bytes(1, 65_536), { minItems: 0, maxItems: 16 })

/** Returns `value` typed as McpFrameProofs. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameProofs(value: unknown): McpFrameProofs {
  run('mcp-frame#proofs', checkMcpFrameProofs, value)
  return value as McpFrameProofs
}

/** Signed approvals of this call, each an envelope. */
export type McpFrameApprovals = readonly Uint8Array[]

const checkMcpFrameApprovals: Check = array(bytes(1, 16_384), { minItems: 1, maxItems: 32 })

/** Returns `value` typed as McpFrameApprovals. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameApprovals(value: unknown): McpFrameApprovals {
  run('mcp-frame#approvals', checkMcpFrameApprovals, value)
  return value as McpFrameApprovals
}

/** Fresh random bytes of the agent: both sides derive the salts of this call's commitments from them (14.3). */
export type McpFrameSalt = Uint8Array

const checkMcpFrameSalt: Check = bytes(32, 32)

/** Returns `value` typed as McpFrameSalt. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameSalt(value: unknown): McpFrameSalt {
  run('mcp-frame#salt', checkMcpFrameSalt, value)
  return value as McpFrameSalt
}

/** A kind of proof of possession, from the weakest to the strongest. */
export type McpFrameLevel = 'channel' | 'mac' | 'signature'

const checkMcpFrameLevel: Check = oneOfValues('channel', 'mac', 'signature')

/** Returns `value` typed as McpFrameLevel. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameLevel(value: unknown): McpFrameLevel {
  run('mcp-frame#level', checkMcpFrameLevel, value)
  return value as McpFrameLevel
}

/** From the tool side, first of all: its instance, and what it asks of calls. */
export type McpFrameReady = {
  /** Kind. */
  readonly k: 'ready'
  /** The executor's instance epoch, for the nonces of calls (08-invocation 8.6). */
  readonly epoch: Uint8Array
  readonly proof: McpFrameLevel
  /** Tools that ask for another proof, or for reasons. */
  readonly tools: readonly McpFrameToolTerms[]
}

const checkMcpFrameReady: Check = object({
  k: oneOfValues('ready'),
  epoch: bytes(16, 16),
  proof: ref(() => checkMcpFrameLevel),
  tools: array(
    ref(() => checkMcpFrameToolTerms),
    { minItems: 0, maxItems: 1024 },
  ),
})

/** Returns `value` typed as McpFrameReady. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameReady(value: unknown): McpFrameReady {
  run('mcp-frame#ready', checkMcpFrameReady, value)
  return value as McpFrameReady
}

/** What one tool asks of its calls. */
export type McpFrameToolTerms = {
  /** Its name. */
  readonly tool: string
  readonly proof: McpFrameLevel
  /** Whether each call must say why it is made. */
  readonly why: boolean
}

const checkMcpFrameToolTerms: Check = object({
  tool: string({ minLength: 1, maxLength: 256 }),
  proof: ref(() => checkMcpFrameLevel),
  why: boolean,
})

/** Returns `value` typed as McpFrameToolTerms. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameToolTerms(value: unknown): McpFrameToolTerms {
  run('mcp-frame#toolTerms', checkMcpFrameToolTerms, value)
  return value as McpFrameToolTerms
}

/** A message that carries no evidence. */
export type McpFrameData = {
  /** Kind. */
  readonly k: 'data'
  readonly body: McpFrameMessage
}

const checkMcpFrameData: Check = object({
  k: oneOfValues('data'),
  body: ref(() => checkMcpFrameMessage),
})

/** Returns `value` typed as McpFrameData. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameData(value: unknown): McpFrameData {
  run('mcp-frame#data', checkMcpFrameData, value)
  return value as McpFrameData
}

/** From the agent: a `tools/call` or `tools/list` request and the signed intent to make it. */
export type McpFrameCall = {
  /** Kind. */
  readonly k: 'call'
  readonly body: McpFrameMessage
  /** The invocation, an envelope. */
  readonly inv: Uint8Array
  readonly prf: McpFrameProofs
  readonly appr?: McpFrameApprovals
  readonly salt: McpFrameSalt
}

const checkMcpFrameCall: Check = object({
  k: oneOfValues('call'),
  body: ref(() => checkMcpFrameMessage),
  inv: bytes(1, 1_048_576),
  prf: ref(() => checkMcpFrameProofs),
  appr: optional(ref(() => checkMcpFrameApprovals)),
  salt: ref(() => checkMcpFrameSalt),
})

/** Returns `value` typed as McpFrameCall. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameCall(value: unknown): McpFrameCall {
  run('mcp-frame#call', checkMcpFrameCall, value)
  return value as McpFrameCall
}

/** From the agent: a `tools/call` request with a call that the session vouches for, and no signature. */
export type McpFrameBare = {
  /** Kind. */
  readonly k: 'bare'
  readonly body: McpFrameMessage
  /** The call in its canonical bytes (08-invocation 8.3). */
  readonly call: Uint8Array
  /** Its authentication under the session's exporter key; absent for a call that is proven by the channel alone. */
  readonly mac?: Uint8Array
  readonly prf: McpFrameProofs
  readonly appr?: McpFrameApprovals
  readonly salt: McpFrameSalt
}

const checkMcpFrameBare: Check = object({
  k: oneOfValues('bare'),
  body: ref(() => checkMcpFrameMessage),
  call: bytes(1, 1_048_576),
  mac: optional(bytes(32, 32)),
  prf: ref(() => checkMcpFrameProofs),
  appr: optional(ref(() => checkMcpFrameApprovals)),
  salt: ref(() => checkMcpFrameSalt),
})

/** Returns `value` typed as McpFrameBare. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameBare(value: unknown): McpFrameBare {
  run('mcp-frame#bare', checkMcpFrameBare, value)
  return value as McpFrameBare
}

/** From the tool side: the response to a request that came as a call, and its receipt. */
export type McpFrameResult = {
  /** Kind. */
  readonly k: 'result'
  readonly body: McpFrameMessage
  /** The receipt, an envelope. */
  readonly rcpt: Uint8Array
}

const checkMcpFrameResult: Check = object({
  k: oneOfValues('result'),
  body: ref(() => checkMcpFrameMessage),
  rcpt: bytes(1, 65_536),
})

/** Returns `value` typed as McpFrameResult. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameResult(value: unknown): McpFrameResult {
  run('mcp-frame#result', checkMcpFrameResult, value)
  return value as McpFrameResult
}
