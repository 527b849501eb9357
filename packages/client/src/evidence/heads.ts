/**
 * What an executor knew of the revocations of those who gave leave: which signed heads it had when it decided, kept with the
 * call, and the lists that they cover (spec 12-proof-bundle, clause 12.8; 15-frames 15.6).
 */
import { type Cid, decodeCbor, encodeCbor } from '@talos/bytes'
import { openRevocationHead, type VerifiedLink } from '@talos/capability'
import type { AppFrameRevocationList } from '@talos/contracts'
import type { Agent } from '../agent.ts'

/** Heads that are kept of one call: as many as a bundle has room for. */
const MAX_HEADS = 16
/** Revocations of one list, and bytes of all lists, that go into an answer; what is longer says nothing. */
const MAX_ITEMS = 256
const MAX_LIST_BYTES = 262_144

/** The name under which the heads of a call are kept. */
export const HEADS = 'executor.heads'

/** The newest heads of the issuers in a chain, but for this agent's own; undefined where there is none to keep. */
export function knownHeads(chain: readonly Pick<VerifiedLink, 'issuer'>[], agent: Agent): Uint8Array | undefined {
  const { identities, revocations, did } = agent
  const foreign = chain.map(({ issuer }) => issuer).filter((issuer) => !identities.isSame(issuer, did))
  // Who follows an agent's newest key knows everything (09-receipt-revocation 9.9).
  const issuers = new Set(foreign.flatMap((issuer) => [issuer, identities.currentOf(issuer)]))
  const heads = [...issuers].flatMap((issuer) => {
    if (revocations.knownAtS(issuer) === undefined) return []
    return revocations.listOf(issuer).head?.bytes ?? []
  })
  return heads.length === 0 ? undefined : encodeCbor(heads.slice(0, MAX_HEADS))
}

/** The lists that the heads of a call cover, whole, as long as they are short enough to be shown. @throws TalosError store codes */
export function listsOf(call: Cid, { database, kernel }: Agent): readonly AppFrameRevocationList[] {
  const stored = database.evidence.get(call, HEADS)
  if (stored === undefined) return []
  const lists: AppFrameRevocationList[] = []
  let sizeBytes = 0
  for (const head of decodeCbor(stored.bytes) as readonly Uint8Array[]) {
    const { issuer, n } = openRevocationHead(head, { kernel })
    if (n > MAX_ITEMS) continue
    const items = database.revocations.page({ issuer, after: 0, limit: n }).map(({ bytes }) => bytes)
    sizeBytes += items.reduce((sum, { length }) => sum + length, head.length)
    if (items.length === n && sizeBytes <= MAX_LIST_BYTES) lists.push({ head, items })
  }
  return lists
}
