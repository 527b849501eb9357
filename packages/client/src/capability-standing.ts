/**
 * How the capabilities of an agent stand: their chains, what revoked them, how far that knowledge reaches, and what is left of
 * their limits. A look: nothing is verified anew, recorded or charged.
 */
import {
  accountsOf,
  type DelegationDescription,
  describeDelegation,
  type IdentityStanding,
  openDelegation,
  type Remaining,
  type RevocationState,
  revocableLinks,
  type VerifiedLink,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { GrantDirection, StoredGrant } from '@talos/storage'
import { Chains } from './chains.ts'
import type { ExplainWorld } from './explain.ts'
import { nowS } from './options.ts'

/**
 * `broken`: no way from the owner of the resource to it is known here; `key compromised`: somebody else may have signed a link,
 * which is refused until it is given anew; `issuer ended`: a link's issuer is deactivated.
 */
export type Standing = 'valid' | 'not yet valid' | 'expired' | 'revoked' | 'key compromised' | 'issuer ended' | 'broken'

/** One link of a chain, as far as is known here. */
export interface LinkStanding {
  readonly description: DelegationDescription
  readonly revoked: Extract<RevocationState, { revoked: true }> | undefined
  /** When the issuer's list of revocations that is known was signed; undefined for this agent's own, and where none is known. */
  readonly knownAtS: number | undefined
  readonly isOwn: boolean
  /** Of the key that signed it. */
  readonly key: IdentityStanding
  /** What is left of its limits where this agent executes; empty elsewhere. */
  readonly limits: readonly Remaining[]
}

export interface CapabilityStanding {
  readonly direction: GrantDirection
  readonly peer: Did
  readonly label: string
  readonly createdMs: number
  readonly standing: Standing
  /** From the root to the capability itself; that one alone where no way to the root is known. */
  readonly chain: readonly LinkStanding[]
}

/** How one capability stands. */
export function standingOf(world: ExplainWorld, grant: StoredGrant): CapabilityStanding {
  return standings(world)(grant)
}

/** How all capabilities of a direction stand, newest first. */
export function standingsOf(world: ExplainWorld, direction: GrantDirection): readonly CapabilityStanding[] {
  return world.database.grants.list(direction).map(standings(world))
}

function standings(world: ExplainWorld): (grant: StoredGrant) => CapabilityStanding {
  const { did, database, clock, identities, kernel } = world
  const opened = new Map<string, VerifiedLink>()
  const open = ({ cid, bytes }: StoredGrant): VerifiedLink => {
    const link = opened.get(cid.toString()) ?? openDelegation(bytes, { kernel })
    opened.set(cid.toString(), link)
    return link
  }
  const chains = new Chains({ database, clock, identities, holder: did, open })
  return (grant) => {
    const link = open(grant)
    const links = chains.of(link)
    const { direction, peer, label, createdMs } = grant
    const chain = linkStandings(world, links ?? [link])
    const standing = links === undefined ? 'broken' : worst(chain, nowS(clock))
    return { direction, peer, label, createdMs, standing, chain }
  }
}

function linkStandings(world: ExplainWorld, links: readonly VerifiedLink[]): readonly LinkStanding[] {
  const { did, revocations, identities, meter, clock } = world
  const isOwn = (issuer: Did) => identities.currentOf(issuer) === identities.currentOf(did)
  const [root] = links
  // Counters are the executor's.
  const accounts = root !== undefined && isOwn(root.issuer) ? accountsOf(links) : []
  const asked = revocableLinks(links)
  return links.map((link, index) => {
    const question = asked[index]
    const state = question === undefined ? undefined : revocations.stateOf(question)
    const account = accounts.find((one) => one.link === index)
    return {
      description: describeDelegation(link),
      revoked: state?.revoked === true ? state : undefined,
      knownAtS: isOwn(link.issuer) ? undefined : revocations.knownAtS(link.issuer),
      isOwn: isOwn(link.issuer),
      key: identities.standingOf(link.issuer),
      limits: account === undefined ? [] : meter.remaining(account, clock.nowMs()),
    }
  })
}

/** What one link lacks, the whole chain lacks. */
function worst(chain: readonly LinkStanding[], now: number): Standing {
  const isAny = (test: (link: LinkStanding) => boolean) => chain.some(test)
  if (isAny(({ revoked }) => revoked !== undefined)) return 'revoked'
  if (isAny(({ key }) => key === 'compromised')) return 'key compromised'
  if (isAny(({ key }) => key === 'deactivated')) return 'issuer ended'
  if (isAny(({ description: { expiresS } }) => expiresS !== null && expiresS < now)) return 'expired'
  return isAny(({ description: { notBeforeS } }) => notBeforeS > now) ? 'not yet valid' : 'valid'
}
