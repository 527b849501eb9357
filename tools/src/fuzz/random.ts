/** Numbers for the fuzzer: fast, and the same for the same seed, so that one case can be replayed alone. */

/** A generator of 32-bit numbers (sfc32 of PractRand), seeded by the characters of a text. Not for secrets. */
export class FuzzRandom {
  #a = 0x9e3779b9
  #b = 0x243f6a88
  #c = 0xb7e15162
  #counter = 1

  constructor(seed: string) {
    for (let index = 0; index < seed.length; index += 1) {
      this.#a = Math.imul(this.#a ^ seed.charCodeAt(index), 0x85ebca6b)
      this.#b = Math.imul(this.#b ^ this.#a, 0xc2b2ae35) ^ (this.#a >>> 13)
      this.#c = (this.#c + this.#b) | 0
    }
    for (let round = 0; round < 12; round += 1) this.word()
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** 0 up to and without `end`; 0 where `end` is 0. */
  below(end: number): number {
    return end < 2 ? 0 : this.word() % end
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 0xff)
  }
}
