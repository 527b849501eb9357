/** A log that lies on this machine as a source for a light client: tiles and entries come from its reader. */
import type { AuditReader } from '../reader.ts'
import type { LogSource } from './source.ts'

/** What a reader of entries does not have. */
export type ReaderSourceParts = Pick<LogSource, 'checkpoint' | 'logKey' | 'keyLog' | 'revocations'>

/** A source over a reader. What it offers is the reader's head: refresh that to see more. */
export function readerSource(reader: AuditReader, parts: ReaderSourceParts): LogSource {
  return {
    ...parts,
    tile: async (tile) => reader.tile(tile),
    entries: async (bundle) => reader.bundle(bundle),
  }
}
