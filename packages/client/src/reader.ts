/** Reading an agent's folder beside the process that runs it: no passphrase, no lock, nothing written. */

import { AuditReader, type LogReport, type VerifyLogOptions, verifyLog } from '@talos/audit'
import { equalBytes, fromBase64url } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openLogKeyDelegation, parseKeyFile } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, openCheckpoint, type VerifiedCheckpoint, type VerifierKey } from '@talos/merkle'
import { AgentDatabase, type AgentFolder, AgentHome, FileCheckpointGuard, SqliteAuditStore } from '@talos/storage'
import { AUDIT_FILE, AUDIT_GUARD_FILE } from './agent.ts'
import { type TalosClientOptions, worldOf } from './options.ts'

export interface AgentReader extends Disposable {
  readonly name: string
  readonly did: Did
  readonly folder: AgentFolder
  readonly kernel: Kernel
  /** Sealed rows stay closed: grants, revocations and open evidence can be read. */
  readonly database: AgentDatabase
  readonly log: AuditReader
  /**
   * Reads and recomputes the whole log with its own delegated key, and looks for the last signed checkpoint in it.
   *
   * @throws TalosError `AUDIT_CORRUPT`, `AUDIT_OTHER_LOG`, `AUDIT_ROLLBACK`
   */
  verifyLog(onProgress?: VerifyLogOptions['onProgress']): Promise<LogReport>
  close(): void
}

/**
 * Opens an agent for reading.
 *
 * @throws TalosError `AGENT_NOT_FOUND`, `HOME_PERMISSIONS`, `KEY_FILE_INVALID`, and what the stores throw
 */
export function openAgentReader(name: string, options: Pick<TalosClientOptions, 'home' | 'kernel'> = {}): AgentReader {
  const { kernel } = worldOf(options)
  const folder = new AgentHome({ root: options.home }).open(name)
  const { did } = parseKeyFile(folder.readKeyFile(), kernel)
  const database = AgentDatabase.openReader({ folder })
  const store = openStore(folder, database)
  const log = new AuditReader({ store, kernel })
  const close = () => {
    store.close()
    database.close()
  }
  return {
    name,
    did: did as Did,
    folder,
    kernel,
    database,
    log,
    verifyLog: async (onProgress) => {
      const logKey = logKeyOf(log, { kernel, did: did as Did })
      // Read before the log: what is signed is in the log already, while the log may grow beneath us.
      const last = await lastSigned(folder, { logKey, kernel })
      const report = await verifyLog({ store, kernel, logKey, ...(onProgress !== undefined && { onProgress }) })
      if (last !== undefined) requireContained(log, last)
      else if (report.checkpoints > 0) throw rollback('unknown', 'the copy outside of the store is missing')
      return report
    },
    close,
    [Symbol.dispose]: close,
  }
}

function openStore(folder: AgentFolder, database: AgentDatabase): SqliteAuditStore {
  try {
    return SqliteAuditStore.open({ path: folder.filePath(AUDIT_FILE), readOnly: true })
  } catch (error) {
    database.close()
    throw error
  }
}

function logKeyOf(log: AuditReader, { kernel, did }: { readonly kernel: Kernel; readonly did: Did }): VerifierKey {
  const delegation = fromBase64url(log.entry(0).entry.log?.delegation ?? '')
  const { issuer, origin, logPublicKey: publicKey } = openLogKeyDelegation(delegation, { kernel })
  if (issuer !== did) throw new TalosError('AUDIT_OTHER_LOG', { part: 'agent' })
  return logVerifierKey({ origin, publicKey, kernel })
}

/** The last checkpoint as it lies outside of the log. */
async function lastSigned(
  folder: AgentFolder,
  options: { readonly logKey: VerifierKey; readonly kernel: Kernel },
): Promise<VerifiedCheckpoint | undefined> {
  const note = await new FileCheckpointGuard({ path: folder.filePath(AUDIT_GUARD_FILE) }).read()
  if (note === undefined) return undefined
  try {
    return openCheckpoint(note, options)
  } catch (cause) {
    throw rollback('unknown', 'the copy outside of the store is not signed by the log key', cause)
  }
}

/** A log that was cut or set back does not hold what was signed of it. */
function requireContained(log: AuditReader, { size, root }: VerifiedCheckpoint): void {
  log.refresh()
  if (size > log.size) throw rollback(size, `it has ${log.size} entries`)
  if (!equalBytes(log.rootAt(size), root)) throw rollback(size, 'its entries are others')
}

function rollback(size: number | 'unknown', reason: string, cause?: unknown): TalosError {
  return new TalosError('AUDIT_ROLLBACK', { size, reason }, { cause })
}
