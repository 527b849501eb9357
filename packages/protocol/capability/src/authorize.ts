/**
 * Authorization of one signed call, by itself: may it be made, now, here? (spec 08-invocation, clauses 8.5 and 8.6)
 *
 * The same checks as those of an {@link Authorizer}, with nothing kept from one call to the next.
 */
import type { Cid } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import type { IpldMap, OpenedEnvelope } from '@talos/identity'
import { decide, decideOpened } from './authorization/decide.ts'
import { boundChain } from './authorization/reading.ts'
import { type AuthorizerOptions, checkedSeconds, settingsOf } from './authorization/settings.ts'
import { denied, type Verdict } from './authorization/verdict.ts'
import type { VerifiedLink } from './delegation.ts'
import type { VerifiedInvocation } from './invocation.ts'
import type { Replays } from './replay.ts'

/** The record of used invocations; a port, implemented by storage so that it survives a restart. */
export interface ReplayView {
  /**
   * Records an invocation until `expiresS` has passed, in one atomic and durable step.
   *
   * @returns `new` when it was not there, `seen` when it was, `full` when no room is left: then nothing is recorded
   */
  remember(cid: Cid, issuer: Did, expiresS: number): 'new' | 'seen' | 'full'
  /** Forgets what was just recorded, because the call was not allowed after all; without it, such a call stays used. */
  forget?(cid: Cid): void
}

export interface AuthorizeOptions extends Omit<AuthorizerOptions, 'replay'> {
  readonly invocation: Uint8Array
  /** The delegations that the invocation names, in any order. */
  readonly proofs: readonly Uint8Array[]
  /** Approvals that came along. */
  readonly approvals?: readonly Uint8Array[]
  readonly nowS: number
  readonly replay: ReplayView
  /** The call as it came in; the signed command and arguments must be the same. */
  readonly call?: { readonly command: string; readonly args: IpldMap }
  /** Size of the request as received, for limits on bytes; that of the invocation when absent. */
  readonly bytes?: number
}

/**
 * Decides on one call.
 *
 * @returns what was verified, or a tree of causes
 * @throws TalosError `CAPABILITY_OPTION_INVALID` for the executor's own mistakes; whatever views, record and meter throw:
 *   then the call must not be made
 */
export function authorize(options: AuthorizeOptions): Verdict {
  const { invocation, proofs, approvals = [], nowS, replay, call: received, bytes = invocation.length } = options
  const given = {
    proof: { level: 'signature', invocation },
    proofs,
    approvals,
    ...(received === undefined ? {} : { received }),
    bytes,
    nowMs: checkedSeconds(nowS) * 1000,
  } as const
  const settings = settingsOf({ ...options, replay: recordOf(replay) })
  return decide(given, { settings, library: undefined, isReal: true })
}

/** A call and delegations that were opened before, one by one or all at once. */
export interface AuthorizeOpenedOptions
  extends Omit<AuthorizeOptions, 'invocation' | 'proofs' | 'approvals' | 'bytes' | 'call'> {
  readonly invocation: VerifiedInvocation
  /** The delegations that the invocation names, in any order; what does not open is told when its turn comes. */
  readonly proofs: readonly OpenedDelegation[]
}

/** A delegation: its name, and either what it says or why it does not open. */
export interface OpenedDelegation {
  readonly bytes: Uint8Array
  readonly opened: OpenedEnvelope
  readonly link: VerifiedLink | undefined
}

/**
 * Decides on one call whose parts were opened before: as {@link authorize}, and nothing is read or verified twice.
 *
 * @throws TalosError as {@link authorize}
 */
export function authorizeOpened(options: AuthorizeOpenedOptions): Verdict {
  const { invocation, proofs, nowS, replay } = options
  const { bytes } = invocation
  const settings = settingsOf({ ...options, replay: recordOf(replay) })
  const bounds = boundChain(
    proofs.map(({ bytes: proof }) => proof),
    settings.maxDepth,
  )
  if (bounds !== undefined) return { outcome: 'deny', cause: denied(bounds) }
  const sent = proofs.map(({ opened, link }) =>
    link === undefined ? { cid: opened.cid, opened } : { cid: link.cid, link },
  )
  const given = {
    proof: { level: 'signature', invocation: bytes },
    proofs: [],
    bytes: bytes.length,
    nowMs: checkedSeconds(nowS) * 1000,
  } as const
  return decideOpened({ call: invocation, level: 'signature', sent }, given, {
    settings,
    library: undefined,
    isReal: true,
  })
}

/** A record that knows nothing before it is told, and no epochs. */
function recordOf(view: ReplayView): Replays {
  return {
    isOfEarlierEpoch: () => false,
    peek: () => 'new',
    take: ({ cid, issuer, expiresS }) => view.remember(cid, issuer, expiresS),
    undo: ({ cid }) => view.forget?.(cid),
  }
}
