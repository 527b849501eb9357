/** A clock that a test moves by hand. */
import type { Clock } from '@talos/ports'

export interface ManualClock extends Clock {
  /** Moves the time by `durationMs`; a negative number sets it back, as a system's clock may be. */
  advance(durationMs: number): void
}

/** @param startMs milliseconds since the Unix epoch */
export function manualClock(startMs: number): ManualClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    advance(durationMs: number): void {
      nowMs += durationMs
    },
  }
}
