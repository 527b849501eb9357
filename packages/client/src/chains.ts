/**
 * The chains behind what this agent holds: which links lead from an executor to a capability, found when they are needed.
 *
 * Links are bound late: what was issued under a lease works with whichever renewal of it holds now.
 */
import { commandCovers, type VerifiedLink } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { StoredGrant } from '@talos/storage'
import type { Agent } from './agent.ts'
import { nowS } from './options.ts'

/** Links that are followed from a capability to its root; chains that are longer are refused by every executor. */
const MAX_CHAIN = 16

export class Chains {
  readonly #agent: Pick<Agent, 'database' | 'did' | 'clock'>
  readonly #open: (grant: StoredGrant) => VerifiedLink

  /** `open` reads a grant that is stored. */
  constructor(agent: Pick<Agent, 'database' | 'did' | 'clock'>, open: (grant: StoredGrant) => VerifiedLink) {
    this.#agent = agent
    this.#open = open
  }

  /**
   * Chains, root first, by which this agent may ask an executor for a command. What holds now comes first, and of that the
   * narrowest; what was revoked or has expired comes last, so that the executor can say that it is so. Whether the
   * arguments fit is the executor's to say.
   */
  to(executor: Did, command: string): readonly (readonly VerifiedLink[])[] {
    const covers = (links: readonly VerifiedLink[]) => links.every((link) => commandCovers(link.command, command))
    const narrowestFirst = (one: readonly VerifiedLink[], other: readonly VerifiedLink[]) =>
      commandOf(other).length - commandOf(one).length
    const held = this.from(executor).filter(covers).sort(narrowestFirst)
    return [...held, ...this.#chains(executor, { ended: true }).filter(covers)]
  }

  /** All chains of this agent that begin at an executor and hold now, as far as is known here. */
  from(executor: Did): readonly (readonly VerifiedLink[])[] {
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
      .map(({ link }) => this.of(link))
      .filter((links) => links !== undefined)
      .filter(([root]) => root?.issuer === executor)
  }

  /**
   * The shortest way from the root to `leaf` over what is stored; undefined when there is none. Anybody may have sent a
   * delegation that fits in between, so every issuer is tried, by its broadest, and what is revoked or over only
   * where nothing else leads there.
   */
  of(leaf: VerifiedLink): readonly VerifiedLink[] | undefined {
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
