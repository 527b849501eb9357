/** The frames of an MCP channel (clause 14.3 of contracts/spec/14-mcp.md). */
import { decodeCbor, encodeCbor, type IpldValue } from '@talos/bytes'
import { type McpFrame, parseMcpFrame } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_MCP_FRAME_BYTES } from './limits.ts'

/** An array of proofs in an object: no frame nests deeper. */
const FRAME_DEPTH = 2

/** @throws MCP_FRAME_INVALID where a part is over its limit */
export function encodeMcpFrame(frame: McpFrame): Uint8Array {
  try {
    return encodeCbor({ ...parseMcpFrame(frame) } satisfies IpldValue)
  } catch (cause) {
    throw new TalosError('MCP_FRAME_INVALID', { reason: 'a part is missing or too large' }, { cause })
  }
}

/** @throws MCP_FRAME_INVALID for everything but the canonical bytes of a frame */
export function decodeMcpFrame(bytes: Uint8Array): McpFrame {
  try {
    return parseMcpFrame(decodeCbor(bytes, { maxBytes: MAX_MCP_FRAME_BYTES, maxDepth: FRAME_DEPTH }))
  } catch (cause) {
    throw new TalosError('MCP_FRAME_INVALID', { reason: 'it is not what its schema asks for' }, { cause })
  }
}
