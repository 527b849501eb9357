/**
 * Keys of messages that did not arrive yet (spec 06-session 6.7): a chain advanced past them, bounded in number and age.
 */
import type { SessionRecordSkippedKey } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type Kernel, RATCHET_KEY_BYTES } from '@talos/kernel'
import { MAX_GAP, MAX_OLD_CHAINS, MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFETIME_MS } from './constants.ts'
import { countSkipped, keptChains, type OldChain, type ReceivingChain, type SessionParts } from './state.ts'

interface AdvanceInput<Chain extends ReceivingChain> {
  readonly chain: Chain
  /** Number of the message that the chain stops before. */
  readonly to: number
  readonly nowMs: number
}

/**
 * The chain with `to` as its next message; the keys of the messages before it are kept.
 *
 * @throws TalosError `SESSION_GAP` before any work
 */
export function advance(kernel: Kernel, input: AdvanceInput<ReceivingChain>): ReceivingChain {
  const { chain, to } = input
  if (to === chain.count) return chain
  const { messageKeys, nextChainKey } = kernel.ratchetAdvance(chain.chainKey, gapOf(input))
  const skipped = [...chain.skipped, ...keysBefore(input, messageKeys)]
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
  input: AdvanceInput<ReceivingChain>,
): { readonly messageKey: Uint8Array; readonly chain: ReceivingChain } {
  const { chain, to } = input
  const { messageKeys, nextChainKey } = kernel.ratchetAdvance(chain.chainKey, gapOf(input) + 1)
  const skipped = [...chain.skipped, ...keysBefore(input, messageKeys)]
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
  const found = chain.skipped.find((key) => key.count === count)
  if (found === undefined) throw new TalosError('SESSION_DUPLICATE', { count })
  return {
    messageKey: found.messageKey.slice(),
    chain: { ...chain, skipped: chain.skipped.filter((key) => key !== found) },
  }
}

/** The state without keys that are too old. */
export function forgetExpired(parts: SessionParts, nowMs: number): SessionParts {
  if (nowMs - parts.oldestMs < SKIPPED_KEY_LIFETIME_MS) return parts
  return mapSkipped(parts, (skipped) => skipped.filter(({ storedMs }) => nowMs - storedMs < SKIPPED_KEY_LIFETIME_MS))
}

/** The state within its limits: the oldest chains and the oldest keys go first, chains without keys go at all. */
export function boundSkipped(parts: SessionParts): SessionParts {
  const recent = { ...parts, oldChains: parts.oldChains.filter(hasKeys).slice(-MAX_OLD_CHAINS) }
  let excess = countSkipped(recent) - MAX_SKIPPED_KEYS
  return mapSkipped(recent, (skipped) => {
    const kept = skipped.slice(Math.min(Math.max(excess, 0), skipped.length))
    excess -= skipped.length - kept.length
    return kept
  })
}

/** When the oldest key was stored; infinite when there is none. */
export function oldestKeyMs(parts: Parameters<typeof keptChains>[0]): number {
  let oldestMs = Number.POSITIVE_INFINITY
  for (const { skipped } of keptChains(parts)) {
    for (const { storedMs } of skipped) oldestMs = Math.min(oldestMs, storedMs)
  }
  return oldestMs
}

function gapOf({ chain, to }: AdvanceInput<ReceivingChain>): number {
  const gap = to - chain.count
  if (gap > MAX_GAP) throw new TalosError('SESSION_GAP', { gap, limit: MAX_GAP })
  return gap
}

function keysBefore(
  { chain, to, nowMs }: AdvanceInput<ReceivingChain>,
  messageKeys: Uint8Array,
): readonly SessionRecordSkippedKey[] {
  return Array.from({ length: to - chain.count }, (_, index) => ({
    count: chain.count + index,
    messageKey: messageKeys.slice(index * RATCHET_KEY_BYTES, (index + 1) * RATCHET_KEY_BYTES),
    storedMs: nowMs,
  }))
}

/** Applies `change` to the keys of each chain, oldest chain first. */
function mapSkipped(
  parts: SessionParts,
  change: (skipped: readonly SessionRecordSkippedKey[]) => readonly SessionRecordSkippedKey[],
): SessionParts {
  const oldChains = parts.oldChains.map((chain) => ({ ...chain, skipped: change(chain.skipped) })).filter(hasKeys)
  const receiving = parts.receiving && { ...parts.receiving, skipped: change(parts.receiving.skipped) }
  return { ...parts, oldChains, receiving, oldestMs: oldestKeyMs({ receiving, oldChains }) }
}

function hasKeys({ skipped }: OldChain): boolean {
  return skipped.length > 0
}
