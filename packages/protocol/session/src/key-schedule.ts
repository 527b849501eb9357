/**
 * What the steps have in common around the kernel: turns of the root chain, and failures in the words of a session
 * (spec 06-session 6.6, 6.7; Double Ratchet section 4.3).
 *
 *     RK, CK, NHK = HKDF-SHA256(salt RK, DH [|| post-quantum secret], "talos/ts1/rk", 96)
 */
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel, RatchetTurned, RatchetTurnInput } from '@talos/kernel'

/**
 * One turn of the root chain.
 *
 * @throws TalosError `SESSION_LOW_ORDER`
 */
export function turnRoot(kernel: Kernel, input: RatchetTurnInput): RatchetTurned {
  return contributory(() => kernel.ratchetTurn(input))
}

/**
 * Runs a step with a DH in it, which must contribute something.
 *
 * @throws TalosError `SESSION_LOW_ORDER`
 */
export function contributory<T>(step: () => T): T {
  try {
    return step()
  } catch (cause) {
    if (isTalosError(cause, 'KERNEL_LOW_ORDER')) throw new TalosError('SESSION_LOW_ORDER', {}, { cause })
    throw cause
  }
}

/**
 * Runs the opening of a message.
 *
 * @throws TalosError `SESSION_AUTHENTICATION`, `SESSION_MESSAGE_INVALID` (the padding has no end)
 */
export function authentic<T>(open: () => T): T {
  try {
    return open()
  } catch (cause) {
    if (isTalosError(cause, 'KERNEL_AUTHENTICATION')) throw new TalosError('SESSION_AUTHENTICATION')
    if (isTalosError(cause, 'KERNEL_PADDING')) throw invalidMessage('the padding has no end', cause)
    throw cause
  }
}

/** Runs an authenticated opening; `undefined` when it does not authenticate. Other failures pass through. */
export function ifAuthentic<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch (error) {
    if (isTalosError(error, 'KERNEL_AUTHENTICATION')) return undefined
    throw error
  }
}

export function exhausted(limit: string): TalosError {
  return new TalosError('SESSION_EXHAUSTED', { limit })
}

export function invalidMessage(reason: string, cause?: unknown): TalosError {
  return new TalosError('SESSION_MESSAGE_INVALID', { reason }, { cause })
}
