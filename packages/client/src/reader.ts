/** Reading an agent's folder beside the process that runs it: no passphrase, no lock, nothing written. */

import { AuditReader, type LogReport, type VerifyLogOptions, verifyLog } from '@talos/audit'
import { fromBase64url } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { openLogKeyDelegation, parseKeyFile } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey } from '@talos/merkle'
import { AgentDatabase, type AgentFolder, AgentHome, SqliteAuditStore } from '@talos/storage'
import { AUDIT_FILE } from './agent.ts'
import { type TalosClientOptions, worldOf } from './options.ts'

export interface AgentReader extends Disposable {
  readonly name: string
  readonly did: Did
  readonly folder: AgentFolder
  readonly kernel: Kernel
  /** Sealed rows stay closed: grants, revocations and open evidence can be read. */
  readonly database: AgentDatabase
  readonly log: AuditReader
  /** Reads and recomputes the whole log with its own delegated key. */
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
    verifyLog: async (onProgress) =>
      await verifyLog({
        store,
        kernel,
        logKey: logKeyOf(log, kernel),
        ...(onProgress !== undefined && { onProgress }),
      }),
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

function logKeyOf(log: AuditReader, kernel: Kernel) {
  const delegation = fromBase64url(log.entry(0).entry.log?.delegation ?? '')
  const { origin, logPublicKey: publicKey } = openLogKeyDelegation(delegation, { kernel })
  return logVerifierKey({ origin, publicKey, kernel })
}
