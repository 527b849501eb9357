/**
 * When a session is lost, which of the two sides says so, and what the other one does (spec 15-frames, 15.8).
 *
 * Decisions alone, each synchronous and durable: whoever carries bytes asks here. The side that cannot open says so by a
 * signed reset; the side that gets it seals nothing in that session any more and begins another one.
 */
import { equalBytes, toHex } from '@talos/bytes'
import type { Did, SessionReset } from '@talos/contracts'
import { type ErrorCode, TalosError } from '@talos/errors'
import { openReset } from '@talos/session'
import type { SessionHead } from '@talos/storage'
import { PeerQuota } from './quota.ts'
import type { SessionWorld } from './session-world.ts'
import type { SessionKeeper } from './sessions.ts'

export type ResetReason = SessionReset['reason']

/** Messages in a row that a session does not open before it counts as lost: one may be forged or broken on its own. */
export const FAILURES_BEFORE_RESET = 3
/** One reset per peer in this time, sent and taken: each costs a handshake. */
export const RESET_INTERVAL_MS = 5 * 60_000
/** Sessions begun to heal one peer's in that time: a handshake that the peer refuses is not repeated without end. */
const RENEWALS = 4
/** Sessions whose failures are counted. */
const MAX_COUNTED = 10_000

const SENT_QUOTA = { what: 'resets to one peer within 5 minutes', limit: 1, windowMs: RESET_INTERVAL_MS }
const TAKEN_QUOTA = { what: 'resets from one peer within 5 minutes', limit: 1, windowMs: RESET_INTERVAL_MS }
const RENEWAL_QUOTA = {
  what: 'sessions to heal with one peer within 5 minutes',
  limit: RENEWALS,
  windowMs: RESET_INTERVAL_MS,
}

/** What a failure to open says of the session, where it says anything. */
const REASONS: { readonly [code in ErrorCode]?: ResetReason } = {
  SESSION_MISSING: 'missing',
  SESSION_HEADER: 'header',
  SESSION_AUTHENTICATION: 'authentication',
  SESSION_DUPLICATE: 'rollback',
  // Its header opened and contradicts what came before: the peer seals from an older state.
  SESSION_MESSAGE_INVALID: 'rollback',
  SESSION_GAP: 'exhausted',
  SESSION_EXHAUSTED: 'exhausted',
}

/** What a reset is to say. */
export interface ResetFacts {
  readonly peer: Did
  readonly sessionId: Uint8Array
  readonly reason: ResetReason
  /** The newest session that this side has with the peer. */
  readonly active?: Uint8Array
}

/** A reset that counts. */
export interface TakenReset {
  readonly sessionId: Uint8Array
  readonly reason: ResetReason
  /** False for one that had been taken before: its sender lost the answer. */
  readonly isNew: boolean
}

export class Healing {
  readonly #world: SessionWorld
  readonly #sessions: SessionKeeper
  readonly #monotonicMs: () => number
  readonly #failures = new Map<string, number>()
  readonly #pending = new Map<Did, ResetFacts>()
  /** When the peer was told of a session: naming it again would leave no reset for what the peer seals now. */
  readonly #told = new Map<string, number>()
  readonly #sent: PeerQuota
  readonly #taken: PeerQuota
  readonly #renewals: PeerQuota

  constructor({ world, sessions }: { readonly world: SessionWorld; readonly sessions: SessionKeeper }) {
    this.#world = world
    this.#sessions = sessions
    this.#monotonicMs = world.monotonicMs ?? (() => performance.now())
    this.#sent = new PeerQuota(SENT_QUOTA, world.monotonicMs)
    this.#taken = new PeerQuota(TAKEN_QUOTA, world.monotonicMs)
    this.#renewals = new PeerQuota(RENEWAL_QUOTA, world.monotonicMs)
  }

  /**
   * A session opened a message: what failed before says nothing of it, and a reset that is still due is not. An older copy
   * opens some messages as well; that it is one stays true.
   */
  opened({ peer, sessionId }: { readonly peer: Did; readonly sessionId: Uint8Array }): void {
    this.#failures.delete(toHex(sessionId))
    const facts = this.#pending.get(peer)
    if (facts === undefined || !equalBytes(facts.sessionId, sessionId)) return
    if (find(this.#sessions.heads(peer), sessionId)?.standing !== 'frozen') this.#pending.delete(peer)
  }

  /**
   * A message of a peer did not open. Says whether that makes a reset due: at once where the session is not there, else
   * after {@link FAILURES_BEFORE_RESET} in a row. A failure says nothing that this side believes of itself: it changes
   * nothing but this count.
   */
  failed(failure: { readonly peer: Did; readonly sessionId: Uint8Array; readonly code: ErrorCode }): boolean {
    const { peer, sessionId, code } = failure
    const reason = REASONS[code]
    if (reason === undefined) return false
    const key = toHex(sessionId)
    const count = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, count)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_COUNTED && oldest !== undefined) this.#failures.delete(oldest)
    if (reason !== 'missing' && count < FAILURES_BEFORE_RESET) return false
    this.#failures.delete(key)
    this.#want({ peer, sessionId, reason })
    return this.#pending.has(peer)
  }

  /**
   * The reset that a peer is to get, until {@link told}: one that could not be delivered stays due. This side's own older
   * copies are named here as well.
   */
  due(peer: Did): ResetFacts | undefined {
    const heads = this.#sessions.heads(peer)
    const frozen = heads.find((head) => head.standing === 'frozen' && !this.#told.has(toHex(head.sessionId)))
    if (frozen !== undefined && heads.every(({ role }) => role !== 'active')) {
      this.#want({ peer, sessionId: frozen.sessionId, reason: 'rollback' })
    }
    const facts = this.#pending.get(peer)
    if (facts === undefined) return undefined
    const newest = newestBesides(heads, facts.sessionId)
    return newest === undefined ? facts : { ...facts, active: newest.sessionId }
  }

  /** Whether a reset is on its way to a peer. */
  isDue(peer: Did): boolean {
    return this.#pending.has(peer)
  }

  /**
   * A reset was handed over. Where the peer took it, this side seals nothing in that session either, and the peer begins
   * another one. Where it refused it for good, such as one of a session that it does not have, this side begins; so it does
   * where the two sides' resets of one session crossed.
   *
   * @param refusal the peer's code, where it refused
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  told(peer: Did, refusal?: string): void {
    const facts = this.#pending.get(peer)
    if (facts === undefined || refusal === 'PEER_QUOTA') return
    const heads = this.#sessions.heads(peer)
    const head = find(heads, facts.sessionId)
    if (head !== undefined) {
      const next = newestBesides(heads, facts.sessionId)
      // Where the peer said the same meanwhile, each side would leave it to the other to begin.
      const isForPeer = refusal === undefined && head.standing !== 'reset'
      this.#sessions.retire(head, { standing: isForPeer ? 'frozen' : 'reset', next })
    }
    this.#pending.delete(peer)
    this.#told.set(toHex(facts.sessionId), this.#monotonicMs())
    const [oldest] = this.#told.keys()
    if (this.#told.size > MAX_COUNTED && oldest !== undefined) this.#told.delete(oldest)
  }

  /**
   * Takes a peer's signed reset: the session that it names seals nothing any more.
   *
   * @throws TalosError `SESSION_RESET_INVALID`, `SESSION_MISSING` (none of ours with that peer's instance), `PEER_QUOTA`,
   *   store codes; nothing changed then
   */
  take({ from, bytes }: { readonly from: Did; readonly bytes: Uint8Array }): TakenReset {
    const { kernel, clock, did: self, storage } = this.#world
    const reset = openReset({ bytes, kernel, from, self, nowS: Math.floor(clock.nowMs() / 1000) })
    const { session: sessionId, reason, active } = reset
    const heads = this.#sessions.heads(from)
    const named = find(heads, sessionId)
    if (named === undefined || named.instance !== reset.instance) throw new TalosError('SESSION_MISSING')
    const next = active === undefined ? undefined : find(heads, active)
    // A peer without any session has lost the others too that it once had: it would wait for somebody to use them. So has
    // one that names a session that it lost before: it was put back to a time before the others.
    const others = active === undefined ? heads.filter((head) => this.#isLostWith(head, named)) : []
    if (named.standing === 'reset' && others.length === 0) return { sessionId, reason, isNew: false }
    this.#taken.take(from)
    storage.transaction(() => {
      for (const head of others) this.#sessions.retire(head, { standing: 'reset' })
      this.#sessions.retire(named, { standing: 'reset', next })
    })
    return { sessionId, reason, isNew: true }
  }

  /**
   * Whether this side is to begin a session with a peer: the peer said that it lost the one that there was, or was told so
   * by this side a while ago and began none.
   */
  wantsSession(peer: Did): boolean {
    const heads = this.#sessions.heads(peer)
    return heads.every(({ role }) => role !== 'active') && heads.some((head) => this.#isOurs(head))
  }

  /** Whether one more session may be begun to heal this peer's now. */
  tryRenew(peer: Did): boolean {
    return this.#renewals.tryTake(peer)
  }

  #isLostWith({ sessionId, instance, standing }: SessionHead, named: SessionHead): boolean {
    if (instance !== named.instance || standing !== 'whole' || equalBytes(sessionId, named.sessionId)) return false
    return this.#sessions.isShared(sessionId)
  }

  #isOurs({ standing, sessionId }: SessionHead): boolean {
    if (standing !== 'frozen') return standing === 'reset'
    const toldMs = this.#told.get(toHex(sessionId))
    return toldMs !== undefined && this.#monotonicMs() - toldMs >= RESET_INTERVAL_MS
  }

  #want(facts: ResetFacts): void {
    if (this.#pending.has(facts.peer) || !this.#sent.tryTake(facts.peer)) return
    this.#pending.set(facts.peer, facts)
    const [oldest] = this.#pending.keys()
    if (this.#pending.size > MAX_COUNTED && oldest !== undefined) this.#pending.delete(oldest)
  }
}

function newestBesides(heads: readonly SessionHead[], sessionId: Uint8Array): SessionHead | undefined {
  return heads.find((head) => head.standing === 'whole' && !equalBytes(head.sessionId, sessionId))
}

function find(heads: readonly SessionHead[], sessionId: Uint8Array): SessionHead | undefined {
  return heads.find((head) => equalBytes(head.sessionId, sessionId))
}
