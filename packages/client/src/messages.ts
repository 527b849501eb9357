/**
 * Messages between applications: committed to the log, sealed, durable, delivered once.
 *
 * Sending: the entry, then state and outbox, then the wire; the outbox forgets a message when the peer has it.
 * Receiving: state and inbox, then the entry, then the answer, then the application.
 */

import { entryId } from '@talos/audit'
import { toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { StoredIncoming } from '@talos/storage'
import type { Agent } from './agent.ts'
import type { ClientEvent } from './events.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

/** Largest message of an application: what fits a sealed frame with its frame around it (spec 15-frames, 15.3). */
export const MESSAGE_MAX_BYTES = 1_040_384

export interface SentMessage {
  /** 32 hex digits, the same in both sides' logs. */
  readonly messageId: string
  /** 64 hex digits: the leaf hash of the entry that commits to the message, in this agent's log. */
  readonly messageHash: string
  readonly logIndex: number
  readonly sessionId: string
  /** True when the peer has it durably; else it waits in the outbox for the next link. */
  readonly delivered: boolean
}

export interface ReceivedMessage {
  readonly peer: Did
  readonly bytes: Uint8Array
  readonly messageId: string
  /** 64 hex digits: the leaf hash of the entry in this agent's log. */
  readonly messageHash: string
}

/** What the inbox holds of a message. */
type InboxMessage = Pick<StoredIncoming, 'peer' | 'messageId' | 'sessionId' | 'plaintext' | 'receivedMs'>

export type MessageHandler = (message: ReceivedMessage) => void | Promise<void>

export interface MessengerOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly wire: Wire
  readonly emit: (event: ClientEvent) => void
}

export class Messenger {
  readonly #options: MessengerOptions
  readonly #handlers = new Set<MessageHandler>()
  readonly #hashes = new Map<string, Promise<string>>()
  readonly #flushing = new Map<Did, Promise<void>>()
  #handingOver: Promise<void> = Promise.resolve()

  constructor(options: MessengerOptions) {
    this.#options = options
  }

  /** @throws TalosError `FRAME_TOO_LARGE`, `SESSION_MISSING`, and what log, session and store throw */
  async send(peer: Did, bytes: Uint8Array): Promise<SentMessage> {
    const { agent, sessions } = this.#options
    if (bytes.length > MESSAGE_MAX_BYTES) {
      throw new TalosError('FRAME_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: MESSAGE_MAX_BYTES })
    }
    const body = bytes.slice()
    const session = toHex(sessions.require(peer).sessionId)
    const messageId = entryId({ nowMs: agent.clock.nowMs(), random: agent.random })
    const entry = await agent.log.append({
      kind: 'message.send',
      peer,
      session,
      message: messageId,
      commit: { content: { bytes: body } },
    })
    const sealed = sessions.seal({ peer, frame: { t: 'message', body }, messageId })
    const delivered = await this.#deliver({ peer, messageId, wire: sealed.wire })
    return {
      messageId,
      messageHash: toHex(entry.leafHash),
      logIndex: entry.index,
      sessionId: toHex(sealed.sessionId),
      delivered,
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

  /** Sends again what a peer has not acknowledged. */
  async flush(peer: Did): Promise<void> {
    const running = this.#flushing.get(peer)
    if (running !== undefined) return await running
    const flushing = this.#flushAll(peer).finally(() => this.#flushing.delete(peer))
    this.#flushing.set(peer, flushing)
    await flushing
  }

  /** Waits until the application has taken what it was given. */
  async idle(): Promise<void> {
    await this.#handingOver
  }

  async #flushAll(peer: Did): Promise<void> {
    for (const { messageId, wire } of this.#options.agent.database.messages.outgoing(peer)) {
      if (!(await this.#deliver({ peer, messageId, wire }))) return
    }
  }

  async #deliver(options: {
    readonly peer: Did
    readonly messageId: string
    readonly wire: Uint8Array
  }): Promise<boolean> {
    const { agent, wire, emit } = this.#options
    const { peer, messageId } = options
    try {
      await wire.deliver(options)
      agent.database.messages.acknowledge({ peer, messageId })
      return true
    } catch (error) {
      if (!isTalosError(error)) throw error
      emit({ type: 'message.undelivered', peer, messageId, code: error.code })
      if (error.code === 'PEER_REFUSED') throw error
      return false
    }
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
    const recorded = mayBeRecorded ? this.#recorded(messageId, receivedMs) : undefined
    if (recorded !== undefined) return toHex(recorded)
    const { leafHash } = await log.append({
      kind: 'message.receive',
      peer,
      session: toHex(sessionId),
      message: messageId,
      commit: { content: { bytes: plaintext } },
    })
    return toHex(leafHash)
  }

  #recorded(messageId: string, fromMs: number): Uint8Array | undefined {
    for (const { entry, leafHash } of this.#options.agent.log.reader.entries({ kinds: ['message.receive'], fromMs })) {
      if (entry.message === messageId) return leafHash
    }
    return undefined
  }

  async #handOver(): Promise<void> {
    const next = this.#handingOver.then(async () => await this.#handOverAll())
    this.#handingOver = next.catch(() => undefined)
    await this.#handingOver
  }

  async #handOverAll(): Promise<void> {
    if (this.#handlers.size === 0) return
    const { agent } = this.#options
    for (const message of agent.database.messages.incoming()) {
      const messageHash = await this.#hashOf(message, { mayBeRecorded: true })
      const { peer, messageId, plaintext: bytes } = message
      for (const handler of this.#handlers) await this.#run(handler, { peer, bytes, messageId, messageHash })
      agent.database.messages.handOver({ peer, messageId })
      this.#hashes.delete(keyOf(message))
    }
  }

  /** A handler that throws has had its chance: the message counts as handed over, and the program is told. */
  async #run(handler: MessageHandler, message: ReceivedMessage): Promise<void> {
    try {
      await handler(message)
    } catch {
      this.#options.emit({ type: 'handler.failed', peer: message.peer })
    }
  }
}

function keyOf({ peer, messageId }: { readonly peer: Did; readonly messageId: string }): string {
  return `${peer}/${messageId}`
}
