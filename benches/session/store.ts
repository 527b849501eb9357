/** A database as agents have it, in a folder of its own that goes with it: SQLite, WAL, `synchronous = FULL`, sealed rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { type Kernel, systemRandom } from '@talos/kernel'
import { encodeSessionState, type SessionState } from '@talos/session'
import { AgentDatabase, AgentHome } from '@talos/storage'

/** Where the databases lie: the disk under it is what durable numbers depend on. */
const DISK_VARIABLE = 'TALOS_BENCH_DISK'

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

  /** On the disk when it returns, or with the transaction around it. */
  save(state: SessionState, nowMs: number): void {
    const session = {
      sessionId: this.#sessionId,
      expectedVersion: this.#version,
      state: encodeSessionState(state),
      nowMs,
    }
    this.#version = this.#database.sessions.update(session)
  }
}
