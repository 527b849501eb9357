/**
 * A chain made ready to be judged again and again (spec 07-delegation, clause 7.9): everything that follows from the signed
 * bytes alone is worked out once. Nothing here is a verdict.
 */
import type { Did } from '@talos/contracts'
import type { VerifiedLink } from '../delegation.ts'
import type { DenialCause, Step } from '../denial.ts'
import { type Account, accountsOf } from '../metering/account.ts'
import type { ApprovalTerms } from '../requirements.ts'
import { type RevocableLink, revocableLink } from '../revocation/view.ts'

/** One link in its place. */
export interface ReadyLink {
  readonly link: VerifiedLink
  readonly index: number
  /** Links that follow it in the chain. */
  readonly following: number
  /** Who must have issued it: the subject for the root, else the audience of the link before. */
  readonly expectedIssuer: Did
  /** Issuer and subject are the expected ones to the letter, so that no view of identities can part them. */
  readonly isPlain: boolean
  readonly revocable: RevocableLink
  /** What a command that it covers begins with, unless it is the link's own. */
  readonly commandPrefix: string
  /** Arguments that its closed world demands. */
  readonly required: readonly string[]
}

export interface ReadyChain {
  readonly subject: Did
  readonly holder: Did
  /** Those that could be read, from the root. */
  readonly links: readonly VerifiedLink[]
  readonly places: readonly ReadyLink[]
  /** Why the link after the last of these cannot be read, or why the chain was not read at all. */
  readonly broken: DenialCause | undefined
  readonly isHolderPlain: boolean
  readonly accounts: readonly Account[]
  readonly approvals: readonly ApprovalDemand[]
  /** Each issuer other than the verifier once, with the place of its first link: whose revocations must be known. */
  readonly foreign: readonly { readonly issuer: Did; readonly index: number }[]
}

/** Approvals that somebody asks for. */
export interface ApprovalDemand {
  /** Who asks: `delegation 1`. */
  readonly what: string
  readonly terms: ApprovalTerms
}

/** Between whom a chain is to lead. */
export interface ChainEnds {
  readonly subject: Did
  readonly holder: Did
}

/**
 * @param read each link as it was read, or why it was not; what follows the first that was not is left out
 * @param ends.own the DIDs of the verifier, whose own revocations are always known
 */
export function readyChain(
  read: readonly Step<VerifiedLink>[],
  ends: ChainEnds & { readonly own: ReadonlySet<Did> },
): ReadyChain {
  const { subject, holder, own } = ends
  const links: VerifiedLink[] = []
  const places: ReadyLink[] = []
  const entitled: Did[] = []
  let expectedIssuer = subject
  let broken: DenialCause | undefined
  for (const [index, { value: link, cause }] of read.entries()) {
    if (cause !== undefined) {
      broken = cause
      break
    }
    entitled.push(link.issuer)
    places.push({
      link,
      index,
      following: read.length - 1 - index,
      expectedIssuer,
      isPlain: link.issuer === expectedIssuer && (link.subject === null ? index > 0 : link.subject === subject),
      revocable: revocableLink(link, [...entitled, link.audience]),
      commandPrefix: link.command === '/' ? '/' : `${link.command}/`,
      required: requiredArguments(link),
    })
    links.push(link)
    expectedIssuer = link.audience
  }
  const foreign = places
    .map(({ link: { issuer }, index }) => ({ issuer, index }))
    .filter(({ issuer, index }) => !own.has(issuer) && entitled.indexOf(issuer) === index)
  const approvals = links.flatMap(({ approvals: terms }, index) =>
    terms === undefined ? [] : [{ what: `delegation ${index}`, terms }],
  )
  const isHolderPlain = expectedIssuer === holder
  return { subject, holder, links, places, broken, isHolderPlain, accounts: accountsOf(links), approvals, foreign }
}

/** A chain that was refused before it was read. */
export function brokenChain(broken: DenialCause, { subject, holder }: ChainEnds): ReadyChain {
  const none = { links: [], places: [], accounts: [], approvals: [], foreign: [] }
  return { subject, holder, ...none, broken, isHolderPlain: false }
}

function requiredArguments({ conditions: { named = new Map() } }: VerifiedLink): readonly string[] {
  return [...named].flatMap(([name, { mayBeAbsent }]) => (mayBeAbsent ? [] : [name]))
}
