/** The revocations that belong to a call's evidence: those that take back a link of its chain (spec 12-proof-bundle, 12.8). */
import { type Cid, equalBytes } from '@talos/bytes'
import {
  isRevokedBy,
  openDelegation,
  openRevocation,
  type RevocableLink,
  revocableLinks,
  type VerifiedLink,
  type VerifiedRevocation,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { Agent } from './agent.ts'
import { revocationsByAgent } from './identity/revocation-view.ts'

type Knowledge = Pick<Agent, 'kernel' | 'identities'>

/**
 * What is known of revocations of delegations, by their names: first by those whose lists are followed, so that nobody else
 * pushes them out of an answer.
 */
export function revocationsOf(proofs: readonly Cid[], agent: Agent): readonly Uint8Array[] {
  const { database, revocations, did } = agent
  const rows = proofs.flatMap((proof) => {
    const grant = database.grants.get(proof)
    const link = grant === undefined ? undefined : openDelegation(grant.bytes, agent)
    const ofAll = link === undefined ? [] : database.revocations.of(link.audience)
    return [...database.revocations.of(proof), ...ofAll.filter(({ issuer }) => issuer === link?.issuer)]
  })
  const isFollowed = ({ issuer }: { readonly issuer: typeof did }) =>
    issuer === did || revocations.knownAtS(issuer) !== undefined
  return [...rows.filter(isFollowed), ...rows.filter((row) => !isFollowed(row))].map(({ bytes }) => bytes)
}

/** Of revocations that somebody names, those that take back a link of a chain; a bundle with any other would not verify. */
export function revocationsThatCount(
  revocations: readonly Uint8Array[],
  { proofs, ...knowledge }: Knowledge & { readonly proofs: readonly Uint8Array[] },
): readonly Uint8Array[] {
  const links = revocableLinks(proofs.flatMap((bytes) => opened(() => openDelegation(bytes, knowledge))))
  return revocations.filter((bytes, index) => {
    const isFirst = revocations.findIndex((other) => equalBytes(other, bytes)) === index
    const [revocation] = opened(() => openRevocation(bytes, knowledge))
    return isFirst && revocation !== undefined && links.some((link) => ends(revocation, link, knowledge))
  })
}

function ends(revocation: VerifiedRevocation, link: RevocableLink, { identities }: Knowledge): boolean {
  const { issuer: by, who, atS } = revocation
  const alone = {
    stateOf: (one: RevocableLink) =>
      isRevokedBy(one, revocation) ? ({ revoked: true, by, atS } as const) : ({ revoked: false } as const),
    knownAtS: () => undefined,
    issuersAgainst: (audience: Did) => (audience === who ? [by] : []),
  }
  return revocationsByAgent(alone, identities).stateOf(link).revoked
}

function opened<T extends VerifiedLink | VerifiedRevocation>(open: () => T): readonly T[] {
  try {
    return [open()]
  } catch (error) {
    if (!isTalosError(error)) throw error
    return []
  }
}
