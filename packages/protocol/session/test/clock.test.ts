import { describe, expect, it } from 'vitest'
import { initiate, open, openStream, sealStream, verifyBundle } from '../src/index.ts'
import { establish, kernel, makeAgent, NOW_MS, respondTo } from './agents.ts'
import { Line } from './line.ts'

const refused = expect.objectContaining({
  code: 'SESSION_ARGUMENT',
  message: expect.stringContaining('nowMs'),
})

const NO_TIMES = [-1, 0.5, NOW_MS + 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

describe('a time that is no whole number of milliseconds', () => {
  it.each(NO_TIMES)('is refused by every step and leaves the state as it was: %d', async (nowMs) => {
    const { alice, bob, holder, initiated } = await establish()
    const line = new Line({ alice, bob })
    const message = line.say('alice', 'said')
    const { random } = makeAgent('alice')
    const stream = sealStream(line.states.alice, { kernel, random, nowMs: NOW_MS })
    expect(() => line.say('alice', 'said', { nowMs })).toThrow(refused)
    expect(() => sealStream(line.states.alice, { kernel, random, nowMs })).toThrow(refused)
    expect(() => open(line.states.bob, { kernel, nowMs, message })).toThrow(refused)
    expect(() => openStream(line.states.bob, { kernel, nowMs, message: stream.message })).toThrow(refused)
    expect(() => respondTo(holder, { firstFlight: initiated.message, nowMs })).toThrow(refused)
    expect(line.hear('bob', message)).toBe('said')
  })

  it.each(NO_TIMES)('is refused before a handshake and before a control frame: %d', async (nowMs) => {
    const { alice, bob, holder } = await establish()
    const line = new Line({ alice, bob })
    line.turn()
    line.rewrite('alice', (record) => ({ ...record, messages: 1000 }))
    expect(() => line.control('alice', { nowMs })).toThrow(refused)
    const self = makeAgent('carol')
    const bundle = verifyBundle({ kernel, bytes: holder.served(1), nowMs: NOW_MS })
    const given = { kernel, random: self.random, nowMs, self, bundle, plaintext: new Uint8Array(0) }
    await expect(initiate(given)).rejects.toThrow(refused)
  })
})
