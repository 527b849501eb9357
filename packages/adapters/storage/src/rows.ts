/** Reads columns out of rows, trusting the schema but not the file: a wrong type is a damaged database. */
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'

/** A message of 1 MiB, padded and framed, with room; nothing else in the agent's database comes near (5.2). */
export const STORE_MAX_VALUE_BYTES = 2_097_152

export function textOf(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw damaged(column)
  return value
}

export function integerOf(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw damaged(column)
  return value
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw damaged(column)
  return value
}

/** The column, or undefined where it is NULL. */
export function optionalOf<T>(row: Row, column: string, read: (row: Row, column: string) => T): T | undefined {
  return row[column] === null ? undefined : read(row, column)
}

/** @throws TalosError `INPUT_TOO_LARGE` */
export function requireSize(bytes: Uint8Array): Uint8Array {
  if (bytes.length > STORE_MAX_VALUE_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: STORE_MAX_VALUE_BYTES })
  }
  return bytes
}

/**
 * Refuses one more row where `count` (a statement that yields `n`) says that the limit is reached.
 *
 * @throws TalosError `STORE_FULL`
 */
export function requireRoom(
  database: Database,
  options: {
    readonly what: string
    readonly limit: number
    readonly count: string
    readonly parameters?: Readonly<Record<string, string>>
  },
): void {
  const { what, limit, count, parameters } = options
  const row = database.get(count, parameters)
  if (Number(row?.['n']) >= limit) throw new TalosError('STORE_FULL', { what, limit })
}

function damaged(column: string): TalosError {
  return new TalosError('STORE_CORRUPT', { store: 'agent', reason: `the column ${column} has another type` })
}
