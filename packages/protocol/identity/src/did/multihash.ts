/** Multihashes of SHA-256 as base58btc text, the only hash of did:webvh 1.0 (spec 18-key-log, 18.2). */
import { concatBytes, fromBase58btc, toBase58btc, utf8 } from '@talos/bytes'
import { type Kernel, SHA256_BYTES } from '@talos/kernel'

/** Multihash code of SHA2-256, and the length of its digest. */
const SHA256_PREFIX = Uint8Array.of(0x12, SHA256_BYTES)
/** Every 34-byte value that begins with the prefix has this many digits, the first two of them `Qm`. */
export const MULTIHASH_CHARACTERS = 46

/** base58btc(0x12 0x20 || SHA-256(UTF-8 of `text`)): 46 characters that begin with `Qm`. */
export function multihashOf(kernel: Kernel, text: string): string {
  return toBase58btc(concatBytes(SHA256_PREFIX, kernel.sha256(utf8(text))))
}

/** Tells whether `text` is what {@link multihashOf} writes. */
export function isMultihash(text: string): boolean {
  if (text.length !== MULTIHASH_CHARACTERS) return false
  try {
    const bytes = fromBase58btc(text)
    return bytes.length === SHA256_PREFIX.length + SHA256_BYTES && SHA256_PREFIX.every((byte, i) => bytes[i] === byte)
  } catch {
    return false
  }
}
