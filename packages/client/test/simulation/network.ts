/**
 * The network between two agents: packets that lie there until the schedule delivers, drops, duplicates or spoils one,
 * in any order. Requests and answers are packets of their own, so that either can be lost.
 */
import type { Did } from '@talos/contracts'

export interface SealedEnvelope {
  readonly messageId: string
  readonly wire: Uint8Array
}

/** What a packet carries: the kinds of link content (spec 15-frames 15.2) and what answers them. */
export type Content =
  | { readonly kind: 'envelope'; readonly envelope: SealedEnvelope }
  | { readonly kind: 'ask-bundle' }
  | { readonly kind: 'reset'; readonly bytes: Uint8Array }
  | { readonly kind: 'accepted'; readonly envelope?: SealedEnvelope }
  | { readonly kind: 'bundle'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string }

export interface Packet {
  readonly id: number
  readonly from: Did
  readonly to: Did
  /** Joins an answer to its request; absent for what travels one way. */
  readonly requestId?: number
  readonly content: Content
  /** A copy with a flipped bit: whatever happens to it proves nothing about its original. */
  readonly isSpoilt?: boolean
}

/** Packets under way at most: a schedule is short, and what is beyond it is lost like anything else. */
const MAX_PACKETS = 256

export class Network {
  readonly #packets: Packet[] = []
  #nextId = 1

  get size(): number {
    return this.#packets.length
  }

  put(packet: Omit<Packet, 'id'>): void {
    if (this.#packets.length >= MAX_PACKETS) return
    this.#packets.push({ ...packet, id: this.#nextId })
    this.#nextId += 1
  }

  /** A number for a request. */
  newRequestId(): number {
    this.#nextId += 1
    return this.#nextId
  }

  /** The packet that a choice points at, left where it is; none when nothing is under way. */
  peek(choice: number): Packet | undefined {
    return this.#packets[choice % Math.max(1, this.#packets.length)]
  }

  /** Takes a packet off the network. */
  take(choice: number): Packet | undefined {
    const [packet] = this.#packets.splice(choice % Math.max(1, this.#packets.length), 1)
    return packet
  }

  /** Takes the oldest packet. */
  takeFirst(): Packet | undefined {
    return this.#packets.shift()
  }

  /** Everything under way is lost. */
  clear(): void {
    this.#packets.length = 0
  }
}
