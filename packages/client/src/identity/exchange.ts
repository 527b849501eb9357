/**
 * Key logs between peers (spec 21-identity-lifecycle, 21.6): on a link, each side tells the other its log where that lacks
 * it, before anything else; what follows from a log that was taken is decided here.
 *
 * A link proves one DID. The log says that it is one agent's with others, by agreement of each key: what is kept of the
 * earlier DIDs goes by the newest from then on, and sessions that are bound to them seal no more.
 */
import { fromUtf8, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { identityOf, type KnownIdentity, representativeOf, type VerifiedKeyLog, verifyKeyLog } from '@talos/identity'
import type { Link } from '@talos/network'
import type { Agent } from '../agent.ts'
import type { ClientEvent } from '../events.ts'
import { PeerQuota } from '../quota.ts'

/** Largest key log that is told and taken: some hundreds of entries, and below the content that every link takes. */
const KEY_LOG_TOLD_MAX_BYTES = 900_000
/** Each costs the verification of a log. */
const LOG_QUOTA = { what: 'key logs from one peer within an hour', limit: 64, windowMs: 3_600_000 }

/** A log of up to so many bytes costs a stranger more to send than this agent to verify. */
const SMALL_LOG_BYTES = 65_536
/** Larger ones take up to a third of a second each, and whoever is nobody yet can be many. */
const LARGE_LOG_QUOTA = { what: 'large key logs from strangers within an hour', limit: 60, windowMs: 3_600_000 }
const STRANGERS = 'did:key:strangers' as Did

export interface IdentityExchangeOptions {
  readonly agent: Agent
  readonly emit: (event: ClientEvent) => void
  /** A peer has another DID, under which everything is kept now. */
  readonly onMoved: (move: { readonly from: Did; readonly to: Did }) => void
  /** A peer is no more. */
  readonly onEnded: (peer: Did) => void
}

export class IdentityExchange {
  readonly #options: IdentityExchangeOptions
  readonly #quota = new PeerQuota(LOG_QUOTA)
  readonly #largeQuota = new PeerQuota(LARGE_LOG_QUOTA)

  constructor(options: IdentityExchangeOptions) {
    this.#options = options
  }

  /** Whether a peer lacks this agent's newest log. */
  isDue(peer: Did): boolean {
    const { database, keyLog } = this.#options.agent
    return database.identities.told(peer) !== keyLog.versionId
  }

  /** Tells the own log by `tell`, and takes the peer's from the answer. @throws TalosError as `answer`, and what `tell` throws */
  async ask(link: Link, tell: (log: Uint8Array) => Promise<Uint8Array>): Promise<void> {
    const { database, keyLog } = this.#options.agent
    const answer = await tell(this.#own())
    database.identities.noteTold(link.peerDid, keyLog.versionId)
    if (answer.length > 0) this.#take(link.peerDid, answer)
  }

  /**
   * Takes a peer's log and answers with the own one.
   *
   * @throws TalosError `PEER_QUOTA`, `KEY_LOG_*`, `IDENTITY_CONFLICT`, `PEER_KEY_OUTDATED`, store codes
   */
  answer(link: Link, payload: Uint8Array): Uint8Array {
    this.#quota.take(link.peerDid)
    this.#take(link.peerDid, payload)
    return this.#own()
  }

  /** Whether a DID is not known to be one that its agent gave up. */
  isCurrent(peer: Did): boolean {
    const standing = this.#options.agent.identities.standingOf(peer)
    return standing !== 'rotated' && standing !== 'compromised'
  }

  /** @throws TalosError `PEER_KEY_OUTDATED`: the DID is known to be one that the agent gave up */
  requireCurrent(peer: Did): void {
    if (!this.isCurrent(peer)) throw new TalosError('PEER_KEY_OUTDATED')
  }

  /** @throws TalosError `IDENTITY_DEACTIVATED`, `PEER_DEACTIVATED` */
  requireLive(peer: Did): void {
    const { keyLog, identities } = this.#options.agent
    if (keyLog.deactivated) throw new TalosError('IDENTITY_DEACTIVATED')
    if (identities.standingOf(peer) === 'deactivated') throw new TalosError('PEER_DEACTIVATED')
  }

  /**
   * Nothing but a key log is taken from a DID that counts no more: its link may still be there.
   *
   * @throws TalosError `IDENTITY_DEACTIVATED`, `PEER_DEACTIVATED`, `PEER_KEY_OUTDATED`
   */
  requireTrusted(peer: Did): void {
    this.requireLive(peer)
    this.requireCurrent(peer)
  }

  /** @throws TalosError `PEER_KEY_OUTDATED`, `PEER_DEACTIVATED`, `IDENTITY_CONFLICT` */
  requireInviter(did: Did, id: Did | undefined): void {
    const { identities, database } = this.#options.agent
    this.requireCurrent(did)
    if (identities.standingOf(did) === 'deactivated') throw new TalosError('PEER_DEACTIVATED')
    const known = identities.find(did)?.id ?? database.identities.expected(did)
    if (id !== undefined && known !== undefined && known !== id) throw new TalosError('IDENTITY_CONFLICT', { did, id })
  }

  #own(): Uint8Array {
    const log = utf8(this.#options.agent.keyLog.text)
    return log.length > KEY_LOG_TOLD_MAX_BYTES ? new Uint8Array(0) : log
  }

  #take(peer: Did, bytes: Uint8Array): void {
    const { agent } = this.#options
    if (bytes.length > KEY_LOG_TOLD_MAX_BYTES) {
      throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: KEY_LOG_TOLD_MAX_BYTES })
    }
    if (bytes.length > SMALL_LOG_BYTES && !this.#isKnown(peer)) this.#largeQuota.take(STRANGERS)
    const log = verifyKeyLog({ kernel: agent.kernel, text: fromUtf8(bytes), nowMs: agent.clock.nowMs() })
    if (!log.keys.some(({ did }) => did === peer))
      throw new TalosError('IDENTITY_CONFLICT', { did: peer, id: log.name })
    this.#keep(peer, log)
    this.requireCurrent(peer)
  }

  /** Whether this agent has to do with a peer. */
  #isKnown(peer: Did): boolean {
    const { identities, database } = this.#options.agent
    if (identities.find(peer) !== undefined || database.peers.get(peer) !== undefined) return true
    return database.grants.knows(peer) || database.sessions.list(peer).length > 0
  }

  #keep(peer: Did, log: VerifiedKeyLog): void {
    const { agent, emit } = this.#options
    const { identities, keyLog } = agent
    if (log.name === keyLog.name) throw new TalosError('IDENTITY_CONFLICT', { did: peer, id: log.name })
    const before = identities.find(log.name)
    try {
      this.#requireExpected(log)
      if (identities.compare(log) === 'same') return
    } catch (error) {
      if (isTalosError(error, 'KEY_LOG_FORK') || isTalosError(error, 'IDENTITY_CONFLICT'))
        emit({ type: 'identity.fork', peer, id: log.name })
      throw error
    }
    this.#adopt(log, before)
  }

  /** @throws TalosError `IDENTITY_CONFLICT`: an invitation by one of its keys named another log */
  #requireExpected({ name: id, keys }: VerifiedKeyLog): void {
    const { database } = this.#options.agent
    for (const { did } of keys) {
      if ((database.identities.expected(did) ?? id) !== id) throw new TalosError('IDENTITY_CONFLICT', { did, id })
    }
  }

  #adopt(log: VerifiedKeyLog, before: KnownIdentity | undefined): void {
    const { agent, emit, onMoved, onEnded } = this.#options
    const { identities, database, clock } = agent
    const nowMs = clock.nowMs()
    const moves = movesOf(log)
    const evicted = database.transaction(() => {
      const gone = database.identities.put(identityOf(log), { log: log.text, nowMs })
      for (const move of moves) database.movePeer(move, nowMs)
      if (log.deactivated) for (const { did } of log.keys) database.endPeer(did, nowMs)
      return gone
    })
    identities.put(log)
    for (const id of evicted) identities.forget(id)
    const isKnown = before !== undefined || log.version > 1
    for (const { from, to } of moves) {
      if (before?.keys.some(({ did, standing }) => did === from && standing !== 'current') === true) continue
      emit({ type: 'identity.moved', peer: to, from, id: log.name, isEmergency: isCompromised(log, from) })
      onMoved({ from, to })
      this.#record({ from, to }, isCompromised(log, from))
    }
    if (!log.deactivated || !isKnown || before?.deactivated === true) return
    const peer = representativeOf(identityOf(log))
    emit({ type: 'identity.ended', peer, id: log.name })
    onEnded(peer)
    void agent.log.append({ kind: 'identity.deactivate', peer }).catch(() => undefined)
  }

  /** A note of ours about another's change: that it cannot be written holds up nothing. */
  #record({ from, to }: { readonly from: Did; readonly to: Did }, isEmergency: boolean): void {
    const { log } = this.#options.agent
    if (isEmergency) void log.append({ kind: 'key.revoke', peer: from }).catch(() => undefined)
    void log.append({ kind: 'key.rotate', peer: to }).catch(() => undefined)
  }
}

/** Every key but the newest becomes that one. */
function movesOf(log: VerifiedKeyLog): readonly { readonly from: Did; readonly to: Did }[] {
  const { signingKey: to, keys } = log
  if (to === undefined) return []
  return keys.filter(({ did }) => did !== to).map(({ did: from }) => ({ from, to }))
}

function isCompromised(log: VerifiedKeyLog, key: Did): boolean {
  return log.keys.some(({ did, standing }) => did === key && standing === 'compromised')
}
