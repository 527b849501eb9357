/** The frames of an MCP channel (clause 14.3 of contracts/spec/14-mcp.md). */
import { decodeCbor, encodeCbor } from '@talos/bytes'
import { type McpFrame, type McpFrameReady, parseMcpFrame } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_MCP_FRAME_BYTES } from './limits.ts'
import type { CallProof, ChannelTerms, SignedIntent } from './ports.ts'

/** Objects in an array in an object: no frame nests deeper. */
const FRAME_DEPTH = 3

/** @throws MCP_FRAME_INVALID where a part is over its limit */
export function encodeMcpFrame(frame: McpFrame): Uint8Array {
  try {
    return encodeCbor(parseMcpFrame(frame))
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

/** The frame by which the tool side says what it asks for. */
export function readyFrame({ epoch, proof, tools }: ChannelTerms): McpFrame {
  const asked = Array.from(tools, ([tool, terms]) => ({ tool, proof: terms.proof, why: terms.mustSayWhy }))
  return { k: 'ready', epoch, proof, tools: asked }
}

/** What a tool side asks for; of a tool that is named twice the last word counts. */
export function termsOfReady({ epoch, proof, tools }: McpFrameReady): ChannelTerms {
  const asked = tools.map(({ tool, proof: level, why }) => [tool, { proof: level, mustSayWhy: why }] as const)
  return { epoch, proof, tools: new Map(asked) }
}

/** A request with what proves it. */
export function callFrame(body: Uint8Array, { proof, proofs, approvals, saltKey }: SignedIntent): McpFrame {
  const common = { body, prf: proofs, salt: saltKey, ...(approvals.length > 0 && { appr: approvals }) }
  if (proof.level === 'signature') return { k: 'call', inv: proof.invocation, ...common }
  return { k: 'bare', call: proof.call, ...(proof.level === 'mac' && { mac: proof.mac }), ...common }
}

/** What a request came with. */
export function proofOfFrame(frame: Extract<McpFrame, { k: 'call' | 'bare' }>): CallProof {
  if (frame.k === 'call') return { level: 'signature', invocation: frame.inv }
  const { call, mac } = frame
  return mac === undefined ? { level: 'channel', call } : { level: 'mac', call, mac }
}
