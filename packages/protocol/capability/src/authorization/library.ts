/**
 * Delegations that were verified before, and chains made of them (spec 08-invocation, clause 8.8).
 *
 * Kept is what follows from the signed bytes: that the signature is good, and the compiled policy. A verdict is never kept.
 * Only chains by which a call was allowed get in, so that strangers cannot fill it; what was not used for longest goes first,
 * and what is not there is verified again.
 */
import type { VerifiedLink } from '../delegation.ts'
import type { ReadyChain } from './ready-chain.ts'

/** Bytes of signed delegations that are kept, in links and again in chains: their compiled form is some times as large. */
export const LIBRARY_MAX_BYTES = 8_388_608
/** Links that are kept unless the executor says otherwise: thousands of grants in use at one time. */
export const DEFAULT_CACHE_LINKS = 4_096

/** Where in an envelope its signature begins: behind the heads of the array and of the byte string. */
const SIGNATURE_OFFSET = 3
const TWO_32 = 0x1_0000_0000
const TWO_12 = 0x1000

interface Bounds {
  readonly entries: number
  readonly bytes: number
}

/**
 * A map within bounds. Two generations stand in for the order of use: what is found in the older one moves to the newer one, and
 * when the newer one has half of the room, the older one is dropped. So a hit costs a look.
 */
export class RecentlyUsed<K, V extends object> {
  readonly #bounds: Bounds
  readonly #bytesOf: (value: V) => number
  #newer = new Map<K, V>()
  #older = new Map<K, V>()
  #newerBytes = 0

  constructor(bounds: Bounds, bytesOf: (value: V) => number) {
    this.#bounds = bounds
    this.#bytesOf = bytesOf
  }

  get size(): number {
    return this.#newer.size + this.#older.size
  }

  get(key: K): V | undefined {
    const recent = this.#newer.get(key)
    if (recent !== undefined) return recent
    const value = this.#older.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  /** Keeps `value` in place of what the key had. */
  set(key: K, value: V): void {
    const before = this.#newer.get(key)
    const bytes = this.#bytesOf(value) - (before === undefined ? 0 : this.#bytesOf(before))
    const entries = this.#newer.size + (before === undefined ? 1 : 0)
    if (entries * 2 > this.#bounds.entries || (this.#newerBytes + bytes) * 2 > this.#bounds.bytes) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#newerBytes = 0
      if (this.#bounds.entries < 2 || this.#bytesOf(value) * 2 > this.#bounds.bytes) return
      this.#newerBytes = this.#bytesOf(value)
    } else {
      this.#newerBytes += bytes
    }
    this.#older.delete(key)
    this.#newer.set(key, value)
  }
}

export class Library {
  readonly #links: RecentlyUsed<number, VerifiedLink>
  /** By the name of the last link. */
  readonly #chains: RecentlyUsed<string, ReadyChain>

  /** @param maxLinks a quarter as many chains are kept, as most have several; fewer than 2 keep nothing */
  constructor(maxLinks: number) {
    this.#links = new RecentlyUsed({ entries: maxLinks, bytes: LIBRARY_MAX_BYTES }, sizeOf)
    this.#chains = new RecentlyUsed({ entries: Math.ceil(maxLinks / 4), bytes: LIBRARY_MAX_BYTES }, ({ links }) =>
      links.reduce((sum, link) => sum + sizeOf(link), 0),
    )
  }

  get links(): number {
    return this.#links.size
  }

  /** The delegation with exactly these bytes. Two that share a mark only push each other out. */
  find(bytes: Uint8Array): VerifiedLink | undefined {
    const link = this.#links.get(markOf(bytes))
    return link !== undefined && isSameBytes(link.bytes, bytes) ? link : undefined
  }

  /** A chain that ends in this link; whether it is the one that is looked for is the caller's to compare. */
  chainTo(last: string): ReadyChain | undefined {
    return this.#chains.get(last)
  }

  /** Keeps a chain by which a call was allowed, and its links. */
  keep(chain: ReadyChain): void {
    const last = chain.links.at(-1)
    if (last === undefined || this.chainTo(last.name) === chain) return
    for (const link of chain.links) this.#links.set(markOf(link.bytes), link)
    this.#chains.set(last.name, chain)
  }
}

function sizeOf({ bytes }: VerifiedLink): number {
  return bytes.length
}

/** 52 bits of the signature, as one number; bytes without one share what they have. */
function markOf(bytes: Uint8Array): number {
  let high = 0
  let low = 0
  for (let index = 0; index < 4; index += 1) {
    high = high * 256 + Number(bytes[SIGNATURE_OFFSET + index])
    low = low * 256 + Number(bytes[SIGNATURE_OFFSET + 4 + index])
  }
  return Math.floor(high / TWO_12) * TWO_32 + low
}

/** Of bytes that are no secret: the first difference, which in names is near the end, ends it. */
export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let index = one.length - 1; index >= 0; index -= 1) if (one[index] !== other[index]) return false
  return true
}
