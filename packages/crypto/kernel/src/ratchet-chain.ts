/**
 * Steps of a chain (Double Ratchet, section 5.2): `MK = HMAC(CK, 0x01)`, `CK' = HMAC(CK, 0x02)`, one or many at once.
 */
import { requireLength, requireWithin } from './arguments.ts'
import type { HashEngine } from './engines.ts'
import { type Kernel, RATCHET_KEY_BYTES, RATCHET_MAX_STEPS } from './kernel.ts'
import { wipe } from './memory.ts'

const MESSAGE_KEY_LABEL = Uint8Array.of(1)
const CHAIN_KEY_LABEL = Uint8Array.of(2)
const STEPS = { minimum: 0, maximum: RATCHET_MAX_STEPS }

type ChainMethods = Pick<Kernel, 'ratchetStep' | 'ratchetForward' | 'ratchetAdvance'>

export function chainMethods(hash: HashEngine): ChainMethods {
  return {
    ratchetStep: (chainKey) => {
      requireLength('chainKey', chainKey, RATCHET_KEY_BYTES)
      return { messageKey: messageKeyOf(hash, chainKey), nextChainKey: chainKeyAfter(hash, chainKey) }
    },
    ratchetForward: (chainKey, steps) => {
      requireWalk(chainKey, steps)
      return walk(hash, { chainKey, steps }, () => undefined)
    },
    ratchetAdvance: (chainKey, steps) => {
      requireWalk(chainKey, steps)
      const messageKeys = new Uint8Array(steps * RATCHET_KEY_BYTES)
      const nextChainKey = walk(hash, { chainKey, steps }, (current, step) => {
        const messageKey = messageKeyOf(hash, current)
        messageKeys.set(messageKey, step * RATCHET_KEY_BYTES)
        wipe(messageKey)
      })
      return { messageKeys, nextChainKey }
    },
  }
}

/** Throws `KERNEL_ARGUMENT` for the chain key, `KERNEL_PARAMETER` for the number of steps. */
export function requireWalk(chainKey: Uint8Array, steps: number): void {
  requireLength('chainKey', chainKey, RATCHET_KEY_BYTES)
  requireWithin('steps', steps, STEPS)
}

/** 32 bytes; the caller has checked the length of the chain key. */
export function messageKeyOf(hash: HashEngine, chainKey: Uint8Array): Uint8Array {
  return hash.hmacSha256(chainKey, MESSAGE_KEY_LABEL)
}

/** 32 bytes; the caller has checked the length of the chain key. */
export function chainKeyAfter(hash: HashEngine, chainKey: Uint8Array): Uint8Array {
  return hash.hmacSha256(chainKey, CHAIN_KEY_LABEL)
}

/** Shows each chain key to `visit`, erases those in between, and returns the last one. */
function walk(
  hash: HashEngine,
  { chainKey, steps }: { readonly chainKey: Uint8Array; readonly steps: number },
  visit: (chainKey: Uint8Array, step: number) => void,
): Uint8Array {
  let current = Uint8Array.from(chainKey)
  for (let step = 0; step < steps; step += 1) {
    visit(current, step)
    const next = Uint8Array.from(chainKeyAfter(hash, current))
    wipe(current)
    current = next
  }
  return current
}
