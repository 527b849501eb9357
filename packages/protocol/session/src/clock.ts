/** The caller's clock (spec 06-session 6.8). */
import { TalosError } from '@talos/errors'

/**
 * Times are stored as integers: one that is none would make a record that nobody reads.
 *
 * @throws TalosError `SESSION_ARGUMENT`
 */
export function checkNow(nowMs: number): void {
  if (!Number.isSafeInteger(nowMs) || nowMs < 0) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'nowMs', reason: 'it is not an integer from 0 to 2^53 - 1' })
  }
}
