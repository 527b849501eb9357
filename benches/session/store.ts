/** A database as agents have it, in a folder of its own that goes with it: SQLite, WAL, `synchronous = FULL`, sealed rows. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { type Kernel, systemRandom } from '@talos/kernel'
import { encodeSessionState, type SessionState } from '@talos/session'
import { AgentDatabase, AgentHome } from '@talos/storage'

/** Where the databases lie: the disk under it is what durable numbers depend on. */
const DISK_VARIABLE = 'TALOS_BENCH_DISK'

/** As long as the record of a session without skipped keys, sealed. */
const BARE_ROW_BYTES = 800

export function temporaryFolder(): string {
  return mkdtempSync(join(process.env[DISK_VARIABLE] ?? tmpdir(), 'talos-bench-'))
}

export interface BenchStore {
  readonly database: AgentDatabase
  close(): void
}

export function openStore(kernel: Kernel): BenchStore {
  const root = temporaryFolder()
  const folder = new AgentHome({ root }).create({ name: 'bench', keyFile: '{}' })
  const lock = folder.lock()
  const storageKey = Secret.random(systemRandom, 32)
  const database = AgentDatabase.open({ folder, lock, storageKey, kernel, random: systemRandom })
  return {
    database,
    close: () => {
      database.close()
      lock.release()
      rmSync(root, { recursive: true })
    },
  }
}

/** One row that is written again and again, each time as durably as SQLite can: what the disk itself costs. */
export function openBareRow(): { readonly write: () => void; readonly close: () => void } {
  const root = temporaryFolder()
  const database = new DatabaseSync(join(root, 'row.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE row (id INTEGER PRIMARY KEY, value BLOB) STRICT')
  const statement = database.prepare('INSERT OR REPLACE INTO row (id, value) VALUES (1, ?)')
  const value = randomBytes(BARE_ROW_BYTES)
  return {
    write: () => void statement.run(value),
    close: () => {
      database.close()
      rmSync(root, { recursive: true })
    },
  }
}

/** The record of one session in a store. */
export class StoredRecord {
  readonly #database: AgentDatabase
  readonly #sessionId: Uint8Array
  #version: number

  constructor({ database }: BenchStore, state: SessionState, nowMs: number) {
    this.#database = database
    this.#sessionId = state.sessionId
    this.#version = database.sessions.create({
      sessionId: state.sessionId,
      peer: state.remoteDid as Did,
      instance: 'main',
      state: encodeSessionState(state),
      nowMs,
    })
  }

  /** As the client does it: on the disk when it returns, or with the transaction around it. */
  save(state: SessionState, nowMs: number): void {
    const update = {
      sessionId: this.#sessionId,
      expectedVersion: this.#version,
      state: encodeSessionState(state),
      nowMs,
    }
    this.#version = this.#database.commitSend({ session: { update } }) ?? this.#version
  }
}
