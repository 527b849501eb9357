/**
 * Hash methods: SHA-256 (FIPS 180-4), HMAC (RFC 2104), HKDF (RFC 5869) and the tree hashes of RFC 6962, section 2.1.
 *
 * HKDF: `PRK = HMAC(salt, ikm)`; `T(i) = HMAC(PRK, T(i-1) || info || i)`; the output is the first bytes of
 * `T(1) || T(2) || ...`.
 */
import { requireLength, requireLengthWithin } from './arguments.ts'
import type { HashEngine } from './engines.ts'
import { type HkdfOptions, type Kernel, SHA256_BYTES } from './kernel.ts'
import { wipe } from './memory.ts'

/** RFC 5869, section 2.3: the block counter is one byte, so 255 blocks at most. */
export const HKDF_MAX_BYTES = 255 * SHA256_BYTES

const LEAF_PREFIX = 0
const NODE_PREFIX = 1

type HashMethods = Pick<Kernel, 'sha256' | 'hmacSha256' | 'hkdfSha256' | 'leafHashes' | 'nodeHash'>

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
    leafHashes: (leaves) => leaves.map((leaf) => leafHash(hash, leaf)),
    nodeHash: (left, right) => {
      requireLength('left', left, SHA256_BYTES)
      requireLength('right', right, SHA256_BYTES)
      return nodeHash(hash, left, right)
    },
  }
}

function leafHash(hash: HashEngine, leaf: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + leaf.length)
  input[0] = LEAF_PREFIX
  input.set(leaf, 1)
  return hash.sha256(input)
}

/** Kept, since making it anew costs a third of the hash. Nothing in it is secret, and no engine calls back. */
const nodeInput = new Uint8Array(1 + 2 * SHA256_BYTES)
nodeInput[0] = NODE_PREFIX

function nodeHash(hash: HashEngine, left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + SHA256_BYTES)
  return hash.sha256(nodeInput)
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
