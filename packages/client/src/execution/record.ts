/**
 * What an executor writes down of a call: entries of its log, receipts, and the evidence that belongs to them.
 *
 * The entry that a call was allowed is durable before the tool runs; the receipt is signed and recorded before the answer
 * leaves. What cannot be recorded is not done.
 */
import { type Cid, toHex } from '@talos/bytes'
import { type DenialCause, denialPath, type Outcome, type ProofLevel, type VerifiedLink } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'
import type { CallEnd } from '@talos/mcp'
import { commitToCall } from '../call-commitment.ts'
import { committedFields, fieldsOfArguments, fieldsOfOutput } from '../call-fields.ts'
import type { ClientEvent } from '../events.ts'
import { isConfidential } from '../evidence/confidential.ts'
import { HEADS, knownHeads } from '../evidence/heads.ts'
import type { Executor } from './executor.ts'

/** What is known of a call that is being decided. */
export interface Call {
  readonly peer: Did
  /** The session that it came in. */
  readonly sessionId: Uint8Array
  readonly command: string
  /** Exact bytes that the receipt and the entries commit to. */
  readonly request: Uint8Array
  /** The exact bytes of a tool call's arguments; a list has none. */
  readonly argumentsJson?: Uint8Array
  /** What both sides derive this call's salts from. */
  readonly saltKey: Uint8Array
}

/** A call by its name, and the bytes that the name is of. */
export interface NamedCall {
  readonly cid: Cid
  readonly bytes: Uint8Array
}

/** A call that is allowed and not over yet. */
export interface OpenCall {
  readonly call: Call
  readonly named: NamedCall
  /** The last link of its chain. */
  readonly cap: Cid | undefined
  /** Leaf hash of the entry that it was allowed. */
  readonly cause: string
  readonly request: Uint8Array
  readonly receipt: 'call' | 'batch'
  /** Whether parts of it may be shown to others one day: only of a signed tool call there is a proof for others. */
  readonly isProvable: boolean
}

export interface Refusal {
  readonly outcome: 'deny' | 'refer'
  readonly cause: DenialCause
  /** None where nobody can be held to the call. */
  readonly named: NamedCall | undefined
  readonly level: ProofLevel
}

export class CallRecord {
  readonly #executor: Executor
  readonly #emit: (event: ClientEvent) => void

  constructor({ executor, emit }: { readonly executor: Executor; readonly emit: (event: ClientEvent) => void }) {
    this.#executor = executor
    this.#emit = emit
  }

  /** @throws TalosError log and store codes: then the call must not be made */
  async allow(
    call: Call,
    allowed: Pick<OpenCall, 'named' | 'cap' | 'receipt'> & {
      readonly level: ProofLevel
      /** Those who gave leave, root first. */
      readonly chain: readonly Pick<VerifiedLink, 'issuer'>[]
    },
  ): Promise<OpenCall> {
    const { named, cap, receipt, level } = allowed
    const isProvable =
      level === 'signature' && call.argumentsJson !== undefined && this.#executor.agent.log.level !== 'minimal'
    const request = this.#commit(call, 'params', call.request)
    const heads = isProvable ? knownHeads(allowed.chain, this.#executor.agent) : undefined
    this.#keep(named.cid, { [nameOfBytes(level)]: named.bytes, ...(heads !== undefined && { [HEADS]: heads }) })
    const name = named.cid.toString()
    const entry = await this.#executor.agent.log.append({
      kind: 'tool.invoke',
      ...placeOf(call),
      decision: 'allow',
      ref: name,
      ...(cap !== undefined && { cap: cap.toString() }),
      commit: { params: { commitment: toHex(request) }, ...(isProvable && this.#argumentFields(call)) },
    })
    this.#emit({ type: 'tool.call', peer: call.peer, command: call.command, decision: 'allow', invocation: name })
    this.#keep(named.cid, { 'executor.invoke': entry.leafHash, 'executor.salt': call.saltKey })
    return { call, named, cap, cause: toHex(entry.leafHash), request, receipt, isProvable }
  }

  /** @returns the receipt @throws TalosError signer, log and store codes: then the response must not leave */
  async finish(open: OpenCall, end: CallEnd): Promise<Uint8Array> {
    const { agent, receipts } = this.#executor
    const { call, named, cap, cause, request } = open
    const result = 'response' in end ? this.#commit(call, 'result', end.response) : undefined
    const outcome: Outcome = 'response' in end && !end.isError ? 'allow' : 'error'
    const content = {
      invocation: named.cid,
      outcome,
      requestCommitment: request,
      ...(result !== undefined && { resultCommitment: result }),
      atMs: agent.clock.nowMs(),
    }
    const receipt = await receipts.issue(content, open.receipt)
    const entry = await agent.log.append({
      kind: result === undefined ? 'tool.lost' : 'tool.result',
      ...placeOf(call),
      cause,
      ref: receipt.cid.toString(),
      ...(cap !== undefined && { cap: cap.toString() }),
      ...(result !== undefined && {
        commit: { result: { commitment: toHex(result) }, ...(open.isProvable && this.#outputFields(call, end)) },
      }),
    })
    this.#keep(named.cid, { receipt: receipt.bytes, 'executor.result': entry.leafHash })
    return receipt.bytes
  }

  /**
   * @returns the receipt, where there is somebody to hold to the call
   * @throws TalosError signer, log and store codes
   */
  async refuse(call: Call, { outcome, cause, named, level }: Refusal): Promise<Uint8Array | undefined> {
    const { agent, receipts } = this.#executor
    const request = this.#commit(call, 'params', call.request)
    const content = { outcome, requestCommitment: request, denial: cause, atMs: agent.clock.nowMs() }
    const receipt =
      named === undefined ? undefined : await receipts.issue({ ...content, invocation: named.cid }, 'call')
    const code = codeOf(cause)
    const entry = await agent.log.append({
      kind: 'tool.deny',
      ...placeOf(call),
      decision: 'deny',
      reason: code,
      ...(receipt !== undefined && { ref: receipt.cid.toString() }),
      commit: { params: { commitment: toHex(request) } },
    })
    if (named !== undefined && receipt !== undefined) {
      this.#keepRefused(call, {
        named,
        // Under names of its own: a call may be presented again, and what was executed keeps its evidence.
        evidence: {
          [nameOfBytes(level)]: named.bytes,
          'executor.deny': entry.leafHash,
          'executor.deny.receipt': receipt.bytes,
          'executor.deny.salt': call.saltKey,
        },
      })
    }
    const { peer, command } = call
    const invocation = named?.cid.toString()
    this.#emit({
      type: 'tool.call',
      peer,
      command,
      decision: outcome,
      code,
      ...(invocation !== undefined && { invocation }),
    })
    return receipt?.bytes
  }

  #commit({ saltKey }: Call, path: 'params' | 'result', bytes: Uint8Array): Uint8Array {
    return commitToCall({ saltKey, path, bytes, kernel: this.#executor.agent.kernel })
  }

  /** So that single arguments can be shown to others, and nothing else of the call. */
  #argumentFields({ argumentsJson: json, saltKey }: Call) {
    const { kernel } = this.#executor.agent
    return json === undefined ? {} : committedFields('arguments', fieldsOfArguments({ json, saltKey, kernel }))
  }

  #outputFields({ saltKey }: Call, end: CallEnd) {
    const { kernel } = this.#executor.agent
    if (!('response' in end)) return {}
    return committedFields('output', fieldsOfOutput({ response: end.response, saltKey, kernel }))
  }

  /** Beyond what one peer may fill, the entry in the log and the receipt that the caller gets are all there is. */
  #keepRefused(
    { peer }: Call,
    { named, evidence }: { readonly named: NamedCall; readonly evidence: { readonly [name: string]: Uint8Array } },
  ): void {
    const sizeBytes = Object.values(evidence).reduce((sum, { length }) => sum + length, 0)
    if (this.#executor.refused.tryTake(peer, sizeBytes)) this.#keep(named.cid, evidence)
  }

  /** A second presentation of a call leaves the evidence of the first alone. */
  #keep(invocation: Cid, evidence: { readonly [name: string]: Uint8Array }): void {
    const { database, clock } = this.#executor.agent
    for (const [name, bytes] of Object.entries(evidence)) {
      if (database.evidence.get(invocation, name) !== undefined) continue
      database.evidence.put({ invocation, name, bytes, confidential: isConfidential(name), nowMs: clock.nowMs() })
    }
  }
}

/** What the bytes of a call are kept as: only a signed one is an invocation. */
export function nameOfBytes(level: ProofLevel): 'invocation' | 'call' {
  return level === 'signature' ? 'invocation' : 'call'
}

/** The code of the innermost first cause. */
export function codeOf(cause: DenialCause): ErrorCode {
  return denialPath(cause).at(-1) ?? cause.code
}

function placeOf({ peer, command, sessionId }: Call) {
  return { peer, tool: command, session: toHex(sessionId) }
}
