/** The production adapters of the two ports that every part needs: randomness and time. */
import { randomBytes } from 'node:crypto'
import type { Clock, Random } from '@talos/ports'
import { requireLengthWithin } from './arguments.ts'

/** No caller needs more at once; a length from elsewhere cannot take memory through here. */
export const SYSTEM_RANDOM_MAX_BYTES = 1_048_576

/** The system's generator. Throws `KERNEL_ARGUMENT` for a length outside 0 to 1 MiB. */
export const systemRandom: Random = {
  bytes: (length) => {
    requireLengthWithin('length', length, { minimum: 0, maximum: SYSTEM_RANDOM_MAX_BYTES })
    return new Uint8Array(randomBytes(length))
  },
}

/** The system's clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }
