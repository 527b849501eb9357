/** What this agent may give and has been given: grants, revocations, and the chains behind them. */
import { Cid, type IpldValue } from '@talos/bytes'
import {
  commandCovers,
  type DelegationDescription,
  delegate,
  describeDelegation,
  entitledToRevoke,
  mcpServerCommand,
  mcpToolCommand,
  openDelegation,
  openRevocation,
  revoke,
  type VerifiedLink,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { GrantDirection, StoredGrant } from '@talos/storage'
import type { Agent } from './agent.ts'
import { nowS } from './options.ts'

const NONCE_BYTES = 12
/** Opened delegations in memory; beyond this their signatures are checked again. */
const MAX_OPENED = 4_096
/** Links that are followed from a capability to its root; chains that are longer are refused by every executor. */
const MAX_CHAIN = 16

export interface GrantRequest {
  readonly to: Did
  /** What the capability allows: one tool of a server, or the whole server. */
  readonly tool?: { readonly server: string; readonly tool?: string }
  /** The same as a command, for anything else. */
  readonly command?: string
  /** Typed rules on arguments, such as `['subpath', '.path', '/srv/docs']` (spec 07-delegation). */
  readonly rules?: readonly IpldValue[]
  /** UCAN policy statements. */
  readonly policy?: readonly IpldValue[]
  /** Lifetime from now; null for none. */
  readonly expiresInS: number | null
  /** How many links may follow. */
  readonly depth?: number
  /** For people. */
  readonly label?: string
}

/** What is passed on; the command stays the parent's where none is named. */
export interface DelegationRequest extends GrantRequest {
  /** CID of a capability whose audience is this agent. */
  readonly parent: string
}

export interface Grant {
  readonly cid: string
  readonly direction: GrantDirection
  /** The other side. */
  readonly peer: Did
  readonly label: string
  readonly bytes: Uint8Array
  readonly createdMs: number
  readonly revokedMs: number | undefined
  readonly description: DelegationDescription
}

export class Authority {
  readonly #agent: Agent
  /** Delegations whose signatures were checked, by CID: what is stored never changes. */
  readonly #opened = new Map<string, VerifiedLink>()

  constructor(agent: Agent) {
    this.#agent = agent
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
      const links = this.chainOf(this.#open(grant))
      if (links !== undefined && entitledToRevoke(links, links.length - 1).includes(issuer)) {
        const isNew = database.grants.markRevoked(revoked, clock.nowMs())
        const ref = revocation.cid.toString()
        const isMissing = isAgain && !this.#isRecorded('cap.revoke', ref)
        if (isNew || isMissing) await log.append({ kind: 'cap.revoke', peer: issuer, cap: cid, ref })
      }
    }
    return cid
  }

  /**
   * Chains, root first, by which this agent may ask an executor for a command. What holds now comes first, and of that the
   * narrowest; what was revoked or has expired comes last, so that the executor can say that it is so. Whether the
   * arguments fit is the executor's to say.
   */
  chainsFor(executor: Did, command: string): readonly (readonly VerifiedLink[])[] {
    const covers = (links: readonly VerifiedLink[]) => links.every((link) => commandCovers(link.command, command))
    const narrowestFirst = (one: readonly VerifiedLink[], other: readonly VerifiedLink[]) =>
      commandOf(other).length - commandOf(one).length
    const held = this.chainsFrom(executor).filter(covers).sort(narrowestFirst)
    return [...held, ...this.#chains(executor, { ended: true }).filter(covers)]
  }

  /** All chains of this agent that begin at an executor and hold now, as far as is known here. */
  chainsFrom(executor: Did): readonly (readonly VerifiedLink[])[] {
    return this.#chains(executor, { ended: false })
  }

  #chains(executor: Did, { ended }: { readonly ended: boolean }): readonly (readonly VerifiedLink[])[] {
    const { database, did, clock } = this.#agent
    const now = nowS(clock)
    return database.grants
      .list('received')
      .map((stored) => ({ isRevoked: stored.revokedMs !== undefined, link: this.#open(stored) }))
      .filter(({ link }) => link.audience === did)
      .filter(({ isRevoked, link: { expiresS } }) => (isRevoked || (expiresS !== null && expiresS <= now)) === ended)
      .map(({ link }) => this.chainOf(link))
      .filter((links) => links !== undefined)
      .filter(([root]) => root?.issuer === executor)
  }

  /**
   * The shortest way from the root to `leaf` over what is stored; undefined when there is none. Anybody may have sent a
   * delegation that fits in between, so every issuer is tried, by its broadest, and what is revoked or over only
   * where nothing else leads there.
   */
  chainOf(leaf: VerifiedLink): readonly VerifiedLink[] | undefined {
    const now = nowS(this.#agent.clock)
    const known = this.#relatedTo(leaf)
    const valid = known.filter(({ isRevoked, expiresS }) => !isRevoked && (expiresS === null || expiresS > now))
    return shortestWay(leaf, valid) ?? shortestWay(leaf, known)
  }

  /** What may stand above a leaf, the broadest first. */
  #relatedTo(leaf: VerifiedLink): readonly KnownLink[] {
    const { grants } = this.#agent.database
    return [...grants.list('received'), ...grants.list('issued')]
      .map((grant) => ({ ...this.#open(grant), isRevoked: grant.revokedMs !== undefined }))
      .filter(({ subject, command }) => {
        const isRelated = commandCovers(command, leaf.command) || commandCovers(leaf.command, command)
        return subject === leaf.subject && isRelated
      })
      .sort((one, other) => one.command.length - other.command.length)
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

interface KnownLink extends VerifiedLink {
  readonly isRevoked: boolean
}

function shortestWay(leaf: VerifiedLink, known: readonly VerifiedLink[]): readonly VerifiedLink[] | undefined {
  const parents = Map.groupBy(known, ({ audience }) => audience)
  const seen = new Set<Did>([leaf.issuer])
  let ways: { readonly top: VerifiedLink; readonly links: readonly VerifiedLink[] }[] = [{ top: leaf, links: [leaf] }]
  for (let length = 1; length <= MAX_CHAIN; length += 1) {
    const whole = ways.find(({ top }) => top.issuer === leaf.subject)
    if (whole !== undefined) return whole.links
    ways = ways.flatMap(({ top, links }) =>
      (parents.get(top.issuer) ?? [])
        .filter(({ issuer }) => !seen.has(issuer) && seen.add(issuer))
        .map((parent) => ({ top: parent, links: [parent, ...links] })),
    )
  }
  return undefined
}

function commandOf(links: readonly VerifiedLink[]): string {
  return links.at(-1)?.command ?? ''
}

/** @throws TalosError `CAPABILITY_COMMAND_INVALID` */
function commandFor({ tool, command }: Pick<GrantRequest, 'tool' | 'command'>): string {
  if (command !== undefined) return command
  if (tool === undefined) throw new TalosError('CAPABILITY_COMMAND_INVALID', { reason: 'none is given' })
  return tool.tool === undefined
    ? mcpServerCommand(tool.server)
    : mcpToolCommand({ server: tool.server, tool: tool.tool })
}
