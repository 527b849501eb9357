/**
 * Hashes on `node:crypto`. The one-shot `hash` costs 0.6 to 0.8 us for short inputs, where a `Hmac` object costs 9 us
 * and noble's HMAC 2.7 us: so HMAC (RFC 2104) is written here as its two one-shot hashes.
 *
 * `HMAC(K, m) = H((K' xor opad) || H((K' xor ipad) || m))`, where K' is K, hashed when longer than a block.
 */
import { hash } from 'node:crypto'
import type { HashEngine } from './engines.ts'
import { SHA256_BYTES } from './kernel.ts'
import { wipe } from './memory.ts'

const BLOCK_BYTES = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

export const nodeHash: HashEngine = { sha256, hmacSha256 }

function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', data, 'buffer'))
}

function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK_BYTES + data.length).fill(INNER_PAD, 0, BLOCK_BYTES)
  const outer = new Uint8Array(BLOCK_BYTES + SHA256_BYTES).fill(OUTER_PAD, 0, BLOCK_BYTES)
  let index = 0
  for (const byte of key.length > BLOCK_BYTES ? sha256(key) : key) {
    inner[index] = byte ^ INNER_PAD
    outer[index] = byte ^ OUTER_PAD
    index += 1
  }
  inner.set(data, BLOCK_BYTES)
  outer.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES)
  const tag = sha256(outer)
  wipe(inner, outer)
  return tag
}
