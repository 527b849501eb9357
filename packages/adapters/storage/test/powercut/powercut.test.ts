/**
 * Power cuts: writers of a log under the shim, their disk cut off at many places, each state opened with the real code.
 * `npm run powercut -- --states 5000` does more of the same.
 */
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { DEFECTS } from '../audit-kill/order.ts'
import { Prng } from '../audit-kill/prng.ts'
import { CUTS, type Cut, Disk } from './disk.ts'
import type { JournalRecord } from './journal.ts'
import { whyNotRecorded } from './record.ts'
import { control, cutIn, nested, round } from './round.ts'
import { KINDS } from './scenario.ts'

const MAX_RECORDINGS = 6
const STATES = 60
const suffix = whyNotRecorded === undefined ? '' : ` (skipped: ${whyNotRecorded})`

describe.skipIf(whyNotRecorded !== undefined)(`a log whose power is cut${suffix}`, () => {
  it.each(KINDS)('keeps what it acknowledged and signed: %s', async (kind) => {
    using home = tempFolder()
    const result = await round(kind, { home: home.path, seed: 3, states: STATES })
    expect(result.findings).toEqual([])
    expect(result.acknowledging).toBeGreaterThan(0)
    expect(result.publishing).toBeGreaterThan(0)
  })

  it('keeps it when the power is cut again while it recovers', async () => {
    using home = tempFolder()
    const result = await nested({ home: home.path, seed: 5, states: STATES })
    expect(result.findings).toEqual([])
  })

  it('signs nothing of a killed writer that it has not made durable itself', async () => {
    using home = tempFolder()
    const life = { seed: 1, callers: 2, entries: 6, paceMs: 2, publishMs: 300 }
    const killed = { ...life, faults: ['!fault sync audit.db-wal 4 1 kill'] }
    const signer = { ...life, callers: 0, publishMs: 1, faults: ['!fault sync audit.db-wal 0 1 kill'] }
    const result = await cutIn([killed, signer], { home: home.path, seed: 1, states: 2 * STATES })
    expect(result.findings).toEqual([])
  })

  it('says of no entry that it is not stored when a restart would bring it back', async () => {
    using home = tempFolder()
    const life = { seed: 1, callers: 2, entries: 12, paceMs: 2, publishMs: 300 }
    const failing = { ...life, faults: ['!fault sync audit.db-wal 4 1 5', '!fault sync audit.db-wal 6 3 5'] }
    const result = await cutIn([failing, life], { home: home.path, seed: 1, states: 'said' })
    expect(result.findings).toEqual([])
    expect(result.failed).toBeGreaterThan(0)
  })

  it('recovers from a flush that failed and a kill, with nothing that only the memory of the system has', async () => {
    using home = tempFolder()
    const life = { seed: 1, callers: 3, entries: 10, paceMs: 2, publishMs: 6, keepsSalts: true }
    const failing = { ...life, faults: ['!fault sync audit.db-wal 1 1 failkill'] }
    const last = { ...life, callers: 1, entries: 1 }
    const result = await cutIn([life, failing, last], { home: home.path, seed: 1, states: 'recovery' })
    expect(result.findings).toEqual([])
  })

  it('does not rely on a flush of the folder that failed', async () => {
    using home = tempFolder()
    const life = { seed: 1, callers: 3, entries: 8, paceMs: 2, publishMs: 100 }
    const failing = { ...life, faults: ['!fault dirsync * 0 1 5'] }
    const late = await cutIn([life, failing], { home: home.path, seed: 1, states: 'said' })
    const early = await cutIn([life, { ...failing, faultsFirst: true }], { home: home.path, seed: 1, states: 'said' })
    expect([late.findings, early.findings]).toEqual([[], []])
  })

  it('signs nothing where a disk that lied about its flushes has lost what was signed', async () => {
    using home = tempFolder()
    const life = { seed: 1, callers: 3, entries: 12, paceMs: 2, publishMs: 6 }
    const faults = ['!fault sync audit.db-wal 3 1000000 lie']
    const findings: Awaited<ReturnType<typeof cutIn>>['findings'][number][] = []
    const contradictions = () => findings.filter(({ breaches }) => breaches.contradicted !== undefined)
    // Whether a recording has such a state at all depends on when the process was let run.
    for (let seed = 1; seed <= MAX_RECORDINGS && contradictions().length === 0; seed += 1) {
      const recorded = { ...life, seed, faults }
      findings.push(...(await cutIn([recorded], { home: home.path, seed, states: 2 * STATES })).findings)
    }
    const contradicted = contradictions()
    expect(contradicted.length).toBeGreaterThan(0)
    // Some of these states show what is gone by themselves; for the others the checkpoint beside the log does.
    const named = ['AUDIT_CORRUPT', 'AUDIT_ROLLBACK']
    expect(contradicted.filter(({ fault = '' }) => !named.includes(fault))).toEqual([])
    // Later writes kept without earlier ones leave torn pages: these are found and named, never read as if whole.
    const damaged = findings.filter(({ breaches }) => breaches.damaged !== undefined)
    expect(damaged.filter(({ damage }) => damage !== 'AUDIT_CORRUPT')).toEqual([])
  })

  it.each(DEFECTS)('would show the defect: %s', async (defect) => {
    using home = tempFolder()
    const result = await control(defect, { home: home.path, seed: 1, states: STATES })
    expect(result.findings.length).toBeGreaterThan(0)
  })
})

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const act = (kind: JournalRecord['kind'], inode: number, number = 0, data = ''): JournalRecord => {
  return { kind, inode, number, data: text(data) }
}

/** Every content of `name` that a cut may leave, over many seeds; `-` where there is no such file. */
function contents(records: readonly JournalRecord[], name: string, cuts: readonly Cut[] = CUTS): string[] {
  const disk = new Disk(new Map([['old', text('before')]]))
  for (const record of records) disk.follow(record)
  const found = cuts.flatMap((cut) =>
    Array.from({ length: 60 }, (_, seed) => {
      const content = disk.cut(cut, new Prng(seed, 0)).get(name)
      return content === undefined ? '-' : new TextDecoder().decode(content)
    }),
  )
  return [...new Set(found)].sort()
}

describe('the disk of the simulation', () => {
  const created = [act('open', 1, 1, 'new'), act('write', 1, 0, 'abc')]

  it('keeps what was flushed, name and content, and may lose all else', () => {
    expect(contents(created, 'new')).toEqual(['', '-', 'abc'])
    expect(contents([...created, act('sync', 1)], 'new')).toEqual(['-', 'abc'])
    expect(contents([...created, act('dirsync', 9)], 'new')).toEqual(['', 'abc'])
    expect(contents([...created, act('sync', 1), act('dirsync', 9)], 'new')).toEqual(['abc'])
    expect(contents(created, 'new', ['nothing'])).toEqual(['-'])
    expect(contents(created, 'new', ['everything'])).toEqual(['abc'])
  })

  it('tears a write between sectors and nowhere else', () => {
    const durable = [...created, act('sync', 1), act('dirsync', 9)]
    const torn = contents([...durable, act('write', 1, 508, 'x'.repeat(8))], 'new')
    const hole = '\0'.repeat(505)
    expect(torn).toEqual(['abc', `abc${hole}${'\0'.repeat(4)}xxxx`, `abc${hole}xxxx`, `abc${hole}xxxxxxxx`].sort())
  })

  it('trusts no later flush with what an earlier one failed for, until it is written again', () => {
    const failed = [...created, act('sync', 1), act('dirsync', 9), act('write', 1, 0, 'xyz'), act('syncfail', 1)]
    expect(contents([...failed, act('sync', 1)], 'new')).toEqual(['abc', 'xyz'])
    expect(contents([...failed, act('write', 1, 0, 'xyz'), act('sync', 1)], 'new')).toEqual(['xyz'])
  })

  it('follows a file that is moved, emptied, cut and removed', () => {
    const over = [...created, act('sync', 1), act('dirsync', 9), act('rename', 0, 0, 'new\0old')]
    expect(contents(over, 'old')).toEqual(['abc', 'before'])
    expect(contents([...over, act('dirsync', 9)], 'old')).toEqual(['abc'])
    expect(contents([...over, act('dirsync', 9)], 'new')).toEqual(['-'])
    expect(contents([act('open', 2, 2, 'old')], 'old')).toEqual(['', 'before'])
    expect(contents([act('open', 2, 0, 'old'), act('truncate', 2, 3), act('sync', 2)], 'old')).toEqual(['bef'])
    expect(contents([act('unlink', 0, 0, 'old')], 'old')).toEqual(['-', 'before'])
    expect(contents([act('open', 3, 1, 'a.db-shm'), act('write', 3, 0, 'x')], 'a.db-shm')).toEqual(['-'])
  })
})
