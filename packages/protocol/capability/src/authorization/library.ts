/**
 * Delegations that were verified before, by CID, and chains made of them (spec 08-invocation, clause 8.8).
 *
 * Kept is what follows from the signed bytes: that the signature is good, and the compiled policy. A verdict is never kept.
 * Only chains by which a call was allowed get in, so that strangers cannot fill it; the least recently used goes first, and
 * what is not there is verified again.
 */
import type { VerifiedLink } from '../delegation.ts'
import type { ReadyChain } from './ready-chain.ts'

/** Bytes of signed delegations that are kept, in links and again in chains: their compiled form is some times as large. */
export const LIBRARY_MAX_BYTES = 8_388_608
/** Links that are kept unless the executor says otherwise: thousands of grants in use at one time. */
export const DEFAULT_CACHE_LINKS = 4_096

interface Bounds {
  readonly entries: number
  readonly bytes: number
}

/** A map within bounds, which forgets the least recently used. */
export class RecentlyUsed<V extends object> {
  readonly #entries = new Map<string, { readonly value: V; readonly bytes: number }>()
  readonly #bounds: Bounds
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** Keeps `value`, which a key never changes. */
  set(key: string, value: V, bytes: number): void {
    if (this.#entries.has(key)) return
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#bounds.entries && this.#bytes <= this.#bounds.bytes) return
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }
}

export class Library {
  /** By the text of the CID. */
  readonly #links: RecentlyUsed<VerifiedLink>
  /** By subject, holder and the names of the links. */
  readonly #chains: RecentlyUsed<ReadyChain>

  /** @param maxLinks a quarter as many chains are kept, as most have several */
  constructor(maxLinks: number) {
    this.#links = new RecentlyUsed({ entries: maxLinks, bytes: LIBRARY_MAX_BYTES })
    this.#chains = new RecentlyUsed({ entries: Math.ceil(maxLinks / 4), bytes: LIBRARY_MAX_BYTES })
  }

  get links(): number {
    return this.#links.size
  }

  link(name: string): VerifiedLink | undefined {
    return this.#links.get(name)
  }

  chain(key: string): ReadyChain | undefined {
    return this.#chains.get(key)
  }

  /** Keeps a chain by which a call was allowed, and its links. */
  keep(key: string, chain: ReadyChain): void {
    let bytes = 0
    for (const link of chain.links) {
      this.#links.set(link.name, link, link.bytes.length)
      bytes += link.bytes.length
    }
    this.#chains.set(key, chain, bytes)
  }
}
