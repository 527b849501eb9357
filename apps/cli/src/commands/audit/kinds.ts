/** The kinds of entries (contracts/spec/10-audit-entry.md), for those who have to name one. */
import type { AuditEntryKind } from '@talos/contracts'

/** The compiler sees to it that none is left out. */
const ALL: Readonly<Record<AuditEntryKind, true>> = {
  'log.open': true,
  'log.close': true,
  'log.fork': true,
  'log.cosign': true,
  'identity.create': true,
  'identity.recover': true,
  'identity.deactivate': true,
  'identity.backup': true,
  'identity.restore': true,
  'key.rotate': true,
  'key.revoke': true,
  'key.prekeys': true,
  'session.open': true,
  'session.close': true,
  'session.reset': true,
  'message.send': true,
  'message.receive': true,
  'cap.grant': true,
  'cap.receive': true,
  'cap.revoke': true,
  'cap.deny': true,
  'cap.approve': true,
  'tool.invoke': true,
  'tool.result': true,
  'tool.deny': true,
  'tool.lost': true,
  'checkpoint.anchor': true,
  redact: true,
}

export const KINDS: readonly string[] = Object.keys(ALL)
