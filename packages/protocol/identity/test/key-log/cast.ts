/** Signers and histories for the tests of key logs. */
import { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import {
  appendEntry,
  createKeyLog,
  ed25519Signer,
  type JsonObject,
  type KeyLogChange,
  type Signer,
  type VerifiedKeyLog,
} from '../../src/index.ts'
import { kernel } from '../vector-input.ts'

export const START_MS = Date.parse('2026-03-01T00:00:00Z')
export const DAY_MS = 86_400_000

/** The signer with this number; the same for the same number. */
export function signer(number: number): Signer {
  const seed = kernel.sha256(Uint8Array.of(number >> 8, number & 0xff))
  return ed25519Signer({ kernel, seed: Secret.of(seed) })
}

export const update = (number: number): Signer => signer(1_000 + number)
export const next = (number: number): readonly Did[] => [update(number).did]

/** A log with its first entry: signing key 1, update key 1, and update key 2 announced. */
export function newLog(more: Partial<Parameters<typeof createKeyLog>[0]> = {}): Promise<VerifiedKeyLog> {
  return createKeyLog({ signer: signer(1), updateSigner: update(1), nextUpdateKeys: next(2), nowMs: START_MS, ...more })
}

/** The next entry of a log that {@link newLog} began: entry n is signed by update key n. */
export function change(log: VerifiedKeyLog, kind: 'deactivate' | 'recover' | 'rotate' | 'update'): KeyLogChange {
  const number = log.version + 1
  const nowMs = START_MS + log.version * DAY_MS
  const updateSigner = update(number)
  const authority = { updateSigner, nextUpdateKeys: next(number + 1), nowMs }
  if (kind === 'deactivate') return { kind, updateSigner, nowMs }
  if (kind === 'update') return { kind, ...authority }
  if (kind === 'rotate') return { kind, signer: signer(number), ...authority }
  const compromised = log.keys.slice(-1).map(({ did }) => ({ key: did, fromMs: nowMs - DAY_MS / 2 }))
  return { kind, signer: signer(number), compromised, ...authority }
}

export function append(
  log: VerifiedKeyLog,
  kind: 'deactivate' | 'recover' | 'rotate' | 'update',
): Promise<VerifiedKeyLog> {
  return appendEntry(log, change(log, kind))
}

/** The text of a member of a document. */
export function text(object: JsonObject | undefined, name: string): string {
  const value = object?.[name]
  if (typeof value !== 'string') throw new Error(`there is no text ${name}`)
  return value
}
