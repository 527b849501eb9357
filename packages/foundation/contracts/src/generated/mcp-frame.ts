// Generated from contracts/schemas/mcp-frame.schema.json by tools/src/generate.ts; do not edit.
import { array, bytes, type Check, object, oneOfValues, ref, run, variant } from '../check.ts'

/**
 * One frame of an MCP channel: one JSON-RPC message and the evidence that belongs to it.
 * Specified in 14-mcp 14.3.
 */
export type McpFrame = McpFrameData | McpFrameCall | McpFrameResult

const checkMcpFrame: Check = variant('k', {
  data: ref(() => checkMcpFrameData),
  call: ref(() => checkMcpFrameCall),
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

/** A message that carries no evidence. */
export interface McpFrameData {
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
export interface McpFrameCall {
  /** Kind. */
  readonly k: 'call'
  readonly body: McpFrameMessage
  /** The invocation, an envelope. */
  readonly inv: Uint8Array
  /** The envelopes of its chain. */
  readonly prf: readonly Uint8Array[]
  /** Fresh random bytes of the agent: both sides derive the salts of this call's commitments from them (14.3). */
  readonly salt: Uint8Array
}

const checkMcpFrameCall: Check = object({
  k: oneOfValues('call'),
  body: ref(() => checkMcpFrameMessage),
  inv: bytes(1, 1_048_576),
  prf: array(bytes(1, 65_536), { minItems: 0, maxItems: 16 }),
  salt: bytes(32, 32),
})

/** Returns `value` typed as McpFrameCall. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseMcpFrameCall(value: unknown): McpFrameCall {
  run('mcp-frame#call', checkMcpFrameCall, value)
  return value as McpFrameCall
}

/** From the tool side: the response to a request that came as a call, and its receipt. */
export interface McpFrameResult {
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
