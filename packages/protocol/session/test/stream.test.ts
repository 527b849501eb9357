/** Streams (spec 06-session 6.13): any size in chunks that open at their place, and an end that cannot be moved. */
import { encodeStreamHead } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  CONTENT_STREAM,
  encodeSessionState,
  isStreamHead,
  MAX_STREAM_CHUNKS,
  openStream,
  STREAM_CHUNK_BYTES,
  sealStream,
} from '../src/index.ts'
import { establish, kernel, NOW_MS } from './agents.ts'
import { commitmentOf, Line, type Side, type States } from './line.ts'

const withCode = (code: string) => expect.objectContaining({ code })
const random = seededRandom('stream')
const content = random.bytes(3 * STREAM_CHUNK_BYTES)

let states: States

beforeAll(async () => {
  const line = new Line(await establish())
  line.turn()
  states = line.states
})

function begin(line: Line, by: Side, options: { readonly contentType?: number; readonly kernel?: Kernel } = {}) {
  const sealed = sealStream(line.states[by], { kernel, random, nowMs: NOW_MS, ...options })
  line.states[by] = sealed.state
  return sealed
}

function receive(line: Line, by: Side, message: Uint8Array) {
  const opened = openStream(line.states[by], { kernel, nowMs: NOW_MS, message })
  line.states[by] = opened.state
  return opened
}

/** Seals content of that size: the head, and the chunks. */
function sealAll(line: Line, sizeBytes: number) {
  const { message, stream } = begin(line, 'alice')
  const chunks: Uint8Array[] = []
  for (let at = 0; chunks.length === 0 || at < sizeBytes; at += STREAM_CHUNK_BYTES) {
    const end = Math.min(at + STREAM_CHUNK_BYTES, sizeBytes)
    chunks.push(stream.seal(content.subarray(at, end), { isLast: end === sizeBytes }))
  }
  return { message, chunks, stream }
}

function outcomeOf(open: () => unknown): string {
  try {
    open()
    return 'opens'
  } catch (error) {
    return error instanceof TalosError ? 'is refused' : 'fails'
  }
}

describe('a stream', () => {
  it.each([0, 1, STREAM_CHUNK_BYTES - 1, STREAM_CHUNK_BYTES, STREAM_CHUNK_BYTES + 1, 2 * STREAM_CHUNK_BYTES])(
    'carries %i bytes, and costs 16 for each chunk',
    (sizeBytes) => {
      const line = new Line(states)
      const { message, chunks } = sealAll(line, sizeBytes)
      const { stream, contentType } = receive(line, 'bob', message)
      const opened = chunks.map((chunk) => stream.open(chunk))
      expect(Buffer.concat(opened.map((chunk) => chunk.content))).toEqual(Buffer.from(content.subarray(0, sizeBytes)))
      expect(opened.map(({ isLast }) => isLast)).toEqual(chunks.map((_, index) => index === chunks.length - 1))
      expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(sizeBytes + 16 * chunks.length)
      expect([stream.isComplete, contentType]).toEqual([true, 0])
    },
  )

  it('says its content type inside its head, and takes part in the chain like a message', () => {
    const line = new Line(states)
    const before = line.say('alice', 'before')
    const { message, needsStore, stream } = begin(line, 'alice', { contentType: 7 })
    const after = line.say('alice', 'after')
    expect([isStreamHead(message), isStreamHead(before), needsStore]).toEqual([true, false, false])
    expect(line.hear('bob', after)).toBe('after')
    const opened = receive(line, 'bob', message)
    expect(opened.contentType).toBe(7)
    expect(opened.stream.open(stream.seal(content.subarray(0, 5), { isLast: true })).content.length).toBe(5)
    expect(line.hear('bob', before)).toBe('before')
    expect(() => receive(line, 'bob', message)).toThrow(withCode('SESSION_DUPLICATE'))
  })

  it('begins a chain, turns it, and is opened out of an old one', () => {
    const line = new Line(states)
    const { message, stream } = begin(line, 'bob')
    line.hear('alice', line.say('bob', 'arrives first'))
    line.turn()
    line.turn()
    const opened = receive(line, 'alice', message)
    expect(opened.stream.open(stream.seal(content.subarray(0, 9), { isLast: true })).isLast).toBe(true)
    const turning = begin(line, 'bob')
    expect(receive(line, 'alice', turning.message).state.toJSON().receiveCount).toBe(1)
    line.turn()
  })

  it('has keys of its own each time', () => {
    const line = new Line(states)
    const [one, two] = [sealAll(line, 10), sealAll(line, 10)]
    expect(commitmentOf(one.message)).not.toBe(commitmentOf(two.message))
    const { stream } = receive(line, 'bob', two.message)
    expect(() => stream.open(one.chunks[0] as Uint8Array)).toThrow(withCode('SESSION_AUTHENTICATION'))
    expect(stream.open(two.chunks[0] as Uint8Array).isLast).toBe(true)
  })

  it('of the first chain of an initiator reaches a responder that never sent', async () => {
    const line = new Line(await establish())
    const { message, stream } = begin(line, 'alice')
    expect(
      receive(line, 'bob', message).stream.open(stream.seal(content.subarray(0, 1), { isLast: true })).isLast,
    ).toBe(true)
    const refused = begin(line, 'bob')
    expect(() => openStream(line.states.bob, { kernel, nowMs: NOW_MS, message: refused.message })).toThrow(
      withCode('SESSION_HEADER'),
    )
    expect(receive(line, 'alice', refused.message).contentType).toBe(0)
  })
})

describe('limits of a stream', () => {
  const tiny: Kernel = { ...kernel, aeadSeal: () => new Uint8Array(16) }
  const whole = content.subarray(0, STREAM_CHUNK_BYTES)

  it('are 65,536 bytes for a chunk, just so many for all but the last', () => {
    const { stream } = begin(new Line(states), 'alice')
    for (const [sizeBytes, isLast] of [
      [STREAM_CHUNK_BYTES + 1, true],
      [STREAM_CHUNK_BYTES + 1, false],
      [STREAM_CHUNK_BYTES - 1, false],
      [0, false],
    ] as const) {
      expect(() => stream.seal(content.subarray(0, sizeBytes), { isLast })).toThrow(withCode('SESSION_ARGUMENT'))
    }
    expect(stream.seal(whole, { isLast: true }).length).toBe(STREAM_CHUNK_BYTES + 16)
  })

  it('are 2^20 chunks, and not one more', () => {
    const { stream } = begin(new Line(states), 'alice', { kernel: tiny })
    for (let chunk = 0; chunk < MAX_STREAM_CHUNKS; chunk += 1) stream.seal(whole, { isLast: false })
    const past = expect.objectContaining({
      code: 'SESSION_TOO_LARGE',
      details: expect.objectContaining({ limitBytes: 2 ** 36 }),
    })
    expect(() => stream.seal(whole, { isLast: true })).toThrow(past)
  })

  it('are content types up to 239', () => {
    const line = new Line(states)
    expect(receive(line, 'bob', begin(line, 'alice', { contentType: 239 }).message).contentType).toBe(239)
    expect(() => begin(line, 'alice', { contentType: 240 })).toThrow(withCode('SESSION_ARGUMENT'))
  })

  it('are those of its session', () => {
    const nowMs = NOW_MS + 7 * 24 * 3_600_000
    expect(() => sealStream(states.alice, { kernel, random, nowMs })).toThrow(withCode('SESSION_EXHAUSTED'))
  })
})

describe('a hostile line', () => {
  it('cannot change, drop, repeat, reorder, cut or lengthen a stream', () => {
    const line = new Line(states)
    const { message, chunks } = sealAll(line, 2 * STREAM_CHUNK_BYTES + 100)
    const { stream } = receive(line, 'bob', message)
    const [first, second, last] = chunks as [Uint8Array, Uint8Array, Uint8Array]
    const refused = (chunk: Uint8Array) => expect(() => stream.open(chunk)).toThrow(withCode('SESSION_AUTHENTICATION'))
    for (const chunk of [second, last, first.with(0, (first[0] ?? 0) ^ 1), first.subarray(1)]) refused(chunk)
    expect(stream.open(first).isLast).toBe(false)
    for (const chunk of [first, last]) refused(chunk)
    expect(stream.isComplete).toBe(false)
    stream.open(second)
    for (const chunk of [second, last.subarray(0, -1), Uint8Array.of(...last, 0)]) refused(chunk)
    expect(stream.open(last)).toMatchObject({ isLast: true })
    expect(() => stream.open(last)).toThrow('the stream has ended')
  })

  it('cannot end a stream at a whole chunk, nor go on behind its last', () => {
    const line = new Line(states)
    const { message, chunks, stream: sealer } = sealAll(line, 2 * STREAM_CHUNK_BYTES)
    const { stream } = receive(line, 'bob', message)
    expect(chunks.map((chunk) => stream.open(chunk).isLast)).toEqual([false, true])
    expect(() => sealer.seal(content.subarray(0, 1), { isLast: true })).toThrow('the stream has ended')
  })

  it('gets no work for a chunk of another size', () => {
    const line = new Line(states)
    const { stream } = receive(line, 'bob', begin(line, 'alice').message)
    for (const sizeBytes of [0, 15, STREAM_CHUNK_BYTES + 17]) {
      expect(() => stream.open(new Uint8Array(sizeBytes))).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    }
    expect(() => stream.open(new Uint8Array(16))).toThrow(withCode('SESSION_AUTHENTICATION'))
    expect(() => stream.open(new Uint8Array(STREAM_CHUNK_BYTES + 16))).toThrow(withCode('SESSION_AUTHENTICATION'))
  })

  it('changes nothing with a changed head, and cannot pass a head off as a message nor a message as a head', () => {
    const line = new Line(states)
    const { message } = begin(line, 'alice')
    const before = encodeSessionState(line.states.bob)
    for (const position of [2, 19, 31, 91, 92, 124, message.length - 1]) {
      const forged = message.with(position, (message[position] ?? 0) ^ 1)
      expect(() => receive(line, 'bob', forged)).toThrow(TalosError)
    }
    expect(() => line.hear('bob', message)).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    const text = line.say('alice', 'a text')
    expect(() => receive(line, 'bob', text)).toThrow('it is not the head of a stream')
    expect(() => receive(line, 'bob', text.with(2, CONTENT_STREAM))).toThrow(withCode('SESSION_HEADER'))
    expect(encodeSessionState(line.states.bob)).toEqual(before)
    expect(receive(line, 'bob', message).contentType).toBe(0)
  })

  it('that is a peer cannot commit to other keys than those of the head', () => {
    const line = new Line(states)
    const head = (commitment: Uint8Array) =>
      encodeStreamHead({ contentType: 0, noncePrefix: new Uint8Array(7), commitment })
    const other = line.saySealed('alice', CONTENT_STREAM, head(new Uint8Array(32)))
    expect(() => receive(line, 'bob', other)).toThrow(withCode('SESSION_AUTHENTICATION'))
    const short = line.saySealed('alice', CONTENT_STREAM, head(new Uint8Array(32)).subarray(1))
    expect(() => receive(line, 'bob', short)).toThrow('the head of its stream')
    const another = line.saySealed('alice', 0xf3, new Uint8Array(0))
    expect(() => receive(line, 'bob', another)).toThrow('it is not the head of a stream')
  })

  it('finds no way to another stream than the one that was sealed', () => {
    const line = new Line(states)
    const { message, chunks } = sealAll(line, 2 * STREAM_CHUNK_BYTES + 1)
    const order = fc.array(fc.nat({ max: chunks.length - 1 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(order, (numbers) => {
        const { stream } = openStream(line.states.bob, { kernel, nowMs: NOW_MS, message })
        let next = 0
        const outcomes = numbers.map((number) => {
          const due = number === next ? 'opens' : 'is refused'
          const outcome = outcomeOf(() => stream.open(chunks[number] as Uint8Array))
          if (outcome === 'opens') next += 1
          return [outcome, due]
        })
        for (const [outcome, due] of outcomes) expect(outcome).toBe(due)
        expect(stream.isComplete).toBe(next === chunks.length)
      }),
      { seed: 42, numRuns: 60 },
    )
  })
})
