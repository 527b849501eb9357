/**
 * What arrives on a link (spec 13-link-envelope, 13.5 and 13.6): frames joined into content, within the credit granted.
 *
 * Memory is bounded by the windows: content is charged when its first frame announces it, before anything is held for
 * it, and the charge is returned when the handler is done with it. A peer that exceeds its credit breaks the protocol.
 */
import { decodeLinkContent, LINK_CONTENT_SIZE_BYTES } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { decodeAs, FLAG_FIRST, FLAG_LAST, type Frame, invalid, POOLS, type Pool } from './frames.ts'
import type { LinkTerms } from './hello.ts'
import { chargeOf } from './outbox.ts'

export interface IncomingContent {
  readonly pool: Pool
  readonly stream: number
  readonly kind: number
  readonly content: Uint8Array
  /** Returns the credit; call once, when nothing holds the content any more. */
  readonly release: () => void
}

interface Partial {
  readonly kind: number
  readonly content: Uint8Array
  filledBytes: number
}

interface Account {
  /** What the peer may still send. */
  creditBytes: number
  /** Handled, not yet returned. */
  handledBytes: number
  readonly partials: Map<number, Partial>
}

export class Inbox {
  readonly #terms: LinkTerms
  readonly #grant: (pool: Pool, creditBytes: number) => void
  readonly #accounts: ReadonlyMap<Pool, Account>
  /** Handled bytes may be held back so far; the rest of the window always holds one message of full size. */
  readonly #holdBackBytes: number

  constructor(options: { readonly terms: LinkTerms; readonly grant: (pool: Pool, creditBytes: number) => void }) {
    const { terms, grant } = options
    this.#terms = terms
    this.#grant = grant
    this.#holdBackBytes = (terms.windowBytes - chargeOf(terms.maxMessageBytes)) / 2
    this.#accounts = new Map(
      POOLS.map((pool) => [pool, { creditBytes: terms.windowBytes, handledBytes: 0, partials: new Map() }]),
    )
  }

  /**
   * Takes a frame of content; returns the content that it completes.
   *
   * @throws TalosError `NETWORK_FRAME_INVALID`, `NETWORK_CREDIT_EXCEEDED`, `NETWORK_MESSAGE_TOO_LARGE`
   */
  accept(pool: Pool, frame: Frame): IncomingContent | undefined {
    const account = this.#account(pool)
    const isFirst = (frame.flags & FLAG_FIRST) !== 0
    const partial = isFirst ? this.#begin(account, frame) : account.partials.get(frame.stream)
    if (partial === undefined) throw invalid('a stream goes on that did not begin')
    const part = isFirst ? frame.payload.subarray(LINK_CONTENT_SIZE_BYTES) : frame.payload
    if (!isFirst && part.length === 0) throw invalid('a frame carries nothing')
    if (part.length > partial.content.length - partial.filledBytes) throw invalid('content is longer than announced')
    partial.content.set(part, partial.filledBytes)
    partial.filledBytes += part.length
    const isLast = (frame.flags & FLAG_LAST) !== 0
    if (isLast !== (partial.filledBytes === partial.content.length)) throw invalid('content does not end as announced')
    if (!isLast) return undefined
    account.partials.delete(frame.stream)
    const { kind, content } = partial
    return { pool, stream: frame.stream, kind, content, release: () => this.#release(pool, chargeOf(content.length)) }
  }

  #begin(account: Account, frame: Frame): Partial {
    if (account.partials.has(frame.stream)) throw invalid('a stream begins twice')
    const headBytes = frame.payload.subarray(0, LINK_CONTENT_SIZE_BYTES)
    const { kind, lengthBytes } = decodeAs('the head of content', () => decodeLinkContent(headBytes))
    const limitBytes = this.#terms.maxMessageBytes
    if (lengthBytes > limitBytes)
      throw new TalosError('NETWORK_MESSAGE_TOO_LARGE', { sizeBytes: lengthBytes, limitBytes })
    const charge = chargeOf(lengthBytes)
    if (charge > account.creditBytes) {
      throw new TalosError('NETWORK_CREDIT_EXCEEDED', { sizeBytes: charge, creditBytes: account.creditBytes })
    }
    account.creditBytes -= charge
    const partial = { kind, content: new Uint8Array(lengthBytes), filledBytes: 0 }
    account.partials.set(frame.stream, partial)
    return partial
  }

  #release(pool: Pool, charge: number): void {
    const account = this.#account(pool)
    account.handledBytes += charge
    if (account.handledBytes <= this.#holdBackBytes) return
    const returned = account.handledBytes
    account.handledBytes = 0
    account.creditBytes += returned
    this.#grant(pool, returned)
  }

  #account(pool: Pool): Account {
    const account = this.#accounts.get(pool)
    if (account === undefined) throw invalid('no such pool')
    return account
  }
}
