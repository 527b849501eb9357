import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import { PeerQuota } from '../src/quota.ts'

const QUOTA = { what: 'things', limit: 3, windowMs: 1_000 }
const ALICE = 'did:key:alice' as Did
const BOB = 'did:key:bob' as Did

describe('what one peer may take', () => {
  it('gives up to the limit to each peer, and refuses one more', () => {
    const quota = new PeerQuota(QUOTA, () => 0)
    expect([1, 2, 3, 4].map(() => quota.tryTake(ALICE))).toEqual([true, true, true, false])
    expect(quota.tryTake(BOB)).toBe(true)
    expect(() => quota.take(ALICE)).toThrow(expect.objectContaining({ code: 'PEER_QUOTA' }))
  })

  it('gives so many at once where there are so many, and else none', () => {
    const quota = new PeerQuota(QUOTA, () => 0)
    expect([2, 2, 1, 1].map((amount) => quota.tryTake(ALICE, amount))).toEqual([true, false, true, false])
    expect(quota.tryTake(BOB, 4)).toBe(false)
    expect(quota.tryTake(BOB, 3)).toBe(true)
  })

  it('begins anew when the time is over, not a moment before', () => {
    let nowMs = 0
    const quota = new PeerQuota(QUOTA, () => nowMs)
    for (let taken = 0; taken < QUOTA.limit; taken += 1) quota.take(ALICE)
    nowMs = QUOTA.windowMs - 1
    expect(quota.tryTake(ALICE)).toBe(false)
    nowMs = QUOTA.windowMs
    expect(quota.tryTake(ALICE)).toBe(true)
  })
})
