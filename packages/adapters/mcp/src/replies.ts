/** The JSON-RPC messages that the relay writes itself (clause 14.8 of contracts/spec/14-mcp.md). */
import { utf8 } from '@talos/bytes'
import { ERROR_TABLE, type ErrorCode, isTalosError, TalosError } from '@talos/errors'
import { scanJson, stringOf } from './json-scan.ts'
import type { Referral } from './ports.ts'

/** JSON-RPC's code for everything that Talos refuses and JSON-RPC has no code for. */
const RPC_TALOS_ERROR = -32_001

const RPC_CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  MCP_MESSAGE_INVALID: -32_600,
  MCP_BATCH_UNSUPPORTED: -32_600,
  MCP_ID_IN_USE: -32_600,
  MCP_NOT_INITIALIZED: -32_600,
  MCP_METHOD_REFUSED: -32_601,
  MCP_AUTHORITY_FAILED: -32_603,
  MCP_RECEIPT_FAILED: -32_603,
  MCP_ANSWER_INVALID: -32_603,
}

/** What a JSON-RPC error says: a code of ours and a sentence. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  /** What the call waits for, where it waits for something. */
  readonly referral?: Referral
}

/** An error response; `idJson` is the request's id as it was written, `null` where it is not known. */
export function errorResponse(idJson: string, { code, message, referral }: Refusal): Uint8Array {
  const error = { code: RPC_CODES[code] ?? RPC_TALOS_ERROR, message, data: { code, ...referral } }
  return utf8(`{"jsonrpc":"2.0","id":${idJson},"error":${JSON.stringify(error)}}`)
}

/** A tool's result that tells the model why its arguments were refused, so that it can try others. */
export function deniedToolResponse(idJson: string, { code, message }: Refusal): Uint8Array {
  const result = { content: [{ type: 'text', text: message }], isError: true, _meta: { 'talos/denied': code } }
  return utf8(`{"jsonrpc":"2.0","id":${idJson},"result":${JSON.stringify(result)}}`)
}

/** A request of ours, under an id of ours. */
export function request({ id, method, paramsJson }: { id: string; method: string; paramsJson: string }): Uint8Array {
  return utf8(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${paramsJson}}`)
}

/** The message that takes a request back. `idJson` as it was written. */
export function cancellation(idJson: string): Uint8Array {
  const reason = 'no answer in time'
  const params = `{"requestId":${idJson},"reason":${JSON.stringify(reason)}}`
  return utf8(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`)
}

/** `error` where it is one of ours, else an error of ours that has it as its cause. */
export function asTalosError(error: unknown, code: ErrorCode): TalosError {
  return isTalosError(error) ? error : new TalosError(code, {}, { cause: error })
}

/** The code of ours in an error response; undefined for every other message. */
export function talosCodeOf(response: Uint8Array): ErrorCode | undefined {
  const root = scanJson(response, { uniqueNames: false, keepLevels: 3 })
  const code = root.members.get('error')?.members.get('data')?.members.get('code')
  return code?.kind === 'string' ? codeOfReason(stringOf(response, code)) : undefined
}

/** The code in a channel's closing reason, where the peer gave one that we know: a peer's words go no further. */
export function codeOfReason(reason: string): ErrorCode | undefined {
  return Object.hasOwn(ERROR_TABLE, reason) ? (reason as ErrorCode) : undefined
}
