/** Memory that is really held: for tests that claim a bound. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes alive in the heap and in array buffers after a full garbage collection. Slow: call it a few times per test. */
export function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  // Freed buffers are swept on another thread, which may lag; the next collection waits for it before it begins.
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
