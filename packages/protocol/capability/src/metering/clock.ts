/**
 * Time that only goes on (spec 16-metering, clause 16.4).
 *
 * A clock that steps back by little stands still until it has caught up, so that one that wavers gains nothing. One that
 * steps back by more was wrong before: time goes on from where it stood, so that nobody waits a year for it.
 */
import { TalosError } from '@talos/errors'

/** The longest that time stands still for a clock that stepped back. */
export const MAX_STANDSTILL_MS = 60_000

export class SteadyClock {
  #latestMs = 0
  #offsetMs = 0

  /**
   * The steady time at a reading of the clock.
   *
   * @throws TalosError `CAPABILITY_OPTION_INVALID`: a clock that is not a number must not make anything free
   */
  read(nowMs: number): number {
    if (!Number.isSafeInteger(nowMs) || nowMs < 0) {
      throw new TalosError('CAPABILITY_OPTION_INVALID', {
        option: 'nowMs',
        reason: 'not a whole number of milliseconds',
      })
    }
    const steadyMs = nowMs + this.#offsetMs
    if (steadyMs >= this.#latestMs) this.#latestMs = steadyMs
    else if (this.#latestMs - steadyMs > MAX_STANDSTILL_MS) this.#offsetMs = this.#latestMs - nowMs
    return this.#latestMs
  }
}
