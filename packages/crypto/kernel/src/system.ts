/** The production adapters of the two ports that every part needs: randomness and time. */
import { randomBytes, randomFillSync } from 'node:crypto'
import type { Clock, Random } from '@talos/ports'
import { requireLengthWithin } from './arguments.ts'
import { AEAD_NONCE_BYTES } from './kernel.ts'

/** No caller needs more at once; a length from elsewhere cannot take memory through here. */
export const SYSTEM_RANDOM_MAX_BYTES = 1_048_576

/** Of nonces that were drawn ahead: 341 of them. */
const NONCE_POOL_BYTES = 4092

/**
 * Nonces, drawn ahead: a draw from Node costs 1.3 us whatever its length, a third of what sealing a message costs.
 *
 * Only draws as short as a nonce come from here, none of which is a secret; keys, seeds and salts are longer, and what
 * is drawn for them never waits in memory. Each byte is given out once and erased here. A copy of the running process
 * repeats what waits here, as it repeats what OpenSSL's generator gives next.
 */
class NoncePool {
  readonly #bytes = new Uint8Array(NONCE_POOL_BYTES)
  #next = NONCE_POOL_BYTES

  take(length: number): Uint8Array {
    if (this.#next + length > NONCE_POOL_BYTES) {
      randomFillSync(this.#bytes)
      this.#next = 0
    }
    const start = this.#next
    this.#next += length
    const taken = this.#bytes.slice(start, this.#next)
    this.#bytes.fill(0, start, this.#next)
    return taken
  }
}

const nonces = new NoncePool()

/** The system's generator. Throws `KERNEL_ARGUMENT` for a length outside 0 to 1 MiB. */
export const systemRandom: Random = {
  bytes: (length) => {
    requireLengthWithin('length', length, { minimum: 0, maximum: SYSTEM_RANDOM_MAX_BYTES })
    return length <= AEAD_NONCE_BYTES ? nonces.take(length) : new Uint8Array(randomBytes(length))
  },
}

/** The system's clock. */
export const systemClock: Clock = { nowMs: () => Date.now() }
