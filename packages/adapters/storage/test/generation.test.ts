import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import { AGENT_MIGRATIONS } from '../src/agent-schema.ts'
import { AGENT_DATABASE_FILE, AgentDatabase, Database, GENERATION_FILE, OUTBOX_KEEP_MS } from '../src/index.ts'
import { ALICE, BOB, bytes, codeOf, kernel, messageId, type OpenAgent, openAgent, random } from './support.ts'

const sessionId = new Uint8Array(16).fill(1)
const session = { sessionId, peer: ALICE, instance: 'main', state: bytes('state'), nowMs: 1 }

function reopen({ folder, lock, storageKey, database }: OpenAgent, between: (path: string) => void = () => undefined) {
  database.close()
  between(folder.path)
  return AgentDatabase.open({ folder, lock, storageKey, kernel, random })
}

function copyOf(folder: string, to: string): void {
  cpSync(join(folder, AGENT_DATABASE_FILE), join(folder, to))
}

describe('a database that is put back to an older copy', () => {
  it('is noticed, and none of its sessions sends any more', () => {
    using agent = openAgent()
    agent.database.sessions.create(session)
    reopen(agent, (folder) => copyOf(folder, 'copy.db')).close()
    using restored = reopen(agent, (folder) => cpSync(join(folder, 'copy.db'), join(folder, AGENT_DATABASE_FILE)))
    expect(restored.restored).toBe(1)
    expect(restored.sessions.get(sessionId)).toMatchObject({ role: 'receive-only', standing: 'frozen', version: 1 })
    expect(codeOf(() => restored.sessions.activate(sessionId, 2))).toBe('STORE_CONFLICT')
    restored.close()
    using again = reopen(agent)
    expect(again.restored).toBeUndefined()
    expect(again.sessions.get(sessionId)?.standing).toBe('frozen')
  })

  it('is noticed when the copy was made while the agent ran, once that came to an orderly end', () => {
    using agent = openAgent()
    agent.database.sessions.create(session)
    const { path } = agent.folder
    for (const end of ['', '-wal']) {
      cpSync(join(path, `${AGENT_DATABASE_FILE}${end}`), join(path, `copy.db${end}`))
    }
    using restored = reopen(agent, (folder) => {
      for (const end of ['', '-wal'])
        cpSync(join(folder, `copy.db${end}`), join(folder, `${AGENT_DATABASE_FILE}${end}`))
    })
    expect(restored.restored).toBe(1)
  })

  it('is noticed under the log of later changes that was left beside it', () => {
    using agent = openAgent()
    const { path } = agent.folder
    const stateBytes = 400
    for (let number = 0; number < 40; number += 1) {
      const state = new Uint8Array(stateBytes)
      agent.database.sessions.create({
        ...session,
        sessionId: new Uint8Array(16).fill(number),
        peer: `${number}` as Did,
        state,
      })
    }
    const step = (number: number) => ({ sessionId: new Uint8Array(16).fill(number), expectedVersion: 1, nowMs: 2 })
    const commit = (number: number) =>
      agent.database.commitSend({ session: { update: { ...step(number), state: new Uint8Array(stateBytes) } } })
    agent.database.close()
    copyOf(path, 'copy.db')
    agent.reopen()
    commit(0)
    agent.reopen()
    commit(39)
    // As after a loss of power: what the log holds is not in the file yet.
    cpSync(join(path, `${AGENT_DATABASE_FILE}-wal`), join(path, 'left.wal'))
    cpSync(join(path, GENERATION_FILE), join(path, 'left.txt'))
    using restored = reopen(agent, (folder) => {
      cpSync(join(folder, 'copy.db'), join(folder, AGENT_DATABASE_FILE))
      cpSync(join(folder, 'left.wal'), join(folder, `${AGENT_DATABASE_FILE}-wal`))
      cpSync(join(folder, 'left.txt'), join(folder, GENERATION_FILE))
    })
    const versions = new Map(restored.sessions.list().map(({ peer, version }) => [String(peer), version]))
    expect([versions.get('0'), versions.get('39')]).toEqual([1, 2])
    expect(restored.restored).toBe(40)
    restored.close()
    using again = reopen(agent)
    expect(again.restored).toBeUndefined()
  })

  it('counts as one that is gone, too', () => {
    using agent = openAgent()
    using restored = reopen(agent, (folder) => rmSync(join(folder, AGENT_DATABASE_FILE)))
    expect(restored.restored).toBe(0)
  })

  it.each([
    ['is missing', undefined],
    ['is behind', '1\n'],
    ['holds no count', '007\n'],
    ['holds no text', '\u00ff'],
    ['is too long', '1'.repeat(40)],
  ])('is not taken for one when the count beside it %s', (_, content) => {
    using agent = openAgent()
    agent.database.sessions.create(session)
    using again = reopen(agent, (folder) => {
      const path = join(folder, GENERATION_FILE)
      if (content === undefined) rmSync(path)
      else writeFileSync(path, content, 'latin1')
    })
    expect(again.restored).toBeUndefined()
    expect(again.sessions.get(sessionId)?.standing).toBe('whole')
    expect(Number(readFileSync(join(agent.folder.path, GENERATION_FILE), 'utf8'))).toBeGreaterThan(2)
  })

  it('leaves a count that its owner alone can read, and is not opened when that is open to others', () => {
    using agent = openAgent()
    const path = join(agent.folder.path, GENERATION_FILE)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    agent.database.close()
    writeFileSync(path, '9\n', { mode: 0o644 })
    rmSync(path)
    writeFileSync(path, '9\n', { mode: 0o644 })
    const { folder, lock, storageKey } = agent
    const open = () => AgentDatabase.open({ folder, lock, storageKey, kernel, random })
    expect(codeOf(open)).toBe('HOME_PERMISSIONS')
  })
})

describe('what later versions of the database add', () => {
  it('is there in a database of version 1, with what that held', () => {
    using agent = openAgent()
    agent.database.close()
    const path = agent.folder.filePath(AGENT_DATABASE_FILE)
    rmSync(path)
    Database.open({ path, store: 'agent', migrations: AGENT_MIGRATIONS.slice(0, 1) }).close()
    const raw = new DatabaseSync(path)
    raw.exec(`INSERT INTO sessions VALUES (x'01', 'p', 'main', 'active', 1, x'00', 1, 1)`)
    raw.exec(`INSERT INTO inbox_ids VALUES ('p', '01', 1), ('p', '02', 1), ('q', '01', 1)`)
    raw.close()
    rmSync(join(agent.folder.path, GENERATION_FILE))
    const { folder, lock, storageKey } = agent
    using migrated = AgentDatabase.open({ folder, lock, storageKey, kernel, random })
    expect(migrated.sessions.list()).toEqual([expect.objectContaining({ standing: 'whole', role: 'active' })])
    expect(migrated.messages.incoming(10, 'effect')).toEqual([])
    using counted = new DatabaseSync(path)
    expect(counted.prepare('SELECT peer, n FROM inbox_id_counts').all()).toEqual([
      { peer: 'p', n: 2 },
      { peer: 'q', n: 1 },
    ])
  })
})

describe('sessions and messages', () => {
  it('that the peer cannot open send no more, and do so never again', () => {
    using agent = openAgent()
    const { sessions } = agent.database
    sessions.create(session)
    sessions.retire(sessionId, { standing: 'reset', nowMs: 5 })
    expect(sessions.get(sessionId)).toMatchObject({ role: 'receive-only', standing: 'reset', updatedMs: 5 })
    expect(codeOf(() => sessions.activate(sessionId, 6))).toBe('STORE_CONFLICT')
    expect(sessions.freeze()).toBe(1)
    expect(sessions.freeze()).toBe(0)
  })

  it('are told apart by what they wait for', () => {
    using agent = openAgent()
    const { messages } = agent.database
    const message = { peer: ALICE, sessionId, contentType: 0, plaintext: bytes('x'), nowMs: 1 }
    messages.putIncoming({ ...message, messageId: messageId(1), kind: 'message' })
    messages.putIncoming({ ...message, messageId: messageId(2), kind: 'effect' })
    expect(messages.incoming().map((row) => row.messageId)).toEqual([messageId(1)])
    expect(messages.incoming(10, 'effect').map((row) => row.messageId)).toEqual([messageId(2)])
    const name = { peer: ALICE, messageId: messageId(3) }
    expect([messages.noteArrived({ ...name, nowMs: 1 }), messages.noteArrived({ ...name, nowMs: 2 })]).toEqual([
      true,
      false,
    ])
    expect(messages.hasArrived(name)).toBe(true)
    expect(codeOf(() => messages.noteArrived({ ...name, messageId: 'x', nowMs: 1 }))).toBe('SCHEMA_INVALID')
  })

  it('wait for a week, of every peer, and are found by their names', () => {
    using agent = openAgent()
    const { messages } = agent.database
    const message = { sessionId, contentType: 0, plaintext: bytes('x'), wire: bytes('w') }
    messages.putOutgoing({ ...message, peer: ALICE, messageId: messageId(1), nowMs: 0 })
    messages.putOutgoing({ ...message, peer: BOB, messageId: messageId(2), nowMs: 1 })
    expect(messages.dropOutdated(OUTBOX_KEEP_MS - 1)).toEqual([])
    expect(messages.dropOutdated(OUTBOX_KEEP_MS)).toEqual([{ peer: ALICE, messageId: messageId(1) }])
    expect(messages.findOutgoing({ peer: ALICE, messageId: messageId(1) })).toBeUndefined()
    expect(messages.findOutgoing({ peer: BOB, messageId: messageId(2) })).toMatchObject({ createdMs: 1 })
  })
})
