/** What was promised of logs and proofs. */
import type { RatioTarget, TargetBounds } from '../harness/targets.ts'
import { BUNDLE, signaturesName } from './bundle.ts'
import { BATCH, BUILD, CHECKPOINT, FLOOR, VERIFY } from './tree.ts'

const KERNELS = ['native', 'portable'] as const

/** How many agents an anchor covers. */
export const AGENTS = [1, 100, 1_000] as const
/** Most that the root of roots may cost, whatever the number of agents. */
const ANCHOR_GAS_LIMIT = 25_000

/** How much longer than its floor each takes at most. */
const AT_MOST: readonly { readonly scenario: string; readonly title: string; readonly reach: number }[] = [
  { scenario: BUILD, title: 'a tree of 1M leaves against its hashes by node:crypto', reach: 1.2 },
  { scenario: VERIFY, title: 'inclusion verified against its hashes by node:crypto', reach: 1.4 },
  { scenario: CHECKPOINT, title: 'checkpoint and consistency against one verification', reach: 1.7 },
  { scenario: BATCH, title: '100 entries and their checkpoint against hashes and one verification', reach: 1.3 },
]

export const TREE_TARGETS: readonly RatioTarget[] = AT_MOST.flatMap(({ scenario, title, reach }) =>
  KERNELS.map((kernel) => ({
    id: `${scenario}: ${kernel} / floor`,
    title: `${title}: ${kernel}`,
    scenario,
    subject: `talos ${kernel}`,
    reference: FLOOR,
    direction: 'at most',
    reach,
  })),
)

export const BUNDLE_TARGETS: readonly RatioTarget[] = KERNELS.map((kernel) => ({
  id: `${BUNDLE}: ${kernel} / signatures`,
  title: `a whole proof bundle against its signatures: ${kernel}`,
  scenario: BUNDLE,
  subject: `talos ${kernel}`,
  reference: signaturesName(kernel),
  direction: 'at most',
  reach: 1.3,
}))

const AT_LEAST = { native: 0.65, portable: 0.4 } as const
const COLD_US = { native: 200, portable: 1200 } as const

export type KernelName = (typeof KERNELS)[number]

export interface LogTargets {
  readonly single: TargetBounds
  readonly many: TargetBounds
  readonly manyP99: TargetBounds
  readonly cold: TargetBounds
  readonly evenness: TargetBounds
  readonly open: TargetBounds
}

/** The targets of a log on disk, by kernel. */
export function logTargets(kernel: KernelName): LogTargets {
  return {
    single: atMost(`append by 1 writer, p50, against a commit of one bare row: ${kernel}`, 2.2),
    many: atLeast(`appends/s by 1,024 writers against bare rows/s, 1,000 a commit: ${kernel}`, AT_LEAST[kernel]),
    manyP99: atMost(`append by 1,024 writers, p99: ${kernel}`, 20_000),
    cold: atMost(`inclusion proof, nothing cached, from the grown log, p50: ${kernel}`, COLD_US[kernel]),
    evenness: atLeast(`rate of the last fifth against the first: ${kernel}`, 0.9),
    open: atMost(`opening the grown log: ${kernel}`, 50_000),
  }
}

function atMost(title: string, reach: number): TargetBounds {
  return { id: title, title, direction: 'at most', reach }
}

function atLeast(title: string, reach: number): TargetBounds {
  return { id: title, title, direction: 'at least', reach }
}

export const GAS_TARGET: TargetBounds = atMost(
  'gas of one anchor of a log of logs, whatever the number of agents',
  ANCHOR_GAS_LIMIT,
)
