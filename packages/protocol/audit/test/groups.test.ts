/** Groups of entries: how they are cut, read and served, what of the last ones is checked, and restarts at every size. */
import { AuditLog, AuditReader, entriesOf, groupsOf } from '@talos/audit'
import { openCheckpoint, TILE_WIDTH } from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyIn, bundleOf } from '../src/group.ts'
import { appendMany, codeOf, failure, filledLog, kernel, ORIGIN, setup } from './fixtures.ts'

describe('groups of entries', () => {
  it('never cross a tile, and hold what was put into them', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 700 })
    fc.assert(
      fc.property(fc.nat(600), bodies, (first, given) => {
        const groups = groupsOf(first, given)
        for (const group of groups) expect((group.first % TILE_WIDTH) + group.count).toBeLessThanOrEqual(TILE_WIDTH)
        const read = groups.flatMap(entriesOf)
        expect(read.map(({ index }) => index)).toEqual(given.map((_, position) => first + position))
        expect(read.map(({ body }) => [...body])).toEqual(given.map((body) => [...body]))
        for (const group of groups) {
          for (const { index, body } of entriesOf(group)) expect(bodyIn(group, index)).toEqual(body)
        }
      }),
      { seed: 42, numRuns: 60 },
    )
  })

  it('cut short are refused at the entry that is not whole', async () => {
    for (const bodies of [Uint8Array.of(0), Uint8Array.of(0, 2, 1), Uint8Array.of(0, 1, 9, 0)]) {
      const group = { first: 7, count: 2, bodies }
      const index = bodies.length === 4 ? 8 : 7
      const expected = { code: 'AUDIT_CORRUPT', details: { index, part: 'entry' } }
      expect(await failure(() => entriesOf(group))).toMatchObject(expected)
      expect(await failure(() => bodyIn(group, 8))).toMatchObject(expected)
    }
  })

  it('of texts with characters of several bytes have the lengths of their bytes', () => {
    const texts = ['one', 'ü', '', '\u2014 \u{1f600}']
    const { bytes, offsets } = bundleOf(texts)
    const read = entriesOf({ first: 0, count: 4, bodies: bytes }).map(({ body }) => new TextDecoder().decode(body))
    expect(read).toEqual(texts)
    expect(offsets.at(-1)).toBe(bytes.length)
  })
})

describe('what a reader serves', () => {
  it('are tiles and bundles as tlog-tiles names them, whole or not, and nothing past the log', async () => {
    const log = await filledLog(setup(), 600)
    const { reader } = log
    const hashes = reader.leafHashes({ from: 0, to: 601 })
    expect(reader.tile({ level: 0, index: 1, width: 256 })).toEqual(hashes.slice(256 * 32, 512 * 32))
    expect(reader.tile({ level: 0, index: 2, width: 89 })).toEqual(hashes.slice(512 * 32))
    expect(reader.tile({ level: 1, index: 0, width: 2 })).toHaveLength(64)
    for (const [index, width] of [
      [0, 256],
      [2, 89],
      [2, 3],
    ] as const) {
      const bodies = entriesOf({ first: index * 256, count: width, bodies: reader.bundle({ index, width }) })
      const leaves = kernel.leafHashes(bodies.map(({ body }) => body))
      expect(Buffer.concat(leaves)).toEqual(Buffer.from(hashes.slice(index * 8192, index * 8192 + width * 32)))
    }
    const refused = [
      () => reader.tile({ level: 0, index: 2, width: 90 }),
      () => reader.tile({ level: 0, index: 0, width: 0 }),
      () => reader.tile({ level: 7, index: 0, width: 1 }),
      () => reader.tile({ level: 1, index: 0, width: 3 }),
      () => reader.bundle({ index: 2, width: 90 }),
      () => reader.bundle({ index: 0, width: 257 }),
    ]
    expect(await Promise.all(refused.map(codeOf))).toEqual(refused.map(() => 'AUDIT_RANGE'))
  })

  it('is not a bundle with a gap', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    for (let count = 0; count < 5; count += 1) await appendMany(log, 1)
    options.store.rows.delete(5)
    expect(await failure(() => log.reader.bundle({ index: 0, width: 6 }))).toMatchObject({ details: { index: 5 } })
    options.store.rows.delete(2)
    expect(await failure(() => log.reader.bundle({ index: 0, width: 6 }))).toMatchObject({
      code: 'AUDIT_CORRUPT',
      details: { index: 2, part: 'missing' },
    })
    expect(await failure(() => log.reader.entry(2))).toMatchObject({ details: { index: 2, part: 'missing' } })
  })

  it.each([
    ['the first row', 0, 0],
    ['one between', 3, 3],
    ['the last row', 5, 5],
  ])('is not read over: entries of a log without %s are named as missing, from either end', async (_, row, index) => {
    const options = setup()
    const log = await AuditLog.open(options)
    for (let count = 0; count < 5; count += 1) await appendMany(log, 1)
    options.store.rows.delete(row)
    const missing = { code: 'AUDIT_CORRUPT', details: { index, part: 'missing' } }
    for (const order of ['ascending', 'descending'] as const) {
      const read: number[] = []
      const reading = () => {
        for (const record of log.reader.entries({ order })) read.push(record.index)
      }
      expect(await failure(reading)).toMatchObject(missing)
      const all = [0, 1, 2, 3, 4, 5]
      expect(read).toEqual(order === 'ascending' ? all.slice(0, index) : all.slice(index + 1).reverse())
    }
    // What was not asked for is not missed.
    expect(Array.from(log.reader.entries({ fromIndex: index + 1 }))).toHaveLength(5 - index)
    expect(Array.from(log.reader.entries({ toIndex: index }))).toHaveLength(index)
    expect(await failure(() => Array.from(log.reader.entries({ kinds: ['redact'] })))).toMatchObject(missing)
  })
})

describe('the last entries of a log', () => {
  it.each([
    ['a row is missing', (rows: Map<number, unknown>) => rows.delete(3), 'missing'],
    ['the last row is missing', (rows: Map<number, unknown>) => rows.delete(5), 'missing'],
  ])('let it open for reading only when %s, and a running log signs nothing', async (_, damage, part) => {
    const options = setup()
    const log = await AuditLog.open(options)
    for (let count = 0; count < 5; count += 1) await appendMany(log, 1)
    await log.checkpoint()
    await appendMany(log, 0)
    damage(options.store.rows)
    expect((await AuditLog.open(options)).fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { part } })
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_ROLLBACK')
    expect(options.guard.written).toHaveLength(1)
  })

  it('and a changed body among them stop the next signature', async () => {
    const options = setup()
    const log = await filledLog(options, 3)
    await log.checkpoint()
    await appendMany(log, 3)
    options.store.rewrite(5, (bodies, position) => bodies.with(position, bodies[0]!))
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_ROLLBACK')
    expect(options.guard.written).toHaveLength(1)
    expect((await AuditLog.open(options)).fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { part: 'edge' } })
  })
})

describe('a restart', () => {
  it('leaves the root as it was, at the sizes where rows, tiles and levels begin', async () => {
    const options = setup()
    expect(new AuditReader({ store: options.store, kernel }).size).toBe(0)
    let log = await AuditLog.open(options)
    for (const size of [1, 255, 256, 257, 10_001, 65_536]) {
      while (log.size < size) await appendMany(log, Math.min(size - log.size, 8000))
      const { root } = log
      await log.checkpoint()
      log = await AuditLog.open(options)
      expect([log.fault, log.size, log.root]).toEqual([undefined, size, root])
      expect(log.reader.rootAt(size)).toEqual(root)
    }
    await log.verify()
    options.store.rewrite(900, (bodies, position) => bodies.with(position, bodies[0]!.with(2, 0x62)))
    expect(await failure(() => log.verify())).toMatchObject({ details: { index: 900, part: 'entry' } })
  }, 60_000)

  it('gives a reader as much of a cache as it is told', async () => {
    const options = setup()
    const log = await filledLog(options, 600)
    const reader = new AuditReader({ store: options.store, kernel, cacheBytes: 0 })
    for (const index of [0, 300, 600]) expect(reader.inclusion({ index })).toEqual(log.reader.inclusion({ index }))
  })

  it('begins the next epoch with the last checkpoint of the one before, which is no ASCII', async () => {
    const first = await filledLog(setup(), 3)
    const previousCheckpoint = await first.checkpoint()
    const origin = ORIGIN.replace(/1$/, '2')
    const options = setup({ previousCheckpoint, origin })
    const next = await AuditLog.open(options)
    expect(next.reader.entry(0).entry.log?.previous).toBe(previousCheckpoint)
    expect(openCheckpoint(previousCheckpoint, { logKey: first.verifierKey, kernel }).size).toBe(4)
    expect((await next.verify()).size).toBe(1)
    expect((await AuditLog.open(options)).fault).toBeUndefined()
  })
})
