/**
 * Keys of messages that did not arrive yet (spec 06-session 6.7): a chain advanced past them, bounded in number and age.
 * What changes nothing costs nothing: no step looks at each key unless it drops some.
 */
import { TalosError } from '@talos/errors'
import { type Kernel, RATCHET_KEY_BYTES } from '@talos/kernel'
import { MAX_GAP, MAX_OLD_CHAINS, MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFETIME_MS } from './constants.ts'
import { keyCount, oldestStoredMs, takeKey, withKeys, withoutFirst, youngKeys } from './skipped-keys.ts'
import { countSkipped, keptChains, type OldChain, type ReceivingChain, type SessionParts } from './state.ts'

interface AdvanceInput {
  readonly chain: ReceivingChain
  /** Number of the message that the chain stops before. */
  readonly to: number
  readonly nowMs: number
}

/**
 * The chain with `to` as its next message; the keys of the messages before it are kept.
 *
 * @throws TalosError `SESSION_GAP` before any work
 */
export function advance(kernel: Kernel, input: AdvanceInput): ReceivingChain {
  const { chain, to } = input
  if (to === chain.count) return chain
  const { messageKeys, nextChainKey } = kernel.ratchetAdvance(chain.chainKey, gapOf(input))
  const skipped = keysBefore(input, messageKeys)
  messageKeys.fill(0)
  return { ...chain, chainKey: nextChainKey, count: to, skipped }
}

/**
 * The key of message `to`, and the chain after it; the keys of the messages before it are kept.
 *
 * @throws TalosError `SESSION_GAP` before any work
 */
export function advancePast(
  kernel: Kernel,
  input: AdvanceInput,
): { readonly messageKey: Uint8Array; readonly chain: ReceivingChain } {
  const { chain, to } = input
  const { messageKeys, nextChainKey } = kernel.ratchetAdvance(chain.chainKey, gapOf(input) + 1)
  const skipped = keysBefore(input, messageKeys)
  const messageKey = messageKeys.slice(-RATCHET_KEY_BYTES)
  messageKeys.fill(0)
  return { messageKey, chain: { ...chain, chainKey: nextChainKey, count: to + 1, skipped } }
}

/**
 * Takes a copy of the key of one message, and the chain without it.
 *
 * @throws TalosError `SESSION_DUPLICATE`
 */
export function takeSkipped<Chain extends OldChain>(
  chain: Chain,
  count: number,
): { readonly messageKey: Uint8Array; readonly chain: Chain } {
  const taken = takeKey(chain.skipped, count)
  if (taken === undefined) throw new TalosError('SESSION_DUPLICATE', { count })
  return { messageKey: taken.messageKey, chain: { ...chain, skipped: taken.rest } }
}

/** The state without keys that are too old. */
export function forgetExpired(parts: SessionParts, nowMs: number): SessionParts {
  if (nowMs - parts.oldestMs < SKIPPED_KEY_LIFETIME_MS) return parts
  return mapSkipped(parts, (skipped) => youngKeys(skipped, nowMs))
}

/** The state within its limits: the oldest chains and the oldest keys go first, chains without keys go at all. */
export function boundSkipped(parts: SessionParts): SessionParts {
  if (isBounded(parts)) return parts
  const recent = { ...parts, oldChains: parts.oldChains.filter(hasKeys).slice(-MAX_OLD_CHAINS) }
  let excess = countSkipped(recent) - MAX_SKIPPED_KEYS
  if (excess <= 0) return recent
  return mapSkipped(recent, (skipped) => {
    const dropped = Math.min(excess, keyCount(skipped))
    excess -= dropped
    return dropped === 0 ? skipped : withoutFirst(skipped, dropped)
  })
}

/** When the oldest key was stored; infinite when there is none. */
export function oldestKeyMs(parts: Parameters<typeof keptChains>[0]): number {
  return Math.min(...keptChains(parts).map(({ skipped }) => oldestStoredMs(skipped)))
}

function isBounded(parts: SessionParts): boolean {
  const { oldChains } = parts
  return oldChains.length <= MAX_OLD_CHAINS && oldChains.every(hasKeys) && countSkipped(parts) <= MAX_SKIPPED_KEYS
}

function gapOf({ chain, to }: AdvanceInput): number {
  const gap = to - chain.count
  if (gap > MAX_GAP) throw new TalosError('SESSION_GAP', { gap, limit: MAX_GAP })
  return gap
}

/** What the chain keeps when it stops before `to`. */
function keysBefore({ chain, to, nowMs }: AdvanceInput, messageKeys: Uint8Array): Uint8Array {
  const first = chain.count
  return to === first
    ? chain.skipped
    : withKeys(chain.skipped, { first, count: to - first, storedMs: nowMs, messageKeys })
}

/** Applies `change` to the keys of each chain, oldest chain first. */
function mapSkipped(parts: SessionParts, change: (skipped: Uint8Array) => Uint8Array): SessionParts {
  const oldChains = parts.oldChains.map((chain) => ({ ...chain, skipped: change(chain.skipped) })).filter(hasKeys)
  const receiving = parts.receiving && { ...parts.receiving, skipped: change(parts.receiving.skipped) }
  return { ...parts, oldChains, receiving, oldestMs: oldestKeyMs({ receiving, oldChains }) }
}

function hasKeys({ skipped }: OldChain): boolean {
  return skipped.length > 0
}
