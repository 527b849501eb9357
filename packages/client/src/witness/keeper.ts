/**
 * Witnessing between peers (spec 23-witness): after a link is up and after the log has grown, each side shows the other its
 * newest checkpoint, and both tell each other what they have seen of others' logs.
 *
 * All of it runs beside the log and the messages, over sessions that are there, and waits for nobody: what fails is tried
 * again at the next turn. Peers are an extra signal, no independent quorum.
 */

import type { CheckpointOffer, Cosigned, WitnessPolicy } from '@talos/audit'
import { fromUtf8 } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { NOTE_ED25519, parseVerifierKey } from '@talos/merkle'
import type { Agent } from '../agent.ts'
import type { ClientEvent } from '../events.ts'
import { PeerQuota } from '../quota.ts'
import { PeerTurns } from '../turns.ts'
import { Answering } from './answering.ts'
import { Asking, type Cosignature } from './asking.ts'
import { isSignedBy } from './bundle-parts.ts'
import { Gossip } from './gossip.ts'
import { type OwnWitness, openOwnWitness } from './own-witness.ts'
import { readWitnessPolicy } from './policy-file.ts'
import { Questions, type WitnessAnswer } from './questions.ts'
import type { WitnessedHead } from './witnessed.ts'

/** How often a peer is asked for its cosignature where the log has grown. */
const WITNESS_INTERVAL_MS = 60_000
/** How long after a link has come up: what the link was made for goes first. */
const LINK_UP_DELAY_MS = 2_000
/** Peers that are asked before a checkpoint is shown to the world, and how long: what they do not say then, it has to go without. */
const MAX_ASKED_FIRST = 8
const ASKED_FIRST_MS = 2_000
/** What peers ask that waits for its answer, of each peer. */
const MAX_ANSWERS_PER_PEER = 8
/** Peers for which it is remembered how far they were asked. */
const MAX_ASKED = 10_000

/** Who makes logs known that are no agents'. */
const OPERATOR = 'operator'

const HOUR_MS = 3_600_000
/** One checkpoint a minute, each in a few rounds, and room for questions out of turn. */
const OBSERVE_QUOTA = { what: 'checkpoints to cosign from one peer within an hour', limit: 1_200, windowMs: HOUR_MS }
const ANSWER_QUOTA = { what: 'answers of a witness within an hour', limit: 2_400, windowMs: HOUR_MS }
const HEADS_QUOTA = { what: 'lists of heads from one peer within an hour', limit: 240, windowMs: HOUR_MS }
/** Each may cost the verification of a key log. */
const FORK_QUOTA = { what: 'evidence of forks from one peer within an hour', limit: 32, windowMs: HOUR_MS }

type Frame<T extends AppFrame['t']> = Extract<AppFrame, { t: T }>
/** The frames of witnessing. */
export type WitnessFrame = Frame<'observe' | 'recall' | 'cosigned' | 'behind' | 'heads' | 'fork'>

/** How an agent takes part in witnessing. */
export interface WitnessSettings {
  /** Milliseconds between two questions to one peer; 60,000 unless given. 0: only when the program asks. */
  readonly intervalMs?: number
  /** Whether peers are told of the newest checkpoints of others' logs: they learn so with whom this agent deals. True unless given. */
  readonly gossip?: boolean
}

export interface WitnessKeeperOptions {
  readonly agent: Agent
  readonly sessions: { active(peer: Did): unknown }
  readonly wire: { isLinked(peer: Did): boolean; peers(): readonly { readonly did: Did }[] }
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
  readonly emit: (event: ClientEvent) => void
  readonly settings: WitnessSettings
  readonly policy: WitnessPolicy | undefined
}

export class WitnessKeeper {
  readonly #options: WitnessKeeperOptions
  readonly #intervalMs: number
  readonly #questions: Questions
  readonly #asking: Asking
  readonly #answering: Answering
  readonly #gossip: Gossip
  readonly #turns = new PeerTurns(MAX_ANSWERS_PER_PEER)
  /** Size of the log when a peer was asked last, and when that was. */
  readonly #asked = new Map<Did, { readonly size: number; readonly atMs: number }>()
  readonly #running = new Map<Did, Promise<Cosignature>>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #quotas = {
    observe: new PeerQuota(OBSERVE_QUOTA),
    answer: new PeerQuota(ANSWER_QUOTA),
    heads: new PeerQuota(HEADS_QUOTA),
    fork: new PeerQuota(FORK_QUOTA),
  }
  #own: Promise<OwnWitness> | undefined
  #isStopped = false

  constructor(options: WitnessKeeperOptions) {
    this.#options = options
    const { agent, post, emit, settings } = options
    this.#intervalMs = settings.intervalMs ?? WITNESS_INTERVAL_MS
    this.#questions = new Questions(post)
    this.#asking = new Asking({ agent, questions: this.#questions, emit, policy: () => this.policy })
    this.#gossip = new Gossip({ agent, post })
    this.#answering = new Answering({
      agent,
      emit,
      own: async () => await this.#ownWitness(),
      onFork: () => this.#tellForks(),
      onOwnHead: async (note, from) => await this.#asking.confront(note, from),
    })
    if (this.#intervalMs > 0) this.#timers.add(setInterval(() => this.tick(), this.#intervalMs).unref())
  }

  /** Asks a peer for its cosignature now. @throws TalosError what `Asking.witness` throws */
  async witness(peer: Did): Promise<Cosignature> {
    const running = this.#running.get(peer) ?? this.#witness(peer).finally(() => this.#running.delete(peer))
    this.#running.set(peer, running)
    return await running
  }

  /** Cosigns a checkpoint of a log that is known here. @throws TalosError what `Witness.addCheckpoint` throws */
  async cosign(offer: CheckpointOffer): Promise<Cosigned> {
    return await this.#answering.cosign(offer)
  }

  /**
   * Makes a log known that is no agent's, by the verifier key that its operator gives.
   *
   * @returns its name
   * @throws TalosError `NOTE_KEY_INVALID`, `WITNESS_LOG_KEY` (a witness's key, or an agent's log), `WITNESS_FULL`, store codes
   */
  async trust(vkey: string): Promise<string> {
    const key = parseVerifierKey(vkey, this.#options.agent.kernel)
    const isAgents = key.name.startsWith('talos/')
    if (key.type !== NOTE_ED25519 || isAgents) {
      throw new TalosError('WITNESS_LOG_KEY', { reason: 'only keys of logs that are no agents are written down' })
    }
    const { witness } = await this.#ownWitness()
    return witness.trust(key, { introducer: OPERATOR, isKnown: true }).origin
  }

  /** The policy that says what counts as witnessed: the program's, else that of the agent's folder. */
  get policy(): WitnessPolicy | undefined {
    return this.#options.policy ?? readWitnessPolicy(this.#options.agent)
  }

  /** The newest checkpoint that witnesses cosigned; where a policy is not met by any, the newest with a line. */
  witnessedHead(): WitnessedHead | undefined {
    return this.#asking.witnessedHead(this.policy)
  }

  /**
   * The checkpoint to show to the world, such as on a chain: the newest that meets the policy, undefined while none does. Without
   * a policy the log as it is now. Peers that are linked are asked first, so that those who saw the log and the chain speak of
   * one checkpoint, and a proof can show both.
   *
   * @throws TalosError what a checkpoint of the log throws
   */
  async checkpointToShow(): Promise<string | undefined> {
    const { log } = this.#options.agent
    const { size } = log
    await this.#askFirst()
    const head = this.witnessedHead()
    const isSeen = head?.isWitnessed === true
    if (this.policy !== undefined) return isSeen ? head.note : undefined
    const isNow = isSeen && head.size >= size && isSignedBy(head.note, log.verifierKey)
    return isNow ? head.note : await log.checkpoint()
  }

  /** Evidence that logs contradicted themselves. */
  forks(): readonly { readonly origin: string; readonly evidence: string }[] {
    return this.#options.agent.database.witness.forks()
  }

  /** Signs again without anybody's word on how far this log went. @throws TalosError `STORE_WRITE_FAILED` */
  resume(): void {
    this.#options.agent.hold.release()
  }

  /** Whether the log signs nothing because it is not known how far it went. */
  get isHeld(): boolean {
    return this.#options.agent.hold.isHeld
  }

  witnesses(): ReturnType<Asking['witnesses']> {
    return this.#asking.witnesses()
  }

  /** A peer can be reached. */
  linkUp(peer: Did): void {
    if (this.#intervalMs === 0) return
    const delayMs = Math.min(LINK_UP_DELAY_MS, this.#intervalMs)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#turn(peer)
    }, delayMs).unref()
    this.#timers.add(timer)
  }

  /** A turn with every peer that is linked; done at the interval. */
  tick(): void {
    for (const { did } of this.#options.wire.peers()) this.#turn(did)
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  /** Frames that leave no trace. @throws TalosError `PEER_QUOTA` */
  admit(peer: Did, { t }: WitnessFrame): void {
    if (t === 'observe' || t === 'recall') this.#quotas.observe.take(peer)
    else if (t === 'cosigned' || t === 'behind') this.#quotas.answer.take(peer)
    else this.#quotas[t].take(peer)
  }

  /** Takes a frame that is durable, beside what else the peer sends; what was asked for is answered by a frame of its own. */
  takeSoon(peer: Did, frame: WitnessFrame, onFailure: () => void): void {
    if (frame.t === 'cosigned' || frame.t === 'behind') this.#questions.take(peer, frame)
    else this.#turns.take(peer, async () => await this.#take(peer, frame).catch(onFailure))
  }

  async #take(peer: Did, frame: Exclude<WitnessFrame, WitnessAnswer>): Promise<void> {
    if (frame.t === 'observe') await this.#answer(peer, await this.#answering.observe(peer, frame))
    else if (frame.t === 'recall') await this.#answer(peer, this.#answering.recall(peer, frame))
    else if (frame.t === 'heads') await this.#answering.heads(peer, frame.heads)
    else await this.#answering.fork(fromUtf8(frame.evidence))
  }

  /** Over the link that is there: who is gone asks again. */
  async #answer(peer: Did, answer: WitnessAnswer): Promise<void> {
    const { wire, post } = this.#options
    if (wire.isLinked(peer)) await post(peer, answer)
  }

  async #witness(peer: Did): Promise<Cosignature> {
    const { size } = this.#options.agent.log
    this.#noteAsked(peer, size)
    const cosigned = await this.#asking.witness(peer)
    this.#options.emit({ type: 'log.witnessed', ...cosigned })
    return cosigned
  }

  /** Asks the peers that are linked and have not seen the log as it is, for a moment; what fails is as if nobody had asked. */
  async #askFirst(): Promise<void> {
    const { agent, wire } = this.#options
    if (this.#intervalMs === 0) return
    const peers = wire.peers().map(({ did }) => did)
    const isBehind = (peer: Did) => (this.#asked.get(peer)?.size ?? 0) < agent.log.size
    const asked = peers.filter((peer) => this.#isWithin(peer) && isBehind(peer)).slice(0, MAX_ASKED_FIRST)
    if (asked.length === 0) return
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(() => late.resolve(), ASKED_FIRST_MS)
    const answers = Promise.allSettled(asked.map(async (peer) => await this.witness(peer)))
    await Promise.race([answers, late.promise])
    clearTimeout(timer)
  }

  /** Whether a peer can be asked now. */
  #isWithin(peer: Did): boolean {
    const { agent, wire, sessions } = this.#options
    if (this.#isStopped || agent.keyLog.deactivated || agent.log.fault !== undefined) return false
    return wire.isLinked(peer) && sessions.active(peer) !== undefined
  }

  /** One turn with a peer: a question where the log has grown, and the news. What fails waits for the next turn. */
  #turn(peer: Did): void {
    const { agent, wire, sessions, settings } = this.#options
    if (this.#isStopped || agent.keyLog.deactivated) return
    if (!wire.isLinked(peer) || sessions.active(peer) === undefined) return
    if (this.#isDue(peer)) void this.witness(peer).catch(ignored)
    if (settings.gossip !== false) void this.#gossip.tell(peer).catch(ignored)
    void this.#gossip.tellForks(peer).catch(ignored)
  }

  #isDue(peer: Did): boolean {
    const { agent } = this.#options
    const asked = this.#asked.get(peer)
    if (agent.log.fault !== undefined || this.#running.has(peer)) return false
    if (asked === undefined || agent.hold.isHeld) return true
    // Half of the interval: turns are not exactly that far apart, and links may come up in between.
    return agent.log.size > asked.size && performance.now() - asked.atMs >= this.#intervalMs / 2
  }

  #noteAsked(peer: Did, size: number): void {
    this.#asked.delete(peer)
    this.#asked.set(peer, { size, atMs: performance.now() })
    const [oldest] = this.#asked.keys()
    if (this.#asked.size > MAX_ASKED && oldest !== undefined) this.#asked.delete(oldest)
  }

  #tellForks(): void {
    const { wire, sessions } = this.#options
    for (const { did } of wire.peers()) {
      if (sessions.active(did) !== undefined) void this.#gossip.tellForks(did).catch(ignored)
    }
  }

  async #ownWitness(): Promise<OwnWitness> {
    this.#own ??= openOwnWitness(this.#options.agent)
    try {
      return await this.#own
    } catch (error) {
      this.#own = undefined
      throw error
    }
  }
}

/** What fails beside everything else is tried again at the next turn. */
function ignored(): void {}
