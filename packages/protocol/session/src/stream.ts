/**
 * Streams: content of any size in authenticated chunks (spec 06-session 6.13; the STREAM construction of Hoang, Reyhanitabar,
 * Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", section 7).
 *
 *     head    = message of type 0xf2 under MK: content type || nonce prefix (7) || k_com
 *     k || k_com = HKDF-Expand(MK, "talos/ts1/stream", 64)
 *     chunk i = AEAD(k, nonce prefix || u32(i) || last, content i)
 *
 * A chunk opens at its own place only, and the end of a stream is authenticated. Left out: streams that outlive their
 * process. Keys of a stream are in no state; whoever restarts sends it again under another head.
 */
import { concatBytes, equalBytes, utf8 } from '@talos/bytes'
import { decodeStreamHead, encodeStreamHead, type StreamHead } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { AEAD_TAG_BYTES, type Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { CONTENT_STREAM, MAX_STREAM_CHUNKS, STREAM_CHUNK_BYTES } from './constants.ts'
import { authentic, ifAuthentic, invalidMessage } from './key-schedule.ts'
import { type OpenInput, openKeyed } from './open.ts'
import { beginSending, checkContent, type Sealed, sealMessage } from './seal.ts'
import { SessionState } from './state.ts'

const KEY_LABEL = utf8('talos/ts1/stream')
const PREFIX_BYTES = 7
const NOTHING = new Uint8Array(0)

export interface SealStreamInput {
  readonly kernel: Kernel
  readonly random: Random
  readonly nowMs: number
  /** What the stream is, 0 to 0xef; sealed in its head. 0 unless given. */
  readonly contentType?: number
}

export interface SealedStream extends Sealed {
  /** Seals the chunks. `message` is the head, which is stored and sent as every message is; no chunk leaves before it may. */
  readonly stream: StreamSealer
}

export interface OpenedStream {
  /** Store it before anything of the stream acts. */
  readonly state: SessionState
  readonly contentType: number
  readonly stream: StreamOpener
}

/**
 * Begins a stream. Draws the nonce prefix (7) after a ratchet secret and before the head's nonce.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_EXHAUSTED`, `SESSION_LOW_ORDER`
 */
export function sealStream(state: SessionState, input: SealStreamInput): SealedStream {
  const { kernel, random, nowMs, contentType = 0 } = input
  checkContent({ plaintext: NOTHING, contentType })
  const parts = beginSending(SessionState.partsOf(state), { kernel, random, nowMs })
  const { messageKeys: messageKey } = kernel.ratchetAdvance(parts.sending.chainKey, 1)
  const keys = streamKeys(kernel, messageKey)
  const head = { contentType, noncePrefix: random.bytes(PREFIX_BYTES), commitment: keys.commitment }
  const content = encodeStreamHead(head)
  const sealed = sealMessage(parts, { kernel, random, nowMs, contentType: CONTENT_STREAM, content, padding: 'padme' })
  return { ...sealed, stream: new StreamSealer(kernel, { ...head, key: keys.key }) }
}

/** Whether a message is the head of a stream, which `openStream` opens and `open` refuses. */
export function isStreamHead(message: Uint8Array): boolean {
  return message[2] === CONTENT_STREAM
}

/**
 * Opens the head of a stream: each at most once, as `open` does.
 *
 * @throws TalosError as `open`; `SESSION_MESSAGE_INVALID` also for a message that is no head
 */
export function openStream(state: SessionState, input: OpenInput): OpenedStream {
  const { kernel } = input
  if (!isStreamHead(input.message)) throw invalidMessage('it is not the head of a stream')
  const { parts, content, derived } = openKeyed(state, input, (messageKey) => streamKeys(kernel, messageKey))
  const head = parseHead(content)
  if (!equalBytes(head.commitment, derived.commitment)) throw new TalosError('SESSION_AUTHENTICATION')
  const stream = new StreamOpener(kernel, { ...head, key: derived.key })
  return { state: new SessionState(parts), contentType: head.contentType, stream }
}

interface StreamKeys {
  readonly key: Uint8Array
  readonly noncePrefix: Uint8Array
}

/** The place in a stream, and the nonces of its chunks. */
class StreamPlace {
  readonly #kernel: Kernel
  readonly #keys: StreamKeys
  #chunks = 0
  #isDone = false

  constructor(kernel: Kernel, { key, noncePrefix }: StreamKeys) {
    this.#kernel = kernel
    this.#keys = { key, noncePrefix }
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** Refuses what comes after the end and a chunk past the last number. */
  check(): void {
    if (this.#isDone) throw invalidMessage('the stream has ended')
    if (this.#chunks >= MAX_STREAM_CHUNKS) {
      const sizeBytes = (this.#chunks + 1) * STREAM_CHUNK_BYTES
      throw new TalosError('SESSION_TOO_LARGE', { sizeBytes, limitBytes: MAX_STREAM_CHUNKS * STREAM_CHUNK_BYTES })
    }
  }

  seal(content: Uint8Array, isLast: boolean): Uint8Array {
    return this.#kernel.aeadSeal(this.#options(isLast), content)
  }

  open(chunk: Uint8Array, isLast: boolean): Uint8Array {
    return this.#kernel.aeadOpen(this.#options(isLast), chunk)
  }

  /** Goes on behind a chunk; at the end the key is erased. */
  pass(isLast: boolean): void {
    this.#chunks += 1
    this.#isDone = isLast
    if (isLast) this.#keys.key.fill(0)
  }

  #options(isLast: boolean) {
    const { key, noncePrefix } = this.#keys
    const tail = new Uint8Array(5)
    new DataView(tail.buffer).setUint32(0, this.#chunks)
    tail[4] = isLast ? 1 : 0
    return { key, nonce: concatBytes(noncePrefix, tail), associatedData: NOTHING }
  }
}

/** Seals the chunks of one stream in their order. It holds its place, so that no chunk is sealed twice. */
export class StreamSealer {
  readonly #place: StreamPlace

  constructor(kernel: Kernel, keys: StreamKeys) {
    this.#place = new StreamPlace(kernel, keys)
  }

  /**
   * Seals the next chunk.
   *
   * @param content {@link STREAM_CHUNK_BYTES}; as many or fewer, also none, in the last one
   * @throws TalosError `SESSION_ARGUMENT` (size), `SESSION_MESSAGE_INVALID` (after the last one), `SESSION_TOO_LARGE`
   */
  seal(content: Uint8Array, { isLast }: { readonly isLast: boolean }): Uint8Array {
    this.#place.check()
    if (content.length > STREAM_CHUNK_BYTES || (!isLast && content.length < STREAM_CHUNK_BYTES)) {
      const reason = `a chunk has ${STREAM_CHUNK_BYTES} bytes, the last one at most`
      throw new TalosError('SESSION_ARGUMENT', { name: 'content', reason })
    }
    const chunk = this.#place.seal(content, isLast)
    this.#place.pass(isLast)
    return chunk
  }
}

/** Opens the chunks of one stream in their order. A chunk that does not open leaves it as it was. */
export class StreamOpener {
  readonly #place: StreamPlace

  constructor(kernel: Kernel, keys: StreamKeys) {
    this.#place = new StreamPlace(kernel, keys)
  }

  /** Whether the last chunk was opened. What ends before that was cut off. */
  get isComplete(): boolean {
    return this.#place.isDone
  }

  /**
   * Opens the next chunk.
   *
   * @throws TalosError `SESSION_MESSAGE_INVALID` (size, or after the last one), `SESSION_TOO_LARGE`,
   *   `SESSION_AUTHENTICATION` (changed, or not the next one)
   */
  open(chunk: Uint8Array): { readonly content: Uint8Array; readonly isLast: boolean } {
    this.#place.check()
    const sizeBytes = chunk.length - AEAD_TAG_BYTES
    if (sizeBytes < 0 || sizeBytes > STREAM_CHUNK_BYTES) throw invalidMessage('the size of a chunk')
    // A whole chunk is seldom the last one; a shorter one always is.
    const inside = sizeBytes === STREAM_CHUNK_BYTES ? ifAuthentic(() => this.#place.open(chunk, false)) : undefined
    const isLast = inside === undefined
    const content = inside ?? authentic(() => this.#place.open(chunk, true))
    this.#place.pass(isLast)
    return { content, isLast }
  }
}

/** `HKDF-Expand(MK, "talos/ts1/stream", 64)`; erases the message key. */
function streamKeys(
  kernel: Kernel,
  messageKey: Uint8Array,
): { readonly key: Uint8Array; readonly commitment: Uint8Array } {
  const key = kernel.hmacSha256(messageKey, concatBytes(KEY_LABEL, Uint8Array.of(1)))
  const commitment = kernel.hmacSha256(messageKey, concatBytes(key, KEY_LABEL, Uint8Array.of(2)))
  messageKey.fill(0)
  return { key, commitment }
}

function parseHead(content: Uint8Array): StreamHead {
  try {
    return decodeStreamHead(content)
  } catch (cause) {
    throw invalidMessage('the head of its stream', cause)
  }
}
