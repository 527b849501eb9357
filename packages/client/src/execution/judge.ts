/** Decides on calls of the servers of one configuration (spec 08-invocation, 14-mcp 14.6 and 14.9). */
import {
  Authorizer,
  argumentsFromJson,
  type CallProof,
  DEFAULT_REQUIREMENTS,
  type DenialCause,
  denial,
  type ExecutorPolicy,
  mcpToolOf,
  type ToolRequirements,
  type Verdict,
} from '@talos/capability'
import { type ErrorCode, isTalosError } from '@talos/errors'
import { type GatedCall, type ServerTerms, type TalosSettings, termsOfServer, termsOfTool } from '@talos/mcp'
import type { FrameOrigin } from '../channels.ts'
import { revocationsByAgent } from '../identity/revocation-view.ts'
import { resolveRealPath } from '../resolve-path.ts'
import { type Executor, formerDids } from './executor.ts'

/** Clocks of machines that set them by the network differ by less. */
export const LEEWAY_S = 5

export interface JudgeOptions {
  readonly executor: Executor
  readonly settings: TalosSettings
  readonly policy: ExecutorPolicy | undefined
}

export type CallInput = GatedCall & { readonly origin: FrameOrigin }

/** A decision; without an invocation where nobody can be held to the call. */
export type Judgement = Verdict

export class CallJudge {
  readonly #options: JudgeOptions
  /** One that follows the symbolic links of this machine, and one for servers that see another file system. */
  readonly #authorizers: { readonly following: Authorizer; readonly plain: Authorizer }
  /** Whether the server at hand lists the tool at hand: set anew for each decision, which is one step. */
  #isKnown = false

  constructor(options: JudgeOptions) {
    const { executor, settings, policy } = options
    const { agent, replay, meter } = executor
    this.#options = options
    const common = {
      executor: agent.did,
      formerExecutors: formerDids(agent),
      kernel: agent.kernel,
      revocations: revocationsByAgent(agent.revocations, agent.identities),
      identities: agent.identities,
      replay,
      meter,
      environment: settings.environment,
      requirements: (command: string) => this.#requirementsOf(command),
      hasCommand: () => this.#isKnown,
      leewayS: LEEWAY_S,
      ...(policy !== undefined && { policy }),
    }
    this.#authorizers = {
      following: new Authorizer({ ...common, resolvePath: resolveRealPath }),
      plain: new Authorizer(common),
    }
  }

  /** What a tool of a server asks of its calls. */
  termsOf(server: string): ServerTerms {
    return termsOfServer(this.#options.settings, server)
  }

  /** Decides; what is allowed has been charged and recorded as used. @throws TalosError store codes */
  judge(input: CallInput, command: string): Judgement {
    const { agent } = this.#options.executor
    if (!input.origin.confirmed) return refused('SESSION_UNCONFIRMED')
    if (input.proof === undefined) return refused('CAPABILITY_MISSING')
    const args = attempt(() => argumentsFromJson(input.argumentsJson))
    if (args.cause !== undefined)
      return { outcome: 'deny', cause: denial('CAPABILITY_DENIED', { causes: [args.cause] }) }
    this.#isKnown = input.known
    const authorizer = this.termsOf(input.server).followsLinks ? this.#authorizers.following : this.#authorizers.plain
    return this.#withProof(input, input.proof, (proof) =>
      authorizer.authorize({
        proof,
        proofs: input.proofs,
        approvals: input.approvals,
        received: { command, args: args.value },
        bytes: input.request.length,
        nowMs: agent.clock.nowMs(),
      }),
    )
  }

  #withProof(
    { peer, origin }: CallInput,
    proof: NonNullable<GatedCall['proof']>,
    decide: (proof: CallProof) => Judgement,
  ): Judgement {
    if (proof.level === 'signature') return decide({ ...proof, holder: peer })
    if (proof.level === 'channel') return decide({ ...proof, holder: peer })
    const key = attempt(() => this.#options.executor.macKey(peer, origin))
    if (key.cause !== undefined) return { outcome: 'deny', cause: denial('CAPABILITY_DENIED', { causes: [key.cause] }) }
    try {
      return decide({ ...proof, key: key.value, holder: peer })
    } finally {
      key.value.dispose()
    }
  }

  #requirementsOf(command: string): ToolRequirements {
    const tool = mcpToolOf(command)
    return tool === undefined ? DEFAULT_REQUIREMENTS : termsOfTool(this.termsOf(tool.server), tool.tool)
  }
}

function refused(code: ErrorCode): Judgement {
  return { outcome: 'deny', cause: denial('CAPABILITY_DENIED', { causes: [denial(code)] }) }
}

type Attempt<T> =
  | { readonly value: T; readonly cause?: undefined }
  | { readonly value?: undefined; readonly cause: DenialCause }

/** What is wrong with the call is a refusal; what is wrong with this program is not. */
function attempt<T>(read: () => T): Attempt<T> {
  try {
    return { value: read() }
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { cause: denial(error.code, { details: error.details }) }
  }
}
