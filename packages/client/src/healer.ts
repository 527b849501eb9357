/**
 * Brings lost sessions back (spec 15-frames, 15.8): carries what `Healing` decides to the peer and to the program.
 *
 * Whatever fails here is tried again: when a link comes up, and while there is one after a while.
 */
import { equalBytes, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { createReset, SESSION_LIFETIME_MS } from '@talos/session'
import type { Agent } from './agent.ts'
import type { ClientEvent } from './events.ts'
import type { Healing, ResetReason } from './healing.ts'
import { nowS } from './options.ts'
import type { QueuedFrame } from './received.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

/** How long somebody who sends waits for a session that is being brought back. */
const PATIENCE_MS = 5_000
/** First and last pause between attempts while a link is up. */
const FIRST_PAUSE_MS = 1_000
const LAST_PAUSE_MS = 300_000

export interface HealerOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly healing: Healing
  readonly wire: Wire
  readonly emit: (event: ClientEvent) => void
  /** Hands a first flight to the peer. */
  readonly deliver: (flight: QueuedFrame) => Promise<void>
  /** Sends what waits for a peer. */
  readonly flush: (peer: Did) => Promise<void>
  /** The channels of a peer ran in a session that is lost. */
  readonly dropChannels: (peer: Did) => void
}

export class Healer {
  readonly #options: HealerOptions
  readonly #tending = new Map<Did, Promise<void>>()
  /** Peers for whom something came up while they were tended. */
  readonly #tendAgain = new Set<Did>()
  readonly #renewing = new Map<Did, Promise<void>>()
  readonly #pauses = new Map<Did, { readonly timer: NodeJS.Timeout; readonly pauseMs: number }>()
  readonly #waiting = new Map<Did, Set<() => void>>()
  #isStopped = false

  constructor(options: HealerOptions) {
    this.#options = options
  }

  /**
   * Begins a session: a bundle, the first flight, its entry in the log.
   *
   * @param options.bundle fetched from the peer unless given
   * @throws TalosError what the bundle's checks throw; `PEER_REFUSED`, and what the link throws
   */
  async establish(options: {
    readonly peer: Did
    readonly bundle?: Uint8Array | undefined
    readonly deniable: boolean
  }): Promise<string> {
    const { agent, sessions, wire, emit, deliver } = this.#options
    const { peer, deniable } = options
    const messageId = sessions.newMessageId()
    const bundle = options.bundle ?? (await wire.fetchBundle(peer))
    const begun = await sessions.begin({ peer, bundle, messageId, deniable })
    const sessionId = toHex(begun.sessionId)
    await agent.log.append({ kind: 'session.open', peer, session: sessionId })
    emit({ type: 'session.open', peer, sessionId, initiator: true, oneTimeKey: begun.oneTimeKey })
    await deliver(begun)
    this.opened(peer)
    return sessionId
  }

  /**
   * Takes a peer's signed reset, and begins another session where there is none left.
   *
   * @throws TalosError what `Healing.take` throws
   */
  async takeReset(peer: Did, bytes: Uint8Array): Promise<void> {
    const { healing, dropChannels } = this.#options
    const taken = healing.take({ from: peer, bytes })
    if (taken.isNew) {
      await this.#record({ peer, sessionId: taken.sessionId, reason: taken.reason, by: 'peer' })
      dropChannels(peer)
    }
    this.tendSoon(peer)
  }

  /** A session with a peer is there that was not: who waits for one goes on. */
  opened(peer: Did): void {
    for (const check of Array.from(this.#waiting.get(peer) ?? [])) check()
  }

  /** A peer has another DID: nothing is to be done for the old one, and who waits for a session asks again for the new one. */
  moved(from: Did, to: Did): void {
    this.settled(from)
    this.opened(from)
    this.tendSoon(to)
  }

  /** Does what is to be done for a peer, beside whatever else happens; once more when it is being done. */
  tendSoon(peer: Did): void {
    if (this.#tending.has(peer)) this.#tendAgain.add(peer)
    else void this.tend(peer).catch(() => undefined)
  }

  /** Tells a reset that is due, begins the session that is wanted, sends what waits. What fails is tried again later. */
  async tend(peer: Did): Promise<void> {
    if (this.#isStopped) return
    const running = this.#tending.get(peer) ?? this.#tendRepeatedly(peer).finally(() => this.#tending.delete(peer))
    this.#tending.set(peer, running)
    await running
  }

  /** Something stays to be done for a peer: tries again after a while, as long as there is a link or somebody who waits. */
  tendLater(peer: Did): void {
    const { wire } = this.#options
    if (this.#isStopped || !(wire.isLinked(peer) || this.#waiting.has(peer))) return
    const before = this.#pauses.get(peer)
    clearTimeout(before?.timer)
    const pauseMs = Math.min((before?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2, LAST_PAUSE_MS)
    this.#pauses.set(peer, { timer: setTimeout(() => this.tendSoon(peer), pauseMs).unref(), pauseMs })
  }

  /** Nothing stays to be done for a peer. */
  settled(peer: Did): void {
    clearTimeout(this.#pauses.get(peer)?.timer)
    this.#pauses.delete(peer)
  }

  /**
   * Resolves when a session sends to a peer. Where the one that did is lost or over, it is brought back first.
   *
   * @param lost a session that does not count, because the peer cannot open it
   * @throws TalosError `SESSION_MISSING` (there never was one, or it does not come back now), `CLIENT_CLOSED`, and what the
   *   link throws
   */
  async require(peer: Did, lost?: Uint8Array): Promise<void> {
    const { sessions, wire } = this.#options
    if (this.#isThere(peer, lost)) return
    if (sessions.heads(peer).length === 0) throw new TalosError('SESSION_MISSING')
    await wire.linkTo(peer)
    const arrived = this.#arrival(peer, lost)
    this.tendSoon(peer)
    await arrived
  }

  /** Tries nothing more, and lets nobody wait. */
  stop(): void {
    this.#isStopped = true
    for (const peer of Array.from(this.#waiting.keys())) this.opened(peer)
    for (const { timer } of this.#pauses.values()) clearTimeout(timer)
    this.#pauses.clear()
  }

  async #tendRepeatedly(peer: Did): Promise<void> {
    do {
      this.#tendAgain.delete(peer)
      await this.#tend(peer)
    } while (this.#tendAgain.has(peer) && !this.#isStopped)
  }

  async #tend(peer: Did): Promise<void> {
    const { healing, flush } = this.#options
    try {
      await this.#tellReset(peer)
      if (healing.wantsSession(peer) || this.#isOver(peer)) await this.#renew(peer)
      await flush(peer)
    } catch (error) {
      this.tendLater(peer)
      throw error
    }
  }

  async #tellReset(peer: Did): Promise<void> {
    const { agent, healing, wire } = this.#options
    const facts = healing.due(peer)
    if (facts === undefined) return
    const { sessionId, reason, active } = facts
    const { signer, random, instance, clock } = agent
    const bytes = await createReset({
      signer,
      random,
      nowS: nowS(clock),
      peer,
      instance,
      session: sessionId,
      active,
      reason,
    })
    try {
      await wire.tellReset(peer, bytes)
    } catch (error) {
      if (!isTalosError(error, 'PEER_REFUSED')) throw error
      const peerCode = String(error.details['peerCode'])
      healing.told(peer, peerCode)
      if (peerCode === 'PEER_QUOTA') throw error
      return
    }
    healing.told(peer)
    this.#options.dropChannels(peer)
    await this.#record({ peer, sessionId, reason, by: 'self' })
  }

  /** One at a time for one peer, in the mode that the lost one had. */
  async #renew(peer: Did): Promise<void> {
    const { healing, sessions } = this.#options
    const running = this.#renewing.get(peer)
    if (running !== undefined) return await running
    if (!healing.tryRenew(peer)) throw new TalosError('SESSION_MISSING')
    const deniable = sessions.newest(peer)?.mode === 'deniable'
    const renewing = this.establish({ peer, deniable })
      .then(() => undefined)
      .finally(() => this.#renewing.delete(peer))
    this.#renewing.set(peer, renewing)
    await renewing
  }

  async #record(reset: {
    readonly peer: Did
    readonly sessionId: Uint8Array
    readonly reason: ResetReason
    readonly by: 'self' | 'peer'
  }): Promise<void> {
    const { agent, emit } = this.#options
    const sessionId = toHex(reset.sessionId)
    await agent.log.append({ kind: 'session.reset', peer: reset.peer, session: sessionId })
    emit({ type: 'session.reset', ...reset, sessionId })
  }

  /** Whether a session sends to a peer, other than one that counts as lost. */
  #isThere(peer: Did, lost?: Uint8Array): boolean {
    const active = this.#options.sessions.active(peer)
    if (active === undefined || (lost !== undefined && equalBytes(active.sessionId, lost))) return false
    return !this.#isOver(peer)
  }

  /** Whether the session that sends to a peer is too old to. */
  #isOver(peer: Did): boolean {
    const { agent, sessions } = this.#options
    const active = sessions.heads(peer).find(({ role }) => role === 'active')
    return active !== undefined && agent.clock.nowMs() - active.createdMs >= SESSION_LIFETIME_MS
  }

  async #arrival(peer: Did, lost: Uint8Array | undefined): Promise<void> {
    const waiting = this.#waiting.get(peer) ?? new Set()
    this.#waiting.set(peer, waiting)
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!this.#isStopped && !this.#isThere(peer, lost)) return
        clearTimeout(timer)
        this.#forget(peer, check)
        if (this.#isStopped) reject(new TalosError('CLIENT_CLOSED'))
        else resolve()
      }
      const timer = setTimeout(() => {
        this.#forget(peer, check)
        reject(new TalosError('SESSION_MISSING'))
      }, PATIENCE_MS)
      waiting.add(check)
    })
  }

  #forget(peer: Did, check: () => void): void {
    const waiting = this.#waiting.get(peer)
    waiting?.delete(check)
    if (waiting?.size === 0) this.#waiting.delete(peer)
  }
}
