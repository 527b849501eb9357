/** The audit level of an agent, a word in a file of its folder, so that every process that opens the agent goes by it. */
import { type AuditLevel, auditLevelOf, DEFAULT_AUDIT_LEVEL } from '@talos/audit'
import { fromUtf8, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { AgentFolder } from '@talos/storage'

const AUDIT_LEVEL_FILE = 'audit.level'

/** What the folder says, `standard` where it says nothing. @throws TalosError `AUDIT_LEVEL_INVALID`, file codes */
function readAuditLevel(folder: AgentFolder): AuditLevel {
  if (!folder.hasFile(AUDIT_LEVEL_FILE)) return DEFAULT_AUDIT_LEVEL
  const level = auditLevelOf(fromUtf8(folder.readFile(AUDIT_LEVEL_FILE)).trim())
  if (level === undefined) throw new TalosError('AUDIT_LEVEL_INVALID', { name: folder.name })
  return level
}

/** Takes over the level that is given, and returns what counts. @throws TalosError as `readAuditLevel` */
export function settleAuditLevel(folder: AgentFolder, given: AuditLevel | undefined): AuditLevel {
  if (given === undefined) return readAuditLevel(folder)
  folder.writeFile(AUDIT_LEVEL_FILE, utf8(`${given}\n`))
  return given
}
