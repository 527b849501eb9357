/**
 * Authority: whether the delegations allowed the call when it was made, and whether a refusal agrees with them (spec
 * 12-proof-bundle, clause 12.8).
 */
import { fromBase64url } from '@talos/bytes'
import {
  ABSOLUTE_MAX_DEPTH,
  authorizeOpened,
  DELEGATION_ENVELOPE,
  delegationOf,
  denialPath,
  type IdentityView,
  judgeShownArguments,
  type OpenedDelegation,
  REVOCATION_ENVELOPE,
  type ReplayView,
  type RevocableLink,
  type RevocationView,
  revocableLinks,
  revocationOf,
  type ShownArguments,
  type ShownVerdict,
  TEXTUAL_IDENTITIES,
  type UnjudgedCondition,
  type VerifiedInvocation,
  type VerifiedLink,
  type VerifiedRevocation,
} from '@talos/capability'
import type { ProofBundleAuthority } from '@talos/contracts'
import { type ReadEnvelope, readEnvelope, type VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import type { VerifiedExecution } from './execution.ts'
import {
  identitiesAt,
  identitiesLostBy,
  isRevokedByAgent,
  linkByAgent,
  type NameOf,
  namesByAgent,
} from './histories.ts'
import type { VerifiedIdentities } from './identity.ts'
import { askedAtS, CLOCK_TOLERANCE_S, latestMs, type ProvenIntent, type VerifiedIntent } from './intent.ts'
import { judgeLeave, type Leave } from './refusal.ts'
import {
  openLists,
  proveLists,
  type ReadList,
  type RevocationKnowledge,
  readLists,
  type SignedList,
} from './revocation-lists.ts'

export interface ReadAuthority {
  readonly delegations: readonly ReadEnvelope[]
  readonly revocations: readonly ReadEnvelope[]
  readonly lists: readonly ReadList[]
}

export interface OpenedAuthority {
  readonly delegations: readonly OpenedDelegation[]
  readonly revocations: readonly VerifiedRevocation[]
  readonly lists: readonly SignedList[]
}

export interface ProvenAuthority {
  readonly delegations: readonly OpenedDelegation[]
  /** Those that opened. */
  readonly links: readonly VerifiedLink[]
  /** Those of the bundle and of its lists that take back one of the links. */
  readonly revocations: readonly VerifiedRevocation[]
  /** As the keys stood when the call was asked for. */
  readonly identities: IdentityView
  readonly histories: readonly VerifiedKeyLog[]
  readonly nameOf: NameOf
  readonly knowledge: RevocationKnowledge
}

export interface VerifiedAuthority extends Leave {
  /** What was known of the issuers' revocations. */
  readonly knowledge: RevocationKnowledge
  /** CIDs of the delegations, from the root to the caller. */
  readonly capabilities: readonly string[]
  /** Conditions that depend on hidden arguments; none where the invocation is shown. */
  readonly unjudged: readonly UnjudgedCondition[]
}

/** A bundle is no second use of the call: the record of used invocations is the executor's. */
const NEVER_USED: ReplayView = { remember: () => 'new' }
/** Codes of a receipt's denial that are as long as those of `issueReceipt`. */
const MAX_DENIAL_CODES = 8

interface PartContext {
  readonly checks: Checks
  readonly kernel: Kernel
}

/** The structural layer. What a delegation holds is judged later: a refusal may be for one that nobody can open. */
export function readAuthority(
  { proofs, revocations, heads }: ProofBundleAuthority,
  { checks, envelopes, kernel }: PartContext & { readonly envelopes: Envelopes },
): ReadAuthority {
  const delegations = checks.ask('authority.delegations', 'PROOF_AUTHORITY_PROOFS', () =>
    proofs.map((text) => envelopes.keep(readEnvelope({ ...DELEGATION_ENVELOPE, bytes: fromBase64url(text) }))),
  )
  const taken = checks.ask('authority.revocations', 'PROOF_AUTHORITY_REVOCATIONS', () =>
    revocations.map((text) => envelopes.read(text, REVOCATION_ENVELOPE)),
  )
  return { delegations, revocations: taken, lists: readLists(heads, { checks, envelopes, kernel }) }
}

/** The cryptographic layer. */
export function openAuthority(
  { delegations, revocations, lists }: ReadAuthority,
  context: {
    readonly checks: Checks
    readonly envelopes: Envelopes
    readonly execution: Pick<VerifiedExecution, 'receipt'>
  },
): OpenedAuthority {
  const { checks, envelopes, execution } = context
  const opened = delegations.map((read) => delegationIn(read, envelopes))
  if (execution.receipt.outcome !== 'deny') {
    checks.ask('authority.delegations.signatures', 'PROOF_AUTHORITY_PROOFS', () => {
      for (const { opened: one } of opened) if (one.verified === undefined) throw one.error
    })
  }
  const taken = checks.ask('authority.revocations.signatures', 'PROOF_AUTHORITY_REVOCATIONS', () =>
    revocations.map((read) => revocationOf(envelopes.verified(read))),
  )
  return { delegations: opened, revocations: taken, lists: openLists(lists, { checks, envelopes }) }
}

/** A delegation that does not open is for `authorizeOpened` to judge; nobody is entitled to revoke it here. */
function delegationIn(read: ReadEnvelope, envelopes: Envelopes): OpenedDelegation {
  const opened = envelopes.opened(read)
  const { bytes } = read
  if (opened.verified === undefined) return { bytes, opened, link: undefined }
  try {
    return { bytes, opened, link: delegationOf(opened.verified) }
  } catch {
    // It is read once more when its turn in the chain comes: then it is told why, and what is no fault of its own is thrown.
    return { bytes, opened, link: undefined }
  }
}

/** The chain layer. */
export function proveAuthority(
  opened: OpenedAuthority,
  context: PartContext & {
    readonly identities: VerifiedIdentities
    readonly intent: ProvenIntent
    readonly execution: VerifiedExecution
    /** How old a list may be at the time of the call to count as fresh. */
    readonly maxStaleS: number
  },
): ProvenAuthority {
  const { checks, kernel, identities, intent, execution, maxStaleS } = context
  const { delegations, lists } = opened
  const nameOf = namesByAgent(identities.histories)
  checks.ask('authority.proofs', 'PROOF_AUTHORITY_PROOFS', () => checkNames(delegations, { intent, execution }))
  const view = viewOf(context)
  const links = delegations.flatMap(({ link }) => (link === undefined ? [] : [link]))
  const revocables = revocableLinks(links).map((link) => linkByAgent(link, nameOf))
  const { listed, knowledge } = proveLists(lists, {
    checks,
    kernel,
    links,
    revocables,
    identities: view,
    nameOf,
    executor: identities.executor.keys,
    maxStaleS,
    atS: knownAtS(intent, execution),
  })
  checks.ask('authority.revocations.entitled', 'PROOF_AUTHORITY_REVOCATIONS', () =>
    checkRevocations(opened.revocations, { links, revocables, nameOf }),
  )
  const revocations = [...opened.revocations, ...listed]
  const { histories } = identities
  return { delegations, links, revocations, identities: view, histories, nameOf, knowledge }
}

/**
 * When something had to be known. The executor's clock says when it decided, the agent's when it asked: the earlier counts, but who
 * asks says when, so it is not long before the executor began.
 */
function knownAtS(intent: ProvenIntent, { receipt, invoked }: VerifiedExecution): number {
  const earlierS = Math.min(askedAtS(intent), Math.floor(receipt.atMs / 1000))
  if (invoked === undefined) return earlierS
  return Math.max(earlierS, Math.floor(invoked.entry.ts / 1000) - CLOCK_TOLERANCE_S)
}

/** The keys of each agent as they stood when the call was asked for. */
function viewOf(context: {
  readonly checks: Checks
  readonly identities: VerifiedIdentities
  readonly intent: ProvenIntent
}): IdentityView {
  const { checks, identities, intent } = context
  const { histories } = identities
  if (histories.length === 0) return TEXTUAL_IDENTITIES
  const when = { atMs: askedAtS(intent) * 1000, toleranceMs: CLOCK_TOLERANCE_S * 1000 }
  return checks.ask('authority.identities', 'PROOF_IDENTITY_HISTORY', () => identitiesAt(histories, when))
}

/** The delegations are those that the invocation names, in its order. */
function checkNames(
  delegations: readonly OpenedDelegation[],
  { intent, execution }: { readonly intent: ProvenIntent; readonly execution: VerifiedExecution },
): void {
  const code = 'PROOF_AUTHORITY_PROOFS'
  const present = delegations.map(({ opened }) => opened.cid.toString())
  if (intent.invocation === undefined) {
    checkHeld(present, { cap: intent.reference.cap, execution })
    return
  }
  const named = intent.invocation.proofs.map(String)
  // Who was refused because a delegation was missing cannot show it.
  const mayLack = execution.receipt.denial.includes('CAPABILITY_PROOF_MISSING')
  const expected = mayLack ? named.filter((name) => present.includes(name)) : named
  demand(present.length === expected.length, code, { reason: 'their number differs' })
  demand(present.join() === expected.join(), code, { reason: 'one is another, or stands in another place' })
}

/** Without the invocation, what is known of its delegations is that they end in the one that the log names. */
function checkHeld(
  present: readonly string[],
  { cap, execution }: { readonly cap: string | undefined; readonly execution: VerifiedExecution },
): void {
  const mayLack = execution.receipt.denial.includes('CAPABILITY_PROOF_MISSING') && present.length === 0
  const reason = 'the last one is not the one that the log names'
  demand(mayLack || present.at(-1) === cap, 'PROOF_AUTHORITY_PROOFS', { reason })
}

function checkRevocations(
  revocations: readonly VerifiedRevocation[],
  {
    links,
    revocables,
    nameOf,
  }: {
    readonly links: readonly VerifiedLink[]
    readonly revocables: readonly RevocableLink[]
    readonly nameOf: NameOf
  },
): void {
  const seen = new Set<string>()
  for (const [index, revocation] of revocations.entries()) {
    const code = 'PROOF_AUTHORITY_REVOCATIONS'
    const { revokes } = revocation
    const isNamed = revokes === undefined || links.some(({ cid }) => cid.equals(revokes))
    demand(isNamed, code, { index, reason: 'it is about another delegation' })
    const counts = revocables.some((link) => isRevokedByAgent(link, revocation, nameOf))
    demand(counts, code, { index, reason: 'its issuer is not entitled' })
    const name = revocation.cid.toString()
    demand(!seen.has(name), code, { index, reason: 'it is there twice' })
    seen.add(name)
  }
}

export interface JudgeContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly intent: VerifiedIntent
  readonly execution: VerifiedExecution
  /** The arguments as far as disclosures show them, where the invocation is hidden. */
  readonly shown: ShownArguments
  readonly nowS: number
}

/** The semantic layer. */
export function judgeAuthority(proven: ProvenAuthority, context: JudgeContext): VerifiedAuthority {
  const { checks, intent, shown, nowS } = context
  const { links, knowledge } = proven
  if (knowledge.lists.length > 0) {
    checks.ask('authority.heads.time', 'PROOF_AUTHORITY_HEADS', () => {
      const isPast = knowledge.lists.every(({ atS }) => atS * 1000 <= latestMs(nowS))
      demand(isPast, 'PROOF_AUTHORITY_HEADS', { reason: 'it is from the future' })
    })
  }
  const told = intent.call.invocation === undefined ? judgeShownArguments(links, shown) : ALL_SHOWN
  const denials = momentsOf(proven, context).map((moment) => denialAt(moment, { proven, context, told }))
  const denial = denials.find(({ length }) => length > 0) ?? []
  const { unjudged } = told
  const capabilities = namesOf(proven, intent)
  return { ...judgeLeave({ denial, links, unjudged }, context), knowledge, capabilities, unjudged }
}

/** With the invocation nothing depends on what is hidden. */
const ALL_SHOWN: ShownVerdict = { refused: undefined, unjudged: [] }

/** The delegations that the call named; where that is hidden, those that are shown. */
function namesOf({ delegations }: ProvenAuthority, { call }: VerifiedIntent): readonly string[] {
  const names = call.invocation?.proofs ?? delegations.map(({ opened }) => opened.cid)
  return names.map(String)
}

/** A time at which the call has to be allowed. */
interface Moment {
  readonly atS: number
  readonly identities: IdentityView
  /** Revocations that were signed before that second count. */
  readonly revokedBeforeS: number
}

/**
 * When it was asked for, by the agent's clock. And when the executor began, where that was noticeably later by its own: who
 * asks says when, so what ended in between has to count as well.
 */
function momentsOf({ identities, histories }: ProvenAuthority, { intent, execution }: JudgeContext): readonly Moment[] {
  const { issuedAtS } = intent
  const { receipt, invoked } = execution
  // The executor's revocations and its receipt go by one clock, the invocation by another.
  const decidedS = Math.floor(receipt.atMs / 1000)
  const asked = { atS: issuedAtS, identities, revokedBeforeS: Math.min(issuedAtS, decidedS) }
  if (invoked === undefined) return [asked]
  const begunS = Math.floor(invoked.entry.ts / 1000)
  const surelyS = begunS - CLOCK_TOLERANCE_S
  if (surelyS <= issuedAtS) return [asked]
  const later = identitiesLostBy(identities, { histories, atMs: surelyS * 1000 })
  return [asked, { atS: begunS, identities: later, revokedBeforeS: surelyS }]
}

/** The codes of a denial at that time, from the root down; none where the call is allowed. */
function denialAt(
  { atS, identities, revokedBeforeS }: Moment,
  about: { readonly proven: ProvenAuthority; readonly context: JudgeContext; readonly told: ShownVerdict },
): readonly string[] {
  const { proven, context, told } = about
  const { delegations, revocations, nameOf } = proven
  const { kernel, intent } = context
  const { call } = intent
  const isHidden = call.invocation === undefined
  const verdict = authorizeOpened({
    invocation: call.invocation ?? hiddenInvocation(intent, delegations),
    proofs: delegations,
    executor: call.audience,
    identities,
    nowS: atS,
    leewayS: CLOCK_TOLERANCE_S,
    kernel,
    revocations: asOf(revocations, { nowS: revokedBeforeS, nameOf }),
    replay: NEVER_USED,
    maxDepth: ABSOLUTE_MAX_DEPTH,
    maxLifetimeS: null,
    lookingBack: true,
    ...(isHidden && { judgeArguments: () => told.refused }),
  })
  return verdict.outcome === 'allow' ? [] : denialPath(verdict.cause).slice(0, MAX_DENIAL_CODES)
}

/** What must have been in an invocation that the executor took for itself: the rest is judged apart, or not at all. */
function hiddenInvocation(
  { call, issuedAtS }: VerifiedIntent,
  delegations: readonly OpenedDelegation[],
): VerifiedInvocation {
  const { cid, issuer, audience, command, expiresS } = call
  const nothing = new Uint8Array(0)
  return {
    cid,
    bytes: nothing,
    issuer,
    subject: audience,
    audience,
    command,
    args: {},
    proofs: delegations.map(({ opened }) => opened.cid),
    nonce: nothing,
    expiresS,
    issuedAtS,
    cause: undefined,
    justification: undefined,
  }
}

/** Revocations signed before that second: one of the same second may have come after the call (12.8). */
function asOf(
  revocations: readonly VerifiedRevocation[],
  { nowS, nameOf }: { readonly nowS: number; readonly nameOf: NameOf },
): RevocationView {
  return {
    stateOf(link) {
      const named = linkByAgent(link, nameOf)
      const found = revocations.find((one) => one.atS < nowS && isRevokedByAgent(named, one, nameOf))
      return found === undefined ? { revoked: false } : { revoked: true, by: found.issuer, atS: found.atS }
    },
    // How fresh anybody's knowledge was is told apart (12.8): what the tool asked for, the executor alone knows.
    knownAtS: () => nowS,
  }
}
