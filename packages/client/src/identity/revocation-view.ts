/**
 * What is known of revocations, by agents instead of keys (spec 21-identity-lifecycle, 21.7): who was entitled by an earlier
 * key is so by each of the agent's keys, and who revoked everything of a key meant the agent.
 */
import type { RevocableLink, RevocationState, RevocationView } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { IdentityBook, LogKey } from '@talos/identity'

/** Asks a view by every key of those concerned. Where nobody has had another key, it costs three lookups. */
export function revocationsByAgent(view: RevocationView, identities: IdentityBook): RevocationView {
  const keysOf = (did: Did): readonly Did[] => {
    const keys = identities.find(did)?.keys
    return keys === undefined || keys.length < 2 ? [did] : keys.map((key) => key.did)
  }
  const hasOthers = (did: Did) => (identities.find(did)?.keys.length ?? 0) > 1
  /** By whom and for whom: all keys of one end times all keys of the other may be millions, so that what is known leads. */
  const ofWhole = (link: RevocableLink): RevocationState => {
    const issuers = new Set(keysOf(link.issuer))
    for (const audience of keysOf(link.audience)) {
      for (const issuer of view.issuersAgainst?.(audience) ?? issuers) {
        if (!issuers.has(issuer)) continue
        const state = view.stateOf({ ...link, names: [], issuer, audience, entitled: [] })
        if (state.revoked) return state
      }
    }
    return { revoked: false }
  }
  return {
    stateOf(link) {
      const known = view.stateOf(link)
      if (known.revoked || !(hasOthers(link.audience) || link.entitled.some(hasOthers))) return known
      const named = view.stateOf({ ...link, entitled: link.entitled.flatMap(keysOf) })
      return named.revoked ? named : ofWhole(link)
    },
    knownAtS(issuer) {
      const keys = identities.find(issuer)?.keys
      if (keys === undefined) return view.knownAtS(issuer)
      const times = keys.map((key) => endedAt(view.knownAtS(key.did), key))
      const known = times.filter((time) => time !== undefined)
      return known.length === 0 ? undefined : Math.max(...known)
    },
  }
}

/**
 * A key speaks for the agent until it was replaced or lost: whoever has it afterwards could go on to sign its list as it was, and
 * pass for the agent that has revoked nothing since.
 */
function endedAt(knownAtS: number | undefined, { toMs, compromisedFromMs }: LogKey): number | undefined {
  if (knownAtS === undefined) return undefined
  const endMs = Math.min(toMs ?? Number.POSITIVE_INFINITY, compromisedFromMs ?? Number.POSITIVE_INFINITY)
  return Math.min(knownAtS, Math.floor(endMs / 1000))
}
