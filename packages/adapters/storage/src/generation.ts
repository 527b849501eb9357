/**
 * Notices that a database is an older copy of itself.
 *
 * A count stands in the database and in a small file beside it. It grows with every opening and every orderly end, and
 * with every step of a session and of the prekeys: the database first, so that the file is never ahead of it by a crash. A
 * file that is ahead says that the database was put back. The file is not synced at each step: after a loss of power it may
 * be behind, which says nothing.
 *
 * An older database file under the log of later changes (SQLite's WAL) that was left beside it has the latest count, and
 * some sessions of before. Beside the count stands what all sessions add up to, kept by triggers; it differs then.
 *
 * Left out: who puts back database and file; peers notice that, by messages that they know.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { fromUtf8, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import type { Database } from './database.ts'
import { readPrivateFile, writePrivateFile } from './files.ts'
import { integerOf } from './rows.ts'

/** Name of the file in the agent's folder. */
export const GENERATION_FILE = 'generation.txt'
/** Digits of the largest count, and the line's end. */
const MAX_FILE_BYTES = 17
const COUNT_OF_SESSIONS = '(SELECT count(*) FROM sessions)'
const SUM_OF_VERSIONS = '(SELECT coalesce(sum(version), 0) FROM sessions)'
const COUNT = /^(?:0|[1-9][0-9]{0,15})\n$/

export class Generation {
  readonly #database: Database
  readonly #path: string
  /** The count in the database; undefined where a step failed and it is not known whether it counted. */
  #count: number | undefined
  #isNoted = true
  #file: number | undefined

  constructor({ database, path }: { readonly database: Database; readonly path: string }) {
    this.#database = database
    this.#path = path
  }

  /**
   * Counts an opening or an end.
   *
   * @param onRestored called within the transaction when the database is an older copy
   * @returns whether it is one
   * @throws TalosError `STORE_WRITE_FAILED`, `FILE_FAILED`, `HOME_PERMISSIONS`, `HOME_UNUSABLE`, and what `onRestored` throws
   */
  raise(onRestored: () => void): boolean {
    const stored = this.#read()
    const raised = this.#database.transaction(() => {
      const known = this.#stored()
      const isRestored = (stored !== undefined && stored > known) || this.#isMixed()
      if (isRestored) onRestored()
      const value = Math.max(known, stored ?? 0) + 1
      this.#database.run(
        `INSERT OR REPLACE INTO generation (id, value, session_count, session_versions)
         VALUES (1, :value, ${COUNT_OF_SESSIONS}, ${SUM_OF_VERSIONS})`,
        { value },
      )
      return { value, isRestored }
    })
    this.close()
    writePrivateFile(this.#path, utf8(`${raised.value}\n`))
    this.#file = openSync(this.#path, constants.O_WRONLY | constants.O_NOFOLLOW)
    this.#count = raised.value
    this.#isNoted = true
    return raised.isRestored
  }

  /** Counts a step that an older copy must not take back, within its transaction. @throws TalosError `STORE_WRITE_FAILED` */
  count(): void {
    const value = (this.#count ?? this.#stored()) + 1
    this.#database.run('UPDATE generation SET value = :value', { value })
    this.#count = value
    this.#isNoted = false
  }

  /** What was counted is durable: the file may say so. One that cannot be written falls behind, and that is all. */
  note(): void {
    if (this.#isNoted || this.#file === undefined || this.#count === undefined) return
    this.#isNoted = true
    try {
      // Counts only grow, so that the new one covers the old.
      writeSync(this.#file, `${this.#count}\n`, 0)
    } catch {
      this.close()
    }
  }

  /** A transaction failed: whether it counted is not known. */
  doubt(): void {
    this.#count = undefined
    this.#isNoted = true
  }

  /** Idempotent. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #stored(): number {
    const row = this.#database.get('SELECT value FROM generation')
    return row === undefined ? 0 : integerOf(row, 'value')
  }

  /** Whether some sessions are of another time than the count. */
  #isMixed(): boolean {
    const sql = `SELECT 1 AS found FROM generation
      WHERE session_count <> ${COUNT_OF_SESSIONS} OR session_versions <> ${SUM_OF_VERSIONS}`
    return this.#database.get(sql) !== undefined
  }

  /** A file that is missing, or holds no count, says nothing. */
  #read(): number | undefined {
    try {
      const text = fromUtf8(readPrivateFile(this.#path, MAX_FILE_BYTES))
      return COUNT.test(text) ? Number(text) : undefined
    } catch (error) {
      if (isTalosError(error) && error.details['reason'] === 'ENOENT') return undefined
      if (isTalosError(error, 'INPUT_TOO_LARGE') || isTalosError(error, 'ENCODING_INVALID')) return undefined
      throw error
    }
  }
}
