/** The closed set of things that a talos command asks of a running agent, whether in its own process or over the socket. */
import { fromBase64, fromBase64url, fromHex, toBase64url } from '@talos/bytes'
import type { Grant, GrantRequest, RevokeChoice, TalosClient } from '@talos/client'
import {
  type ControlRequest,
  type ControlRequestDelegate,
  type ControlRequestGrant,
  type ControlRequestTerms,
  type ControlResponse,
  parseCidText,
  parseDidKey,
} from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { performAnchors } from './anchors.ts'
import { performApproval } from './approvals.ts'
import type { Performer } from './performer.ts'

/**
 * Does what was asked.
 *
 * @throws TalosError what the client throws
 */
export async function perform(performer: Performer, request: ControlRequest): Promise<ControlResponse> {
  const { client, command } = performer
  switch (request.method) {
    case 'grant':
      return await handOver(client, await client.grantCapability(grantOf(request)))
    case 'delegate':
      return await handOver(client, await client.delegateCapability({ ...grantOf(request), parent: request.parent }))
    case 'renew': {
      const { cid, expiresInS } = request
      return await handOver(client, await client.renewCapability(cid, expiresInS === undefined ? {} : { expiresInS }))
    }
    case 'revoke':
      await client.revokeCapability(request.cid, choiceOf(request))
      return { answer: 'revoked' }
    case 'revokeAll':
      await client.revokeAll(request.who, choiceOf(request))
      return { answer: 'revoked' }
    case 'approve':
    case 'approvals':
    case 'approvalRequest':
    case 'approveAsked':
    case 'declineAsked':
    case 'takeApproval':
      return await performApproval(performer, request)
    case 'import': {
      const { cid } = await client.importCapability(fromBase64url(request.bytes))
      return { answer: 'imported', cid: parseCidText(cid) }
    }
    case 'exportProof':
      return {
        answer: 'proof',
        bundle: await client.exportProof(request.invocation, {
          disclose: request.disclose ?? [],
          hideContents: request.hideContents ?? false,
        }),
      }
    case 'calls': {
      const { method: _method, ...filter } = request
      const calls = client.provableCalls(filter)
      return {
        answer: 'calls',
        calls: calls.map(({ invocation, capabilities, ...call }) => ({
          ...call,
          invocation: parseCidText(invocation),
          capabilities: capabilities.map(parseCidText),
        })),
      }
    }
    case 'checkpoint':
      return { answer: 'checkpoint', note: await client.log.checkpoint() }
    case 'witness': {
      const { peer, size, timeS } = await client.witness(request.peer)
      return { answer: 'witnessed', peer: parseDidKey(peer), size, timeS }
    }
    case 'addCheckpoint': {
      const { note, from, proof } = request
      return { answer: 'cosigned', line: (await client.cosign({ note, from, proof: proof.map(fromBase64) })).line }
    }
    case 'trustLog':
      return { answer: 'trusted', origin: await client.trustLog(request.vkey) }
    case 'resumeLog':
      // A log that misses what it signed is not held: nobody's word makes it sign again.
      if (client.log.fault !== undefined) throw client.log.fault
      client.resumeLog()
      return { answer: 'resumed' }
    case 'anchors':
      return await performAnchors(client, request)
    case 'status':
      return { answer: 'status', did: parseDidKey(client.did), command, processId: process.pid }
  }
}

function grantOf(request: ControlRequestGrant | ControlRequestDelegate): GrantRequest {
  const { to, server, tool, rules, expiresInS, depth, label, terms } = request
  return {
    to,
    expiresInS,
    label,
    ...(server !== undefined && { tool: tool === undefined ? { server } : { server, tool } }),
    ...(rules.length > 0 && { rules }),
    ...(depth !== undefined && { depth }),
    ...termsOf(terms),
  }
}

function termsOf({ maxRenewals, ...terms }: ControlRequestTerms): Partial<GrantRequest> {
  return maxRenewals === undefined ? terms : { ...terms, lease: { maxRenewals } }
}

function choiceOf({ reason, evidence }: { readonly reason?: string; readonly evidence?: string }): RevokeChoice {
  return { ...(reason !== undefined && { reason }), ...(evidence !== undefined && { evidence: fromHex(evidence) }) }
}

async function handOver(client: TalosClient, { cid, peer, bytes }: Grant): Promise<ControlResponse> {
  const delivered = await hasTaken(client.sendCapability(peer, cid))
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
