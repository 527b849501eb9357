/** The closed set of things that a talos command asks of a running agent, whether in its own process or over the socket. */
import { fromBase64url, toBase64url } from '@talos/bytes'
import type { TalosClient } from '@talos/client'
import {
  type ControlRequest,
  type ControlRequestGrant,
  type ControlResponse,
  parseCidText,
  parseDidKey,
} from '@talos/contracts'
import { isTalosError } from '@talos/errors'

/** Who answers. */
export interface Performer {
  readonly client: TalosClient
  /** The command that runs the agent, such as `mcp serve`. */
  readonly command: string
}

/**
 * Does what was asked.
 *
 * @throws TalosError what the client throws
 */
export async function perform({ client, command }: Performer, request: ControlRequest): Promise<ControlResponse> {
  switch (request.method) {
    case 'grant':
      return await grant(client, request)
    case 'revoke':
      await client.revokeCapability(request.cid, request.reason === undefined ? {} : { reason: request.reason })
      return { answer: 'revoked' }
    case 'import': {
      const { cid } = await client.importCapability(fromBase64url(request.bytes))
      return { answer: 'imported', cid: parseCidText(cid) }
    }
    case 'exportProof':
      return { answer: 'proof', bundle: await client.exportProof(request.invocation) }
    case 'checkpoint':
      return { answer: 'checkpoint', note: await client.log.checkpoint() }
    case 'status':
      return { answer: 'status', did: parseDidKey(client.did), command, processId: process.pid }
  }
}

async function grant(client: TalosClient, request: ControlRequestGrant): Promise<ControlResponse> {
  const { to, server, tool, rules, expiresInS, depth, label } = request
  const { cid, bytes } = await client.grantCapability({
    to,
    tool: tool === undefined ? { server } : { server, tool },
    expiresInS,
    label,
    ...(rules.length > 0 && { rules }),
    ...(depth !== undefined && { depth }),
  })
  const delivered = await hasTaken(client.sendCapability(to, cid))
  return { answer: 'granted', cid: parseCidText(cid), bytes: toBase64url(bytes), delivered }
}

/** A peer that is away gets its capability when it connects next, or as a file. */
async function hasTaken(sending: Promise<unknown>): Promise<boolean> {
  try {
    await sending
    return true
  } catch (error) {
    if (isTalosError(error)) return false
    throw error
  }
}
