/**
 * What leaves a link (spec 13-link-envelope, 13.5 to 13.7): content within the peer's credit, cut into frames, frames of
 * one turn joined into one write.
 *
 * Bounded by construction: content waits at its caller until credit and carrier take it, control is state and not a
 * queue (one pong, one ping, three sums of credit).
 */
import { encodeLinkContent, encodeLinkCredit, encodeLinkFrame, encodeLinkPing } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { MAX_FRAME_PAYLOAD_BYTES, MAX_WAITING_SENDS, MESSAGE_OVERHEAD_BYTES, WRITE_BATCH_BYTES } from '../limits.ts'
import { Fifo } from './fifo.ts'
import {
  controlFrame,
  FLAG_FIRST,
  FLAG_LAST,
  FRAME_CREDIT,
  FRAME_MESSAGE,
  FRAME_PING,
  FRAME_PONG,
  invalid,
  LINK_FRAME_SIZE_BYTES,
  POOLS,
  type Pool,
} from './frames.ts'
import type { LinkTerms } from './hello.ts'

export interface OutgoingContent {
  readonly pool: Pool
  readonly stream: number
  readonly kind: number
  /** Must not change before the promise settles. */
  readonly content: Uint8Array
}

interface Outgoing extends OutgoingContent {
  readonly resolve: () => void
  readonly reject: (error: TalosError) => void
  sentBytes: number
}

interface Lane {
  creditBytes: number
  readonly waiting: Fifo<Outgoing>
}

export class Outbox {
  readonly #peer: LinkTerms
  readonly #write: (bytes: Uint8Array) => Promise<void>
  readonly #onWriteFailure: () => void
  readonly #lanes: ReadonlyMap<Pool, Lane>
  /** Content whose frames go out in turn. */
  readonly #active: Outgoing[] = []
  readonly #creditDue = new Map<Pool, number>()
  #pongDue: number | undefined
  #pingDue: number | undefined
  #waitingCount = 0
  #flushing = false
  #closedBy: TalosError | undefined

  constructor(options: {
    readonly peer: LinkTerms
    readonly write: (bytes: Uint8Array) => Promise<void>
    readonly onWriteFailure: () => void
  }) {
    this.#peer = options.peer
    this.#write = options.write
    this.#onWriteFailure = options.onWriteFailure
    this.#lanes = new Map(
      POOLS.map((pool) => [pool, { creditBytes: options.peer.windowBytes, waiting: new Fifo<Outgoing>() }]),
    )
  }

  /**
   * Sends content. Resolves when the carrier has taken all of it.
   *
   * @throws TalosError `NETWORK_MESSAGE_TOO_LARGE`, `NETWORK_LIMIT` (callers that do not await), `NETWORK_CLOSED`
   */
  send(content: OutgoingContent): Promise<void> {
    return new Promise((resolve, reject) => {
      const sizeBytes = content.content.length
      const limitBytes = this.#peer.maxMessageBytes
      if (this.#closedBy !== undefined) throw this.#closedBy
      if (sizeBytes > limitBytes) throw new TalosError('NETWORK_MESSAGE_TOO_LARGE', { sizeBytes, limitBytes })
      if (this.#waitingCount >= MAX_WAITING_SENDS) {
        throw new TalosError('NETWORK_LIMIT', { limit: MAX_WAITING_SENDS, what: 'waiting sends' })
      }
      this.#waitingCount += 1
      this.#lane(content.pool).waiting.push({ ...content, resolve, reject, sentBytes: 0 })
      this.#schedule()
    })
  }

  /** The peer took content off our hands. @throws TalosError `NETWORK_FRAME_INVALID` beyond the window */
  addCredit(pool: Pool, creditBytes: number): void {
    const lane = this.#lane(pool)
    lane.creditBytes += creditBytes
    if (lane.creditBytes > this.#peer.windowBytes) throw invalid('more credit than the window')
    this.#schedule()
  }

  grantCredit(pool: Pool, creditBytes: number): void {
    this.#creditDue.set(pool, (this.#creditDue.get(pool) ?? 0) + creditBytes)
    this.#schedule()
  }

  /** Only the newest ping is answered: a peer that floods gains nothing. */
  pong(token: number): void {
    this.#pongDue = token
    this.#schedule()
  }

  ping(token: number): void {
    this.#pingDue = token
    this.#schedule()
  }

  /** Fails everything that is not yet with the carrier. */
  close(error: TalosError): void {
    if (this.#closedBy !== undefined) return
    this.#closedBy = error
    for (const outgoing of this.#active.splice(0)) outgoing.reject(error)
    for (const { waiting } of this.#lanes.values()) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next.reject(error)
    }
  }

  #lane(pool: Pool): Lane {
    const lane = this.#lanes.get(pool)
    if (lane === undefined) throw invalid('no such pool')
    return lane
  }

  /** Joins what one turn of the event loop produces; a write under way joins what comes meanwhile. */
  #schedule(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => void this.#flush())
  }

  async #flush(): Promise<void> {
    const finished: Outgoing[] = []
    try {
      while (this.#closedBy === undefined) {
        const batch = this.#collect(finished)
        if (batch === undefined) break
        await this.#write(batch)
        for (const outgoing of finished.splice(0)) outgoing.resolve()
      }
    } catch {
      this.#onWriteFailure()
    }
    for (const outgoing of finished) outgoing.reject(this.#closedBy ?? invalid('the link is closed'))
    this.#flushing = false
  }

  /** Frames worth one write, or undefined when nothing can leave now. */
  #collect(finished: Outgoing[]): Uint8Array | undefined {
    const parts = this.#control()
    let sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
    while (sizeBytes < WRITE_BATCH_BYTES) {
      this.#activate()
      const outgoing = this.#active.shift()
      if (outgoing === undefined) break
      sizeBytes += cutFrame(outgoing, parts)
      if (outgoing.sentBytes < outgoing.content.length) {
        this.#active.push(outgoing)
      } else {
        this.#waitingCount -= 1
        finished.push(outgoing)
      }
    }
    return sizeBytes === 0 ? undefined : join(parts, sizeBytes)
  }

  /**
   * Starts what the credit covers as a whole, so that the receiver can always finish what it began to hold. Messages
   * go one after the other, which keeps their order; requests and responses go side by side.
   */
  #activate(): void {
    for (const [pool, lane] of this.#lanes) {
      for (;;) {
        const next = lane.waiting.peek()
        if (next === undefined || chargeOf(next.content.length) > lane.creditBytes) break
        if (pool === FRAME_MESSAGE && this.#active.some((active) => active.pool === FRAME_MESSAGE)) break
        lane.waiting.shift()
        lane.creditBytes -= chargeOf(next.content.length)
        this.#active.push(next)
      }
    }
  }

  #control(): Uint8Array[] {
    const parts: Uint8Array[] = []
    for (const [pool, creditBytes] of this.#creditDue) {
      parts.push(controlFrame(FRAME_CREDIT, encodeLinkCredit({ pool, creditBytes })))
    }
    this.#creditDue.clear()
    if (this.#pongDue !== undefined) parts.push(controlFrame(FRAME_PONG, encodeLinkPing({ token: this.#pongDue })))
    if (this.#pingDue !== undefined) parts.push(controlFrame(FRAME_PING, encodeLinkPing({ token: this.#pingDue })))
    this.#pongDue = undefined
    this.#pingDue = undefined
    return parts
  }
}

/** What content of that length costs of its pool's credit. */
export function chargeOf(contentBytes: number): number {
  return contentBytes + MESSAGE_OVERHEAD_BYTES
}

/** Appends the next frame of the content; returns the bytes appended. */
function cutFrame(outgoing: Outgoing, parts: Uint8Array[]): number {
  const { content, sentBytes, stream, pool } = outgoing
  const isFirst = sentBytes === 0
  const head = isFirst ? encodeLinkContent({ kind: outgoing.kind, lengthBytes: content.length }) : undefined
  const headBytes = head?.length ?? 0
  const part = content.subarray(sentBytes, sentBytes + MAX_FRAME_PAYLOAD_BYTES - headBytes)
  outgoing.sentBytes += part.length
  const isLast = outgoing.sentBytes === content.length
  const flags = (isFirst ? FLAG_FIRST : 0) | (isLast ? FLAG_LAST : 0)
  const lengthBytes = headBytes + part.length
  parts.push(encodeLinkFrame({ type: pool, flags, stream, lengthBytes }))
  if (head !== undefined) parts.push(head)
  parts.push(part)
  return LINK_FRAME_SIZE_BYTES + lengthBytes
}

function join(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const joined = new Uint8Array(sizeBytes)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
