/** Key logs in a bundle: which keys are one agent's, and how each stood when the call was made (spec 12-proof-bundle, 12.4). */
import { fromBase64url, fromUtf8 } from '@talos/bytes'
import {
  type IdentityStanding,
  type IdentityView,
  isRevokedBy,
  type RevocableLink,
  type VerifiedRevocation,
} from '@talos/capability'
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
  const all = new Map<Did, readonly Did[]>()
  for (const { keys } of histories) {
    const own = keys.map(({ did }) => did)
    for (const did of own) all.set(did, own)
  }
  return (did) => all.get(did) ?? [did]
}

/** One name for all keys of an agent, by the key logs of a bundle: a key of no log is its own. */
export type NameOf = (did: Did) => Did

export function namesByAgent(histories: readonly VerifiedKeyLog[]): NameOf {
  const names = new Map(histories.flatMap(({ name, keys }) => keys.map(({ did }) => [did, name] as const)))
  return (did) => names.get(did) ?? did
}

/**
 * A link between agents, whichever of their keys stand in it. By names: all keys of one end with all keys of the other would be
 * more than a verifier can hold.
 */
export function linkByAgent(link: RevocableLink, nameOf: NameOf): RevocableLink {
  const { issuer, audience, entitled } = link
  return { ...link, issuer: nameOf(issuer), audience: nameOf(audience), entitled: entitled.map(nameOf) }
}

/** Whether a revocation, by any key of its issuer, takes back a link between agents. */
export function isRevokedByAgent(
  link: RevocableLink,
  { issuer, revokes, who, atS }: VerifiedRevocation,
  nameOf: NameOf,
): boolean {
  return isRevokedBy(link, { issuer: nameOf(issuer), revokes, who: who && nameOf(who), atS })
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
