/**
 * The lock by which one process owns an agent.
 *
 * It is an exclusive transaction on an empty SQLite database, held open. The operating system holds the lock for the
 * process and takes it back when that ends, by kill -9 as well: there is nothing to go stale and no process number to
 * mistake for another.
 */
import { DatabaseSync } from 'node:sqlite'
import { TalosError } from '@talos/errors'
import { ensurePrivateFile } from './files.ts'
import { isBusy } from './sqlite-errors.ts'

export class AgentLock {
  readonly name: string
  readonly #database: DatabaseSync

  private constructor(name: string, database: DatabaseSync) {
    this.name = name
    this.#database = database
  }

  /** @throws TalosError `AGENT_LOCKED`, `STORE_WRITE_FAILED`, `FILE_FAILED`, `HOME_PERMISSIONS` */
  static acquire(options: { readonly name: string; readonly path: string }): AgentLock {
    const { name, path } = options
    ensurePrivateFile(path)
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(path, { timeout: 0 })
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
      return new AgentLock(name, database)
    } catch (cause) {
      database?.close()
      if (isBusy(cause)) throw new TalosError('AGENT_LOCKED', { name }, { cause })
      throw new TalosError('STORE_WRITE_FAILED', { store: 'lock', reason: 'the lock file cannot be used' }, { cause })
    }
  }

  /** Whether the lock is still held. */
  get held(): boolean {
    return this.#database.isOpen
  }

  /** Idempotent. */
  release(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
