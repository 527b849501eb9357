/**
 * What an executor asks of calls of one tool, beyond what the caller's capability says (spec 08-invocation, clause 8.9).
 *
 * The stricter of the two holds: a tool cannot be talked into less by a link, nor a link by a tool.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'

/** How strongly a caller proves, per call, that it holds the capability. */
export type ProofLevel = 'channel' | 'mac' | 'signature'

/** So many of these must have approved the exact call. */
export interface ApprovalTerms {
  /** 1 to the number of approvers. */
  readonly m: number
  /** 1 to {@link MAX_APPROVERS}, each once. */
  readonly of: readonly Did[]
}

/** Whether a tool changes anything: decides what stale knowledge of revocations is worth. */
export type ToolEffect = 'read' | 'write'

export interface ToolRequirements {
  /** The weakest proof of possession that a call may bring. */
  readonly proof: ProofLevel
  readonly effect: ToolEffect
  /**
   * How old, in seconds, knowledge of a foreign issuer's revocations may be. Older or none denies a `write`; a `read` is
   * denied with none. Undefined: freshness is told in the verdict and not demanded.
   */
  readonly maxStaleS: number | undefined
  /** `high`: a signed invocation with a justification. */
  readonly risk: 'normal' | 'high'
  readonly approvals: ApprovalTerms | undefined
  /** How calls are receipted: a signature of its own, or one per batch. */
  readonly receipt: 'call' | 'batch'
  /** What one call costs, by unit, in the unit's smallest part: what `budget` limits without a selector charge. */
  readonly cost: ReadonlyMap<string, number>
}

/** Approvers of one set of terms, at most: each approval is a signature to check. */
export const MAX_APPROVERS = 16
/** Units in which a tool states costs, at most. */
export const MAX_COST_UNITS = 16

/**
 * For tools of which nothing is said: the strongest proof, as if they changed something, a receipt each. Freshness is not
 * demanded: without a limit there is nothing to hold it against, and whoever serves only holders of its own grants needs none.
 */
export const DEFAULT_REQUIREMENTS: ToolRequirements = {
  proof: 'signature',
  effect: 'write',
  maxStaleS: undefined,
  risk: 'normal',
  approvals: undefined,
  receipt: 'call',
  cost: new Map(),
}

const STRENGTH: Readonly<Record<ProofLevel, number>> = { channel: 0, mac: 1, signature: 2 }

/** Whether a proof of level `given` is at least as strong as `needed`. */
export function satisfiesProof(given: ProofLevel, needed: ProofLevel): boolean {
  return STRENGTH[given] >= STRENGTH[needed]
}

/**
 * Requirements with {@link DEFAULT_REQUIREMENTS} for what is absent.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`
 */
export function toolRequirements(given: Partial<ToolRequirements> = {}): ToolRequirements {
  const requirements = { ...DEFAULT_REQUIREMENTS, ...given }
  const { maxStaleS, approvals, cost } = requirements
  if (maxStaleS !== undefined && !isCount(maxStaleS)) throw invalid('maxStaleS', 'not a whole number of seconds')
  if (approvals !== undefined) checkApprovalTerms(approvals)
  if (cost.size > MAX_COST_UNITS) throw invalid('cost', `more than ${MAX_COST_UNITS} units`)
  for (const amount of cost.values()) {
    if (!isCount(amount)) throw invalid('cost', 'an amount is not a whole number')
  }
  return requirements
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID` */
export function checkApprovalTerms({ m, of }: ApprovalTerms): void {
  if (of.length < 1 || of.length > MAX_APPROVERS) throw invalid('approvals', `not 1 to ${MAX_APPROVERS} approvers`)
  if (new Set(of).size < of.length) throw invalid('approvals', 'an approver stands there twice')
  if (!isCount(m) || m < 1 || m > of.length) throw invalid('approvals', 'm is not 1 to the number of approvers')
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function invalid(option: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_OPTION_INVALID', { option, reason })
}
