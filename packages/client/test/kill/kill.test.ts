import { describe, expect, it } from 'vitest'
import { isSound, killRun } from './harness.ts'
import { comeTwice, keysUsedTwice } from './journal.ts'

const KILLS = 5

describe('two agents that are killed while they talk', () => {
  it(`use no key twice, lose nothing, hand nothing over twice and stay in their session, over ${KILLS} kills`, async () => {
    const result = await killRun({ kills: KILLS, seed: 1 })
    expect(isSound(result), JSON.stringify(result)).toBe(true)
    expect(result.left).toBeGreaterThan(KILLS)
    expect(result.acknowledged).toBeGreaterThan(KILLS)
  }, 180_000)
})

describe('the judge of what killed agents wrote down', () => {
  it('sees a key under two messages, and none under one that was sent again', () => {
    expect(keysUsedTwice(['c1 h1', 'c2 h2', 'c1 h1'])).toEqual([])
    expect(keysUsedTwice(['c1 h1', 'c2 h2', 'c1 h3'])).toEqual(['c1'])
  })

  it('sees a message that came twice, besides the last one of a life', () => {
    expect(comeTwice([['a', 'b'], ['b', 'c'], [], ['c', 'd']])).toEqual([])
    expect(comeTwice([['a', 'b'], ['a']])).toEqual(['a'])
    expect(comeTwice([['a', 'a']])).toEqual(['a'])
  })
})
