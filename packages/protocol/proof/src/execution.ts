/** Execution: what became of the call, signed and in the executor's log (spec 12-proof-bundle, clause 12.7). */
import type { AuditEntryKind } from '@talos/audit'
import { fromBase64url } from '@talos/bytes'
import { type Outcome, type ReadReceipt, readReceipt, receiptOfRead, type VerifiedReceipt } from '@talos/capability'
import type { ProofBundleExecution } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import { keysOfLogs, standingAt } from './histories.ts'
import type { OpenedIdentities, VerifiedIdentities } from './identity.ts'
import { proveInclusion, type ReadInclusion, readInclusion, signedInclusion, type VerifiedEntry } from './inclusion.ts'
import { CLOCK_TOLERANCE_S, latestMs, namesCapability, type VerifiedIntent } from './intent.ts'

export interface ReadExecution {
  readonly receipt: ReadReceipt
  readonly inclusion: ReadInclusion
  readonly invoked: ReadInclusion | undefined
}

export interface OpenedExecution {
  readonly receipt: VerifiedReceipt
  readonly inclusion: ReadInclusion
  readonly invoked: ReadInclusion | undefined
}

export interface VerifiedExecution {
  readonly receipt: VerifiedReceipt
  readonly entry: VerifiedEntry
  /** The executor's entry of the call's beginning, where the bundle shows it. */
  readonly invoked: VerifiedEntry | undefined
}

interface PartContext {
  readonly checks: Checks
  readonly kernel: Kernel
}

const NAMES = {
  name: 'execution',
  codes: { entry: 'PROOF_EXECUTION_ENTRY', inclusion: 'PROOF_EXECUTION_INCLUSION' },
} as const
const INVOKED_NAMES = {
  name: 'execution.invoked',
  codes: { entry: 'PROOF_EXECUTION_INVOKED', inclusion: 'PROOF_EXECUTION_INVOKED' },
} as const

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

/** The structural layer. */
export function readExecution(
  { receipt, inclusion, invoked }: ProofBundleExecution,
  { checks, envelopes }: { readonly checks: Checks; readonly envelopes: Envelopes },
): ReadExecution {
  const read = checks.ask('execution.receipt', 'PROOF_EXECUTION_RECEIPT', () => {
    const taken = readReceipt(fromBase64url(receipt))
    envelopes.take(taken.envelope)
    return taken
  })
  return {
    receipt: read,
    inclusion: readInclusion(inclusion, { checks, ...NAMES }),
    invoked: invoked === undefined ? undefined : readInclusion(invoked, { checks, ...INVOKED_NAMES }),
  }
}

/** The cryptographic layer. */
export function openExecution(
  { receipt, inclusion, invoked }: ReadExecution,
  context: PartContext & { readonly envelopes: Envelopes; readonly identities: OpenedIdentities },
): OpenedExecution {
  const { checks, envelopes, kernel, identities } = context
  const { logKey } = identities.executor
  const opened = checks.ask('execution.receipt.signature', 'PROOF_EXECUTION_RECEIPT', () =>
    receiptOfRead(receipt, { opened: envelopes.verified(receipt.envelope), kernel }),
  )
  signedInclusion(inclusion, { checks, kernel, ...NAMES, logKey })
  // The very same note needs no second look; another one is refused in the next layer, and has to be good before.
  const isAnother = invoked !== undefined && invoked.head.note !== inclusion.head.note
  if (isAnother) signedInclusion(invoked, { checks, kernel, ...INVOKED_NAMES, logKey })
  return { receipt: opened, inclusion, invoked }
}

/** The chain layer. */
export function proveExecution(opened: OpenedExecution, context: PartContext): VerifiedExecution {
  const { checks, kernel } = context
  const { receipt } = opened
  const entry = proveInclusion(opened.inclusion, { checks, kernel, ...NAMES })
  if (opened.invoked === undefined) return { receipt, entry, invoked: undefined }
  return { receipt, entry, invoked: proveInclusion(opened.invoked, { checks, kernel, ...INVOKED_NAMES }) }
}

export interface JudgeContext {
  readonly checks: Checks
  readonly identities: VerifiedIdentities
  readonly intent: VerifiedIntent
  readonly nowS: number
}

/** The semantic layer. */
export function judgeExecution(proven: VerifiedExecution, context: JudgeContext): VerifiedExecution {
  const { checks, identities, intent, nowS } = context
  const { receipt, entry, invoked } = proven
  checks.ask('execution.parties', 'PROOF_EXECUTION_PARTIES', () => {
    const code = 'PROOF_EXECUTION_PARTIES'
    demand(receipt.issuer === identities.executor.did, code, { reason: 'the executor did not sign it' })
    demand(receipt.invocation.equals(intent.call.cid), code, { reason: 'it answers another invocation' })
  })
  checks.ask('execution.key', 'PROOF_EXECUTION_PARTIES', () => {
    const key = keysOfLogs(identities.histories).get(receipt.issuer)
    const standing = standingAt(key, { atMs: receipt.atMs, toleranceMs: CLOCK_TOLERANCE_S * 1000 })
    const reason = `the key that signed it was ${standing}`
    demand(standing === 'current', 'PROOF_EXECUTION_PARTIES', { reason })
  })
  checks.ask('execution.record', 'PROOF_EXECUTION_MISMATCH', () => checkRecord(entry, { receipt, context }))
  checks.ask('execution.time', 'PROOF_EXECUTION_TIME', () => checkTimes({ receipt, entry, intent, nowS }))
  if (invoked !== undefined) {
    checks.ask('execution.invoked.record', 'PROOF_EXECUTION_INVOKED', () =>
      checkInvoked(invoked, { receipt, result: entry, context }),
    )
  }
  if (intent.call.invocation === undefined) {
    checks.ask('execution.agreement', 'PROOF_EXECUTION_DISAGREES', () => checkAgreement(proven, intent))
  }
  return proven
}

/**
 * Without the invocation, that both sides mean one call is seen by what both committed to (12.17). Of a call that was executed
 * the executor's entry of its beginning says so; without that entry nothing does, and it is asked for.
 */
function checkAgreement({ receipt, entry, invoked }: VerifiedExecution, { entry: intent }: VerifiedIntent): void {
  const isExecuted = wasExecuted(receipt.outcome)
  const said = isExecuted ? invoked?.entry : entry.entry
  if (said === undefined) return
  const demandMember = (member: string, condition: boolean) =>
    demand(condition, 'PROOF_EXECUTION_DISAGREES', { member })
  const [own, other] = [{ ...intent.entry.commit }, { ...said.commit }]
  // An entry of a refusal names no capability, and a writer that records little commits to no parts.
  demandMember('cap', !isExecuted || said.cap === intent.entry.cap)
  demandMember('params', own.params === other.params)
  const isSilent = own.arguments === undefined || other.arguments === undefined
  demandMember('arguments', isSilent || own.arguments === other.arguments)
}

/** The executor's entry says what receipt and invocation say. */
function checkRecord(
  { entry }: VerifiedEntry,
  { receipt, context }: { readonly receipt: VerifiedReceipt; readonly context: JudgeContext },
): void {
  const { identities, intent } = context
  const demandMember = (member: string, condition: boolean) => demand(condition, 'PROOF_EXECUTION_MISMATCH', { member })
  const { outcome, denial } = receipt
  demandMember('kind', RECORDED_AS[outcome].includes(entry.kind))
  demandMember('agent', entry.agent === identities.executor.logDid)
  demandMember('peer', entry.peer === identities.agent.did)
  demandMember('tool', entry.tool === intent.call.command)
  demandMember('ref', entry.ref === receipt.cid.toString())
  demandMember('cap', namesCapability(entry.cap, intent.call))
  // 10.3 has seen to it that a denial has its decision and reason, and that nothing else has the decision deny.
  demandMember('reason', wasExecuted(outcome) || denial.includes(String(entry.reason)))
}

function checkTimes(given: {
  readonly receipt: VerifiedReceipt
  readonly entry: VerifiedEntry
  readonly intent: VerifiedIntent
  readonly nowS: number
}): void {
  const { receipt, entry, intent, nowS } = given
  const code = 'PROOF_EXECUTION_TIME'
  const toleranceMs = CLOCK_TOLERANCE_S * 1000
  const early = 'the receipt is older than the invocation'
  demand(receipt.atMs >= intent.issuedAtS * 1000 - toleranceMs, code, { reason: early })
  demand(entry.entry.ts >= receipt.atMs - toleranceMs, code, { reason: 'the receipt was logged before it was signed' })
  demand(receipt.atMs <= latestMs(nowS), code, { reason: 'the receipt is from the future' })
  demand(entry.entry.ts <= latestMs(nowS), code, { reason: 'its entry is from the future' })
}

/** The beginning stands in the same signed tree as the result, which names it as its cause. */
function checkInvoked(
  invoked: VerifiedEntry,
  {
    receipt,
    result,
    context,
  }: { readonly receipt: VerifiedReceipt; readonly result: VerifiedEntry; readonly context: JudgeContext },
): void {
  const { identities, intent } = context
  const { entry } = invoked
  const demandThat = (reason: string, condition: boolean) => demand(condition, 'PROOF_EXECUTION_INVOKED', { reason })
  demandThat('it stands in another checkpoint', invoked.checkpoint === result.checkpoint)
  demandThat('the outcome names another cause', invoked.leafHash === result.entry.cause)
  demandThat('it is of another kind', entry.kind === 'tool.invoke')
  demandThat('it is by another agent', entry.agent === identities.executor.logDid)
  demandThat('it names another peer', entry.peer === identities.agent.did)
  demandThat('it names another tool', entry.tool === intent.call.command)
  demandThat('it names another invocation', entry.ref === intent.call.cid.toString())
  demandThat('it names another capability', namesCapability(entry.cap, intent.call))
  demandThat('it is older than the invocation', entry.ts >= (intent.issuedAtS - CLOCK_TOLERANCE_S) * 1000)
  const { expiresS } = intent.call
  const isInTime = expiresS === null || entry.ts <= (expiresS + CLOCK_TOLERANCE_S + 1) * 1000
  demandThat('the invocation had ended', isInTime)
  demandThat('it is later than the receipt', entry.ts <= receipt.atMs + CLOCK_TOLERANCE_S * 1000)
}
