/** Hashes on noble, for engines without `node:crypto`. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { HashEngine } from './engines.ts'

export const nobleHash: HashEngine = {
  sha256: (data) => sha256(data),
  hmacSha256: (key, data) => hmac(sha256, key, data),
  hasherInto: (out) => (data, offset) => out.set(sha256(data), offset),
}
