/** The journal of the shim (crates/talos-powercut/src/journal.rs, where its form stands). */
import { readFileSync } from 'node:fs'

const HEADER_BYTES = 21
const WORDS = [
  'nothing',
  'open',
  'write',
  'truncate',
  'sync',
  'syncfail',
  'dirsync',
  'rename',
  'unlink',
  'mark',
  'start',
  'dirsyncfail',
  'unknown',
] as const

/** One change of a file, or something that was said between two of them. */
export interface JournalRecord {
  readonly kind: (typeof WORDS)[number]
  /** Inode of the file. */
  readonly inode: number
  /** Offset of a write, size after a truncation, or how a file was opened: 1 created, 2 emptied. */
  readonly number: number
  readonly data: Uint8Array
}

/** Reads a journal; a record that was not written to its end is left out, as the process was killed meanwhile. */
export function readJournal(path: string): JournalRecord[] {
  const bytes = readFileSync(path)
  const records: JournalRecord[] = []
  for (let offset = 0; offset + HEADER_BYTES <= bytes.length; ) {
    const end = offset + HEADER_BYTES + bytes.readUInt32LE(offset + 17)
    if (end > bytes.length) break
    const kind = WORDS[bytes.readUInt8(offset)] ?? 'unknown'
    const data = new Uint8Array(bytes.subarray(offset + HEADER_BYTES, end))
    if (kind === 'unknown') throw new Error(`the journal holds what cannot be replayed: ${textOf(data)}`)
    const inode = Number(bytes.readBigUInt64LE(offset + 1))
    records.push({ kind, inode, number: Number(bytes.readBigUInt64LE(offset + 9)), data })
    offset = end
  }
  return records
}

export function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data)
}
