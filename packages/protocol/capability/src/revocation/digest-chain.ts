/**
 * The hash chain over an issuer's revocations (spec 09-receipt-revocation, clause 9.6):
 *
 *     d(0) = SHA-256("talos/revlist/1\0" || issuer)     d(i) = SHA-256(d(i - 1) || SHA-256 in the name of revocation i)
 *
 * Every d(i) is kept, 32 bytes each: that a head is of the same list is one comparison, at any length.
 */
import { type Cid, concatBytes, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'

const DOMAIN = 'talos/revlist/1\0'
const HASH_BYTES = 32
const FIRST_PLACES = 8

/** What a chain hashes with. */
export type ChainKernel = Pick<Kernel, 'sha256'>

export class DigestChain {
  readonly #kernel: ChainKernel
  #digests = new Uint8Array(FIRST_PLACES * HASH_BYTES)
  #size = 0

  constructor(issuer: Did, kernel: ChainKernel) {
    this.#kernel = kernel
    this.#digests.set(kernel.sha256(utf8(`${DOMAIN}${issuer}`)))
  }

  /** How many revocations it covers. */
  get size(): number {
    return this.#size
  }

  /** d(n), 32 bytes; n is at most `size`. */
  at(n: number): Uint8Array {
    return this.#digests.slice(n * HASH_BYTES, (n + 1) * HASH_BYTES)
  }

  append(name: Cid): void {
    const digest = nextDigest({ digest: this.at(this.#size), name }, this.#kernel)
    this.#size += 1
    const offset = this.#size * HASH_BYTES
    if (offset === this.#digests.length) this.#grow()
    this.#digests.set(digest, offset)
  }

  #grow(): void {
    const digests = new Uint8Array(2 * this.#digests.length)
    digests.set(this.#digests)
    this.#digests = digests
  }
}

/** d(i) from d(i - 1) and the name of revocation i. */
export function nextDigest(
  { digest, name }: { readonly digest: Uint8Array; readonly name: Cid },
  kernel: ChainKernel,
): Uint8Array {
  return kernel.sha256(concatBytes(digest, name.digest))
}
