/** Intent: what the agent asked for, signed and in its log (spec 12-proof-bundle, clause 12.6). */
import { INVOCATION_ENVELOPE, invocationOf, MAX_LEEWAY_S, type VerifiedInvocation } from '@talos/capability'
import type { ProofBundleIntent } from '@talos/contracts'
import type { ReadEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import type { OpenedIdentities, VerifiedIdentities } from './identity.ts'
import { proveInclusion, type ReadInclusion, readInclusion, signedInclusion, type VerifiedEntry } from './inclusion.ts'

/** How far the clocks of the two sides and the verifier may differ: as much as the most tolerant executor allows. */
export const CLOCK_TOLERANCE_S = MAX_LEEWAY_S

export interface ReadIntent {
  readonly invocation: ReadEnvelope
  readonly inclusion: ReadInclusion
}

export interface OpenedIntent {
  readonly invocation: VerifiedInvocation
  readonly inclusion: ReadInclusion
}

export interface ProvenIntent {
  readonly invocation: VerifiedInvocation
  readonly entry: VerifiedEntry
}

export interface VerifiedIntent extends ProvenIntent {
  /** When the agent says that it signed. */
  readonly issuedAtS: number
}

const NAMES = {
  name: 'intent',
  codes: { entry: 'PROOF_INTENT_ENTRY', inclusion: 'PROOF_INTENT_INCLUSION' },
} as const

interface PartContext {
  readonly checks: Checks
  readonly kernel: Kernel
}

/** The structural layer. */
export function readIntent(
  { invocation, inclusion }: ProofBundleIntent,
  { checks, envelopes }: { readonly checks: Checks; readonly envelopes: Envelopes },
): ReadIntent {
  const envelope = checks.ask('intent.invocation', 'PROOF_INTENT_INVOCATION', () =>
    envelopes.read(invocation, INVOCATION_ENVELOPE),
  )
  return { invocation: envelope, inclusion: readInclusion(inclusion, { checks, ...NAMES }) }
}

/** The cryptographic layer. */
export function openIntent(
  { invocation, inclusion }: ReadIntent,
  context: PartContext & { readonly envelopes: Envelopes; readonly identities: OpenedIdentities },
): OpenedIntent {
  const { checks, envelopes, kernel, identities } = context
  const opened = checks.ask('intent.invocation.signature', 'PROOF_INTENT_INVOCATION', () =>
    invocationOf(envelopes.verified(invocation)),
  )
  signedInclusion(inclusion, { checks, kernel, ...NAMES, logKey: identities.agent.logKey })
  return { invocation: opened, inclusion }
}

/** The chain layer. */
export function proveIntent({ invocation, inclusion }: OpenedIntent, { checks, kernel }: PartContext): ProvenIntent {
  return { invocation, entry: proveInclusion(inclusion, { checks, kernel, ...NAMES }) }
}

/** The semantic layer. */
export function judgeIntent(
  { invocation, entry }: ProvenIntent,
  context: { readonly checks: Checks; readonly identities: VerifiedIdentities; readonly nowS: number },
): VerifiedIntent {
  const { checks, identities, nowS } = context
  const { agent, executor } = identities
  checks.ask('intent.parties', 'PROOF_INTENT_PARTIES', () => {
    const code = 'PROOF_INTENT_PARTIES'
    demand(invocation.issuer === agent.did, code, { reason: 'the agent did not sign it' })
    demand(invocation.audience === executor.did, code, { reason: 'it is addressed to somebody else' })
  })
  const issuedAtS = checks.ask('intent.time', 'PROOF_INTENT_TIME', () => checkTime(invocation, nowS))
  checks.ask('intent.record', 'PROOF_INTENT_MISMATCH', () => checkRecord(entry, { invocation, identities }))
  checks.ask('intent.recordTime', 'PROOF_INTENT_TIME', () => {
    const { ts } = entry.entry
    const early = 'it was logged before it was signed'
    demand(ts >= (issuedAtS - CLOCK_TOLERANCE_S) * 1000, 'PROOF_INTENT_TIME', { reason: early })
    demand(ts <= latestMs(nowS), 'PROOF_INTENT_TIME', { reason: 'its entry is from the future' })
  })
  return { invocation, issuedAtS, entry }
}

/** What is later is from the future, by a verifier's time. */
export function latestMs(nowS: number): number {
  return (nowS + CLOCK_TOLERANCE_S) * 1000
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
