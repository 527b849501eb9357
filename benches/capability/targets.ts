/** What capabilities have to reach. */
import type { RatioTarget, TargetBounds } from '../harness/targets.ts'
import { floor } from './floor.ts'

const NATIVE = { subject: 'talos native', reference: floor.name, direction: 'at most' } as const
const PORTABLE = { ...NATIVE, subject: 'talos portable' } as const

export const TOKEN_TARGETS: readonly RatioTarget[] = [
  {
    ...NATIVE,
    id: 'verify-3: talos native / floor',
    title: 'three links and proof, cold: native against four verifications by node:crypto',
    scenario: 'verify-3',
    reach: 0.6,
  },
  {
    ...PORTABLE,
    id: 'verify-3: talos portable / floor',
    title: 'three links and proof, cold: portable against four verifications by node:crypto',
    scenario: 'verify-3',
    reach: 1.15,
  },
  {
    ...PORTABLE,
    id: 'verify-1: talos portable / floor',
    title: 'one link and proof, cold: portable against two verifications by node:crypto',
    scenario: 'verify-1',
    reach: 1.25,
  },
  {
    ...NATIVE,
    id: 'mint-1: talos native / floor',
    title: 'mint one link: native against one signature by node:crypto',
    scenario: 'mint-1',
    reach: 1.4,
  },
]

/** A million authorizations a second. */
export const CACHED_TARGET: TargetBounds = {
  id: 'cached: channel',
  title: 'three known links by channel, arguments, revocation and counters of each',
  direction: 'at most',
  reach: 1,
}

/** A second, from the order to the first refused call, for 99 of a hundred revocations. */
export const PROPAGATION_TARGET: TargetBounds = {
  id: 'propagation: p99',
  title: 'revocation between connected agents, p99',
  direction: 'at most',
  reach: 1_000_000,
}
