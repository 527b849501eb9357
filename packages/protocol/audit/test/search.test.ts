/** Searching with a database that lags, lies or fails: what is found is what the log says. */
import { AuditLog, AuditReader, AuditSearch, verifyLog } from '@talos/audit'
import { describe, expect, it } from 'vitest'
import { appendMany, codeOf, filledLog, kernel, PEER, setup } from './fixtures.ts'
import { indexCompliance, isRight, logOf } from './index-compliance.ts'
import { MemoryAuditIndex } from './memory-store.ts'

indexCompliance('a list in memory', () => {
  const index = new MemoryAuditIndex()
  return { index, [Symbol.dispose]: () => index.close() }
})

const EVENTS = [
  { kind: 'message.send', peer: PEER },
  { kind: 'key.prekeys' },
  { kind: 'message.receive', peer: PEER },
  { kind: 'key.prekeys' },
] as const

/** A log with a database that knows all of it. */
async function searched() {
  const { reader } = await logOf(EVENTS)
  const index = new MemoryAuditIndex()
  const search = new AuditSearch({ reader, index })
  search.catchUp()
  return { reader, index, search }
}

const places = (search: AuditSearch, order: 'ascending' | 'descending' = 'ascending') =>
  Array.from(search.entries({ kinds: ['key.prekeys'], order }), ({ index }) => index)

describe('a search', () => {
  it('serves without a database', async () => {
    const { reader } = await logOf(EVENTS)
    const search = new AuditSearch({ reader })
    expect([places(search), search.catchUp(), search.inspect(), isRight(search, [...reader.entries()])]).toEqual([
      [2, 4],
      5,
      true,
      true,
    ])
    expect(search.find(reader.leafHash(3))).toBe(3)
    search.close()
  })

  it.each(['ascending', 'descending'] as const)(
    'reads on from the log where the database led astray, %s',
    async (order) => {
      const { reader, index, search } = await searched()
      const lie = index.records.map((record) => ({
        ...record,
        entry: { ...record.entry, kind: 'key.prekeys' as const },
      }))
      index.records = lie
      const expected = Array.from(reader.entries({ kinds: ['key.prekeys'], order }), (record) => record.index)
      expect(places(search, order)).toEqual(expected)
      expect(index.size).toBe(0)
    },
  )

  it.each(['ascending', 'descending'] as const)(
    'reads the log where the database fails on the way, %s',
    async (order) => {
      const { reader, index, search } = await searched()
      const found: number[] = []
      for (const record of search.entries({ kinds: ['key.prekeys'], order })) {
        found.push(record.index)
        index.isBroken = true
      }
      expect(found).toEqual(Array.from(reader.entries({ kinds: ['key.prekeys'], order }), (record) => record.index))
    },
  )

  it('reads the log where the database does not even begin to search', async () => {
    const { index, search } = await searched()
    index.search = () => {
      throw new TypeError('it is broken')
    }
    expect(places(search)).toEqual([2, 4])
  })

  it('compares a long log piece by piece', async () => {
    const { reader } = await filledLog(setup(), 600)
    const index = new MemoryAuditIndex()
    const search = new AuditSearch({ reader, index })
    search.catchUp({ limit: 601 })
    expect(isRight(search, [...reader.entries()])).toBe(true)
    index.agrees = () => false
    const comparison = search.comparison()
    comparison.take([...reader.entries()])
    expect([index.size, comparison.finish()]).toEqual([0, false])
  })

  it('follows no place outside of what was asked', async () => {
    const { index, search } = await searched()
    const honest = index.search.bind(index)
    index.search = function* (query) {
      yield* honest({ ...query, fromIndex: 0, toIndex: 99 })
    }
    expect(Array.from(search.entries({ kinds: ['key.prekeys'], fromIndex: 3 }), (record) => record.index)).toEqual([4])
    expect(index.size).toBe(0)
  })

  it('uses no database that fails, and tries it again the next time', async () => {
    const { reader, index, search } = await searched()
    index.isBroken = true
    expect([places(search), search.find(reader.leafHash(1)), search.catchUp(), search.inspect()]).toEqual([
      [2, 4],
      1,
      5,
      false,
    ])
    index.isBroken = false
    expect([search.catchUp(), search.inspect(), places(search)]).toEqual([0, true, [2, 4]])
  })

  it('empties a database of another log, and one that knows more than there is', async () => {
    const { index } = await searched()
    const other = await filledLog(setup(), 9)
    const search = new AuditSearch({ reader: other.reader, index })
    expect([...search.entries({ kinds: ['message.send'] })]).toEqual([])
    expect(index.size).toBe(0)
    search.catchUp()
    expect(index.size).toBe(10)
    const short = await logOf(EVENTS)
    const second = new AuditSearch({ reader: short.reader, index })
    expect(places(second)).toEqual([2, 4])
    expect(index.size).toBe(0)
  })

  it('looks at the log again when another process has written and added', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const reader = new AuditReader({ store: options.store, kernel })
    const index = new MemoryAuditIndex()
    await appendMany(log, 3)
    new AuditSearch({ reader: log.reader, index }).catchUp()
    const search = new AuditSearch({ reader, index })
    expect(reader.size).toBe(1)
    expect([...search.entries({ kinds: ['key.prekeys'], toIndex: 4 })]).toHaveLength(0)
    expect(reader.size).toBe(4)
    expect([...search.entries({ kinds: ['key.prekeys'] })]).toHaveLength(3)
    expect(index.size).toBe(4)
  })

  it('finds by a leaf hash what the database has at another place', async () => {
    const { reader, index, search } = await searched()
    index.find = () => [4, 99]
    expect(search.find(reader.leafHash(1))).toBeUndefined()
    expect(search.find(reader.leafHash(4))).toBe(4)
  })

  it('hides what the database leaves out, until a check of the log finds that and empties it', async () => {
    const options = setup()
    const log = await filledLog(options, 4)
    const index = new MemoryAuditIndex()
    const search = new AuditSearch({ reader: log.reader, index })
    search.catchUp()
    index.records = index.records.map((record) =>
      record.index === 2 ? { ...record, entry: { ...record.entry, kind: 'redact' } } : record,
    )
    expect(places(search)).toEqual([1, 3, 4])
    const comparison = search.comparison()
    await verifyLog({ store: options.store, kernel, logKey: log.verifierKey, onEntries: comparison.take })
    expect(comparison.finish()).toBe(false)
    expect(places(search)).toEqual([1, 2, 3, 4])
  })

  it('does not hide that the log itself is damaged', async () => {
    const options = setup()
    const log = await filledLog(options, 3)
    const index = new MemoryAuditIndex()
    const search = new AuditSearch({ reader: log.reader, index })
    search.catchUp()
    options.store.rows.clear()
    expect(await codeOf(() => places(search))).toBe('AUDIT_CORRUPT')
  })

  it('closes its database', async () => {
    const { index, search } = await searched()
    search.close()
    expect(index.isClosed).toBe(true)
  })
})
