/**
 * Frames of the link (spec 13-link-envelope, 13.3): the head of ten bytes and the payload behind it.
 *
 * The decoder holds one frame at most, never more than the limit that its owner set, however the bytes arrive split.
 */
import {
  decodeLinkFrame,
  encodeLinkFrame,
  LINK_FRAME_SIZE_BYTES,
  type LinkFrame as LinkFrameHead,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_FRAME_PAYLOAD_BYTES, MAX_HELLO_BYTES } from '../limits.ts'

export const FRAME_HELLO = 1
export const FRAME_MESSAGE = 2
export const FRAME_REQUEST = 3
export const FRAME_RESPONSE = 4
export const FRAME_CREDIT = 5
export const FRAME_PING = 6
export const FRAME_PONG = 7
export const FRAME_CLOSE = 8

export const FLAG_FIRST = 1
export const FLAG_LAST = 2

/** The three kinds of content, each with a credit pool of its own (13.6). */
export type Pool = typeof FRAME_MESSAGE | typeof FRAME_REQUEST | typeof FRAME_RESPONSE
export const POOLS: readonly Pool[] = [FRAME_MESSAGE, FRAME_REQUEST, FRAME_RESPONSE]

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  /** May view the bytes last fed: copy what is kept. */
  readonly payload: Uint8Array
}

export { LINK_FRAME_SIZE_BYTES }

/** A frame of control: no flags, no stream. */
export function controlFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(LINK_FRAME_SIZE_BYTES + payload.length)
  frame.set(encodeLinkFrame({ type, flags: 0, stream: 0, lengthBytes: payload.length }))
  frame.set(payload, LINK_FRAME_SIZE_BYTES)
  return frame
}

/** Tells the pool of a frame type that carries content. */
export function poolOf(type: number): Pool | undefined {
  return POOLS.find((pool) => pool === type)
}

/**
 * Turns bytes, split anywhere, back into frames: `feed` a chunk, then take frames with `next` until there is none.
 * A frame whose head is malformed or announces more than the limit is refused before its payload is waited for.
 */
export class FrameDecoder {
  /** Raised from the hello's limit once the peer is known. */
  #maxPayloadBytes = MAX_HELLO_BYTES
  #chunk: Uint8Array = new Uint8Array()
  /** Bytes of an incomplete head. */
  readonly #headBytes = new Uint8Array(LINK_FRAME_SIZE_BYTES)
  #headFilled = 0
  #head: LinkFrameHead | undefined
  /** Payload of a frame that began in an earlier chunk. */
  #payload: Uint8Array | undefined
  #payloadFilled = 0

  /** The peer is known: full frames from now on. */
  allowFullFrames(): void {
    this.#maxPayloadBytes = MAX_FRAME_PAYLOAD_BYTES
  }

  /** Call only after `next` has returned undefined. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk
  }

  /**
   * The next complete frame.
   *
   * @throws TalosError `NETWORK_FRAME_INVALID`
   */
  next(): Frame | undefined {
    this.#head ??= this.#takeHead()
    if (this.#head === undefined) return undefined
    const payload = this.#takePayload(this.#head.lengthBytes)
    if (payload === undefined) return undefined
    const { type, flags, stream } = this.#head
    this.#head = undefined
    return { type, flags, stream, payload }
  }

  #takeHead(): LinkFrameHead | undefined {
    const part = this.#take(LINK_FRAME_SIZE_BYTES - this.#headFilled)
    this.#headBytes.set(part, this.#headFilled)
    this.#headFilled += part.length
    if (this.#headFilled < LINK_FRAME_SIZE_BYTES) return undefined
    this.#headFilled = 0
    const head = parseHead(this.#headBytes)
    if (head.lengthBytes > this.#maxPayloadBytes) throw invalid('a frame is longer than allowed at this point')
    return head
  }

  #takePayload(lengthBytes: number): Uint8Array | undefined {
    if (this.#payload === undefined && this.#chunk.length >= lengthBytes) return this.#take(lengthBytes)
    this.#payload ??= new Uint8Array(lengthBytes)
    const part = this.#take(lengthBytes - this.#payloadFilled)
    this.#payload.set(part, this.#payloadFilled)
    this.#payloadFilled += part.length
    if (this.#payloadFilled < lengthBytes) return undefined
    const payload = this.#payload
    this.#payload = undefined
    this.#payloadFilled = 0
    return payload
  }

  #take(lengthBytes: number): Uint8Array {
    const part = this.#chunk.subarray(0, lengthBytes)
    this.#chunk = this.#chunk.subarray(part.length)
    return part
  }
}

/** Frames of a connection, one after the other; keeps what follows the hello in the same chunk. */
export interface FrameSource {
  readonly incoming: AsyncIterator<Uint8Array>
  readonly decoder: FrameDecoder
}

function parseHead(bytes: Uint8Array): LinkFrameHead {
  const head = decodeAs('the head of a frame', () => decodeLinkFrame(bytes))
  const isContent = poolOf(head.type) !== undefined
  if (isContent !== (head.stream !== 0)) throw invalid('a stream belongs to content and to nothing else')
  if (!isContent && head.flags !== 0) throw invalid('a frame of control has flags')
  return head
}

/** Decodes a part of the peer's bytes; what the layout refuses breaks the link protocol. */
export function decodeAs<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw new TalosError('NETWORK_FRAME_INVALID', { reason: `${what} is malformed` }, { cause })
  }
}

export function invalid(reason: string): TalosError {
  return new TalosError('NETWORK_FRAME_INVALID', { reason })
}
