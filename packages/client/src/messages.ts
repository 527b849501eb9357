/**
 * Messages between applications: committed to the log, sealed, durable, delivered once.
 *
 * Sending: the entry, then state and outbox, then the wire; the outbox forgets a message when the peer has it.
 * Receiving: state and inbox, then the entry, then the answer, then the application.
 *
 * A message enters the inbox once, whatever is sent again. It leaves it when every handler has returned: a process that
 * dies after a handler began and before the inbox forgot the message hands that one message, with the same `messageId`,
 * over again at the next start. At most one message is in that window, since they are handed over one by one.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { toHex } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { MessageName, StoredIncoming } from '@talos/storage'
import type { Agent } from './agent.ts'
import type { Courier } from './courier.ts'
import type { ClientEvent } from './events.ts'
import type { Healer } from './healer.ts'
import type { QueuedFrame } from './received.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

/** Largest message of an application: what fits a sealed frame with its frame around it (spec 15-frames, 15.3). */
export const MESSAGE_MAX_BYTES = 1_040_384

/** A peer that refused so many in one go refuses the rest as well. */
const MAX_REFUSALS = 32

export interface SentMessage {
  /** 32 hex digits, the same in both sides' logs. */
  readonly messageId: string
  /**
   * 64 hex digits: the leaf hash of the entry that commits to the message, in this agent's log. Empty where its audit level
   * leaves messages out.
   */
  readonly messageHash: string
  /** Undefined where the audit level leaves messages out. */
  readonly logIndex: number | undefined
  readonly sessionId: string
  /** True when the peer has it durably; else it waits in the outbox for the next link. */
  readonly delivered: boolean
}

export interface ReceivedMessage {
  readonly peer: Did
  readonly bytes: Uint8Array
  readonly messageId: string
  /** 64 hex digits: the leaf hash of the entry in this agent's log; empty where its audit level leaves messages out. */
  readonly messageHash: string
}

/** What the inbox holds of a message. */
type InboxMessage = Pick<StoredIncoming, 'peer' | 'messageId' | 'sessionId' | 'plaintext' | 'receivedMs'>

/** What names a message between two agents. */
type Delivered = MessageName

export type MessageHandler = (message: ReceivedMessage) => void | Promise<void>

export interface MessengerOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly courier: Courier
  readonly healer: Healer
  readonly wire: Wire
  readonly emit: (event: ClientEvent) => void
}

export class Messenger {
  readonly #options: MessengerOptions
  readonly #handlers = new Set<MessageHandler>()
  readonly #hashes = new Map<string, Promise<string>>()
  readonly #flushing = new Map<Did, Promise<void>>()
  /** Peers for whom a flush was asked while one ran. */
  readonly #flushAgain = new Set<Did>()
  /** Peers for whom something stayed in the outbox. */
  readonly #behind = new Set<Did>()
  readonly #delivering = new Map<string, Promise<void>>()
  readonly #insideHandler = new AsyncLocalStorage<Delivered>()
  #handingOver: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: MessengerOptions) {
    this.#options = options
  }

  /**
   * @throws TalosError `FRAME_TOO_LARGE`, `SESSION_MISSING`, and what log, session and store throw: then nothing is kept;
   *   `PEER_REFUSED`: the message stays in the outbox and is tried again at the next link
   */
  async send(peer: Did, bytes: Uint8Array): Promise<SentMessage> {
    const { agent, sessions, healer } = this.#options
    if (bytes.length > MESSAGE_MAX_BYTES) {
      throw new TalosError('FRAME_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: MESSAGE_MAX_BYTES })
    }
    const body = bytes.slice()
    await healer.require(peer)
    const session = toHex(sessions.require(peer).sessionId)
    const messageId = sessions.newMessageId()
    const entry = await agent.log.append({
      kind: 'message.send',
      peer,
      session,
      message: messageId,
      commit: { content: { bytes: body } },
    })
    // The session may have been lost while the entry was written.
    await healer.require(peer)
    const sealed = sessions.seal({ peer, frame: { t: 'message', body }, messageId })
    const delivered = await this.#attempt({ peer, messageId, ...sealed })
    return {
      messageId,
      messageHash: entry === undefined ? '' : toHex(entry.leafHash),
      logIndex: entry?.index,
      sessionId: toHex(sealed.sessionId),
      delivered,
    }
  }

  /** Keeps a frame that is no message in the outbox until the peer has it; a refusal is an event, not an error. */
  async tell(peer: Did, frame: AppFrame): Promise<void> {
    const { sessions, wire } = this.#options
    const messageId = sessions.newMessageId()
    const sealed = sessions.seal({ peer, frame, messageId })
    if (!wire.isLinked(peer)) return
    await this.#attempt({ peer, messageId, ...sealed }).catch((error: unknown) => {
      if (!isTalosError(error)) throw error
    })
  }

  /**
   * Hands a frame that is no message to the peer now, or gives it up.
   *
   * @throws TalosError `SESSION_MISSING`, `PEER_REFUSED`, and what the link throws
   */
  async post(peer: Did, frame: AppFrame): Promise<void> {
    const { agent, sessions, wire, healer } = this.#options
    await healer.require(peer)
    // The link comes first: what is sealed and goes nowhere is a gap that the peer's session must remember.
    await wire.linkTo(peer)
    const messageId = sessions.newMessageId()
    const sealed = sessions.seal({ peer, frame, messageId })
    try {
      await this.#carryPatiently({ peer, messageId, ...sealed })
    } catch (error) {
      agent.database.messages.acknowledge({ peer, messageId })
      throw error
    }
  }

  /** Registers a handler; what arrived before it is handed over now. Returns what removes it. */
  onMessage(handler: MessageHandler): () => void {
    this.#handlers.add(handler)
    void this.#handOver()
    return () => this.#handlers.delete(handler)
  }

  /** A message is durable in the inbox: records it, then lets the application have it without waiting for that. */
  async take(message: InboxMessage): Promise<void> {
    await this.#hashOf(message, { mayBeRecorded: false })
    void this.#handOver()
  }

  /** A message arrived again: resolves when the entry of the first arrival is there. */
  async recorded(message: Delivered): Promise<void> {
    await this.#hashes.get(keyOf(message))
  }

  /** Sends again what a peer has not acknowledged. Asked for while it runs, it runs once more: the link may be another. */
  async flush(peer: Did): Promise<void> {
    const running = this.#flushing.get(peer)
    if (running !== undefined) this.#flushAgain.add(peer)
    const flushing = running ?? this.#flushRepeatedly(peer).finally(() => this.#flushing.delete(peer))
    this.#flushing.set(peer, flushing)
    await flushing
  }

  /**
   * Hands a message of the outbox to the peer and forgets it; those who ask meanwhile share the attempt.
   *
   * @throws TalosError what the link throws, `PEER_REFUSED`
   */
  async deliver(message: QueuedFrame): Promise<void> {
    const key = keyOf(message)
    const running = this.#delivering.get(key) ?? this.#deliver(message).finally(() => this.#delivering.delete(key))
    this.#delivering.set(key, running)
    await running
  }

  /**
   * Sends what the session protocol owes the peer after a step of a session, where it owes something and there is a link.
   * What fails is due again after the next step.
   */
  tellControl(session: { readonly peer: Did; readonly sessionId: Uint8Array }): void {
    if (this.#options.wire.isLinked(session.peer)) void this.#tellControl(session).catch(() => undefined)
  }

  /** Gives up what waited too long. */
  dropOutdated(): void {
    const { courier, emit } = this.#options
    for (const { peer, messageId } of courier.outdated()) emit({ type: 'message.expired', peer, messageId })
  }

  /** Waits until the application has taken the message that it has; the rest stays in the inbox. From inside a handler: counts that message as taken. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const inside = this.#insideHandler.getStore()
    if (inside === undefined) await this.#handingOver
    else this.#options.agent.database.messages.handOver(inside)
  }

  async #flushRepeatedly(peer: Did): Promise<void> {
    do {
      this.#flushAgain.delete(peer)
      await this.#flushAll(peer)
    } while (this.#flushAgain.has(peer))
  }

  /** From the oldest on. What the peer refuses does not hold up what follows. */
  async #flushAll(peer: Did): Promise<void> {
    const { courier, healer } = this.#options
    this.dropOutdated()
    const refused = new Set<string>()
    for (;;) {
      const next = courier.next(peer, refused)
      if (next === undefined) break
      try {
        await this.#carry(next)
      } catch (error) {
        this.#tell(next, error)
        refused.add(next.messageId)
        if (!isTalosError(error, 'PEER_REFUSED') || refused.size > MAX_REFUSALS) return healer.tendLater(peer)
      }
    }
    if (refused.size > 0) healer.tendLater(peer)
    else healer.settled(peer)
  }

  /**
   * Brings a message of the outbox to an end with the peer that is there: delivered, or not to be.
   *
   * @throws TalosError what the link throws; `PEER_REFUSED`: it stays in the outbox
   */
  async #carry(message: QueuedFrame): Promise<void> {
    const { courier, healer } = this.#options
    for (let current = message; ; ) {
      try {
        await this.deliver(current)
        return this.tellControl(current)
      } catch (error) {
        if (!isTalosError(error, 'PEER_REFUSED')) throw error
        const verdict = courier.refused(current, String(error.details['peerCode']))
        if (verdict.kind === 'renew') healer.tendSoon(current.peer)
        if (verdict.kind === 'settled' || verdict.kind === 'renew') return
        if (verdict.kind === 'waits') throw error
        if (verdict.kind === 'resealed') current = verdict.message
      }
    }
  }

  /**
   * Like {@link #carry}, and where the session is lost at the peer, waits a while for the next one.
   *
   * @throws TalosError what `#carry` throws
   */
  async #carryPatiently(message: QueuedFrame): Promise<void> {
    const { courier, healer } = this.#options
    try {
      await this.#carry(message)
    } catch (error) {
      if (!isSessionLost(error)) throw error
      const isBack = await healer.require(message.peer, message.sessionId).then(
        () => true,
        () => false,
      )
      if (!isBack) throw error
      const again = courier.ready(message)
      if (again !== undefined) await this.#carry(again)
    }
  }

  async #tellControl(session: { readonly peer: Did; readonly sessionId: Uint8Array }): Promise<void> {
    const queued = this.#options.sessions.control(session)
    if (queued !== undefined) await this.#carry(queued)
  }

  async #deliver(message: QueuedFrame): Promise<void> {
    const { wire, courier } = this.#options
    await wire.deliver(message)
    courier.delivered(message)
  }

  /** True when the peer has it; false when it waits. @throws TalosError `PEER_REFUSED` */
  async #attempt(message: QueuedFrame): Promise<boolean> {
    const { peer } = message
    try {
      await this.#carryPatiently(message)
    } catch (error) {
      this.#behind.add(peer)
      this.#options.healer.tendLater(peer)
      this.#tell(message, error)
      // A peer that is about to close refuses for that reason alone; one that lost the session is told to wait for the next.
      const isForGood = isTalosError(error, 'PEER_REFUSED') && error.details['peerCode'] !== 'CLIENT_CLOSED'
      if (isForGood && !isSessionLost(error)) throw error
      return false
    }
    if (this.#behind.delete(peer)) void this.flush(peer).catch(() => undefined)
    return true
  }

  /** @throws whatever is no error of ours */
  #tell({ peer, messageId }: Delivered, error: unknown): void {
    if (!isTalosError(error)) throw error
    this.#options.emit({ type: 'message.undelivered', peer, messageId, code: error.code })
  }

  /** Leaf hash of the entry that records a message; one entry however many ask. */
  #hashOf(message: InboxMessage, options: { readonly mayBeRecorded: boolean }): Promise<string> {
    const key = keyOf(message)
    const known = this.#hashes.get(key)
    if (known !== undefined) return known
    const recording = this.#record(message, options)
    this.#hashes.set(key, recording)
    recording.catch(() => this.#hashes.delete(key))
    return recording
  }

  /** After a crash between entry and hand-over the entry is there already: one message, one entry. */
  async #record(message: InboxMessage, { mayBeRecorded }: { readonly mayBeRecorded: boolean }): Promise<string> {
    const { log } = this.#options.agent
    const { peer, messageId, sessionId, plaintext, receivedMs } = message
    const recorded = mayBeRecorded ? this.#recorded({ peer, messageId }, receivedMs) : undefined
    if (recorded !== undefined) return toHex(recorded)
    const entry = await log.append({
      kind: 'message.receive',
      peer,
      session: toHex(sessionId),
      message: messageId,
      commit: { content: { bytes: plaintext } },
    })
    return entry === undefined ? '' : toHex(entry.leafHash)
  }

  #recorded({ peer, messageId }: Delivered, fromMs: number): Uint8Array | undefined {
    for (const { entry, leafHash } of this.#options.agent.log.reader.entries({ kinds: ['message.receive'], fromMs })) {
      if (entry.message === messageId && entry.peer === peer) return leafHash
    }
    return undefined
  }

  async #handOver(): Promise<void> {
    const next = this.#handingOver.then(async () => await this.#handOverAll())
    this.#handingOver = next.catch(() => undefined)
    await this.#handingOver
  }

  async #handOverAll(): Promise<void> {
    const { messages } = this.#options.agent.database
    for (;;) {
      // The last handler may go between two messages: what follows waits for the next one.
      const [message] = this.#handlers.size === 0 || this.#isStopped ? [] : messages.incoming(1)
      if (message === undefined) return
      const messageHash = await this.#hashOf(message, { mayBeRecorded: true })
      const { peer, messageId, plaintext: bytes } = message
      for (const handler of Array.from(this.#handlers))
        await this.#run(handler, { peer, bytes, messageId, messageHash })
      messages.handOver({ peer, messageId })
      this.#hashes.delete(keyOf(message))
    }
  }

  /** A handler that throws has had its chance: the message counts as handed over, and the program is told. */
  async #run(handler: MessageHandler, message: ReceivedMessage): Promise<void> {
    try {
      await this.#insideHandler.run(message, async () => await handler(message))
    } catch {
      this.#options.emit({ type: 'handler.failed', peer: message.peer })
    }
  }
}

/** Whether a peer refused because it cannot open what the session seals. */
function isSessionLost(error: unknown): boolean {
  return isTalosError(error, 'PEER_REFUSED') && String(error.details['peerCode']).startsWith('SESSION_')
}

function keyOf({ peer, messageId }: Delivered): string {
  return `${peer}/${messageId}`
}
