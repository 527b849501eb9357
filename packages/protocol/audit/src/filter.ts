/** What narrows a reading of a log. */
import type { AuditEntryKind, Did } from '@talos/contracts'

/** Which entries to read; members that are left out do not narrow. */
export interface AuditFilter {
  readonly kinds?: readonly AuditEntryKind[]
  readonly session?: string
  readonly peer?: Did
  /** Any of these. */
  readonly peers?: readonly Did[]
  readonly tool?: string
  /** CID of a capability, as text. */
  readonly cap?: string
  /** Id of a message, 32 hex digits. */
  readonly message?: string
  readonly decision?: 'allow' | 'deny'
  /** An error code. */
  readonly reason?: string
  /** Earliest time. */
  readonly fromMs?: number
  /** First time that is too late. */
  readonly toMs?: number
  readonly fromIndex?: number
  /** First index that is too late. */
  readonly toIndex?: number
  /** `ascending` where it is left out. */
  readonly order?: 'ascending' | 'descending'
}
