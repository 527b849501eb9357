/**
 * This agent's sessions: states in memory, records on disk, and the two steps that must be one transaction each.
 *
 * A sealed message exists outside this file only after the state that made it is durable; a frame leaves this file only
 * after the state that opened it is durable. Both steps are synchronous, so no two of them ever work on one state.
 */
import { decodeCbor, encodeCbor, equalBytes, type IpldValue, toHex } from '@talos/bytes'
import { type AppFrame, type Did, parseAppFrame } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import {
  certifySessionKey,
  decodeSessionState,
  encodeSessionState,
  initiate,
  MAX_MESSAGE_BYTES,
  open,
  type Responded,
  respond,
  type SessionState,
  seal,
  verifyBundle,
} from '@talos/session'
import type { SessionUpdate } from '@talos/storage'
import type { Agent } from './agent.ts'
import type { PrekeyKeeper } from './prekeys.ts'

/** Sessions whose states stay in memory; others are read again from the database. */
const STATES_IN_MEMORY = 256

interface Held {
  readonly state: SessionState
  readonly version: number
}

/** What became of sealed bytes that arrived. */
export interface Received {
  readonly peer: Did
  readonly messageId: string
  readonly sessionId: Uint8Array
  readonly frame: AppFrame
  /** False for a message whose id had arrived before. */
  readonly isNew: boolean
  /** Set when the bytes opened a new session. */
  readonly opened?: { readonly oneTimeKey: boolean }
  /** True for a first flight that opened its session before: its sender lost the answer. */
  readonly isRepeatedFlight?: boolean
}

export interface SealedFrame {
  readonly sessionId: Uint8Array
  readonly wire: Uint8Array
}

export class SessionKeeper {
  readonly #agent: Agent
  readonly #prekeys: PrekeyKeeper
  readonly #held = new Map<string, Held>()

  constructor(agent: Agent, prekeys: PrekeyKeeper) {
    this.#agent = agent
    this.#prekeys = prekeys
  }

  /** The session that sends to a peer, or none. */
  active(peer: Did): SessionState | undefined {
    // Heads alone: this is asked several times a call, and the state is in memory as a rule.
    const head = this.#agent.database.sessions.list(peer).find(({ role }) => role === 'active')
    return head === undefined ? undefined : this.#load(head.sessionId).state
  }

  /** @throws TalosError `SESSION_MISSING` */
  require(peer: Did): SessionState {
    const state = this.active(peer)
    if (state === undefined) throw new TalosError('SESSION_MISSING')
    return state
  }

  /**
   * Begins a session by a peer's bundle. The first flight holds a greeting and waits in the outbox from here on.
   *
   * @throws TalosError what `verifyBundle` and `initiate` throw; `BUNDLE_ROLLBACK`, `STORE_WRITE_FAILED`
   */
  async begin(options: {
    readonly peer: Did
    readonly bundle: Uint8Array
    readonly messageId: string
    readonly deniable: boolean
  }): Promise<SealedFrame & { readonly oneTimeKey: boolean }> {
    const { kernel, random, clock, signer, instance, secrets, database } = this.#agent
    const nowMs = clock.nowMs()
    const bundle = verifyBundle({ kernel, bytes: options.bundle, nowMs, expectedDid: options.peer })
    database.peers.noteBundleSerial({ did: bundle.did, instance: bundle.instance, serial: bundle.payload.serial })
    const self = { signer, instance, sessionKey: secrets.sessionKey }
    const certificate = options.deniable ? await certifySessionKey({ kernel, nowMs, ...self }) : undefined
    const plaintext = encodeFrame({ t: 'greeting' })
    const { state, message, sessionId } = await initiate({
      kernel,
      random,
      nowMs,
      self,
      bundle,
      plaintext,
      ...(certificate !== undefined && { deniable: { certificate } }),
    })
    const version = database.commitSend({
      session: {
        create: { sessionId, peer: bundle.did, instance: bundle.instance, state: encodeSessionState(state), nowMs },
      },
      message: {
        peer: options.peer,
        messageId: options.messageId,
        sessionId,
        contentType: 0,
        plaintext,
        wire: message,
        nowMs,
      },
    })
    this.#hold(sessionId, { state, version })
    return { sessionId, wire: message, oneTimeKey: bundle.oneTime !== undefined }
  }

  /**
   * Seals a frame in the session that sends to a peer; durable when it returns.
   *
   * @param options.messageId where given, the frame waits in the outbox until the peer acknowledges it
   * @param options.sessionId another session than the one that sends, such as to confirm it
   * @throws TalosError `SESSION_MISSING`, what `seal` throws, `STORE_WRITE_FAILED`
   */
  seal(options: {
    readonly peer: Did
    readonly frame: AppFrame
    readonly messageId?: string
    readonly sessionId?: Uint8Array
  }): SealedFrame {
    const { database, clock } = this.#agent
    const { peer, messageId } = options
    const sessionId = options.sessionId ?? this.require(peer).sessionId
    const plaintext = encodeFrame(options.frame)
    return this.#seal({ sessionId, plaintext }, ({ session, wire }) =>
      database.commitSend({
        session: { update: session },
        ...(messageId !== undefined && {
          message: { peer, messageId, sessionId, contentType: 0, plaintext, wire, nowMs: clock.nowMs() },
        }),
      }),
    )
  }

  /**
   * Seals a message of the outbox again, in the session that sends now: the one that it was sealed in is lost at the peer.
   *
   * @throws TalosError `SESSION_MISSING`, what `seal` throws, `STORE_CONFLICT` (the message is gone)
   */
  reseal(options: { readonly peer: Did; readonly messageId: string; readonly plaintext: Uint8Array }): SealedFrame {
    const { database } = this.#agent
    const { peer, messageId, plaintext } = options
    const { sessionId } = this.require(peer)
    return this.#seal({ sessionId, plaintext }, ({ session, wire }) =>
      database.transaction(() => {
        database.messages.resealOutgoing({ peer, messageId, sessionId, wire })
        return database.sessions.update(session)
      }),
    )
  }

  /**
   * Accepts a first flight: the session, the removal of the one-time key and the first frame are one transaction. One that
   * was accepted before changes nothing and is named as such, as long as its session is there.
   *
   * @throws TalosError what `respond` throws; `FRAME_INVALID`, `STORE_WRITE_FAILED`; nothing changed then
   */
  accept(options: { readonly peer: Did; readonly wire: Uint8Array; readonly messageId: string }): Received {
    const nowMs = this.#agent.clock.nowMs()
    const repeated: Uint8Array[] = []
    let responded: Responded
    try {
      responded = this.#respond(options.wire, { nowMs, onRepeated: (transcriptHash) => repeated.push(transcriptHash) })
    } catch (error) {
      const [transcriptHash] = repeated
      const known = transcriptHash === undefined ? undefined : this.#sessionFrom(options.peer, transcriptHash)
      if (known === undefined) throw error
      return { ...options, sessionId: known, frame: { t: 'greeting' }, isNew: false, isRepeatedFlight: true }
    }
    if (responded.peerDid !== options.peer) throw new TalosError('FRAME_INVALID', { reason: 'it is of another agent' })
    const frame = decodeFrame(responded.plaintext)
    const { isNew, version } = this.#commitNew(responded, { ...options, frame, nowMs })
    const { sessionId, state } = responded
    this.#hold(sessionId, { state, version })
    const { peer, messageId } = options
    return { peer, messageId, sessionId, frame, isNew, opened: { oneTimeKey: responded.usedOneTime !== undefined } }
  }

  /**
   * Opens a message of a known session.
   *
   * @throws TalosError `SESSION_MISSING`, what `open` throws, `FRAME_INVALID`, `STORE_WRITE_FAILED`; nothing changed then
   */
  open(options: {
    readonly peer: Did
    readonly sessionId: Uint8Array
    readonly wire: Uint8Array
    readonly messageId: string
  }): Received {
    const { kernel, clock, database } = this.#agent
    const { peer, sessionId, messageId } = options
    const nowMs = clock.nowMs()
    const held = this.#load(sessionId)
    if (held.state.remoteDid !== peer) throw new TalosError('FRAME_INVALID', { reason: 'it is of another agent' })
    const opened = open(held.state, { kernel, nowMs, message: options.wire })
    const frame = decodeFrame(opened.plaintext)
    const { version, isNew } = database.commitReceive({
      session: { update: { sessionId, expectedVersion: held.version, state: encodeSessionState(opened.state), nowMs } },
      ...incoming({ peer, messageId, sessionId, frame, nowMs }),
    })
    this.#hold(sessionId, { state: opened.state, version })
    return { peer, messageId, sessionId, frame, isNew }
  }

  #respond(
    firstFlight: Uint8Array,
    { nowMs, onRepeated }: { readonly nowMs: number; readonly onRepeated: (transcriptHash: Uint8Array) => void },
  ): Responded {
    const { kernel, random, did, instance, secrets, database } = this.#agent
    return respond({
      kernel,
      random,
      nowMs,
      self: { did, instance, sessionKey: secrets.sessionKey },
      firstFlight,
      findPrekeys: (bundleHash) => this.#prekeys.findSecrets(bundleHash),
      findOneTime: (name) => this.#prekeys.findOneTime(name),
      seen: (transcriptHash) => {
        const isSeen = database.prekeys.hasFirstFlight(transcriptHash)
        if (isSeen) onRepeated(transcriptHash.slice())
        return isSeen
      },
    })
  }

  /** The peer's session that came from a handshake, while it is kept. */
  #sessionFrom(peer: Did, transcriptHash: Uint8Array): Uint8Array | undefined {
    return this.#agent.database.sessions
      .list(peer)
      .find(({ sessionId }) => equalBytes(this.#load(sessionId).state.transcriptHash, transcriptHash))?.sessionId
  }

  #seal(
    input: { readonly sessionId: Uint8Array; readonly plaintext: Uint8Array },
    commit: (step: { readonly session: SessionUpdate; readonly wire: Uint8Array }) => number,
  ): SealedFrame {
    const { kernel, random, clock } = this.#agent
    const { sessionId, plaintext } = input
    const nowMs = clock.nowMs()
    const held = this.#load(sessionId)
    const { state, message: wire } = seal(held.state, { kernel, random, nowMs, plaintext })
    const session = { sessionId, expectedVersion: held.version, state: encodeSessionState(state), nowMs }
    this.#hold(sessionId, { state, version: commit({ session, wire }) })
    return { sessionId, wire }
  }

  #commitNew(
    responded: Responded,
    options: { readonly peer: Did; readonly messageId: string; readonly frame: AppFrame; readonly nowMs: number },
  ) {
    const { sessionId, state, peerInstance, usedOneTime, replay } = responded
    const { peer, nowMs } = options
    return this.#agent.database.commitReceive({
      session: { create: { sessionId, peer, instance: peerInstance, state: encodeSessionState(state), nowMs } },
      ...(usedOneTime !== undefined && { consumedOneTime: usedOneTime }),
      firstFlight: { transcriptHash: replay.transcriptHash, expiresMs: replay.untilS * 1000 },
      ...incoming({ ...options, sessionId }),
    })
  }

  #load(sessionId: Uint8Array): Held {
    const key = toHex(sessionId)
    const held = this.#held.get(key)
    if (held !== undefined) return held
    const stored = this.#agent.database.sessions.get(sessionId)
    if (stored === undefined) throw new TalosError('SESSION_MISSING')
    const loaded = { state: decodeSessionState(stored.state), version: stored.version }
    stored.state.fill(0)
    this.#hold(sessionId, loaded)
    return loaded
  }

  #hold(sessionId: Uint8Array, held: Held): void {
    const key = toHex(sessionId)
    this.#held.delete(key)
    this.#held.set(key, held)
    const [oldest] = this.#held.keys()
    if (this.#held.size > STATES_IN_MEMORY && oldest !== undefined) this.#held.delete(oldest)
  }
}

/** A message of the application is stored with its state; other frames act at once and are not kept. */
function incoming(options: {
  readonly peer: Did
  readonly messageId: string
  readonly sessionId: Uint8Array
  readonly frame: AppFrame
  readonly nowMs: number
}) {
  const { frame, ...place } = options
  return frame.t === 'message' ? { message: { ...place, contentType: 0, plaintext: frame.body } } : {}
}

export function encodeFrame(frame: AppFrame): Uint8Array {
  return encodeCbor(frame as unknown as IpldValue)
}

/** @throws TalosError `FRAME_INVALID` */
export function decodeFrame(bytes: Uint8Array): AppFrame {
  try {
    return parseAppFrame(decodeCbor(bytes, { maxBytes: MAX_MESSAGE_BYTES, maxDepth: 8 }))
  } catch (cause) {
    const reason = isTalosError(cause, 'SCHEMA_INVALID') ? 'its members' : 'its form'
    throw new TalosError('FRAME_INVALID', { reason }, { cause })
  }
}
