import { isTalosError } from '@talos/errors'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_FRAME_PAYLOAD_BYTES, MAX_HELLO_BYTES } from '../src/limits.ts'
import { Fifo } from '../src/link/fifo.ts'
import { type Frame, FrameDecoder } from '../src/link/frames.ts'
import { frame, HELLO, joined, MESSAGE, PING } from './raw-peer.ts'

function fullDecoder(): FrameDecoder {
  const decoder = new FrameDecoder()
  decoder.allowFullFrames()
  return decoder
}

function decode(chunks: readonly Uint8Array[], decoder = fullDecoder()): Frame[] {
  const frames: Frame[] = []
  for (const chunk of chunks) {
    decoder.feed(chunk)
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      frames.push({ ...next, payload: next.payload.slice() })
    }
  }
  return frames
}

function refusal(chunks: readonly Uint8Array[]): unknown {
  try {
    decode(chunks)
    return undefined
  } catch (error) {
    return error
  }
}

const contentFrame = fc.record({
  type: fc.constantFrom(2, 3, 4),
  flags: fc.nat(3),
  stream: fc.integer({ min: 1, max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 300 }),
})
const controlFrame = fc.record({
  type: fc.constantFrom(1, 5, 6, 7, 8),
  flags: fc.constant(0),
  stream: fc.constant(0),
  payload: fc.uint8Array({ maxLength: 40 }),
})

describe('the frame decoder', () => {
  it('gives the same frames however the bytes are split', () => {
    const property = fc.property(
      fc.array(fc.oneof(contentFrame, controlFrame), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      (frames, cuts) => {
        const bytes = joined(...frames.map(frame))
        const chunks: Uint8Array[] = []
        for (let offset = 0, turn = 0; offset < bytes.length; turn += 1) {
          const end = offset + (cuts[turn % cuts.length] ?? 1)
          chunks.push(bytes.subarray(offset, end))
          offset = end
        }
        expect(decode(chunks)).toEqual(frames)
        expect(decode([bytes])).toEqual(frames)
      },
    )
    fc.assert(property, { seed: 42, numRuns: 300 })
  })

  it('answers any bytes with frames or with NETWORK_FRAME_INVALID', () => {
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (chunks) => {
      expect(refusal(chunks)).toSatisfy((error) => error === undefined || isTalosError(error, 'NETWORK_FRAME_INVALID'))
    })
    fc.assert(property, { seed: 42, numRuns: 500 })
  })

  it('takes a payload of the limit and refuses one byte more by its head', () => {
    const [atLimit] = decode([frame({ type: MESSAGE, stream: 1, payload: new Uint8Array(MAX_FRAME_PAYLOAD_BYTES) })])
    expect(atLimit?.payload).toHaveLength(MAX_FRAME_PAYLOAD_BYTES)
    expect(() => decode([Uint8Array.of(MESSAGE, 0, 0, 0, 0, 1, 0, 1, 0, 1)])).toThrow(/head of a frame is malformed/)
  })

  it('takes nothing above the hello limit before the peer is known', () => {
    const hello = (length: number) => [frame({ type: HELLO, payload: new Uint8Array(length) })]
    expect(decode(hello(MAX_HELLO_BYTES), new FrameDecoder())).toHaveLength(1)
    expect(() => decode(hello(MAX_HELLO_BYTES + 1), new FrameDecoder())).toThrow(/longer than allowed/)
  })

  it('holds an incomplete frame back', () => {
    const bytes = frame({ type: PING, payload: Uint8Array.of(0, 0, 0, 7) })
    const decoder = fullDecoder()
    for (const byte of bytes.subarray(0, -1)) expect(decode([Uint8Array.of(byte)], decoder)).toEqual([])
    expect(decode([bytes.subarray(-1)], decoder)).toHaveLength(1)
  })
})

describe('the queue', () => {
  it('gives back what went in, in order, whatever the mix of pushes and shifts', () => {
    const property = fc.property(fc.array(fc.boolean(), { maxLength: 5_000 }), (steps) => {
      const queue = new Fifo<number>()
      const model: number[] = []
      const taken: (number | undefined)[][] = []
      const expected: (number | undefined)[][] = []
      steps.forEach((isPush, index) => {
        if (isPush || index % 3 === 0) {
          queue.push(index)
          model.push(index)
        } else {
          taken.push([queue.peek(), queue.shift()])
          const wanted = model.shift()
          expected.push([wanted, wanted])
        }
        taken.push([queue.size])
        expected.push([model.length])
      })
      expect(taken).toEqual(expected)
    })
    fc.assert(property, { seed: 42, numRuns: 20 })
  })

  it('keeps its order over thousands of items and is empty after a clear', () => {
    const queue = new Fifo<number>()
    for (let item = 0; item < 5_000; item += 1) queue.push(item)
    for (let item = 0; item < 4_000; item += 1) expect(queue.shift()).toBe(item)
    expect(queue.size).toBe(1_000)
    queue.clear()
    expect(queue.shift()).toBeUndefined()
    expect(queue.peek()).toBeUndefined()
  })
})
