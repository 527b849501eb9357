/**
 * The executor's own policy, beside the caller's capability (spec 08-invocation, clause 8.5): asked about calls that the
 * capability allows; it can deny, and can give nothing.
 */
import type { Did } from '@talos/contracts'
import type { IpldMap } from '@talos/identity'
import type { VerifiedLink } from './delegation.ts'

export interface PolicyRequest {
  /** Who calls. */
  readonly principal: Did
  readonly command: string
  readonly args: IpldMap
  /** From the root to the caller; none where the caller is the subject. */
  readonly chain: readonly VerifiedLink[]
  readonly nowS: number
  readonly environment: ReadonlyMap<string, string>
}

export type PolicyDecision =
  | { readonly outcome: 'allow' }
  /** `reasons`: names of policies, for the executor's own explanation. */
  | { readonly outcome: 'deny'; readonly reasons: readonly string[] }

export interface ExecutorPolicy {
  decide(request: PolicyRequest): PolicyDecision
}
