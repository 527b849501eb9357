/** Vectors of streams (contracts/spec/06-session.md, 6.13): whole ones by their sizes, and chunks that are out of place. */
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { toHex, utf8 } from '@talos/bytes'
import { encodeStreamHead } from '@talos/contracts'
import {
  decodeSessionState,
  encodeSessionState,
  type SessionState,
  STREAM_CHUNK_BYTES,
  sealStream,
} from '@talos/session'
import { type CaseDraft, kernel, NOW_MS, recorder, stage } from './session-cast.ts'
import { misbehave, recordOf, refusal, Script } from './session-script.ts'

/** What arrives: a chunk as it was sealed, changed or not, or zeroes in its place. */
type Delivery = readonly (
  | { readonly chunk: number; readonly flipBit?: number; readonly dropBytes?: number; readonly appendHex?: string }
  | { readonly zeroes: number }
)[]

/** Content is these bytes over and over. 251 is odd, so no two chunks begin alike. */
const REPEATED = Uint8Array.from({ length: 251 }, (_, byte) => byte)

export async function streamCases(): Promise<readonly CaseDraft[]> {
  const given = await stage({ seed: 'stream', oneTimeIndex: 0 })
  const play = new Script('stream', given)
  play.open('initiator', play.seal('responder', 'so that both have a chain'))
  play.open('responder', play.seal('initiator', 'and use it'))
  const states = { sender: play.state('initiator'), receiver: play.state('responder') }
  const whole = [0, 1, STREAM_CHUNK_BYTES - 1, STREAM_CHUNK_BYTES, STREAM_CHUNK_BYTES + 1, 3 * STREAM_CHUNK_BYTES]
  const out = (description: string, sizeBytes: number, delivery: Delivery, error = 'SESSION_AUTHENTICATION') => {
    const { input } = streamed(description, { ...states, sizeBytes, delivery })
    return { clause: '6.13', description, input, error }
  }
  const three = 2 * STREAM_CHUNK_BYTES + 5
  return [
    ...whole.map((sizeBytes) => streamed(`${sizeBytes} bytes`, { ...states, sizeBytes })),
    out('the second chunk first', three, [{ chunk: 1 }]),
    out('the last chunk first', three, [{ chunk: 2 }]),
    out('a chunk twice', three, [{ chunk: 0 }, { chunk: 0 }]),
    out('a chunk left out', three, [{ chunk: 0 }, { chunk: 2 }]),
    out('one bit of a chunk', three, [{ chunk: 0, flipBit: 800 }]),
    out('a whole chunk cut by a byte, so that it would be the last', three, [{ chunk: 0, dropBytes: 1 }]),
    out('the last chunk longer by a byte', three, [{ chunk: 0 }, { chunk: 1 }, { chunk: 2, appendHex: '00' }]),
    out('a chunk after the last', 5, [{ chunk: 0 }, { chunk: 0 }], 'SESSION_MESSAGE_INVALID'),
    out('a chunk of 15 bytes', 5, [{ zeroes: 15 }], 'SESSION_MESSAGE_INVALID'),
    out('a chunk of 65,553 bytes', 5, [{ zeroes: STREAM_CHUNK_BYTES + 17 }], 'SESSION_MESSAGE_INVALID'),
    ...heads(states.sender, states.receiver),
  ]
}

interface Given {
  readonly sender: SessionState
  readonly receiver: SessionState
  readonly sizeBytes: number
  readonly delivery?: Delivery
}

function contentOf(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => index % REPEATED.length)
}

function streamed(description: string, given: Given): Extract<CaseDraft, { readonly expected: unknown }> {
  const { receiver, sizeBytes } = given
  // As a reader of the case has it: from its record, so that the lease begins anew.
  const sender = decodeSessionState(encodeSessionState(given.sender))
  const random = recorder(`stream/${sizeBytes}`)
  const { message, stream, state } = sealStream(sender, { kernel, random, nowMs: NOW_MS, contentType: 5 })
  const content = contentOf(sizeBytes)
  const count = Math.max(1, Math.ceil(sizeBytes / STREAM_CHUNK_BYTES))
  const chunks = Array.from({ length: count }, (_, index) => {
    const part = content.subarray(index * STREAM_CHUNK_BYTES, (index + 1) * STREAM_CHUNK_BYTES)
    return stream.seal(part, { isLast: index === count - 1 })
  })
  const randomHex = random.takenHex()
  const facts = {
    senderStateHex: hexOf(sender),
    receiverStateHex: hexOf(receiver),
    randomHex,
    contentType: 5,
    sizeBytes,
  }
  const chunkHashes = chunks.map(hashOf)
  if (chunkHashes.join() !== again(sender, { content, count, prefix: randomHex.slice(0, 14) }).join()) {
    throw new Error('the reference seals other chunks')
  }
  const { delivery = chunks.map((_, chunk) => ({ chunk })) } = given
  return {
    clause: '6.13',
    description,
    input: { operation: 'stream', nowMs: NOW_MS, ...facts, repeatHex: toHex(REPEATED), sizeBytes, delivery },
    expected: { headHex: toHex(message), chunksSha256Hex: chunkHashes, senderStateHex: hexOf(state) },
  }
}

/** The chunks a second time, on `node:crypto`. */
function again(
  sender: SessionState,
  { content, count, prefix }: { readonly content: Uint8Array; readonly count: number; readonly prefix: string },
): readonly string[] {
  const hmac = (key: Uint8Array, ...data: readonly Uint8Array[]) => {
    return new Uint8Array(createHmac('sha256', key).update(Buffer.concat(data)).digest())
  }
  const messageKey = hmac(recordOf(sender).sending?.chainKey ?? new Uint8Array(0), Uint8Array.of(1))
  const key = hmac(messageKey, utf8('talos/ts1/stream'), Uint8Array.of(1))
  return Array.from({ length: count }, (_, index) => {
    const part = content.subarray(index * STREAM_CHUNK_BYTES, (index + 1) * STREAM_CHUNK_BYTES)
    const tail = `${index.toString(16).padStart(8, '0')}${index === count - 1 ? '01' : '00'}`
    const cipher = createCipheriv('chacha20-poly1305', key, Buffer.from(prefix + tail, 'hex'), { authTagLength: 16 })
    return hashOf(Buffer.concat([cipher.update(part), cipher.final(), cipher.getAuthTag()]))
  })
}

/** Heads that a peer which holds the keys should not send. */
function heads(peer: SessionState, state: SessionState): readonly CaseDraft[] {
  const head = encodeStreamHead({ contentType: 0, noncePrefix: new Uint8Array(7), commitment: new Uint8Array(32) })
  const refuse = (description: string, content: Uint8Array, error: string): CaseDraft => {
    const message = misbehave(peer, { contentType: 0xf2, padded: Uint8Array.of(...content, 0x80) })
    const input = { operation: 'head', stateHex: hexOf(state), nowMs: NOW_MS, messageHex: toHex(message) }
    return { clause: '6.13', description, input, error }
  }
  const message = misbehave(peer, { contentType: 0xf2, padded: Uint8Array.of(...head, 0x80) })
  const text = misbehave(peer, {})
  return [
    refuse('a head with another commitment', head, 'SESSION_AUTHENTICATION'),
    refuse('a head cut short', head.subarray(1), 'SESSION_MESSAGE_INVALID'),
    refuse('a head with a reserved content type', head.with(0, 0xf0), 'SESSION_MESSAGE_INVALID'),
    {
      clause: '6.13',
      description: 'a message that is no head',
      input: { operation: 'head', stateHex: hexOf(state), nowMs: NOW_MS, messageHex: toHex(text) },
      error: 'SESSION_MESSAGE_INVALID',
    },
    refusal(
      state,
      { clause: '6.7', description: 'a head where a message is opened', message },
      'SESSION_MESSAGE_INVALID',
    ),
  ]
}

function hashOf(chunk: Uint8Array): string {
  return createHash('sha256').update(chunk).digest('hex')
}

function hexOf(state: SessionState): string {
  return toHex(encodeSessionState(state))
}
