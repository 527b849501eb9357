/**
 * The client's surface for authority and tools: giving, passing on and taking back; serving, calling, approving, proving.
 * It holds no rule of its own.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { McpConfig, McpEvent } from '@talos/mcp'
import type { GrantDirection } from '@talos/storage'
import type { Agent } from './agent.ts'
import type { AnchorKeeper } from './anchor/keeper.ts'
import type { Approvals } from './approvals.ts'
import type { ClientEvent } from './events.ts'
import { type CallFilter, type ProvableCall, provableCalls } from './evidence/calls.ts'
import type { ExportProofOptions } from './evidence/keeper.ts'
import { formerDids } from './execution/executor.ts'
import { type CallExplanation, type ExplainRequest, explainCall } from './explain.ts'
import type { Following } from './following.ts'
import type { DelegationRequest, Grant, GrantRequest } from './grants.ts'
import { lostGrants, signAnew } from './identity/reissue.ts'
import type { RevokeChoice } from './own-revocations.ts'
import type { Parts } from './parts.ts'
import { ExecutorGate } from './tool-gate.ts'
import { connectMcp, type McpStdio, type ServeMcpOptions, serveMcp, type ToolCall, type ToolOutcome } from './tools.ts'

export interface CapabilityClientOptions {
  readonly agent: Agent
  readonly parts: Parts
  readonly following: Following
  readonly emit: (event: ClientEvent) => void
}

export abstract class CapabilityClient {
  readonly #agent: Agent
  readonly #parts: Parts
  readonly #following: Following
  readonly #emit: (event: ClientEvent) => void

  protected constructor({ agent, parts, following, emit }: CapabilityClientOptions) {
    this.#agent = agent
    this.#parts = parts
    this.#following = following
    this.#emit = emit
  }

  /** The anchors of this agent's log; they need the option `anchoring` (docs/anchoring.md). */
  get anchors(): AnchorKeeper {
    return this.#parts.anchors
  }

  /** Gives a capability over what this agent serves. @throws TalosError `CAPABILITY_OPTION_INVALID`, … */
  async grantCapability(request: GrantRequest): Promise<Grant> {
    return await this.#parts.authority.grant({ ...request, to: this.#following.live(request.to) })
  }

  /** Passes a received capability on, narrowed. @throws TalosError `GRANT_UNKNOWN`, `GRANT_NOT_OURS` */
  async delegateCapability(request: DelegationRequest): Promise<Grant> {
    return await this.#parts.authority.delegate({ ...request, to: this.#following.live(request.to) })
  }

  /**
   * Renews a lease that this agent gave; send it with `sendCapability`. Holders ask for it by themselves in time, so this is
   * for who is not connected.
   *
   * @param cid of the lease, or of a renewal of it
   * @throws TalosError `GRANT_UNKNOWN`, `GRANT_NOT_OURS`, `GRANT_NOT_RENEWABLE`, `CAPABILITY_LEASE`
   */
  async renewCapability(cid: string, options: { readonly expiresInS?: number } = {}): Promise<Grant> {
    return await this.#parts.leases.renew(cid, options)
  }

  /** Takes a capability in its signed bytes. */
  async importCapability(bytes: Uint8Array, label?: string): Promise<Grant> {
    return await this.#parts.authority.receive(bytes, label === undefined ? {} : { label })
  }

  /** Sends a capability, with the links above it, to a peer over the session. */
  async sendCapability(peer: Did, cid: string): Promise<void> {
    const link = this.#parts.authority.link(cid)
    for (const { bytes } of this.#parts.authority.chains.of(link) ?? [link]) {
      const { label } = this.#parts.authority.find(cid)
      await this.#parts.messenger.post(this.#following.live(peer), { t: 'authority', kind: 'delegation', label, bytes })
    }
  }

  /**
   * Gives anew what this agent had given by keys that are compromised, and its leases by any earlier key: the same terms, by the
   * key of now. Whoever holds them is to be sent them.
   *
   * @throws TalosError `IDENTITY_DEACTIVATED`, signer, store and log codes
   */
  async reissueCapabilities(): Promise<readonly Grant[]> {
    this.#following.live(this.#agent.did)
    const issued: Grant[] = []
    for (const lost of lostGrants(this.#agent)) {
      const { label } = lost.stored
      const signed = await signAnew(this.#agent, lost)
      const peer = this.#agent.identities.currentOf(lost.link.audience)
      issued.push(await this.#parts.authority.keep(signed, { peer, label }))
      this.#agent.database.grants.markRevoked(lost.stored.cid, this.#agent.clock.nowMs())
    }
    return issued
  }

  listCapabilities(direction: GrantDirection): Grant[] {
    return this.#parts.authority.list(direction)
  }

  /**
   * Ends a capability here at once, and tells the other side and the executor: now, or when a link to them is up. Whoever
   * has no session with this agent is not told.
   *
   * @throws TalosError `GRANT_UNKNOWN`, `REVOCATION_FULL`
   */
  async revokeCapability(cid: string, options: RevokeChoice = {}): Promise<void> {
    await this.#parts.revocations.revoke(cid, options)
  }

  /**
   * Ends everything that this agent gave to somebody, and what was passed on from there. What is given afterwards is not
   * meant.
   *
   * @throws TalosError `REVOCATION_FULL`
   */
  async revokeAll(audience: Did, options: RevokeChoice = {}): Promise<void> {
    await this.#parts.revocations.revokeAll(audience, options)
  }

  /** Calls a tool of an MCP server that a peer serves. A refusal is an outcome, not an error. */
  async invokeTool(peer: Did, call: ToolCall): Promise<ToolOutcome> {
    return await this.#following.to(peer, async (current) => await this.#parts.tools.call(current, call))
  }

  /**
   * Why a call would be allowed or refused: by this agent, or, as far as its capability goes, by another executor. Nothing is
   * recorded, charged or sent.
   *
   * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID`, `CAPABILITY_COMMAND_INVALID`, store codes
   */
  explainCall(request: ExplainRequest): CallExplanation {
    const { meter } = this.#parts.executor
    return explainCall({ ...this.#agent, former: formerDids(this.#agent), meter }, request)
  }

  /** Approvals of exact calls: asking for them, and giving them. */
  get approvals(): Approvals {
    return this.#parts.approvals
  }

  /**
   * Serves MCP servers to whoever holds a capability for them.
   *
   * @param options.policy the executor's own policy, which can deny what a capability allows
   * @throws TalosError `MCP_POLICY_MISSING` where the configuration names a policy and none is given, `IDENTITY_DEACTIVATED`
   */
  serveMcp(config: McpConfig, options: ServeMcpOptions = {}): { close(): Promise<void> } {
    if (this.#agent.keyLog.deactivated) throw new TalosError('IDENTITY_DEACTIVATED')
    const { channels, executor, revocations } = this.#parts
    const { policy, onEvent } = options
    const gate = new ExecutorGate({
      executor,
      emit: this.#emit,
      settings: config.settings,
      onChain: (links, peer) => revocations.seen(links, peer),
      ...(policy !== undefined && { policy }),
    })
    const serving = serveMcp({ channels, gate, onEvent }, config)
    this.#parts.serving.add(serving)
    return serving
  }

  /** Stands in as a stdio MCP server for one that a peer serves. */
  async connectMcp(
    peer: Did,
    server: string,
    stdio: McpStdio,
    onEvent?: (event: McpEvent) => void,
  ): Promise<{ readonly closed: Promise<string> }> {
    const parts = { channels: this.#parts.channels, author: this.#parts.author }
    const options = { ...parts, ...(onEvent !== undefined && { onEvent }) }
    return await this.#following.to(
      peer,
      async (current) => await connectMcp(options, { peer: current, server, stdio }),
    )
  }

  /**
   * The proof bundle of a call that this agent made, with the parts of it that are named, and on demand with nothing else of it.
   *
   * @throws TalosError `EVIDENCE_MISSING`, …
   */
  async exportProof(invocation: string, options: ExportProofOptions = {}): Promise<string> {
    return await this.#parts.evidence.export(invocation, options)
  }

  /** The calls that this agent made and can prove, the newest first. @throws TalosError store codes */
  provableCalls(filter: CallFilter = {}): readonly ProvableCall[] {
    return provableCalls(filter, this.#agent)
  }
}
