/** What is known of a log that refuses: the last checkpoint that it signed (spec 21-identity-lifecycle, 21.8). */
import { AuditReader, onlySignedBy } from '@talos/audit'
import { fromBase64url } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { type LogKeyDelegation, openLogKeyDelegation, type RunningSecrets, type VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, openCheckpoint, type VerifiedCheckpoint } from '@talos/merkle'
import { type AgentFolder, FileCheckpointGuard, SqliteAuditStore } from '@talos/storage'
import { readLogKeys } from './own-files.ts'
import { AUDIT_FILE, AUDIT_GUARD_FILE } from './own-log.ts'

interface RefusingLog {
  readonly folder: AgentFolder
  readonly secrets: RunningSecrets
  readonly keyLog: VerifiedKeyLog
  readonly kernel: Kernel
}

/**
 * The checkpoint in the file beside the log, or a later one in its store, with the line of the log's key alone. Neither has to be
 * readable; one that no key of the log has signed, under a name of the agent's, is left out.
 *
 * @throws TalosError what reading `logkeys.txt` throws
 */
export async function lastSigned(log: RefusingLog): Promise<VerifiedCheckpoint | undefined> {
  const outside = await noteBeside(log)
  const { delegation, note: inside } = noteWithin(log)
  const keys = keysOf(log, delegation)
  const [first, second] = [outside, inside].map((note) => openOwn(note, { ...log, keys }))
  const isLater = second !== undefined && second.origin === first?.origin && second.size > first.size
  return isLater ? second : (first ?? second)
}

/** The present key of the log first, then those before it, newest first, each delegated by a key of the agent. */
function keysOf({ folder, secrets, keyLog, kernel }: RefusingLog, first: LogKeyDelegation | undefined) {
  const later = readLogKeys(folder).map((bytes) => openLogKeyDelegation(bytes, { kernel }))
  const delegated = (first === undefined ? later : [first, ...later])
    .filter(({ issuer }) => keyLog.keys.some(({ did }) => did === issuer))
    .map(({ logPublicKey }) => logPublicKey)
  return [secrets.logSeed.use((seed) => kernel.ed25519PublicKey(seed)), ...delegated.reverse()]
}

async function noteBeside({ folder }: RefusingLog): Promise<string | undefined> {
  try {
    return await new FileCheckpointGuard({ path: folder.filePath(AUDIT_GUARD_FILE) }).read()
  } catch (error) {
    return unreadable(error)
  }
}

/** The last checkpoint in the store, and the delegation of the log's first key, which entry 0 holds. */
function noteWithin({ folder, kernel }: RefusingLog): { note?: string | undefined; delegation?: LogKeyDelegation } {
  let store: SqliteAuditStore | undefined
  try {
    store = SqliteAuditStore.open({ path: folder.filePath(AUDIT_FILE), readOnly: true })
    const note = store.lastCheckpoint()?.note
    const { log } = new AuditReader({ store, kernel }).entry(0).entry
    if (log === undefined) return { note }
    return { note, delegation: openLogKeyDelegation(fromBase64url(log.delegation), { kernel }) }
  } catch (error) {
    return unreadable(error) ?? {}
  } finally {
    store?.close()
  }
}

/** A file that cannot be read says nothing. */
function unreadable(error: unknown): undefined {
  if (!isTalosError(error)) throw error
}

function openOwn(
  note: string | undefined,
  { keys, keyLog, kernel }: Pick<RefusingLog, 'keyLog' | 'kernel'> & { readonly keys: readonly Uint8Array[] },
): VerifiedCheckpoint | undefined {
  const origin = note?.slice(0, note.indexOf('\n')) ?? ''
  const isOwn = keyLog.keys.some(({ did }) => origin.startsWith(`talos/${did.slice('did:key:'.length)}/`))
  if (note === undefined || !isOwn) return undefined
  for (const publicKey of keys) {
    try {
      const logKey = logVerifierKey({ origin, publicKey, kernel })
      return openCheckpoint(onlySignedBy(note, [logKey]), { logKey, kernel })
    } catch (error) {
      unreadable(error)
    }
  }
  return undefined
}
