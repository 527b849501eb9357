/**
 * Following an agent's list of revocations in constant space (contracts/spec/24-light-client.md, clause 24.6, over
 * 09-receipt-revocation, clauses 9.6 and 9.7): of the list only its newest head is kept, and what follows is chained to it.
 */
import { type Cid, concatBytes, equalBytes } from '@talos/bytes'
import { type Did, parseRevocation, REVOCATION_TAG } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { keyOfLog, openEnvelope, type VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { refusing, revocationsForkOf } from './failures.ts'
import {
  firstDigest,
  MAX_FOLLOWED_REVOCATIONS,
  openHead,
  type RevocationHeadFacts,
  STATEMENT_MAX_BYTES,
} from './revocation-head.ts'
import type { LogSource, RevocationPage } from './source.ts'

/** How far the agent's clock may be ahead, in seconds (9.7, step 1). */
export const REVOCATION_LEEWAY_S = 300
/** A revocation that came since the last update; `revoke` or `who` is there. */
export interface RevocationNews {
  readonly cid: Cid
  readonly issuer: Did
  /** One delegation. */
  readonly revoke?: Cid
  /** Everything of one audience. */
  readonly who?: Did
  readonly reason?: string
  readonly atS: number
}

export interface FollowedRevocations {
  readonly head: RevocationHeadFacts | undefined
  /** In the order of the list. */
  readonly news: readonly RevocationNews[]
}

export interface FollowRevocationsOptions {
  readonly source: LogSource
  readonly known: RevocationHeadFacts | undefined
  readonly keyLog: VerifiedKeyLog
  readonly kernel: Kernel
  readonly nowS: number
}

/**
 * Asks a source for what was revoked since, and checks that it continues what is known.
 *
 * @throws TalosError `LIGHT_REVOCATIONS_INVALID`, `LIGHT_REVOCATIONS_ROLLBACK`; a `LightConflict` where the agent contradicts itself
 */
export async function followRevocations(options: FollowRevocationsOptions): Promise<FollowedRevocations> {
  const { source, known, keyLog, kernel } = options
  const page = await source.revocations(known?.n ?? 0)
  if (page === undefined) {
    // A key that was just replaced has said all that it had to; the next one may not have signed a head yet.
    if (known === undefined || known.issuer !== keyLog.signingKey) return { head: known, news: [] }
    throw rollback({ known: known.n, offered: 0 })
  }
  const head = refusing(
    () => openHead(page.head, kernel),
    (cause) => invalid('its head cannot be read', cause),
  )
  requireHead(head, options)
  if (head.issuer === known?.issuer) return await continued({ ...options, known, head, page })
  if (known !== undefined && positionOf(keyLog, head.issuer) < positionOf(keyLog, known.issuer)) {
    throw invalid('it is by an earlier key than the one that is known')
  }
  const start = { n: 0, digest: firstDigest(head.issuer, kernel) }
  const first = known === undefined ? page : await more(source, 0)
  const { digest, news } = await walk({ ...options, head, start, page: first })
  if (!equalBytes(digest, head.digest)) throw invalid('its digest is not that of its items')
  return { head, news }
}

/** The list was known already: the head is the same, later, or covers more (9.7, steps 2 to 7). */
async function continued(
  options: FollowRevocationsOptions & {
    readonly known: RevocationHeadFacts
    readonly head: RevocationHeadFacts
    readonly page: RevocationPage
  },
): Promise<FollowedRevocations> {
  const { known, head, kernel } = options
  const numbers = { known: known.n, offered: head.n }
  const isLater = head.atS > known.atS
  const convict = (code: Parameters<typeof revocationsForkOf>[0], split?: Split) =>
    revocationsForkOf(code, { ...options, ...(split !== undefined && { split }) })
  if (head.n < known.n) throw isLater ? convict('LIGHT_REVOCATIONS_ROLLBACK') : rollback(numbers)
  if (head.n === known.n) {
    if (!equalBytes(head.digest, known.digest)) throw convict('LIGHT_REVOCATIONS_FORK')
    return { head: isLater ? head : known, news: [] }
  }
  if (head.atS < known.atS) throw convict('LIGHT_REVOCATIONS_ROLLBACK')
  const { digest, news } = await walk({ ...options, start: known })
  if (equalBytes(digest, head.digest)) return { head, news }
  // From the first item on it shows whether another list was signed, or the source gives what is not of any.
  const start = { n: 0, digest: firstDigest(head.issuer, kernel) }
  const whole = await walk({ ...options, start, page: await more(options.source, 0), mark: known.n })
  const isSigned = equalBytes(whole.digest, head.digest)
  if (!isSigned || equalBytes(whole.marked, known.digest)) throw invalid('its digest is not that of its items')
  const items = whole.news.slice(known.n).map(({ cid }) => cid.digest)
  throw convict('LIGHT_REVOCATIONS_FORK', { digest: whole.marked, items })
}

/** By a key of the agent that had not ended, or been lost, when it signed, and not from the future. */
function requireHead(head: RevocationHeadFacts, { keyLog, nowS }: FollowRevocationsOptions): void {
  if (head.atS > nowS + REVOCATION_LEEWAY_S) throw invalid('it was signed in the future')
  if (head.n > MAX_FOLLOWED_REVOCATIONS) throw invalid(`it has more than ${MAX_FOLLOWED_REVOCATIONS} items`)
  const key = keyOfLog(keyLog, head.issuer)
  if (key === undefined) throw invalid('it is not by a key of the agent')
  if (key.standing === 'compromised') throw invalid('it is by a key that is compromised')
  if (key.toMs !== undefined && head.atS * 1000 >= key.toMs)
    throw invalid('its key had been replaced when it was signed')
}

/** How the longer list parts from the shorter one, where the heads alone do not show it. */
interface Split {
  /** 32 bytes. */
  readonly digest: Uint8Array
  /** 32 bytes each. */
  readonly items: readonly Uint8Array[]
}

interface Place {
  readonly n: number
  /** 32 bytes. */
  readonly digest: Uint8Array
}

interface Walk {
  readonly source: LogSource
  readonly head: RevocationHeadFacts
  readonly start: Place
  /** What the source gave after `start`. */
  readonly page: RevocationPage
  /** A position whose digest is asked for; `start` where it is left out. */
  readonly mark?: number
  readonly kernel: Kernel
}

/** Reads items up to the position of the head, which bounds them. */
async function walk({ source, head, start, page, mark = start.n, kernel }: Walk) {
  const news: RevocationNews[] = []
  let { n, digest } = start
  let marked = digest
  for (let { items } = page; n < head.n; { items } = await more(source, n)) {
    if (items.length === 0) throw invalid('items are missing')
    for (const item of items.slice(0, head.n - n)) {
      const revocation = openItem(item, { issuer: head.issuer, kernel })
      digest = kernel.sha256(concatBytes(digest, revocation.cid.digest))
      n += 1
      if (n === mark) marked = digest
      news.push(revocation)
    }
    if (n === head.n) break
  }
  return { digest, marked, news }
}

async function more(source: LogSource, after: number): Promise<RevocationPage> {
  const page = await source.revocations(after)
  if (page === undefined) throw invalid('items are missing')
  return page
}

function openItem(bytes: Uint8Array, { issuer, kernel }: { readonly issuer: Did; readonly kernel: Kernel }) {
  return refusing(
    () => {
      const opened = openEnvelope(bytes, { kernel, tags: [REVOCATION_TAG], maxBytes: STATEMENT_MAX_BYTES })
      const { iss, revoke, who, reason, atS } = parseRevocation(opened.payload)
      if (iss !== issuer) throw invalid('an item is by another key')
      if ((revoke === undefined) === (who === undefined)) throw invalid('an item does not name one target')
      const target = { ...(revoke !== undefined && { revoke }), ...(who !== undefined && { who }) }
      return { cid: opened.cid, issuer, ...target, ...(reason !== undefined && { reason }), atS }
    },
    (cause) => invalid('an item cannot be read', cause),
  )
}

function positionOf({ keys }: VerifiedKeyLog, did: Did): number {
  return keys.findIndex((key) => key.did === did)
}

function rollback(numbers: { readonly known: number; readonly offered: number }): TalosError {
  return new TalosError('LIGHT_REVOCATIONS_ROLLBACK', numbers)
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('LIGHT_REVOCATIONS_INVALID', { reason }, { cause })
}
