/** The harness measures what it says: turns, medians, paired ratios, verdicts and exit codes, on a clock of the test's own. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Bench, type Field, readOptions, runBench, type Scenario, select, UsageError } from '../harness/command.ts'
import { contestant, type Effort, type Measured, measure, type Stopwatch, type Subject } from '../harness/measure.ts'
import { pairedRatios, quantile, spreadOf } from '../harness/statistics.ts'
import { judgeRatio, judgeValue, type RatioTarget } from '../harness/targets.ts'

const EFFORT: Effort = { rounds: 3, batches: 4, turnMs: 1000, batchMs: 1, warmUpMs: 2 }
const ONE_BY_ONE: Effort = { ...EFFORT, batchMs: 0, turnMs: 1e6 }

/** A clock that only the subjects move: an operation takes as long as its subject says. */
function handMade() {
  let ns = 0n
  let interruptions = 0
  const stopwatch: Stopwatch = {
    nowNs: () => ns,
    cpuUs: () => Number(ns) / 2000,
    interruptions: () => interruptions,
  }
  const interrupt = () => {
    interruptions++
  }
  const subject = (name: string, opNs: () => number, more: Partial<Subject> = {}): Subject => ({
    name,
    run: (count) => {
      for (let index = 0; index < count; index++) ns += BigInt(opNs())
    },
    ...more,
  })
  return { stopwatch, subject, interrupt }
}

function field(subjects: readonly Subject[], stopwatch: Stopwatch) {
  return subjects.map((subject) => contestant(subject, stopwatch))
}

/** Runs everybody in this process. */
const here: Field = async (scenario, names) => {
  const { subjects } = await scenario.open(names)
  return { contestants: subjects.map((subject) => contestant(subject)), close: () => undefined }
}

function rounds(name: string, wallUs: readonly number[]): Measured {
  return { name, batchSize: 1, rounds: wallUs.map((each) => ({ wallUs: each, cpuUs: each * 2, interruptedShare: 0 })) }
}

const TARGET: RatioTarget = {
  id: 'it',
  title: 'ours against theirs',
  scenario: 'work',
  subject: 'ours',
  reference: 'theirs',
  direction: 'at least',
  reach: 3,
  must: 2,
}

function work(ours: readonly number[], theirs: readonly number[]) {
  return [{ id: 'work', title: 'Work', subjects: [rounds('ours', ours), rounds('theirs', theirs)] }]
}

describe('statistics', () => {
  test('take the middle of an odd number of values and interpolate that of an even one', () => {
    expect(quantile([5, 1, 3], 0.5)).toBe(3)
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(() => quantile([], 0.5)).toThrow(RangeError)
  })

  test('name the tenth and the ninetieth of a hundred', () => {
    const values = Array.from({ length: 101 }, (_, index) => 100 - index)
    expect(spreadOf(values)).toEqual({ median: 50, low: 10, high: 90 })
  })

  test('pair the rounds, and refuse rounds that have no partner', () => {
    expect(pairedRatios([10, 30], [5, 10])).toEqual([2, 3])
    expect(() => pairedRatios([1, 2], [1])).toThrow(RangeError)
  })
})

describe('a measurement', () => {
  test('lets the subjects take turns in every round', async () => {
    const { stopwatch, subject } = handMade()
    const turns: string[] = []
    const subjects = [subject('a', () => 500_000), subject('b', () => 500_000)]
    await measure({
      contestants: field(subjects, stopwatch),
      effort: EFFORT,
      onTurn: ({ round, name }) => turns.push(`${name}${round}`),
    })
    expect(turns).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3'])
  })

  test('warms a subject up for as long as the subject or the effort asks for, whichever is longer', async () => {
    for (const [warmUpMs, expected] of [
      [undefined, 2],
      [1, 2],
      [7, 7],
    ] as const) {
      const { stopwatch, subject } = handMade()
      const slow = subject('a', () => 1_000_000, { maxBatch: 1, ...(warmUpMs !== undefined && { warmUpMs }) })
      await contestant(slow, stopwatch).warmUp(EFFORT)
      expect(Number(stopwatch.nowNs())).toBe(expected * 1_000_000)
    }
  })

  test('gives the mean of a turn, so that what happens seldom counts, in wall time and processor time', async () => {
    const { stopwatch, subject } = handMade()
    let calls = 0
    const seldomSlow = subject('a', () => (++calls % 4 === 0 ? 5_000_000 : 1_000_000))
    const [a] = await measure({ contestants: field([seldomSlow], stopwatch), effort: ONE_BY_ONE })
    expect(a).toEqual({
      name: 'a',
      batchSize: 1,
      rounds: Array(3).fill({ wallUs: 2000, cpuUs: 1000, interruptedShare: 0 }),
    })
  })

  test('leaves out of the wall time what the scheduler interrupted, unless that is nearly everything', async () => {
    const { stopwatch, subject, interrupt } = handMade()
    let calls = 0
    const interrupted = (name: string, every: number) =>
      subject(name, () => {
        if (++calls % every !== 0) return 1_000_000
        interrupt()
        return 9_000_000
      })
    const subjects = [interrupted('seldom', 4), interrupted('always', 1)]
    const [seldom, always] = await measure({ contestants: field(subjects, stopwatch), effort: ONE_BY_ONE })
    expect(seldom?.rounds).toEqual(Array(3).fill({ wallUs: 1000, cpuUs: 1500, interruptedShare: 0.25 }))
    expect(always?.rounds).toEqual(Array(3).fill({ wallUs: 9000, cpuUs: 4500, interruptedShare: 1 }))
  })

  test('sizes batches by what an operation takes, and keeps the most that a subject allows', async () => {
    const { stopwatch, subject } = handMade()
    const subjects = [subject('fast', () => 10_000), subject('bounded', () => 10_000, { maxBatch: 7 })]
    const measured = await measure({ contestants: field(subjects, stopwatch), effort: EFFORT })
    expect(measured.map(({ batchSize }) => batchSize)).toEqual([100, 7])
  })

  test('prepares as many operations as it then runs, outside the time', async () => {
    const { stopwatch, subject } = handMade()
    const slow = subject('', () => 9_000_000)
    const prepared: number[] = []
    const ran: number[] = []
    const fast = subject('a', () => 1000)
    const subjects: Subject[] = [
      {
        name: 'a',
        prepare: (count) => {
          prepared.push(count)
          void slow.run(1)
        },
        run: async (count) => {
          ran.push(count)
          await fast.run(count)
        },
      },
    ]
    const [measured] = await measure({ contestants: field(subjects, stopwatch), effort: EFFORT })
    expect(measured?.rounds.map(({ wallUs }) => wallUs)).toEqual([1, 1, 1])
    expect(prepared).toEqual(ran)
    expect(ran.length).toBeGreaterThan(12)
  })
})

describe('a target', () => {
  test('is judged by the median of the ratios within each round', () => {
    // The machine is ten times slower in the second round, for both: the ratio of the medians would say 1.
    const judged = judgeRatio(TARGET, work([10, 100, 10], [40, 300, 10]))
    expect(judged.value?.median).toBe(3)
    expect(judged.cpuValue?.median).toBe(3)
    expect(judged).toMatchObject({ unit: 'x', met: 'reach' })
  })

  test.each([
    [[30], 'reach'],
    [[29], 'must'],
    [[20], 'must'],
    [[19], 'missed'],
  ] as const)('of at least 3, and 2 as a must, is for 10 against %s: %s', (theirs, met) => {
    expect(judgeRatio(TARGET, work([10], theirs)).met).toBe(met)
  })

  test('of at most some cost divides the other way', () => {
    const within: RatioTarget = { ...TARGET, direction: 'at most', reach: 1.1, must: 1.3 }
    expect(judgeRatio(within, work([11], [10]))).toMatchObject({ value: { median: 1.1 }, met: 'reach' })
    expect(judgeRatio(within, work([13], [10])).met).toBe('must')
    expect(judgeRatio(within, work([14], [10])).met).toBe('missed')
  })

  test('without a must is missed below its reach', () => {
    const { must: _must, ...only } = TARGET
    expect(judgeRatio(only, work([10], [29])).met).toBe('missed')
  })

  test('is not measured where a subject or the scenario is absent', () => {
    expect(judgeRatio(TARGET, [])).toMatchObject({ met: 'not measured' })
    expect(judgeRatio({ ...TARGET, reference: 'nobody' }, work([1], [1])).met).toBe('not measured')
    expect(judgeValue(TARGET, { unit: 'B', value: undefined }).met).toBe('not measured')
  })
})

const NOTHING: Scenario = { id: 'seal', title: 'Seal', subjectNames: ['talos portable', 'libsignal'], open: fail }

async function fail(): Promise<never> {
  throw new Error('a scenario that was not asked for was opened')
}

function bench(met: 'missed' | 'reach', opened: Set<string>): Bench {
  const open: Scenario['open'] = async (names) => {
    for (const name of names) opened.add(name)
    return { subjects: [{ name: 'talos portable', run: () => undefined }] }
  }
  return {
    name: 'test',
    about: 'A test.',
    scenarios: [{ ...NOTHING, id: 'open', open }, NOTHING],
    judge: () => ({
      facts: [],
      targets: [{ id: 'it', title: 'it', direction: 'at least', reach: 1, unit: 'x', met }],
      notes: ['a note'],
    }),
  }
}

describe('a command', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('narrows scenarios and subjects by the words of --only, and refuses a word that is in no name', () => {
    const { scenarios, subjects } = select([NOTHING, { ...NOTHING, id: 'open' }], ['talos', 'open'])
    expect(scenarios.map(({ id }) => id)).toEqual(['open'])
    expect([...subjects]).toEqual(['talos portable'])
    expect(() => select([NOTHING], ['nobody'])).toThrow(UsageError)
  })

  test('refuses an option that it does not have', () => {
    expect(() => readOptions(['--fast'])).toThrow(UsageError)
    expect(readOptions(['-h'])).toBe('help')
    expect(readOptions(['--only', 'a,b', '--no-install'])).toMatchObject({
      only: ['a', 'b'],
      install: false,
      json: false,
    })
  })

  test.each([
    [false, 'missed', 0],
    [true, 'missed', 1],
    [true, 'reach', 0],
  ] as const)(
    'with --assert %s and a target that is %s ends with %i, and prints one JSON object',
    async (assert, met, code) => {
      const written: string[] = []
      vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
      const opened = new Set<string>()
      const options = {
        json: true,
        effort: { ...EFFORT, batches: 1, warmUpMs: 0 },
        only: ['open', 'talos'],
        assert,
        install: false,
      }
      expect(await runBench(bench(met, opened), options, here)).toBe(code)
      expect([...opened]).toEqual(['talos portable'])
      const report = JSON.parse(written.join(''))
      expect(report).toMatchObject({ format: 'talos-bench/1', bench: 'test', notes: ['a note'] })
      expect(report.targets).toEqual([expect.objectContaining({ id: 'it', met })])
      expect(report.scenarios).toEqual([expect.objectContaining({ id: 'open' })])
    },
  )
})
