/** The tree by the recursive definitions of RFC 6962 section 2.1, as slow and as plain as they are written there. */
import { createHash } from 'node:crypto'

export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export function naiveLeaf(data: Uint8Array | string): Uint8Array {
  return sha256(Uint8Array.of(0), data)
}

export class NaiveTree {
  readonly leaves: readonly Uint8Array[]
  readonly #known = new Map<string, Uint8Array>()

  /** @param leaves leaf hashes */
  constructor(leaves: readonly Uint8Array[]) {
    this.leaves = leaves
  }

  /** `MTH(D[begin:end])`. */
  hash(begin: number, end: number): Uint8Array {
    const key = `${begin} ${end}`
    const known = this.#known.get(key) ?? this.#compute(begin, end)
    this.#known.set(key, known)
    return known
  }

  path(index: number, begin: number, end: number): Uint8Array[] {
    if (end - begin <= 1) return []
    const k = begin + split(end - begin)
    return index < k
      ? [...this.path(index, begin, k), this.hash(k, end)]
      : [...this.path(index, k, end), this.hash(begin, k)]
  }

  /** `PROOF(from, D[to])`; nothing for `from = 0`. */
  consistency(from: number, to: number): Uint8Array[] {
    return from === 0 ? [] : this.#subproof({ from, begin: 0, end: to, isWhole: true })
  }

  #subproof(step: { from: number; begin: number; end: number; isWhole: boolean }): Uint8Array[] {
    const { from, begin, end, isWhole } = step
    if (from === end) return isWhole ? [] : [this.hash(begin, end)]
    const k = begin + split(end - begin)
    return from <= k
      ? [...this.#subproof({ from, begin, end: k, isWhole }), this.hash(k, end)]
      : [...this.#subproof({ from, begin: k, end, isWhole: false }), this.hash(begin, k)]
  }

  #compute(begin: number, end: number): Uint8Array {
    if (begin === end) return sha256()
    if (end - begin === 1) return this.leaves[begin]!
    const k = begin + split(end - begin)
    return sha256(Uint8Array.of(1), this.hash(begin, k), this.hash(k, end))
  }
}

function split(length: number): number {
  let k = 1
  while (k * 2 < length) k *= 2
  return k
}
