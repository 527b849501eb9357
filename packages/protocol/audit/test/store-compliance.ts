/** What every `AuditStore` has to keep. An implementation is done when it passes with set-up and tear-down alone. */
import { type AuditBatch, AuditLog, AuditReader, type AuditStore, encodeEntry, type StoredEntry } from '@talos/audit'
import { emptyRoot, leafHash, TILE_BYTES, TILE_WIDTH } from '@talos/merkle'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, entry, kernel, ORIGIN, PEER, SESSION, START_MS, setup } from './fixtures.ts'
import { MemoryCheckpointGuard } from './memory-store.ts'

/** A medium with one log on it, which may be opened again and again. */
export interface StoreMedium {
  open(): AuditStore
  dispose(): void
}

export function storeCompliance(name: string, create: () => StoreMedium): void {
  describe(`${name} as an audit store`, () => {
    let medium: StoreMedium
    let store: AuditStore

    beforeEach(() => {
      medium = create()
      store = medium.open()
    })
    afterEach(() => {
      store.close()
      medium.dispose()
    })

    it('is empty at first', () => {
      expect(store.head()).toBeUndefined()
      expect(store.entry(0)).toBeUndefined()
      expect([...store.entries({ from: 0, to: 10 })]).toEqual([])
      expect(store.leafHashes({ from: 0, to: 10 })).toEqual(new Uint8Array(0))
      expect(store.tile({ level: 0, index: 0 })).toBeUndefined()
      expect(store.partial(1)).toBeUndefined()
      expect(store.lastCheckpoint()).toBeUndefined()
      expect([...store.checkpoints()]).toEqual([])
      expect(store.saltKey('session:x')).toBeUndefined()
    })

    it('refuses a batch that was built on a longer log when it is empty', async () => {
      const batch = { ...batchOf(store, [stored(5)]), expected: { size: 5, root: new Uint8Array(32) } }
      expect(await codeOf(() => store.append(batch))).toBe('AUDIT_STORE_CONFLICT')
      expect(store.head()).toBeUndefined()
    })

    it('gives back exactly what a batch held, after it was opened again', async () => {
      const batch = batchOf(store, [stored(0), stored(1, { session: SESSION })])
      await store.append(batch)
      store.close()
      store = medium.open()
      expect(plain(store.head())).toEqual(plain(batch.head))
      expect(plain(store.entry(1))).toEqual(plain(batch.entries[1]))
      expect(store.entry(1)?.session).toBe(SESSION)
      expect(store.entry(0)).not.toHaveProperty('session')
      expect(store.entry(2)).toBeUndefined()
      expect(new Uint8Array(store.saltKey('session:a')!)).toEqual(new Uint8Array(32).fill(9))
      expect(new Uint8Array(store.tile({ level: 0, index: 0 })!)).toEqual(new Uint8Array(TILE_BYTES).fill(1))
      expect(plain(store.partial(1))).toEqual(plain({ level: 1, index: 0, hashes: new Uint8Array(32).fill(2) }))
      expect(store.leafHashes({ from: 1, to: 2 })).toEqual(batch.entries[1]?.leafHash)
    })

    it("replaces a level's incomplete tile", async () => {
      await store.append(batchOf(store, [stored(0)]))
      const next = { ...batchOf(store, [stored(1)]), tiles: [], saltKeys: [] }
      await store.append({ ...next, partials: [{ level: 1, index: 3, hashes: new Uint8Array(64) }] })
      expect(plain(store.partial(1))).toEqual(plain({ level: 1, index: 3, hashes: new Uint8Array(64) }))
    })

    it('refuses a batch that was built on another head, and changes nothing', async () => {
      const batch = batchOf(store, [stored(0)])
      await store.append(batch)
      expect(await codeOf(() => store.append(batch))).toBe('AUDIT_STORE_CONFLICT')
      const next = { ...batchOf(store, [stored(1)]), tiles: [], saltKeys: [] }
      const other = { ...next, expected: { size: 1, root: new Uint8Array(32) } }
      expect(await codeOf(() => store.append(other))).toBe('AUDIT_STORE_CONFLICT')
      const tooFar = { ...next, expected: { size: 5, root: new Uint8Array(32) } }
      expect(await codeOf(() => store.append(tooFar))).toBe('AUDIT_STORE_CONFLICT')
      expect(store.head()?.size).toBe(1)
      expect(store.entry(1)).toBeUndefined()
      await store.append(next)
      expect(store.head()?.size).toBe(2)
    })

    it('finds entries by place, kind, session and time, in either order', async () => {
      const kinds = ['key.prekeys', 'message.send', 'redact'] as const
      const entries = Array.from({ length: 600 }, (_, index) =>
        stored(index, {
          kind: kinds[index % 3]!,
          ts: START_MS + index,
          ...(index % 2 === 0 && { session: SESSION }),
          ...(index % 3 === 1 && { peer: PEER }),
        }),
      )
      await store.append(batchOf(store, entries))
      const indexes = (query: Partial<Parameters<AuditStore['entries']>[0]>): number[] =>
        [...store.entries({ from: 0, to: 600, ...query })].map(({ index }) => index)
      const all = entries.map(({ index }) => index)
      expect(indexes({})).toEqual(all)
      expect(indexes({ order: 'descending' })).toEqual(all.toReversed())
      expect(indexes({ from: 10, to: 12 })).toEqual([10, 11])
      expect(indexes({ to: 9999 })).toEqual(all)
      expect(indexes({ kinds: ['redact', 'message.send'] })).toEqual(all.filter((index) => index % 3 !== 0))
      expect(indexes({ kinds: [] })).toEqual([])
      expect(indexes({ session: SESSION, order: 'descending' })).toEqual(
        all.filter((index) => index % 2 === 0).toReversed(),
      )
      expect(indexes({ fromMs: START_MS + 5, toMs: START_MS + 7 })).toEqual([5, 6])
      expect(indexes({ kinds: ['redact'], session: SESSION, fromMs: START_MS + 3, toMs: START_MS + 9 })).toEqual([8])
    })

    it('goes on reading while entries are appended', async () => {
      const first = Array.from({ length: 300 }, (_, index) => stored(index))
      await store.append(batchOf(store, first))
      const reading = store.entries({ from: 0, to: 300 })[Symbol.iterator]()
      expect(reading.next().value?.index).toBe(0)
      await store.append({ ...batchOf(store, [stored(300)]), tiles: [], saltKeys: [] })
      let last: number | undefined
      for (let next = reading.next(); next.done !== true; next = reading.next()) last = next.value.index
      expect(last).toBe(299)
    })

    it('keeps checkpoints by size, and the first one of a size', async () => {
      for (const size of [300, 1, 2]) await store.addCheckpoint({ size, note: `note ${size}` })
      await store.addCheckpoint({ size: 2, note: 'another' })
      store.close()
      store = medium.open()
      expect([...store.checkpoints()].map(({ size, note }) => [size, note])).toEqual([
        [1, 'note 1'],
        [2, 'note 2'],
        [300, 'note 300'],
      ])
      expect(store.lastCheckpoint()?.size).toBe(300)
    })

    it('lists more checkpoints than fit one page', async () => {
      for (let size = 0; size < 260; size += 1) await store.addCheckpoint({ size, note: 'x' })
      expect([...store.checkpoints()].map(({ size }) => size)).toEqual(Array.from({ length: 260 }, (_, size) => size))
    })

    it('erases a salt key for good, and says whether there was one', async () => {
      await store.append(batchOf(store, [stored(0)]))
      expect(await store.eraseSaltKey('session:a')).toBe(true)
      expect(await store.eraseSaltKey('session:a')).toBe(false)
      store.close()
      store = medium.open()
      expect(store.saltKey('session:a')).toBeUndefined()
    })

    it('carries a log over restarts at every size around a tile, with the same root', async () => {
      const guard = new MemoryCheckpointGuard()
      let expected = await openAndFill(store, guard, 1)
      for (const size of [255, 256, 257, 600]) {
        store = medium.open()
        const reader = new AuditReader({ store, kernel })
        expect(reader.root).toEqual(expected)
        expect(reader.rootAt(reader.size)).toEqual(expected)
        expected = await openAndFill(store, guard, size)
      }
      store = medium.open()
      const log = await AuditLog.open({ ...setup(), store: store as never, guard })
      expect(log.fault).toBeUndefined()
      const report = await log.verify()
      expect(report).toMatchObject({ size: 600, checkpoints: 5 })
      expect(store.tile({ level: 0, index: 1 })?.length).toBe(TILE_WIDTH * 32)
    })
  })
}

/** Fills a log up to `size` entries, signs it and closes it; returns its root. */
async function openAndFill(store: AuditStore, guard: MemoryCheckpointGuard, size: number): Promise<Uint8Array> {
  const log = await AuditLog.open({ ...setup(), origin: ORIGIN, store: store as never, guard })
  expect(log.fault).toBeUndefined()
  const appends = Array.from({ length: size - log.size }, () => log.append({ kind: 'key.prekeys' }))
  await Promise.all(appends)
  await log.checkpoint()
  const { root } = log
  await log.close()
  return root
}

function stored(index: number, changes: Parameters<typeof entry>[0] = {}): StoredEntry {
  const members = entry({ seq: index + 1, ...changes })
  const body = encodeEntry(members)
  const { ts: tsMs, kind, session } = members
  const row = { index, tsMs, kind, leafHash: leafHash(kernel, body), body }
  return session === undefined ? row : { ...row, session }
}

/** A batch with something for each table; its hashes need not fit, a store does not look. */
function batchOf(store: AuditStore, entries: readonly StoredEntry[]): AuditBatch {
  const head = store.head()
  const size = (head?.size ?? 0) + entries.length
  return {
    expected: head ?? { size: 0, root: emptyRoot(kernel) },
    entries,
    tiles: [{ level: 0, index: 0, hashes: new Uint8Array(TILE_BYTES).fill(1) }],
    partials: [{ level: 1, index: 0, hashes: new Uint8Array(32).fill(2) }],
    saltKeys: [{ scope: 'session:a', key: new Uint8Array(32).fill(9) }],
    head: { size, root: new Uint8Array(32).fill(size % 251), edge: new Uint8Array(32).fill(7) },
  }
}

/** The same with plain byte arrays: SQLite's have no prototype that equality accepts. */
function plain<T extends object>(value: T | undefined): object | undefined {
  if (value === undefined) return undefined
  const members = Object.entries(value).map(([name, member]) => [
    name,
    member instanceof Uint8Array ? Buffer.from(member).toString('hex') : member,
  ])
  return Object.fromEntries(members) as object
}
