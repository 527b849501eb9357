/** The sparse post-quantum step (spec 06-session 6.11): when it is due, how it runs, and what a peer may not do in it. */
import { encodePqAnswer, encodePqOffer } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  CONTENT_PQ_ANSWER,
  CONTENT_PQ_OFFER,
  controlDue,
  encodeSessionState,
  PQ_OFFER_REPEAT_MS,
  PQ_STEP_AGE_MS,
  PQ_STEP_BYTES,
  PQ_STEP_MESSAGES,
  seal,
} from '../src/index.ts'
import { establish, kernel, NOW_MS } from './agents.ts'
import { CONTROL, Line, recordOf, type Side, type States } from './line.ts'

const withCode = (code: string) => expect.objectContaining({ code })
const invalid = withCode('SESSION_MESSAGE_INVALID')
/** A time at which the next step is due by age, and an offer without an answer again. */
const LATER_MS = NOW_MS + PQ_STEP_AGE_MS

let states: States

beforeAll(async () => {
  const line = new Line(await establish())
  line.turn()
  states = line.states
})

const epochs = ({ states: { alice, bob } }: Line) => [alice.toJSON().epoch, bob.toJSON().epoch]
const pqOf = (line: Line, side: Side) => recordOf(line.states[side]).pq

/** One whole step; the side that opens it is the initiator, Alice, for odd steps. */
function step(line: Line, opener: Side, nowMs: number): void {
  const answerer = opener === 'alice' ? 'bob' : 'alice'
  line.hear(answerer, line.control(opener, { nowMs }), { nowMs })
  line.hear(opener, line.control(answerer, { nowMs }), { nowMs })
  line.hear(answerer, line.say(opener, 'mixes', { nowMs }), { nowMs })
}

describe('a post-quantum step', () => {
  it('is due at the initiator after 50 messages, an hour or 64 MiB, and not one before', () => {
    const line = new Line(states)
    const { sinceMs } = pqOf(line, 'alice')
    expect(controlDue(line.states.alice, sinceMs + PQ_STEP_AGE_MS - 1)).toBe(false)
    expect(controlDue(line.states.alice, sinceMs + PQ_STEP_AGE_MS)).toBe(true)
    line.rewrite('alice', (record) => ({ ...record, messages: PQ_STEP_MESSAGES - 1 }))
    expect(controlDue(line.states.alice, NOW_MS)).toBe(false)
    line.rewrite('alice', (record) => ({ ...record, messages: PQ_STEP_MESSAGES }))
    expect(controlDue(line.states.alice, NOW_MS)).toBe(true)
    const withBytes = (sinceBytes: number) => {
      line.rewrite('alice', ({ pq, ...record }) => ({ ...record, messages: 1, pq: { ...pq, sinceBytes } }))
      return controlDue(line.states.alice, NOW_MS)
    }
    expect([withBytes(PQ_STEP_BYTES - 1), withBytes(PQ_STEP_BYTES)]).toEqual([false, true])
  })

  it('counts the messages and the bytes of both directions', async () => {
    const line = new Line(await establish())
    const sizes = [pqOf(line, 'alice').sinceBytes]
    for (const message of [line.say('bob', 'one'), line.say('bob', 'two')]) {
      line.hear('alice', message)
      sizes.push(message.length)
    }
    sizes.push(line.say('alice', 'three').length)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    expect(pqOf(line, 'alice').sinceBytes).toBe(total)
    expect(pqOf(line, 'bob').sinceBytes).toBe(total - (sizes.at(-1) ?? 0))
    expect(pqOf(line, 'alice').sinceMessages).toBe(0)
  })

  it('is due at the side that opens it and nowhere else, and only in a confirmed session', async () => {
    expect(controlDue(states.alice, LATER_MS)).toBe(true)
    expect(controlDue(states.bob, LATER_MS)).toBe(false)
    const { alice, bob } = await establish()
    expect([controlDue(alice, LATER_MS), controlDue(bob, LATER_MS)]).toEqual([false, false])
    const input = { kernel, random: { bytes: (length: number) => new Uint8Array(length) }, nowMs: NOW_MS }
    expect(seal(alice, { ...input, plaintext: new Uint8Array(0) }).needsStore).toBe(true)
    expect(() => new Line({ alice, bob }).control('alice', { nowMs: LATER_MS })).toThrow(withCode('SESSION_ARGUMENT'))
  })

  it('is offered, answered, mixed in at the opener’s next chain, and opened by the other side next time', () => {
    const line = new Line(states)
    expect(line.hear('bob', line.control('alice', { nowMs: LATER_MS }))).toBe(CONTROL)
    expect([controlDue(line.states.alice, LATER_MS), controlDue(line.states.bob, LATER_MS)]).toEqual([false, true])
    expect(line.hear('alice', line.control('bob', { nowMs: LATER_MS }))).toBe(CONTROL)
    expect([controlDue(line.states.alice, LATER_MS), controlDue(line.states.bob, LATER_MS)]).toEqual([false, false])
    expect(epochs(line)).toEqual([0, 0])
    const mixing = line.say('alice', 'mixes', { nowMs: LATER_MS })
    expect(epochs(line)).toEqual([1, 0])
    expect(line.hear('bob', mixing, { nowMs: LATER_MS })).toBe('mixes')
    expect(epochs(line)).toEqual([1, 1])
    for (const side of ['alice', 'bob'] as const) {
      const { messages, pq } = recordOf(line.states[side])
      expect(pq).toEqual({ sinceMs: LATER_MS, sinceMessages: pq.sinceMessages, sinceBytes: pq.sinceBytes })
      expect(messages - pq.sinceMessages).toBe(1)
      expect(pq.sinceBytes).toBe(mixing.length)
    }
    const next = LATER_MS + PQ_STEP_AGE_MS
    expect([controlDue(line.states.alice, next), controlDue(line.states.bob, next)]).toEqual([false, true])
    step(line, 'bob', next)
    expect(epochs(line)).toEqual([2, 2])
    step(line, 'alice', next + PQ_STEP_AGE_MS)
    expect(epochs(line)).toEqual([3, 3])
    line.turn()
  })

  it('puts the secret into the keys: an opener that leaves it out is not understood', () => {
    const line = new Line(states)
    line.hear('bob', line.control('alice', { nowMs: LATER_MS }))
    line.hear('alice', line.control('bob'))
    const unmixed: Kernel = { ...kernel, ratchetTurn: ({ mixed: _left, ...input }) => kernel.ratchetTurn(input) }
    const message = line.say('alice', 'without the secret', { kernel: unmixed })
    expect(() => line.hear('bob', message)).toThrow(withCode('SESSION_AUTHENTICATION'))
    expect(line.hear('bob', message, { kernel: unmixed })).toBe('without the secret')
  })

  it('runs beside messages of old chains, of both sides, in any order', () => {
    const line = new Line(states)
    const late = [line.say('alice', 'before the offer')]
    const offer = line.control('alice', { nowMs: LATER_MS })
    late.push(line.say('alice', 'after the offer'))
    line.hear('bob', offer)
    const lateAtAlice = line.say('bob', 'before the answer')
    line.hear('alice', line.control('bob'))
    line.hear('bob', line.say('alice', 'mixes'))
    line.hear('alice', line.say('bob', 'in the new epoch'))
    expect(line.hear('alice', lateAtAlice)).toBe('before the answer')
    expect(late.map((message) => line.hear('bob', message))).toEqual(['before the offer', 'after the offer'])
    expect(epochs(line)).toEqual([1, 1])
  })

  it('waits for the answer as long as it takes, through any number of turns', () => {
    const line = new Line(states)
    line.hear('bob', line.control('alice', { nowMs: LATER_MS }))
    for (let round = 0; round < 3; round += 1) {
      line.hear('alice', line.say('bob', 'turn'))
      line.hear('bob', line.say('alice', 'turn'))
    }
    expect(epochs(line)).toEqual([0, 0])
    line.hear('alice', line.control('bob'))
    line.hear('bob', line.say('alice', 'mixes'))
    expect(epochs(line)).toEqual([1, 1])
  })
})

describe('frames of a step that are lost, repeated or late', () => {
  it('are offered again after an hour with the same key, and answered with the same ciphertext', () => {
    const line = new Line(states)
    line.control('alice', { nowMs: LATER_MS })
    const { offer } = pqOf(line, 'alice')
    expect(controlDue(line.states.alice, LATER_MS + PQ_OFFER_REPEAT_MS - 1)).toBe(false)
    const again = line.control('alice', { nowMs: LATER_MS + PQ_OFFER_REPEAT_MS })
    expect(pqOf(line, 'alice').offer?.seed).toEqual(offer?.seed)
    line.hear('bob', again)
    const { answer } = pqOf(line, 'bob')
    line.control('bob')
    expect(pqOf(line, 'bob').answer).toEqual({ ...answer, due: false })
    line.hear('bob', line.control('alice', { nowMs: LATER_MS + 2 * PQ_OFFER_REPEAT_MS }))
    expect(pqOf(line, 'bob').answer).toEqual(answer)
    line.hear('alice', line.control('bob'))
    line.hear('bob', line.say('alice', 'mixes'))
    expect(epochs(line)).toEqual([1, 1])
  })

  it('change nothing when they are of a step that is done', () => {
    const line = new Line(states)
    const offers = [line.control('alice', { nowMs: LATER_MS })]
    offers.push(line.control('alice', { nowMs: LATER_MS + PQ_OFFER_REPEAT_MS }))
    const [offer, lateOffer] = offers as [Uint8Array, Uint8Array]
    line.hear('bob', offer)
    const answer = line.control('bob')
    line.rewrite('bob', ({ pq, ...record }) => ({ ...record, pq: { ...pq, answer: { ...pq.answer, due: true } } }))
    const [second, third] = [line.control('bob'), line.saySealed('bob', CONTENT_PQ_ANSWER, answerOf(line))]
    line.hear('alice', answer)
    const agreed = pqOf(line, 'alice')
    line.hear('alice', second)
    expect(pqOf(line, 'alice').agreed).toEqual(agreed.agreed)
    line.hear('bob', line.say('alice', 'mixes'))
    const before = [pqOf(line, 'alice'), pqOf(line, 'bob')]
    line.hear('alice', third)
    line.hear('bob', lateOffer)
    for (const [index, side] of (['alice', 'bob'] as const).entries()) {
      const { sinceBytes: _grows, ...pq } = pqOf(line, side)
      expect(before[index]).toMatchObject(pq)
    }
    expect(epochs(line)).toEqual([1, 1])
  })

  it('survive a restart of either side at every point', () => {
    const line = new Line(states)
    const restart = () => {
      line.restart('alice')
      line.restart('bob')
    }
    restart()
    for (const [opener, answerer, epoch] of [
      ['alice', 'bob', 1],
      ['bob', 'alice', 2],
    ] as const) {
      const nowMs = NOW_MS + epoch * PQ_STEP_AGE_MS
      const offer = line.control(opener, { nowMs })
      restart()
      line.hear(answerer, offer, { nowMs })
      restart()
      const answer = line.control(answerer, { nowMs })
      restart()
      line.hear(opener, answer, { nowMs })
      restart()
      const mixing = line.say(opener, 'mixes', { nowMs })
      restart()
      line.hear(answerer, mixing, { nowMs })
      restart()
      expect(epochs(line)).toEqual([epoch, epoch])
    }
    line.turn()
  })
})

/** The answer that Bob holds, encoded. */
function answerOf(line: Line): Uint8Array {
  const { answer } = pqOf(line, 'bob')
  if (answer === undefined) throw new Error('Bob holds no answer')
  return encodePqAnswer({ epoch: 1, ciphertext: answer.ciphertext })
}

describe('a peer that breaks the rules of a step', () => {
  const encapsulationKey = kernel.mlkem768EncapsulationKey(new Uint8Array(64).fill(7))
  const ciphertext = new Uint8Array(1088)
  const offer = (epoch: number, key = encapsulationKey) => encodePqOffer({ epoch, encapsulationKey: key })
  const answer = (epoch: number) => encodePqAnswer({ epoch, ciphertext })

  /** The frame is refused, and the session goes on as if it had never come. */
  function expectRefused(line: Line, to: Side, message: Uint8Array): void {
    const before = encodeSessionState(line.states[to])
    expect(() => line.hear(to, message)).toThrow(invalid)
    expect(encodeSessionState(line.states[to])).toEqual(before)
  }

  it.each([
    ['an offer of step 0', 'alice', CONTENT_PQ_OFFER, offer(0)],
    ['an offer of a later step', 'alice', CONTENT_PQ_OFFER, offer(2)],
    ['an offer two steps ahead', 'alice', CONTENT_PQ_OFFER, offer(3)],
    ['an offer by the side that answers the step', 'bob', CONTENT_PQ_OFFER, offer(1)],
    ['an answer by the side that opens the step', 'alice', CONTENT_PQ_ANSWER, answer(1)],
    ['an answer of step 0', 'bob', CONTENT_PQ_ANSWER, answer(0)],
    ['an answer that nothing was offered for', 'bob', CONTENT_PQ_ANSWER, answer(1)],
    ['an offer that is cut short', 'alice', CONTENT_PQ_OFFER, offer(1).subarray(1)],
    ['an answer that is too long', 'bob', CONTENT_PQ_ANSWER, new Uint8Array(1093)],
    ['an offer whose key is none', 'alice', CONTENT_PQ_OFFER, offer(1, new Uint8Array(1184).fill(0xff))],
  ] as const)('gets nothing for %s', (_, by, contentType, content) => {
    const line = new Line(states)
    const to = by === 'alice' ? 'bob' : 'alice'
    expectRefused(line, to, line.saySealed(by, contentType, content))
    line.turn()
  })

  it('cannot offer a second key for one step', () => {
    const line = new Line(states)
    line.hear('bob', line.control('alice', { nowMs: LATER_MS }))
    expectRefused(line, 'bob', line.saySealed('alice', CONTENT_PQ_OFFER, offer(1)))
    line.hear('alice', line.control('bob'))
    line.hear('bob', line.say('alice', 'mixes'))
    expect(epochs(line)).toEqual([1, 1])
  })

  it('cannot begin a step in a session that is not confirmed', async () => {
    const line = new Line(await establish())
    expectRefused(line, 'bob', line.saySealed('alice', CONTENT_PQ_OFFER, offer(1)))
    line.turn()
  })

  it('cannot name an epoch at a turn that was not agreed, nor change it within a chain', () => {
    for (const epoch of [1, 2]) {
      const line = new Line(states)
      line.hear('alice', line.say('bob', 'so that Alice turns'))
      line.rewrite('alice', (record) => ({ ...record, epoch }))
      expectRefused(line, 'bob', line.say('alice', 'an epoch of its own'))
    }
    const line = new Line(states)
    line.hear('bob', line.say('alice', 'of the chain'))
    line.rewrite('alice', (record) => ({ ...record, epoch: 1 }))
    expectRefused(line, 'bob', line.say('alice', 'another epoch in one chain'))
  })

  it('cannot name the epoch that is agreed without its secret', () => {
    const line = new Line(states)
    line.hear('bob', line.control('alice', { nowMs: LATER_MS }))
    line.hear('alice', line.control('bob'))
    line.rewrite('alice', ({ pq: { agreed: _dropped, ...pq }, ...record }) => ({ ...record, epoch: 1, pq }))
    const skipping = line.say('alice', 'epoch one without the secret')
    expect(() => line.hear('bob', skipping)).toThrow(withCode('SESSION_AUTHENTICATION'))
  })
})

describe('failures underneath', () => {
  it.each(['sha256', 'mlkem768Encapsulate'] as const)('of %s pass on and keep the state', (name) => {
    const line = new Line(states)
    const offer = line.control('alice', { nowMs: LATER_MS })
    const broken = new TalosError('KERNEL_ARGUMENT', { name: 'key' })
    const fail = () => {
      throw broken
    }
    expect(() => line.hear('bob', offer, { kernel: { ...kernel, [name]: fail } })).toThrow(broken)
    expect(line.hear('bob', offer)).toBe(CONTROL)
  })

  it('leave a due frame due when the session is past its limits', () => {
    const line = new Line(states)
    const nowMs = NOW_MS + 7 * 24 * 3_600_000
    expect(() => line.control('alice', { nowMs })).toThrow(withCode('SESSION_EXHAUSTED'))
  })
})
