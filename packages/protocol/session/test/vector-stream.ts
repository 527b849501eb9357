/** Plays the streams of vectors: sealed chunk by chunk, and delivered as the vector says. */
import { createHash } from 'node:crypto'
import { fromHex, toHex } from '@talos/bytes'
import { expect } from 'vitest'
import {
  decodeSessionState,
  encodeSessionState,
  openStream,
  STREAM_CHUNK_BYTES,
  type StreamOpener,
  sealStream,
} from '../src/index.ts'
import { kernel } from './agents.ts'
import { type Fields, fixedRandom, reader } from './vector-reader.ts'

/** The bytes over and over, up to that size. */
function repeated(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => bytes[index % bytes.length] ?? 0)
}

export function streamCase(input: Fields): Fields {
  const { bytes, number, list } = reader(input)
  const random = fixedRandom(input['randomHex'])
  const given = { kernel, nowMs: number('nowMs') }
  const sender = decodeSessionState(bytes('senderStateHex'))
  const sealed = sealStream(sender, { ...given, random, contentType: number('contentType') })
  expect(random.left()).toBe(0)
  const content = repeated(bytes('repeatHex'), number('sizeBytes'))
  const count = Math.max(1, Math.ceil(content.length / STREAM_CHUNK_BYTES))
  const chunks = Array.from({ length: count }, (_, index) => {
    const part = content.subarray(index * STREAM_CHUNK_BYTES, (index + 1) * STREAM_CHUNK_BYTES)
    return sealed.stream.seal(part, { isLast: index === count - 1 })
  })
  const receiver = decodeSessionState(bytes('receiverStateHex'))
  const opened = openStream(receiver, { ...given, message: sealed.message })
  expect(opened.contentType).toBe(number('contentType'))
  deliver(opened.stream, { chunks, content, delivery: list('delivery') })
  return {
    headHex: toHex(sealed.message),
    chunksSha256Hex: chunks.map((chunk) => createHash('sha256').update(chunk).digest('hex')),
    senderStateHex: toHex(encodeSessionState(sealed.state)),
  }
}

/** Opens what arrives; all of it together is the content, or something on the way is refused. */
function deliver(
  stream: StreamOpener,
  given: {
    readonly chunks: readonly Uint8Array[]
    readonly content: Uint8Array
    readonly delivery: readonly Fields[]
  },
): void {
  const parts = given.delivery.map((arrival) => stream.open(arriving(given.chunks, arrival)).content)
  expect(Buffer.concat(parts).equals(given.content)).toBe(true)
  expect(stream.isComplete).toBe(true)
}

function arriving(chunks: readonly Uint8Array[], arrival: Fields): Uint8Array {
  const { chunk, zeroes, flipBit, dropBytes = 0, appendHex = '' } = arrival
  if (zeroes !== undefined) return new Uint8Array(Number(zeroes))
  const sealed = chunks[Number(chunk)]
  if (sealed === undefined) throw new Error('the case delivers a chunk that is not there')
  const bytes = Uint8Array.of(...sealed.subarray(0, sealed.length - Number(dropBytes)), ...fromHex(String(appendHex)))
  const position = Number(flipBit) >> 3
  return flipBit === undefined ? bytes : bytes.with(position, (bytes[position] ?? 0) ^ (1 << (Number(flipBit) & 7)))
}

export function headCase(input: Fields): Fields {
  const { bytes, number } = reader(input)
  const state = decodeSessionState(bytes('stateHex'))
  const before = encodeSessionState(state)
  try {
    return {
      contentType: openStream(state, { kernel, nowMs: number('nowMs'), message: bytes('messageHex') }).contentType,
    }
  } finally {
    expect(encodeSessionState(state)).toEqual(before)
  }
}
