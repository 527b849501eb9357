/** Starts the thread of the TypeScript targets and watches it. */
import { Worker } from 'node:worker_threads'
import { type FuzzReport, inputOf } from './engine.ts'
import type { Target } from './target.ts'
import type { WorkerTask } from './worker.ts'

/** A case that has not ended by then never will, however busy the machine is. */
const HANG_MS = 20_000
const LOOK_MS = 250
const OWN_TARGETS = new URL('./targets/index.ts', import.meta.url)

export interface WatchOptions {
  readonly targets: readonly Target[]
  readonly only: string
  readonly seed: number
  readonly seconds: number
  /** Where the thread finds the targets; the repository's own unless given. */
  readonly targetsModule?: URL
  /** {@link HANG_MS} unless given. */
  readonly hangMs?: number
}

/** Runs the targets for that time; a case that hangs is a finding, and the run ends there. */
export async function watchedFuzz(options: WatchOptions): Promise<FuzzReport> {
  const { targets, only, seed, seconds, targetsModule = OWN_TARGETS, hangMs = HANG_MS } = options
  const progress = new SharedArrayBuffer(8)
  const place = new Int32Array(progress)
  const task: WorkerTask = { targetsModule: targetsModule.href, only, seed, seconds, progress }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  const { promise, resolve, reject } = Promise.withResolvers<FuzzReport>()
  worker.once('message', resolve)
  worker.once('error', reject)
  let last = ''
  let sinceMs = performance.now()
  const timer = setInterval(() => {
    const now = `${Atomics.load(place, 0)}/${Atomics.load(place, 1)}`
    if (now !== last) {
      last = now
      sinceMs = performance.now()
      return
    }
    if (performance.now() - sinceMs > hangMs) resolve(hung(targets, { seed, place, hangMs }))
  }, LOOK_MS)
  try {
    return await promise
  } finally {
    clearInterval(timer)
    await worker.terminate()
  }
}

function hung(
  targets: readonly Target[],
  { seed, place, hangMs }: { readonly seed: number; readonly place: Int32Array; readonly hangMs: number },
): FuzzReport {
  const [index = 0, number = 0] = place
  const target = targets[index]
  if (target === undefined) throw new Error('the thread of the targets does not answer')
  const inputHex = Buffer.from(inputOf(target, { seed, number })).toString('hex')
  const what = `it had not ended after ${hangMs} ms`
  return { seed, targets: [], findings: [{ target: target.name, seed, case: number, what, inputHex }] }
}
