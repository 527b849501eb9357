/**
 * `npm run simulate -- [--schedules N] [--seed S] [--workers W] [--json]`: runs the schedules of N seeds from S on, one
 * process per core. `SEED=… npm run simulate` replays one seed and prints its shortest failing form.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Schedule, scheduleOf } from './schedule.ts'
import { shrink } from './shrink.ts'
import { type Counts, runSchedule, Shared } from './world.ts'

const DEFAULT_SCHEDULES = 1_000
/** Seeds that a worker takes at a time, and failures after which the rest is not run any more. */
const BATCH = 250
const MAX_FAILURES = 10
const PROGRESS_EVERY_MS = 5_000
const WORKER = '--worker'

interface Batch {
  readonly from: number
  readonly to: number
}

interface BatchResult {
  readonly schedules: number
  readonly counts: Counts
  readonly failures: readonly Failure[]
}

interface Failure {
  readonly seed: number
  readonly rule: string
  readonly message: string
}

async function main(): Promise<void> {
  if (process.argv.includes(WORKER)) return await work()
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const replayed = process.env['SEED']
  if (replayed !== undefined && replayed !== '') return await replay(Number(replayed))
  const schedules = Number(values.schedules ?? DEFAULT_SCHEDULES)
  const seed = Number(values.seed ?? 1)
  const workers = Math.max(1, Math.min(Number(values.workers ?? availableParallelism()), Math.ceil(schedules / BATCH)))
  await runAll({ from: seed, to: seed + schedules, workers, isJson: values.json === true })
}

async function runAll(options: Batch & { readonly workers: number; readonly isJson: boolean }): Promise<void> {
  const { from, to, workers, isJson } = options
  const beganMs = performance.now()
  const total = { schedules: 0, counts: {} as Counts, failures: [] as Failure[] }
  let next = from
  let shownMs = beganMs
  const take = (): Batch | undefined => {
    if (next >= to || total.failures.length >= MAX_FAILURES) return undefined
    const batch = { from: next, to: Math.min(to, next + BATCH) }
    next = batch.to
    return batch
  }
  const onResult = (result: BatchResult) => {
    total.schedules += result.schedules
    total.failures.push(...result.failures)
    addCounts(total.counts, result.counts)
    if (isJson || performance.now() - shownMs < PROGRESS_EVERY_MS) return
    shownMs = performance.now()
    const eachMs = (shownMs - beganMs) / total.schedules
    const leftS = Math.round(((to - from - total.schedules) * eachMs) / 1000)
    process.stderr.write(`${total.schedules} of ${to - from}, ${total.failures.length} failed, ${leftS} s left\n`)
  }
  await Promise.all(Array.from({ length: workers }, async () => await drive(take, onResult)))
  const seconds = (performance.now() - beganMs) / 1000
  const kernel = new Shared().kernel.name
  if (isJson) console.log(JSON.stringify({ ...total, seconds, workers, kernel, counts: sorted(total.counts) }))
  else report({ ...total, seconds, workers, kernel })
  process.exitCode = total.failures.length === 0 ? 0 : 1
}

/** One worker process, fed until nothing is left. */
async function drive(take: () => Batch | undefined, onResult: (result: BatchResult) => void): Promise<void> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [WORKER], { execArgv: process.execArgv })
  await new Promise<void>((resolve, reject) => {
    const feed = () => {
      const batch = take()
      if (batch !== undefined) return void child.send(batch)
      child.disconnect()
      resolve()
    }
    child.on('message', (result: BatchResult) => {
      onResult(result)
      feed()
    })
    child.on('exit', () => reject(new Error('a worker ended')))
    feed()
  })
}

async function work(): Promise<void> {
  const shared = new Shared()
  const ready = shared.prepare()
  process.on('message', (batch: Batch) => {
    void ready.then(async () => process.send?.(await runBatch(shared, batch)))
  })
}

async function runBatch(shared: Shared, { from, to }: Batch): Promise<BatchResult> {
  const counts: Counts = {}
  const failures: Failure[] = []
  for (let seed = from; seed < to; seed += 1) {
    const outcome = await runSchedule(shared, scheduleOf(seed))
    addCounts(counts, outcome.counts)
    const { violation } = outcome
    if (violation !== undefined) failures.push({ seed, rule: violation.rule, message: violation.message })
  }
  return { schedules: to - from, counts, failures }
}

async function replay(seed: number): Promise<void> {
  const shared = new Shared()
  await shared.prepare()
  const schedule = scheduleOf(seed)
  const { violation } = await runSchedule(shared, schedule)
  if (violation === undefined) {
    await show(shared, schedule)
    console.log(`seed ${seed}: nothing is wrong`)
    return
  }
  await show(shared, await shrink(shared, schedule, { rule: violation.rule }))
  console.log(`seed ${seed}: ${violation.message}`)
  process.exitCode = 1
}

async function show(shared: Shared, schedule: Schedule): Promise<void> {
  const { trace, violation } = await runSchedule(shared, schedule, { isTraced: true })
  console.log(`the agents begin as: ${schedule.start}`)
  for (const [index, line] of trace.entries()) console.log(`${String(index + 1).padStart(3)}  ${line}`)
  if (violation !== undefined) console.log(`     ${violation.message}`)
}

function report(
  result: BatchResult & { readonly seconds: number; readonly workers: number; readonly kernel: string },
): void {
  const { schedules, counts, failures, seconds, workers, kernel } = result
  for (const [what, count] of Object.entries(sorted(counts))) console.log(`${String(count).padStart(12)}  ${what}`)
  for (const { seed, message } of failures) console.log(`seed ${seed}: ${message}\n  SEED=${seed} npm run simulate`)
  const eachMs = ((seconds * 1000 * workers) / Math.max(1, schedules)).toFixed(2)
  const speed = `${seconds.toFixed(1)} s, ${workers} processes, ${eachMs} ms each per core, ${kernel} kernel`
  console.log(`${schedules} schedules, ${failures.length} failed (${speed})`)
}

function addCounts(into: Counts, more: Counts): void {
  for (const [what, count] of Object.entries(more)) into[what] = (into[what] ?? 0) + count
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1)))
}

await main()
