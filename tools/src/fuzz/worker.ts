/** Runs the TypeScript targets in a thread of its own, so that one that hangs can be named and ended from outside. */
import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './engine.ts'
import type { Target } from './target.ts'

/** What the thread is given. */
export interface WorkerTask {
  /** URL of a module that exports `allTargets`. */
  readonly targetsModule: string
  readonly only: string
  readonly seed: number
  readonly seconds: number
  /** Two 32-bit numbers that it keeps up to date: the target and the case that is running. */
  readonly progress: SharedArrayBuffer
}

const { targetsModule, only, seed, seconds, progress }: WorkerTask = workerData
const { allTargets }: { allTargets: (only: string) => Promise<readonly Target[]> } = await import(targetsModule)
const place = new Int32Array(progress)
const report = await fuzz({
  targets: await allTargets(only),
  seed,
  seconds,
  onCase: (target, number) => {
    Atomics.store(place, 0, target)
    Atomics.store(place, 1, number)
  },
})
parentPort?.postMessage(report)
