/**
 * The executor's side of a tool call (spec 08-invocation, 09-receipt-revocation): decide, record, sign.
 *
 * The decision falls before the tool runs; the entry that it was allowed is durable before the tool runs; the receipt is
 * signed and recorded before the answer leaves. What cannot be recorded is not done.
 */

import { SALT_BYTES } from '@talos/audit'
import { type Cid, toHex } from '@talos/bytes'
import {
  argumentsFromJson,
  authorize,
  commandCovers,
  type DenialCause,
  denial,
  denialPath,
  issueReceipt,
  MAX_INVOCATION_LIFETIME_S,
  mcpServerCommand,
  mcpToolCommand,
  modelMessage,
  type Outcome,
  openDelegation,
  openInvocation,
  type VerifiedInvocation,
  type VerifiedLink,
  verifyChain,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { type ErrorCode, isTalosError } from '@talos/errors'
import type { GateDecision, ListDecision, ToolGate } from '@talos/mcp'
import type { Agent } from './agent.ts'
import { commitToCall } from './call-commitment.ts'
import type { FrameOrigin } from './channels.ts'
import type { ClientEvent } from './events.ts'
import { nowS } from './options.ts'

/** Causes that better arguments cure: the model is told as the tool's own error. */
const ARGUMENT_CODES: readonly ErrorCode[] = [
  'CAPABILITY_ARGUMENT',
  'CAPABILITY_ARGUMENT_UNKNOWN',
  'CAPABILITY_ARGUMENT_ABSENT',
  'CAPABILITY_ARGUMENTS',
  'CAPABILITY_ARGUMENTS_INVALID',
]

/** Delegations that a caller shows for a list; those who hold more see what these cover. */
export const MAX_LIST_PROOFS = 16

export interface ToolGateOptions {
  readonly agent: Agent
  readonly emit: (event: ClientEvent) => void
}

/** What is known of a call that is being decided. */
interface Call {
  readonly peer: Did
  /** The session that it came in. */
  readonly sessionId: Uint8Array
  readonly command: string
  /** Exact bytes that the receipt and the entries commit to. */
  readonly request: Uint8Array
  /** What both sides derive this call's salts from. */
  readonly saltKey: Uint8Array
}

type CallInput = Parameters<ToolGate['authorizeCall']>[0] & { readonly origin: FrameOrigin }
type GatedInput = Pick<CallInput, 'peer' | 'request' | 'saltKey' | 'origin'>
type ListInput = Parameters<ToolGate['authorizeList']>[0] & { readonly origin: FrameOrigin }
type Ending = Parameters<Extract<GateDecision, { allowed: true }>['finish']>[0]

export class ExecutorGate {
  readonly #options: ToolGateOptions

  constructor(options: ToolGateOptions) {
    this.#options = options
  }

  /** The gate of one channel: what it decides goes by the session that the channel's frames came in. */
  of(channel: { readonly origin: FrameOrigin }): ToolGate {
    return {
      authorizeCall: async (call) => await this.authorizeCall({ ...call, origin: channel.origin }),
      authorizeList: async (list) => await this.authorizeList({ ...list, origin: channel.origin }),
    }
  }

  async authorizeCall(input: CallInput): Promise<GateDecision> {
    const { server, tool } = input
    const call = this.#call(input, mcpToolCommand({ server, tool }))
    const verdict = this.#decide(input, call.command)
    if ('cause' in verdict) return await this.#refuse(call, verdict)
    const { invocation, chain } = verdict
    return await this.#allow(call, { invocation, cap: chain.at(-1)?.cid })
  }

  async authorizeList(input: ListInput): Promise<ListDecision> {
    const { server } = input
    const call = this.#call(input, listCommand(server))
    const verdict = this.#decideList(input, call.command)
    if ('cause' in verdict) return await this.#refuse(call, verdict)
    const permission = await this.#allow(call, { invocation: verdict.invocation, cap: undefined })
    const permits = (tool: string) =>
      verdict.chains.some((links) =>
        links.every((link) => commandCovers(link.command, mcpToolCommand({ server, tool }))),
      )
    return { ...permission, permits }
  }

  #decide(input: CallInput, command: string): Allowed | Refused {
    const { agent } = this.#options
    const invocation = input.proof?.level === 'signature' ? input.proof.invocation : undefined
    const early = this.#checkPeer({ ...input, invocation })
    if ('cause' in early) return early
    let args: ReturnType<typeof argumentsFromJson>
    try {
      args = argumentsFromJson(input.argumentsJson)
    } catch (error) {
      if (!isTalosError(error)) throw error
      return {
        cause: denial('CAPABILITY_DENIED', { causes: [denial(error.code, { details: error.details })] }),
        ...early,
      }
    }
    const verdict = authorize({
      invocation: early.invocation.bytes,
      proofs: input.proofs,
      executor: agent.did,
      nowS: nowS(agent.clock),
      kernel: agent.kernel,
      revocations: agent.database.revocations,
      replay: agent.database.replay.at(nowS(agent.clock)),
      call: { command, args },
      hasCommand: () => input.known,
    })
    return verdict.outcome === 'allow' ? verdict : { cause: verdict.cause, invocation: early.invocation }
  }

  /**
   * A list needs no grant of its own: whoever holds a valid chain into the server may see what the chain covers. The
   * invocation is the caller's signed word for it.
   */
  #decideList(input: ListInput, command: string): AllowedList | Refused {
    const { agent } = this.#options
    const early = this.#checkPeer(input)
    if ('cause' in early) return early
    const { invocation } = early
    const cause = checkList({ invocation, proofs: input.proofs, now: nowS(agent.clock) })
    if (cause !== undefined) return { cause: denial('CAPABILITY_DENIED', { causes: [cause] }), invocation }
    if (invocation.command !== command || invocation.audience !== agent.did || invocation.subject !== agent.did) {
      return { cause: denial('CAPABILITY_DENIED', { causes: [denial('CAPABILITY_CALL_MISMATCH')] }), invocation }
    }
    const links = this.#chains(input)
    if (links.length === 0) {
      return { cause: denial('CAPABILITY_DENIED', { causes: [denial('CAPABILITY_MISSING')] }), invocation }
    }
    const now = nowS(agent.clock)
    const fate = agent.database.replay.at(now).remember(invocation.cid, invocation.issuer, invocation.expiresS ?? now)
    if (fate !== 'new') {
      const code = fate === 'full' ? 'CAPABILITY_REPLAY_FULL' : 'CAPABILITY_REPLAY'
      return { cause: denial('CAPABILITY_DENIED', { causes: [denial(code)] }), invocation }
    }
    return { invocation, chains: links }
  }

  /** Valid chains to the peer, one for each proof that ends there. */
  #chains({ peer, server, proofs }: ListInput): readonly (readonly VerifiedLink[])[] {
    const { agent } = this.#options
    const prefix = mcpServerCommand(server)
    return splitChains(proofs, agent).flatMap((chain) => {
      const verdict = verifyChain({
        proofs: chain,
        audience: peer,
        subject: agent.did,
        nowS: nowS(agent.clock),
        kernel: agent.kernel,
        revocations: agent.database.revocations,
      })
      if (verdict.outcome !== 'valid') return []
      const { links, command } = verdict.chain
      return commandCovers(command, prefix) || commandCovers(prefix, command) ? [links] : []
    })
  }

  /** The call must be the session's peer's own, on a session that the peer has confirmed. */
  #checkPeer(
    input: Pick<ListInput, 'peer' | 'invocation' | 'origin'>,
  ): { readonly invocation: VerifiedInvocation } | Refused {
    const { agent } = this.#options
    const refused = (code: ErrorCode): Refused => ({ cause: denial('CAPABILITY_DENIED', { causes: [denial(code)] }) })
    if (!input.origin.confirmed) return refused('SESSION_UNCONFIRMED')
    if (input.invocation === undefined) return refused('CAPABILITY_MISSING')
    try {
      const invocation = openInvocation(input.invocation, { kernel: agent.kernel })
      return invocation.issuer === input.peer ? { invocation } : refused('CAPABILITY_AUDIENCE')
    } catch (error) {
      if (!isTalosError(error)) throw error
      return refused(error.code)
    }
  }

  async #allow(
    call: Call,
    { invocation, cap }: { readonly invocation: VerifiedInvocation; readonly cap: Cid | undefined },
  ): Promise<Extract<GateDecision, { allowed: true }>> {
    const { agent, emit } = this.#options
    const request = this.#commit(call, 'params', call.request)
    this.#keep(invocation.cid, { invocation: invocation.bytes })
    const entry = await agent.log.append({
      kind: 'tool.invoke',
      ...this.#place(call),
      decision: 'allow',
      ref: invocation.cid.toString(),
      ...(cap !== undefined && { cap: cap.toString() }),
      commit: { params: { commitment: toHex(request) } },
    })
    const name = invocation.cid.toString()
    emit({ type: 'tool.call', peer: call.peer, command: call.command, decision: 'allow', invocation: name })
    const cause = toHex(entry.leafHash)
    this.#keep(invocation.cid, { 'executor.invoke': entry.leafHash, 'executor.salt': call.saltKey })
    return {
      allowed: true,
      charge: () => undefined,
      finish: async (end) => await this.#finish(call, { invocation: invocation.cid, cap, cause, request, end }),
    }
  }

  async #finish(
    call: Call,
    done: {
      readonly invocation: Cid
      readonly cap: Cid | undefined
      readonly cause: string
      readonly request: Uint8Array
      readonly end: Ending
    },
  ): Promise<Uint8Array> {
    const { agent } = this.#options
    const { invocation, cap, cause, request, end } = done
    const result = 'response' in end ? this.#commit(call, 'result', end.response) : undefined
    const outcome: Outcome = 'response' in end && !end.isError ? 'allow' : 'error'
    const receipt = await issueReceipt({
      signer: agent.signer,
      invocation,
      outcome,
      requestCommitment: request,
      ...(result !== undefined && { resultCommitment: result }),
      atMs: agent.clock.nowMs(),
    })
    const entry = await agent.log.append({
      kind: result === undefined ? 'tool.lost' : 'tool.result',
      ...this.#place(call),
      cause,
      ref: receipt.cid.toString(),
      ...(cap !== undefined && { cap: cap.toString() }),
      ...(result !== undefined && { commit: { result: { commitment: toHex(result) } } }),
    })
    this.#keep(invocation, {
      receipt: receipt.bytes,
      'executor.result': entry.leafHash,
    })
    return receipt.bytes
  }

  async #refuse(call: Call, { cause, invocation }: Refused): Promise<Extract<GateDecision, { allowed: false }>> {
    const { agent, emit } = this.#options
    const codes = denialPath(cause)
    const code = codes.at(-1) ?? cause.code
    const request = this.#commit(call, 'params', call.request)
    const receipt =
      invocation === undefined
        ? undefined
        : await issueReceipt({
            signer: agent.signer,
            invocation: invocation.cid,
            outcome: 'deny',
            requestCommitment: request,
            denial: cause,
            atMs: agent.clock.nowMs(),
          })
    const entry = await agent.log.append({
      kind: 'tool.deny',
      ...this.#place(call),
      decision: 'deny',
      reason: code,
      ...(receipt !== undefined && { ref: receipt.cid.toString() }),
      commit: { params: { commitment: toHex(request) } },
    })
    // Under names of its own: an invocation may be presented again, and what was executed keeps its evidence.
    if (invocation !== undefined && receipt !== undefined) {
      this.#keep(invocation.cid, {
        invocation: invocation.bytes,
        'executor.deny': entry.leafHash,
        'executor.deny.receipt': receipt.bytes,
        'executor.deny.salt': call.saltKey,
      })
    }
    const { peer, command } = call
    emit({
      type: 'tool.call',
      peer,
      command,
      decision: 'deny',
      code,
      ...(invocation !== undefined && { invocation: invocation.cid.toString() }),
    })
    const argumentsAtFault = codes.some((one) => ARGUMENT_CODES.includes(one))
    return { allowed: false, receipt: receipt?.bytes, argumentsAtFault, code, message: modelMessage(cause) }
  }

  /** A caller that sends no salt key cannot hold the receipt against the bytes; it gets one that is ours alone. */
  #call({ peer, request, saltKey, origin }: GatedInput, command: string): Call {
    const { sessionId } = origin
    return { peer, sessionId, request, command, saltKey: saltKey ?? this.#options.agent.random.bytes(SALT_BYTES) }
  }

  #place({ peer, command, sessionId }: Call) {
    return { peer, tool: command, session: toHex(sessionId) }
  }

  #commit({ saltKey }: Call, path: 'params' | 'result', bytes: Uint8Array): Uint8Array {
    return commitToCall({ saltKey, path, bytes, kernel: this.#options.agent.kernel })
  }

  /** A second presentation of an invocation leaves the evidence of the first alone. */
  #keep(invocation: Cid, evidence: { readonly [name: string]: Uint8Array }): void {
    const { database, clock } = this.#options.agent
    for (const [name, bytes] of Object.entries(evidence)) {
      if (database.evidence.get(invocation, name) !== undefined) continue
      database.evidence.put({ invocation, name, bytes, confidential: name.endsWith('.salt'), nowMs: clock.nowMs() })
    }
  }
}

interface Refused {
  readonly cause: DenialCause
  readonly invocation?: VerifiedInvocation
}

interface Allowed {
  readonly chain: readonly VerifiedLink[]
  readonly invocation: VerifiedInvocation
}

interface AllowedList {
  readonly chains: readonly (readonly VerifiedLink[])[]
  readonly invocation: VerifiedInvocation
}

/** The command of listing a server's tools. */
export function listCommand(server: string): string {
  return `${mcpServerCommand(server)}/list`
}

/** Whether a command lists a server's tools. */
export function isListCommand(command: string): boolean {
  const [, mcp, , word, ...rest] = command.split('/')
  return mcp === 'mcp' && word === 'list' && rest.length === 0
}

/** What is bounded before anything is verified or remembered. */
function checkList(list: {
  readonly invocation: VerifiedInvocation
  readonly proofs: readonly Uint8Array[]
  readonly now: number
}): DenialCause | undefined {
  const { invocation, proofs, now } = list
  if (proofs.length > MAX_LIST_PROOFS) {
    const details = { what: 'the number of delegations', actual: proofs.length, limit: MAX_LIST_PROOFS }
    return denial('CAPABILITY_LIMIT', { details, path: 'proofs' })
  }
  const { expiresS } = invocation
  if (expiresS !== null && expiresS <= now + MAX_INVOCATION_LIFETIME_S) return undefined
  return denial('CAPABILITY_LIFETIME', { details: { limitS: MAX_INVOCATION_LIFETIME_S }, path: 'invocation' })
}

/** Proofs arrive as chains one after the other, each root first: a new one begins where the executor is the issuer. */
function splitChains(proofs: readonly Uint8Array[], agent: Agent): readonly (readonly Uint8Array[])[] {
  const chains: Uint8Array[][] = []
  for (const proof of proofs) {
    const isRoot = issuerOf(proof, agent) === agent.did
    const last = chains.at(-1)
    if (isRoot || last === undefined) chains.push([proof])
    else last.push(proof)
  }
  return chains
}

function issuerOf(proof: Uint8Array, { kernel }: Agent): Did | undefined {
  try {
    return openDelegation(proof, { kernel }).issuer
  } catch {
    return undefined
  }
}
