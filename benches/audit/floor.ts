/** The floor of every tree: the hashes that nobody can leave out, by `node:crypto` on buffers made beforehand. */
import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign, verify } from 'node:crypto'

const HASH_BYTES = 32

/** `SHA-256(0x00 || leaf)` of leaves that already begin with the zero byte. */
export function leafHashes(prefixed: readonly Uint8Array[]): Buffer[] {
  return prefixed.map((leaf) => hash('sha256', leaf, 'buffer'))
}

/** Leaves with the prefix of RFC 6962 before them: joining the two is no hash. */
export function prefixLeaves(leaves: readonly Uint8Array[]): Uint8Array[] {
  return leaves.map((leaf) => Buffer.concat([Uint8Array.of(0), leaf]))
}

/** Hashes nodes into one buffer of 65 bytes. */
export class NodeHasher {
  readonly #input = Buffer.alloc(1 + 2 * HASH_BYTES, 1)

  hash(left: Uint8Array, right: Uint8Array): Buffer {
    this.#input.set(left, 1)
    this.#input.set(right, 1 + HASH_BYTES)
    return hash('sha256', this.#input, 'buffer')
  }
}

/** Root of a power of two of leaf hashes, level by level. */
export function perfectRoot(hashes: readonly Buffer[]): Buffer {
  const hasher = new NodeHasher()
  let row = hashes
  while (row.length > 1) {
    const below = row
    row = Array.from({ length: below.length / 2 }, (_, position) =>
      hasher.hash(below[2 * position] as Buffer, below[2 * position + 1] as Buffer),
    )
  }
  return row[0] as Buffer
}

/** So many node hashes, each over the one before: what verifying a path costs at least. */
export function hashPath(count: number): () => Buffer {
  const hasher = new NodeHasher()
  const siblings = Array.from({ length: count }, () => randomBytes(HASH_BYTES))
  const leaf = randomBytes(HASH_BYTES)
  return () => siblings.reduce<Buffer>((below, sibling) => hasher.hash(below, sibling), leaf)
}

/** One verification of a signature over a checkpoint's length, with the key imported beforehand. */
export function verifyOne(): () => void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const message = randomBytes(120)
  const signature = sign(null, message, privateKey as KeyObject)
  return () => {
    if (!verify(null, message, publicKey, signature)) throw new Error('the signature does not verify')
  }
}
