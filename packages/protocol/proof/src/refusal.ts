/** Whether a refusal agrees with the delegations (spec 12-proof-bundle, clauses 12.8 and 12.17). */
import type { UnjudgedCondition, VerifiedLink } from '@talos/capability'
import type { ErrorCode } from '@talos/errors'
import { type Checks, demand } from './checks.ts'
import type { VerifiedExecution } from './execution.ts'
import type { VerifiedIntent } from './intent.ts'

/** How a refusal relates to the delegations: they give the same reason, or the executor alone knows it. */
export type Refusal = 'confirmed' | 'executor-only'

/** What the delegations said, and what became of it. */
export interface Leave {
  readonly allowed: boolean
  /** The codes that the delegations give for a refusal, from the root down. */
  readonly denial: readonly string[]
  /** With the outcome `deny` alone. */
  readonly refusal: Refusal | undefined
}

interface LeaveGiven {
  readonly denial: readonly string[]
  readonly links: readonly VerifiedLink[]
  /** Conditions that depend on hidden arguments. */
  readonly unjudged: readonly UnjudgedCondition[]
}

/** Refusals that come before a link's rules are judged, for reasons that only the executor could see. */
const SEEN_BEFORE: ReadonlySet<string> = new Set<ErrorCode>([
  'CAPABILITY_EXPIRED',
  'CAPABILITY_NOT_YET_VALID',
  'CAPABILITY_LIFETIME',
  'CAPABILITY_LIMIT',
  'CAPABILITY_CALL_MISMATCH',
  'CAPABILITY_EPOCH',
  'CAPABILITY_KEY',
  'CAPABILITY_REVOKED',
  'CAPABILITY_STALE',
  'CAPABILITY_PROOF_LEVEL',
  'CAPABILITY_JUSTIFICATION',
  'CAPABILITY_TIME_WINDOW',
  'CAPABILITY_ENVIRONMENT',
])
/** Refusals that come after the delegations have allowed the call. */
const SEEN_AFTER: ReadonlySet<string> = new Set<ErrorCode>([
  'CAPABILITY_POLICY_DENIED',
  'CAPABILITY_UNKNOWN_TOOL',
  'CAPABILITY_APPROVAL',
  'CAPABILITY_REPLAY',
  'CAPABILITY_REPLAY_FULL',
  'CAPABILITY_CALLS',
  'CAPABILITY_RATE',
  'CAPABILITY_CONCURRENCY',
  'CAPABILITY_BYTES',
  'CAPABILITY_BUDGET',
  'CAPABILITY_COST',
  'CAPABILITY_ACCOUNTS',
  'CAPABILITY_UNMETERED',
])

/** Refusals for what an invocation says, which come first. */
const OF_INVOCATION: ReadonlySet<string> = new Set<ErrorCode>([
  'CAPABILITY_AUDIENCE',
  'CAPABILITY_SUBJECT',
  'CAPABILITY_PROOF_DUPLICATE',
  'CAPABILITY_PROOF_MISSING',
])

/** Compares what the delegations say of a call with what its executor says that it did. */
export function judgeLeave(
  { denial, links, unjudged }: LeaveGiven,
  {
    checks,
    intent,
    execution,
  }: { readonly checks: Checks; readonly intent: VerifiedIntent; readonly execution: VerifiedExecution },
): Leave {
  const allowed = denial.length === 0
  const name = 'authority.allowed'
  const { outcome, denial: said } = execution.receipt
  if (outcome !== 'deny') {
    checks.ask(name, 'PROOF_AUTHORITY_DENIED', () =>
      demand(allowed, 'PROOF_AUTHORITY_DENIED', { reason: String(denial.at(-1)) }),
    )
    return { allowed, denial, refusal: undefined }
  }
  checks.note(allowed ? { name, ok: true } : { name, ok: false, detail: `the delegations give ${denial.at(-1)}` })
  const refusal = checks.ask('authority.refusal', 'PROOF_AUTHORITY_DISAGREES', () => {
    if (said.join() === denial.join()) return 'confirmed'
    const isKnowable =
      said.some((code) => SEEN_BEFORE.has(code)) ||
      (allowed && knowsMore(said, links)) ||
      (intent.call.invocation === undefined && isOfHidden(said, { denial, unjudged }))
    demand(isKnowable, 'PROOF_AUTHORITY_DISAGREES', { reason: `${denial.at(-1) ?? 'they allow it'}` })
    return 'executor-only'
  })
  return { allowed, denial, refusal }
}

/** A reason that lies in what the invocation says, which the executor has seen. */
function isOfHidden(said: readonly string[], { denial, unjudged }: Pick<LeaveGiven, 'denial' | 'unjudged'>): boolean {
  if (said.some((code) => OF_INVOCATION.has(code))) return true
  const dependsOnArguments = denial.length === 0 ? unjudged.length > 0 : denial.includes('CAPABILITY_ARGUMENTS')
  return said.includes('CAPABILITY_ARGUMENTS') && dependsOnArguments
}

/** The executor resolves symbolic links, which a bundle cannot. */
function knowsMore(said: readonly string[], links: readonly VerifiedLink[]): boolean {
  if (said.some((code) => SEEN_AFTER.has(code))) return true
  const rules = links.flatMap((link) => link.rules)
  return said.includes('CAPABILITY_ARGUMENTS') && rules.some((rule) => Array.isArray(rule) && rule[0] === 'subpath')
}
