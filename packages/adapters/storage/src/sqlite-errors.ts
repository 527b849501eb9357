/** SQLite's result codes (sqlite.org/rescode.html), as far as they lead to different advice. */
import { TalosError } from '@talos/errors'

const BUSY = 5
const LOCKED = 6
const READ_ONLY = 8
const IO = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const CONSTRAINT = 19
const NOT_A_DATABASE = 26
/** The low byte is the primary code, what stands above refines it. */
const PRIMARY = 0xff

const REASONS: ReadonlyMap<number, string> = new Map([
  [BUSY, 'another process is writing'],
  [LOCKED, 'another process is writing'],
  [READ_ONLY, 'the file is read-only'],
  [IO, 'the disk failed'],
  [FULL, 'the disk is full'],
  [CANNOT_OPEN, 'the file cannot be opened'],
  [CONSTRAINT, 'a row is against the rules of its table'],
])

/** Whether the error says that somebody else holds the database's lock. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error)
  return code === BUSY || code === LOCKED
}

/** Whether a row with that key exists already. */
export function isConstraint(error: unknown): boolean {
  return primaryCode(error) === CONSTRAINT
}

/**
 * Whether a write failed because the disk did: then a part of it, or all, may be in the file and come back after a restart.
 * A full disk is no such failure: SQLite finds it out before the last write of a transaction.
 *
 * @param error what SQLite threw, or an error that it caused
 */
export function isDiskFailure(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (primaryCode(cause) === IO) return true
  return false
}

/** The Talos error of what went wrong while writing to, or reading from, the named database. */
export function storeError(options: {
  readonly store: string
  readonly operation: 'read' | 'write'
  readonly cause: unknown
}): TalosError {
  const { store, operation, cause } = options
  const code = primaryCode(cause)
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new TalosError('STORE_CORRUPT', { store, reason: 'SQLite does not recognise its contents' }, { cause })
  }
  const reason = REASONS.get(code) ?? 'SQLite refused'
  return new TalosError(operation === 'read' ? 'STORE_READ_FAILED' : 'STORE_WRITE_FAILED', { store, reason }, { cause })
}

function primaryCode(error: unknown): number {
  const isSqlite = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isSqlite ? (error.errcode as number) & PRIMARY : 0
}
