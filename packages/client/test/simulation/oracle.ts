/**
 * What must never happen, watched from outside the agents: on the wire, in what is durable, and at the application.
 *
 * P1  no message key seals two plaintexts: a key commitment is seen in one wire message only. Where an agent went back
 *     with everything it has, and nothing could tell it so: no key and nonce together seal twice.
 * P2  nothing acknowledged is lost: what an outbox forgot is with the peer's application or durable in its inbox.
 * P3  nothing leaves before what it depends on is durable: neither a message nor an answer.
 * Besides: nothing is handed over twice, a message that does not open changes nothing, no session is given up while
 * neither side lost anything, and the two can talk in the end.
 */
import { decodeCbor, equalBytes, toHex } from '@talos/bytes'
import { type Did, decodeFirstFlight, decodeMessageHeader, decodeSessionMessage } from '@talos/contracts'
import { routeOf } from '@talos/session'
import { OUTBOX_KEEP_MS } from '@talos/storage'
import type { MemoryStorage } from './memory-storage.ts'

export type Rule = 'P1' | 'P2' | 'P3' | 'once' | 'unchanged' | 'kept' | 'alive' | 'no surprise'

/** Sessions begun in one schedule above which old ones may be pushed out, and a reset may be nobody's fault. */
const SESSIONS_KEPT = 2

export class Violation extends Error {
  readonly rule: Rule

  constructor(rule: Rule, what: string) {
    super(`${rule}: ${what}`)
    this.rule = rule
  }
}

/** A message of an application, from the moment at which it was asked for. */
interface Tracked {
  readonly id: string
  readonly from: Did
  readonly to: Did
  /** It was durable in the outbox at some time. */
  isKept: boolean
  /** The outbox let it go because the peer has it. */
  isAcknowledged: boolean
  timesHandedOver: number
  /** A side went back to an earlier state, or lost all, and took this message with it. */
  mayBeLost: boolean
  mayComeTwice: boolean
}

interface Side {
  readonly did: Did
  readonly storage: MemoryStorage
  readonly nowMs: () => number
  readonly seenStates: WeakSet<Uint8Array>
  /** Every session that it ever had. */
  readonly sessions: Set<string>
  seenVersion: number
  /** Ids in the outbox, and when they came there. */
  outbox: ReadonlyMap<string, number>
}

/** What the kernel was asked to seal: which message of which ratchet key. */
interface SealedAs {
  readonly chain: string
  readonly count: number
}

export class Oracle {
  readonly #sides = new Map<Did, Side>()
  readonly #messages = new Map<string, Tracked>()
  readonly #wires = new Map<string, Uint8Array>()
  readonly #sealed = new Map<string, SealedAs>()
  /** Per ratchet key, the count from which a restarted side would go on. */
  readonly #covered = new Map<string, number>()
  /** Sessions that a side said it cannot open, by side and session. */
  readonly #givenUp = new Set<string>()
  #isUndisturbed = true
  #sessionsBegun = 0
  #wentBackUnseen = false

  /** Something happened that may cost a session: a side went back, a clock jumped, bytes were spoilt. */
  mayCostSession(): void {
    this.#isUndisturbed = false
  }

  sessionBegun(): void {
    this.#sessionsBegun += 1
  }

  /** A side says that it cannot open what the other seals. */
  givesUp(did: Did, { sessionId, reason }: { readonly sessionId: Uint8Array; readonly reason: string }): void {
    // What it never had may still be on its way: a message can overtake the first flight of its session.
    const isStrange = !this.#sideOf(did).sessions.has(toHex(sessionId))
    const name = `${did}/${toHex(sessionId)}`
    // Who restarts does not know what it said before, and names again what it gave up then.
    const isRepeated = this.#givenUp.has(name)
    this.#givenUp.add(name)
    if (this.#isUndisturbed && !isStrange && !isRepeated && this.#sessionsBegun <= SESSIONS_KEPT) {
      throw new Violation('kept', `a session was given up (${reason}) although nothing happened to it`)
    }
  }

  watch(did: Did, storage: MemoryStorage, nowMs: () => number): void {
    this.#sides.set(did, {
      did,
      storage,
      nowMs,
      seenStates: new WeakSet(),
      sessions: new Set(),
      seenVersion: -1,
      outbox: new Map(),
    })
    this.observe(did)
  }

  /** An application asked for a message to be sent. */
  asked(id: string, { from, to }: { readonly from: Did; readonly to: Did }): void {
    const none = { isKept: false, isAcknowledged: false, timesHandedOver: 0, mayBeLost: false, mayComeTwice: false }
    this.#messages.set(id, { id, from, to, ...none })
  }

  /** The kernel sealed a message under a header. */
  sealed(commitment: Uint8Array, header: Uint8Array): void {
    const { ratchetKey, count } = decodeMessageHeader(header)
    this.#sealed.set(toHex(commitment), { chain: toHex(ratchetKey), count })
  }

  /** Sealed bytes are about to leave. */
  leaves(from: Did, { wire, messageId }: { readonly wire: Uint8Array; readonly messageId: string }): void {
    const commitment = toHex(commitmentOf(wire))
    const known = this.#wires.get(commitment)
    if (known === undefined) this.#checkDurable(from, { wire, messageId, commitment })
    else if (!equalBytes(known, wire)) this.#judgeReuse(known, wire)
    this.#wires.set(commitment, wire)
  }

  /** A side is about to say that it has a message. */
  acknowledges(by: Did, id: string): void {
    const message = this.#messages.get(id)
    if (message === undefined || message.to !== by) return
    if (this.#sideOf(by).storage.messages.hasArrived({ peer: message.from, messageId: id })) return
    throw new Violation('P3', 'a message was acknowledged before it was durable')
  }

  handedOver(id: string): void {
    const message = this.#messages.get(id)
    if (message === undefined) throw new Violation('once', 'an application got a message that nobody sent')
    message.timesHandedOver += 1
    if (message.timesHandedOver > 1 && !message.mayComeTwice) {
      throw new Violation('once', `message ${id.slice(-6)} was handed over twice`)
    }
  }

  /** The hand-over was not noted, and the message is still there: it comes again. */
  handedBack(id: string): void {
    const message = this.#messages.get(id)
    if (message !== undefined) message.timesHandedOver -= 1
  }

  /** A message waited too long and was given up. */
  expired(id: string, mayExpire: boolean): void {
    if (!mayExpire) throw new Violation('alive', 'a message was given up')
    const message = this.#messages.get(id)
    if (message !== undefined) message.mayBeLost = true
  }

  /** A side goes back, and the second place of its generation with it. */
  wentBackUnseen(): void {
    this.#wentBackUnseen = true
  }

  /** After each step: what changed in what is durable at a side. */
  observe(did: Did): void {
    const side = this.#sideOf(did)
    const { storage } = side
    if (storage.version === side.seenVersion) return
    side.seenVersion = storage.version
    this.#noteLeases(side)
    const outbox = new Map<string, number>()
    for (const { did: peer } of this.#sides.values()) {
      for (const { messageId, createdMs } of storage.messages.outgoing(peer)) outbox.set(messageId, createdMs)
    }
    for (const id of outbox.keys()) this.#keep(id)
    for (const [id, createdMs] of side.outbox) {
      if (!outbox.has(id)) this.#forget(id, { isOutdated: createdMs <= side.nowMs() - OUTBOX_KEEP_MS })
    }
    side.outbox = outbox
  }

  /** After a crash and after each step: what was acknowledged is still there. */
  checkKept(): void {
    for (const message of this.#messages.values()) {
      if (message.isAcknowledged && !message.mayBeLost) this.#requireAtPeer(message)
    }
  }

  /** A side went back to an earlier state, or lost everything: what went with it is not held against it. */
  wentBack(did: Did, change: () => void): void {
    this.mayCostSession()
    const { storage } = this.#sideOf(did)
    const kept = (message: Tracked) =>
      message.from === did && storage.messages.findOutgoing({ peer: message.to, messageId: message.id }) !== undefined
    const has = (message: Tracked) =>
      message.to === did && storage.messages.hasArrived({ peer: message.from, messageId: message.id })
    const before = [...this.#messages.values()].map((message) => ({ message, kept: kept(message), has: has(message) }))
    this.observe(did)
    change()
    for (const past of before) {
      const { message } = past
      const lostFromOutbox = past.kept && !kept(message)
      const forgotten = past.has && !has(message)
      if (lostFromOutbox || forgotten) message.mayBeLost = true
      // What waits there may have been handed over after that state was.
      const waits = message.to === did && storage.messages.isWaiting({ peer: message.from, messageId: message.id })
      if (forgotten || waits) message.mayComeTwice = true
    }
    const side = this.#sideOf(did)
    side.outbox = new Map()
    side.seenVersion = -1
    this.observe(did)
  }

  /** At the end, when everything had its time: every message that was kept has arrived once. */
  checkArrived(): void {
    for (const { id, isKept, timesHandedOver, mayBeLost } of this.#messages.values()) {
      if (isKept && timesHandedOver === 0 && !mayBeLost) {
        throw new Violation('alive', `message ${id.slice(-6)} never arrived`)
      }
    }
  }

  /** Whether a message reached the application. */
  hasArrived(id: string): boolean {
    return (this.#messages.get(id)?.timesHandedOver ?? 0) > 0
  }

  get messages(): number {
    return this.#messages.size
  }

  /**
   * Nobody can know of an agent that went back with everything it has: there the random nonce keeps one key from making
   * one key stream twice, and the peer notices.
   */
  #judgeReuse(known: Uint8Array, wire: Uint8Array): void {
    if (!this.#wentBackUnseen) throw new Violation('P1', 'one message key sealed two messages')
    if (equalBytes(nonceOf(known), nonceOf(wire))) throw new Violation('P1', 'one key stream sealed two messages')
  }

  #sideOf(did: Did): Side {
    const side = this.#sides.get(did)
    if (side === undefined) throw new RangeError('nobody watches that agent')
    return side
  }

  #keep(id: string): void {
    const message = this.#messages.get(id)
    if (message === undefined) return
    message.isKept = true
    message.isAcknowledged = false
  }

  #forget(id: string, { isOutdated }: { readonly isOutdated: boolean }): void {
    const message = this.#messages.get(id)
    if (message === undefined) return
    // What waited too long may go, also where a crash came before anybody was told.
    if (isOutdated) message.mayBeLost = true
    message.isAcknowledged = true
    if (!message.mayBeLost) this.#requireAtPeer(message)
  }

  #requireAtPeer({ id, from, to, timesHandedOver }: Tracked): void {
    const { messages } = this.#sideOf(to).storage
    const isThere = timesHandedOver > 0 || messages.isWaiting({ peer: from, messageId: id })
    if (!isThere) throw new Violation('P2', `message ${id.slice(-6)} was acknowledged and is lost`)
  }

  /** First leaving: the row is in the outbox as it leaves, and a restarted side would go on behind this message. */
  #checkDurable(
    from: Did,
    sent: { readonly wire: Uint8Array; readonly messageId: string; readonly commitment: string },
  ): void {
    const message = this.#messages.get(sent.messageId)
    const { storage } = this.#sideOf(from)
    this.#noteLeases(this.#sideOf(from))
    if (message !== undefined) {
      const row = storage.messages.findOutgoing({ peer: message.to, messageId: message.id })
      if (row === undefined || !equalBytes(row.wire, sent.wire))
        throw new Violation('P3', 'a message left that no outbox holds')
    }
    const sealed = this.#sealed.get(sent.commitment)
    if (sealed === undefined) throw new Violation('P3', 'a message left that no kernel sealed')
    if ((this.#covered.get(sealed.chain) ?? 0) <= sealed.count) {
      throw new Violation('P3', 'a message left before the state that sealed it was durable')
    }
  }

  #noteLeases({ storage, seenStates, sessions }: Side): void {
    for (const { sessionId, state } of storage.sessions.states()) {
      if (seenStates.has(state)) continue
      seenStates.add(state)
      sessions.add(toHex(sessionId))
      const { sending } = decodeCbor(state) as unknown as RecordParts
      if (sending === undefined) continue
      const chain = toHex(sending.ratchetPublic)
      this.#covered.set(chain, Math.max(this.#covered.get(chain) ?? 0, sending.count))
    }
  }
}

/** Of a session record, what tells how far it went. */
interface RecordParts {
  readonly sending?: { readonly ratchetPublic: Uint8Array; readonly count: number }
}

function nonceOf(wire: Uint8Array): Uint8Array {
  return routeOf(wire).kind === 'first-flight' ? decodeFirstFlight(wire).nonce : decodeSessionMessage(wire).nonce
}

function commitmentOf(wire: Uint8Array): Uint8Array {
  return routeOf(wire).kind === 'first-flight'
    ? decodeFirstFlight(wire).commitment
    : decodeSessionMessage(wire).commitment
}
