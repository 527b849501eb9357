/** The calls of this agent of which there is, or can be, a proof for others (spec 12-proof-bundle, clause 12.11). */
import type { Cid } from '@talos/bytes'
import { type Outcome, openInvocation, openReceipt } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { Agent } from '../agent.ts'
import { isListCommand } from '../execution/listing.ts'

/** Calls that are looked through for one list; older ones are found by a filter on time alone. */
const MAX_LOOKED_AT = 100_000
export const MAX_CALLS = 1_000

/** What narrows a list of calls; all of it together. */
export interface CallFilter {
  /** The executor, by any of its keys. */
  readonly peer?: Did
  readonly command?: string
  /** CID of a delegation of the chain. */
  readonly capability?: string
  readonly outcome?: Outcome
  readonly sinceMs?: number
  readonly untilMs?: number
  /** 1 to {@link MAX_CALLS}; that many when absent. */
  readonly limit?: number
}

/** A call that can be proven. */
export interface ProvableCall {
  /** CID. */
  readonly invocation: string
  readonly peer: Did
  readonly command: string
  /** CIDs from the root to the caller. */
  readonly capabilities: readonly string[]
  readonly outcome: Outcome
  readonly decidedAtMs: number
  /** Whether the executor's part is here: then the proof is made without it. */
  readonly isWhole: boolean
}

/** The newest calls that a filter lets through, newest first. @throws TalosError store codes */
export function provableCalls(filter: CallFilter, agent: Agent): readonly ProvableCall[] {
  const { limit = MAX_CALLS } = filter
  const calls: ProvableCall[] = []
  for (const cid of agent.database.evidence.holding('caller.invoke', MAX_LOOKED_AT)) {
    const call = callOf(cid, agent)
    if (call === undefined || !isMeant(call, filter, agent)) continue
    calls.push(call)
    if (calls.length >= Math.min(limit, MAX_CALLS)) break
  }
  return calls
}

/** Undefined for lists, for calls that only a session proves, and for those without a receipt. */
function callOf(cid: Cid, { database, kernel }: Agent): ProvableCall | undefined {
  const { evidence } = database
  const bytesOf = (name: string) => evidence.get(cid, name)?.bytes
  const [invocation, receipt] = [bytesOf('invocation'), bytesOf('receipt')]
  if (invocation === undefined || receipt === undefined) return undefined
  const { audience: peer, command, proofs } = openInvocation(invocation, { kernel })
  if (isListCommand(command)) return undefined
  const { outcome, atMs: decidedAtMs } = openReceipt(receipt, { kernel })
  const isWhole = bytesOf('executor.answer') !== undefined
  return { invocation: cid.toString(), peer, command, capabilities: proofs.map(String), outcome, decidedAtMs, isWhole }
}

function isMeant(call: ProvableCall, filter: CallFilter, { identities }: Agent): boolean {
  const { peer, command, capability, outcome, sinceMs, untilMs } = filter
  return (
    (peer === undefined || identities.isSame(peer, call.peer)) &&
    (command === undefined || command === call.command) &&
    (capability === undefined || call.capabilities.includes(capability)) &&
    (outcome === undefined || outcome === call.outcome) &&
    (sinceMs === undefined || call.decidedAtMs >= sinceMs) &&
    (untilMs === undefined || call.decidedAtMs < untilMs)
  )
}
