/**
 * Whether a call has the approvals that it needs (spec 19-approval, clauses 19.4 and 19.5).
 *
 * What does not count is told for the executor's log and otherwise ignored: a caller loses nothing by an approval too many, and
 * gains nothing.
 */
import { equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import type { ErrorCode, ErrorDetails } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { type DenialCause, denial, denialOf } from '../denial.ts'
import { type IdentityView, TEXTUAL_IDENTITIES } from '../identity-view.ts'
import type { ApprovalTerms } from '../requirements.ts'
import { openApproval, type VerifiedApproval } from './approval.ts'

/** Approvals sent along with one call, at most: each is a signature to check. */
export const MAX_APPROVALS = 32

/** An approval that came with a call: opened, or why it could not be. */
export type ReceivedApproval =
  | { readonly approval: VerifiedApproval; readonly error?: never }
  | { readonly approval?: never; readonly error: DenialCause }

export interface CheckApprovalsOptions {
  /** As {@link receiveApprovals} returned them. */
  readonly approvals: readonly ReceivedApproval[]
  readonly terms: ApprovalTerms
  /** Whose terms they are, for the cause: `the tool`, `delegation 1`. */
  readonly what: string
  /** 32 bytes, by `callDigest`, of the call that came. */
  readonly digest: Uint8Array
  /** Who makes the call; never counts as an approver of it. */
  readonly caller: Did
  /** By the executor's clock. */
  readonly nowS: number
  /** Seconds that clocks may differ by, either way. */
  readonly leewayS: number
  /** Whether an approval was used by a call before. */
  readonly used: (approval: VerifiedApproval) => boolean
  /** Which keys are one agent; every DID for itself unless given. */
  readonly identities?: IdentityView
}

export type ApprovalVerdict =
  /** The first `m` that count, in the order in which they came: these are to be recorded as used. */
  | { readonly met: true; readonly counted: readonly VerifiedApproval[] }
  /** How many are missing, whose of them would do, and the tree of causes `CAPABILITY_APPROVAL`. */
  | { readonly met: false; readonly missing: number; readonly askable: readonly Did[]; readonly cause: DenialCause }

/**
 * Opens the approvals of a call.
 *
 * @param approvals {@link MAX_APPROVALS} at most, which the caller has checked
 */
export function receiveApprovals(
  approvals: readonly Uint8Array[],
  { kernel }: { readonly kernel: Kernel },
): readonly ReceivedApproval[] {
  return approvals.map((bytes) => {
    try {
      return { approval: openApproval(bytes, { kernel }) }
    } catch (error) {
      return { error: denialOf(error) }
    }
  })
}

/** Whether `terms` are met by the approvals that came. Records nothing. */
export function checkApprovals(options: CheckApprovalsOptions): ApprovalVerdict {
  const { approvals, terms, what } = options
  const asked = new Asked(options)
  const counted: VerifiedApproval[] = []
  const causes: DenialCause[] = []
  for (const [index, { approval, error }] of approvals.entries()) {
    if (counted.length === terms.m) break
    if (error !== undefined) {
      causes.push(denial('APPROVAL_UNREADABLE', { details: { index }, path: pathOf(index), causes: [error] }))
      continue
    }
    const problem = problemOf(approval, { options, asked })
    if (problem === undefined) counted.push(asked.take(approval))
    else causes.push(denial(problem.code, { details: { index, ...problem.details }, path: pathOf(index) }))
  }
  const missing = terms.m - counted.length
  if (missing === 0) return { met: true, counted }
  const { askable } = asked
  const absent = askable.map((approver) => denial('APPROVAL_MISSING', { details: { approver } }))
  const details = { what, needed: terms.m, given: counted.length }
  const cause = denial('CAPABILITY_APPROVAL', { details, causes: [...causes, ...absent] })
  return { met: false, missing, askable, cause }
}

/** Those whose approval would count, by the one name of each. */
class Asked {
  readonly #identities: IdentityView
  readonly #caller: Did
  /** Every approver but the caller. */
  readonly #named: ReadonlySet<Did>
  readonly #open: Map<Did, Did>

  constructor({ terms, caller, identities = TEXTUAL_IDENTITIES }: CheckApprovalsOptions) {
    this.#identities = identities
    this.#caller = identities.currentOf(caller)
    this.#open = new Map(terms.of.map((did) => [identities.currentOf(did), did]))
    this.#open.delete(this.#caller)
    this.#named = new Set(this.#open.keys())
  }

  /** Who has not been counted yet, as the terms name them. */
  get askable(): readonly Did[] {
    return [...this.#open.values()]
  }

  take(approval: VerifiedApproval): VerifiedApproval {
    this.#open.delete(this.#identities.currentOf(approval.issuer))
    return approval
  }

  problemOf({ issuer }: VerifiedApproval): Problem | undefined {
    const name = this.#identities.currentOf(issuer)
    if (name === this.#caller) return { code: 'APPROVAL_APPROVER', details: { reason: 'it is the caller' } }
    if (!this.#named.has(name)) return { code: 'APPROVAL_APPROVER', details: { reason: 'the terms do not name it' } }
    if (!this.#open.has(name)) return { code: 'APPROVAL_TWICE' }
    const standing = this.#identities.standingOf(issuer)
    if (standing === 'current') return undefined
    return { code: 'APPROVAL_APPROVER', details: { reason: `its key is ${standing}` } }
  }
}

interface Problem {
  readonly code: ErrorCode
  readonly details?: ErrorDetails
}

/** Why an approval does not count, in the order of clause 19.4. */
function problemOf(
  approval: VerifiedApproval,
  { options, asked }: { readonly options: CheckApprovalsOptions; readonly asked: Asked },
): Problem | undefined {
  const { digest, nowS, leewayS, used } = options
  if (!equalBytes(approval.call, digest)) return { code: 'APPROVAL_CALL' }
  const byWhom = asked.problemOf(approval)
  if (byWhom !== undefined) return byWhom
  if (nowS - leewayS > approval.expiresS) return { code: 'APPROVAL_TIME', details: { reason: 'it has ended' } }
  if (nowS + leewayS < approval.atS)
    return { code: 'APPROVAL_TIME', details: { reason: 'it was signed in the future' } }
  return used(approval) ? { code: 'APPROVAL_USED' } : undefined
}

function pathOf(index: number): string {
  return `approvals[${index}]`
}
