/**
 * Approvals at both ends (spec 15-frames 15.13, 19-approval): a caller asks for them, an approver reads the very call and signs,
 * and the caller's next attempt brings what it was given.
 *
 * Nothing here is decided by a peer: what a request says is shown as it is, and what is signed is the digest that this side
 * takes of it.
 */
import { decodeCbor, encodeCbor, fromHex, toHex } from '@talos/bytes'
import {
  approve,
  argumentsToJson,
  callDigest,
  displayCommand,
  MAX_APPROVALS,
  MAX_APPROVERS,
  openApproval,
} from '@talos/capability'
import { type AppFrame, type CallToApprove, type Did, parseCallToApprove } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { Agent } from './agent.ts'
import type { ClientEvent } from './events.ts'
import { nowS } from './options.ts'
import { PeerQuota } from './quota.ts'

const NONCE_BYTES = 12
/** Long enough for the caller to try again, short enough that consent is to something that happens now. */
const DEFAULT_LIFETIME_S = 600
/** Bytes of a request: its arguments are those of a call. */
const REQUEST_MAX_BYTES = 1_032_192
/** Arguments nest this deep, in a map in a map. */
const REQUEST_MAX_DEPTH = 26
/** Calls that wait for the user's word, by one peer and in all. */
const MAX_PENDING_PER_PEER = 4
const MAX_PENDING = 32
/** Approvals that are kept for calls of this agent's own, by all approvers. */
export const MAX_HELD = 1_024
/** Referred calls that are remembered as such. */
const MAX_ASKED = 1_024
/** Approvers of one call that are remembered: those of the tool and of every link. */
const MAX_APPROVERS_KEPT = 17 * MAX_APPROVERS
const CONSULT_QUOTA = { what: 'requests for approvals from one peer within an hour', limit: 60, windowMs: 3_600_000 }

/** One exact call that somebody is asked to approve. */
export interface ApprovalRequest {
  /** SHA-256 of what is approved, 64 hex digits. */
  readonly digest: string
  /** Who is to call. */
  readonly caller: Did
  /** Who is to execute. */
  readonly executor: Did
  readonly subject: Did
  readonly command: string
  /** The command for people. */
  readonly display: string
  /** The arguments as JSON text. */
  readonly argumentsJson: string
  /** What the caller says that it is for; no part of what is approved. */
  readonly justification: string | undefined
  /** The request in its canonical bytes: hand these over. */
  readonly bytes: Uint8Array
}

/** A request that arrived over a session. */
export interface PendingApproval extends ApprovalRequest {
  /** Who asked; the caller itself, or somebody for it. */
  readonly peer: Did
}

export interface ApproveChoice {
  /** For people: 1 to 256 characters; the caller and the executor can read it. */
  readonly note?: string
  /** 600 seconds where absent; at most an hour. */
  readonly expiresInS?: number
}

/** Approvals as a program asks for them and gives them. */
export interface Approvals {
  /**
   * Sends the request of a call that was referred to somebody who may approve it. What is approved arrives by itself and is
   * brought along with the next attempt.
   *
   * @throws what the link throws
   */
  ask(approver: Did, request: ApprovalRequest): Promise<void>
  /** Requests that peers sent and that wait for this agent's word, oldest first. */
  pending(): readonly PendingApproval[]
  /** Reads a request that was handed over, to be shown before it is approved. @throws TalosError `APPROVAL_REQUEST_INVALID` */
  read(bytes: Uint8Array): ApprovalRequest
  /**
   * Approves the call of a request, for one use. Who asked over a session gets the approval; else hand over what is returned.
   *
   * @throws TalosError `APPROVAL_REQUEST_INVALID`, `APPROVAL_INVALID`, signer and log codes
   */
  approve(request: ApprovalRequest | Uint8Array, choice?: ApproveChoice): Promise<Uint8Array>
  /** Forgets a request that is not approved. Nobody is told: silence is a refusal. */
  decline(digest: string): void
  /**
   * Takes an approval of a call of this agent; it is brought along with that call until it has expired.
   *
   * @returns the digest of the call that it is of
   * @throws TalosError what `openApproval` throws
   */
  receive(bytes: Uint8Array): string
}

export interface ApprovalKeeperOptions {
  readonly agent: Agent
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
  readonly emit: (event: ClientEvent) => void
}

/** An approval that is kept for a call of this agent. */
interface Held {
  readonly digest: string
  readonly issuer: Did
  readonly expiresS: number
  readonly bytes: Uint8Array
}

export class ApprovalKeeper implements Approvals {
  readonly #options: ApprovalKeeperOptions
  readonly #quota = new PeerQuota(CONSULT_QUOTA)
  readonly #pending: PendingApproval[] = []
  /** Calls of ours that were referred, by digest, and who may approve them: what others send crowds out nothing. */
  readonly #asked = new Map<string, readonly Did[]>()
  /** Approvals of calls of ours, by the call's digest and the approver. */
  readonly #held = new Map<string, Held>()

  constructor(options: ApprovalKeeperOptions) {
    this.#options = options
  }

  /** A request for the approval of a call of this agent. */
  requestFor(call: Omit<CallToApprove, 'iss'>, approvers: readonly Did[] = []): ApprovalRequest {
    const { agent } = this.#options
    const request = requestOf({ iss: agent.did, ...call }, agent.kernel)
    const { digest } = request
    const known = this.#asked.get(digest) ?? []
    this.#asked.set(digest, [...new Set([...known, ...approvers])].slice(0, MAX_APPROVERS_KEPT))
    const [oldest] = this.#asked.keys()
    if (this.#asked.size > MAX_ASKED && oldest !== undefined) this.#asked.delete(oldest)
    return request
  }

  read(bytes: Uint8Array): ApprovalRequest {
    return readApprovalRequest(bytes, this.#options.agent.kernel)
  }

  async ask(approver: Did, { bytes }: ApprovalRequest): Promise<void> {
    await this.#options.post(approver, { t: 'consult', call: bytes })
  }

  pending(): readonly PendingApproval[] {
    return [...this.#pending]
  }

  async approve(
    request: ApprovalRequest | Uint8Array,
    { note, expiresInS = DEFAULT_LIFETIME_S }: ApproveChoice = {},
  ): Promise<Uint8Array> {
    const { agent, post } = this.#options
    const { signer, clock, random, log } = agent
    const { digest, caller, command } = this.read(request instanceof Uint8Array ? request : request.bytes)
    const atS = nowS(clock)
    const signed = await approve({
      signer,
      call: fromHex(digest),
      atS,
      expiresS: atS + expiresInS,
      nonce: random.bytes(NONCE_BYTES),
      ...(note !== undefined && { note }),
    })
    await log.append({ kind: 'cap.approve', peer: caller, tool: command, ref: signed.cid.toString() })
    const frame: AppFrame = { t: 'authority', kind: 'approval', label: '', bytes: signed.bytes }
    for (const { peer } of this.#takePending(digest)) await post(peer, frame).catch(onlyOurs)
    return signed.bytes
  }

  decline(digest: string): void {
    this.#takePending(digest)
  }

  /** @throws TalosError `PEER_QUOTA` */
  admit(peer: Did): void {
    this.#quota.take(peer)
    const count = this.#pending.filter((one) => one.peer === peer).length
    const limit = Math.min(MAX_PENDING_PER_PEER, MAX_PENDING - this.#pending.length + count)
    if (count >= limit) throw new TalosError('PEER_QUOTA', { what: 'requests for approvals that wait', limit })
  }

  /** Takes a request that a peer sends. @throws TalosError `APPROVAL_REQUEST_INVALID` */
  consulted(peer: Did, bytes: Uint8Array): void {
    const request = this.read(bytes)
    if (this.#pending.some((one) => one.peer === peer && one.digest === request.digest)) return
    this.#pending.push({ ...request, peer })
    const { digest, caller, command } = request
    this.#options.emit({ type: 'approval.asked', peer, caller, command, digest })
  }

  receive(bytes: Uint8Array): string {
    const { kernel, clock } = this.#options.agent
    const { call, issuer, expiresS } = openApproval(bytes, { kernel })
    const digest = toHex(call)
    const now = nowS(clock)
    for (const [key, held] of this.#held) if (held.expiresS < now) this.#held.delete(key)
    if (this.#held.size >= MAX_HELD) this.#dropOne()
    this.#held.set(`${digest} ${issuer}`, { digest, issuer, expiresS, bytes })
    return digest
  }

  /** Whether there is none for any call: then nothing need be looked for. */
  get isEmpty(): boolean {
    return this.#held.size === 0
  }

  /** The approvals that are kept for a call. Each counts once: what was used before is ignored by the executor. */
  heldFor(digest: string): readonly Uint8Array[] {
    const held = [...this.#held.values()].filter((one) => one.digest === digest)
    const others = held.filter((one) => !this.#isAskedOf(one))
    return [...held.filter((one) => this.#isAskedOf(one)), ...others].slice(0, MAX_APPROVALS).map(({ bytes }) => bytes)
  }

  /** Whether somebody approved who may, as far as the executor said. */
  #isAskedOf({ digest, issuer }: Held): boolean {
    const { identities } = this.#options.agent
    return (this.#asked.get(digest) ?? []).some((approver) => identities.isSame(approver, issuer))
  }

  /** The oldest that nobody asked for, else the oldest. */
  #dropOne(): void {
    const [oldest] = this.#held.keys()
    const unasked = [...this.#held].find(([, held]) => !this.#isAskedOf(held))
    const key = unasked?.[0] ?? oldest
    if (key !== undefined) this.#held.delete(key)
  }

  #takePending(digest: string): readonly PendingApproval[] {
    const taken = this.#pending.filter((one) => one.digest === digest)
    for (const one of taken) this.#pending.splice(this.#pending.indexOf(one), 1)
    return taken
  }
}

/** Reads a request for an approval. @throws TalosError `APPROVAL_REQUEST_INVALID` */
export function readApprovalRequest(bytes: Uint8Array, kernel: Agent['kernel']): ApprovalRequest {
  try {
    const limits = { maxBytes: REQUEST_MAX_BYTES, maxDepth: REQUEST_MAX_DEPTH }
    return requestOf(parseCallToApprove(decodeCbor(bytes, limits)), kernel)
  } catch (cause) {
    if (!isTalosError(cause)) throw cause
    throw new TalosError('APPROVAL_REQUEST_INVALID', { reason: cause.code }, { cause })
  }
}

function requestOf(call: CallToApprove, kernel: Agent['kernel']): ApprovalRequest {
  const { iss: caller, aud: executor, sub: subject, cmd: command, args, why } = call
  const digest = callDigest({ issuer: caller, audience: executor, subject, command, args }, kernel)
  return {
    digest: toHex(digest),
    caller,
    executor,
    subject,
    command,
    display: displayCommand(command),
    argumentsJson: argumentsToJson(args),
    justification: why,
    bytes: encodeCbor(call),
  }
}

/** The other side gets it from whoever asked for it, or not at all. */
function onlyOurs(error: unknown): void {
  if (!isTalosError(error)) throw error
}
