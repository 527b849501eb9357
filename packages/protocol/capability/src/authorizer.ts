/**
 * The authorizer of an executor: decides on calls as `authorize` does, and remembers what it need not find out twice (spec
 * 08-invocation, clauses 8.5 and 8.8).
 *
 * It keeps that a delegation's signature is good, and its compiled policy; never a verdict. Time, revocation, keys, arguments,
 * proof and counters are looked at in every decision.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type IpldMap, openEnvelopes } from '@talos/identity'
import { checkDemands } from './authorization/approving.ts'
import { checkCaller, judge } from './authorization/checks.ts'
import { decide } from './authorization/decide.ts'
import { freshnessOf } from './authorization/freshness.ts'
import { DEFAULT_CACHE_LINKS, Library } from './authorization/library.ts'
import type { Matter } from './authorization/matter.ts'
import { boundApprovals, type CallToAuthorize } from './authorization/opening.ts'
import { boundChain, delegationsToOpen, readLink } from './authorization/reading.ts'
import { brokenChain, type ReadyChain, readyChain } from './authorization/ready-chain.ts'
import { type AuthorizerOptions, type Settings, secondOf, settingsOf } from './authorization/settings.ts'
import { previewSpending, spend } from './authorization/spending.ts'
import { type ChannelVerdict, denied, type Verdict } from './authorization/verdict.ts'
import { parseCommand } from './command.ts'
import type { DenialCause } from './denial.ts'
import type { ProofLevel } from './requirements.ts'

/** Commands whose form was checked, at most: more than an executor has tools. */
const MAX_KNOWN_COMMANDS = 4_096

export interface CachingOptions extends AuthorizerOptions {
  /** Links that are kept; {@link DEFAULT_CACHE_LINKS} when absent, 0 for none. */
  readonly cacheLinks?: number
}

/** A chain in the hands of the other end of a session, opened once: see {@link Authorizer.chain}. */
export class ChainHandle {
  readonly chain: ReadyChain

  constructor(chain: ReadyChain) {
    this.chain = chain
  }
}

/** A call that a session proves, already taken out of its message. */
export interface ChannelCall {
  readonly command: string
  readonly args: IpldMap
  readonly nowMs: number
  /** Size of the request as received, for limits on bytes. */
  readonly bytes: number
  readonly approvals?: readonly Uint8Array[]
}

const NO_APPROVALS: readonly Uint8Array[] = []

export class Authorizer {
  readonly #settings: Settings
  readonly #library: Library
  readonly #commands = new Set<string>()

  /** @throws TalosError `CAPABILITY_OPTION_INVALID` */
  constructor({ cacheLinks = DEFAULT_CACHE_LINKS, ...options }: CachingOptions) {
    if (!Number.isSafeInteger(cacheLinks) || cacheLinks < 0) {
      throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'cacheLinks', reason: 'not a whole number' })
    }
    this.#settings = settingsOf(options)
    this.#library = new Library(cacheLinks)
  }

  /** Links whose signature need not be checked again. */
  get cachedLinks(): number {
    return this.#library.links
  }

  /**
   * Decides on one call. If it is allowed, it has been charged and recorded as used.
   *
   * @throws TalosError `CAPABILITY_OPTION_INVALID` for the executor's own mistakes; whatever views, record and meter throw:
   *   then the call must not be made
   */
  authorize(call: CallToAuthorize): Verdict {
    return decide(call, { settings: this.#settings, library: this.#library, isReal: true })
  }

  /**
   * What {@link authorize} would say now. Nothing is recorded, charged or kept.
   *
   * @param options.assume judge the call as if it were proven at this level: to ask about a call that is yet to be signed
   */
  explain(call: CallToAuthorize, { assume }: { readonly assume?: ProofLevel } = {}): Verdict {
    const decision = { settings: this.#settings, library: this.#library, isReal: false }
    return decide(call, assume === undefined ? decision : { ...decision, assumed: assume })
  }

  /**
   * Opens a chain once for all calls of a session: the signatures and the form of its delegations, root first. Whether it
   * gives anything is found out with each call; a chain that cannot be read denies each with the reason.
   *
   * @param holder the other end of the session
   */
  chain(proofs: readonly Uint8Array[], holder: Did): ChainHandle {
    const { subject, kernel, maxDepth, own } = this.#settings
    const bounds = boundChain(proofs, maxDepth)
    if (bounds !== undefined) return new ChainHandle(brokenChain(bounds, { subject, holder }))
    const opened = openEnvelopes(delegationsToOpen(proofs), kernel)
    return new ChainHandle(readyChain(opened.map(readLink), { subject, holder, own }))
  }

  /**
   * Decides on a call by `channel`: the fast path, with every check of {@link authorize} that is not about an invocation.
   * The session must have authenticated the message, refused it a second time, and be that of the handle's holder.
   *
   * @throws TalosError as {@link authorize}, and `CAPABILITY_COMMAND_INVALID`
   */
  authorizeChannel({ chain }: ChainHandle, call: ChannelCall): ChannelVerdict {
    const settings = this.#settings
    const { command, args, nowMs, bytes, approvals = NO_APPROVALS } = call
    this.#checkCommand(command)
    const requirements = settings.requirements(command)
    const nowS = secondOf(nowMs)
    const freshness = freshnessOf(chain, settings.revocations, { nowS, maxStaleS: requirements.maxStaleS })
    const matter: Matter = {
      chain,
      audience: settings.executor,
      caller: chain.holder,
      command,
      args,
      level: 'channel',
      justification: undefined,
      requirements,
      freshness,
      clock: { nowS, leewayS: settings.leewayS },
      nowMs,
      bytes,
    }
    const refusal = boundApprovals(approvals) ?? checkCaller(chain.holder, settings) ?? judge(matter, settings)
    if (refusal !== undefined) return refuse(refusal)
    const approving = checkDemands(matter, approvals, settings)
    if (approving.refused !== undefined) {
      const { cause, digest, missing } = approving.refused
      const foreseen = previewSpending(matter, [], settings)
      if (foreseen !== undefined) return refuse(foreseen)
      return { outcome: 'refer', cause: denied(cause), chain: chain.links, requirements, digest, missing }
    }
    const spent = spend(matter, approving.uses, settings)
    if (spent.cause !== undefined) return refuse(spent.cause)
    return { outcome: 'allow', chain: chain.links, ticket: spent.ticket, revocation: freshness, requirements }
  }

  /** A command is the executor's own word for its tool: it is well formed, or that is a mistake. */
  #checkCommand(command: string): void {
    if (this.#commands.has(command)) return
    parseCommand(command)
    if (this.#commands.size >= MAX_KNOWN_COMMANDS) this.#commands.clear()
    this.#commands.add(command)
  }
}

function refuse(cause: DenialCause): ChannelVerdict {
  return { outcome: 'deny', cause: denied(cause) }
}
