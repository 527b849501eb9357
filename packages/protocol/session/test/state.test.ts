import { concatBytes, decodeCbor, encodeCbor } from '@talos/bytes'
import type { SessionRecord } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import {
  decodeSessionState,
  encodeSessionState,
  MAX_OLD_CHAINS,
  MAX_SESSION_RECORD_BYTES,
  MAX_SKIPPED_KEYS,
  type SessionState,
} from '../src/index.ts'
import { establish, NOW_MS } from './agents.ts'
import { Line, recordOf, skippedKey } from './line.ts'

const invalid = expect.objectContaining({ code: 'SESSION_STATE_INVALID' })

/** Keys of `count` skipped messages, with the greatest numbers that there are. */
function keys(count: number): Uint8Array {
  const first = 2 ** 24 - count
  return concatBytes(...Array.from({ length: count }, (_, index) => skippedKey({ number: first + index })))
}

function withChains(state: SessionState, sizes: readonly number[]): Uint8Array {
  const record = recordOf(state)
  const [current = 0, ...old] = sizes
  const oldChains = old.map((size) => ({ headerKey: new Uint8Array(32), skipped: keys(size) }))
  const receiving = { ...record.receiving, count: 2 ** 24, skipped: keys(current) }
  return encodeCbor({ ...record, receiving, oldChains })
}

describe('a stored session', () => {
  it('comes back as it was at both ends and goes on', async () => {
    const line = new Line(await establish())
    for (let round = 0; round < 3; round += 1) {
      line.turn()
      for (const side of ['alice', 'bob'] as const) {
        const stored = encodeSessionState(line.states[side])
        line.states[side] = decodeSessionState(stored)
        expect(encodeSessionState(line.states[side])).toEqual(stored)
      }
    }
    expect(line.states.alice.toJSON()).toMatchObject({ messages: 7, sendCount: 1, receiveCount: 1, skippedKeys: 0 })
  })

  it('holds 2,000 skipped keys in all its chains within its size, and not one more', async () => {
    const { bob } = await establish()
    for (const sizes of [[MAX_SKIPPED_KEYS - 1], [MAX_SKIPPED_KEYS], [400, 400, 400, 400, 400]]) {
      const stored = withChains(bob, sizes)
      const state = decodeSessionState(stored)
      expect(stored.length).toBeLessThan(MAX_SESSION_RECORD_BYTES)
      expect(state.toJSON().skippedKeys).toBe(sizes.reduce((sum, size) => sum + size))
      expect(encodeSessionState(state)).toEqual(stored)
    }
    for (const sizes of [[MAX_SKIPPED_KEYS + 1], [MAX_SKIPPED_KEYS, 1], [401, 400, 400, 400, 400]]) {
      expect(() => decodeSessionState(withChains(bob, sizes))).toThrow(invalid)
    }
  })

  it('remembers four old chains and not five', async () => {
    const { bob } = await establish()
    const chains = Array.from({ length: MAX_OLD_CHAINS }, () => 1)
    expect(decodeSessionState(withChains(bob, [0, ...chains])).toJSON().skippedKeys).toBe(MAX_OLD_CHAINS)
    expect(() => decodeSessionState(withChains(bob, [0, ...chains, 1]))).toThrow(invalid)
  })

  it('holds no key for a number that its current chain did not come to', async () => {
    const { bob } = await establish()
    const record = recordOf(bob)
    const stored = (count: number) => {
      const receiving = { ...record.receiving, count, skipped: keys(1) }
      return encodeCbor({ ...record, receiving })
    }
    expect(decodeSessionState(stored(2 ** 24)).toJSON().skippedKeys).toBe(1)
    expect(() => decodeSessionState(stored(2 ** 24 - 1))).toThrow(invalid)
  })

  it('takes 44 bytes for each skipped key in either chain, and refuses what is no such key', async () => {
    const { bob } = await establish()
    const record = recordOf(bob)
    const stored = (where: 'current' | 'old', skipped: Uint8Array) => {
      const old = where === 'old' ? [{ headerKey: new Uint8Array(32), skipped }] : []
      const receiving = { ...record.receiving, count: 2 ** 24, ...(where === 'current' && { skipped }) }
      return encodeCbor({ ...record, receiving, oldChains: old })
    }
    const least = skippedKey({ number: 0, storedMs: 0n })
    const most = skippedKey({ number: 2 ** 24 - 1, storedMs: 2n ** 53n - 1n })
    const good = [least, most, concatBytes(least, most)]
    const two = (first: number, second: number) =>
      concatBytes(skippedKey({ number: first }), skippedKey({ number: second }))
    const bad = {
      '43 bytes': keys(1).subarray(1),
      '45 bytes': concatBytes(keys(1), new Uint8Array(1)),
      '87 bytes': keys(2).subarray(1),
      descending: two(2, 1),
      twice: two(1, 1),
      'a number of 2^24': skippedKey({ number: 2 ** 24 }),
      'a time of 2^53': skippedKey({ storedMs: 2n ** 53n }),
      'the last time that there is': skippedKey({ storedMs: 2n ** 64n - 1n }),
    }
    for (const where of ['current', 'old'] as const) {
      for (const skipped of good) {
        const bytes = stored(where, skipped)
        expect(encodeSessionState(decodeSessionState(bytes))).toEqual(bytes)
      }
      for (const [name, skipped] of Object.entries(bad)) {
        expect(() => decodeSessionState(stored(where, skipped)), `${where}: ${name}`).toThrow(invalid)
      }
    }
  })

  it('holds one part of a post-quantum step, at the side that has it', async () => {
    const states = await establish()
    const bytes = (length: number) => new Uint8Array(length).fill(1)
    const offer = { seed: bytes(64), sealedMs: NOW_MS }
    const answer = { offerHash: bytes(32), ciphertext: bytes(1088), secret: bytes(32), due: true }
    const agreed = bytes(32)
    const stored = (side: 'alice' | 'bob', epoch: number, step: object) => {
      const record = recordOf(states[side])
      return encodeCbor({ ...record, epoch, pq: { ...record.pq, ...step } })
    }
    for (const [opener, answerer, epoch] of [
      ['alice', 'bob', 0],
      ['bob', 'alice', 1],
    ] as const) {
      for (const step of [{ offer }, { agreed }]) {
        const bytes = stored(opener, epoch, step)
        expect(encodeSessionState(decodeSessionState(bytes))).toEqual(bytes)
        expect(() => decodeSessionState(stored(answerer, epoch, step))).toThrow(invalid)
      }
      expect(decodeSessionState(stored(answerer, epoch, { answer })).toJSON().epoch).toBe(epoch)
      expect(() => decodeSessionState(stored(opener, epoch, { answer }))).toThrow(invalid)
      expect(() => decodeSessionState(stored(opener, epoch, { offer, agreed }))).toThrow(invalid)
      expect(() => decodeSessionState(stored(answerer, epoch, { answer, agreed }))).toThrow(invalid)
    }
  })

  it('is refused when it is larger than any session, before it is decoded', () => {
    expect(() => decodeSessionState(new Uint8Array(MAX_SESSION_RECORD_BYTES + 1))).toThrow(invalid)
  })

  it('is refused at every length short of its own', async () => {
    const { alice } = await establish()
    const stored = encodeSessionState(alice)
    for (const length of stored.keys()) expect(() => decodeSessionState(stored.subarray(0, length))).toThrow(invalid)
  })

  it('gives out copies of its public bytes only', async () => {
    const { alice } = await establish()
    const before = encodeSessionState(alice)
    for (const bytes of [alice.sessionId, alice.transcriptHash, alice.context]) bytes.fill(0xee)
    expect(encodeSessionState(alice)).toEqual(before)
    expect((decodeCbor(before) as unknown as SessionRecord).sessionId).toEqual(alice.sessionId)
  })
})
