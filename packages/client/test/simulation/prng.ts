/** Fast randomness that repeats: one seed, one stream of bytes. Not for secrets; a simulation has none. */
import type { Random } from '@talos/ports'

const WORD_RANGE = 2 ** 32

/** The generator sfc32 (Chris Doty-Humphrey's PractRand), begun by a seed and the name of a stream. */
export class Prng implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream: number) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / WORD_RANGE) | 0
    this.#c = stream | 0
    for (let round = 0; round < 12; round += 1) this.word()
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.word() / WORD_RANGE) * limit)
  }

  chance(probability: number): boolean {
    return this.word() < probability * WORD_RANGE
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index += 4) {
      const word = this.word()
      bytes[index] = word
      bytes[index + 1] = word >>> 8
      bytes[index + 2] = word >>> 16
      bytes[index + 3] = word >>> 24
    }
    return bytes
  }
}
