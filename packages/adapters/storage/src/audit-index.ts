/**
 * From leaf hash to index, in a database of its own: hashes are random keys, which on the log's own write path would
 * cost a factor of four to six. Everything in it can be rebuilt from the log, so a damaged file is thrown away.
 */
import { rmSync } from 'node:fs'
import type { AuditIndex } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import { Database, type Migrations } from './database.ts'
import { integerOf } from './rows.ts'

const MIGRATIONS: Migrations = [
  `
  CREATE TABLE leaf (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    idx INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE known (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL
  ) STRICT;
  INSERT INTO known (id, size) VALUES (1, 0);
  `,
]

export class SqliteAuditIndex implements AuditIndex {
  readonly #database: Database

  private constructor(database: Database) {
    this.#database = database
  }

  /**
   * Opens the file, or begins it anew where it is damaged.
   *
   * @param options `path`: absolute
   * @throws TalosError what `Database.open` throws, but `STORE_CORRUPT` for a file that is no database
   */
  static open({ path }: { readonly path: string }): SqliteAuditIndex {
    const open = (): Database => Database.open({ path, store: 'audit index', migrations: MIGRATIONS })
    try {
      return new SqliteAuditIndex(open())
    } catch (error) {
      if (!isTalosError(error, 'STORE_CORRUPT')) throw error
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      return new SqliteAuditIndex(open())
    }
  }

  get size(): number {
    const row = this.#database.get('SELECT size FROM known WHERE id = 1')
    return row === undefined ? 0 : integerOf(row, 'size')
  }

  add(leafHashes: readonly Uint8Array[]): void {
    this.#database.transaction(() => {
      let index = this.size
      for (const hash of leafHashes) {
        // Two entries never have one hash: each holds its own place.
        this.#database.run('INSERT OR REPLACE INTO leaf (hash, idx) VALUES (:hash, :index)', { hash, index })
        index += 1
      }
      this.#database.run('INSERT OR REPLACE INTO known (id, size) VALUES (1, :index)', { index })
    })
  }

  find(leafHash: Uint8Array): number | undefined {
    const row = this.#database.get('SELECT idx FROM leaf WHERE hash = :leafHash', { leafHash })
    return row && integerOf(row, 'idx')
  }

  clear(): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM leaf')
      this.#database.run('INSERT OR REPLACE INTO known (id, size) VALUES (1, 0)')
    })
  }

  close(): void {
    this.#database.close()
  }
}
