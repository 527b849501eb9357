/**
 * Layer 2, authority: whether the delegations allowed the call when it was made, and whether a refusal agrees with them
 * (spec 12-proof-bundle, clause 12.8).
 */
import { fromBase64url } from '@talos/bytes'
import {
  ABSOLUTE_MAX_DEPTH,
  authorize,
  denialPath,
  type IdentityView,
  isRevokedBy,
  openDelegation,
  openRevocation,
  type ReplayView,
  type RevocationView,
  revocableLinks,
  TEXTUAL_IDENTITIES,
  type VerifiedLink,
  type VerifiedRevocation,
} from '@talos/capability'
import type { ProofBundleAuthority } from '@talos/contracts'
import { type ErrorCode, isTalosError } from '@talos/errors'
import { envelopeCid } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { VerifiedExecution } from './execution.ts'
import { identitiesAt, type KeysOf, keysByAgent, linkByAgent } from './histories.ts'
import type { VerifiedIdentities } from './identity.ts'
import { CLOCK_TOLERANCE_S, type VerifiedIntent } from './intent.ts'

/** How a refusal relates to the delegations: they give the same reason, or the executor alone knows it. */
export type Refusal = 'confirmed' | 'executor-only'

export interface VerifiedAuthority {
  readonly allowed: boolean
  /** The codes that the delegations give for a refusal, from the root down. */
  readonly denial: readonly string[]
  /** With the outcome `deny` alone. */
  readonly refusal: Refusal | undefined
}

export interface AuthorityContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly identities: VerifiedIdentities
  readonly intent: VerifiedIntent
  readonly execution: VerifiedExecution
}

/** A bundle is no second use of the call: the record of used invocations is the executor's. */
const NEVER_USED: ReplayView = { remember: () => 'new' }
/** Codes of a receipt's denial that are as long as those of `issueReceipt`. */
const MAX_DENIAL_CODES = 8

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

export function checkAuthority(authority: ProofBundleAuthority, context: AuthorityContext): VerifiedAuthority {
  const { checks, kernel, intent, execution } = context
  const identities = identitiesOf(context)
  const keysOf = keysByAgent(context.identities.histories)
  const proofs = checks.ask('authority.proofs', 'PROOF_AUTHORITY_PROOFS', () => readProofs(authority, context))
  const links = proofs.flatMap((bytes) => linkOf(bytes, kernel))
  const revocations = checks.ask('authority.revocations', 'PROOF_AUTHORITY_REVOCATIONS', () =>
    readRevocations(authority, { links, keysOf, kernel }),
  )
  const { invocation, issuedAtS } = intent
  // The executor's revocations and its receipt go by one clock, the invocation by another.
  const decidedS = Math.floor(execution.receipt.atMs / 1000)
  const verdict = authorize({
    invocation: invocation.bytes,
    proofs,
    executor: invocation.audience,
    identities,
    nowS: issuedAtS,
    leewayS: CLOCK_TOLERANCE_S,
    kernel,
    revocations: asOf(revocations, { nowS: Math.min(issuedAtS, decidedS), keysOf }),
    replay: NEVER_USED,
    maxDepth: ABSOLUTE_MAX_DEPTH,
    maxLifetimeS: null,
    lookingBack: true,
  })
  const denial = verdict.outcome === 'allow' ? [] : denialPath(verdict.cause).slice(0, MAX_DENIAL_CODES)
  return judge({ denial, links }, context)
}

/** The keys of each agent as they stood when the call was asked for. */
function identitiesOf({ checks, identities, intent }: AuthorityContext): IdentityView {
  const { histories } = identities
  if (histories.length === 0) return TEXTUAL_IDENTITIES
  const when = { atMs: intent.issuedAtS * 1000, toleranceMs: CLOCK_TOLERANCE_S * 1000 }
  return checks.ask('authority.identities', 'PROOF_IDENTITY_HISTORY', () => identitiesAt(histories, when))
}

/** The delegations are those that the invocation names, in its order. */
function readProofs({ proofs }: ProofBundleAuthority, context: AuthorityContext): readonly Uint8Array[] {
  const { kernel, intent, execution } = context
  const code = 'PROOF_AUTHORITY_PROOFS'
  const read = proofs.map((proof) => fromBase64url(proof))
  const present = read.map((bytes) => envelopeCid(bytes, kernel).toString())
  const named = intent.invocation.proofs.map(String)
  // Who was refused because a delegation was missing cannot show it.
  const mayLack = execution.receipt.denial.includes('CAPABILITY_PROOF_MISSING')
  const expected = mayLack ? named.filter((name) => present.includes(name)) : named
  demand(present.length === expected.length, code, { reason: 'their number differs' })
  demand(present.join() === expected.join(), code, { reason: 'one is another, or stands in another place' })
  return read
}

/** A delegation that does not open is for `authorize` to judge; nobody is entitled to revoke it here. */
function linkOf(bytes: Uint8Array, kernel: Kernel): readonly VerifiedLink[] {
  try {
    return [openDelegation(bytes, { kernel })]
  } catch (error) {
    if (!isTalosError(error)) throw error
    return []
  }
}

function readRevocations(
  { revocations }: ProofBundleAuthority,
  {
    links,
    keysOf,
    kernel,
  }: { readonly links: readonly VerifiedLink[]; readonly keysOf: KeysOf; readonly kernel: Kernel },
): readonly VerifiedRevocation[] {
  const seen = new Set<string>()
  const revocables = revocableLinks(links).flatMap((link) => linkByAgent(link, keysOf))
  return revocations.map((text, index) => {
    const code = 'PROOF_AUTHORITY_REVOCATIONS'
    const revocation = openRevocation(fromBase64url(text), { kernel })
    const { revokes } = revocation
    const isNamed = revokes === undefined || links.some(({ cid }) => cid.equals(revokes))
    demand(isNamed, code, { index, reason: 'it is about another delegation' })
    const counts = revocables.some((link) => isRevokedBy(link, revocation))
    demand(counts, code, { index, reason: 'its issuer is not entitled' })
    const name = revocation.cid.toString()
    demand(!seen.has(name), code, { index, reason: 'it is there twice' })
    seen.add(name)
    return revocation
  })
}

/** Revocations signed before that second: one of the same second may have come after the call (12.8). */
function asOf(
  revocations: readonly VerifiedRevocation[],
  { nowS, keysOf }: { readonly nowS: number; readonly keysOf: KeysOf },
): RevocationView {
  return {
    stateOf(link) {
      const links = linkByAgent(link, keysOf)
      const counts = (revocation: VerifiedRevocation) => links.some((one) => isRevokedBy(one, revocation))
      const found = revocations.find((revocation) => revocation.atS < nowS && counts(revocation))
      return found === undefined ? { revoked: false } : { revoked: true, by: found.issuer, atS: found.atS }
    },
    // A bundle tells of the revocations that it carries, and nothing of how fresh anybody's knowledge was.
    knownAtS: () => nowS,
  }
}

function judge(
  { denial, links }: { readonly denial: readonly string[]; readonly links: readonly VerifiedLink[] },
  { checks, execution }: AuthorityContext,
): VerifiedAuthority {
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
    const isKnowable = said.some((code) => SEEN_BEFORE.has(code)) || (allowed && knowsMore(said, links))
    demand(isKnowable, 'PROOF_AUTHORITY_DISAGREES', { reason: `${denial.at(-1) ?? 'they allow it'}` })
    return 'executor-only'
  })
  return { allowed, denial, refusal }
}

/** The executor resolves symbolic links, which a bundle cannot. */
function knowsMore(said: readonly string[], links: readonly VerifiedLink[]): boolean {
  if (said.some((code) => SEEN_AFTER.has(code))) return true
  const rules = links.flatMap((link) => link.rules)
  return said.includes('CAPABILITY_ARGUMENTS') && rules.some((rule) => Array.isArray(rule) && rule[0] === 'subpath')
}
