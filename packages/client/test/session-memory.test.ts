import { describe, expect, it } from 'vitest'
import { SessionMemory } from '../src/session-memory.ts'
import { twoParties } from './parties.ts'

/** States that stay in memory. */
const LIMIT = 256

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  return id
}

describe('states in memory', () => {
  it('are bounded in number, and the one that was used longest ago is read again from the store', async () => {
    await using parties = await twoParties()
    const sessionId = await parties.establish()
    const { sessions } = parties.alice.agent.database
    const reads: Uint8Array[] = []
    const memory = new SessionMemory({
      get: (id) => {
        reads.push(id)
        return sessions.get(sessionId)
      },
    })
    for (let number = 0; number < LIMIT; number += 1) memory.load(idOf(number))
    memory.load(idOf(1))
    expect(reads).toHaveLength(LIMIT)
    memory.load(idOf(LIMIT))
    memory.load(idOf(1))
    expect(reads).toHaveLength(LIMIT + 1)
    memory.load(idOf(0))
    expect(reads.at(-1)).toEqual(idOf(0))
  })

  it('are kept beyond that where the store does not cover them: they hold keys that were used', async () => {
    await using parties = await twoParties()
    const sessionId = await parties.establish()
    const { sessions } = parties.alice.agent.database
    const memory = new SessionMemory({ get: () => sessions.get(sessionId) })
    const { state } = memory.load(idOf(0))
    memory.hold(idOf(0), { state, version: 1, mustStore: true })
    for (let number = 1; number <= 2 * LIMIT; number += 1) memory.load(idOf(number))
    expect(memory.load(idOf(0))).toEqual({ state, version: 1, mustStore: true })
  })
})
