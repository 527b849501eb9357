/** One decision from the bytes that came in to the verdict, in the order of clause 8.5 (spec 08-invocation). */
import type { Cid } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import type { VerifiedCall } from '../call.ts'
import { type DenialCause, denial, type Step } from '../denial.ts'
import { sameArguments } from '../json-arguments.ts'
import type { SingleUse } from '../replay.ts'
import type { ProofLevel } from '../requirements.ts'
import { checkDemands } from './approving.ts'
import { checkCaller, judge } from './checks.ts'
import { freshnessOf } from './freshness.ts'
import { isSameBytes, type Library } from './library.ts'
import type { Matter } from './matter.ts'
import type { Spent } from './metering-port.ts'
import { type CallToAuthorize, type OpenedCall, openCall, readSent, type SentLink } from './opening.ts'
import { type ChainEnds, type ReadyChain, readyChain } from './ready-chain.ts'
import { type Settings, secondOf } from './settings.ts'
import { previewSpending, spend } from './spending.ts'
import { denied, type Verdict } from './verdict.ts'
import { type Clock, checkTime, isSameAgent } from './walk.ts'

export interface Decision {
  readonly settings: Settings
  /** Delegations that were verified before; none for a decision that stands alone. */
  readonly library: Library | undefined
  /** False: the same checks, and nothing is recorded, charged or kept. */
  readonly isReal: boolean
  /** Judge the call as if it were proven at this level. */
  readonly assumed?: ProofLevel
}

/**
 * Decides on one call.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID` for the executor's own mistakes; whatever views, record and meter throw
 */
export function decide(given: CallToAuthorize, decision: Decision): Verdict {
  const { settings, library } = decision
  const opened = openCall(given, settings, library)
  if (opened.cause !== undefined) return { outcome: 'deny', cause: denied(opened.cause) }
  return decideOpened(opened.value, given, decision)
}

/** Decides on a call that was opened: everything after step 2. @throws as {@link decide} */
export function decideOpened(opened: OpenedCall, given: CallToAuthorize, decision: Decision): Verdict {
  const { settings, library } = decision
  const clock = { nowS: secondOf(given.nowMs), leewayS: settings.leewayS }
  const { call } = opened
  const cause = checkCall(call, { given, settings, clock }) ?? checkCaller(call.issuer, settings)
  if (cause !== undefined) return deny(call, cause)
  const chain = chainOf(opened, { library, own: settings.own })
  if (chain.cause !== undefined) return deny(call, chain.cause)
  return conclude(matterOf(opened, { chain: chain.value, given, clock, decision }), { given, call, decision })
}

/** What the chain is judged by, together with the call. */
function matterOf(
  { call, level }: OpenedCall,
  about: {
    readonly chain: ReadyChain
    readonly given: CallToAuthorize
    readonly clock: Clock
    readonly decision: Decision
  },
): Matter {
  const { chain, given, clock, decision } = about
  const { settings, assumed = level } = decision
  const requirements = settings.requirements(call.command)
  return {
    chain,
    audience: call.audience,
    caller: call.issuer,
    command: call.command,
    args: call.args,
    level: assumed,
    justification: call.justification,
    requirements,
    freshness: freshnessOf(chain, settings.revocations, { nowS: clock.nowS, maxStaleS: requirements.maxStaleS }),
    clock,
    nowMs: given.nowMs,
    bytes: given.bytes,
  }
}

function conclude(
  matter: Matter,
  about: { readonly given: CallToAuthorize; readonly call: VerifiedCall; readonly decision: Decision },
): Verdict {
  const { given, call, decision } = about
  const { settings, library, isReal } = decision
  const refusal = judge(matter, settings)
  if (refusal !== undefined) return deny(call, refusal)
  const { chain, level, requirements, freshness: revocation } = matter
  const { links } = chain
  const approving = checkDemands(matter, given.approvals ?? [], settings)
  const own = given.proof.level === 'channel' ? [] : [useOf(call, settings)]
  if (approving.refused !== undefined) {
    const { cause, digest, missing } = approving.refused
    // Nobody is asked to approve a call that is refused anyway.
    const foreseen = previewSpending(matter, own, settings)
    if (foreseen !== undefined) return deny(call, foreseen)
    const referred = { chain: links, invocation: call, requirements, digest, missing }
    return { outcome: 'refer', cause: denied(cause), ...referred }
  }
  const uses = [...approving.uses, ...own]
  const spent = isReal ? spend(matter, uses, settings) : foresee(matter, uses, settings)
  if (spent.cause !== undefined) return deny(call, spent.cause)
  if (isReal) library?.keep(chain)
  const { ticket } = spent
  return { outcome: 'allow', chain: links, invocation: call, level, ticket, revocation, requirements }
}

function foresee(matter: Matter, uses: readonly SingleUse[], settings: Settings): Spent {
  const cause = previewSpending(matter, uses, settings)
  return cause === undefined ? { ticket: undefined } : { cause }
}

/** The checks of the call by itself: steps 3 to 9. */
function checkCall(
  call: VerifiedCall,
  about: { readonly given: CallToAuthorize; readonly settings: Settings; readonly clock: Clock },
): DenialCause | undefined {
  const { given, settings, clock } = about
  const path = 'invocation'
  const { executor, subject, maxLifetimeS, maxDepth } = settings
  if (!isSameAgent(call.audience, { ...settings, is: executor })) return denial('CAPABILITY_AUDIENCE', { path })
  if (!isSameAgent(call.subject, { ...settings, is: subject })) {
    return denial('CAPABILITY_SUBJECT', { details: { what: 'the invocation' }, path })
  }
  const { expiresS, proofs } = call
  const late = checkTime({ notBeforeS: 0, expiresS }, { what: 'the invocation', clock })
  if (late !== undefined) return { ...late, path }
  if (maxLifetimeS !== null && (expiresS === null || expiresS > clock.nowS + clock.leewayS + maxLifetimeS)) {
    return denial('CAPABILITY_LIFETIME', { details: { limitS: maxLifetimeS }, path })
  }
  const changed = checkReceived(call, given)
  if (changed !== undefined) return changed
  if (proofs.length > maxDepth) {
    const details = { what: 'the number of delegations', actual: proofs.length, limit: maxDepth }
    return denial('CAPABILITY_LIMIT', { details, path })
  }
  // A session refuses a message twice, so that what it proves needs no record, and no epoch.
  const isRecorded = given.proof.level !== 'channel'
  return isRecorded && settings.replay.isOfEarlierEpoch(call.nonce, clock.nowS)
    ? denial('CAPABILITY_EPOCH', { path })
    : undefined
}

function checkReceived(call: VerifiedCall, { received }: CallToAuthorize): DenialCause | undefined {
  if (received === undefined) return undefined
  const refuse = (what: string) => denial('CAPABILITY_CALL_MISMATCH', { details: { what }, path: 'invocation' })
  if (call.command !== received.command) return refuse('command')
  return sameArguments(call.args, received.args) ? undefined : refuse('arguments')
}

/** The chain that the call names, made ready; kept from an earlier call only if every one of its links was sent again. */
function chainOf(
  { call, sent }: OpenedCall,
  { library, own }: { readonly library: Library | undefined; readonly own: ReadonlySet<Did> },
): Step<ReadyChain> {
  const ordered = orderLinks(call.proofs, sent)
  if (ordered.cause !== undefined) return ordered
  const { value: links } = ordered
  const ends = { subject: call.subject, holder: call.issuer, own }
  const last = links.at(-1)?.link
  const kept = last === undefined ? undefined : library?.chainTo(last.name)
  if (kept !== undefined && isChainOf(kept, { links, ...ends })) return { value: kept }
  return { value: readyChain(links.map(readSent), ends) }
}

function isChainOf(
  chain: ReadyChain,
  { links, subject, holder }: ChainEnds & { readonly links: readonly SentLink[] },
): boolean {
  if (chain.subject !== subject || chain.holder !== holder || chain.links.length !== links.length) return false
  return chain.links.every((link, index) => link === links[index]?.link)
}

/** The delegations in the order in which the call names them. */
function orderLinks(names: readonly Cid[], sent: readonly SentLink[]): Step<readonly SentLink[]> {
  const ordered: SentLink[] = []
  for (const [link, cid] of names.entries()) {
    const about = { details: { link }, path: `invocation.prf[${link}]` }
    if (ordered.some((earlier) => isSameBytes(earlier.cid.bytes, cid.bytes))) {
      return { cause: denial('CAPABILITY_PROOF_DUPLICATE', about) }
    }
    const found = sent.find((one) => isSameBytes(one.cid.bytes, cid.bytes))
    if (found === undefined) return { cause: denial('CAPABILITY_PROOF_MISSING', about) }
    ordered.push(found)
  }
  return { value: ordered }
}

/** A call is used until it could not be used any more; one without an end, for good. */
function useOf({ cid, issuer, nonce, expiresS }: VerifiedCall, { leewayS }: Settings): SingleUse {
  return { cid, issuer, nonce, expiresS: expiresS === null ? Number.MAX_SAFE_INTEGER : expiresS + leewayS }
}

function deny(invocation: VerifiedCall, cause: DenialCause): Verdict {
  return { outcome: 'deny', cause: denied(cause), invocation }
}
