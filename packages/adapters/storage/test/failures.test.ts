import { chmodSync, copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Secret } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { compareVersions } from '../src/database.ts'
import { AgentDatabase, AgentHome, Database, InvocationReplayStore } from '../src/index.ts'
import { requireRoom } from '../src/rows.ts'
import { isConstraint, storeError } from '../src/sqlite-errors.ts'
import { ALICE, bytes, cidOf, codeOf, kernel, messageId, openAgent, random, startWorker, text } from './support.ts'

const sessionId = new Uint8Array(16).fill(1)
const created = { sessionId, peer: ALICE, instance: 'i', state: bytes('state 1'), nowMs: 1 }

/** Opens a database of one table at `path`. */
function openPlain(path: string, migrations = ['CREATE TABLE t (a INTEGER NOT NULL UNIQUE, b BLOB) STRICT']) {
  return Database.open({ path, store: 'plain', migrations })
}

describe('a full disk', () => {
  it('fails the whole step with its cause, keeps the old state, and goes on when there is room', () => {
    using agent = openAgent()
    const { folder, lock, storageKey } = agent
    agent.database.sessions.create(created)
    agent.database.close()
    const open = (maxPages?: number) =>
      AgentDatabase.open({ folder, lock, storageKey, kernel, random, ...(maxPages !== undefined && { maxPages }) })
    const commit = (database: AgentDatabase) => {
      const update = { sessionId, expectedVersion: 1, state: bytes('state 2'), nowMs: 2 }
      const message = { peer: ALICE, messageId: messageId(1), sessionId, contentType: 1, nowMs: 2 }
      const large = { ...message, plaintext: new Uint8Array(500_000), wire: bytes('w') }
      return database.commitSend({ session: { update }, message: large })
    }
    using full = open(1)
    const failure = captured(() => commit(full))
    expect(failure).toMatchObject({ code: 'STORE_WRITE_FAILED', details: { reason: 'the disk is full' } })
    expect(failure).toHaveProperty('cause')
    expect(text(full.sessions.get(sessionId)?.state)).toBe('state 1')
    expect(full.messages.outgoing(ALICE)).toEqual([])
    full.close()
    using roomy = open()
    expect(commit(roomy)).toBe(2)
    expect(text(roomy.sessions.get(sessionId)?.state)).toBe('state 2')
  })
})

describe('a database for reading', () => {
  it('shows what its owner commits, and writes nothing', () => {
    using agent = openAgent()
    const { folder, database } = agent
    using reader = AgentDatabase.openReader({ folder })
    database.settings.set('a', '1')
    database.sessions.create(created)
    expect(text(reader.settings.get('a'))).toBe('1')
    expect(reader.sessions.list()).toHaveLength(1)
    expect(codeOf(() => reader.sessions.get(sessionId))).toBe('STORE_KEY_MISSING')
    expect(codeOf(() => reader.settings.setSecret('s', bytes('x')))).toBe('STORE_KEY_MISSING')
    expect(codeOf(() => reader.settings.set('a', '2'))).toBe('STORE_WRITE_FAILED')
    const keys = { storageKey: agent.storageKey, kernel, random }
    using withKeys = AgentDatabase.openReader({ folder, keys })
    expect(text(withKeys.sessions.get(sessionId)?.state)).toBe('state 1')
  })

  it('is refused where there is none yet, and while it waits for its owner to migrate it', () => {
    using root = tempFolder()
    const folder = new AgentHome({ root: root.path }).create({ name: 'a', keyFile: '' })
    expect(codeOf(() => AgentDatabase.openReader({ folder }))).toBe('STORE_READ_FAILED')
    const path = join(folder.path, 'old.db')
    openPlain(path).close()
    const migrations = ['CREATE TABLE t (a INTEGER) STRICT', 'CREATE TABLE u (a INTEGER) STRICT']
    const reading = () => Database.open({ path, store: 'plain', migrations, readOnly: true })
    expect(codeOf(reading)).toBe('STORE_READ_FAILED')
  })
})

describe('opening a database', () => {
  it('migrates step by step, once each, and refuses a newer version', () => {
    using root = tempFolder()
    const path = join(root.path, 'a.db')
    const first = ['CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1)']
    openPlain(path, first).close()
    openPlain(path, first).close()
    const second = [...first, 'UPDATE t SET a = a + 1']
    using database = openPlain(path, second)
    expect(database.get('SELECT a FROM t')).toEqual({ a: 2 })
    expect(codeOf(() => openPlain(path, first))).toBe('STORE_TOO_NEW')
  })

  it('undoes a migration that fails half way', () => {
    using root = tempFolder()
    const path = join(root.path, 'a.db')
    expect(codeOf(() => openPlain(path, ['CREATE TABLE t (a INTEGER) STRICT; SELECT nonsense']))).toBe(
      'STORE_WRITE_FAILED',
    )
    using database = openPlain(path)
    expect(database.all('SELECT * FROM t')).toEqual([])
  })

  it('reports a file that is no database and keeps it', () => {
    using root = tempFolder()
    const path = join(root.path, 'a.db')
    writeFileSync(path, 'not a database'.repeat(1000), { mode: 0o600 })
    expect(codeOf(() => openPlain(path))).toBe('STORE_CORRUPT')
    expect(existsSync(path)).toBe(true)
    chmodSync(path, 0o644)
    expect(codeOf(() => openPlain(path))).toBe('HOME_PERMISSIONS')
  })

  it('compares versions by number', () => {
    expect(compareVersions('3.51.3', '3.51.3')).toBe(0)
    expect(compareVersions('3.9.0', '3.51.3')).toBeLessThan(0)
    expect(compareVersions('3.100.0', '3.51.3')).toBeGreaterThan(0)
    expect(compareVersions('4.0.0.1', '4.0.0')).toBeGreaterThan(0)
  })
})

describe('errors of SQLite', () => {
  it('are told apart by what to do', () => {
    using root = tempFolder()
    using database = openPlain(join(root.path, 'a.db'))
    database.run('INSERT INTO t (a) VALUES (:a)', { a: 1 })
    expect(codeOf(() => database.run('INSERT INTO t (a) VALUES (:a)', { a: 1 }))).toBe('STORE_WRITE_FAILED')
    expect(codeOf(() => database.get('SELECT nothing'))).toBe('STORE_READ_FAILED')
    const constraint = captured(() => database.run('INSERT INTO t (a) VALUES (:a)', { a: 1 }))
    expect(isConstraint(constraint instanceof Error ? constraint.cause : undefined)).toBe(true)
    expect(isConstraint(new Error('other'))).toBe(false)
    expect(storeError({ store: 's', operation: 'read', cause: 'odd' })).toMatchObject({ code: 'STORE_READ_FAILED' })
    database.close()
    database.close()
    expect(codeOf(() => database.get('SELECT 1'))).toBe('STORE_READ_FAILED')
  })

  it('stop a limit at its number', () => {
    using root = tempFolder()
    using database = openPlain(join(root.path, 'a.db'))
    const room = { what: 'rows', limit: 1, count: 'SELECT count(*) AS n FROM t' }
    requireRoom(database, room)
    database.run('INSERT INTO t (a) VALUES (1)')
    expect(codeOf(() => requireRoom(database, room))).toBe('STORE_FULL')
  })
})

describe('a damaged row', () => {
  it('is reported, never guessed at', () => {
    using agent = openAgent()
    const { folder, database } = agent
    database.sessions.create(created)
    database.peers.put({ did: ALICE, endpoints: [] }, 1)
    using raw = new DatabaseSync(join(folder.path, 'agent.db'))
    raw.exec("UPDATE sessions SET sealed = x'00'")
    expect(codeOf(() => database.sessions.get(sessionId))).toBe('STORE_ROW_INVALID')
    raw.exec("UPDATE peers SET endpoints = '{'")
    expect(codeOf(() => database.peers.get(ALICE))).toBe('STORE_CORRUPT')
    raw.exec("UPDATE peers SET endpoints = '{}'")
    expect(codeOf(() => database.peers.get(ALICE))).toBe('STORE_CORRUPT')
    raw.exec('ALTER TABLE sessions DROP COLUMN updated_ms')
    expect(codeOf(() => database.sessions.get(sessionId))).toBe('STORE_CORRUPT')
    expect(codeOf(() => database.sessions.list())).toBe('STORE_READ_FAILED')
    raw.exec('ALTER TABLE sessions DROP COLUMN sealed; ALTER TABLE sessions ADD COLUMN updated_ms INTEGER DEFAULT 0')
    expect(codeOf(() => database.sessions.get(sessionId))).toBe('STORE_CORRUPT')
    raw.exec('ALTER TABLE sessions RENAME COLUMN peer TO peer2; ALTER TABLE sessions ADD COLUMN peer BLOB')
    expect(codeOf(() => database.sessions.get(sessionId))).toBe('STORE_CORRUPT')
  })

  it('does not open when it was moved to the place of another', () => {
    using agent = openAgent()
    const { folder, database } = agent
    database.sessions.create(created)
    database.sessions.create({ ...created, sessionId: new Uint8Array(16).fill(2), instance: 'j' })
    using raw = new DatabaseSync(join(folder.path, 'agent.db'))
    raw.exec("UPDATE sessions SET sealed = (SELECT sealed FROM sessions WHERE instance = 'j')")
    expect(codeOf(() => database.sessions.get(sessionId))).toBe('STORE_ROW_INVALID')
    expect(codeOf(() => database.sessions.get(new Uint8Array(16).fill(2)))).toBeUndefined()
    raw.exec('UPDATE sessions SET version = 2')
    expect(codeOf(() => database.sessions.get(new Uint8Array(16).fill(2)))).toBe('STORE_ROW_INVALID')
  })
})

describe('the replay set', () => {
  it('refuses an issuer that filled its share, and no other', () => {
    using root = tempFolder()
    const path = join(root.path, 'a.db')
    const tables = `CREATE TABLE invocations_seen (cid TEXT PRIMARY KEY, issuer TEXT, expires_s INTEGER) STRICT;
      CREATE TABLE replay_clock (id INTEGER PRIMARY KEY, highest_s INTEGER) STRICT`
    using database = openPlain(path, [tables])
    const replay = new InvocationReplayStore(database, 2)
    const claim = (label: string, issuer: string, nowS = 1) =>
      replay.claim({ cid: cidOf(label), issuer: issuer as typeof ALICE, expiresS: nowS + 9, nowS })
    expect(['a', 'b', 'c', 'a'].map((label) => claim(label, 'x'))).toEqual(['fresh', 'fresh', 'full', 'replayed'])
    expect(claim('d', 'y')).toBe('fresh')
    expect(claim('c', 'x', 11)).toBe('fresh')
  })
})

describe('kill -9 between and within transactions', () => {
  it('loses nothing that was reported, and tears nothing, twelve times over', async () => {
    using root = tempFolder()
    const folder = new AgentHome({ root: root.path }).create({ name: 'agent', keyFile: '' })
    const storageKey = Secret.of(new Uint8Array(32).fill(7))
    let next = 0
    for (let round = 0; round < 12; round += 1) {
      const worker = await startWorker('write', root.path, String(next))
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 3))
      await worker.kill()
      const reported = Number(worker.lines.at(-1))
      using lock = folder.lock()
      using database = AgentDatabase.open({ folder, lock, storageKey, kernel, random })
      const state = Number(text(database.sessions.get(sessionId)?.state))
      // The last step may have been durable before it could be reported; never the other way round.
      expect(state).toBeGreaterThanOrEqual(reported)
      expect(state).toBeLessThanOrEqual(reported + 1)
      expect(database.sessions.get(sessionId)?.version).toBe(state + 1)
      const received = database.messages.incoming().map(({ plaintext }) => Number(text(plaintext)))
      const sent = database.messages.outgoing(ALICE).map(({ plaintext }) => Number(text(plaintext)))
      const stored = [...received, ...sent].sort((one, other) => one - other)
      expect(stored).toEqual(Array.from({ length: state + 1 }, (_, index) => index))
      next = state + 1
    }
    expect(next).toBeGreaterThan(12)
  })

  it('starts again from a copy of the files taken at any moment', async () => {
    using root = tempFolder()
    using other = tempFolder()
    const home = new AgentHome({ root: root.path })
    home.create({ name: 'agent', keyFile: '' })
    const worker = await startWorker('write', root.path, '0')
    await worker.kill()
    const copy = new AgentHome({ root: other.path }).create({ name: 'agent', keyFile: '' })
    for (const name of ['agent.db', 'agent.db-wal']) {
      copyFileSync(join(home.open('agent').path, name), join(copy.path, name))
    }
    using lock = copy.lock()
    const storageKey = Secret.of(new Uint8Array(32).fill(7))
    using database = AgentDatabase.open({ folder: copy, lock, storageKey, kernel, random })
    expect(Number(text(database.sessions.get(sessionId)?.state))).toBeGreaterThanOrEqual(Number(worker.lines.at(-1)))
  })
})

function captured(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    if (isTalosError(error)) return error
    throw error
  }
  return undefined
}
