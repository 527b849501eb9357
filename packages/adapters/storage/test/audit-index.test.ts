/** The search database in a file: compliance, damage, two processes, and a file that cannot be written. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AuditLog, AuditSearch } from '@talos/audit'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { indexCompliance, isRight, logOf } from '../../../protocol/audit/test/index-compliance.ts'
import { SqliteAuditIndex } from '../src/index.ts'
import { auditFiles } from './audit-files.ts'

indexCompliance('a file', () => {
  const folder = tempFolder()
  const index = SqliteAuditIndex.open({ path: join(folder.path, 'search.db') })
  return {
    index,
    [Symbol.dispose]: () => {
      index.close()
      folder[Symbol.dispose]()
    },
  }
})

async function append(log: AuditLog, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => log.append({ kind: 'key.prekeys' })))
}

/** Overwrites the first page of an index of a closed database. */
function damage(path: string, index: string): void {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const page = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(index)?.['rootpage']
  const size = database.prepare('PRAGMA page_size').get()?.['page_size']
  database.close()
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(Number(size), 0x78), 0, Number(size), (Number(page) - 1) * Number(size))
  closeSync(file)
}

describe('the search database', () => {
  it('outlives a restart, and is begun anew when it is damaged', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'audit-index.db')
    const first = await AuditLog.open(auditFiles(folder.path))
    await append(first, 50)
    expect(first.search.catchUp()).toBe(0)
    const { leafHash } = first.reader.entry(33)
    await first.close()
    const index = SqliteAuditIndex.open({ path })
    expect([index.size, index.find(leafHash), index.find(new Uint8Array(32))]).toEqual([51, [33], []])
    index.close()
    writeFileSync(path, 'x'.repeat(8192))
    const second = await AuditLog.open(auditFiles(folder.path))
    expect([second.find(leafHash), second.search.catchUp(), second.find(leafHash)]).toEqual([33, 0, 33])
    await second.close()
  })

  it('is begun anew when a page of it turns out to be damaged', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'search.db')
    const { reader } = await logOf(Array.from({ length: 500 }, () => ({ kind: 'key.prekeys' })))
    const filled = SqliteAuditIndex.open({ path })
    new AuditSearch({ reader, index: filled }).catchUp({ limit: 501 })
    filled.close()
    damage(path, 'item_kind')
    const index = SqliteAuditIndex.open({ path })
    const search = new AuditSearch({ reader, index })
    expect([...search.entries({ kinds: ['key.prekeys'] })]).toHaveLength(500)
    expect(index.size).toBe(0)
    expect([search.catchUp({ limit: 501 }), [...search.entries({ kinds: ['key.prekeys'] })].length]).toEqual([0, 500])
    index.close()
  })

  it('may be filled by two at once', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'search.db')
    const { reader } = await logOf(Array.from({ length: 600 }, () => ({ kind: 'key.prekeys' })))
    const indexes = [SqliteAuditIndex.open({ path }), SqliteAuditIndex.open({ path })]
    const searches = indexes.map((index) => new AuditSearch({ reader, index }))
    for (const search of searches) search.catchUp()
    const [one, other] = indexes
    expect([one?.size, other?.size]).toEqual([512, 512])
    one?.clear()
    // What the other one holds does not follow any more.
    other?.add([...reader.entries({ fromIndex: 512 })])
    expect(other?.size).toBe(0)
    for (const search of searches) search.catchUp({ limit: 400 })
    expect([...(searches[0]?.entries({ kinds: ['key.prekeys'] }) ?? [])]).toHaveLength(600)
    for (const index of indexes) index.close()
  })

  it('is emptied when it knows nothing of what it knows', async () => {
    using folder = tempFolder()
    const options = auditFiles(folder.path)
    const log = await AuditLog.open(options)
    await append(log, 5)
    log.search.catchUp()
    const database = new DatabaseSync(join(folder.path, 'audit-index.db'))
    database.exec('DELETE FROM known')
    database.close()
    expect(options.index?.size).toBe(0)
    expect(log.find(log.reader.leafHash(3))).toBe(3)
    await log.close()
  })

  it('is found wrong in itself, and missing a row', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'search.db')
    const { reader } = await logOf([{ kind: 'key.prekeys' }])
    const filled = SqliteAuditIndex.open({ path })
    new AuditSearch({ reader, index: filled }).catchUp()
    filled.close()
    const database = new DatabaseSync(path)
    database.exec('DELETE FROM item WHERE idx = 1')
    database.close()
    const index = SqliteAuditIndex.open({ path })
    const search = new AuditSearch({ reader, index })
    expect([search.inspect(), isRight(search, [...reader.entries()]), index.size]).toEqual([true, false, 0])
    search.catchUp()
    index.close()
    damage(path, 'item_hash')
    const again = SqliteAuditIndex.open({ path })
    const second = new AuditSearch({ reader, index: again })
    expect([second.inspect(), again.size, second.catchUp(), second.inspect()]).toEqual([false, 0, 0, true])
    again.close()
  })

  it('finds by reading where an index of it is gone', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'search.db')
    const { reader } = await logOf([{ kind: 'key.prekeys' }])
    const index = SqliteAuditIndex.open({ path })
    const search = new AuditSearch({ reader, index })
    search.catchUp()
    const database = new DatabaseSync(path)
    database.exec('DROP INDEX item_kind')
    database.close()
    expect([...search.entries({ kinds: ['key.prekeys'] })]).toHaveLength(1)
    index.close()
  })

  it('is not thrown away for another reason than damage', async () => {
    using folder = tempFolder()
    const path = join(folder.path, 'nowhere', 'audit-index.db')
    expect(() => SqliteAuditIndex.open({ path })).toThrow(expect.objectContaining({ code: 'FILE_FAILED' }))
  })
})
