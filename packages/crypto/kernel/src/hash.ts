/**
 * Hash methods: SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869).
 *
 * HKDF: `PRK = HMAC(salt, ikm)`; `T(i) = HMAC(PRK, T(i-1) || info || i)`; the output is the first bytes of
 * `T(1) || T(2) || ...`.
 */
import { requireLengthWithin } from './arguments.ts'
import type { HashEngine } from './engines.ts'
import { type HkdfOptions, type Kernel, SHA256_BYTES } from './kernel.ts'
import { wipe } from './memory.ts'

/** RFC 5869, section 2.3: the block counter is one byte, so 255 blocks at most. */
export const HKDF_MAX_BYTES = 255 * SHA256_BYTES

type HashMethods = Pick<Kernel, 'sha256' | 'hmacSha256' | 'hkdfSha256'>

export function hashMethods(hash: HashEngine): HashMethods {
  return {
    sha256: (data) => hash.sha256(data),
    hmacSha256: (key, data) => hash.hmacSha256(key, data),
    hkdfSha256: ({ ikm, salt, info, lengthBytes }: HkdfOptions) => {
      requireLengthWithin('lengthBytes', lengthBytes, { minimum: 1, maximum: HKDF_MAX_BYTES })
      const prk = hash.hmacSha256(salt, ikm)
      const output = hkdfExpand(hash, { prk, info, lengthBytes })
      wipe(prk)
      return output
    },
  }
}

export interface ExpandOptions {
  /** 32 bytes. */
  readonly prk: Uint8Array
  readonly info: Uint8Array
  /** 1 to 8,160. */
  readonly lengthBytes: number
}

/** HKDF-Expand (RFC 5869, section 2.3). The caller has checked the length. */
export function hkdfExpand(hash: HashEngine, { prk, info, lengthBytes }: ExpandOptions): Uint8Array {
  const output = new Uint8Array(lengthBytes)
  // `T(i-1) || info || i` in one place; the first input has no T(0), so it begins at the info.
  const input = new Uint8Array(SHA256_BYTES + info.length + 1)
  input.set(info, SHA256_BYTES)
  for (let offset = 0, counter = 1; offset < lengthBytes; offset += SHA256_BYTES, counter += 1) {
    input[input.length - 1] = counter
    const block = hash.hmacSha256(prk, offset === 0 ? input.subarray(SHA256_BYTES) : input)
    output.set(block.subarray(0, lengthBytes - offset), offset)
    input.set(block)
    wipe(block)
  }
  wipe(input)
  return output
}
