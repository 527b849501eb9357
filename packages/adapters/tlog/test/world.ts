/** A log on disk, its published side, and a server for it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditLog, type AuditLogOptions, AuditReader, type RevocationPage } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { loadKernel, systemClock, systemRandom } from '@talos/kernel'
import { formatVerifierKey, logVerifierKey, NOTE_COSIGNATURE, type NoteSigner, verifierKey } from '@talos/merkle'
import { FileCheckpointGuard, SqliteAuditStore } from '@talos/storage'
import { PublishedLog } from '../src/index.ts'

export const kernel = loadKernel('portable')
export const ORIGIN = 'talos/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK/1'
export const LOG_KEY = Uint8Array.of(1, 2, 3)
export const KEY_LOG = '{"versionId":"1"}\n'
const AGENT = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did

export function signerOf(byte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(byte)
  return { publicKey: kernel.ed25519PublicKey(seed), sign: async (message) => kernel.ed25519Sign(seed, message) }
}

export const logKey = logVerifierKey({ origin: ORIGIN, publicKey: signerOf(1).publicKey, kernel })
export const LOG_VKEY = formatVerifierKey(logKey)

export function witnessKey(name: string, signer: NoteSigner) {
  return verifierKey({ name, type: NOTE_COSIGNATURE, publicKey: signer.publicKey, kernel })
}

function logFiles(folder: string): AuditLogOptions {
  return {
    store: SqliteAuditStore.open({ path: join(folder, 'audit.db') }),
    guard: new FileCheckpointGuard({ path: join(folder, 'checkpoint.note') }),
    kernel,
    clock: systemClock,
    random: systemRandom,
    signer: signerOf(1),
    agent: AGENT,
    origin: ORIGIN,
    logKeyDelegation: LOG_KEY,
  }
}

export async function openLog(folder: string): Promise<AuditLog> {
  const log = await AuditLog.open(logFiles(folder))
  if (log.fault !== undefined) throw log.fault
  return log
}

/** Appends until the log has `size` entries. */
export async function fillLog(log: AuditLog, size: number): Promise<void> {
  while (log.size < size) {
    const events = Array.from({ length: Math.min(1000, size - log.size) }, () => ({ kind: 'key.prekeys' as const }))
    await log.appendAll(events)
  }
}

export interface Published extends Disposable {
  readonly source: PublishedLog
  readonly reader: AuditReader
}

/** The log of a folder as another process publishes it: over a store that is open for reading only. */
export function publishedLog(folder: string, pages: ReadonlyMap<number, RevocationPage> = new Map()): Published {
  const path = join(folder, 'audit.db')
  if (!existsSync(path)) throw new Error('there is no log')
  const store = SqliteAuditStore.open({ path, readOnly: true })
  const reader = new AuditReader({ store, kernel })
  const source = new PublishedLog({
    reader,
    kernel,
    newestCheckpoint: () => store.lastCheckpoint()?.note,
    logKey: () => LOG_KEY,
    keyLog: () => KEY_LOG,
    revocations: (after) => pages.get(after),
  })
  return { source, reader, [Symbol.dispose]: () => store.close() }
}

export function page(head: string, items: readonly string[]): RevocationPage {
  return { head: utf8(head), items: items.map((item) => utf8(item)) }
}

/** The code that a step fails with. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return isTalosError(error) ? error.code : `foreign: ${String(error)}`
  }
  return 'accepted'
}
