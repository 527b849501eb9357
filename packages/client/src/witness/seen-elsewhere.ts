/**
 * What others have seen of this agent's log lies in its database as well: checkpoints that peers cosigned, and those that went to a
 * chain (spec 23-witness, 23.9). A log that does not contain them was set back together with its guard.
 */
import { type AuditLog, onlySignedBy } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import type { AgentDatabase } from '@talos/storage'
import { isSignedBy } from './bundle-parts.ts'

/** Holds the log against them before it signs or appends anything; `log.fault` says what came of it. @throws TalosError store codes */
export async function confrontWithSeen(
  log: AuditLog,
  { witness, anchors }: Pick<AgentDatabase, 'witness' | 'anchors'>,
): Promise<void> {
  const { verifierKey: key } = log
  const cosigned = witness.heads().find(({ note }) => isSignedBy(note, key))
  const anchored = anchors.newest('checkpoint', key.name)
  for (const note of [cosigned?.note, anchored?.note]) {
    // By another key of the log nothing is held against it (11.4, rule 6).
    if (note === undefined || log.fault !== undefined || !isSignedBy(note, key)) continue
    await confront(log, onlySignedBy(note, [key]))
  }
}

/** A note that was damaged on its way says nothing about the log. */
async function confront(log: AuditLog, note: string): Promise<void> {
  try {
    await log.confront(note)
  } catch (error) {
    if (!isTalosError(error) || !/^(?:NOTE|CHECKPOINT)_/.test(error.code)) throw error
  }
}
