import { concatBytes, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  encodeSessionState,
  MAX_CHAIN_MESSAGES,
  MAX_GAP,
  MAX_MESSAGE_BYTES,
  MAX_OLD_CHAINS,
  MAX_SESSION_MESSAGES,
  MAX_SKIPPED_KEYS,
  open,
  RESERVED_CONTENT_TYPE,
  routeOf,
  SESSION_LIFETIME_MS,
  SESSION_OPEN_GRACE_MS,
} from '../src/index.ts'
import { establish, kernel, NOW_MS } from './agents.ts'
import { Line, recordOf, type States } from './line.ts'
import { counting, sealingInstead, sealingPadded } from './misbehaving.ts'

let states: States
let others: States

beforeAll(async () => {
  states = await establish()
  others = await establish({ oneTime: 1 })
})

/** What stands in a header after ratchet key and PN. */
const NUMBER_2_24 = Uint8Array.of(1, 0, 0, 0)
const EPOCH_0 = new Uint8Array(4)

const withCode = (code: string) => expect.objectContaining({ code })

describe('what travels', () => {
  it('adds 141 bytes to a message in the steady state', () => {
    const line = new Line(states)
    line.turn()
    for (const length of [0, 1, 1024, 65_536]) {
      const overhead = line.say('alice', new Uint8Array(length), { padding: 'none' }).length - length
      expect(overhead).toBe(141)
      expect(overhead).toBeLessThanOrEqual(144)
    }
  })

  it('shows one size for everything below the padding floor, and at most an eighth more above it', () => {
    const line = new Line(states)
    const sizes = [0, 1, 100, 255].map((length) => line.say('alice', new Uint8Array(length)).length)
    expect(new Set(sizes)).toEqual(new Set([140 + 256]))
    for (const length of [256, 1000, 5000, 100_000]) {
      expect(line.say('alice', new Uint8Array(length)).length).toBeLessThanOrEqual(140 + Math.max(256, length * 1.125))
    }
  })

  it('never shows a ratchet key, a counter or a text', () => {
    const line = new Line(states)
    const message = Buffer.from(line.say('alice', 'a text that stays inside'))
    const { sending } = recordOf(line.states.alice)
    expect(message.includes('stays inside')).toBe(false)
    expect(message.includes(Buffer.from(sending?.ratchetPublic ?? message))).toBe(false)
  })

  it('is told apart and routed by its first bytes alone', async () => {
    const { initiated } = await establish()
    const line = new Line(states)
    expect(routeOf(initiated.message)).toEqual({ kind: 'first-flight' })
    expect(routeOf(line.say('alice', 'hello'))).toEqual({ kind: 'message', sessionId: states.alice.sessionId })
    expect(() => routeOf(Uint8Array.of(1, 2, 0))).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    expect(() => routeOf(Uint8Array.of(1, 3, 0))).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    expect(() => routeOf(Uint8Array.of(2, 1))).toThrow(withCode('SESSION_SUITE'))
    expect(() => routeOf(new Uint8Array(0))).toThrow(withCode('SESSION_SUITE'))
  })
})

describe('limits', () => {
  it('seals and opens 1 MiB, and refuses one byte more at both ends', () => {
    const line = new Line(states)
    const largest = new Uint8Array(MAX_MESSAGE_BYTES).fill(0x61)
    expect(line.hear('bob', line.say('alice', largest)).length).toBe(MAX_MESSAGE_BYTES)
    expect(() => line.say('alice', new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow(withCode('SESSION_TOO_LARGE'))
    const padded = new Uint8Array(MAX_MESSAGE_BYTES + 2)
    padded.set([0x80], MAX_MESSAGE_BYTES + 1)
    const tooLarge = line.say('alice', '', { kernel: sealingPadded(padded) })
    expect(() => line.hear('bob', tooLarge)).toThrow(withCode('SESSION_TOO_LARGE'))
  })

  it('refuses a message that no honest padding makes so large before it tries a key', () => {
    const line = new Line(states)
    const largest = line.say('alice', '', { kernel: sealingPadded(new Uint8Array(1_081_344)) })
    const counted = counting()
    const message = concatBytes(largest, Uint8Array.of(0))
    expect(() => line.hear('bob', message, counted)).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    expect(counted.calls).toMatchObject({ ratchetReceive: 0, aeadOpen: 0 })
    expect(() => line.hear('bob', largest)).toThrow('the padding has no end')
  })

  it('takes content types up to 239', () => {
    const line = new Line(states)
    const message = line.say('alice', '', { contentType: RESERVED_CONTENT_TYPE - 1 })
    expect(open(states.bob, { kernel, nowMs: NOW_MS, message })).toMatchObject({ kind: 'content', contentType: 239 })
    for (const contentType of [RESERVED_CONTENT_TYPE, 255, -1, 1.5]) {
      expect(() => line.say('alice', '', { contentType })).toThrow(withCode('SESSION_ARGUMENT'))
    }
  })

  it('opens across a gap of 2,000 and refuses one of 2,001', () => {
    const line = new Line(states)
    const messages = Array.from({ length: MAX_GAP + 2 }, (_, number) => line.say('alice', `${number}`))
    expect(() => line.hear('bob', messages.at(-1) as Uint8Array)).toThrow(withCode('SESSION_GAP'))
    expect(line.hear('bob', messages.at(-2) as Uint8Array)).toBe(`${MAX_GAP}`)
    expect(line.states.bob.toJSON().skippedKeys).toBe(MAX_GAP)
    expect(line.hear('bob', messages[0] as Uint8Array)).toBe('0')
  })

  it('keeps 2,000 keys of missing messages and drops the oldest for more', () => {
    const line = new Line(states)
    const first = Array.from({ length: 4 }, (_, number) => line.say('alice', `first ${number}`))
    line.hear('bob', first[3] as Uint8Array)
    line.turn()
    const second = Array.from({ length: MAX_SKIPPED_KEYS + 2 }, (_, number) => line.say('alice', `second ${number}`))
    line.hear('bob', second[MAX_SKIPPED_KEYS - 3] as Uint8Array)
    expect(line.states.bob.toJSON().skippedKeys).toBe(MAX_SKIPPED_KEYS)
    line.hear('bob', second[MAX_SKIPPED_KEYS - 1] as Uint8Array)
    expect(line.states.bob.toJSON().skippedKeys).toBe(MAX_SKIPPED_KEYS)
    expect(() => line.hear('bob', first[0] as Uint8Array)).toThrow(withCode('SESSION_DUPLICATE'))
    expect(line.hear('bob', first[1] as Uint8Array)).toBe('first 1')
    line.hear('bob', second[MAX_SKIPPED_KEYS + 1] as Uint8Array)
    expect(line.hear('bob', first[2] as Uint8Array)).toBe('first 2')
    expect(line.hear('bob', second[0] as Uint8Array)).toBe('second 0')
  })

  it('drops old chains before keys of the current one', () => {
    const line = new Line(states)
    const [lost, early] = [line.say('alice', 'lost'), line.say('alice', 'early')]
    line.hear('bob', early)
    line.turn()
    const many = Array.from({ length: MAX_GAP + 4 }, (_, number) => line.say('alice', `${number}`))
    line.hear('bob', many[0] as Uint8Array)
    line.hear('bob', many[MAX_GAP + 1] as Uint8Array)
    expect(() => line.hear('bob', lost)).toThrow(withCode('SESSION_HEADER'))
    line.hear('bob', many[MAX_GAP + 3] as Uint8Array)
    expect(() => line.hear('bob', many[1] as Uint8Array)).toThrow(withCode('SESSION_DUPLICATE'))
    expect(line.hear('bob', many[2] as Uint8Array)).toBe('2')
  })

  it('seals 2^24 messages of a chain, and goes on after a turn', () => {
    const line = new Line(states)
    line.rewrite('alice', (record) => ({ ...record, sending: { ...record.sending, count: MAX_CHAIN_MESSAGES - 1 } }))
    line.rewrite('bob', (record) => ({ ...record, receiving: { ...record.receiving, count: MAX_CHAIN_MESSAGES - 1 } }))
    expect(line.hear('bob', line.say('alice', 'the last one'))).toBe('the last one')
    expect(() => line.say('alice', 'one more')).toThrow(withCode('SESSION_EXHAUSTED'))
    line.turn()
    expect(line.hear('bob', line.say('alice', 'of a new chain'))).toBe('of a new chain')
  })

  it('opens no number 2^24, not even where it would be the next', () => {
    const line = new Line(states)
    line.rewrite('alice', (record) => ({ ...record, sending: { ...record.sending, count: MAX_CHAIN_MESSAGES - 1 } }))
    line.rewrite('bob', (record) => ({ ...record, receiving: { ...record.receiving, count: MAX_CHAIN_MESSAGES } }))
    const numbered = sealingInstead(({ header }) => ({
      header: concatBytes(header.subarray(0, 37), NUMBER_2_24, EPOCH_0),
    }))
    const message = line.say('alice', 'one too many', { kernel: numbered })
    expect(() => line.hear('bob', message)).toThrow(withCode('SESSION_MESSAGE_INVALID'))
  })

  it('ends after 2^32 messages', () => {
    const line = new Line(states)
    const messages = MAX_SESSION_MESSAGES - 1
    line.rewrite('alice', (record) => ({ ...record, messages }))
    line.rewrite('bob', (record) => ({ ...record, messages }))
    const last = line.say('alice', 'last')
    expect(() => line.say('alice', 'past')).toThrow(withCode('SESSION_EXHAUSTED'))
    expect(line.hear('bob', last)).toBe('last')
    expect(() => line.hear('bob', last)).toThrow(withCode('SESSION_EXHAUSTED'))
  })

  it('seals for less than seven days and opens for less than fourteen', () => {
    const line = new Line(states)
    const nowMs = NOW_MS + SESSION_LIFETIME_MS
    const message = line.say('alice', 'late', { nowMs: nowMs - 1 })
    expect(() => line.say('alice', 'too late', { nowMs })).toThrow(withCode('SESSION_EXHAUSTED'))
    const past = nowMs + SESSION_OPEN_GRACE_MS
    expect(() => line.hear('bob', message, { nowMs: past })).toThrow(withCode('SESSION_EXHAUSTED'))
    expect(line.hear('bob', message, { nowMs: past - 1 })).toBe('late')
  })
})

describe('a hostile line', () => {
  it('pays for a forged header with six short trials at most, and with no DH and no chain step', () => {
    const line = new Line(states)
    for (let chain = 0; chain < MAX_OLD_CHAINS; chain += 1) {
      line.say('alice', 'lost')
      line.turn()
    }
    line.hear('alice', line.say('bob', 'so that a turn is possible'))
    line.say('alice', 'lost too')
    line.hear('bob', line.say('alice', 'of the current chain'))
    line.say('bob', 'an answer')
    const forged = line.say('alice', 'honest').with(40, 0)
    const counted = counting()
    expect(() => line.hear('bob', forged, counted)).toThrow(withCode('SESSION_HEADER'))
    const trials = { ratchetReceive: 1, aeadOpen: 1 + MAX_OLD_CHAINS }
    expect(counted.calls).toEqual({ ...trials, ratchetTurn: 0, ratchetAdvance: 0, ratchetOpen: 0 })
  })

  it('changes nothing with any flipped bit, and the honest message opens afterwards', () => {
    const line = new Line(states)
    line.turn()
    const message = line.say('alice', 'honest')
    const before = encodeSessionState(line.states.bob)
    for (const [position, byte] of message.entries()) {
      for (let bit = 0; bit < 8; bit += 1) {
        const forged = message.with(position, byte ^ (1 << bit))
        expect(() => line.hear('bob', forged)).toThrow(TalosError)
      }
    }
    expect(encodeSessionState(line.states.bob)).toEqual(before)
    expect(line.hear('bob', message)).toBe('honest')
  })

  it('cannot shorten or lengthen a message', () => {
    const line = new Line(states)
    const message = line.say('alice', 'honest')
    for (const cut of [0, 1, 2, 18, 30, 91, 123, 139, message.length - 1]) {
      expect(() => line.hear('bob', message.subarray(0, cut))).toThrow(TalosError)
    }
    expect(() => line.hear('bob', Uint8Array.of(...message, 0))).toThrow(withCode('SESSION_AUTHENTICATION'))
    expect(line.hear('bob', message)).toBe('honest')
  })

  it('cannot reflect a message to its sender', () => {
    const line = new Line(states)
    line.turn()
    const message = line.say('alice', 'to bob')
    expect(() => line.hear('alice', message)).toThrow(withCode('SESSION_HEADER'))
  })

  it('cannot carry a message into another session of the same two, not even under its id', () => {
    const [line, other] = [new Line(states), new Line(others)]
    const message = line.say('alice', 'here only')
    expect(() => other.hear('bob', message)).toThrow(withCode('SESSION_MISMATCH'))
    const renamed = message.slice()
    renamed.set(others.bob.sessionId, 3)
    expect(() => other.hear('bob', renamed)).toThrow(withCode('SESSION_HEADER'))
    expect(line.hear('bob', message)).toBe('here only')
  })

  it('cannot carry a message into a session that differs in nothing but its capability context', () => {
    const line = new Line(states)
    const message = line.say('alice', 'under this authority')
    line.rewrite('bob', (record) => ({ ...record, context: new Uint8Array(32).fill(1) }))
    expect(() => line.hear('bob', message)).toThrow(withCode('SESSION_HEADER'))
  })

  it('gets the same answer to a reserved content type in whatever session', () => {
    const message = new Line(others).say('alice', 'elsewhere')
    expect(() => new Line(states).hear('bob', message.with(2, 0xf2))).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    expect(() => new Line(states).hear('bob', message.with(2, 0xf1))).toThrow(withCode('SESSION_MISMATCH'))
  })

  it('cannot make an old state open what it opened only by going back in time', () => {
    const line = new Line(states)
    const message = line.say('alice', 'once')
    const before = line.states.bob
    line.hear('bob', message)
    expect(() => line.hear('bob', message)).toThrow(withCode('SESSION_DUPLICATE'))
    expect(new Line({ ...line.states, bob: before }).hear('bob', message)).toBe('once')
  })
})

describe('a peer that holds the keys and breaks the rules', () => {
  it('cannot turn twice on one ratchet key', () => {
    const line = new Line(states)
    line.hear('alice', line.say('bob', 'first'))
    line.say('alice', 'answer')
    line.hear('bob', line.say('alice', 'answer that arrives'))
    line.rewrite('alice', ({ sending: _dropped, ...record }) => record)
    const second = line.say('alice', 'a second turn without an answer')
    expect(() => line.hear('bob', second)).toThrow(withCode('SESSION_HEADER'))
    line.say('bob', 'answer')
  })

  it('cannot change ratchet key or PN within a chain', () => {
    const line = new Line(states)
    line.turn()
    for (const position of [1, 36]) {
      const changed = sealingInstead(({ header }) => ({ header: header.with(position, (header[position] ?? 0) ^ 1) }))
      const message = line.say('alice', 'of another chain', { kernel: changed })
      expect(() => line.hear('bob', message)).toThrow('its header is not of its chain')
    }
    expect(line.hear('bob', line.say('alice', 'of the chain'))).toBe('of the chain')
  })

  it('cannot hide content behind padding without an end', () => {
    const line = new Line(states)
    const message = line.say('alice', '', { kernel: sealingPadded(new Uint8Array(256)) })
    expect(() => line.hear('bob', message)).toThrow(withCode('SESSION_MESSAGE_INVALID'))
  })
})

describe('failures underneath', () => {
  const broken = new TalosError('KERNEL_ARGUMENT', { name: 'key' })
  const names = ['ratchetReceive', 'aeadOpen', 'ratchetTurn', 'ratchetAdvance', 'ratchetOpen'] as const
  const failing = (name: (typeof names)[number]) => ({
    ...kernel,
    [name]: () => {
      throw broken
    },
  })

  it.each(names)('passes a failure of %s on and keeps the state', (name) => {
    const line = new Line(states)
    line.turn()
    line.say('bob', utf8('lost'))
    const message = line.say('bob', utf8('a turn, and a gap'))
    expect(() => line.hear('alice', message, { kernel: failing(name) })).toThrow(broken)
    expect(line.hear('alice', message)).toBe('a turn, and a gap')
  })
})
