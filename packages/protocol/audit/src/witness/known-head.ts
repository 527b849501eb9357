/** Checkpoints of one log as its witness holds them: by which key they are signed, and what may be said of that key. */
import { equalBytes } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  emptyRoot,
  openCheckpoint,
  parseCheckpoint,
  parseVerifierKey,
  splitNote,
  type TreeSize,
  treeSize,
} from '@talos/merkle'
import { onlySignedBy } from './cosignatures.ts'
import { type KnownAgents, type LogSigningKey, openLogKey } from './log-keys.ts'
import type { KeptLogKey, WitnessRecord } from './store.ts'

/** A checkpoint that the log signed. */
export interface KnownHead {
  readonly size: TreeSize
  /** 32 bytes. */
  readonly root: Uint8Array
  /** With the log's signature alone; absent for the empty log of which no checkpoint is known. */
  readonly note: string | undefined
}

/** What keys are judged by. */
export interface KeyJudge {
  readonly kernel: Kernel
  readonly agents: KnownAgents
}

/** The delegation of a kept key; undefined for a log that an operator wrote down. */
export function delegationOf({ delegation }: KeptLogKey, judge: KeyJudge): LogSigningKey | undefined {
  return delegation === undefined ? undefined : openLogKey(delegation, judge)
}

/** A key that a compromised one delegated may be a thief's. */
export function isTrusted(kept: KeptLogKey, judge: KeyJudge): boolean {
  const logKey = delegationOf(kept, judge)
  return logKey === undefined || judge.agents.standingOf(logKey.issuer) !== 'compromised'
}

/**
 * Opens a checkpoint that was offered: signed by a key of the log that counts.
 *
 * @throws TalosError `NOTE_INVALID`, `CHECKPOINT_INVALID` (an agent's log has no extension lines), `WITNESS_NOT_SIGNED`
 */
export function openOffered(
  record: WitnessRecord,
  note: string,
  judge: KeyJudge,
): KnownHead & { readonly note: string } {
  for (const kept of record.keys.filter((key) => isTrusted(key, judge))) {
    const key = parseVerifierKey(kept.vkey, judge.kernel)
    const signed = onlySignedBy(note, [key])
    try {
      const { size, root, extensions } = openCheckpoint(signed, { logKey: key, kernel: judge.kernel })
      if (kept.delegation === undefined || extensions.length === 0) return { size, root, note: signed }
    } catch (error) {
      if (!isTalosError(error)) throw error
      continue
    }
    throw new TalosError('CHECKPOINT_INVALID', { reason: 'a log of this kind has no extension lines' })
  }
  throw new TalosError('WITNESS_NOT_SIGNED')
}

/** The last checkpoint that was cosigned, or the empty log. What is kept was verified when it came. */
export function lastOf({ note }: WitnessRecord, { kernel }: KeyJudge): KnownHead {
  return note === undefined ? { size: treeSize(0), root: emptyRoot(kernel), note } : readHead(note)
}

/** The checkpoints that wait. */
export function headsOf({ heads }: WitnessRecord): readonly (KnownHead & { readonly note: string })[] {
  return heads.map(readHead)
}

/** Which of a log's keys signed a checkpoint that is kept. */
export function signerOf(record: WitnessRecord, note: string, { kernel }: KeyJudge): KeptLogKey | undefined {
  return record.keys.find(({ vkey }) => onlySignedBy(note, [parseVerifierKey(vkey, kernel)]) === note)
}

export function isSameHead(one: KnownHead, other: KnownHead): boolean {
  return one.size === other.size && equalBytes(one.root, other.root)
}

/** One size, another root: the log contradicts itself. */
export function excludes(one: KnownHead, other: KnownHead): boolean {
  return one.size === other.size && !equalBytes(one.root, other.root)
}

function readHead(note: string): KnownHead & { readonly note: string } {
  const { size, root } = parseCheckpoint(splitNote(note).text)
  return { size, root, note }
}
