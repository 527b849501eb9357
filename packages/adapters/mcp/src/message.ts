/**
 * What the relay has to know of one JSON-RPC message, found without rebuilding it (clause 14.2 of
 * contracts/spec/14-mcp.md).
 */
import { TalosError } from '@talos/errors'
import { foldCase, type JsonNode, scanJson, stringOf, textOf } from './json-scan.ts'
import { MAX_ID_CHARS, MAX_METHOD_CHARS, MAX_TOOL_NAME_CHARS } from './limits.ts'

/** An id as it was written, and a key that is equal for the ids that any reader takes for equal. */
export interface MessageId {
  readonly key: string
  readonly json: string
}

/** `params.name` and the exact bytes of `params.arguments` of a `tools/call`. */
interface CallParameters {
  readonly tool: string
  readonly argumentsJson: Uint8Array
  /** `params._meta["talos/justification"]`, where it is a text that is not empty. */
  readonly justification?: string
}

export interface RequestMessage {
  readonly kind: 'request'
  readonly bytes: Uint8Array
  readonly id: MessageId
  readonly method: string
  /** Of a `tools/call` only. */
  readonly call: CallParameters | undefined
}

export interface NotificationMessage {
  readonly kind: 'notification'
  readonly bytes: Uint8Array
  readonly method: string
  /** Of `notifications/cancelled`: the request that it is about, where it names one. */
  readonly cancels: string | undefined
}

export interface ResponseMessage {
  readonly kind: 'response'
  readonly bytes: Uint8Array
  /** Undefined for the id null, with which a reader answers what it could not read. */
  readonly id: MessageId | undefined
  /** True for an error response and for a result with `isError: true`. */
  readonly isError: boolean
}

export type Message = RequestMessage | NotificationMessage | ResponseMessage

/** Who wrote a message. An agent's is judged, so no name may be repeated in it; a server's only where we read it. */
export type Author = 'agent' | 'server'

/** Where only the id is looked for, over-deep messages are read somewhat further. */
const RECOVERY_DEPTH = 1_024

/** Where an MCP client says why a call is made. */
const JUSTIFICATION = 'talos/justification'
const NO_ARGUMENTS = new Uint8Array(Buffer.from('{}'))

/**
 * Reads one message of up to MAX_MESSAGE_BYTES.
 *
 * @throws MCP_BATCH_UNSUPPORTED for an array, MCP_MESSAGE_INVALID {reason} for everything else that is no message
 */
export function parseMessage(bytes: Uint8Array, author: Author): Message {
  const isAgents = author === 'agent'
  const root = scanJson(bytes, { uniqueNames: isAgents, anyCase: isAgents, keepLevels: 2 })
  if (root.kind === 'array') throw new TalosError('MCP_BATCH_UNSUPPORTED')
  if (root.kind !== 'object') throw invalid('it is not an object')
  if (isAgents) {
    refuseOtherCase(root, MESSAGE_NAMES)
    refuseOtherCase(root.members.get('params'), PARAMETER_NAMES)
  }
  const version = root.members.get('jsonrpc')
  if (version === undefined || !isText(bytes, version, '2.0')) throw invalid('it is not JSON-RPC 2.0')
  return root.members.has('method') ? withMethod(bytes, root) : response(bytes, root)
}

/** Names that decide what a message is, and what it calls. */
const MESSAGE_NAMES = ['jsonrpc', 'id', 'method', 'params', 'result', 'error']
const PARAMETER_NAMES = ['name', 'arguments', '_meta']

/**
 * Readers that pay no heed to case, as those of Go and .NET, take `Method` for `method`: behind us such a server would see
 * another call than the one that was judged, or a call where there was none.
 */
function refuseOtherCase(node: JsonNode | undefined, names: readonly string[]): void {
  for (const name of node?.members.keys() ?? []) {
    if (!names.includes(name) && names.includes(foldCase(name))) throw invalid('a name of the protocol in another case')
  }
}

/** The id to answer to where {@link parseMessage} refused the request: as it was written, `null` where there is none. */
export function idToAnswer(bytes: Uint8Array): string {
  try {
    const root = scanJson(bytes, { uniqueNames: false, keepLevels: 1, maxDepth: RECOVERY_DEPTH })
    const node = root.members.has('method') ? root.members.get('id') : undefined
    return (node === undefined ? undefined : idOf(bytes, node))?.json ?? 'null'
  } catch {
    return 'null'
  }
}

/** The id of a response that {@link parseMessage} refused; undefined where none can be read. */
export function idOfBrokenResponse(bytes: Uint8Array): MessageId | undefined {
  try {
    const root = scanJson(bytes, { uniqueNames: false, keepLevels: 1, maxDepth: RECOVERY_DEPTH })
    const node = root.members.has('method') ? undefined : root.members.get('id')
    return node === undefined ? undefined : idOf(bytes, node)
  } catch {
    return undefined
  }
}

/** Ids of the tool side's own requests begin with this; an agent's id that does is refused. */
export const OWN_ID_PREFIX = 'talos:'

export function isOwnId(id: MessageId): boolean {
  return id.key.startsWith(keyOfText(OWN_ID_PREFIX))
}

/** @throws MCP_MESSAGE_INVALID for an id that only the tool side's own requests have */
export function refuseOwnId(id: MessageId): void {
  if (isOwnId(id)) throw invalid(`ids that begin with ${OWN_ID_PREFIX} are taken`)
}

/** The key of an id that we chose. */
export function keyOfText(id: string): string {
  return `s:${id}`
}

function withMethod(bytes: Uint8Array, root: JsonNode): RequestMessage | NotificationMessage {
  const method = text(bytes, root.members.get('method'))
  if (method === undefined || method.length > MAX_METHOD_CHARS) throw invalid('its method is no method')
  if (root.members.has('result') || root.members.has('error')) throw invalid('it is a request and a response')
  const params = root.members.get('params')
  const idNode = root.members.get('id')
  if (idNode === undefined) {
    const cancels = method === 'notifications/cancelled' ? cancelled(bytes, params) : undefined
    return { kind: 'notification', bytes, method, cancels }
  }
  const id = idOf(bytes, idNode)
  if (id === undefined) throw invalid('its id is null')
  return { kind: 'request', bytes, id, method, call: method === 'tools/call' ? callOf(bytes, params) : undefined }
}

function response(bytes: Uint8Array, root: JsonNode): ResponseMessage {
  const { members } = root
  const idNode = members.get('id')
  const result = members.get('result')
  if (idNode === undefined) throw invalid('it has neither method nor id')
  if (members.has('error') === (result !== undefined)) throw invalid('it has not exactly one of result and error')
  const flag = result?.members.get('isError')
  const isError = result === undefined || (flag !== undefined && textOf(bytes, flag) === 'true')
  return { kind: 'response', bytes, id: idOf(bytes, idNode), isError }
}

function callOf(bytes: Uint8Array, params: JsonNode | undefined): CallParameters {
  const tool = text(bytes, params?.members.get('name'))
  if (tool === undefined || tool === '' || tool.length > MAX_TOOL_NAME_CHARS || !tool.isWellFormed()) {
    throw invalid('params.name names no tool')
  }
  const node = params?.members.get('arguments')
  if (node !== undefined && node.kind !== 'object') throw invalid('params.arguments is not an object')
  const argumentsJson = node === undefined ? NO_ARGUMENTS : bytes.subarray(node.start, node.end)
  const justification = justificationOf(bytes, params?.members.get('_meta'))
  return { tool, argumentsJson, ...(justification !== undefined && { justification }) }
}

function justificationOf(bytes: Uint8Array, meta: JsonNode | undefined): string | undefined {
  if (meta?.kind !== 'object') return undefined
  const own = bytes.subarray(meta.start, meta.end)
  const { members } = scanJson(own, { uniqueNames: true, keepLevels: 1 })
  return text(own, members.get(JUSTIFICATION)) || undefined
}

function cancelled(bytes: Uint8Array, params: JsonNode | undefined): string | undefined {
  const node = params?.members.get('requestId')
  return node === undefined ? undefined : idOf(bytes, node)?.key
}

/**
 * Numbers are compared by value, because a server may answer `1.0` to `1`, and may have rounded a large one. Undefined
 * for null.
 */
function idOf(bytes: Uint8Array, node: JsonNode): MessageId | undefined {
  const json = textOf(bytes, node)
  if (json === 'null') return undefined
  if (json.length > MAX_ID_CHARS) throw invalid('its id is too long')
  if (node.kind === 'string') return { key: keyOfText(stringOf(bytes, node)), json }
  if (node.kind === 'number' && Number.isFinite(Number(json))) return { key: `n:${Number(json)}`, json }
  throw invalid('its id is neither a string nor a number')
}

function text(bytes: Uint8Array, node: JsonNode | undefined): string | undefined {
  return node?.kind === 'string' ? stringOf(bytes, node) : undefined
}

function isText(bytes: Uint8Array, node: JsonNode, expected: string): boolean {
  return text(bytes, node) === expected
}

function invalid(reason: string): TalosError {
  return new TalosError('MCP_MESSAGE_INVALID', { reason })
}
