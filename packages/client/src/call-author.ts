/**
 * The caller's side of a tool call: sign the intent, hold the executor to its receipt, keep the evidence.
 *
 * The intent is in this agent's log before it leaves; a result counts only with a receipt that fits.
 */

import { commitTo, SALT_BYTES } from '@talos/audit'
import { type Cid, toHex } from '@talos/bytes'
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
import { nowS } from './options.ts'
import type { SessionKeeper } from './sessions.ts'
import { listCommand } from './tool-gate.ts'

const NONCE_BYTES = 12
/** Delegations that are shown for a list; those who hold more see what these cover. */
const MAX_SHOWN = 16

type IntentInput = Parameters<CallAuthor['intend']>[0]
type Intent = Awaited<ReturnType<CallAuthor['intend']>>

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
    const chain = tool === undefined ? [] : (authority.chainsFor(peer, command)[0] ?? [])
    const shown = tool === undefined ? shownFor(authority.chainsFrom(peer)) : chain
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
    const entry = await this.#recordIntent({ ...input, command, cid: signed.cid, chain })
    this.#keep(signed.cid, {
      invocation: signed.bytes,
      'caller.invoke': entry.leafHash,
      ...Object.fromEntries(chain.map(({ bytes }, index) => [`delegation.${index}`, bytes])),
    })
    const cause = toHex(entry.leafHash)
    return {
      invocation: signed.bytes,
      proofs: shown.map(({ bytes }) => bytes),
      finish: async (end) => await this.#finish({ peer, command, cause, cid: signed.cid, cap: chain.at(-1)?.cid }, end),
    }
  }

  async #recordIntent(
    intent: IntentInput & { readonly command: string; readonly cid: Cid; readonly chain: readonly VerifiedLink[] },
  ) {
    const { agent } = this.#options
    const { peer, command, cid, chain, request } = intent
    const salt = agent.random.bytes(SALT_BYTES)
    this.#keep(cid, { 'caller.params.salt': salt })
    const leaf = chain.at(-1)
    return await agent.log.append({
      kind: 'tool.invoke',
      ...this.#place(peer, command),
      ref: cid.toString(),
      ...(leaf !== undefined && { cap: leaf.cid.toString() }),
      commit: {
        params: { commitment: toHex(commitTo({ path: 'params', bytes: request, salt, kernel: agent.kernel })) },
      },
    })
  }

  async #finish(
    call: {
      readonly peer: Did
      readonly command: string
      readonly cause: string
      readonly cid: Cid
      readonly cap: Cid | undefined
    },
    end: { readonly receipt: Uint8Array | undefined; readonly response: Uint8Array },
  ): Promise<void> {
    const { agent } = this.#options
    const { peer, command, cause, cid, cap } = call
    const receipt = this.#openReceipt(call, end.receipt)
    const salt = agent.random.bytes(SALT_BYTES)
    const common = {
      ...this.#place(peer, command),
      cause,
      ref: receipt.cid.toString(),
      ...(cap !== undefined && { cap: cap.toString() }),
    }
    if (receipt.outcome === 'deny') {
      const reason = receipt.denial.at(-1) ?? 'CAPABILITY_DENIED'
      await agent.log.append({ kind: 'tool.deny', ...common, decision: 'deny', reason })
    } else {
      const commitment = toHex(commitTo({ path: 'result', bytes: end.response, salt, kernel: agent.kernel }))
      await agent.log.append({ kind: 'tool.result', ...common, commit: { result: { commitment } } })
    }
    this.#keep(cid, { receipt: receipt.bytes, 'caller.result.salt': salt })
  }

  /** @throws TalosError `RECEIPT_MISMATCH`, `RECEIPT_INVALID` */
  #openReceipt(call: { readonly peer: Did; readonly cid: Cid }, bytes: Uint8Array | undefined): VerifiedReceipt {
    if (bytes === undefined) throw new TalosError('RECEIPT_MISMATCH', { reason: 'there is none' })
    const receipt = openReceipt(bytes, { kernel: this.#options.agent.kernel })
    if (receipt.issuer !== call.peer) throw new TalosError('RECEIPT_MISMATCH', { reason: 'it is by another agent' })
    if (!receipt.invocation.equals(call.cid))
      throw new TalosError('RECEIPT_MISMATCH', { reason: 'it is of another call' })
    return receipt
  }

  #place(peer: Did, command: string) {
    const session = this.#options.sessions.active(peer)?.sessionId
    return { peer, tool: command, ...(session !== undefined && { session: toHex(session) }) }
  }

  #keep(invocation: Cid, evidence: { readonly [name: string]: Uint8Array }): void {
    const { database, clock } = this.#options.agent
    for (const [name, bytes] of Object.entries(evidence)) {
      database.evidence.put({ invocation, name, bytes, confidential: name.endsWith('.salt'), nowMs: clock.nowMs() })
    }
  }
}

/** Whole chains, as many as fit. */
function shownFor(chains: readonly (readonly VerifiedLink[])[]): readonly VerifiedLink[] {
  const shown: VerifiedLink[] = []
  for (const chain of chains) if (shown.length + chain.length <= MAX_SHOWN) shown.push(...chain)
  return shown
}
