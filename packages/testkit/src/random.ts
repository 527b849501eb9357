/** Randomness that repeats: vectors and simulations draw from it, nothing else may. */
import { createHash } from 'node:crypto'
import type { Random } from '@talos/ports'

const BLOCK_BYTES = 32

/**
 * An endless stream of bytes: block i is SHA-256 of `talos/testkit/random/1`, a zero byte, the seed in UTF-8, a zero byte
 * and i as a decimal number. Draws take from the stream in order, however they are cut.
 */
export function seededRandom(seed: string | number): Random {
  let blockIndex = 0
  let rest = new Uint8Array(0)
  const nextBlock = (): Uint8Array => {
    const hash = createHash('sha256').update(`talos/testkit/random/1\0${seed}\0${blockIndex}`)
    blockIndex += 1
    return hash.digest()
  }
  return {
    bytes(length: number): Uint8Array {
      const missing = Math.max(0, length - rest.length)
      const blocks = Array.from({ length: Math.ceil(missing / BLOCK_BYTES) }, nextBlock)
      const available = new Uint8Array(Buffer.concat([rest, ...blocks]))
      rest = available.slice(length)
      return available.slice(0, length)
    },
  }
}
