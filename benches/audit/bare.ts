/** What the disk and SQLite cost without a log: rows of an entry's size, and a file with one fsync an entry. */
import { randomBytes } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { temporaryFolder } from '../session/store.ts'

/** Writes so many entries, durably, in transactions of the size that it was opened with. */
export interface BareWriter {
  readonly write: () => void
  readonly close: () => void
}

/** Rows in transactions of `rowsPerCommit`, WAL, FULL, a prepared statement: as fast as SQLite goes. */
export function bareRows(options: { readonly rowsPerCommit: number; readonly rowBytes: number }): BareWriter {
  const folder = temporaryFolder()
  const database = new DatabaseSync(join(folder, 'rows.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE entry (idx INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT')
  const insert = database.prepare('INSERT INTO entry (idx, body) VALUES (?, ?)')
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  const body = randomBytes(options.rowBytes)
  let index = 0
  return {
    write: () => {
      begin.run()
      for (let row = 0; row < options.rowsPerCommit; row += 1) {
        insert.run(index, body)
        index += 1
      }
      commit.run()
    },
    close: () => {
      database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Lines at the end of a file, each made durable before the next. */
export function fsyncedLines({ lineBytes }: { readonly lineBytes: number }): BareWriter {
  const folder = temporaryFolder()
  const file = openSync(join(folder, 'entries.log'), 'a', 0o600)
  const line = randomBytes(lineBytes)
  return {
    write: () => {
      writeSync(file, line)
      fdatasyncSync(file)
    },
    close: () => {
      closeSync(file)
      rmSync(folder, { recursive: true })
    },
  }
}
