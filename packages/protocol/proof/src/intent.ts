/** Layer 3, intent: what the agent asked for, signed and in its log (spec 12-proof-bundle, clause 12.6). */
import { fromBase64url } from '@talos/bytes'
import { MAX_LEEWAY_S, openInvocation, type VerifiedInvocation } from '@talos/capability'
import type { ProofBundleIntent } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { VerifiedIdentities } from './identity.ts'
import { checkInclusion, type VerifiedEntry } from './inclusion.ts'

/** How far the clocks of the two sides and the verifier may differ: as much as the most tolerant executor allows. */
export const CLOCK_TOLERANCE_S = MAX_LEEWAY_S

export interface VerifiedIntent {
  readonly invocation: VerifiedInvocation
  /** When the agent says that it signed. */
  readonly issuedAtS: number
  readonly entry: VerifiedEntry
}

export interface IntentContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly identities: VerifiedIdentities
  readonly nowS: number
}

export function checkIntent(intent: ProofBundleIntent, context: IntentContext): VerifiedIntent {
  const { checks, kernel, identities, nowS } = context
  const { agent, executor } = identities
  const invocation = checks.ask('intent.invocation', 'PROOF_INTENT_INVOCATION', () =>
    openInvocation(fromBase64url(intent.invocation), { kernel }),
  )
  checks.ask('intent.parties', 'PROOF_INTENT_PARTIES', () => {
    const code = 'PROOF_INTENT_PARTIES'
    demand(invocation.issuer === agent.did, code, { reason: 'the agent did not sign it' })
    demand(invocation.audience === executor.did, code, { reason: 'it is addressed to somebody else' })
  })
  const issuedAtS = checks.ask('intent.time', 'PROOF_INTENT_TIME', () => checkTime(invocation, nowS))
  const codes = { entry: 'PROOF_INTENT_ENTRY', inclusion: 'PROOF_INTENT_INCLUSION' } as const
  const context_ = { checks, kernel, logKey: agent.logKey, name: 'intent', codes }
  const entry = checkInclusion(intent.inclusion, context_)
  checks.ask('intent.record', 'PROOF_INTENT_MISMATCH', () => checkRecord(entry, { invocation, identities }))
  checks.ask('intent.recordTime', 'PROOF_INTENT_TIME', () => {
    const reason = 'it was logged before it was signed'
    demand(entry.entry.ts >= (issuedAtS - CLOCK_TOLERANCE_S) * 1000, 'PROOF_INTENT_TIME', { reason })
  })
  return { invocation, issuedAtS, entry }
}

function checkTime({ issuedAtS, expiresS }: VerifiedInvocation, nowS: number): number {
  const code = 'PROOF_INTENT_TIME'
  demand(issuedAtS !== undefined, code, { reason: 'the invocation does not say when it was signed' })
  demand(expiresS === null || issuedAtS <= expiresS, code, { reason: 'the invocation ended before it was signed' })
  demand(issuedAtS <= nowS + CLOCK_TOLERANCE_S, code, { reason: 'the invocation is from the future' })
  return issuedAtS
}

/** The agent's entry says what the invocation says. */
function checkRecord(
  { entry }: VerifiedEntry,
  { invocation, identities }: { readonly invocation: VerifiedInvocation; readonly identities: VerifiedIdentities },
): void {
  const demandMember = (member: string, condition: boolean) => demand(condition, 'PROOF_INTENT_MISMATCH', { member })
  demandMember('kind', entry.kind === 'tool.invoke')
  demandMember('agent', entry.agent === identities.agent.logDid)
  demandMember('peer', entry.peer === identities.executor.did)
  demandMember('tool', entry.tool === invocation.command)
  demandMember('ref', entry.ref === invocation.cid.toString())
  demandMember('cap', namesCapability(entry.cap, invocation))
}

/** An entry may leave the capability out; where it names one, it is the caller's own: the last link. */
export function namesCapability(cap: string | undefined, { proofs }: VerifiedInvocation): boolean {
  return cap === undefined || cap === proofs.at(-1)?.toString()
}
