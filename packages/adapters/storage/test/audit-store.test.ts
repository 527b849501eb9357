/** The audit log's files: the store's promises, a full disk, other files in their place, and what a reader may see. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AuditLog, AuditReader } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import { portableKernel } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { storeCompliance } from '../../../protocol/audit/test/store-compliance.ts'
import { FileCheckpointGuard, SqliteAuditStore } from '../src/index.ts'
import { auditFiles } from './audit-files.ts'

const kernel = portableKernel()

storeCompliance('the store in SQLite', () => {
  const folder = tempFolder()
  return {
    open: () => SqliteAuditStore.open({ path: join(folder.path, 'audit.db') }),
    dispose: () => folder[Symbol.dispose](),
  }
})

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return isTalosError(error) ? error.code : `a foreign error: ${String(error)}`
  }
  return 'accepted'
}

async function append(log: AuditLog, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => log.append({ kind: 'key.prekeys' })))
}

describe('the files of a log', () => {
  it.skipIf(process.platform === 'win32')('are for their owner alone', async () => {
    using folder = tempFolder()
    const log = await AuditLog.open(auditFiles(folder.path))
    await log.checkpoint()
    const names = ['audit.db', 'audit.db-wal', 'audit-index.db', 'checkpoint.note']
    const modes = names.map((name) => statSync(join(folder.path, name)).mode & 0o777)
    expect(modes).toEqual(names.map(() => 0o600))
    await log.close()
  })

  it('are written ahead and synchronously', async () => {
    using folder = tempFolder()
    const log = await AuditLog.open(auditFiles(folder.path))
    const database = new DatabaseSync(join(folder.path, 'audit.db'), { readOnly: true })
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    database.close()
    await log.close()
  })

  it('can be read by another process while they are written', async () => {
    using folder = tempFolder()
    const log = await AuditLog.open(auditFiles(folder.path))
    await append(log, 300)
    const store = SqliteAuditStore.open({ path: join(folder.path, 'audit.db'), readOnly: true })
    const reader = new AuditReader({ store, kernel })
    expect(reader.root).toEqual(log.root)
    await append(log, 300)
    expect(reader.size).toBe(301)
    expect(reader.inclusion({ index: 7 })).toEqual(log.reader.inclusion({ index: 7, size: 301 }))
    expect(reader.refresh().size).toBe(601)
    expect(reader.root).toEqual(log.root)
    store.close()
    await log.close()
  })

  it('hold no byte of an erased salt key', async () => {
    using folder = tempFolder()
    const options = auditFiles(folder.path)
    const log = await AuditLog.open(options)
    const { index } = await log.append({ kind: 'redact', commit: { content: { value: 'yes' } } })
    const { id } = log.reader.entry(index).entry
    const key = Buffer.from(options.store.saltKey(`entry:${id}`) ?? [])
    expect(key).toHaveLength(32)
    const files = () => ['audit.db', 'audit.db-wal'].map((name) => readFileSync(join(folder.path, name)))
    expect(files().some((content) => content.includes(key))).toBe(true)
    await log.erase(index)
    expect(files().some((content) => content.includes(key))).toBe(false)
    await log.close()
  })
})

describe('a full disk', () => {
  it('fails the append, keeps what was there, and the log goes on when there is room', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'audit.db')
    await (await AuditLog.open(auditFiles(folder.path))).close()
    const store = SqliteAuditStore.open({ path, maxPages: 30 })
    const log = await AuditLog.open({ ...auditFiles(folder.path), store })
    const fill = async (): Promise<never> => {
      for (;;) await append(log, 20)
    }
    expect(await codeOf(fill)).toBe('AUDIT_APPEND_FAILED')
    expect(log.fault).toBeUndefined()
    const { size, root } = log
    expect(size).toBeGreaterThan(20)
    await log.close()
    const again = await AuditLog.open(auditFiles(folder.path))
    expect(again.root).toEqual(root)
    await append(again, 100)
    expect((await again.verify()).size).toBe(size + 100)
    await again.close()
  })
})

describe('a file that is not what it should be', () => {
  it('is refused as damaged when it is no database', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'audit.db')
    writeFileSync(path, 'x'.repeat(8192), { mode: 0o600 })
    expect(await codeOf(() => SqliteAuditStore.open({ path }))).toBe('STORE_CORRUPT')
  })

  it('is refused for reading when it is missing', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'audit.db')
    expect(await codeOf(() => SqliteAuditStore.open({ path, readOnly: true }))).toBe('STORE_READ_FAILED')
    expect(existsSync(path)).toBe(false)
  })

  it('and was changed by hand is found out', async () => {
    using folder = tempFolder()
    const log = await AuditLog.open(auditFiles(folder.path))
    await append(log, 300)
    await log.close()
    const database = new DatabaseSync(join(folder.path, 'audit.db'))
    database.exec(`UPDATE entries SET bodies = CAST(replace(CAST(bodies AS TEXT), 'key.prekeys', 'key.prekeyz') AS BLOB)
      WHERE first = 1`)
    database.close()
    const again = await AuditLog.open(auditFiles(folder.path))
    expect(await codeOf(() => again.verify())).toBe('AUDIT_CORRUPT')
    await again.close()
  })

  it('reports a failing medium as such, whatever was asked for', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'audit.db')
    SqliteAuditStore.open({ path }).close()
    const database = new DatabaseSync(path)
    database.exec('DROP TABLE entries; DROP TABLE head; DROP TABLE secret; DROP TABLE checkpoint')
    database.close()
    const store = SqliteAuditStore.open({ path })
    const runs = [
      () => store.head(),
      () => store.group(0),
      () => [...store.groups({ from: 0, to: 1 })],
      () => [...store.checkpoints()],
      () => store.addCheckpoint({ size: 1, note: 'x' }),
      () => store.eraseSaltKey('x'),
    ]
    expect(await Promise.all(runs.map(codeOf))).toEqual(runs.map(() => 'AUDIT_STORE_FAILED'))
    store.close()
  })
})

describe('the second place of the last checkpoint', () => {
  it('is empty at first, and holds the last note that was written', async () => {
    using folder = tempFolder()
    const guard = new FileCheckpointGuard({ path: join(folder.path, 'checkpoint.note') })
    expect(await guard.read()).toBeUndefined()
    await guard.write('one\n')
    await guard.write('two — Grüße\n')
    expect(await guard.read()).toBe('two — Grüße\n')
  })

  it('keeps the old note when the new one cannot be written', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'missing', 'checkpoint.note')
    const guard = new FileCheckpointGuard({ path })
    expect(await codeOf(() => guard.write('x'))).toBe('FILE_FAILED')
    expect(await guard.read()).toBeUndefined()
  })

  it.skipIf(process.platform === 'win32')('is refused when others may read it', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'checkpoint.note')
    writeFileSync(path, 'x')
    chmodSync(path, 0o644)
    expect(await codeOf(() => new FileCheckpointGuard({ path }).read())).toBe('HOME_PERMISSIONS')
  })

  it('with bytes that are no text opens the log for reading only', async () => {
    using folder = tempFolder()
    await (await AuditLog.open(auditFiles(folder.path))).close()
    writeFileSync(join(folder.path, 'checkpoint.note'), Uint8Array.of(0xff, 0xfe), { mode: 0o600 })
    const log = await AuditLog.open(auditFiles(folder.path))
    expect(log.fault?.code).toBe('AUDIT_ROLLBACK')
    await log.close()
  })
})
