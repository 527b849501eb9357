/** What an executor decides with: checked once, then the same for every call (spec 08-invocation, clause 8.5). */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import type { ResolvePath } from '../conditions/subpath.ts'
import type { VerifiedLink } from '../delegation.ts'
import type { DenialCause } from '../denial.ts'
import type { ExecutorPolicy } from '../executor-policy.ts'
import { type IdentityView, TEXTUAL_IDENTITIES } from '../identity-view.ts'
import { ABSOLUTE_MAX_DEPTH, DEFAULT_MAX_DEPTH, MAX_INVOCATION_LIFETIME_S, MAX_LEEWAY_S } from '../limits.ts'
import type { Replays } from '../replay.ts'
import { DEFAULT_REQUIREMENTS, type ToolRequirements } from '../requirements.ts'
import type { RevocationView } from '../revocation/view.ts'
import { type Metering, UNMETERED } from './metering-port.ts'
import type { WalkContext } from './walk.ts'

export interface AuthorizerOptions {
  /** Who is about to execute calls. */
  readonly executor: Did
  /** DIDs that the executor had before; calls to them and grants by them still count. */
  readonly formerExecutors?: readonly Did[]
  /** Who owns the resources; the executor when absent. A call about any other subject is refused. */
  readonly subject?: Did
  readonly kernel: Kernel
  readonly revocations: RevocationView
  readonly replay: Replays
  /** Without one, a chain with limits is refused. */
  readonly meter?: Metering
  /** Every DID for itself when absent. */
  readonly identities?: IdentityView
  readonly policy?: ExecutorPolicy
  /** `DEFAULT_REQUIREMENTS` of every command when absent. Asked in every decision; what it returns is checked by `toolRequirements`. */
  readonly requirements?: (command: string) => ToolRequirements
  /** Facts of the executor's environment. */
  readonly environment?: ReadonlyMap<string, string>
  /** Whether the executor has this command; everything when absent. Asked only for callers with authority over it. */
  readonly hasCommand?: (command: string) => boolean
  /** Symbolic links for `subpath`; without it paths are judged as they are written. */
  readonly resolvePath?: ResolvePath
  /** `DEFAULT_MAX_DEPTH` when absent; at most `ABSOLUTE_MAX_DEPTH`. */
  readonly maxDepth?: number
  /** 0 when absent; at most `MAX_LEEWAY_S`. */
  readonly leewayS?: number
  /** `MAX_INVOCATION_LIFETIME_S` when absent; null accepts calls without an end, as UCAN allows them. */
  readonly maxLifetimeS?: number | null
  /**
   * Look back at a call that its executor has decided on, with the leeway as how far the clocks may have differed: what the
   * executor alone could see is taken to hold (its environment, counters and approvals), and hours hold where they do at
   * either end of the leeway, or now. Never for a call that is to be made.
   */
  readonly lookingBack?: boolean
  /** Judges the arguments in place of the conditions of the links, where not all arguments are known; with `lookingBack`. */
  readonly judgeArguments?: JudgeArguments
}

/** The first reason that the links of a chain have against the arguments; undefined where there is none. */
type JudgeArguments = (links: readonly VerifiedLink[]) => DenialCause | undefined

export interface Settings extends WalkContext {
  readonly executor: Did
  readonly subject: Did
  readonly kernel: Kernel
  readonly replay: Replays
  readonly meter: Metering | undefined
  readonly policy: ExecutorPolicy | undefined
  readonly requirements: (command: string) => ToolRequirements
  readonly environment: ReadonlyMap<string, string>
  readonly hasCommand: ((command: string) => boolean) | undefined
  readonly resolvePath: ResolvePath | undefined
  readonly maxDepth: number
  readonly leewayS: number
  readonly maxLifetimeS: number | null
  readonly lookingBack: boolean
  readonly judgeArguments: JudgeArguments | undefined
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID` */
export function settingsOf(options: AuthorizerOptions): Settings {
  const { executor, formerExecutors = [], subject = executor, kernel, revocations, replay, policy } = options
  const {
    identities = TEXTUAL_IDENTITIES,
    requirements = () => DEFAULT_REQUIREMENTS,
    environment = new Map(),
  } = options
  const { maxLifetimeS = MAX_INVOCATION_LIFETIME_S, lookingBack = false } = options
  if (maxLifetimeS !== null && (!Number.isSafeInteger(maxLifetimeS) || maxLifetimeS < 1)) {
    throw invalid('maxLifetimeS', 'not a whole number of seconds')
  }
  return {
    executor,
    own: new Set([executor, ...formerExecutors]),
    subject,
    kernel,
    revocations,
    replay,
    meter: lookingBack ? UNMETERED : options.meter,
    identities,
    policy,
    requirements,
    environment,
    hasCommand: options.hasCommand,
    resolvePath: options.resolvePath,
    maxDepth: checkedDepth(options.maxDepth),
    leewayS: checkedLeeway(options.leewayS),
    maxLifetimeS,
    lookingBack,
    judgeArguments: options.judgeArguments,
  }
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID` */
export function checkedDepth(maxDepth: number = DEFAULT_MAX_DEPTH): number {
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 1 || maxDepth > ABSOLUTE_MAX_DEPTH) {
    throw invalid('maxDepth', `not 1 to ${ABSOLUTE_MAX_DEPTH}`)
  }
  return maxDepth
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID` */
export function checkedLeeway(leewayS = 0): number {
  if (!Number.isSafeInteger(leewayS) || leewayS < 0 || leewayS > MAX_LEEWAY_S) {
    throw invalid('leewayS', `not 0 to ${MAX_LEEWAY_S}`)
  }
  return leewayS
}

/** @throws TalosError `CAPABILITY_OPTION_INVALID`: a clock that is not a number must not make everything valid */
export function checkedSeconds(nowS: number): number {
  if (!Number.isSafeInteger(nowS) || nowS < 0) throw invalid('nowS', 'not a whole number of seconds')
  return nowS
}

/**
 * The second that a time in milliseconds lies in.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`
 */
export function secondOf(nowMs: number): number {
  if (!Number.isSafeInteger(nowMs) || nowMs < 0) throw invalid('nowMs', 'not a whole number of milliseconds')
  return Math.floor(nowMs / 1000)
}

function invalid(option: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_OPTION_INVALID', { option, reason })
}
