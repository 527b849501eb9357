/** One call that is being judged, whatever proved it, and what is asked of calls of its tool. */
import type { Did } from '@talos/contracts'
import type { IpldMap } from '@talos/identity'
import type { ProofLevel, ToolRequirements } from '../requirements.ts'
import type { ReadyChain } from './ready-chain.ts'
import type { Clock } from './walk.ts'

/**
 * How far the knowledge of foreign issuers' revocations reaches: within the tool's limit, beyond it, or not known of one of
 * them. Without a limit, any age is `fresh`.
 */
export type Freshness = 'fresh' | 'stale' | 'unknown'

export interface Matter {
  readonly chain: ReadyChain
  /** Who is to execute, as the call names it. */
  readonly audience: Did
  /** Who calls. */
  readonly caller: Did
  readonly command: string
  readonly args: IpldMap
  readonly level: ProofLevel
  readonly justification: string | undefined
  readonly requirements: ToolRequirements
  readonly freshness: Freshness
  readonly clock: Clock
  readonly nowMs: number
  /** Size of the request as received. */
  readonly bytes: number
}
