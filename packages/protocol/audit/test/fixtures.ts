/** What the tests of the log share: an agent, its log key, and a log over memory. */
import { type AppendedEntry, AuditLog, type AuditLogOptions } from '@talos/audit'
import type { AuditEntry, Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import type { NoteSigner } from '@talos/merkle'
import { manualClock, seededRandom } from '@talos/testkit'
import { MemoryAuditStore, MemoryCheckpointGuard } from './memory-store.ts'

export const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
export const AGENT = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did
export const PEER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did
export const ORIGIN = 'talos/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK/1'
export const SESSION = '00112233445566778899aabbccddeeff'
export const START_MS = 1_700_000_000_000

export function signerOf(byte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(byte)
  return { publicKey: kernel.ed25519PublicKey(seed), sign: async (message) => kernel.ed25519Sign(seed, message) }
}

export interface Setup extends AuditLogOptions {
  readonly store: MemoryAuditStore
  readonly guard: MemoryCheckpointGuard
}

export function setup(changes: Partial<Setup> = {}): Setup {
  return {
    store: new MemoryAuditStore(),
    guard: new MemoryCheckpointGuard(),
    kernel,
    clock: manualClock(START_MS),
    random: seededRandom('audit'),
    signer: signerOf(1),
    agent: AGENT,
    origin: ORIGIN,
    logKeyDelegation: Uint8Array.of(1, 2, 3),
    ...changes,
  }
}

/** A log with `count` entries after the opening one. */
export async function filledLog(options: Setup, count: number): Promise<AuditLog> {
  const log = await AuditLog.open(options)
  await appendMany(log, count)
  return log
}

export async function appendMany(log: AuditLog, count: number): Promise<void> {
  const appends = Array.from({ length: count }, () => log.append({ kind: 'key.prekeys' }))
  await Promise.all(appends)
}

/** A well-formed entry to change. */
/** The answer of an append that the log's level does not leave out. */
export async function recorded(appending: Promise<AppendedEntry | undefined>): Promise<AppendedEntry> {
  const appended = await appending
  if (appended === undefined) throw new Error('the level of the log leaves it out')
  return appended
}

export function entry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    v: 1,
    seq: 1,
    ts: START_MS,
    kind: 'key.prekeys',
    agent: AGENT,
    id: '018bcfe5680070008000000000000001',
    ...changes,
  }
}

/** The code that a step fails with, and its details. */
export async function failure(run: () => unknown): Promise<{ code: string; details: object; cause?: unknown }> {
  try {
    await run()
  } catch (error) {
    if (isTalosError(error)) return { code: error.code, details: error.details, cause: error.cause }
    return { code: 'a foreign error', details: {} }
  }
  return { code: 'accepted', details: {} }
}

export async function codeOf(run: () => unknown): Promise<string> {
  return (await failure(run)).code
}
