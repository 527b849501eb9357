/** What a verifier asks about revocations: a port, and the rule by which one counts (spec 09-receipt-revocation, 9.5). */
import type { Did } from '@talos/contracts'
import type { VerifiedLink } from '../delegation.ts'
import type { VerifiedRevocation } from './revocation.ts'

/** What is asked about one link of a chain. */
export interface RevocableLink {
  /** CIDs as text: the link's own, and that of the lease that it renews. */
  readonly names: readonly string[]
  readonly issuer: Did
  readonly audience: Did
  /** 0 where the delegation names no beginning. */
  readonly notBeforeS: number
  /**
   * The issuers of the chain up to this link, and its holder: a revocation by anybody else is not one, and must not hide one
   * by these.
   */
  readonly entitled: readonly Did[]
}

/** Whether a delegation was taken back, by whom first, and when that was signed. */
export type RevocationState =
  | { readonly revoked: false }
  | { readonly revoked: true; readonly by: Did; readonly atS: number; readonly reason?: string }

/** What the verifier knows of revocations. */
export interface RevocationView {
  stateOf(link: RevocableLink): RevocationState
  /** Signing time of the newest head of an issuer's list; undefined where there is none to rely on. */
  knownAtS(issuer: Did): number | undefined
  /**
   * Those by whom anything is known that was taken back from an audience as a whole, whether it counts or not: whoever asks for an
   * agent with many keys asks about these alone. A view without it is asked about all of them.
   */
  issuersAgainst?(audience: Did): Iterable<Did>
}

export const NOT_REVOKED: RevocationState = { revoked: false }

/** Nothing is known to be revoked: for a look at a chain without a store, never for a call. */
export const NO_REVOCATIONS: RevocationView = { stateOf: () => NOT_REVOKED, knownAtS: () => undefined }

/** What a view is asked about each link of a chain, root first. */
export function revocableLinks(links: readonly VerifiedLink[]): readonly RevocableLink[] {
  return links.map((link, index) => revocableLink(link, entitledToRevoke(links, index)))
}

/** What a view is asked about one link, given who is entitled to revoke it (9.5). */
export function revocableLink(link: VerifiedLink, entitled: readonly Did[]): RevocableLink {
  const { revocable: names, issuer, audience, notBeforeS } = link
  return { names, issuer, audience, notBeforeS, entitled }
}

/** Who may revoke link `index` of a chain: every issuer from the root to it, and its holder. */
export function entitledToRevoke(links: readonly VerifiedLink[], index: number): readonly Did[] {
  const upTo = links.slice(0, index + 1)
  return [...upTo.map(({ issuer }) => issuer), ...upTo.slice(-1).map(({ audience }) => audience)]
}

/** Whether a revocation takes a link back: by its name, or by whom it is from and for. */
export function isRevokedBy(
  link: RevocableLink,
  { issuer, revokes, who, atS }: Pick<VerifiedRevocation, 'issuer' | 'revokes' | 'who' | 'atS'>,
): boolean {
  if (revokes !== undefined) return link.entitled.includes(issuer) && link.names.includes(revokes.toString())
  return issuer === link.issuer && who === link.audience && link.notBeforeS < atS
}
