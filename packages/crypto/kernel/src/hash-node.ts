/**
 * Hashes on `node:crypto`. The one-shot `hash` costs about 1 us for short inputs, where a `Hmac` object costs 9 us and
 * noble's HMAC 3 us: so HMAC (RFC 2104) is written here as its two one-shot hashes, over two blocks that are kept and
 * erased after each use; making them anew would cost as much as a hash.
 *
 * `HMAC(K, m) = H((K' xor opad) || H((K' xor ipad) || m))`, where K' is K, hashed when longer than a block.
 */
import { hash } from 'node:crypto'
import type { HashEngine } from './engines.ts'
import { SHA256_BYTES } from './kernel.ts'
import { wipe } from './memory.ts'

const BLOCK_BYTES = 64
/** `ipad` and `opad`, four bytes at a time. */
const INNER_PAD = 0x36363636
const OUTER_PAD = 0x5c5c5c5c
/** Longer data is rare and gets a block of its own. */
const KEPT_DATA_BYTES = 448

const keptInner = new Uint8Array(BLOCK_BYTES + KEPT_DATA_BYTES)
const keptView = new DataView(keptInner.buffer)
const outer = new Uint8Array(BLOCK_BYTES + SHA256_BYTES)
const outerView = new DataView(outer.buffer)

export const nodeHash: HashEngine = { sha256, hmacSha256, hasherInto }

function sha256(data: Uint8Array): Uint8Array {
  // A plain array over the digest's own memory, which nothing else lies in: copying it would cost a tenth of the hash.
  const { buffer, byteOffset, byteLength } = hash('sha256', data, 'buffer')
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A `Buffer` for each hash costs three times the hash; a text does not, but cannot be erased: for public data alone. */
function hasherInto(out: Uint8Array): (data: Uint8Array, offset: number) => void {
  const target = Buffer.from(out.buffer, out.byteOffset, out.byteLength)
  return (data, offset) => {
    target.write(hash('sha256', data, 'binary'), offset, SHA256_BYTES, 'binary')
  }
}

/**
 * Nothing here calls back, so the kept blocks serve one call at a time; they are all zero in between, also after a call that
 * throws, such as one with detached data: what it left there would be part of the next key.
 */
function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const lengthBytes = BLOCK_BYTES + data.length
  const isKept = lengthBytes <= keptInner.length
  const inner = isKept ? keptInner.subarray(0, lengthBytes) : new Uint8Array(lengthBytes)
  const innerView = isKept ? keptView : new DataView(inner.buffer)
  try {
    inner.set(key.length > BLOCK_BYTES ? sha256(key) : key)
    for (let offset = 0; offset < BLOCK_BYTES; offset += 4) {
      const word = innerView.getInt32(offset)
      innerView.setInt32(offset, word ^ INNER_PAD)
      outerView.setInt32(offset, word ^ OUTER_PAD)
    }
    inner.set(data, BLOCK_BYTES)
    outer.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES)
    return sha256(outer)
  } finally {
    wipe(inner, outer)
  }
}
