/**
 * The caller's side of a tool call: sign the intent, hold the executor to its receipt, keep the evidence.
 *
 * The intent is in this agent's log before it leaves; a result counts only with a receipt that fits.
 */

import { SALT_BYTES } from '@talos/audit'
import { type Cid, equalBytes, toHex } from '@talos/bytes'
import {
  argumentsFromJson,
  invoke,
  mcpToolCommand,
  openReceipt,
  type VerifiedLink,
  type VerifiedReceipt,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { CallAuthor } from '@talos/mcp'
import type { Agent } from './agent.ts'
import type { Authority } from './authority.ts'
import { commitToCall } from './call-commitment.ts'
import { nowS } from './options.ts'
import type { SessionKeeper } from './sessions.ts'
import { listCommand, MAX_LIST_PROOFS } from './tool-gate.ts'

const NONCE_BYTES = 12

type IntentInput = Parameters<CallAuthor['intend']>[0]
type Intent = Awaited<ReturnType<CallAuthor['intend']>>

type CallResponse = Parameters<Intent['finish']>[0]

/** What is known of a call that is under way. */
interface Call {
  readonly peer: Did
  readonly command: string
  /** The invocation. */
  readonly cid: Cid
  /** The last link of the chain. */
  readonly cap: Cid | undefined
  /** What both sides derive this call's salts from. */
  readonly saltKey: Uint8Array
  /** Exact bytes. */
  readonly request: Uint8Array
}

export interface IntentAuthorOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly authority: Authority
}

export class IntentAuthor implements CallAuthor {
  readonly #options: IntentAuthorOptions

  constructor(options: IntentAuthorOptions) {
    this.#options = options
  }

  /**
   * Signs the intent of a call. Without a grant it is signed all the same: the executor refuses and says why.
   *
   * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID`, signer, log and store codes
   */
  async intend(input: IntentInput): Promise<Intent> {
    const { agent, authority } = this.#options
    const { peer, server, tool } = input
    const command = tool === undefined ? listCommand(server) : mcpToolCommand({ server, tool })
    const chain = tool === undefined ? [] : (authority.chains.to(peer, command)[0] ?? [])
    const shown = tool === undefined ? shownFor(authority.chains.from(peer)) : chain
    const signed = await invoke({
      signer: agent.signer,
      audience: peer,
      subject: peer,
      command,
      args: tool === undefined ? {} : argumentsFromJson(input.argumentsJson ?? new Uint8Array([0x7b, 0x7d])),
      proofs: chain.map(({ cid }) => cid),
      nonce: agent.random.bytes(NONCE_BYTES),
      issuedAtS: nowS(agent.clock),
    })
    const saltKey = agent.random.bytes(SALT_BYTES)
    const call = { peer, command, cid: signed.cid, cap: chain.at(-1)?.cid, saltKey, request: input.request }
    const entry = await this.#recordIntent(call)
    this.#keep(signed.cid, {
      invocation: signed.bytes,
      'caller.salt': saltKey,
      'caller.invoke': entry.leafHash,
      ...Object.fromEntries(chain.map(({ bytes }, index) => [`delegation.${index}`, bytes])),
    })
    const cause = toHex(entry.leafHash)
    return {
      proof: { level: 'signature', invocation: signed.bytes },
      proofs: shown.map(({ bytes }) => bytes),
      approvals: [],
      saltKey,
      finish: async (end) => await this.#finish({ ...call, cause }, end),
    }
  }

  async #recordIntent(call: Call) {
    const { agent } = this.#options
    return await agent.log.append({
      kind: 'tool.invoke',
      ...this.#place(call),
      ref: call.cid.toString(),
      commit: { params: { commitment: toHex(this.#commit(call, 'params', call.request)) } },
    })
  }

  async #finish(call: Call & { readonly cause: string }, end: CallResponse): Promise<void> {
    const { log } = this.#options.agent
    const receipt = this.#openReceipt(call, end)
    const common = { ...this.#place(call), cause: call.cause, ref: receipt.cid.toString() }
    if (receipt.outcome === 'deny') {
      const reason = receipt.denial.at(-1) ?? 'CAPABILITY_DENIED'
      await log.append({ kind: 'tool.deny', ...common, decision: 'deny', reason })
    } else if (receipt.resultCommitment === undefined) {
      await log.append({ kind: 'tool.lost', ...common })
    } else {
      const commitment = toHex(receipt.resultCommitment)
      await log.append({ kind: 'tool.result', ...common, commit: { result: { commitment } } })
    }
  }

  /**
   * Holds the executor to its word: by it, about this call, about these very bytes. What it signed is kept either way.
   *
   * @throws TalosError `RECEIPT_MISMATCH`, `RECEIPT_INVALID`
   */
  #openReceipt(call: Call, { receipt: bytes, response }: CallResponse): VerifiedReceipt {
    if (bytes === undefined) throw mismatch('there is none')
    const receipt = openReceipt(bytes, { kernel: this.#options.agent.kernel })
    const { issuer, invocation, requestCommitment, resultCommitment } = receipt
    if (issuer !== call.peer) throw mismatch('it is by another agent')
    if (!invocation.equals(call.cid)) throw mismatch('it is of another call')
    this.#keep(call.cid, { receipt: bytes })
    if (!equalBytes(requestCommitment, this.#commit(call, 'params', call.request))) {
      throw mismatch('it is about another request')
    }
    if (resultCommitment !== undefined && !equalBytes(resultCommitment, this.#commit(call, 'result', response))) {
      throw mismatch('it is about another result')
    }
    return receipt
  }

  #commit({ saltKey }: Call, path: 'params' | 'result', bytes: Uint8Array): Uint8Array {
    return commitToCall({ saltKey, path, bytes, kernel: this.#options.agent.kernel })
  }

  #place({ peer, command, cap }: Call) {
    const session = this.#options.sessions.active(peer)?.sessionId
    return {
      peer,
      tool: command,
      ...(session !== undefined && { session: toHex(session) }),
      ...(cap !== undefined && { cap: cap.toString() }),
    }
  }

  #keep(invocation: Cid, evidence: { readonly [name: string]: Uint8Array }): void {
    const { database, clock } = this.#options.agent
    for (const [name, bytes] of Object.entries(evidence)) {
      database.evidence.put({ invocation, name, bytes, confidential: name.endsWith('.salt'), nowMs: clock.nowMs() })
    }
  }
}

function mismatch(reason: string): TalosError {
  return new TalosError('RECEIPT_MISMATCH', { reason })
}

/** Whole chains, as many as fit. */
function shownFor(chains: readonly (readonly VerifiedLink[])[]): readonly VerifiedLink[] {
  const shown: VerifiedLink[] = []
  for (const chain of chains) if (shown.length + chain.length <= MAX_LIST_PROOFS) shown.push(...chain)
  return shown
}
