/**
 * The chains behind what this agent holds: which links lead from an executor to a capability, found when they are needed.
 *
 * Links are bound late: what was issued under a lease works with whichever renewal of it holds now.
 */
import { commandCovers, type IdentityView, type VerifiedLink } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { StoredGrant } from '@talos/storage'
import type { Agent } from './agent.ts'
import { nowS } from './options.ts'

/** Links that are followed from a capability to its root; chains that are longer are refused by every executor. */
const MAX_CHAIN = 16

export interface ChainsOptions {
  readonly database: Pick<Agent['database'], 'grants'>
  readonly clock: Agent['clock']
  /** Which keys are one agent. */
  readonly identities: IdentityView
  /** Whose chains these are. */
  readonly holder: Did
  /** Reads a grant that is stored. */
  readonly open: (grant: StoredGrant) => VerifiedLink
}

export class Chains {
  readonly #options: ChainsOptions
  #read: { readonly changes: number; readonly links: readonly KnownLink[] } | undefined

  constructor(options: ChainsOptions) {
    this.#options = options
  }

  /**
   * Chains, root first, by which this agent may ask an executor for a command. Those of which every link is in force now come
   * first, and of them the narrowest; what was revoked or has expired comes last, so that the executor can say that it is
   * so. Whether the arguments fit is the executor's to say.
   */
  to(executor: Did, command: string): readonly (readonly VerifiedLink[])[] {
    const covers = (links: readonly VerifiedLink[]) => links.every((link) => commandCovers(link.command, command))
    const now = nowS(this.#options.clock)
    const inForce = new Set(
      this.#known()
        .filter((link) => isInForce(link, now))
        .map(({ name }) => name),
    )
    const lacking = (links: readonly VerifiedLink[]) => (links.every(({ name }) => inForce.has(name)) ? 0 : 1)
    const bestFirst = (one: readonly VerifiedLink[], other: readonly VerifiedLink[]) =>
      lacking(one) - lacking(other) || commandOf(other).length - commandOf(one).length
    const held = this.from(executor).filter(covers).sort(bestFirst)
    return [...held, ...this.#chains(executor, { ended: true }).filter(covers)]
  }

  /** All chains of this agent that begin at an executor and hold now, as far as is known here. */
  from(executor: Did): readonly (readonly VerifiedLink[])[] {
    return this.#chains(executor, { ended: false })
  }

  #chains(executor: Did, { ended }: { readonly ended: boolean }): readonly (readonly VerifiedLink[])[] {
    const { holder, clock } = this.#options
    const now = nowS(clock)
    return this.#known()
      .filter(({ audience }) => this.#isSame(audience, holder))
      .filter((link) => isOver(link, now) === ended)
      .map((link) => this.of(link))
      .filter((links) => links !== undefined)
      .filter(([root]) => root !== undefined && this.#isSame(root.issuer, executor))
  }

  /**
   * The shortest way from the root to `leaf` over what is stored; undefined when there is none. Anybody may have sent a
   * delegation that fits in between, so every issuer is tried, by its broadest; by what is yet to begin only where
   * nothing in force leads there, and by what is revoked or over where nothing else does.
   */
  of(leaf: VerifiedLink): readonly VerifiedLink[] | undefined {
    const now = nowS(this.#options.clock)
    const known = this.#relatedTo(leaf)
    const valid = known.filter((link) => !isOver(link, now))
    const inForce = valid.filter((link) => isInForce(link, now))
    const nameOf = (did: Did) => this.#options.identities.currentOf(did)
    return shortestWay(leaf, inForce, nameOf) ?? shortestWay(leaf, valid, nameOf) ?? shortestWay(leaf, known, nameOf)
  }

  /** What may stand above a leaf: the broadest first, and of one lease the renewal that lasts longest. */
  #relatedTo(leaf: VerifiedLink): readonly KnownLink[] {
    return this.#known()
      .filter(({ subject, command }) => {
        const isRelated = commandCovers(command, leaf.command) || commandCovers(leaf.command, command)
        return (
          isRelated &&
          (subject === leaf.subject ||
            (subject !== null && leaf.subject !== null && this.#isSame(subject, leaf.subject)))
        )
      })
      .sort((one, other) => one.command.length - other.command.length || endOf(other) - endOf(one))
  }

  /** Everything that is stored, newest first. Read again when something has changed. */
  #known(): readonly KnownLink[] {
    const { database, open } = this.#options
    const { grants } = database
    if (this.#read?.changes !== grants.changes) {
      const { changes } = grants
      const links = [...grants.list('received'), ...grants.list('issued')].map((grant) => ({
        ...open(grant),
        isRevoked: grant.revokedMs !== undefined,
      }))
      this.#read = { changes, links }
    }
    return this.#read.links
  }

  #isSame(one: Did, other: Did): boolean {
    const { identities } = this.#options
    return one === other || identities.currentOf(one) === identities.currentOf(other)
  }
}

function isOver({ isRevoked, expiresS }: KnownLink, now: number): boolean {
  return isRevoked || (expiresS !== null && expiresS <= now)
}

function isInForce(link: KnownLink, now: number): boolean {
  return !isOver(link, now) && link.notBeforeS <= now
}

function endOf({ expiresS }: VerifiedLink): number {
  return expiresS ?? Number.MAX_SAFE_INTEGER
}

interface KnownLink extends VerifiedLink {
  readonly isRevoked: boolean
}

function shortestWay(
  leaf: VerifiedLink,
  known: readonly VerifiedLink[],
  nameOf: (did: Did) => Did,
): readonly VerifiedLink[] | undefined {
  const parents = Map.groupBy(known, ({ audience }) => nameOf(audience))
  const seen = new Set<Did>([nameOf(leaf.issuer)])
  const owner = leaf.subject === null ? undefined : nameOf(leaf.subject)
  let ways: { readonly top: VerifiedLink; readonly links: readonly VerifiedLink[] }[] = [{ top: leaf, links: [leaf] }]
  for (let length = 1; length <= MAX_CHAIN; length += 1) {
    const whole = ways.find(({ top }) => nameOf(top.issuer) === owner)
    if (whole !== undefined) return whole.links
    ways = ways.flatMap(({ top, links }) =>
      (parents.get(nameOf(top.issuer)) ?? [])
        .filter(({ issuer }) => !seen.has(nameOf(issuer)) && seen.add(nameOf(issuer)))
        .map((parent) => ({ top: parent, links: [parent, ...links] })),
    )
  }
  return undefined
}

function commandOf(links: readonly VerifiedLink[]): string {
  return links.at(-1)?.command ?? ''
}
