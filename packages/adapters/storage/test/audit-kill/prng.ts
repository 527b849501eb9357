/** Numbers that look random and repeat with their seed, for tests. */

const WORD_RANGE = 2 ** 32

/** The generator sfc32 (Chris Doty-Humphrey's PractRand), begun by a seed and the number of a stream. */
export class Prng {
  readonly #words: Uint32Array

  constructor(seed: number, stream: number) {
    this.#words = Uint32Array.of(seed, Math.floor(seed / WORD_RANGE), stream, 1)
    for (let round = 0; round < 12; round += 1) this.#word()
  }

  /** 0 to `limit` - 1; 0 for a limit of 0. */
  below(limit: number): number {
    return Math.floor((this.#word() / WORD_RANGE) * limit)
  }

  chance(probability: number): boolean {
    return this.#word() < probability * WORD_RANGE
  }

  #word(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#words
    const sum = (a + b + counter) >>> 0
    this.#words.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + sum, counter + 1])
    return sum
  }
}
