/**
 * This agent's sessions: states in memory, records on disk, and the steps that must be one transaction each.
 *
 * A sealed message exists outside this file only after what it depends on is durable: its row in the outbox, and the
 * session's record where the step needs that. A frame leaves this file only after the state that opened it is durable.
 * Every step is synchronous, so no two of them ever work on one state.
 */
import { entryId } from '@talos/audit'
import { equalBytes, type Secret, toHex } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import {
  certifySessionKey,
  controlDue,
  encodeSessionState,
  initiate,
  open,
  RESERVED_CONTENT_TYPE,
  routeOf,
  type Sealed,
  type SessionState,
  seal,
  sealControl,
  sessionExporter,
  verifyBundle,
} from '@talos/session'
import type { NewSession, OutgoingMessage, ReceiveCommit, SessionHead } from '@talos/storage'
import { answerFlight } from './flights.ts'
import { type Carriage, checkCarriage, decodeFrame, encodeFrame, keptOf } from './frames.ts'
import type { PrekeyKeeper } from './prekeys.ts'
import { PeerQuota } from './quota.ts'
import type { Arrival, Export, QueuedFrame, Received, ReceivedControl, ReceivedFrame, SealedFrame } from './received.ts'
import { type LoadedState, SessionMemory } from './session-memory.ts'
import type { SessionWorld } from './session-world.ts'

/**
 * Sessions that two sides began within this time of each other count as begun at once: either side may have begun its own
 * before it knew of the other's. A link answers within 15 s, and a first flight may wait for the link.
 */
const SIMULTANEOUS_MS = 60_000
/** First flights that one peer may send: each costs a handshake, and its trace is kept as long as the prekeys are. */
const FIRST_FLIGHT_QUOTA = { what: 'first flights from one peer within an hour', limit: 64, windowMs: 3_600_000 }

/** What a step that seals is given besides the state. */
interface StepWorld {
  readonly kernel: Kernel
  readonly random: Random
  readonly nowMs: number
}

export interface SessionKeeperOptions {
  readonly world: SessionWorld
  readonly prekeys: PrekeyKeeper
  /** Refuses, by throwing, a frame that is to leave no trace: what it came in stays unopened. */
  readonly admit?: (peer: Did, frame: AppFrame) => void
}

export class SessionKeeper {
  readonly #world: SessionWorld
  readonly #prekeys: PrekeyKeeper
  readonly #admit: (peer: Did, frame: AppFrame) => void
  readonly #firstFlights: PeerQuota
  readonly #memory: SessionMemory

  constructor({ world, prekeys, admit = () => undefined }: SessionKeeperOptions) {
    this.#world = world
    this.#prekeys = prekeys
    this.#admit = admit
    this.#firstFlights = new PeerQuota(FIRST_FLIGHT_QUOTA, world.monotonicMs)
    this.#memory = new SessionMemory(world.storage.sessions)
  }

  /** Every session with a peer, newest first. */
  heads(peer: Did): SessionHead[] {
    return this.#world.storage.sessions.list(peer)
  }

  /** The session that sends to a peer, or none. One whose record cannot be read is lost, and sends no more. */
  active(peer: Did): SessionState | undefined {
    // Heads alone: this is asked several times a call, and the state is in memory as a rule.
    const head = this.heads(peer).find(({ role }) => role === 'active')
    if (head === undefined) return undefined
    const held = this.#memory.find(head.sessionId)
    if (held !== undefined) return held.state
    this.retire(head, { standing: 'frozen' })
    return this.active(peer)
  }

  /** The session with a peer that was begun last, of those that can be read, whether it sends or not. */
  newest(peer: Did): SessionState | undefined {
    return this.#memory.states(this.heads(peer)).at(0)
  }

  /** Whether the peer has had a session: it began it, or spoke in it. A first flight may still be on its way. */
  isShared(sessionId: Uint8Array): boolean {
    const state = this.#memory.find(sessionId)?.state
    return state?.confirmed !== false || state.role === 'responder'
  }

  /** What {@link sessionExporter} yields of a session with a peer. @throws TalosError `SESSION_MISSING`, `SESSION_ARGUMENT` */
  exporter({ peer, sessionId, label }: Export): Secret {
    const state = this.#memory.find(sessionId)?.state
    if (state?.remoteDid !== peer) throw new TalosError('SESSION_MISSING')
    return sessionExporter(state, { kernel: this.#world.kernel, label })
  }

  /** @throws TalosError `SESSION_MISSING` */
  require(peer: Did): SessionState {
    const state = this.active(peer)
    if (state === undefined) throw new TalosError('SESSION_MISSING')
    return state
  }

  /** A name for something that is sent: 32 hex digits. */
  newMessageId(): string {
    const { clock, random } = this.#world
    return entryId({ nowMs: clock.nowMs(), random })
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
  }): Promise<QueuedFrame & { readonly oneTimeKey: boolean }> {
    const { kernel, random, clock, signer, instance, sessionKey, storage } = this.#world
    const { peer, messageId } = options
    const nowMs = clock.nowMs()
    const bundle = verifyBundle({ kernel, bytes: options.bundle, nowMs, expectedDid: peer })
    storage.peers.noteBundleSerial({ did: bundle.did, instance: bundle.instance, serial: bundle.payload.serial })
    const self = { signer, instance, sessionKey }
    const certificate = options.deniable ? await certifySessionKey({ kernel, nowMs, ...self }) : undefined
    const plaintext = encodeFrame({ t: 'greeting' })
    const begun = await initiate({
      kernel,
      random,
      nowMs,
      self,
      bundle,
      plaintext,
      ...(certificate !== undefined && { deniable: { certificate } }),
    })
    const { state, sessionId, message: wire } = begun
    const create = { sessionId, peer, instance: bundle.instance, state: encodeSessionState(state), nowMs }
    const message = { peer, messageId, sessionId, contentType: 0, plaintext, wire, nowMs }
    this.#commitNew({ state, create }, () => storage.commitSend({ session: { create }, message }))
    return { peer, messageId, sessionId, wire, oneTimeKey: bundle.oneTime !== undefined }
  }

  /**
   * Seals a frame in the session that sends to a peer; what it depends on is durable when it returns.
   *
   * @param options.messageId where given, the frame waits in the outbox until the peer acknowledges it
   * @param options.sessionId another session than the one that sends, such as to confirm it
   * @throws TalosError `SESSION_MISSING`, `SESSION_FROZEN`, what `seal` throws, `STORE_WRITE_FAILED`
   */
  seal(options: {
    readonly peer: Did
    readonly frame: AppFrame
    readonly messageId?: string
    readonly sessionId?: Uint8Array
  }): SealedFrame {
    const { peer, messageId } = options
    const sessionId =
      options.sessionId === undefined ? this.require(peer).sessionId : this.#whole(peer, options.sessionId)
    const plaintext = encodeFrame(options.frame)
    const row = { peer, contentType: 0, plaintext }
    return this.#seal(sessionId, {
      step: (state, world) => seal(state, { ...world, plaintext }),
      ...(messageId !== undefined && { row: { ...row, messageId } }),
    })
  }

  /**
   * Seals the frame that the session protocol owes the peer, where it does; it waits in the outbox from here on.
   *
   * @param options.sessionId a session that seals; nothing happens for another
   * @throws TalosError what `sealControl` throws, store codes
   */
  control({ peer, sessionId }: { readonly peer: Did; readonly sessionId: Uint8Array }): QueuedFrame | undefined {
    const head = this.heads(peer).find((known) => equalBytes(known.sessionId, sessionId))
    if (head?.standing !== 'whole') return undefined
    const { state } = this.#memory.load(sessionId)
    if (!controlDue(state, this.#world.clock.nowMs())) return undefined
    const messageId = this.newMessageId()
    const row = { peer, messageId, contentType: RESERVED_CONTENT_TYPE, plaintext: new Uint8Array(0) }
    return { peer, messageId, ...this.#seal(sessionId, { step: sealControl, row }) }
  }

  /**
   * Seals a message of the outbox again, in the session that sends now: the one that it was sealed in is lost at the peer.
   *
   * @throws TalosError `SESSION_MISSING`, what `seal` throws, `STORE_CONFLICT` (the message is gone)
   */
  reseal(options: { readonly peer: Did; readonly messageId: string; readonly plaintext: Uint8Array }): QueuedFrame {
    const { peer, messageId, plaintext } = options
    const { sessionId } = this.require(peer)
    const step = (state: SessionState, world: StepWorld) => seal(state, { ...world, plaintext })
    return { peer, messageId, ...this.#seal(sessionId, { step, again: { peer, messageId } }) }
  }

  /**
   * Opens what arrived: a first flight or a message of a known session. What fails changes nothing.
   *
   * @throws TalosError `PEER_QUOTA`, `SESSION_MISSING`, what `respond` and `open` throw, `FRAME_INVALID`, `STORE_WRITE_FAILED`
   */
  receive(arrival: Arrival & { readonly carriage: Carriage }): Received {
    const { peer, messageId } = arrival
    const route = routeOf(arrival.wire)
    if (route.kind === 'first-flight') {
      this.#firstFlights.take(peer)
      return this.accept(arrival)
    }
    const isAgain = arrival.carriage === 'request' && this.#world.storage.messages.hasArrived({ peer, messageId })
    return isAgain ? { kind: 'again', peer, messageId } : this.open({ ...arrival, sessionId: route.sessionId })
  }

  /**
   * Accepts a first flight: the session, the removal of the one-time key and the first frame are one transaction. One that
   * was accepted before changes nothing and is named as such, as long as its session is there.
   *
   * @throws TalosError what `respond` throws; `FRAME_INVALID`, `STORE_WRITE_FAILED`; nothing changed then
   */
  accept({ peer, wire, messageId }: Arrival): ReceivedFrame {
    const nowMs = this.#world.clock.nowMs()
    const common = { kind: 'frame', peer, messageId } as const
    const answer = answerFlight({ world: this.#world, prekeys: this.#prekeys, flight: wire, nowMs })
    if (answer.kind === 'repeated') {
      const known = this.#sessionFrom(peer, answer.transcriptHash)
      if (known === undefined) throw answer.refusal
      const { sessionId, confirmed } = known
      return { ...common, sessionId, frame: { t: 'greeting' }, confirmed, isRepeatedFlight: true }
    }
    const { responded } = answer
    const { sessionId, state, peerInstance: instance, usedOneTime, replay } = responded
    if (responded.peerDid !== peer) throw new TalosError('FRAME_INVALID', { reason: 'it is of another agent' })
    const frame = decodeFrame(responded.plaintext)
    checkCarriage(frame, 'request')
    this.#admit(peer, frame)
    const create = { sessionId, peer, instance, state: encodeSessionState(state), nowMs }
    this.#commitNew({ state, create }, () =>
      this.#world.storage.commitReceive({
        session: { create },
        ...(usedOneTime !== undefined && { consumedOneTime: usedOneTime }),
        firstFlight: { transcriptHash: replay.transcriptHash, expiresMs: replay.untilS * 1000 },
        ...keptOf({ peer, messageId, sessionId, frame, carriage: 'request', nowMs }),
      }),
    )
    const { confirmed } = state
    return { ...common, sessionId, frame, confirmed, opened: { oneTimeKey: usedOneTime !== undefined } }
  }

  /**
   * Opens a message of a known session.
   *
   * @throws TalosError `SESSION_MISSING`, what `open` throws, `FRAME_INVALID`, `STORE_WRITE_FAILED`; nothing changed then
   */
  open(
    options: Arrival & { readonly sessionId: Uint8Array; readonly carriage: Carriage },
  ): ReceivedFrame | ReceivedControl {
    const { kernel, clock } = this.#world
    const { peer, sessionId, messageId, carriage } = options
    const nowMs = clock.nowMs()
    const held = this.#memory.load(sessionId)
    if (held.state.remoteDid !== peer) throw new TalosError('FRAME_INVALID', { reason: 'it is of another agent' })
    const opened = open(held.state, { kernel, nowMs, message: options.wire })
    const common = { peer, messageId, sessionId }
    const { state } = opened
    if (opened.kind === 'control') {
      this.#commitOpened({ sessionId, held, state, nowMs, kept: { arrival: { peer, messageId, nowMs } } })
      return { kind: 'control', ...common }
    }
    const frame = decodeFrame(opened.plaintext)
    checkCarriage(frame, carriage)
    this.#admit(peer, frame)
    this.#commitOpened({ sessionId, held, state, nowMs, kept: keptOf({ ...common, frame, carriage, nowMs }) })
    return { kind: 'frame', ...common, frame, confirmed: state.confirmed }
  }

  /**
   * A session is lost, at the peer (`reset`) or here (`frozen`): it seals nothing from now on. Where it was the one that
   * sends, another one may take its place at once.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  retire(
    head: SessionHead,
    { standing, next }: { readonly standing: 'reset' | 'frozen'; readonly next?: SessionHead | undefined },
  ): void {
    const { storage, clock } = this.#world
    const nowMs = clock.nowMs()
    storage.transaction(() => {
      storage.sessions.retire(head.sessionId, { standing, nowMs })
      const isFit = next?.standing === 'whole' && !equalBytes(next.sessionId, head.sessionId)
      if (head.role === 'active' && isFit) storage.sessions.activate(next.sessionId, nowMs)
    })
  }

  /** The peer's session that came from a handshake, while it is kept. */
  #sessionFrom(peer: Did, transcriptHash: Uint8Array): SessionState | undefined {
    const states = this.#memory.states(this.heads(peer))
    return states.find((state) => equalBytes(state.transcriptHash, transcriptHash))
  }

  /** @throws TalosError `SESSION_MISSING`, `SESSION_FROZEN` */
  #whole(peer: Did, sessionId: Uint8Array): Uint8Array {
    const head = this.heads(peer).find((known) => equalBytes(known.sessionId, sessionId))
    if (head === undefined) throw new TalosError('SESSION_MISSING')
    if (head.standing !== 'whole') throw new TalosError('SESSION_FROZEN')
    return sessionId
  }

  /**
   * Seals one message. The key that it took is used, whatever becomes of the writing: memory moves on before, and the state
   * before it is never sealed from again.
   */
  #seal(
    sessionId: Uint8Array,
    input: {
      readonly step: (state: SessionState, world: StepWorld) => Sealed
      /** A row of the outbox that is new with this. */
      readonly row?: Pick<OutgoingMessage, 'peer' | 'messageId' | 'contentType' | 'plaintext'>
      /** A row of the outbox that gets other wire bytes. */
      readonly again?: Pick<OutgoingMessage, 'peer' | 'messageId'>
    },
  ): SealedFrame {
    const { kernel, random, clock, storage } = this.#world
    const { step, row, again } = input
    const nowMs = clock.nowMs()
    const held = this.#memory.load(sessionId)
    const { state, message: wire, needsStore } = step(held.state, { kernel, random, nowMs })
    const { version } = held
    const mustStore = needsStore || held.mustStore
    // What a failed write leaves behind: whether it took effect is not known, so the version is read again.
    this.#memory.hold(sessionId, { state, version: mustStore ? undefined : version, mustStore })
    const stored = storage.transaction(() => {
      if (again !== undefined) storage.messages.resealOutgoing({ ...again, sessionId, wire })
      return storage.commitSend({
        ...(mustStore && {
          session: { update: { sessionId, expectedVersion: version, state: encodeSessionState(state), nowMs } },
        }),
        ...(row !== undefined && { message: { ...row, sessionId, wire, nowMs } }),
      })
    })
    this.#memory.hold(sessionId, { state, version: stored ?? version, mustStore: false })
    return { sessionId, wire }
  }

  #commitOpened(step: {
    readonly sessionId: Uint8Array
    readonly held: LoadedState
    readonly state: SessionState
    readonly nowMs: number
    readonly kept: Pick<ReceiveCommit, 'message' | 'arrival'>
  }): void {
    const { sessionId, held, state, nowMs, kept } = step
    const update = { sessionId, expectedVersion: held.version, state: encodeSessionState(state), nowMs }
    try {
      const { version } = this.#world.storage.commitReceive({ session: { update }, ...kept })
      this.#memory.hold(sessionId, { state, version, mustStore: false })
    } catch (error) {
      // Whether it took effect is not known. What memory has beyond the record is kept; else the record is read again.
      if (held.mustStore) this.#memory.hold(sessionId, { ...held, version: undefined })
      else this.#memory.forget(sessionId)
      throw error
    }
  }

  /** A new session, in one transaction with what comes with it: it sends, unless both sides began one at once. */
  #commitNew(made: { readonly state: SessionState; readonly create: NewSession }, commit: () => unknown): void {
    const { state, create } = made
    const { storage } = this.#world
    const { sessionId, peer, instance, nowMs } = create
    const before = this.heads(peer)
    const rival = before.find((head) => head.role === 'active' && head.instance === instance)
    storage.transaction(() => {
      commit()
      if (rival !== undefined && this.#goesBefore(rival, { state, nowMs }))
        storage.sessions.activate(rival.sessionId, nowMs)
    })
    const kept = this.heads(peer).map((head) => toHex(head.sessionId))
    for (const head of before) if (!kept.includes(toHex(head.sessionId))) this.#memory.forget(head.sessionId)
    this.#memory.hold(sessionId, { state, version: 1, mustStore: false })
  }

  /** Of two sessions that both sides began at once, the one with the lower id sends (spec 15-frames, 15.2). */
  #goesBefore(rival: SessionHead, { state, nowMs }: { readonly state: SessionState; readonly nowMs: number }): boolean {
    if (rival.standing !== 'whole' || Math.abs(nowMs - rival.createdMs) >= SIMULTANEOUS_MS) return false
    const role = this.#memory.find(rival.sessionId)?.state.role
    const isByOtherSide = role !== undefined && role !== state.role
    return isByOtherSide && toHex(rival.sessionId) < toHex(state.sessionId)
  }
}
