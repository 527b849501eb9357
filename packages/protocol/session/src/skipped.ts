/**
 * Keys of messages that did not arrive yet (spec 06-session 6.7): a chain advanced past them, bounded in number and age.
 */
import type { SessionRecord, SessionRecordSkippedKey } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { MAX_GAP, MAX_OLD_CHAINS, MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFETIME_MS } from './constants.ts'
import { keptChains } from './state.ts'

type ReceivingChain = NonNullable<SessionRecord['receiving']>
type OldChain = SessionRecord['oldChains'][number]

/**
 * The chain with `to` as its next message; the keys of the messages before it are kept.
 *
 * @throws TalosError `SESSION_GAP` before any work
 */
export function advance(
  kernel: Kernel,
  input: { readonly chain: ReceivingChain; readonly to: number; readonly nowMs: number },
): ReceivingChain {
  const { chain, to, nowMs } = input
  const gap = to - chain.count
  if (gap > MAX_GAP) throw new TalosError('SESSION_GAP', { gap, limit: MAX_GAP })
  const skipped = [...chain.skipped]
  let { chainKey } = chain
  for (let count = chain.count; count < to; count += 1) {
    const step = kernel.ratchetStep(chainKey)
    skipped.push({ count, messageKey: step.messageKey, storedMs: nowMs })
    chainKey = step.nextChainKey
  }
  return { ...chain, chainKey, count: to, skipped }
}

/**
 * Takes a copy of the key of one message, and the chain without it.
 *
 * @throws TalosError `SESSION_DUPLICATE`
 */
export function takeSkipped<Chain extends OldChain>(
  chain: Chain,
  count: number,
): { messageKey: Uint8Array; chain: Chain } {
  const found = chain.skipped.find((key) => key.count === count)
  if (found === undefined) throw new TalosError('SESSION_DUPLICATE', { count })
  return {
    messageKey: found.messageKey.slice(),
    chain: { ...chain, skipped: chain.skipped.filter((key) => key !== found) },
  }
}

/** The record without keys that are too old. */
export function forgetExpired(record: SessionRecord, nowMs: number): SessionRecord {
  return mapSkipped(record, (skipped) => skipped.filter(({ storedMs }) => nowMs - storedMs < SKIPPED_KEY_LIFETIME_MS))
}

/** The record within its limits: the oldest chains and the oldest keys go first, chains without keys go at all. */
export function boundSkipped(record: SessionRecord): SessionRecord {
  const recent = { ...record, oldChains: record.oldChains.filter(hasKeys).slice(-MAX_OLD_CHAINS) }
  let excess = keptChains(recent).reduce((sum, { skipped }) => sum + skipped.length, -MAX_SKIPPED_KEYS)
  if (excess <= 0) return recent
  return mapSkipped(recent, (skipped) => {
    const kept = skipped.slice(Math.min(Math.max(excess, 0), skipped.length))
    excess -= skipped.length - kept.length
    return kept
  })
}

/** Applies `change` to the keys of each chain, oldest chain first. */
function mapSkipped(
  record: SessionRecord,
  change: (skipped: readonly SessionRecordSkippedKey[]) => readonly SessionRecordSkippedKey[],
): SessionRecord {
  const oldChains = record.oldChains.map((chain) => ({ ...chain, skipped: change(chain.skipped) })).filter(hasKeys)
  if (record.receiving === undefined) return { ...record, oldChains }
  return { ...record, oldChains, receiving: { ...record.receiving, skipped: change(record.receiving.skipped) } }
}

function hasKeys({ skipped }: OldChain): boolean {
  return skipped.length > 0
}
