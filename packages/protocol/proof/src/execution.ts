/** Layer 4, execution: what became of the call, signed and in the executor's log (spec 12-proof-bundle, clause 12.7). */
import type { AuditEntryKind } from '@talos/audit'
import { fromBase64url } from '@talos/bytes'
import { type Outcome, openReceipt, type VerifiedReceipt } from '@talos/capability'
import type { ProofBundleExecution, ProofBundleInclusion } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { VerifiedIdentities } from './identity.ts'
import { checkInclusion, type VerifiedEntry } from './inclusion.ts'
import { CLOCK_TOLERANCE_S, namesCapability, type VerifiedIntent } from './intent.ts'

export interface VerifiedExecution {
  readonly receipt: VerifiedReceipt
  readonly entry: VerifiedEntry
  /** The executor's entry of the call's beginning, where the bundle shows it. */
  readonly invoked: VerifiedEntry | undefined
}

export interface ExecutionContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly identities: VerifiedIdentities
  readonly intent: VerifiedIntent
}

/** How each outcome is recorded. A call that was referred has no outcome of its own yet, so no kind fits. */
const RECORDED_AS: Readonly<Record<Outcome, readonly AuditEntryKind[]>> = {
  allow: ['tool.result'],
  error: ['tool.result', 'tool.lost'],
  deny: ['tool.deny'],
  refer: ['tool.deny'],
}

/** A call that was refused, or that waits for approvals, reached no tool. */
export function wasExecuted(outcome: Outcome): boolean {
  return outcome !== 'deny' && outcome !== 'refer'
}

export function checkExecution(execution: ProofBundleExecution, context: ExecutionContext): VerifiedExecution {
  const { checks, kernel, identities, intent } = context
  const receipt = checks.ask('execution.receipt', 'PROOF_EXECUTION_RECEIPT', () =>
    openReceipt(fromBase64url(execution.receipt), { kernel }),
  )
  checks.ask('execution.parties', 'PROOF_EXECUTION_PARTIES', () => {
    const code = 'PROOF_EXECUTION_PARTIES'
    demand(receipt.issuer === identities.executor.did, code, { reason: 'the executor did not sign it' })
    demand(receipt.invocation.equals(intent.invocation.cid), code, { reason: 'it answers another invocation' })
  })
  const codes = { entry: 'PROOF_EXECUTION_ENTRY', inclusion: 'PROOF_EXECUTION_INCLUSION' } as const
  const { logKey } = identities.executor
  const entry = checkInclusion(execution.inclusion, { checks, kernel, logKey, name: 'execution', codes })
  checks.ask('execution.record', 'PROOF_EXECUTION_MISMATCH', () => checkRecord(entry, { receipt, context }))
  checks.ask('execution.time', 'PROOF_EXECUTION_TIME', () => checkTimes({ receipt, entry, intent }))
  const invoked =
    execution.invoked === undefined ? undefined : checkInvoked(execution.invoked, { result: entry, context })
  return { receipt, entry, invoked }
}

/** The executor's entry says what receipt and invocation say. */
function checkRecord(
  { entry }: VerifiedEntry,
  { receipt, context }: { readonly receipt: VerifiedReceipt; readonly context: ExecutionContext },
): void {
  const { identities, intent } = context
  const demandMember = (member: string, condition: boolean) => demand(condition, 'PROOF_EXECUTION_MISMATCH', { member })
  const { outcome, denial } = receipt
  demandMember('kind', RECORDED_AS[outcome].includes(entry.kind))
  demandMember('agent', entry.agent === identities.executor.logDid)
  demandMember('peer', entry.peer === identities.agent.did)
  demandMember('tool', entry.tool === intent.invocation.command)
  demandMember('ref', entry.ref === receipt.cid.toString())
  demandMember('cap', namesCapability(entry.cap, intent.invocation))
  // 10.3 has seen to it that a denial has its decision and reason, and that nothing else has the decision deny.
  demandMember('reason', wasExecuted(outcome) || denial.includes(String(entry.reason)))
}

function checkTimes(given: {
  readonly receipt: VerifiedReceipt
  readonly entry: VerifiedEntry
  readonly intent: VerifiedIntent
}): void {
  const { receipt, entry, intent } = given
  const code = 'PROOF_EXECUTION_TIME'
  const toleranceMs = CLOCK_TOLERANCE_S * 1000
  const early = 'the receipt is older than the invocation'
  demand(receipt.atMs >= intent.issuedAtS * 1000 - toleranceMs, code, { reason: early })
  demand(entry.entry.ts >= receipt.atMs - toleranceMs, code, { reason: 'the receipt was logged before it was signed' })
}

/** The beginning stands in the same signed tree as the result, which names it as its cause. */
function checkInvoked(
  inclusion: ProofBundleInclusion,
  { result, context }: { readonly result: VerifiedEntry; readonly context: ExecutionContext },
): VerifiedEntry {
  const { checks, kernel, identities, intent } = context
  const code = 'PROOF_EXECUTION_INVOKED'
  const codes = { entry: code, inclusion: code } as const
  const { logKey } = identities.executor
  const invoked = checkInclusion(inclusion, { checks, kernel, logKey, name: 'execution.invoked', codes })
  checks.ask('execution.invoked.record', code, () => {
    const { entry } = invoked
    const demandThat = (reason: string, condition: boolean) => demand(condition, code, { reason })
    demandThat('it stands in another checkpoint', invoked.checkpoint === result.checkpoint)
    demandThat('the outcome names another cause', invoked.leafHash === result.entry.cause)
    demandThat('it is of another kind', entry.kind === 'tool.invoke')
    demandThat('it is by another agent', entry.agent === identities.executor.logDid)
    demandThat('it names another peer', entry.peer === identities.agent.did)
    demandThat('it names another tool', entry.tool === intent.invocation.command)
    demandThat('it names another invocation', entry.ref === intent.invocation.cid.toString())
    demandThat('it names another capability', namesCapability(entry.cap, intent.invocation))
    demandThat('it is older than the invocation', entry.ts >= (intent.issuedAtS - CLOCK_TOLERANCE_S) * 1000)
    const { expiresS } = intent.invocation
    const isInTime = expiresS === null || entry.ts <= (expiresS + CLOCK_TOLERANCE_S + 1) * 1000
    demandThat('the invocation had ended', isInTime)
  })
  return invoked
}
