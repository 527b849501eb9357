/** What this agent may give and has been given: grants, and the chains behind them. */
import { Cid } from '@talos/bytes'
import {
  commandCovers,
  delegate,
  describeDelegation,
  MAX_LEEWAY_S,
  openDelegation,
  type VerifiedLink,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { SignedEnvelope } from '@talos/identity'
import type { GrantDirection, StoredGrant } from '@talos/storage'
import type { Agent } from './agent.ts'
import { Chains } from './chains.ts'
import { commandFor, type DelegationRequest, type Grant, type GrantRequest, termsOf } from './grants.ts'
import { revocationsByAgent } from './identity/revocation-view.ts'
import { nowS } from './options.ts'

const NONCE_BYTES = 12
/** Opened delegations in memory; beyond this their signatures are checked again. */
const MAX_OPENED = 4_096

export class Authority {
  readonly chains: Chains
  readonly #agent: Agent
  /** Delegations whose signatures were checked, by CID: what is stored never changes. */
  readonly #opened = new Map<string, VerifiedLink>()

  constructor(agent: Agent) {
    this.#agent = agent
    const { database, clock, identities, did: holder } = agent
    this.chains = new Chains({ database, clock, identities, holder, open: (grant) => this.#open(grant) })
  }

  /** Gives a capability over what this agent itself serves. @throws TalosError `CAPABILITY_OPTION_INVALID`, store codes */
  async grant(request: GrantRequest): Promise<Grant> {
    return await this.#issue({ ...request, subject: this.#agent.did })
  }

  /**
   * Passes on what was received, narrowed.
   *
   * @throws TalosError `GRANT_UNKNOWN`, `GRANT_NOT_OURS`, `GRANT_NOT_DELEGABLE` (no call by it would be allowed),
   *   `CAPABILITY_OPTION_INVALID`
   */
  async delegate(request: DelegationRequest): Promise<Grant> {
    const parent = this.link(request.parent)
    if (!this.#agent.identities.isSame(parent.audience, this.#agent.did))
      throw new TalosError('GRANT_NOT_OURS', { reason: 'its audience is another' })
    const command = request.command ?? (request.tool === undefined ? parent.command : undefined)
    this.#requireDelegable(parent, command ?? commandFor(request))
    return await this.#issue({ ...request, ...(command !== undefined && { command }), subject: parent.subject })
  }

  /** What no executor would accept is not signed. */
  #requireDelegable(parent: VerifiedLink, command: string): void {
    const links = this.chains.of(parent) ?? [parent]
    if (links.some(({ depth }, index) => depth !== undefined && depth < links.length - index))
      throw new TalosError('GRANT_NOT_DELEGABLE', { reason: 'it allows no further link' })
    if (!commandCovers(parent.command, command) && !commandCovers(command, parent.command))
      throw new TalosError('GRANT_NOT_DELEGABLE', { reason: 'it is for other tools' })
  }

  /**
   * Takes a capability that somebody gave to this agent, or a link above one that is known.
   *
   * @param options.isAgain a process before may have died in the midst of this: what it left undone is done now
   * @throws TalosError what `openDelegation` throws, store codes
   */
  async receive(
    bytes: Uint8Array,
    options: { readonly label?: string; readonly isAgain?: boolean } = {},
  ): Promise<Grant> {
    const { kernel, database, clock, did, log, identities } = this.#agent
    const { label = '', isAgain = false } = options
    const link = openDelegation(bytes, { kernel })
    const known = database.grants.get(link.cid)
    if (known !== undefined && !isAgain) return this.#describe(known)
    const nowMs = clock.nowMs()
    database.grants.put({ cid: link.cid, direction: 'received', peer: link.issuer, label, bytes, nowMs })
    this.#dropRenewedBy(link, 'received')
    const cid = link.cid.toString()
    if (identities.isSame(link.audience, did) && !(isAgain && this.#isRecorded(cid))) {
      await log.append({ kind: 'cap.grant', peer: link.issuer, cap: cid, ref: cid, tool: link.command })
    } else if (!identities.isSame(link.audience, did)) {
      await log.append({ kind: 'cap.receive', peer: link.issuer, cap: cid, ref: cid, tool: link.command })
    }
    return this.find(cid)
  }

  /** @throws TalosError `GRANT_UNKNOWN` */
  find(cid: string): Grant {
    return this.#describe(this.#stored(cid))
  }

  list(direction: GrantDirection): Grant[] {
    return this.#agent.database.grants.list(direction).map((stored) => this.#describe(stored))
  }

  /** The verified delegations of all grants, newest first. */
  links(direction: GrantDirection): readonly VerifiedLink[] {
    return this.#agent.database.grants.list(direction).map((stored) => this.#open(stored))
  }

  /** The verified delegation of a grant. @throws TalosError `GRANT_UNKNOWN` */
  link(cid: string): VerifiedLink {
    return this.#open(this.#stored(cid))
  }

  /**
   * Keeps a delegation that this agent signed, and records it.
   *
   * @throws TalosError log and store codes
   */
  async keep(issued: SignedEnvelope, { peer, label }: { readonly peer: Did; readonly label: string }): Promise<Grant> {
    const { clock, database, log, kernel } = this.#agent
    const { cid, bytes } = issued
    const link = openDelegation(bytes, { kernel })
    const { command } = link
    database.grants.put({ cid, direction: 'issued', peer, label, bytes, nowMs: clock.nowMs() })
    this.#dropRenewedBy(link, 'issued')
    const name = cid.toString()
    await log.append({ kind: 'cap.grant', peer, cap: name, ref: name, tool: command })
    return this.find(name)
  }

  async #issue(request: GrantRequest & { readonly subject: Did | null }): Promise<Grant> {
    const { signer, random, clock } = this.#agent
    const { to, subject, label = '' } = request
    const notBeforeS = request.notBeforeS ?? this.#afterAllWasRevoked(to)
    const signed = await delegate({
      signer,
      audience: to,
      subject,
      command: commandFor(request),
      nonce: random.bytes(NONCE_BYTES),
      ...termsOf({ ...request, ...(notBeforeS !== undefined && { notBeforeS }) }, nowS(clock)),
    })
    return await this.keep(signed, { peer: to, label })
  }

  /** Of a lease are kept the first, by which it is named, and the renewals that are not over. */
  #dropRenewedBy({ name, lease, account }: VerifiedLink, direction: GrantDirection): void {
    const { database, clock } = this.#agent
    if (lease === undefined || lease.n === 0) return
    const now = nowS(clock) - MAX_LEEWAY_S
    const over = this.links(direction).filter(
      (link) =>
        link.account === account &&
        link.name !== name &&
        (link.lease?.n ?? 0) > 0 &&
        link.expiresS !== null &&
        link.expiresS < now,
    )
    if (over.length > 0) database.grants.remove(over.map(({ cid }) => cid))
  }

  /** What is given to somebody after everything of theirs was taken back says that it begins after that. */
  #afterAllWasRevoked(audience: Did): number | undefined {
    const { did: issuer, revocations, identities, clock } = this.#agent
    const state = revocationsByAgent(revocations, identities).stateOf({
      names: [],
      issuer,
      audience,
      notBeforeS: 0,
      entitled: [],
    })
    return state.revoked ? Math.max(nowS(clock), state.atS) : undefined
  }

  /** Whether the log has an entry that names a signed object. */
  #isRecorded(ref: string): boolean {
    for (const { entry } of this.#agent.log.reader.entries({ kinds: ['cap.grant'] })) if (entry.ref === ref) return true
    return false
  }

  #stored(cid: string): StoredGrant {
    const stored = this.#agent.database.grants.get(Cid.parse(cid))
    if (stored === undefined) throw new TalosError('GRANT_UNKNOWN')
    return stored
  }

  #open({ cid, bytes }: StoredGrant): VerifiedLink {
    const name = cid.toString()
    const link = this.#opened.get(name) ?? openDelegation(bytes, { kernel: this.#agent.kernel })
    if (this.#opened.size >= MAX_OPENED) this.#opened.clear()
    this.#opened.set(name, link)
    return link
  }

  #describe(stored: StoredGrant): Grant {
    const { cid, ...rest } = stored
    return {
      ...rest,
      cid: cid.toString(),
      description: describeDelegation(this.#open(stored)),
    }
  }
}
