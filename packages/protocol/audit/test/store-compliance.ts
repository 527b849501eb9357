/** What every `AuditStore` has to keep. An implementation is done when it passes with set-up and tear-down alone. */
import {
  type AuditBatch,
  AuditLog,
  AuditReader,
  type AuditStore,
  encodeEntry,
  entriesOf,
  groupsOf,
  type StoreQuery,
} from '@talos/audit'
import { emptyRoot, TILE_BYTES, TILE_WIDTH } from '@talos/merkle'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, entry, kernel, ORIGIN, setup } from './fixtures.ts'
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
      expect(store.group(0)).toBeUndefined()
      expect([...store.groups({ from: 0, to: 10 })]).toEqual([])
      expect(store.tile({ level: 0, index: 0 })).toBeUndefined()
      expect(store.partial(1)).toBeUndefined()
      expect(store.lastCheckpoint()).toBeUndefined()
      expect([...store.checkpoints()]).toEqual([])
      expect(store.saltKey('session:x')).toBeUndefined()
    })

    it('refuses a batch that was built on a longer log when it is empty', async () => {
      const batch = { ...batchOf(store, 1), expected: { size: 5, root: new Uint8Array(32) } }
      expect(await codeOf(() => store.append(batch))).toBe('AUDIT_STORE_CONFLICT')
      expect(store.head()).toBeUndefined()
    })

    it('gives back exactly what a batch held, after it was opened again', async () => {
      const batch = batchOf(store, 2)
      await store.append(batch)
      store.close()
      store = medium.open()
      expect(plain(store.head())).toEqual(plain(batch.head))
      expect(plain(store.group(0))).toEqual(plain(batch.groups[0]))
      expect(plain(store.group(1))).toEqual(plain(batch.groups[0]))
      expect(store.group(2)).toBeUndefined()
      expect(new Uint8Array(store.saltKey('session:a')!)).toEqual(new Uint8Array(32).fill(9))
      expect(new Uint8Array(store.tile({ level: 0, index: 0 })!)).toEqual(new Uint8Array(TILE_BYTES).fill(1))
      expect(plain(store.partial(1))).toEqual(plain({ level: 1, index: 0, hashes: new Uint8Array(32).fill(2) }))
    })

    it("replaces a level's incomplete tile", async () => {
      await store.append(batchOf(store, 1))
      const next = { ...batchOf(store, 1), tiles: [], saltKeys: [] }
      await store.append({ ...next, partials: [{ level: 1, index: 3, hashes: new Uint8Array(64) }] })
      expect(plain(store.partial(1))).toEqual(plain({ level: 1, index: 3, hashes: new Uint8Array(64) }))
    })

    it('refuses a batch that was built on another head, and changes nothing', async () => {
      const batch = batchOf(store, 1)
      await store.append(batch)
      expect(await codeOf(() => store.append(batch))).toBe('AUDIT_STORE_CONFLICT')
      const next = { ...batchOf(store, 1), tiles: [], saltKeys: [] }
      const other = { ...next, expected: { size: 1, root: new Uint8Array(32) } }
      expect(await codeOf(() => store.append(other))).toBe('AUDIT_STORE_CONFLICT')
      const tooFar = { ...next, expected: { size: 5, root: new Uint8Array(32) } }
      expect(await codeOf(() => store.append(tooFar))).toBe('AUDIT_STORE_CONFLICT')
      expect(store.head()?.size).toBe(1)
      expect(store.group(1)).toBeUndefined()
      await store.append(next)
      expect(store.head()?.size).toBe(2)
    })

    it('gives every group of a range, whole, in either order', async () => {
      await store.append(batchOf(store, 600))
      for (let count = 0; count < 40; count += 1) await store.append(onlyEntries(batchOf(store, 1)))
      const firsts = (query: StoreQuery): number[] => [...store.groups(query)].map(({ first }) => first)
      const all = [0, 256, 512, ...Array.from({ length: 40 }, (_, position) => 600 + position)]
      expect(firsts({ from: 0, to: 640 })).toEqual(all)
      expect(firsts({ from: 0, to: 9999, order: 'descending' })).toEqual(all.toReversed())
      expect(firsts({ from: 10, to: 12 })).toEqual([0])
      expect(firsts({ from: 255, to: 257 })).toEqual([0, 256])
      expect(firsts({ from: 599, to: 602, order: 'descending' })).toEqual([601, 600, 512])
      expect(firsts({ from: 5, to: 5 })).toEqual([])
      const indexes = [...store.groups({ from: 0, to: 640 })].flatMap(entriesOf).map(({ index }) => index)
      expect(indexes).toEqual(Array.from({ length: 640 }, (_, index) => index))
    })

    it('goes on reading while entries are appended', async () => {
      for (let count = 0; count < 30; count += 1) await store.append(onlyEntries(batchOf(store, 10)))
      const reading = store.groups({ from: 0, to: 300 })[Symbol.iterator]()
      expect(reading.next().value?.first).toBe(0)
      await store.append(onlyEntries(batchOf(store, 1)))
      let last: number | undefined
      for (let next = reading.next(); next.done !== true; next = reading.next()) last = next.value.first
      expect(last).toBe(290)
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
      await store.append(batchOf(store, 1))
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

/** A batch with something for each table; its hashes need not fit, a store does not look. */
function batchOf(store: AuditStore, count: number): AuditBatch {
  const head = store.head()
  const first = head?.size ?? 0
  const bodies = Array.from({ length: count }, (_, position) => encodeEntry(entry({ seq: first + position + 1 })))
  const size = first + count
  return {
    expected: head ?? { size: 0, root: emptyRoot(kernel) },
    groups: groupsOf(first, bodies),
    tiles: [{ level: 0, index: 0, hashes: new Uint8Array(TILE_BYTES).fill(1) }],
    partials: [{ level: 1, index: 0, hashes: new Uint8Array(32).fill(2) }],
    saltKeys: [{ scope: 'session:a', key: new Uint8Array(32).fill(9) }],
    head: { size, root: new Uint8Array(32).fill(size % 251), edge: new Uint8Array(32).fill(7) },
  }
}

function onlyEntries(batch: AuditBatch): AuditBatch {
  return { ...batch, tiles: [], saltKeys: [] }
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
