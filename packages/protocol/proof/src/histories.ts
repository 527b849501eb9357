/** Key logs in a bundle: which keys are one agent's, and how each stood when the call was made (spec 12-proof-bundle, 12.4). */
import { fromBase64url, fromUtf8 } from '@talos/bytes'
import type { IdentityStanding, IdentityView, RevocableLink } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { IdentityBook, type LogKey, type VerifiedKeyLog, verifyKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'

/** Verifies the entries of a key log. @throws TalosError `KEY_LOG_*`, `ENCODING_INVALID` */
export function readHistory(entries: readonly string[], kernel: Kernel): VerifiedKeyLog {
  const text = entries.map((entry) => `${fromUtf8(fromBase64url(entry))}\n`).join('')
  return readKeyLog(text, kernel)
}

/**
 * Verifies the text of a key log. Its times are its owner's: a verifier's clock says nothing about them.
 *
 * @throws TalosError `KEY_LOG_*`
 */
export function readKeyLog(text: string, kernel: Kernel): VerifiedKeyLog {
  return verifyKeyLog({ kernel, text, nowMs: 0, leewayMs: Number.MAX_SAFE_INTEGER })
}

/** Which keys are one agent's, by the key logs of a bundle; a key of no log stands alone. */
export type KeysOf = (did: Did) => readonly Did[]

export function keysByAgent(histories: readonly VerifiedKeyLog[]): KeysOf {
  const all = new Map(
    histories.flatMap(({ keys }) => keys.map(({ did }) => [did, keys.map((key) => key.did)] as const)),
  )
  return (did) => all.get(did) ?? [did]
}

/** A link as revocations may mean it: by every key of its issuer, for every key of its holder. */
export function linkByAgent(link: RevocableLink, keysOf: KeysOf): readonly RevocableLink[] {
  const entitled = link.entitled.flatMap(keysOf)
  return keysOf(link.issuer).flatMap((issuer) =>
    keysOf(link.audience).map((audience) => ({ ...link, issuer, audience, entitled })),
  )
}

/** When a key is looked at, and how far clocks may differ. */
export interface Instant {
  readonly atMs: number
  readonly toleranceMs: number
}

/** How a key stood: one that was replaced since was in force then; one that is compromised counts up to where its owner says. */
export function standingAt(key: LogKey | undefined, { atMs, toleranceMs }: Instant): IdentityStanding {
  if (key === undefined) return 'current'
  if (key.compromisedFromMs !== undefined && key.compromisedFromMs <= atMs) return 'compromised'
  return key.toMs !== undefined && key.toMs + toleranceMs <= atMs ? 'rotated' : 'current'
}

/** What the newest of these logs says of each key. */
export function keysOfLogs(histories: readonly VerifiedKeyLog[]): ReadonlyMap<Did, LogKey> {
  return new Map(histories.flatMap((history) => history.keys).map((key) => [key.did, key]))
}

/**
 * The same identities a while later: a key that was lost meanwhile does not count any more; one that was merely replaced was
 * its agent's when the call was asked for.
 */
export function identitiesLostBy(
  view: IdentityView,
  { histories, atMs }: { readonly histories: readonly VerifiedKeyLog[]; readonly atMs: number },
): IdentityView {
  const keys = keysOfLogs(histories)
  const forever = { atMs, toleranceMs: Number.MAX_SAFE_INTEGER }
  const isLost = (did: Did): boolean => standingAt(keys.get(did), forever) === 'compromised'
  return {
    currentOf: (did) => view.currentOf(did),
    standingOf: (did) => (isLost(did) ? 'compromised' : view.standingOf(did)),
  }
}

/**
 * The identities of a bundle at a time.
 *
 * @throws TalosError `KEY_LOG_FORK`, `KEY_LOG_ROLLBACK`, `IDENTITY_CONFLICT` where the logs contradict each other
 */
export function identitiesAt(histories: readonly VerifiedKeyLog[], instant: Instant): IdentityView {
  const book = new IdentityBook()
  for (const history of histories) book.put(history)
  const keys = keysOfLogs(histories)
  return {
    currentOf: (did) => book.currentOf(did),
    standingOf: (did) => standingAt(keys.get(did), instant),
  }
}
