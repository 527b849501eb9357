/**
 * Authorization: may this call be made, now, here? (spec 08-invocation, clauses 8.5 and 8.6)
 *
 * One pass in the order of clause 8.5, from the cheap to the dear and from the outside in; the record of used
 * invocations is written last, when nothing else can refuse the call any more.
 */
import type { Cid } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type IpldMap, type OpenedEnvelope, openEnvelopes } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import {
  boundChain,
  type Clock,
  checkedClock,
  checkedDepth,
  checkTime,
  delegationsToOpen,
  type Step,
  unreadable,
  verifiedOf,
  walkChain,
} from './chain.ts'
import { commandCovers } from './command.ts'
import { Budget } from './conditions/budget.ts'
import { refusals } from './conditions/conditions.ts'
import type { ResolvePath } from './conditions/subpath.ts'
import type { VerifiedLink } from './delegation.ts'
import { type DenialCause, denial } from './denial.ts'
import { INVOCATION_ENVELOPE, invocationOf, type VerifiedInvocation } from './invocation.ts'
import { sameArguments } from './json-arguments.ts'
import { INVOCATION_MAX_BYTES, MAX_INVOCATION_LIFETIME_S } from './limits.ts'
import type { RevocationView } from './revocation/view.ts'

/** The record of used invocations; a port, implemented by storage so that it survives a restart. */
export interface ReplayView {
  /**
   * Records an invocation until `expiresS` has passed, in one atomic and durable step.
   *
   * @returns `new` when it was not there, `seen` when it was, `full` when no room is left: then nothing is recorded
   */
  remember(cid: Cid, issuer: Did, expiresS: number): 'new' | 'seen' | 'full'
}

export interface AuthorizeOptions {
  readonly invocation: Uint8Array
  /** The delegations that the invocation names, in any order. */
  readonly proofs: readonly Uint8Array[]
  /** Who is about to execute the call. */
  readonly executor: Did
  /** Who owns the resource; the executor when absent. An invocation about any other subject is refused. */
  readonly subject?: Did
  readonly nowS: number
  /** 0 when absent; at most `MAX_LEEWAY_S`. */
  readonly leewayS?: number
  readonly kernel: Kernel
  readonly revocations: RevocationView
  readonly replay: ReplayView
  /** The call as it came in; the signed command and arguments must be the same. */
  readonly call?: { readonly command: string; readonly args: IpldMap }
  /** Whether the executor has this command; everything when absent. Asked only for callers with authority over it. */
  readonly hasCommand?: (command: string) => boolean
  /** Symbolic links for `subpath`; without it paths are judged as they are written. */
  readonly resolvePath?: ResolvePath
  /** `DEFAULT_MAX_DEPTH` when absent; at most `ABSOLUTE_MAX_DEPTH`. */
  readonly maxDepth?: number
  /** {@link MAX_INVOCATION_LIFETIME_S} when absent; null accepts invocations without an end, as UCAN allows them. */
  readonly maxLifetimeS?: number | null
}

export type Verdict =
  | { readonly outcome: 'allow'; readonly chain: readonly VerifiedLink[]; readonly invocation: VerifiedInvocation }
  | {
      readonly outcome: 'deny'
      readonly cause: DenialCause
      /** Whose refused call it was, where its signature was good. */
      readonly invocation?: VerifiedInvocation
    }

interface Settings {
  readonly options: AuthorizeOptions
  readonly clock: Clock
  readonly maxDepth: number
  readonly maxLifetimeS: number | null
}

/**
 * Decides on one call.
 *
 * @returns what was verified, or a tree of causes
 * @throws TalosError `CAPABILITY_OPTION_INVALID` for the executor's own mistakes; whatever the views throw
 */
export function authorize(options: AuthorizeOptions): Verdict {
  const settings = settingsOf(options)
  const opened = openBounded(settings)
  if (opened.cause !== undefined) return deny(opened.cause)
  const { invocation, sent } = opened.value
  const cause = checkInvocation(invocation, settings)
  if (cause !== undefined) return deny(cause, invocation)
  const chain = verifiedChain(invocation, { settings, sent })
  if (chain.cause !== undefined) return deny(chain.cause, invocation)
  const refusal =
    checkScope(invocation, chain.value) ??
    checkArguments(invocation, { links: chain.value, resolvePath: options.resolvePath }) ??
    checkCommand(invocation, options) ??
    checkReplay(invocation, settings)
  return refusal === undefined ? { outcome: 'allow', chain: chain.value, invocation } : deny(refusal, invocation)
}

function settingsOf(options: AuthorizeOptions): Settings {
  const { maxLifetimeS = MAX_INVOCATION_LIFETIME_S } = options
  if (maxLifetimeS !== null && (!Number.isSafeInteger(maxLifetimeS) || maxLifetimeS < 1)) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', {
      option: 'maxLifetimeS',
      reason: 'not a whole number of seconds',
    })
  }
  return { options, clock: checkedClock(options), maxDepth: checkedDepth(options.maxDepth), maxLifetimeS }
}

/** What came in, with every signature judged. */
interface Opened {
  readonly invocation: VerifiedInvocation
  /** The delegations that were sent along, good or not: only those that the invocation names matter. */
  readonly sent: readonly OpenedEnvelope[]
}

/** Bounds first, then one call for all signatures; what is wrong with a delegation is told when its turn comes. */
function openBounded({ options, maxDepth }: Settings): Step<Opened> {
  const { invocation, proofs, kernel } = options
  if (invocation.length > INVOCATION_MAX_BYTES) {
    const details = {
      what: 'the size of the invocation in bytes',
      actual: invocation.length,
      limit: INVOCATION_MAX_BYTES,
    }
    return { cause: denial('CAPABILITY_LIMIT', { details, path: 'invocation' }) }
  }
  const bounds = boundChain(proofs, maxDepth)
  if (bounds !== undefined) return { cause: bounds }
  const [first, ...sent] = openEnvelopes(
    [{ ...INVOCATION_ENVELOPE, bytes: invocation }, ...delegationsToOpen(proofs)],
    kernel,
  )
  try {
    return { value: { invocation: invocationOf(verifiedOf(first)), sent } }
  } catch (error) {
    const token = { what: 'the invocation', code: 'CAPABILITY_INVOCATION_INVALID', path: 'invocation' } as const
    return { cause: unreadable(error, token) }
  }
}

function checkInvocation(invocation: VerifiedInvocation, settings: Settings): DenialCause | undefined {
  const { options, clock, maxLifetimeS, maxDepth } = settings
  const path = 'invocation'
  if (invocation.audience !== options.executor) return denial('CAPABILITY_AUDIENCE', { path })
  if (invocation.subject !== (options.subject ?? options.executor)) {
    return denial('CAPABILITY_SUBJECT', { details: { what: 'the invocation' }, path })
  }
  const { expiresS } = invocation
  const late = checkTime({ what: 'the invocation', notBeforeS: 0, expiresS }, clock)
  if (late !== undefined) return { ...late, path }
  if (maxLifetimeS !== null && (expiresS === null || expiresS > clock.nowS + clock.leewayS + maxLifetimeS)) {
    return denial('CAPABILITY_LIFETIME', { details: { limitS: maxLifetimeS }, path })
  }
  if (options.call !== undefined && invocation.command !== options.call.command) {
    return denial('CAPABILITY_CALL_MISMATCH', { details: { what: 'command' }, path })
  }
  if (options.call !== undefined && !sameArguments(invocation.args, options.call.args)) {
    return denial('CAPABILITY_CALL_MISMATCH', { details: { what: 'arguments' }, path })
  }
  if (invocation.proofs.length > maxDepth) {
    const details = { what: 'the number of delegations', actual: invocation.proofs.length, limit: maxDepth }
    return denial('CAPABILITY_LIMIT', { details, path })
  }
  return undefined
}

function verifiedChain(
  invocation: VerifiedInvocation,
  { settings, sent }: { readonly settings: Settings; readonly sent: readonly OpenedEnvelope[] },
): Step<readonly VerifiedLink[]> {
  const { subject, issuer } = invocation
  if (invocation.proofs.length === 0) {
    // The owner needs nobody's leave.
    return issuer === subject ? { value: [] } : { cause: denial('CAPABILITY_MISSING') }
  }
  const ordered = orderProofs(invocation.proofs, sent)
  if (ordered.cause !== undefined) return ordered
  const { clock, options } = settings
  return walkChain(ordered.value, { revocations: options.revocations, clock, subject, holder: issuer })
}

/** The delegations in the order in which the invocation names them. */
function orderProofs(names: readonly Cid[], sent: readonly OpenedEnvelope[]): Step<readonly OpenedEnvelope[]> {
  const byName = new Map(sent.map((envelope) => [envelope.cid.toString(), envelope]))
  const used = new Set<string>()
  const ordered: OpenedEnvelope[] = []
  for (const [link, cid] of names.entries()) {
    const name = cid.toString()
    const path = `invocation.prf[${link}]`
    if (used.has(name)) return { cause: denial('CAPABILITY_PROOF_DUPLICATE', { details: { link }, path }) }
    used.add(name)
    const envelope = byName.get(name)
    if (envelope === undefined) return { cause: denial('CAPABILITY_PROOF_MISSING', { details: { link }, path }) }
    ordered.push(envelope)
  }
  return { value: ordered }
}

function checkScope({ command }: VerifiedInvocation, links: readonly VerifiedLink[]): DenialCause | undefined {
  const link = links.findIndex((candidate) => !commandCovers(candidate.command, command))
  return link < 0 ? undefined : denial('CAPABILITY_SCOPE', { details: { link }, path: `proofs[${link}]` })
}

/** Every link's conditions on the actual arguments: the intersection. All reasons are collected, to be of help. */
function checkArguments(
  { args }: VerifiedInvocation,
  given: { readonly links: readonly VerifiedLink[]; readonly resolvePath: ResolvePath | undefined },
): DenialCause | undefined {
  const context = { budget: new Budget(), resolvePath: given.resolvePath }
  const causes: DenialCause[] = []
  for (const [link, { conditions }] of given.links.entries()) {
    const reasons = refusals(conditions, args, context)
    if (reasons.length > 0) {
      causes.push(denial('CAPABILITY_ARGUMENTS', { details: { link }, path: `proofs[${link}]`, causes: reasons }))
    }
  }
  const [first, ...others] = causes
  if (first === undefined || others.length === 0) return first
  return denial('CAPABILITY_ARGUMENTS', { details: { link: Number(first.details['link']) }, path: 'proofs', causes })
}

function checkCommand({ command }: VerifiedInvocation, { hasCommand }: AuthorizeOptions): DenialCause | undefined {
  if (hasCommand === undefined || hasCommand(command)) return undefined
  return denial('CAPABILITY_UNKNOWN_TOOL', { path: 'invocation' })
}

function checkReplay(invocation: VerifiedInvocation, { options, clock }: Settings): DenialCause | undefined {
  const { cid, issuer, expiresS } = invocation
  const until = expiresS === null ? Number.MAX_SAFE_INTEGER : expiresS + clock.leewayS
  const answer = options.replay.remember(cid, issuer, until)
  if (answer === 'new') return undefined
  return denial(answer === 'seen' ? 'CAPABILITY_REPLAY' : 'CAPABILITY_REPLAY_FULL', { path: 'invocation' })
}

function deny(cause: DenialCause, invocation?: VerifiedInvocation): Verdict {
  const root = denial('CAPABILITY_DENIED', { causes: [cause] })
  return invocation === undefined ? { outcome: 'deny', cause: root } : { outcome: 'deny', cause: root, invocation }
}
