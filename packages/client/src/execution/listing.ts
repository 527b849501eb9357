/**
 * Listing tools (spec 15-frames 15.7): whoever holds a valid chain into a server may see what the chain covers, and signs that
 * it asks.
 */
import {
  commandCovers,
  type DenialCause,
  denial,
  MAX_INVOCATION_LIFETIME_S,
  mcpServerCommand,
  openDelegation,
  openInvocation,
  type VerifiedInvocation,
  type VerifiedLink,
  verifyChain,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { type ErrorCode, isTalosError } from '@talos/errors'
import type { GatedList } from '@talos/mcp'
import type { FrameOrigin } from '../channels.ts'
import { revocationsByAgent } from '../identity/revocation-view.ts'
import { nowS } from '../options.ts'
import type { Executor } from './executor.ts'
import { LEEWAY_S } from './judge.ts'

/** Delegations that a caller shows for a list; those who hold more see what these cover. */
export const MAX_LIST_PROOFS = 16

export type ListInput = GatedList & { readonly origin: FrameOrigin }

export type ListJudgement =
  | {
      readonly outcome: 'allow'
      readonly invocation: VerifiedInvocation
      readonly chains: readonly (readonly VerifiedLink[])[]
    }
  | { readonly outcome: 'deny'; readonly cause: DenialCause; readonly invocation?: VerifiedInvocation }

/** The command of listing a server's tools. */
export function listCommand(server: string): string {
  return `${mcpServerCommand(server)}/list`
}

/** Whether a command lists a server's tools. */
export function isListCommand(command: string): boolean {
  const [, mcp, , word, ...rest] = command.split('/')
  return mcp === 'mcp' && word === 'list' && rest.length === 0
}

/** Decides on a list. The invocation of one that is allowed has been recorded as used. @throws TalosError store codes */
export function judgeList(input: ListInput, executor: Executor): ListJudgement {
  const { agent, replay } = executor
  if (!input.origin.confirmed) return refused('SESSION_UNCONFIRMED')
  if (input.invocation === undefined) return refused('CAPABILITY_MISSING')
  let invocation: VerifiedInvocation
  try {
    invocation = openInvocation(input.invocation, { kernel: agent.kernel })
  } catch (error) {
    if (!isTalosError(error)) throw error
    return refused(error.code)
  }
  if (invocation.issuer !== input.peer) return refused('CAPABILITY_AUDIENCE')
  const standing = agent.identities.standingOf(invocation.issuer)
  if (standing !== 'current') {
    return refusedBy(denial('CAPABILITY_KEY', { details: { what: 'the call', standing } }), invocation)
  }
  const now = nowS(agent.clock)
  const bounds = checkBounds({ invocation, proofs: input.proofs, now })
  if (bounds !== undefined) return refusedBy(bounds, invocation)
  const { command, audience, subject } = invocation
  const isThis = command === listCommand(input.server) && audience === agent.did && subject === agent.did
  if (!isThis) return refused('CAPABILITY_CALL_MISMATCH', invocation)
  const chains = chainsOf(input, executor)
  if (chains.length === 0) return refused('CAPABILITY_MISSING', invocation)
  const { cid, issuer, nonce, expiresS } = invocation
  if (replay.isOfEarlierEpoch(nonce, now)) return refused('CAPABILITY_EPOCH', invocation)
  const answer = replay.take({ cid, issuer, nonce, expiresS: expiresS ?? now }, now)
  if (answer === 'new') return { outcome: 'allow', invocation, chains }
  return refused(answer === 'full' ? 'CAPABILITY_REPLAY_FULL' : 'CAPABILITY_REPLAY', invocation)
}

/** Valid chains to the peer, one for each proof that ends there. */
function chainsOf({ peer, server, proofs }: ListInput, { agent }: Executor): readonly (readonly VerifiedLink[])[] {
  const { did: subject, clock, kernel, identities } = agent
  const revocations = revocationsByAgent(agent.revocations, identities)
  const prefix = mcpServerCommand(server)
  const common = { audience: peer, subject, nowS: nowS(clock), leewayS: LEEWAY_S, kernel, revocations, identities }
  return splitChains(proofs, agent).flatMap((chain) => {
    const verdict = verifyChain({ ...common, proofs: chain })
    if (verdict.outcome !== 'valid') return []
    const { links, command } = verdict.chain
    return commandCovers(command, prefix) || commandCovers(prefix, command) ? [links] : []
  })
}

/** What is bounded before anything is verified or remembered. */
function checkBounds(list: {
  readonly invocation: VerifiedInvocation
  readonly proofs: readonly Uint8Array[]
  readonly now: number
}): DenialCause | undefined {
  const { invocation, proofs, now } = list
  if (proofs.length > MAX_LIST_PROOFS) {
    const details = { what: 'the number of delegations', actual: proofs.length, limit: MAX_LIST_PROOFS }
    return denial('CAPABILITY_LIMIT', { details, path: 'proofs' })
  }
  const { expiresS } = invocation
  if (expiresS !== null && expiresS <= now + MAX_INVOCATION_LIFETIME_S + LEEWAY_S) return undefined
  return denial('CAPABILITY_LIFETIME', { details: { limitS: MAX_INVOCATION_LIFETIME_S }, path: 'invocation' })
}

/** Proofs arrive as chains one after the other, each root first: a new one begins where the executor is the issuer. */
function splitChains(proofs: readonly Uint8Array[], agent: Executor['agent']): readonly (readonly Uint8Array[])[] {
  const chains: Uint8Array[][] = []
  for (const proof of proofs) {
    const issuer = issuerOf(proof, agent)
    const isRoot = issuer !== undefined && agent.identities.isSame(issuer, agent.did)
    const last = chains.at(-1)
    if (isRoot || last === undefined) chains.push([proof])
    else last.push(proof)
  }
  return chains
}

function issuerOf(proof: Uint8Array, { kernel }: Executor['agent']): Did | undefined {
  try {
    return openDelegation(proof, { kernel }).issuer
  } catch {
    return undefined
  }
}

function refused(code: ErrorCode, invocation?: VerifiedInvocation): ListJudgement {
  return refusedBy(denial(code), invocation)
}

function refusedBy(cause: DenialCause, invocation?: VerifiedInvocation): ListJudgement {
  const root = denial('CAPABILITY_DENIED', { causes: [cause] })
  return invocation === undefined ? { outcome: 'deny', cause: root } : { outcome: 'deny', cause: root, invocation }
}
