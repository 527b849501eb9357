/**
 * The caller's side of a tool call: prove the intent, hold the executor to its receipt, keep the evidence.
 *
 * The intent is in this agent's log before it leaves; a result counts only with a receipt that fits.
 */

import { FIELDS_MAX_BYTES, SALT_BYTES } from '@talos/audit'
import { type Cid, equalBytes, toHex, utf8 } from '@talos/bytes'
import {
  argumentsFromJson,
  type CallTerms,
  callDigest,
  callMac,
  epochNonce,
  invoke,
  mcpToolCommand,
  openReceipt,
  type ProofLevel,
  satisfiesProof,
  type VerifiedLink,
  type VerifiedReceipt,
  writeCall,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { SignedEnvelope } from '@talos/identity'
import { type CallAuthor, type CallProof, type ChannelTerms, referralIn } from '@talos/mcp'
import type { Agent } from './agent.ts'
import type { ApprovalKeeper } from './approvals.ts'
import type { Authority } from './authority.ts'
import { commitToCall } from './call-commitment.ts'
import { committedFields, fieldsOfArguments } from './call-fields.ts'
import { CALLER_RESPONSE, CALLER_SALT } from './disclosure.ts'
import type { ClientEvent } from './events.ts'
import { isConfidential } from './evidence/confidential.ts'
import { CALL_MAC_LABEL } from './execution/executor.ts'
import { listCommand, MAX_LIST_PROOFS } from './execution/listing.ts'
import { nameOfBytes } from './execution/record.ts'
import { mayAllow } from './explain.ts'
import type { LeaseKeeper } from './leases.ts'
import { nowS } from './options.ts'
import type { SessionKeeper } from './sessions.ts'

const NONCE_BYTES = 12
const NO_ARGUMENTS = utf8('{}')

type IntentInput = Parameters<CallAuthor['intend']>[0]
type Intent = Awaited<ReturnType<CallAuthor['intend']>>

type CallResponse = Parameters<Intent['finish']>[0]

/** What is known of a call that is under way. */
interface Call {
  readonly peer: Did
  readonly command: string
  /** The invocation, or the bare call. */
  readonly cid: Cid
  /** The last link of the chain. */
  readonly cap: Cid | undefined
  /** What both sides derive this call's salts from. */
  readonly saltKey: Uint8Array
  /** Exact bytes. */
  readonly request: Uint8Array
}

/** One that is not answered yet. */
interface OpenCall extends Call {
  /** Leaf hash of the entry that it was intended. */
  readonly cause: string
  readonly terms: CallTerms
  /** Whether parts of it may be shown to others one day: only of a signed tool call there is a proof for others. */
  readonly isProvable: boolean
}

export interface IntentAuthorOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly authority: Authority
  readonly leases: LeaseKeeper
  readonly approvals: ApprovalKeeper
  readonly emit: (event: ClientEvent) => void
}

export class IntentAuthor implements CallAuthor {
  readonly #options: IntentAuthorOptions

  constructor(options: IntentAuthorOptions) {
    this.#options = options
  }

  /**
   * Proves the intent of a call, by the weakest proof that is asked for. Without a grant it is proven all the same: the
   * executor refuses and says why.
   *
   * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID`, `CAPABILITY_OPTION_INVALID` (a justification without words, or with too
   *   many), signer, log and store codes
   */
  async intend(input: IntentInput): Promise<Intent> {
    const { agent, authority } = this.#options
    const { peer, tool } = input
    const command = tool === undefined ? listCommand(input.server) : mcpToolCommand({ server: input.server, tool })
    const json = input.argumentsJson ?? NO_ARGUMENTS
    const args = argumentsFromJson(json)
    const chain = tool === undefined ? [] : await this.#chainTo(peer, { command, args })
    const shown = tool === undefined ? shownFor(authority.chains.from(peer)) : chain
    const level = tool === undefined ? 'signature' : levelOf(chain, { tool, terms: input.terms })
    const terms = this.#termsOf(input, { command, args, chain })
    const { named, proof } = await this.#prove(terms, level)
    const saltKey = agent.random.bytes(SALT_BYTES)
    const call = { peer, command, cid: named.cid, cap: chain.at(-1)?.cid, saltKey, request: input.request }
    const isProvable = tool !== undefined && level === 'signature' && agent.log.level !== 'minimal'
    const entry = await this.#recordIntent(call, isProvable ? json : undefined)
    this.#keep(named.cid, {
      [nameOfBytes(level)]: named.bytes,
      [CALLER_SALT]: saltKey,
      'caller.invoke': entry.leafHash,
      ...Object.fromEntries(chain.map(({ bytes }, index) => [`delegation.${index}`, bytes])),
    })
    const cause = toHex(entry.leafHash)
    return {
      proof,
      proofs: shown.map(({ bytes }) => bytes),
      approvals: input.approvals ?? this.#heldFor(terms),
      saltKey,
      finish: async (end) => await this.#finish({ ...call, cause, terms, isProvable }, end),
    }
  }

  /** The narrowest chain that would do, else the narrowest, with its leases renewed where that is due. */
  async #chainTo(peer: Did, asked: Pick<CallTerms, 'command' | 'args'>): Promise<readonly VerifiedLink[]> {
    const { agent, authority, leases } = this.#options
    const find = () => {
      const chains = authority.chains.to(peer, asked.command)
      const [narrowest = []] = chains
      // Several grants of one tool, such as of two folders: which one fits can be told from here.
      if (chains.length < 2) return narrowest
      return chains.find((links) => mayAllow(agent, { executor: peer, ...asked, links })) ?? narrowest
    }
    const chain = find()
    return (await leases.tend(chain)) ? find() : chain
  }

  #termsOf(
    { peer, justification, terms }: IntentInput,
    about: Pick<CallTerms, 'command' | 'args'> & { readonly chain: readonly VerifiedLink[] },
  ): CallTerms {
    const { agent } = this.#options
    const { command, args, chain } = about
    const random = agent.random.bytes(NONCE_BYTES)
    return {
      audience: peer,
      subject: peer,
      command,
      args,
      proofs: chain.map(({ cid }) => cid),
      nonce: terms === undefined ? random : epochNonce({ epoch: terms.epoch, random }),
      issuedAtS: nowS(agent.clock),
      ...(justification !== undefined && { justification }),
    }
  }

  async #prove(
    terms: CallTerms,
    level: ProofLevel,
  ): Promise<{ readonly named: SignedEnvelope; readonly proof: CallProof }> {
    const { agent, sessions } = this.#options
    const { signer, kernel, did: issuer } = agent
    if (level === 'signature') {
      const named = await invoke({ signer, ...terms })
      return { named, proof: { level, invocation: named.bytes } }
    }
    const named = writeCall({ issuer, kernel, ...terms })
    const call = named.bytes
    if (level === 'channel') return { named, proof: { level, call } }
    const { sessionId } = sessions.require(terms.audience)
    const key = sessions.exporter({ peer: terms.audience, sessionId, label: CALL_MAC_LABEL })
    try {
      return { named, proof: { level, call, mac: callMac(call, { key, kernel }) } }
    } finally {
      key.dispose()
    }
  }

  /** Approvals that were given for this very call. */
  #heldFor({ audience, subject, command, args }: CallTerms): readonly Uint8Array[] {
    const { agent, approvals } = this.#options
    if (approvals.isEmpty) return []
    const digest = callDigest({ issuer: agent.did, audience, subject, command, args }, agent.kernel)
    return approvals.heldFor(toHex(digest))
  }

  /** @param json exact bytes of the arguments, where parts of them may be shown one day */
  async #recordIntent(call: Call, json: Uint8Array | undefined) {
    const { log, kernel } = this.#options.agent
    const { saltKey } = call
    const tree = json === undefined ? undefined : fieldsOfArguments({ json, saltKey, kernel })
    const params = { commitment: toHex(this.#commit(call, 'params', call.request)) }
    return await log.append({
      kind: 'tool.invoke',
      ...this.#place(call),
      ref: call.cid.toString(),
      commit: { params, ...committedFields('arguments', tree) },
    })
  }

  async #finish(call: OpenCall, end: CallResponse): Promise<void> {
    const { log } = this.#options.agent
    const receipt = this.#openReceipt(call, end)
    const common = { ...this.#place(call), cause: call.cause, ref: receipt.cid.toString() }
    if (receipt.outcome === 'deny' || receipt.outcome === 'refer') {
      const reason = receipt.denial.at(-1) ?? 'CAPABILITY_DENIED'
      await log.append({ kind: 'tool.deny', ...common, decision: 'deny', reason })
      if (receipt.outcome === 'refer') this.#tellWhoIsAsked(call, end.response)
    } else if (receipt.resultCommitment === undefined) {
      await log.append({ kind: 'tool.lost', ...common })
    } else {
      if (call.isProvable && end.response.length <= FIELDS_MAX_BYTES)
        this.#keep(call.cid, { [CALLER_RESPONSE]: end.response })
      const commitment = toHex(receipt.resultCommitment)
      await log.append({ kind: 'tool.result', ...common, commit: { result: { commitment } } })
    }
  }

  /** What is to be approved is this side's own word; whose approval would do is the executor's. */
  #tellWhoIsAsked({ peer, command, terms }: OpenCall, response: Uint8Array): void {
    const { approvals, emit } = this.#options
    const { audience: aud, subject: sub, args, justification: why } = terms
    const approvers = [...new Set(referralIn(response)?.approvals.flatMap(({ of }) => of) ?? [])]
    const call = { aud, sub, cmd: command, args, ...(why !== undefined && { why }) }
    const request = approvals.requestFor(call, approvers)
    emit({ type: 'approval.needed', peer, command, request, approvers })
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
      database.evidence.put({ invocation, name, bytes, confidential: isConfidential(name), nowMs: clock.nowMs() })
    }
  }
}

/** The strongest of what the tool side asks for and what the links need. Of a tool side that says nothing, a signature. */
function levelOf(
  chain: readonly VerifiedLink[],
  { tool, terms }: { readonly tool: string; readonly terms: ChannelTerms | undefined },
): ProofLevel {
  if (terms === undefined) return 'signature'
  const asked = terms.tools.get(tool)?.proof ?? terms.proof
  return chain.reduce((level, { need }) => (satisfiesProof(level, need) ? level : need), asked)
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
