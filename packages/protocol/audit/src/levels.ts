/**
 * How much a log says (contracts/spec/10-audit-entry.md, clause 10.10): what a level leaves out is never appended.
 *
 * Calls, their outcomes and denials, capabilities given and taken back, and what happens to the identity and the log are in
 * every level: without them a log would have gaps that look like hiding.
 */
import type { AuditEntryKind } from '@talos/contracts'

/** Least first; each says what the one before says, and more. */
export const AUDIT_LEVELS = ['minimal', 'standard', 'verbose'] as const
export type AuditLevel = (typeof AUDIT_LEVELS)[number]
export const DEFAULT_AUDIT_LEVEL: AuditLevel = 'standard'

const STANDARD_KINDS = [
  'session.open',
  'session.close',
  'session.reset',
  'message.send',
  'message.receive',
  'key.prekeys',
] as const
const VERBOSE_KINDS = ['cap.receive', 'log.cosign'] as const

/** Kinds that some level leaves out. */
export type OptionalKind = (typeof STANDARD_KINDS)[number] | (typeof VERBOSE_KINDS)[number]

const LEFT_OUT: Readonly<Record<AuditLevel, ReadonlySet<AuditEntryKind>>> = {
  minimal: new Set<AuditEntryKind>([...STANDARD_KINDS, ...VERBOSE_KINDS]),
  standard: new Set<AuditEntryKind>(VERBOSE_KINDS),
  verbose: new Set<AuditEntryKind>(),
}

/** Tells whether a log of that level has entries of that kind. */
export function isRecordedAt(level: AuditLevel, kind: AuditEntryKind): boolean {
  return !LEFT_OUT[level].has(kind)
}

/** The level of that name; undefined for another word. */
export function auditLevelOf(name: string): AuditLevel | undefined {
  return AUDIT_LEVELS.find((level) => level === name)
}
