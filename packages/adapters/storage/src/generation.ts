/**
 * Notices that a database is an older copy of itself.
 *
 * A count stands in the database and in a small file beside it, raised at every opening and every orderly end: the database
 * first, so that the file is never ahead of it by a crash. A file that is ahead says that the database was put back. Left
 * out: who puts back both; peers notice that, by messages that they know.
 */
import { fromUtf8, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import type { Database } from './database.ts'
import { readPrivateFile, writePrivateFile } from './files.ts'
import { integerOf } from './rows.ts'

/** Name of the file in the agent's folder. */
export const GENERATION_FILE = 'generation.txt'
/** Digits of the largest count, and the line's end. */
const MAX_FILE_BYTES = 17
const COUNT = /^(?:0|[1-9][0-9]{0,15})\n$/

export class Generation {
  readonly #database: Database
  readonly #path: string

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
      const row = this.#database.get('SELECT value FROM generation')
      const known = row === undefined ? 0 : integerOf(row, 'value')
      const isRestored = stored === undefined ? false : stored > known
      if (isRestored) onRestored()
      const value = Math.max(known, stored ?? 0) + 1
      this.#database.run('INSERT OR REPLACE INTO generation (id, value) VALUES (1, :value)', { value })
      return { value, isRestored }
    })
    writePrivateFile(this.#path, utf8(`${raised.value}\n`))
    return raised.isRestored
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
