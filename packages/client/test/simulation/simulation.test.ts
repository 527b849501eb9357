import { Secret } from '@talos/bytes'
import { AgentDatabase, AgentHome } from '@talos/storage'
import { seededRandom, tempFolder } from '@talos/testkit'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { bothStores } from './both-stores.ts'
import { DEFECTS, type Defect } from './defects.ts'
import type { MemoryStorage } from './memory-storage.ts'
import type { Rule } from './oracle.ts'
import { calmScheduleOf, SEND_FAULTS, STEP_KINDS, scheduleOf, WRITE_FAULTS } from './schedule.ts'
import { shrink } from './shrink.ts'
import { type Counts, runSchedule, Shared, sweepOf } from './world.ts'

const SCHEDULES = 300
/** Schedules within which each defect must show; each shows much sooner. */
const SCHEDULES_PER_DEFECT = 1_500
const SHARED = new Shared()

/** What must find which defect; more than one where the first to see it depends on the schedule. */
const FOUND_BY: Readonly<Record<Defect, readonly Rule[]>> = {
  'is durable later': ['P2', 'kept', 'alive', 'once', 'P1'],
  'ignores leases': ['P3'],
  'forgets ids': ['once', 'kept'],
  'tears transactions': ['P2', 'kept', 'alive'],
  'sees no rollback': ['P1'],
  'forgets what was not answered': ['P2'],
}

async function firstViolation(defect: Defect): Promise<Rule | undefined> {
  for (let seed = 1; seed <= SCHEDULES_PER_DEFECT; seed += 1) {
    const { violation } = await runSchedule(SHARED, scheduleOf(seed), { defect })
    if (violation !== undefined) return violation.rule
  }
  return undefined
}

beforeAll(async () => await SHARED.prepare())

describe('sessions under faults', () => {
  it(`hold over ${SCHEDULES} schedules that meet every step and every kind of fault`, async () => {
    const total: Counts = {}
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      const { violation, counts } = await runSchedule(SHARED, scheduleOf(seed))
      expect(violation, `SEED=${seed} npm run simulate`).toBeUndefined()
      for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count
    }
    const wanted = [
      ...STEP_KINDS.map((kind) => `step ${kind}`),
      ...[...WRITE_FAULTS, ...SEND_FAULTS].map((kind) => `fault ${kind}`),
    ]
    expect(wanted.filter((what) => total[what] === undefined)).toEqual([])
    expect(total['event control frame']).toBeGreaterThan(0)
    expect(total['event older copy']).toBeGreaterThan(0)
    expect(total['event reset']).toBeGreaterThan(0)
  })

  it.each([0, 1, 2])('hold with one fault at each write and each send of schedule %i', async (seed) => {
    const sweep = await sweepOf(SHARED, calmScheduleOf(seed))
    expect(sweep.length).toBeGreaterThan(100)
    for (const schedule of sweep) {
      const { violation } = await runSchedule(SHARED, schedule)
      expect(violation, JSON.stringify(schedule.fault)).toBeUndefined()
    }
  })
})

describe('the simulation', () => {
  it.each(DEFECTS)('finds an agent that %s', async (defect) => {
    expect(FOUND_BY[defect]).toContain(await firstViolation(defect))
  })

  it('runs a seed the same way again, without time or chance of the process', async () => {
    const seeds = Array.from({ length: 20 }, (_, index) => index + 100)
    const traces = async () =>
      await Promise.all(seeds.map(async (seed) => await runSchedule(SHARED, scheduleOf(seed), { isTraced: true })))
    const first = await traces()
    const forbidden = () => {
      throw new RangeError('a simulation asks no clock and draws no lots')
    }
    const spies = [
      vi.spyOn(Date, 'now').mockImplementation(forbidden),
      vi.spyOn(Math, 'random').mockImplementation(forbidden),
      vi.spyOn(performance, 'now').mockImplementation(forbidden),
    ]
    try {
      expect(await traces()).toEqual(first)
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })

  it('shortens a schedule that fails to one that still does', async () => {
    const defect = 'ignores leases'
    const schedule = scheduleOf(7)
    const short = await shrink(SHARED, schedule, { rule: 'P3', defect })
    expect(short.steps.length).toBeLessThanOrEqual(2)
    expect((await runSchedule(SHARED, short, { defect })).violation?.rule).toBe('P3')
  })

  it('stores in memory what the database stores', async () => {
    let calls = 0
    for (const seed of [3, 4, 5, 6, 7, 8]) {
      using real = realStores(() => {
        calls += 1
      })
      const schedule = { ...calmScheduleOf(seed), start: 'nothing' } as const
      const { violation } = await runSchedule(SHARED, schedule, { inFront: real.inFront })
      expect(violation).toBeUndefined()
    }
    expect(calls).toBeGreaterThan(1_000)
  })
})

/** Puts a real database beside the store of each agent. */
function realStores(onCall: () => void) {
  const temporary = tempFolder()
  const home = new AgentHome({ root: temporary.path })
  const opened: AgentDatabase[] = []
  return {
    inFront: (memory: MemoryStorage) => {
      const folder = home.create({ name: `agent-${opened.length}`, keyFile: '{}' })
      const storageKey = Secret.of(new Uint8Array(32))
      const random = seededRandom(opened.length)
      const database = AgentDatabase.open({ folder, lock: folder.lock(), storageKey, random, kernel: SHARED.kernel })
      opened.push(database)
      return bothStores(memory, database, onCall)
    },
    [Symbol.dispose]: () => {
      for (const database of opened) database.close()
      temporary[Symbol.dispose]()
    },
  }
}
