/**
 * What searching asks of its surroundings: a database beside the log, in which entries are found by what they say
 * (contracts/spec/10-audit-entry.md, clause 10.9). Everything in it can be made again from the log.
 */
import type { AuditFilter } from '../filter.ts'
import type { AuditRecord } from '../reader.ts'

/** A filter with its range of places, `from <= index < to`. */
export interface IndexQuery extends AuditFilter {
  readonly fromIndex: number
  readonly toIndex: number
}

/** A range of places, `from <= index < to`. */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/**
 * It may lag behind, be empty or be wrong: what it says is read from the log and compared, and any method may throw, upon
 * which the log is read instead.
 */
export interface AuditIndex {
  /** Number of entries that it knows, counted from 0 without gaps. */
  readonly size: number
  /** Leaf hash of the last of them, 32 bytes, by which it is seen to be of this log. */
  readonly last: Uint8Array | undefined
  /** Adds entries, in one transaction; those that it knows already are passed over, as another process may have added them. */
  add(records: readonly AuditRecord[]): void
  /** Places of the entries that may have this leaf hash, 32 bytes. */
  find(leafHash: Uint8Array): readonly number[]
  /** The part of a range of known places in which there may be entries of these times. */
  narrow(query: IndexQuery): IndexRange
  /** Places of known entries that fit, in order; may be read lazily. */
  search(query: IndexQuery): Iterable<number>
  /** Whether it says of these entries, consecutive ones that it knows, what they say. */
  agrees(records: readonly AuditRecord[]): boolean
  /** Whether the database is sound in itself. */
  isSound(): boolean
  /** Forgets everything. */
  clear(): void
  /** Idempotent. */
  close(): void
}
