/** The naive model of a session: no keys, only which message left in which chain, which was heard, and what is on disk. */
import fc from 'fast-check'
import { controlDue, decodeSessionState, encodeSessionState, MAX_OLD_CHAINS, type Sealed } from '../src/index.ts'
import { NOW_MS } from './agents.ts'
import { CONTROL, commitmentOf, Line, type Side, type States } from './line.ts'

export interface Travelling {
  readonly text: string
  readonly bytes: Uint8Array
  /** Which chain of its sender it belongs to. */
  readonly chain: number
}

const HOUR_MS = 3_600_000

/**
 * A chain ends when its sender heard something of the peer's next one. Each side has a disk as a client has: written before
 * a message leaves that needs it, and with every message that was heard. A crash leaves the disk alone.
 */
export class Model {
  readonly line: Line
  readonly onTheWay: Record<Side, Travelling[]> = { alice: [], bob: [] }
  readonly heard: Record<Side, Travelling[]> = { alice: [], bob: [] }
  readonly newest: Record<Side, number> = { alice: -1, bob: 0 }
  readonly #chain: Record<Side, number> = { alice: 0, bob: -1 }
  readonly #turned: Record<Side, boolean> = { alice: false, bob: true }
  readonly #disk: Record<Side, Uint8Array>
  /** Commitments of everything that left: one for each message key. */
  readonly #used = new Set<string>()
  #sent = 0
  #nowMs = NOW_MS

  constructor(states: States) {
    this.line = new Line(states)
    this.#disk = { alice: encodeSessionState(states.alice), bob: encodeSessionState(states.bob) }
  }

  get nowMs(): number {
    return this.#nowMs
  }

  hourLater(): void {
    this.#nowMs += HOUR_MS
  }

  send(by: Side): void {
    this.#leave(by, this.#text(by))
  }

  /** Sends the control frame that is due, if one is. */
  control(by: Side): void {
    if (!controlDue(this.line.states[by], this.#nowMs)) return
    const { states } = this.line
    const message = this.line.control(by, { nowMs: this.#nowMs })
    this.#leave(by, { text: CONTROL, sealed: { state: states[by], message, needsStore: true } })
  }

  /** Dies between sealing and storing: what needed the store never left, what did not need it did. */
  crashWhileSending(by: Side): void {
    const sending = this.#text(by)
    if (!sending.sealed.needsStore) this.#leave(by, sending)
    this.crash(by)
  }

  /** Dies between opening and storing: nothing of it happened, and the message comes again. */
  crashWhileHearing(to: Side, message: Travelling): void {
    try {
      this.line.hear(to, message.bytes, { nowMs: this.#nowMs })
    } finally {
      this.crash(to)
    }
  }

  crash(by: Side): void {
    this.line.states[by] = decodeSessionState(this.#disk[by])
  }

  /** Hears a message that must open; a text is heard once for ever. */
  deliver(to: Side, message: Travelling): void {
    const heard = this.line.hear(to, message.bytes, { nowMs: this.#nowMs })
    if (heard !== message.text) throw new Error(`heard ${heard} for ${message.text}`)
    this.store(to)
    this.heard[to].push(message)
    if (message.chain > this.newest[to]) {
      this.newest[to] = message.chain
      this.#turned[to] = true
    }
  }

  /** Whether a session still knows the chain of a message. */
  remembers(to: Side, message: Travelling): boolean {
    return this.newest[to] - message.chain <= MAX_OLD_CHAINS
  }

  store(by: Side): void {
    this.#disk[by] = encodeSessionState(this.line.states[by])
  }

  #text(by: Side): { readonly text: string; readonly sealed: Sealed } {
    const text = `message ${this.#sent}`
    this.#sent += 1
    return { text, sealed: this.line.seal(by, text, { nowMs: this.#nowMs }) }
  }

  #leave(by: Side, { text, sealed }: { readonly text: string; readonly sealed: Sealed }): void {
    if (sealed.needsStore) this.store(by)
    const commitment = commitmentOf(sealed.message)
    if (this.#used.has(commitment)) throw new Error(`the key of ${text} was used before`)
    this.#used.add(commitment)
    if (this.#turned[by]) {
      this.#chain[by] += 1
      this.#turned[by] = false
    }
    this.onTheWay[other(by)].push({ text, bytes: sealed.message, chain: this.#chain[by] })
  }
}

/** What the network may do with what was sent, and what the ends do. Numbers pick one of the messages on the way. */
export type Command =
  | { readonly type: 'send' | 'control' | 'crash' | 'crash while sending' | 'exchange'; readonly by: Side }
  | { readonly type: 'hour' }
  | Arrival

/** What becomes of a message on the way; `pick` and `bit` choose which, and where it changes. */
export interface Arrival {
  readonly type: 'deliver' | 'repeat' | 'drop' | 'corrupt' | 'crash while hearing'
  readonly to: Side
  readonly pick: number
  readonly bit: number
}

export function other(side: Side): Side {
  return side === 'alice' ? 'bob' : 'alice'
}

const side = fc.constantFrom<Side>('alice', 'bob')
const by = (
  weight: number,
  ...types: readonly ('send' | 'control' | 'crash' | 'crash while sending' | 'exchange')[]
) => ({
  weight,
  arbitrary: fc.record({ type: fc.constantFrom(...types), by: side }),
})
const to = (
  weight: number,
  ...types: readonly ('deliver' | 'repeat' | 'drop' | 'corrupt' | 'crash while hearing')[]
) => ({
  weight,
  arbitrary: fc.record({ type: fc.constantFrom(...types), to: side, pick: fc.nat(), bit: fc.nat() }),
})

export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    by(5, 'send'),
    by(2, 'control'),
    by(1, 'crash', 'crash while sending'),
    by(3, 'exchange'),
    to(5, 'deliver'),
    to(3, 'repeat', 'drop', 'corrupt'),
    to(1, 'crash while hearing'),
    { weight: 1, arbitrary: fc.constant<Command>({ type: 'hour' }) },
  ),
  { minLength: 20, maxLength: 120, size: 'max' },
)
