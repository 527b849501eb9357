import { describe, expect, it } from 'vitest'
import { growthOf, soakKeepers, soakSessions } from './soak.ts'

const SAMPLES = 10

describe('two agents that exchange messages for a while', () => {
  it('hold as much memory in the end as in the beginning', async () => {
    const samples = await soakSessions({ messages: 5_000, samples: SAMPLES })
    expect(samples).toHaveLength(SAMPLES)
    expect(growthOf(samples, ({ liveBytes }) => liveBytes).ratio).toBeLessThan(1.15)
  })

  it('hold as much with their databases', async () => {
    const samples = await soakKeepers({ messages: 1_000, samples: SAMPLES })
    expect(growthOf(samples, ({ liveBytes }) => liveBytes).ratio).toBeLessThan(1.15)
  })
})

describe('growth', () => {
  it('is seen where memory grows', () => {
    const samples = Array.from({ length: 30 }, (_, index) => ({ messages: index, liveBytes: 100 + index, rssBytes: 0 }))
    expect(growthOf(samples, ({ liveBytes }) => liveBytes)).toEqual({ first: 101, last: 128, ratio: 128 / 101 })
  })
})
