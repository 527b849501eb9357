/**
 * The state of revocations when the call was made: lists of issuers, each with a head that the issuer signed (spec
 * 12-proof-bundle, clause 12.8; 09-receipt-revocation, 9.6).
 *
 * A head covers the names of the exact bytes of all revocations of its list, in their order, so that an item needs no signature
 * of its own here: who signed the head said every one of them.
 */
import { Cid, equalBytes, fromBase64url } from '@talos/bytes'
import {
  DigestChain,
  type IdentityView,
  REVOCATION_ENVELOPE,
  REVOCATION_HEAD_ENVELOPE,
  type RevocableLink,
  revocationHeadOf,
  revocationOf,
  type VerifiedLink,
  type VerifiedRevocation,
  type VerifiedRevocationHead,
} from '@talos/capability'
import type { Did, ProofBundleRevocationList } from '@talos/contracts'
import { envelopeCid, type IpldMap, type ReadEnvelope, readEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import { isRevokedByAgent, type NameOf } from './histories.ts'

/** How old a head may be at the time of the call to say what the list was then: what clocks may differ by. */
export const DEFAULT_MAX_STALE_S = 300

/** A revocation of a list: by its name alone, or whole. */
interface ReadItem {
  readonly cid: Cid
  readonly whole: { readonly issuer: Did; readonly payload: IpldMap; readonly bytes: Uint8Array } | undefined
}

export interface ReadList {
  readonly head: ReadEnvelope
  readonly items: readonly ReadItem[]
}

export interface SignedList {
  readonly head: VerifiedRevocationHead
  readonly items: readonly ReadItem[]
}

/** `unknown`: the bundle has no list of one of the issuers. */
export type RevocationFreshness = 'fresh' | 'stale' | 'unknown'

/** What a bundle says of the revocations of those who gave leave. */
export interface RevocationKnowledge {
  /** The worst of all issuers but the executor, which always knows its own. */
  readonly freshness: RevocationFreshness
  readonly lists: readonly RevocationListFacts[]
}

export interface RevocationListFacts {
  readonly issuer: Did
  /** Revocations of the list. */
  readonly n: number
  /** When its head was signed. */
  readonly atS: number
  /** Revocations whose content the bundle withholds: whether one of them is of this call's delegations cannot be seen. */
  readonly withheld: number
}

interface PartContext {
  readonly checks: Checks
  readonly envelopes: Envelopes
}

/** The structural layer. */
export function readLists(
  lists: readonly ProofBundleRevocationList[],
  { checks, envelopes, kernel }: PartContext & { readonly kernel: Kernel },
): readonly ReadList[] {
  return checks.ask('authority.heads', 'PROOF_AUTHORITY_HEADS', () =>
    lists.map(({ head, items }) => ({
      head: envelopes.read(head, REVOCATION_HEAD_ENVELOPE),
      items: items.map((item) => readItem(item, kernel)),
    })),
  )
}

/** The schema lets through the text of a CID, which begins with `b`, and what begins with `g`. */
function readItem(item: string, kernel: Kernel): ReadItem {
  if (item.startsWith('b')) return { cid: Cid.parse(item), whole: undefined }
  const bytes = fromBase64url(item)
  const { unverified, error } = readEnvelope({ ...REVOCATION_ENVELOPE, bytes })
  if (unverified === undefined) throw error
  const { issuer, payload } = unverified
  return { cid: envelopeCid(bytes, kernel), whole: { issuer, payload, bytes } }
}

/** The cryptographic layer. */
export function openLists(lists: readonly ReadList[], { checks, envelopes }: PartContext): readonly SignedList[] {
  return checks.ask('authority.heads.signatures', 'PROOF_AUTHORITY_HEADS', () =>
    lists.map(({ head, items }) => ({ head: revocationHeadOf(envelopes.verified(head)), items })),
  )
}

export interface ListsContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly links: readonly VerifiedLink[]
  readonly revocables: readonly RevocableLink[]
  readonly identities: IdentityView
  readonly nameOf: NameOf
  /** The executor's keys. */
  readonly executor: readonly Did[]
  /** When the call was made. */
  readonly atS: number
  readonly maxStaleS: number
}

/** What the lists establish: the revocations in them that concern the call, and how much was known. */
export interface ProvenLists {
  readonly listed: readonly VerifiedRevocation[]
  readonly knowledge: RevocationKnowledge
}

/** The chain layer: each list is the one that its head covers, by somebody who may revoke. */
export function proveLists(lists: readonly SignedList[], context: ListsContext): ProvenLists {
  const { checks, revocables, nameOf } = context
  const revocations = checks.ask('authority.heads.lists', 'PROOF_AUTHORITY_HEADS', () => {
    const issuers = lists.map(({ head }) => head.issuer)
    demand(new Set(issuers).size === issuers.length, 'PROOF_AUTHORITY_HEADS', { reason: 'one issuer has two' })
    return lists.flatMap((list) => checkList(list, context))
  })
  const listed = revocations.filter((one) => revocables.some((link) => isRevokedByAgent(link, one, nameOf)))
  const facts = lists.map(({ head, items }) => {
    const { issuer, n, atS } = head
    return { issuer, n, atS, withheld: items.filter(({ whole }) => whole === undefined).length }
  })
  return { listed, knowledge: { freshness: freshnessOf(facts, context), lists: facts } }
}

function checkList(
  { head, items }: SignedList,
  { kernel, revocables, nameOf }: ListsContext,
): readonly VerifiedRevocation[] {
  const code = 'PROOF_AUTHORITY_HEADS'
  const isEntitled = revocables.some(({ entitled }) => entitled.includes(nameOf(head.issuer)))
  demand(isEntitled, code, { reason: 'its issuer stands in no delegation' })
  demand(head.n === items.length, code, { reason: 'it counts another number of revocations' })
  const chain = new DigestChain(head.issuer, kernel)
  for (const { cid } of items) chain.append(cid)
  demand(equalBytes(chain.at(chain.size), head.digest), code, { reason: 'it covers other revocations' })
  return items.flatMap(({ cid, whole }) => {
    if (whole === undefined) return []
    demand(whole.issuer === head.issuer, code, { reason: 'it lists a revocation by somebody else' })
    return [revocationOf({ ...whole, cid })]
  })
}

/** The worst of the issuers of the delegations; the executor's own count as known (08-invocation 8.11). */
function freshnessOf(facts: readonly RevocationListFacts[], context: ListsContext): RevocationFreshness {
  const { links, nameOf, executor, identities, atS, maxStaleS } = context
  const foreign = links.map(({ issuer }) => issuer).filter((issuer) => !executor.includes(issuer))
  const states = foreign.map((issuer): RevocationFreshness => {
    const known = facts.filter((list) => nameOf(list.issuer) === nameOf(issuer))
    if (known.length === 0) return 'unknown'
    // A list ends with the key that signs it: what a key says after its time is not its agent's word.
    const isFresh = known.some(
      (list) => list.atS >= atS - maxStaleS && identities.standingOf(list.issuer) === 'current',
    )
    return isFresh ? 'fresh' : 'stale'
  })
  const [worst = 'fresh'] = (['unknown', 'stale'] as const).filter((state) => states.includes(state))
  return worst
}
