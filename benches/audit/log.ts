/** An audit log as an agent has it: SQLite, WAL, `synchronous = FULL`, the checkpoint's second place in a file. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditEvent, AuditLog } from '@talos/audit'
import type { Did } from '@talos/contracts'
import { type Kernel, systemClock, systemRandom } from '@talos/kernel'
import { FileCheckpointGuard, SqliteAuditStore } from '@talos/storage'
import { temporaryFolder } from '../session/store.ts'

const AGENT = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did
const ORIGIN = 'talos/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK/1'
const SEED_BYTES = 32
const DELEGATION_BYTES = 300

export interface BenchLog {
  readonly log: AuditLog
  readonly folder: string
  /** Opens the same files again, as the next start of the process does. */
  readonly reopen: () => Promise<BenchLog>
  /** Closes the log and keeps its files. */
  readonly close: () => Promise<void>
  /** Closes the log and removes its files. */
  readonly remove: () => Promise<void>
}

export async function openLog(kernel: Kernel): Promise<BenchLog> {
  return await openIn(temporaryFolder(), { kernel, seed: systemRandom.bytes(SEED_BYTES) })
}

async function openIn(folder: string, keys: { readonly kernel: Kernel; readonly seed: Uint8Array }): Promise<BenchLog> {
  const { kernel, seed } = keys
  const log = await AuditLog.open({
    store: SqliteAuditStore.open({ path: join(folder, 'audit.db') }),
    guard: new FileCheckpointGuard({ path: join(folder, 'checkpoint.note') }),
    kernel,
    clock: systemClock,
    random: systemRandom,
    signer: { publicKey: kernel.ed25519PublicKey(seed), sign: async (message) => kernel.ed25519Sign(seed, message) },
    agent: AGENT,
    origin: ORIGIN,
    logKeyDelegation: new Uint8Array(DELEGATION_BYTES),
  })
  if (log.fault !== undefined) throw log.fault
  return {
    log,
    folder,
    reopen: async () => await openIn(folder, keys),
    close: async () => await log.close(),
    remove: async () => {
      await log.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Messages of the same session and peer, each with an id and a commitment of its own, as a log sees them. */
const EVENTS: readonly AuditEvent[] = Array.from({ length: 4096 }, (_, number) => ({
  kind: 'message.receive',
  session: '5c0f'.repeat(8),
  peer: AGENT,
  message: `018f3c2e4b7a7d1e9c3a5b6d7e8f${number.toString(16).padStart(4, '0')}`,
  commit: { content: { commitment: randomBytes(32).toString('hex') } },
}))
let next = 0

/** What a received message leaves: the session, the peer, the message and the commitment to its contents. */
export function nextEvent(): AuditEvent {
  next = (next + 1) % EVENTS.length
  return EVENTS[next] as AuditEvent
}

/** Length of the entry that an event becomes, in bytes, somewhere in the middle of a large log. */
export const ENTRY_BYTES = 415
