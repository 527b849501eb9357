/**
 * The bytes that messages of one session repeat: written once, with the few bytes that change put in before each use
 * (spec 06-session 6.2 to 6.4).
 *
 * What these classes give out is theirs and is overwritten by the next call: a kernel reads it within its call and keeps
 * nothing. So sealing and opening allocate nothing for prefix, associated data and header.
 */
import { encodeMessageHeader, type MessageHeader, type SessionRecord } from '@talos/contracts'
import { KIND_MESSAGE, SUITE_BYTE } from './constants.ts'
import { associatedData, type SessionRole } from './transcript.ts'

/** Suite, kind, content type and session id: what stands before the nonce. */
export const MESSAGE_PREFIX_BYTES = 19
const CONTENT_TYPE_OFFSET = 2
export const SESSION_ID_OFFSET = 3
/** Where the number stands in a header: after version, ratchet key and PN. */
const HEADER_COUNT_OFFSET = 37

export class MessageForm {
  readonly #prefix = new Uint8Array(MESSAGE_PREFIX_BYTES)
  readonly #sealed: Uint8Array
  readonly #opened: Uint8Array
  readonly #contentTypeOffset: number

  constructor(facts: Pick<SessionRecord, 'role' | 'sessionId' | 'transcriptHash' | 'context'>) {
    const { role, sessionId } = facts
    const peer: SessionRole = role === 'initiator' ? 'responder' : 'initiator'
    this.#prefix.set([SUITE_BYTE, KIND_MESSAGE])
    this.#prefix.set(sessionId, SESSION_ID_OFFSET)
    this.#sealed = associatedData({ ...facts, sender: role, kind: KIND_MESSAGE, contentType: 0 })
    this.#opened = associatedData({ ...facts, sender: peer, kind: KIND_MESSAGE, contentType: 0 })
    this.#contentTypeOffset = this.#sealed.length - 1
  }

  /** The clear beginning of a message. */
  prefix(contentType: number): Uint8Array {
    this.#prefix[CONTENT_TYPE_OFFSET] = contentType
    return this.#prefix
  }

  /** Associated data of what this side seals. */
  sealedWith(contentType: number): Uint8Array {
    this.#sealed[this.#contentTypeOffset] = contentType
    return this.#sealed
  }

  /** Associated data of what this side opens. */
  openedWith(contentType: number): Uint8Array {
    this.#opened[this.#contentTypeOffset] = contentType
    return this.#opened
  }

  /** The content type of a message that has one. */
  static contentTypeOf(message: Uint8Array): number {
    return message[CONTENT_TYPE_OFFSET] as number
  }

  /** Whether a message, long enough to tell, names this session. */
  isNamedIn(message: Uint8Array): boolean {
    for (let index = SESSION_ID_OFFSET; index < MESSAGE_PREFIX_BYTES; index += 1) {
      if (message[index] !== this.#prefix[index]) return false
    }
    return true
  }
}

/** The headers of one chain: all are the same but for the number. */
export class HeaderForm {
  readonly #bytes: Uint8Array

  constructor(constants: Omit<MessageHeader, 'count'>) {
    this.#bytes = encodeMessageHeader({ ...constants, count: 0 })
  }

  /** The header of message `count`. */
  numbered(count: number): Uint8Array {
    // By hand: a DataView costs more than a chain of one message otherwise spends here.
    const bytes = this.#bytes
    bytes[HEADER_COUNT_OFFSET] = count >>> 24
    bytes[HEADER_COUNT_OFFSET + 1] = count >>> 16
    bytes[HEADER_COUNT_OFFSET + 2] = count >>> 8
    bytes[HEADER_COUNT_OFFSET + 3] = count
    return bytes
  }
}
