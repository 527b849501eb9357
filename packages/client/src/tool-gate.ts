/**
 * The executor's side of a tool call (spec 08-invocation, 09-receipt-revocation): decide, record, sign. The decision falls
 * before the tool runs; execution/judge.ts makes it, execution/record.ts writes it down.
 */

import { SALT_BYTES } from '@talos/audit'
import { toHex } from '@talos/bytes'
import {
  commandCovers,
  type DenialCause,
  denialPath,
  type ExecutorPolicy,
  mcpToolCommand,
  modelMessage,
  openDelegation,
  type ProofLevel,
  type Verdict,
  type VerifiedLink,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { type ErrorCode, TalosError } from '@talos/errors'
import { envelopeCid } from '@talos/identity'
import type {
  CallPermission,
  ChannelTerms,
  GateDecision,
  GateDenial,
  GatedCall,
  GatedList,
  ListDecision,
  TalosSettings,
  ToolGate,
} from '@talos/mcp'
import type { FrameOrigin } from './channels.ts'
import type { ClientEvent } from './events.ts'
import type { Executor } from './execution/executor.ts'
import { type CallInput, CallJudge } from './execution/judge.ts'
import { judgeList, type ListInput, listCommand } from './execution/listing.ts'
import { type Call, CallRecord, codeOf, type NamedCall, type OpenCall } from './execution/record.ts'

/** Causes that better arguments cure: the model is told as the tool's own error. */
const ARGUMENT_CODES: readonly ErrorCode[] = [
  'CAPABILITY_ARGUMENT',
  'CAPABILITY_ARGUMENT_UNKNOWN',
  'CAPABILITY_ARGUMENT_ABSENT',
  'CAPABILITY_ARGUMENTS',
  'CAPABILITY_ARGUMENTS_INVALID',
]

/** Nothing is said about any tool. */
const NO_SETTINGS: TalosSettings = { environment: new Map(), policy: undefined, servers: new Map() }

export interface ExecutorGateOptions {
  readonly executor: Executor
  readonly emit: (event: ClientEvent) => void
  /** What is asked of calls; the defaults where absent. */
  readonly settings?: TalosSettings
  /** The policy that the settings name. */
  readonly policy?: ExecutorPolicy
  /** Told of the delegations that a peer shows and that are good. */
  readonly onChain?: (links: readonly Pick<VerifiedLink, 'issuer'>[], peer: Did) => void
}

type Allowed = Extract<Verdict, { outcome: 'allow' }>
type Refused = Exclude<Verdict, { outcome: 'allow' }>

export class ExecutorGate {
  readonly #executor: Executor
  readonly #judge: CallJudge
  readonly #record: CallRecord
  readonly #onChain: NonNullable<ExecutorGateOptions['onChain']>

  /** @throws TalosError `MCP_POLICY_MISSING` where the settings name a policy and none is given */
  constructor({ executor, emit, settings = NO_SETTINGS, policy, onChain = () => undefined }: ExecutorGateOptions) {
    if (settings.policy !== undefined && policy === undefined) throw new TalosError('MCP_POLICY_MISSING')
    this.#executor = executor
    this.#onChain = onChain
    this.#judge = new CallJudge({ executor, settings, policy })
    this.#record = new CallRecord({ executor, emit })
  }

  /** The gate of one channel: what it decides goes by the session that the channel's frames came in. */
  of(channel: { readonly origin: FrameOrigin }): ToolGate {
    return {
      authorizeCall: async (call) => await this.authorizeCall({ ...call, origin: channel.origin }),
      authorizeList: async (list) => await this.authorizeList({ ...list, origin: channel.origin }),
    }
  }

  /** What callers of a server are told of what is asked of them. */
  terms(server: string): ChannelTerms {
    const { common, tools } = this.#judge.termsOf(server)
    const asked = Array.from(
      tools,
      ([tool, { proof, risk }]) => [tool, { proof, mustSayWhy: risk === 'high' }] as const,
    )
    return { epoch: this.#executor.replay.epoch, proof: common.proof, tools: new Map(asked) }
  }

  async authorizeCall(input: CallInput): Promise<GateDecision> {
    const { argumentsJson } = input
    const call = { ...this.#call(input, mcpToolCommand({ server: input.server, tool: input.tool })), argumentsJson }
    const verdict = this.#judge.judge(input, call.command)
    this.#tellOfChain(input, verdict)
    const level = input.proof?.level ?? 'signature'
    return verdict.outcome === 'allow' ? await this.#allow(call, verdict) : await this.#refuse(call, { verdict, level })
  }

  async authorizeList(input: ListInput): Promise<ListDecision> {
    const { server } = input
    const call = this.#call(input, listCommand(server))
    const verdict = judgeList(input, this.#executor)
    if (verdict.outcome !== 'allow') return await this.#refuse(call, { verdict, level: 'signature' })
    const { invocation: named, chains } = verdict
    this.#onChain(chains.flat(), input.peer)
    const open = await this.#record.allow(call, {
      named,
      cap: undefined,
      receipt: 'call',
      level: 'signature',
      chain: [],
    })
    const permits = (tool: string) => {
      const command = mcpToolCommand({ server, tool })
      return chains.some((links) => links.every((link) => commandCovers(link.command, command)))
    }
    const finish: CallPermission['finish'] = async (end) => await this.#record.finish(open, end)
    return { allowed: true, charge: () => undefined, finish, permits }
  }

  /** Whose revocations must be known: also where a call is refused because they are not. */
  #tellOfChain({ peer, proofs }: CallInput, verdict: Verdict): void {
    if (verdict.outcome !== 'deny') this.#onChain(verdict.chain, peer)
    else if (codeOf(verdict.cause) === 'CAPABILITY_STALE') this.#onChain(this.#named(proofs, verdict), peer)
  }

  /** The chain that was judged, which is good: what was sent beside it says nothing about whose lists matter. */
  #named(
    proofs: readonly Uint8Array[],
    { invocation }: Extract<Verdict, { outcome: 'deny' }>,
  ): readonly VerifiedLink[] {
    const { kernel } = this.#executor.agent
    const names = new Set(invocation?.proofs.map(String))
    return proofs
      .filter((proof) => names.has(envelopeCid(proof, kernel).toString()))
      .map((proof) => openDelegation(proof, { kernel }))
  }

  async #allow(
    call: Call,
    { invocation: named, chain, requirements, level, ticket }: Allowed,
  ): Promise<CallPermission> {
    const { meter, agent } = this.#executor
    let open: OpenCall
    try {
      const cap = chain.at(-1)?.cid
      open = await this.#record.allow(call, { named, cap, receipt: requirements.receipt, level, chain })
    } catch (error) {
      // It counts as made: what was charged is not given back, only its place among those that run.
      if (ticket !== undefined) meter.settle(ticket, { bytes: 0, nowMs: agent.clock.nowMs() })
      throw error
    }
    return this.#permission(open, ticket)
  }

  /** Until the call ends it holds its place among those that run. */
  #permission(open: OpenCall, ticket: Allowed['ticket']): CallPermission {
    const { meter, agent } = this.#executor
    let held = ticket
    const settle = (bytes: number): DenialCause | undefined => {
      const last = held
      held = undefined
      return last === undefined ? undefined : meter.settle(last, { bytes, nowMs: agent.clock.nowMs() })
    }
    return {
      allowed: true,
      charge: (sizeBytes) => {
        const cause = settle(sizeBytes)
        return cause === undefined ? undefined : { code: codeOf(cause), message: modelMessage(cause) }
      },
      finish: async (end) => {
        settle(0)
        return await this.#record.finish(open, end)
      },
    }
  }

  async #refuse(
    call: Call,
    { verdict, level }: { readonly verdict: RefusedCall; readonly level: ProofLevel },
  ): Promise<GateDenial> {
    const { outcome, cause, invocation: named } = verdict
    const receipt = await this.#record.refuse(call, { outcome, cause, named, level })
    const codes = denialPath(cause)
    const referral = 'digest' in verdict ? referralOf(verdict) : undefined
    return {
      allowed: false,
      receipt,
      argumentsAtFault: codes.some((one) => ARGUMENT_CODES.includes(one)),
      code: referral === undefined ? codeOf(cause) : 'CAPABILITY_APPROVAL',
      message: modelMessage(cause),
      ...(referral !== undefined && { referral }),
    }
  }

  /** A caller that sends no salt key cannot hold the receipt against the bytes; it gets one that is ours alone. */
  #call({ peer, request, saltKey, origin }: GatedInput, command: string): Call {
    const { random } = this.#executor.agent
    return { peer, sessionId: origin.sessionId, request, command, saltKey: saltKey ?? random.bytes(SALT_BYTES) }
  }
}

type GatedInput = Pick<GatedCall | GatedList, 'peer' | 'request' | 'saltKey'> & { readonly origin: FrameOrigin }

type RefusedCall = Refused | { readonly outcome: 'deny'; readonly cause: DenialCause; readonly invocation?: NamedCall }

function referralOf({ digest, missing }: Extract<Refused, { outcome: 'refer' }>): NonNullable<GateDenial['referral']> {
  return { digest: toHex(digest), approvals: missing.map(({ missing: m, askable: of }) => ({ m, of })) }
}
