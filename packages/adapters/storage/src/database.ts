/**
 * One SQLite file: opened the same way everywhere, migrated, and with errors that say what to do.
 *
 * WAL with `synchronous = FULL`: a transaction is on the disk when it returns, and after a killed process or a failing disk
 * what can be read is made so before anything is built on it. Statements are prepared once. Reading and writing are
 * synchronous, so that nothing happens between the steps of a transaction.
 */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { isTalosError, TalosError } from '@talos/errors'
import { attempt, ensurePrivateFile, syncFolder, writeAgain } from './files.ts'
import { isDiskFailure, storeError } from './sqlite-errors.ts'

/** The first release in which resetting the WAL cannot lose a transaction under concurrent checkpoints. */
export const SQLITE_MINIMUM = '3.51.3'
/** Readers wait this long for a writer's checkpoint; the agent's lock keeps a second writer away. */
const BUSY_TIMEOUT_MS = 5_000

/** The statements that lead from one version of a database to the next; published ones never change. */
export type Migrations = readonly string[]

export type Row = Readonly<Record<string, SQLOutputValue>>
export type Parameters = Readonly<Record<string, SQLInputValue>>

export interface OpenDatabaseOptions {
  /** Absolute path of the file. */
  readonly path: string
  /** What errors call it, such as `agent`. */
  readonly store: string
  readonly migrations: Migrations
  /** Opens an existing file, changes nothing in it and never waits for its owner. */
  readonly readOnly?: boolean
  /** Size of a page of a new file; SQLite's own where it is left out. */
  readonly pageBytes?: number
  /** Injects a full disk: the file grows to this many pages and no further. Tests only. */
  readonly maxPages?: number
}

export class Database {
  readonly store: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #isInTransaction = false
  /**
   * What can be read may not be durable: an earlier process was killed between a write and its flush, or a flush failed.
   * Until a flush has gone well nobody may build on it.
   */
  #isInDoubt = false
  /** A write failed and may have left frames behind the last good ones in the write-ahead file. */
  #hasRemains = false
  /** Told of the end of each transaction, and whether it took effect as far as is known. Must not throw. */
  onEnd: (isDone: boolean) => void = () => undefined

  private constructor(store: string, database: DatabaseSync) {
    this.store = store
    this.#database = database
  }

  /**
   * Opens the file, creating it with mode 0600 where it lacks, and brings it to the latest version.
   *
   * @throws TalosError `STORE_UNSUPPORTED`, `STORE_TOO_NEW`, `STORE_CORRUPT`, `STORE_WRITE_FAILED`, `STORE_READ_FAILED`,
   *   `HOME_PERMISSIONS`, `FILE_FAILED`
   */
  static open(options: OpenDatabaseOptions): Database {
    const { path, store, migrations, readOnly = false, pageBytes = 0, maxPages } = options
    if (!readOnly) ensurePrivateFile(path)
    const operation = readOnly ? 'read' : 'write'
    // A database that was closed leaves no write-ahead file, or an empty one.
    const left = attempt('look at', path, () => statSync(`${path}-wal`, { throwIfNoEntry: false }))
    const isLeft = !readOnly && left !== undefined && left.size > 0
    // Before SQLite copies from it: a copy of what is not durable could be cut off half way, with nothing to repeat it from.
    if (isLeft) writeAgain(`${path}-wal`)
    let handle: DatabaseSync | undefined
    try {
      handle = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
      handle.exec('PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON')
      const database = new Database(store, handle)
      database.#requireSupported()
      // No size of a page is 0: SQLite then keeps its own.
      if (!readOnly) handle.exec(`PRAGMA page_size = ${pageBytes}`)
      if (!readOnly) handle.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
      database.#migrate(migrations, readOnly)
      if (!readOnly) {
        // SQLite flushes the folder when it begins a write-ahead file, but takes no notice when that fails.
        attempt('flush', dirname(path), () => syncFolder(dirname(path)))
        database.#isInDoubt = isLeft
        database.settle()
      }
      if (maxPages !== undefined) handle.exec(`PRAGMA max_page_count = ${maxPages}`)
      return database
    } catch (cause) {
      handle?.close()
      throw isTalosError(cause) ? cause : storeError({ store, operation, cause })
    }
  }

  /** The first row, or undefined. @throws TalosError `STORE_READ_FAILED`, `STORE_CORRUPT` */
  get(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#attempt('read', () => this.#statement(sql).get({ ...parameters }))
  }

  /** Every row. Ask with a LIMIT. @throws TalosError `STORE_READ_FAILED`, `STORE_CORRUPT` */
  all(sql: string, parameters: Parameters = {}): Row[] {
    return this.#attempt('read', () => this.#statement(sql).all({ ...parameters }))
  }

  /** Changes rows; returns how many. @throws TalosError `STORE_WRITE_FAILED`, `STORE_CORRUPT` */
  run(sql: string, parameters: Parameters = {}): number {
    if (!this.#isInTransaction) this.#prepare()
    return this.#attempt('write', () => Number(this.#statement(sql).run({ ...parameters }).changes))
  }

  /**
   * Runs `work` as one transaction: all of it is durable when this returns, none of it when this throws. Inside another
   * one it is a part of that.
   *
   * @throws TalosError `STORE_WRITE_FAILED`, and what `work` throws
   */
  transaction<T>(work: () => T): T {
    if (this.#isInTransaction) return work()
    this.#prepare()
    this.#attempt('write', () => this.#database.exec('BEGIN IMMEDIATE'))
    this.#isInTransaction = true
    try {
      const result = work()
      this.#attempt('write', () => this.#database.exec('COMMIT'))
      this.onEnd(true)
      return result
    } catch (error) {
      this.onEnd(false)
      // Some failures, a full disk among them, make SQLite roll back on its own.
      if (this.#database.isTransaction) this.#attempt('write', () => this.#database.exec('ROLLBACK'))
      throw error
    } finally {
      this.#isInTransaction = false
    }
  }

  /**
   * Makes durable what can be read, where that is in doubt: copies what the write-ahead file holds, then begins that anew with
   * a transaction that changes nothing, both flushed. Writing once more is what helps, as after a flush that failed the kernel
   * takes pages for clean; and what a flush had failed for is gone for good, as it has older salts. Not within a transaction.
   *
   * @throws TalosError `STORE_WRITE_FAILED`, `STORE_CORRUPT`; it is in doubt as before
   */
  settle(): void {
    if (!this.#isInDoubt || this.#isInTransaction) return
    const version = Number(this.get('PRAGMA user_version')?.['user_version'])
    const change = `PRAGMA wal_checkpoint(PASSIVE); PRAGMA user_version = ${version === 0 ? 1 : 0}`
    this.#attempt('write', () => this.#database.exec(change))
    this.#isInDoubt = false
    this.#hasRemains = false
  }

  get isOpen(): boolean {
    return this.#database.isOpen
  }

  /** Idempotent. */
  close(): void {
    this.#statements.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #attempt<T>(operation: 'read' | 'write', run: () => T): T {
    try {
      return run()
    } catch (cause) {
      if (operation === 'write') {
        this.#isInDoubt ||= isDiskFailure(cause)
        this.#hasRemains = true
      }
      throw storeError({ store: this.store, operation, cause })
    }
  }

  #requireSupported(): void {
    const found = String(this.get('SELECT sqlite_version() AS version')?.['version'])
    if (compareVersions(found, SQLITE_MINIMUM) < 0) {
      throw new TalosError('STORE_UNSUPPORTED', { found, needed: SQLITE_MINIMUM })
    }
  }

  #migrate(migrations: Migrations, readOnly: boolean): void {
    const found = this.#version()
    const known = migrations.length
    if (found > known) throw new TalosError('STORE_TOO_NEW', { store: this.store, found, known })
    if (found === known) return
    if (readOnly) {
      throw new TalosError('STORE_READ_FAILED', {
        store: this.store,
        reason: 'its owner has not brought it up to date',
      })
    }
    this.transaction(() => {
      this.#database.exec('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY) STRICT')
      for (const [index, sql] of migrations.entries()) {
        if (index < found) continue
        this.#database.exec(sql)
        this.run('INSERT INTO migrations (version) VALUES (:version)', { version: index + 1 })
      }
    })
  }

  /** Before a write: settles what is in doubt, and lets the write begin the write-ahead file anew, before no remains. */
  #prepare(): void {
    this.settle()
    if (!this.#hasRemains) return
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)')
      this.#hasRemains = false
    } catch {
      // The medium still fails; the write that follows will say so.
    }
  }

  #version(): number {
    const exists = this.get("SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'")
    if (exists === undefined) return 0
    return Number(this.get('SELECT coalesce(max(version), 0) AS version FROM migrations')?.['version'])
  }
}

/** Compares two versions of numbers and dots: below, at or above zero. */
export function compareVersions(one: string, other: string): number {
  const parts = other.split('.').map(Number)
  for (const [index, part] of one.split('.').map(Number).entries()) {
    const difference = part - (parts[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
