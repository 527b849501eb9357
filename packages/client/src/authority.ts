/** What this agent may give and has been given: grants, revocations, and the chains behind them. */
import { Cid } from '@talos/bytes'
import {
  delegate,
  describeDelegation,
  entitledToRevoke,
  openDelegation,
  openRevocation,
  revoke,
  type VerifiedLink,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { GrantDirection, StoredGrant } from '@talos/storage'
import type { Agent } from './agent.ts'
import { Chains } from './chains.ts'
import { commandFor, type DelegationRequest, type Grant, type GrantRequest } from './grants.ts'
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
    this.chains = new Chains(agent, (grant) => this.#open(grant))
  }

  /** Gives a capability over what this agent itself serves. @throws TalosError `CAPABILITY_OPTION_INVALID`, store codes */
  async grant(request: GrantRequest): Promise<Grant> {
    return await this.#issue({ ...request, subject: this.#agent.did })
  }

  /**
   * Passes on what was received, narrowed.
   *
   * @throws TalosError `GRANT_UNKNOWN`, `GRANT_NOT_OURS`, `CAPABILITY_OPTION_INVALID`
   */
  async delegate(request: DelegationRequest): Promise<Grant> {
    const parent = this.link(request.parent)
    if (parent.audience !== this.#agent.did)
      throw new TalosError('GRANT_NOT_OURS', { reason: 'its audience is another' })
    const command = request.command ?? (request.tool === undefined ? parent.command : undefined)
    return await this.#issue({ ...request, ...(command !== undefined && { command }), subject: parent.subject })
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
    const { kernel, database, clock, did, log } = this.#agent
    const { label = '', isAgain = false } = options
    const link = openDelegation(bytes, { kernel })
    const known = database.grants.get(link.cid)
    if (known !== undefined && !isAgain) return this.#describe(known)
    const nowMs = clock.nowMs()
    database.grants.put({ cid: link.cid, direction: 'received', peer: link.issuer, label, bytes, nowMs })
    const cid = link.cid.toString()
    if (link.audience === did && !(isAgain && this.#isRecorded('cap.grant', cid))) {
      await log.append({ kind: 'cap.grant', peer: link.issuer, cap: cid, ref: cid, tool: link.command })
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

  /** The verified delegation of a grant. @throws TalosError `GRANT_UNKNOWN` */
  link(cid: string): VerifiedLink {
    return this.#open(this.#stored(cid))
  }

  /**
   * Ends a capability that this agent gave, or was given.
   *
   * @returns the signed revocation, and whom it concerns: the other side, and the executor who must refuse from now on
   * @throws TalosError `GRANT_UNKNOWN`, signer and store codes
   */
  async revoke(
    cid: string,
    reason?: string,
  ): Promise<{ readonly concerns: readonly Did[]; readonly bytes: Uint8Array }> {
    const { signer, database, clock, log, did } = this.#agent
    const grant = this.find(cid)
    const atS = nowS(clock)
    const revoked = Cid.parse(cid)
    const signed = await revoke({ signer, revokes: revoked, atS, ...(reason !== undefined && { reason }) })
    database.revocations.put({ revoked, issuer: did, bytes: signed.bytes, atS })
    database.grants.markRevoked(revoked, clock.nowMs())
    await log.append({ kind: 'cap.revoke', peer: grant.peer, cap: cid, ref: signed.cid.toString() })
    const { audience, issuer, subject } = this.link(cid)
    const concerned = [issuer, audience, ...(subject === null ? [] : [subject])].filter((other) => other !== did)
    return { concerns: [...new Set(concerned)], bytes: signed.bytes }
  }

  /**
   * Takes a revocation that a peer sends: its own, or one of a capability that is known here. It counts where its issuer
   * is entitled.
   *
   * @param options.isAgain as for {@link receive}
   * @throws TalosError `REVOCATION_INVALID`, `GRANT_UNKNOWN`, store codes
   */
  async receiveRevocation(
    bytes: Uint8Array,
    { from, isAgain = false }: { readonly from: Did; readonly isAgain?: boolean },
  ): Promise<string> {
    const { kernel, database, clock, log } = this.#agent
    const revocation = openRevocation(bytes, { kernel })
    const { revokes: revoked, issuer, atS } = revocation
    if (revoked === undefined) throw new TalosError('REVOCATION_UNRELATED')
    const cid = revoked.toString()
    const grant = database.grants.get(revoked)
    if (issuer !== from && grant === undefined) throw new TalosError('GRANT_UNKNOWN')
    database.revocations.put({ revoked, issuer, bytes, atS })
    if (grant !== undefined) {
      const links = this.chains.of(this.#open(grant))
      if (links !== undefined && entitledToRevoke(links, links.length - 1).includes(issuer)) {
        const isNew = database.grants.markRevoked(revoked, clock.nowMs())
        const ref = revocation.cid.toString()
        const isMissing = isAgain && !this.#isRecorded('cap.revoke', ref)
        if (isNew || isMissing) await log.append({ kind: 'cap.revoke', peer: issuer, cap: cid, ref })
      }
    }
    return cid
  }

  async #issue(request: GrantRequest & { readonly subject: Did | null }): Promise<Grant> {
    const { signer, random, clock, database, log } = this.#agent
    const nowMs = clock.nowMs()
    const { to, expiresInS, policy, rules, depth, label = '' } = request
    const { bytes, cid } = await delegate({
      signer,
      audience: to,
      subject: request.subject,
      command: commandFor(request),
      expiresS: expiresInS === null ? null : nowS(clock) + expiresInS,
      nonce: random.bytes(NONCE_BYTES),
      ...(policy !== undefined && { policy }),
      ...(rules !== undefined && { rules }),
      ...(depth !== undefined && { depth }),
    })
    database.grants.put({ cid, direction: 'issued', peer: to, label, bytes, nowMs })
    const name = cid.toString()
    await log.append({ kind: 'cap.grant', peer: to, cap: name, ref: name, tool: commandFor(request) })
    return this.find(name)
  }

  /** Whether the log has an entry that names a signed object. */
  #isRecorded(kind: 'cap.grant' | 'cap.revoke', ref: string): boolean {
    for (const { entry } of this.#agent.log.reader.entries({ kinds: [kind] })) if (entry.ref === ref) return true
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
