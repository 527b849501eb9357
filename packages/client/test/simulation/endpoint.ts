/**
 * One simulated agent: the real keepers over a store and a network that fail on purpose. Sessions, courier and healing
 * are those of TalosClient; what it does around them with links and promises is done here step by step, so that a
 * schedule can come between any two steps.
 */
import { utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { type ErrorCode, isTalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { createReset, routeOf, SESSION_LIFETIME_MS } from '@talos/session'
import { Courier } from '../../src/courier.ts'
import { Healing, type ResetFacts } from '../../src/healing.ts'
import { PrekeyKeeper } from '../../src/prekeys.ts'
import type { QueuedFrame, Received } from '../../src/received.ts'
import type { SessionStorage } from '../../src/session-storage.ts'
import type { SessionWorld } from '../../src/session-world.ts'
import { SessionKeeper } from '../../src/sessions.ts'
import type { Defect } from './defects.ts'
import { Crash, type FaultCount, FaultPoints } from './faults.ts'
import { MemoryStorage, type Snapshot } from './memory-storage.ts'
import type { Content, Network, Packet, SealedEnvelope } from './network.ts'
import { type Oracle, Violation } from './oracle.ts'
import type { Identity } from './parts.ts'
import type { Prng } from './prng.ts'
import type { FaultKind, PlannedFault } from './schedule.ts'

/** One-time pairs in a bundle of the simulation: enough to be used, few enough to run out. */
const ONE_TIME_PAIRS = 2

/** What one process knows and loses when it ends. */
interface Life {
  readonly sessions: SessionKeeper
  readonly prekeys: PrekeyKeeper
  readonly courier: Courier
  readonly healing: Healing
  /** Requests without an answer yet. */
  readonly waiting: Map<number, Waiting>
}

/** What a request was for. */
type Waiting =
  | { readonly for: 'delivery'; readonly message: QueuedFrame }
  | { readonly for: 'bundle' }
  | { readonly for: 'reset'; readonly facts: ResetFacts }

/** All that an agent has on disk, at one moment. */
export interface Backup {
  readonly store: Snapshot
  readonly guard: number
}

export interface EndpointOptions {
  readonly identity: Identity
  readonly peer: Did
  readonly kernel: Kernel
  readonly prng: Prng
  readonly nowMs: () => number
  /** Time that only grows. */
  readonly monotonicMs: () => number
  readonly network: Network
  readonly oracle: Oracle
  readonly faultCount: FaultCount
  readonly onFault: (kind: FaultKind) => void
  /** What stands before the store in memory, such as one that compares it with another. */
  readonly inFront?: ((storage: MemoryStorage) => SessionStorage) | undefined
  /** Makes this agent wrong on purpose. */
  readonly defect?: Defect | undefined
  /** Whether a message may by now have waited too long. */
  readonly mayExpire: () => boolean
  /** What happened, in a few words: for the trace and for counting. */
  readonly note: (event: string) => void
}

export class Endpoint {
  readonly did: Did
  readonly storage: MemoryStorage
  readonly nowMs: () => number
  readonly #faults: FaultPoints
  readonly #options: EndpointOptions
  readonly #world: SessionWorld
  /** The second place of the generation: a file that no copy of the database brings back. */
  #guard = 0
  #life: Life | undefined

  constructor(options: EndpointOptions) {
    const { identity, kernel, prng, nowMs, monotonicMs } = options
    this.#options = options
    this.did = identity.did
    this.nowMs = nowMs
    this.#faults = new FaultPoints(options.faultCount, options.onFault)
    this.storage = new MemoryStorage((commit) => this.#write(commit), options.defect)
    this.#world = {
      kernel,
      random: prng,
      clock: { nowMs },
      did: identity.did,
      instance: 'main',
      signer: identity.signer,
      sessionKey: identity.sessionKey,
      storage: options.inFront?.(this.storage) ?? this.storage,
      monotonicMs,
    }
  }

  /** Runs one step; a crash in it ends this life, an error of ours is noted. */
  async step(fault: PlannedFault | undefined, work: () => void | Promise<void>): Promise<void> {
    this.#faults.plan(fault)
    try {
      await work()
    } catch (error) {
      if (error instanceof Crash) this.crash()
      else if (isTalosError(error)) this.#options.note(error.code)
      else throw error
    } finally {
      this.#faults.plan(undefined)
      this.#options.oracle.observe(this.did)
    }
  }

  /** The application sends a message; where there is no session, it asks for one. */
  send(choice: number): void {
    const { oracle, peer } = this.#options
    const { sessions } = this.#alive()
    if (sessions.active(peer) === undefined) {
      this.askBundle()
      return
    }
    const messageId = sessions.newMessageId()
    oracle.asked(messageId, { from: this.did, to: peer })
    const body = utf8(`${choice}`)
    // Some frames are for the agent itself and not for its application; they must arrive all the same.
    const isEffect = choice % 4 === 0
    const frame = isEffect ? ({ t: 'authority', kind: 'revocation', label: '', bytes: body } as const) : undefined
    const sealed = sessions.seal({ peer, messageId, frame: frame ?? { t: 'message', body } })
    this.#deliver({ ...sealed, peer, messageId })
    this.#control(sealed.sessionId)
  }

  /** Begins a session: the bundle first. */
  askBundle(): void {
    this.#request({ for: 'bundle' }, { kind: 'ask-bundle' })
  }

  /** What a link that comes up sets off: resets that are due, a session where one is wanted, and the outbox. */
  async flush(): Promise<void> {
    await this.#heal()
    const { courier } = this.#alive()
    const { peer, oracle, mayExpire } = this.#options
    for (const { messageId } of courier.outdated()) oracle.expired(messageId, mayExpire())
    const passed = new Set(this.#onTheWay())
    for (let next = courier.next(peer, passed); next !== undefined; next = courier.next(peer, passed)) {
      passed.add(next.messageId)
      this.#deliver(next)
    }
  }

  /** The application, or the agent itself, takes one thing that arrived. */
  handOver(): void {
    this.#alive()
    const { messages } = this.#world.storage
    const [message] = [...messages.incoming(1), ...messages.incoming(1, 'effect')]
    if (message === undefined) return
    const { oracle } = this.#options
    oracle.handedOver(message.messageId)
    try {
      messages.handOver(message)
    } catch (error) {
      // Whoever took it and could not note that takes it again: the one window that there is.
      if (this.storage.messages.isWaiting(message)) oracle.handedBack(message.messageId)
      throw error
    }
  }

  /** One request is given up: its answer comes too late or never. */
  timeOut(choice: number): void {
    const { waiting } = this.#alive()
    const ids = [...waiting.keys()]
    const id = ids[choice % Math.max(1, ids.length)] ?? 0
    const request = waiting.get(id)
    waiting.delete(id)
    const isForgotten = this.#options.defect === 'forgets what was not answered'
    if (isForgotten && request?.for === 'delivery') this.#alive().courier.delivered(request.message)
  }

  async receive({ content, requestId, isSpoilt }: Packet): Promise<void> {
    switch (content.kind) {
      case 'envelope':
        return await this.#answer(requestId, content.envelope)
      case 'ask-bundle':
        return this.#reply(requestId, {
          kind: 'bundle',
          bytes: await this.#alive().prekeys.serveTo(this.#options.peer),
        })
      case 'reset':
        return await this.#takeReset(requestId, content.bytes)
      default:
        if (isSpoilt !== true) await this.#conclude(requestId, content)
    }
  }

  /** The process ends here; everything in memory is gone. */
  crash(): void {
    this.#life = undefined
    if (this.#options.defect === 'is durable later') this.storage.loseLastTransaction()
  }

  backup(): Backup {
    return { store: this.storage.snapshot(), guard: this.#guard }
  }

  /**
   * The store is what it was at an earlier time.
   *
   * @param guard whether the second place stays what it was, so that going back is noticed, or goes back as well
   */
  restore(backup: Backup, guard: 'stays' | 'goes back'): void {
    this.crash()
    const { oracle } = this.#options
    if (guard === 'goes back') {
      this.#guard = backup.guard
      oracle.wentBackUnseen()
    }
    oracle.wentBack(this.did, () => this.storage.restore(backup.store))
  }

  /** Requests under way. */
  get waiting(): number {
    return this.#life?.waiting.size ?? 0
  }

  #alive(): Life {
    this.#life ??= this.#open()
    return this.#life
  }

  #open(): Life {
    const guard = this.#options.defect === 'sees no rollback' ? 0 : this.#guard
    const found = this.storage.raiseGeneration(guard)
    if (found < guard) this.#options.note('older copy')
    const world = this.#world
    const prekeys = new PrekeyKeeper({ world, oneTimeCount: ONE_TIME_PAIRS })
    const sessions = new SessionKeeper({ world, prekeys })
    const courier = new Courier({ world, sessions })
    const healing = new Healing({ world, sessions })
    return { prekeys, sessions, courier, healing, waiting: new Map() }
  }

  /** The second place follows when a write is done; a crash in between leaves it behind. */
  #write(commit: () => void): void {
    this.#faults.write(commit)
    this.#guard = Math.max(this.#guard, this.storage.generation)
  }

  #request(waiting: Waiting, content: Content): void {
    const { network } = this.#options
    const requestId = network.newRequestId()
    this.#alive().waiting.set(requestId, waiting)
    this.#put({ requestId, content })
  }

  #put(packet: Pick<Packet, 'requestId' | 'content'>): void {
    const { network, peer } = this.#options
    this.#faults.send(() => network.put({ ...packet, from: this.did, to: peer }))
  }

  #deliver(message: QueuedFrame): void {
    const { messageId, wire } = message
    this.#options.oracle.leaves(this.did, message)
    this.#request({ for: 'delivery', message }, { kind: 'envelope', envelope: { messageId, wire } })
  }

  #reply(requestId: number | undefined, content: Content): void {
    if (requestId !== undefined) this.#put({ requestId, content })
  }

  /** Takes an envelope and answers when what it holds is durable. */
  async #answer(requestId: number | undefined, envelope: SealedEnvelope): Promise<void> {
    const carriage = requestId === undefined ? 'one-way' : 'request'
    try {
      const received = this.#take(envelope, carriage)
      if (carriage === 'request') this.#options.oracle.acknowledges(this.did, envelope.messageId)
      const isFlight =
        received.kind === 'frame' && (received.opened !== undefined || received.isRepeatedFlight === true)
      this.#reply(requestId, isFlight ? { kind: 'accepted', envelope: this.#greeting(received) } : { kind: 'accepted' })
      if (received.kind !== 'again') this.#control(received.sessionId)
    } catch (error) {
      if (!isTalosError(error)) throw error
      this.#options.note(`refused ${error.code}`)
      this.#reply(requestId, { kind: 'refused', code: error.code })
      await this.#failed(envelope.wire, error.code)
    }
  }

  #take({ messageId, wire }: SealedEnvelope, carriage: 'request' | 'one-way'): Received {
    const { sessions, healing } = this.#alive()
    const before = this.storage.version
    try {
      const received = sessions.receive({ peer: this.#options.peer, messageId, wire, carriage })
      if (received.kind === 'again') return received
      healing.opened(received)
      if (received.kind === 'control') this.#options.note('control frame')
      return received
    } catch (error) {
      const isOfStore = isTalosError(error) && error.code.startsWith('STORE_')
      if (!(error instanceof Crash) && !isOfStore && this.storage.version !== before) {
        throw new Violation('unchanged', 'a message was refused and changed the store')
      }
      throw error
    }
  }

  /** Sends what the session protocol owes the peer. */
  #control(sessionId: Uint8Array): void {
    const frame = this.#alive().sessions.control({ peer: this.#options.peer, sessionId })
    if (frame !== undefined) this.#deliver(frame)
  }

  async #failed(wire: Uint8Array, code: ErrorCode): Promise<void> {
    const { healing } = this.#alive()
    const { peer } = this.#options
    const route = isRouted(wire) ? routeOf(wire) : undefined
    if (route?.kind === 'message' && healing.failed({ peer, sessionId: route.sessionId, code })) await this.#heal()
  }

  /** Says by a reset what this side cannot open, and begins a session where the peer said so. */
  async #heal(): Promise<void> {
    const { peer, note } = this.#options
    const { healing, waiting, sessions } = this.#alive()
    const requests = [...waiting.values()].map((request) => request.for)
    const facts = healing.due(peer)
    if (facts !== undefined && !requests.includes('reset')) {
      note(`reset ${facts.reason}`)
      this.#options.oracle.givesUp(this.did, facts)
      this.#request({ for: 'reset', facts }, { kind: 'reset', bytes: await this.#createReset(facts) })
    }
    const active = sessions.heads(peer).find(({ role }) => role === 'active')
    const isOver = active !== undefined && this.#world.clock.nowMs() - active.createdMs >= SESSION_LIFETIME_MS
    if ((healing.wantsSession(peer) || isOver) && !requests.includes('bundle') && healing.tryRenew(peer))
      this.askBundle()
  }

  async #createReset({ peer, sessionId: session, active, reason }: ResetFacts): Promise<Uint8Array> {
    const { clock, random, instance, signer } = this.#world
    const nowS = Math.floor(clock.nowMs() / 1000)
    return await createReset({ signer, random, instance, peer, session, active, reason, nowS })
  }

  async #takeReset(requestId: number | undefined, bytes: Uint8Array): Promise<void> {
    try {
      this.#alive().healing.take({ from: this.#options.peer, bytes })
      this.#reply(requestId, { kind: 'accepted' })
    } catch (error) {
      if (!isTalosError(error)) throw error
      this.#options.note(`reset refused ${error.code}`)
      this.#reply(requestId, { kind: 'refused', code: error.code })
      return
    }
    await this.flush()
  }

  #greeting({ sessionId }: { readonly sessionId: Uint8Array }): SealedEnvelope {
    const { peer } = this.#options
    const { sessions } = this.#alive()
    const { wire } = sessions.seal({ peer, sessionId, frame: { t: 'greeting' } })
    const envelope = { messageId: sessions.newMessageId(), wire }
    this.#options.oracle.leaves(this.did, envelope)
    return envelope
  }

  async #conclude(requestId: number | undefined, content: Content): Promise<void> {
    const { waiting } = this.#alive()
    const request = waiting.get(requestId ?? 0)
    if (request === undefined) return
    waiting.delete(requestId ?? 0)
    switch (request.for) {
      case 'bundle':
        if (content.kind === 'bundle') await this.#begin(content.bytes)
        return
      case 'reset':
        return this.#toldReset(request.facts, content)
      default:
        if (content.kind === 'refused') return await this.#refused(request.message, content.code)
        if (content.kind === 'accepted') await this.#accepted(request.message, content.envelope)
    }
  }

  async #accepted(message: QueuedFrame, greeting: SealedEnvelope | undefined): Promise<void> {
    const { courier } = this.#alive()
    if (greeting !== undefined) await this.#takeGreeting(greeting)
    courier.delivered(message)
    await this.flush()
  }

  /** The peer's first word is answered with one; when it does not open, its request counts as not answered. */
  async #takeGreeting(greeting: SealedEnvelope): Promise<void> {
    try {
      const received = this.#take(greeting, 'one-way')
      if (received.kind === 'frame') this.#put({ content: { kind: 'envelope', envelope: this.#greeting(received) } })
    } catch (error) {
      if (isTalosError(error)) await this.#failed(greeting.wire, error.code)
      throw error
    }
  }

  #toldReset({ peer }: ResetFacts, content: Content): void {
    this.#alive().healing.told(peer, content.kind === 'refused' ? content.code : undefined)
  }

  async #begin(bundle: Uint8Array): Promise<void> {
    const { peer } = this.#options
    const { sessions } = this.#alive()
    const messageId = sessions.newMessageId()
    this.#options.oracle.sessionBegun()
    this.#deliver(await sessions.begin({ peer, bundle, messageId, deniable: false }))
  }

  async #refused(message: QueuedFrame, code: string): Promise<void> {
    const { courier } = this.#alive()
    const verdict = courier.refused(message, code)
    this.#options.note(`verdict ${verdict.kind}`)
    if (verdict.kind === 'resealed') this.#deliver(verdict.message)
    else if (verdict.kind === 'renew') await this.#heal()
  }

  #onTheWay(): string[] {
    const requests = [...this.#alive().waiting.values()]
    return requests.flatMap((request) => (request.for === 'delivery' ? [request.message.messageId] : []))
  }
}

function isRouted(wire: Uint8Array): boolean {
  try {
    return routeOf(wire).kind === 'message'
  } catch {
    return false
  }
}
