/** Send leases (spec 06-session 6.10): what is stored covers what leaves, and no message key seals twice. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  decodeSessionState,
  encodeSessionState,
  LEASE_MAX_MESSAGES,
  MAX_CHAIN_MESSAGES,
  MAX_SESSION_MESSAGES,
  type SessionState,
} from '../src/index.ts'
import { establish } from './agents.ts'
import { commitmentOf, Line, recordOf, type States } from './line.ts'

let states: States

beforeAll(async () => {
  const line = new Line(await establish())
  line.turn()
  states = line.states
})

const withCode = (code: string) => expect.objectContaining({ code })

/** Numbers of the messages of a new chain of Bob that had to be stored. */
function storedNumbers(count: number, leaseMessages?: number): readonly number[] {
  const line = new Line(states)
  return Array.from({ length: count }, (_, number) => {
    return line.seal('bob', 'x', leaseMessages === undefined ? {} : { leaseMessages }).needsStore ? number : -1
  }).filter((number) => number >= 0)
}

describe('a lease', () => {
  it('begins with one message, grows with the chain and stays at 1,024', () => {
    expect(storedNumbers(2_674)).toEqual([0, 1, 5, 25, 125, 625, 1_649, 2_673])
  })

  it('covers as many messages as the sealer asks for, 1 to 1,024', () => {
    expect(storedNumbers(4, 1)).toEqual([0, 1, 2, 3])
    expect(storedNumbers(12, 5)).toEqual([0, 5, 10])
    expect(storedNumbers(LEASE_MAX_MESSAGES + 1, LEASE_MAX_MESSAGES)).toEqual([0, LEASE_MAX_MESSAGES])
    for (const leaseMessages of [0, LEASE_MAX_MESSAGES + 1, 1.5, Number.NaN]) {
      expect(() => storedNumbers(1, leaseMessages)).toThrow(withCode('SESSION_ARGUMENT'))
    }
  })

  it('is stored with the first message of every chain, whose ratchet key nobody else holds', () => {
    const line = new Line(states)
    for (let round = 0; round < 3; round += 1) {
      const turned = line.seal('bob', 'turn')
      expect(turned.needsStore).toBe(true)
      line.hear('alice', turned.message)
      line.hear('bob', line.say('alice', 'turn'))
    }
  })

  it('leaves the record the same while it lasts, and the chain key in use out of it', () => {
    const line = new Line(states)
    line.say('bob', 'begins', { leaseMessages: 8 })
    const stored = encodeSessionState(line.states.bob)
    for (let number = 1; number < 8; number += 1) {
      const { state, needsStore } = line.seal('bob', `${number}`)
      expect(needsStore).toBe(false)
      const { sending, messages } = recordOf(state)
      expect(sending).toEqual(recordOf(decodeSessionState(stored)).sending)
      expect(messages).toBe(recordOf(decodeSessionState(stored)).messages)
    }
    expect(line.states.bob.toJSON()).toMatchObject({ sendCount: 8, sendLease: 8 })
    expect(line.seal('bob', 'past it').needsStore).toBe(true)
  })

  it('makes a restarted sender go on at its end, with keys that were never used', () => {
    const line = new Line(states)
    const before = Array.from({ length: 9 }, (_, number) => line.say('bob', `${number}`))
    expect(line.states.bob.toJSON()).toMatchObject({ sendCount: 9, sendLease: 25 })
    line.restart('bob')
    expect(line.states.bob.toJSON()).toMatchObject({ sendCount: 25, sendLease: 25 })
    const { message, needsStore } = line.seal('bob', 'after the restart')
    expect(needsStore).toBe(true)
    expect(before.map(commitmentOf)).not.toContain(commitmentOf(message))
    expect(line.hear('alice', message)).toBe('after the restart')
    expect(line.states.alice.toJSON()).toMatchObject({ receiveCount: 26, skippedKeys: 25 })
    for (const [number, late] of before.entries()) expect(line.hear('alice', late)).toBe(`${number}`)
    expect(line.states.alice.toJSON().skippedKeys).toBe(25 - 9)
  })

  it('begins again with one message in a process that begins again, which so skips no number', () => {
    const line = new Line(states)
    for (let number = 0; number < 300; number += 1) {
      const { message, needsStore } = line.seal('bob', `${number}`)
      expect(needsStore).toBe(true)
      line.restart('bob')
      expect(line.hear('alice', message)).toBe(`${number}`)
    }
    expect(line.states.alice.toJSON()).toMatchObject({ receiveCount: 300, skippedKeys: 0 })
    const stores = Array.from({ length: 16 }, (_, number) => line.seal('bob', `${number}`).needsStore)
    expect(stores.flatMap((needsStore, number) => (needsStore ? [number] : []))).toEqual([0, 1, 5])
  })

  it('counts what was sent at a turn, and up to its end after a restart', () => {
    for (const restarts of [false, true]) {
      const line = new Line(states)
      line.hear('alice', line.say('bob', 'one', { leaseMessages: 8 }))
      if (restarts) line.restart('bob')
      line.hear('bob', line.say('alice', 'turn'))
      expect(recordOf(line.states.bob).previousCount).toBe(restarts ? 8 : 1)
      expect(line.hear('alice', line.say('bob', 'next chain'))).toBe('next chain')
      expect(line.states.alice.toJSON().skippedKeys).toBe(restarts ? 7 : 0)
    }
  })

  it('ends with the chain at 2^24', () => {
    const line = new Line(states)
    line.say('bob', 'begins')
    const count = MAX_CHAIN_MESSAGES - 2
    line.rewrite('bob', (record) => ({ ...record, sending: { ...record.sending, count } }))
    line.say('bob', 'the last but one', { leaseMessages: LEASE_MAX_MESSAGES })
    expect(line.states.bob.toJSON().sendLease).toBe(MAX_CHAIN_MESSAGES)
    line.restart('bob')
    expect(() => line.say('bob', 'past')).toThrow(withCode('SESSION_EXHAUSTED'))
  })

  it('never lets a record say more than 2^32 messages', () => {
    const line = new Line(states)
    line.say('bob', 'begins')
    line.rewrite('bob', (record) => ({ ...record, messages: MAX_SESSION_MESSAGES - 2 }))
    line.say('bob', 'leases more than are left', { leaseMessages: 100 })
    expect(recordOf(line.states.bob).messages).toBe(MAX_SESSION_MESSAGES)
    line.say('bob', 'the last one')
    expect(() => line.say('bob', 'past')).toThrow(withCode('SESSION_EXHAUSTED'))
  })

  it('is kept by what opens in between', () => {
    const line = new Line(states)
    line.hear('alice', line.say('bob', 'begins', { leaseMessages: 8 }))
    line.hear('bob', line.say('alice', 'turn'))
    const sent = [line.say('bob', 'begins again', { leaseMessages: 8 }), line.say('bob', 'two')]
    line.hear('bob', line.say('alice', 'of the same chain'))
    expect(line.seal('bob', 'three').needsStore).toBe(false)
    expect(sent.map((message) => line.hear('alice', message))).toEqual(['begins again', 'two'])
  })
})

/** A state from before the last lease must never be stored again: what that costs, as a positive control of the tests. */
describe('a record older than the lease', () => {
  it('uses keys again, which the commitment shows', () => {
    const line = new Line(states)
    line.say('bob', 'begins')
    const old: SessionState = decodeSessionState(encodeSessionState(line.states.bob))
    const used = line.say('bob', 'one thing')
    const again = new Line({ ...states, bob: old }).say('bob', 'another')
    expect(commitmentOf(again)).toBe(commitmentOf(used))
  })
})
