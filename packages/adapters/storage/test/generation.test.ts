import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { portableKernel } from '@talos/kernel'
import { AgentDatabase, AgentHome } from '@talos/storage'
import { seededRandom, tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const PEER = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did
const SESSION = new Uint8Array(16).fill(1)
const kernel = portableKernel()

/** An agent's folder whose database is opened, copied and put back by hand. */
function agentFolder() {
  const temporary = tempFolder()
  const folder = new AgentHome({ root: temporary.path }).create({ name: 'alice', keyFile: '{}' })
  const lock = folder.lock()
  const path = folder.filePath('agent.db')
  const kept = join(temporary.path, 'kept.db')
  const copyOf = (from: string, to: string) => {
    for (const end of ['', '-wal']) {
      rmSync(`${to}${end}`, { force: true })
      try {
        copyFileSync(`${from}${end}`, `${to}${end}`)
      } catch {
        // A closed database has no log beside it.
      }
    }
  }
  return {
    open: () =>
      AgentDatabase.open({
        folder,
        lock,
        kernel,
        random: seededRandom(1),
        storageKey: Secret.of(new Uint8Array(32).fill(9)),
      }),
    copy: () => copyOf(path, kept),
    putBack: () => {
      rmSync(`${path}-shm`, { force: true })
      copyOf(kept, path)
    },
    forgetCount: () => rmSync(folder.filePath('generation.txt')),
    [Symbol.dispose]: () => {
      lock.release()
      temporary[Symbol.dispose]()
    },
  }
}

function create(database: AgentDatabase): void {
  const state = new Uint8Array(40)
  database.commitSend({
    session: { create: { sessionId: SESSION, peer: PEER, instance: 'main', state, nowMs: 1 } },
  })
}

function step(database: AgentDatabase, expectedVersion: number): void {
  const update = { sessionId: SESSION, expectedVersion, state: new Uint8Array(40), nowMs: 2 }
  database.commitSend({ session: { update } })
}

describe('an older copy of the database', () => {
  it('is known after an orderly end, and its sessions seal nothing any more', () => {
    using agent = agentFolder()
    const database = agent.open()
    create(database)
    agent.copy()
    database.close()
    agent.putBack()
    using again = agent.open()
    expect(again.restored).toBe(1)
    expect(again.sessions.list().map(({ role, standing }) => [role, standing])).toEqual([['receive-only', 'frozen']])
  })

  it('is known when the process was killed in the very life in which it was made', () => {
    using agent = agentFolder()
    const database = agent.open()
    create(database)
    agent.copy()
    step(database, 1)
    // Nothing is closed in order: what the killed process leaves is the two files as they are now.
    agent.putBack()
    using again = agent.open()
    expect(again.restored).toBe(1)
  })

  it('is none when the process was killed and nothing was put back', () => {
    using agent = agentFolder()
    const database = agent.open()
    create(database)
    step(database, 1)
    using again = agent.open()
    expect(again.restored).toBeUndefined()
    expect(again.sessions.list().map(({ standing }) => standing)).toEqual(['whole'])
    database.close()
  })

  it('is none after a step that failed: the count in the file is not ahead of the database', () => {
    using agent = agentFolder()
    const database = agent.open()
    create(database)
    expect(() => step(database, 7)).toThrow(expect.objectContaining({ code: 'STORE_CONFLICT' }))
    database.settings.set('anything', 'after it')
    step(database, 1)
    using again = agent.open()
    expect(again.restored).toBeUndefined()
    database.close()
  })

  it('is not known where the count beside it is gone', () => {
    using agent = agentFolder()
    const database = agent.open()
    create(database)
    agent.copy()
    database.close()
    agent.putBack()
    agent.forgetCount()
    using again = agent.open()
    expect(again.restored).toBeUndefined()
  })
})
