/** How fresh the knowledge of revocations is, and what that is worth (spec 08-invocation, clause 8.11). */
import { type DenialCause, denial } from '../denial.ts'
import { MAX_LEEWAY_S } from '../limits.ts'
import type { ToolRequirements } from '../requirements.ts'
import type { RevocationView } from '../revocation/view.ts'
import type { Freshness } from './matter.ts'
import type { ReadyChain } from './ready-chain.ts'

/** The worst of all foreign issuers. */
export function freshnessOf(
  chain: ReadyChain,
  revocations: RevocationView,
  { nowS, maxStaleS }: { readonly nowS: number; readonly maxStaleS: number | undefined },
): Freshness {
  let worst: Freshness = 'fresh'
  for (const { issuer } of chain.foreign) {
    const state = ageOf(revocations.knownAtS(issuer), { nowS, maxStaleS })
    if (state === 'unknown') return state
    if (state === 'stale') worst = state
  }
  return worst
}

function ageOf(
  knownAtS: number | undefined,
  { nowS, maxStaleS }: { readonly nowS: number; readonly maxStaleS: number | undefined },
): Freshness {
  if (knownAtS === undefined) return 'unknown'
  if (maxStaleS === undefined) return 'fresh'
  const ageS = nowS - knownAtS
  // What was signed further ahead than clocks differ says that this one was set back: how old it is cannot be told.
  return ageS > maxStaleS || ageS < -MAX_LEEWAY_S ? 'stale' : 'fresh'
}

/** With a limit, `unknown` denies, and `stale` denies a write; without one nothing does. */
export function checkFreshness(
  chain: ReadyChain,
  revocations: RevocationView,
  about: {
    readonly freshness: Freshness
    readonly nowS: number
    readonly requirements: Pick<ToolRequirements, 'effect' | 'maxStaleS'>
  },
): DenialCause | undefined {
  const { freshness, nowS, requirements } = about
  const { effect, maxStaleS } = requirements
  if (maxStaleS === undefined || freshness === 'fresh' || (freshness === 'stale' && effect === 'read')) return undefined
  const worst = chain.foreign.filter(
    ({ issuer }) => ageOf(revocations.knownAtS(issuer), { nowS, maxStaleS }) === freshness,
  )
  const causes = worst.map(({ index }) =>
    denial('CAPABILITY_STALE', {
      details: { link: index, state: freshness, limitS: maxStaleS },
      path: `proofs[${index}]`,
    }),
  )
  return causes[0]
}
