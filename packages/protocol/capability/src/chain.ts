/**
 * Chains of delegations: from the owner of a resource to whoever calls (spec 07-delegation, clause 7.9).
 *
 * Authority is the intersection of all links: each one is checked on its own, none can add to what came before.
 */
import type { Did } from '@talos/contracts'
import { type OpenedEnvelope, openEnvelopes } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { boundChain, delegationsToOpen, readLink } from './authorization/reading.ts'
import { readyChain } from './authorization/ready-chain.ts'
import { checkedDepth, checkedLeeway, checkedSeconds } from './authorization/settings.ts'
import { walk } from './authorization/walk.ts'
import { commandCovers } from './command.ts'
import type { VerifiedLink } from './delegation.ts'
import { type DenialCause, denial, type Step } from './denial.ts'
import { type IdentityView, TEXTUAL_IDENTITIES } from './identity-view.ts'
import type { RevocationView } from './revocation/view.ts'

const NO_DIDS: ReadonlySet<Did> = new Set()

export interface VerifyChainOptions {
  /** The delegations, from the root to the holder. */
  readonly proofs: readonly Uint8Array[]
  /** Who holds the chain: the audience of its last link. */
  readonly audience: Did
  /** Whose resource it must be about; that of the root when absent. */
  readonly subject?: Did
  readonly nowS: number
  /** 0 when absent; at most {@link MAX_LEEWAY_S}. */
  readonly leewayS?: number
  readonly kernel: Kernel
  readonly revocations: RevocationView
  /** Every DID for itself when absent. */
  readonly identities?: IdentityView
  /** {@link DEFAULT_MAX_DEPTH} when absent; at most {@link ABSOLUTE_MAX_DEPTH}. */
  readonly maxDepth?: number
}

export interface VerifiedChain {
  readonly links: readonly VerifiedLink[]
  readonly subject: Did
  readonly holder: Did
  /** The narrowest command of the chain. */
  readonly command: string
  /** The latest beginning and the earliest end. */
  readonly notBeforeS: number
  readonly expiresS: number | null
}

export type ChainVerdict =
  | { readonly outcome: 'valid'; readonly chain: VerifiedChain }
  | { readonly outcome: 'invalid'; readonly cause: DenialCause }

/**
 * Verifies a chain without a call: what the holder could do with it, as of now.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID` for the caller's own mistakes; whatever the view of revocations throws
 */
export function verifyChain(options: VerifyChainOptions): ChainVerdict {
  const { proofs, audience, subject, kernel, revocations, identities = TEXTUAL_IDENTITIES } = options
  const clock = { nowS: checkedSeconds(options.nowS), leewayS: checkedLeeway(options.leewayS) }
  const bounds = boundChain(proofs, checkedDepth(options.maxDepth))
  if (bounds !== undefined) return invalid(bounds)
  const opened = openEnvelopes(delegationsToOpen(proofs), kernel)
  const [root] = opened
  if (root === undefined) return invalid(denial('CAPABILITY_MISSING'))
  const owner = subject === undefined ? subjectOf(root) : { value: subject }
  if (owner.cause !== undefined) return invalid(owner.cause)
  const chain = readyChain(opened.map(readLink), { subject: owner.value, holder: audience, own: NO_DIDS })
  const cause = walk(chain, { revocations, identities, own: NO_DIDS }, clock)
  if (cause !== undefined) return invalid(cause)
  const { links } = chain
  const command = narrowest(links)
  if (command.cause !== undefined) return invalid(command.cause)
  const ends = links.map(({ expiresS }) => expiresS).filter((end) => end !== null)
  return {
    outcome: 'valid',
    chain: {
      links,
      subject: owner.value,
      holder: audience,
      command: command.value,
      notBeforeS: Math.max(...links.map(({ notBeforeS }) => notBeforeS)),
      expiresS: ends.length === 0 ? null : Math.min(...ends),
    },
  }
}

function subjectOf(root: OpenedEnvelope): Step<Did> {
  const read = readLink(root, 0)
  // The root's issuer is the subject or the walk refuses it: no need to look at the member here.
  return read.cause === undefined ? { value: read.value.issuer } : read
}

function narrowest(links: readonly VerifiedLink[]): Step<string> {
  let command = '/'
  for (const [index, link] of links.entries()) {
    if (commandCovers(command, link.command)) command = link.command
    else if (!commandCovers(link.command, command)) {
      return { cause: denial('CAPABILITY_SCOPE', { details: { link: index }, path: `proofs[${index}]` }) }
    }
  }
  return { value: command }
}

function invalid(cause: DenialCause): ChainVerdict {
  return { outcome: 'invalid', cause: denial('CAPABILITY_CHAIN_INVALID', { causes: [cause] }) }
}
