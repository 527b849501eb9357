/** What is asked for when a capability is given, passed on or renewed, and what it looks like afterwards. */
import type { IpldValue } from '@talos/bytes'
import {
  type ApprovalTerms,
  type DelegateOptions,
  type DelegationDescription,
  type Lease,
  mcpServerCommand,
  mcpToolCommand,
  type ProofLevel,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { GrantDirection } from '@talos/storage'

export interface GrantRequest {
  readonly to: Did
  /** What the capability allows: one tool of a server, or the whole server. */
  readonly tool?: { readonly server: string; readonly tool?: string }
  /** The same as a command, for anything else. */
  readonly command?: string
  /** Typed rules on arguments, such as `['subpath', '.path', '/srv/docs']` (spec 07-delegation). */
  readonly rules?: readonly IpldValue[]
  /** UCAN policy statements. */
  readonly policy?: readonly IpldValue[]
  /** Lifetime from now; null for none. */
  readonly expiresInS: number | null
  /** First second of validity; now for a lease, else none where absent. */
  readonly notBeforeS?: number
  /** How many links may follow. */
  readonly depth?: number
  /** The weakest proof that a call may bring; a signature where absent. */
  readonly need?: ProofLevel
  /** What may be used over all calls, such as `['rate', 10, 60]` (spec 16-metering). */
  readonly limits?: readonly IpldValue[]
  /** When and where it holds, such as `['env', 'stage', ['test']]` (spec 16-metering). */
  readonly when?: readonly IpldValue[]
  /** Makes it a lease for `expiresInS`, which this agent renews so often at most (spec 07-delegation, 7.11). */
  readonly lease?: { readonly maxRenewals: number }
  /** Who must have approved each exact call. */
  readonly approvals?: ApprovalTerms
  /** For people. */
  readonly label?: string
}

/** What is passed on; the command stays the parent's where none is named. */
export interface DelegationRequest extends GrantRequest {
  /** CID of a capability whose audience is this agent. */
  readonly parent: string
}

export interface Grant {
  readonly cid: string
  readonly direction: GrantDirection
  /** The other side. */
  readonly peer: Did
  readonly label: string
  readonly bytes: Uint8Array
  readonly createdMs: number
  readonly revokedMs: number | undefined
  readonly description: DelegationDescription
}

/** The command of a request. @throws TalosError `CAPABILITY_COMMAND_INVALID` */
export function commandFor({ tool, command }: Pick<GrantRequest, 'tool' | 'command'>): string {
  if (command !== undefined) return command
  if (tool === undefined) throw new TalosError('CAPABILITY_COMMAND_INVALID', { reason: 'none is given' })
  return tool.tool === undefined
    ? mcpServerCommand(tool.server)
    : mcpToolCommand({ server: tool.server, tool: tool.tool })
}

type Terms = Pick<
  DelegateOptions,
  'expiresS' | 'notBeforeS' | 'policy' | 'rules' | 'depth' | 'need' | 'limits' | 'when' | 'lease' | 'approvals'
>

/** The terms of a request that is granted now. @throws TalosError `CAPABILITY_OPTION_INVALID` */
export function termsOf(request: GrantRequest, nowS: number): Terms {
  const { expiresInS, notBeforeS, lease, policy, rules, depth, need, limits, when, approvals } = request
  if (expiresInS !== null && (!Number.isSafeInteger(expiresInS) || expiresInS < 1)) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', {
      option: 'expiresInS',
      reason: 'not a whole number of at least 1',
    })
  }
  const beginS = notBeforeS ?? (lease === undefined ? undefined : nowS)
  return {
    expiresS: expiresInS === null ? null : nowS + expiresInS,
    ...(beginS !== undefined && { notBeforeS: beginS }),
    ...(lease !== undefined && { lease: firstOf(lease, { expiresInS, startS: beginS ?? nowS, nowS }) }),
    ...(policy !== undefined && { policy }),
    ...(rules !== undefined && { rules }),
    ...(depth !== undefined && { depth }),
    ...(need !== undefined && { need }),
    ...(limits !== undefined && { limits }),
    ...(when !== undefined && { when }),
    ...(approvals !== undefined && { approvals }),
  }
}

function firstOf(
  { maxRenewals }: NonNullable<GrantRequest['lease']>,
  { expiresInS, startS, nowS }: { readonly expiresInS: number | null; readonly startS: number; readonly nowS: number },
): Lease {
  const termS = expiresInS === null ? 0 : nowS + expiresInS - startS
  if (termS < 1) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'expiresInS', reason: 'a lease ends after it begins' })
  }
  return { termS, max: maxRenewals, n: 0, of: undefined }
}
