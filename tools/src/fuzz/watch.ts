/** Starts the thread of the TypeScript targets and watches it. */
import { Worker } from 'node:worker_threads'
import { type FuzzReport, inputOf } from './engine.ts'
import type { Target } from './target.ts'
import type { WorkerTask } from './worker.ts'

/** A case that has not ended by then never will, however busy the machine is. */
const HANG_MS = 20_000
const LOOK_MS = 500

export interface WatchOptions {
  readonly targets: readonly Target[]
  readonly only: string
  readonly seed: number
  readonly seconds: number
}

/** Runs the targets for that time; a case that hangs is a finding, and the run ends there. */
export async function watchedFuzz({ targets, only, seed, seconds }: WatchOptions): Promise<FuzzReport> {
  const progress = new SharedArrayBuffer(8)
  const place = new Int32Array(progress)
  const task: WorkerTask = { only, seed, seconds, progress }
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
    if (performance.now() - sinceMs > HANG_MS) resolve(hung(targets, { seed, place }))
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
  { seed, place }: { readonly seed: number; readonly place: Int32Array },
): FuzzReport {
  const [index = 0, number = 0] = place
  const target = targets[index]
  if (target === undefined) throw new Error('the thread of the targets does not answer')
  const inputHex = Buffer.from(inputOf(target, { seed, number })).toString('hex')
  const what = `it had not ended after ${HANG_MS} ms`
  return { seed, targets: [], findings: [{ target: target.name, seed, case: number, what, inputHex }] }
}
