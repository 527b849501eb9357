/**
 * What an agent publishes of itself beside its entries (spec 22-log-service, 22.3), read anew at each call: the process that
 * runs the agent goes on beside.
 */
import type { AuditReader, AuditStore, RevocationPage } from '@talos/audit'
import { fromBase64url, fromUtf8 } from '@talos/bytes'
import { parseKeyFile } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { splitNote } from '@talos/merkle'
import type { AgentDatabase, AgentFolder } from '@talos/storage'
import { KEY_LOG_FILE } from './identity/own-files.ts'
import { logKeysOf } from './identity/own-log.ts'

/** Revocations that are given at once. */
const PAGE_MAX_ITEMS = 256

export interface Publication {
  /** The newest checkpoint that the log signed, with the cosignatures that are there; undefined where none was signed. */
  newestCheckpoint(): string | undefined
  /** The newest envelope by which the agent lets the log's key sign. @throws TalosError `AUDIT_CORRUPT`, file codes */
  logKey(): Uint8Array
  /** The agent's key log, did.jsonl; undefined before the first start of an agent of before key logs. */
  keyLog(): string | undefined
  /** Up to 256 revocations behind a position of the agent's list, and its head; undefined where it has signed none. */
  revocations(after: number): RevocationPage | undefined
}

export interface PublicationOptions {
  readonly folder: AgentFolder
  readonly database: AgentDatabase
  readonly store: Pick<AuditStore, 'lastCheckpoint'>
  readonly log: AuditReader
  readonly kernel: Kernel
}

export function publicationOf({ folder, database, store, log, kernel }: PublicationOptions): Publication {
  return {
    newestCheckpoint() {
      const last = store.lastCheckpoint()
      if (last === undefined) return undefined
      const cosigned = database.witness.head(last.size)?.note
      return cosigned !== undefined && isSame(cosigned, last.note) ? cosigned : last.note
    },
    logKey() {
      const delegation = fromBase64url(log.entry(0).entry.log?.delegation ?? '')
      return logKeysOf(folder, { delegation, kernel }).at(-1)?.bytes ?? delegation
    },
    keyLog: () => (folder.hasFile(KEY_LOG_FILE) ? fromUtf8(folder.readFile(KEY_LOG_FILE)) : undefined),
    revocations(after) {
      const { did } = parseKeyFile(folder.readKeyFile(), kernel)
      const own = database.revocations.heads().find(({ issuer }) => issuer === did)
      if (own === undefined) return undefined
      const placed = database.revocations.page({ issuer: own.issuer, after, limit: PAGE_MAX_ITEMS })
      return { head: own.bytes, items: placed.map(({ bytes }) => bytes) }
    },
  }
}

/** Cosignatures are of one text: that of the checkpoint, whatever lines stand under it. */
function isSame(one: string, other: string): boolean {
  return splitNote(one).text === splitNote(other).text
}
