/** Intent: what the agent asked for, signed and in its log (spec 12-proof-bundle, clause 12.6). */
import { INVOCATION_ENVELOPE, invocationOf, MAX_LEEWAY_S, type VerifiedInvocation } from '@talos/capability'
import type { ProofBundleInclusion, ProofBundleIntent } from '@talos/contracts'
import type { ReadEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type Asked, type AskedCall, invokedCall, recordedCall, referenceIn } from './asked.ts'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import type { OpenedIdentities, VerifiedIdentities } from './identity.ts'
import { proveInclusion, type ReadInclusion, readInclusion, signedInclusion, type VerifiedEntry } from './inclusion.ts'

/** How far the clocks of the two sides and the verifier may differ: as much as the most tolerant executor allows. */
export const CLOCK_TOLERANCE_S = MAX_LEEWAY_S

export type ReadIntent = Asked<ReadEnvelope> & { readonly inclusion: ReadInclusion }

export type OpenedIntent = Asked<VerifiedInvocation> & { readonly inclusion: ReadInclusion }

export type ProvenIntent = Asked<VerifiedInvocation> & { readonly entry: VerifiedEntry }

export interface VerifiedIntent {
  readonly call: AskedCall
  /** When the agent says that it signed; where the invocation is hidden, when it wrote that down. */
  readonly issuedAtS: number
  readonly entry: VerifiedEntry
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
  { invocation, contents, inclusion }: ProofBundleIntent,
  { checks, envelopes }: { readonly checks: Checks; readonly envelopes: Envelopes },
): ReadIntent {
  if (invocation === undefined || contents !== undefined) {
    checks.ask('intent.form', 'PROOF_INTENT_FORM', () => {
      const isHidden = invocation === undefined && contents !== undefined
      demand(isHidden, 'PROOF_INTENT_FORM', { reason: 'it does not have exactly one of invocation and contents' })
    })
    return readHidden(inclusion, checks)
  }
  const envelope = checks.ask('intent.invocation', 'PROOF_INTENT_INVOCATION', () =>
    envelopes.read(invocation, INVOCATION_ENVELOPE),
  )
  return { invocation: envelope, inclusion: readInclusion(inclusion, { checks, ...NAMES }) }
}

/** An entry without the invocation that it records. */
function readHidden(given: ProofBundleInclusion, checks: Checks): ReadIntent {
  const inclusion = readInclusion(given, { checks, ...NAMES })
  const reference = checks.ask('intent.reference', 'PROOF_INTENT_UNBOUND', () => referenceIn(inclusion.entry))
  return { reference, inclusion }
}

/** The cryptographic layer. */
export function openIntent(
  { invocation, reference, inclusion }: ReadIntent,
  context: PartContext & { readonly envelopes: Envelopes; readonly identities: OpenedIdentities },
): OpenedIntent {
  const { checks, envelopes, kernel, identities } = context
  const open = (read: ReadEnvelope) => () => invocationOf(envelopes.verified(read))
  const asked =
    invocation === undefined
      ? { reference }
      : { invocation: checks.ask('intent.invocation.signature', 'PROOF_INTENT_INVOCATION', open(invocation)) }
  signedInclusion(inclusion, { checks, kernel, ...NAMES, logKey: identities.agent.logKey })
  return { ...asked, inclusion }
}

/** The chain layer. */
export function proveIntent({ inclusion, ...asked }: OpenedIntent, { checks, kernel }: PartContext): ProvenIntent {
  return { ...asked, entry: proveInclusion(inclusion, { checks, kernel, ...NAMES }) }
}

/** When the call was asked for, by the agent's word; an invocation that says nothing of it is refused later. */
export function askedAtS({ invocation, entry }: ProvenIntent): number {
  return invocation === undefined ? Math.floor(entry.entry.ts / 1000) : (invocation.issuedAtS ?? 0)
}

interface JudgeContext {
  readonly checks: Checks
  readonly identities: VerifiedIdentities
  readonly nowS: number
}

/** The semantic layer. */
export function judgeIntent(proven: ProvenIntent, context: JudgeContext): VerifiedIntent {
  const { checks, identities, nowS } = context
  const { invocation, reference, entry } = proven
  const signed = invocation && judgeInvocation(invocation, context)
  const call = invocation === undefined ? recordedCall(reference, identities) : invokedCall(invocation)
  const issuedAtS = signed ?? askedAtS(proven)
  checks.ask('intent.record', 'PROOF_INTENT_MISMATCH', () => checkRecord(entry, { call, identities }))
  checks.ask('intent.recordTime', 'PROOF_INTENT_TIME', () => {
    const { ts } = entry.entry
    const early = 'it was logged before it was signed'
    demand(ts >= (issuedAtS - CLOCK_TOLERANCE_S) * 1000, 'PROOF_INTENT_TIME', { reason: early })
    demand(ts <= latestMs(nowS), 'PROOF_INTENT_TIME', { reason: 'its entry is from the future' })
  })
  return { call, issuedAtS, entry }
}

/** @returns when the agent says that it signed */
function judgeInvocation(invocation: VerifiedInvocation, { checks, identities, nowS }: JudgeContext): number {
  const { agent, executor } = identities
  checks.ask('intent.parties', 'PROOF_INTENT_PARTIES', () => {
    const code = 'PROOF_INTENT_PARTIES'
    demand(invocation.issuer === agent.did, code, { reason: 'the agent did not sign it' })
    demand(invocation.audience === executor.did, code, { reason: 'it is addressed to somebody else' })
  })
  return checks.ask('intent.time', 'PROOF_INTENT_TIME', () => checkTime(invocation, nowS))
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

/** The agent's entry says what the invocation says; where that is hidden, it is a call between the two sides. */
function checkRecord(
  { entry }: VerifiedEntry,
  { call, identities }: { readonly call: AskedCall; readonly identities: VerifiedIdentities },
): void {
  const demandMember = (member: string, condition: boolean) => demand(condition, 'PROOF_INTENT_MISMATCH', { member })
  demandMember('kind', entry.kind === 'tool.invoke')
  demandMember('agent', entry.agent === identities.agent.logDid)
  demandMember('peer', entry.peer === identities.executor.did)
  demandMember('tool', entry.tool === call.command)
  demandMember('ref', entry.ref === call.cid.toString())
  demandMember('cap', namesCapability(entry.cap, call))
}

/** An entry may leave the capability out; where it names one, it is the caller's own: the last link. */
export function namesCapability(cap: string | undefined, call: AskedCall): boolean {
  return cap === undefined || cap === call.cap
}
