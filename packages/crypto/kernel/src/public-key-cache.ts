/**
 * A bounded cache of imported public keys: importing 32 raw bytes into OpenSSL costs about 20 us, a fifth of a verify.
 *
 * Only public keys. A cached secret would outlive its use by an unknown time, in memory that JavaScript cannot erase,
 * and secrets here are mostly used once (ratchet keys) or seldom (identity): they are imported on each use. The bound
 * matters because peers choose the keys: without it, a stream of fresh keys would be a leak. Entries are found by the
 * key's own bytes, so all that a peer can do is to evict.
 */
export class PublicKeyCache<Imported> {
  readonly #importKey: (raw: Uint8Array) => Imported
  readonly #capacity: number
  readonly #entries = new Map<string, Imported>()

  constructor(capacity: number, importKey: (raw: Uint8Array) => Imported) {
    this.#capacity = capacity
    this.#importKey = importKey
  }

  get size(): number {
    return this.#entries.size
  }

  /** The imported key of these raw bytes; the least recently used one makes room. */
  get(raw: Uint8Array): Imported {
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1')
    const known = this.#entries.get(name)
    const imported = known ?? this.#importKey(raw)
    this.#entries.delete(name)
    this.#entries.set(name, imported)
    if (this.#entries.size > this.#capacity) this.#evictOldest()
    return imported
  }

  #evictOldest(): void {
    for (const name of this.#entries.keys()) {
      this.#entries.delete(name)
      return
    }
  }
}
