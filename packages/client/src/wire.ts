/**
 * Links to peers, and the sealed envelopes on them.
 *
 * One link per peer serves both directions; the newest one counts. An envelope that must arrive travels as a request and
 * is answered when it is durable on the other side; a channel's frames travel one way and in order.
 */
import { fromHex, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import {
  boxTag,
  type Link,
  NetworkNode,
  type NodeListener,
  openFromRoute,
  sealForRoute,
  tlsCarrier,
} from '@talos/network'
import { routeOf } from '@talos/session'
import { OUTBOX_KEEP_MS } from '@talos/storage'
import type { Agent } from './agent.ts'
import type { ClientEvent } from './events.ts'
import type { Carriage } from './frames.ts'
import type { Healing } from './healing.ts'
import type { IdentityExchange } from './identity/exchange.ts'
import { nowS, type TalosClientOptions } from './options.ts'
import type { PrekeyKeeper } from './prekeys.ts'
import type { Received, ReceivedControl, ReceivedFrame } from './received.ts'
import type { SessionKeeper } from './sessions.ts'

/** Kinds of link content (spec 15-frames, 15.2). Kind 1 is the routing envelope. */
const KIND_ENVELOPE = 1
const KIND_BUNDLE = 2
const KIND_RESET = 3
const KIND_KEY_LOG = 4
/** How long the peer may take to make an envelope durable, or to answer with its bundle. */
const REQUEST_TIMEOUT_MS = 15_000
/** As long as it may wait in the outbox. */
const ENVELOPE_LIFETIME_S = OUTBOX_KEEP_MS / 1000

const NOTHING = new Uint8Array(0)

export interface WireOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly healing: Healing
  readonly exchange: IdentityExchange
  readonly prekeys: PrekeyKeeper
  readonly carriers: TalosClientOptions['carriers']
  readonly emit: (event: ClientEvent) => void
  /** Takes a frame that was opened and is durable. Resolves when the next one may come. */
  readonly onReceived: (received: ReceivedFrame | ReceivedControl, link: Link) => Promise<void>
  /** A message that arrived before arrived again. Resolves when it is recorded. */
  readonly onRepeated: (message: { readonly peer: Did; readonly messageId: string }) => Promise<void>
  /** Takes a peer's signed reset. */
  readonly onReset: (peer: Did, bytes: Uint8Array) => Promise<void>
  /** A session with a peer does not open what the peer seals: a reset is due. */
  readonly onLost: (peer: Did) => void
  readonly onLinkUp: (peer: Did) => void
  /** That link is over; there may be another one to the same peer. */
  readonly onLinkDown: (link: Link) => void
}

export class Wire {
  readonly #options: WireOptions
  readonly #node: NetworkNode
  readonly #links = new Map<Did, Link>()
  readonly #dialling = new Map<Did, Promise<Link>>()
  /** Links on which both sides are still telling who they are. */
  readonly #telling = new Map<Link, Promise<void>>()
  readonly #closing = new AbortController()
  readonly transportKey: Uint8Array

  constructor(options: WireOptions) {
    this.#options = options
    const { secrets, kernel, signer } = options.agent
    const carriers = secrets.transportSeed.use(
      (seed) => options.carriers?.(seed) ?? [tlsCarrier({ kernel, transportSeed: seed })],
    )
    this.transportKey = secrets.transportSeed.use((seed) => kernel.ed25519PublicKey(seed))
    this.#node = new NetworkNode({ carriers, signer })
  }

  async listen(endpoint: string): Promise<NodeListener> {
    const admit = (did: Did) => this.#options.exchange.isCurrent(did)
    return await this.#node.listen(endpoint, { onLink: (link) => this.#adopt(link), admit })
  }

  isLinked(peer: Did): boolean {
    return this.#links.get(peer)?.isOpen === true
  }

  peers(): { readonly did: Did; readonly address: string }[] {
    return [...this.#links].map(([did, { remoteAddress: address }]) => ({ did, address }))
  }

  /**
   * The open link to a peer, or a new one by the peer's known endpoints.
   *
   * @throws TalosError `PEER_UNKNOWN`, `PEER_IS_SELF`, `PEER_MOVED` (it has another DID, to which there is a link now),
   *   `PEER_DEACTIVATED`, `CLIENT_CLOSED`, and what dialling throws
   */
  async linkTo(peer: Did): Promise<Link> {
    if (this.#closing.signal.aborted) throw new TalosError('CLIENT_CLOSED')
    const link = this.#links.get(peer)
    if (link?.isOpen) return await this.#told(link)
    const dialling = this.#dialling.get(peer) ?? this.#dial(peer).finally(() => this.#dialling.delete(peer))
    this.#dialling.set(peer, dialling)
    return await dialling
  }

  /** A peer's prekey bundle, as the peer serves it. */
  async fetchBundle(peer: Did): Promise<Uint8Array> {
    const link = await this.linkTo(peer)
    return await link.request(KIND_BUNDLE, new Uint8Array(0), { timeoutMs: REQUEST_TIMEOUT_MS })
  }

  /**
   * Hands sealed bytes to the peer and waits until they are durable there. A greeting that comes back is taken in and
   * answered, so that either side knows the session as confirmed, whichever of several it sends in.
   *
   * @throws TalosError the link's; `PEER_REFUSED`
   */
  async deliver(options: { readonly peer: Did; readonly messageId: string; readonly wire: Uint8Array }): Promise<void> {
    const link = await this.linkTo(options.peer)
    const answer = await this.#request(link, KIND_ENVELOPE, this.#envelope(options))
    if (answer.length === 0) return
    const received = await this.#take(link, answer, 'one-way')
    if (received?.kind === 'frame') await this.#confirm(link, received)
  }

  /**
   * Hands a signed reset to the peer.
   *
   * @throws TalosError the link's; `PEER_REFUSED`
   */
  async tellReset(peer: Did, bytes: Uint8Array): Promise<void> {
    await this.#request(await this.linkTo(peer), KIND_RESET, bytes)
  }

  /** Sends sealed bytes one way, in order with others of this kind; resolves when the link takes more. */
  async post(link: Link, options: { readonly messageId: string; readonly wire: Uint8Array }): Promise<void> {
    await link.send(KIND_ENVELOPE, this.#envelope({ ...options, peer: link.peerDid }))
  }

  /** Brings a link to a peer up, and says whether the peer has this agent's newest key log then. */
  async tell(peer: Did): Promise<boolean> {
    const { agent, exchange } = this.#options
    try {
      await this.linkTo(peer)
    } catch (error) {
      if (!isTalosError(error)) throw error
    }
    return !exchange.isDue(agent.identities.currentOf(peer))
  }

  /** Ends the link to a peer, where there is one. */
  async drop(peer: Did): Promise<void> {
    await this.#links.get(peer)?.close()
  }

  /** Ends every link, those that are being dialled included; none comes up afterwards. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#node.close()
    await Promise.allSettled(this.#dialling.values())
  }

  async #request(link: Link, kind: number, payload: Uint8Array): Promise<Uint8Array> {
    try {
      return await link.request(kind, payload, { timeoutMs: REQUEST_TIMEOUT_MS })
    } catch (error) {
      if (!isTalosError(error, 'NETWORK_REQUEST_FAILED')) throw error
      throw new TalosError('PEER_REFUSED', { peerCode: String(error.details['peerCode']) }, { cause: error })
    }
  }

  async #dial(peer: Did): Promise<Link> {
    const { agent, exchange } = this.#options
    if (peer === agent.did) throw new TalosError('PEER_IS_SELF')
    exchange.requireCurrent(peer)
    const known = agent.database.peers.get(peer)
    if (known?.transportKey === undefined || known.endpoints.length === 0) throw new TalosError('PEER_UNKNOWN')
    const { endpoints, transportKey } = known
    const options = { signal: this.#closing.signal, anyDid: true }
    const link = await this.#node.dial({ did: peer, endpoints, transportKey }, options)
    if (this.#closing.signal.aborted) await link.close()
    if (link.peerDid !== peer) await this.#followTo(peer, link)
    this.#adopt(link)
    await this.#told(link)
    if (link.peerDid !== peer) throw new TalosError('PEER_MOVED', { to: link.peerDid })
    return link
  }

  /** Another DID answered: it must show by its key log that it is the same agent. @throws TalosError `NETWORK_DID_MISMATCH` */
  async #followTo(peer: Did, link: Link): Promise<void> {
    const { agent, exchange } = this.#options
    try {
      await exchange.ask(link, async (log) => await this.#tellLog(link, log))
    } catch (cause) {
      await link.close()
      throw new TalosError('NETWORK_DID_MISMATCH', { expectedDid: peer }, { cause })
    }
    if (agent.identities.currentOf(peer) === link.peerDid) return
    await link.close()
    throw new TalosError('NETWORK_DID_MISMATCH', { expectedDid: peer })
  }

  async #tellLog(link: Link, log: Uint8Array): Promise<Uint8Array> {
    return await this.#request(link, KIND_KEY_LOG, log)
  }

  /** @throws TalosError `PEER_KEY_OUTDATED`, `NETWORK_CLOSED` */
  async #told(link: Link): Promise<Link> {
    await this.#telling.get(link)
    if (link.isOpen) return link
    this.#options.exchange.requireCurrent(link.peerDid)
    throw new TalosError('NETWORK_CLOSED', { reason: 'remote' })
  }

  /** Tells the peer the own key log where it lacks it, before anything else goes over the link. */
  async #tell(link: Link): Promise<void> {
    const { exchange } = this.#options
    if (!exchange.isDue(link.peerDid)) return
    try {
      await exchange.ask(link, async (log) => await this.#tellLog(link, log))
    } catch (error) {
      // A peer that does not take it is told again at the next link, and what it may do is decided elsewhere.
      if (!isTalosError(error)) throw error
      if (error.code === 'PEER_KEY_OUTDATED') await link.close()
    }
  }

  #adopt(link: Link): void {
    if (this.#closing.signal.aborted) throw new TalosError('CLIENT_CLOSED')
    const { emit, exchange, onLinkUp, onLinkDown } = this.#options
    const peer = link.peerDid
    exchange.requireCurrent(peer)
    link.onRequest(async (kind, payload) => await this.#answer(link, kind, payload))
    link.onMessage(async (kind, payload) => {
      if (kind === KIND_ENVELOPE) await this.#takeOneWay(link, payload)
    })
    this.#links.set(peer, link)
    void link.closed.then((reason) => {
      onLinkDown(link)
      if (this.#links.get(peer) !== link) return
      this.#links.delete(peer)
      emit({ type: 'link.down', peer, reason })
    })
    emit({ type: 'link.up', peer, address: link.remoteAddress })
    const telling = this.#tell(link).finally(() => this.#telling.delete(link))
    this.#telling.set(link, telling)
    void telling.then(() => onLinkUp(peer)).catch(() => undefined)
  }

  async #answer(link: Link, kind: number, payload: Uint8Array): Promise<Uint8Array> {
    const peer = link.peerDid
    if (kind === KIND_KEY_LOG) return this.#options.exchange.answer(link, payload)
    this.#options.exchange.requireTrusted(peer)
    if (kind === KIND_BUNDLE) return await this.#options.prekeys.serveTo(peer)
    if (kind === KIND_RESET) {
      await this.#options.onReset(peer, payload)
      return NOTHING
    }
    if (kind !== KIND_ENVELOPE) throw new TalosError('NETWORK_UNHANDLED', { kind })
    const received = await this.#take(link, payload, 'request')
    if (received.kind !== 'frame') return NOTHING
    return received.opened === undefined && received.isRepeatedFlight !== true ? NOTHING : this.#greeting(received)
  }

  /**
   * What comes one way has no answer that could say what is wrong, so the link ends. Where the session is lost, and the
   * peer is being told so, the link is needed: what ran on it ends by that.
   */
  async #takeOneWay(link: Link, payload: Uint8Array): Promise<void> {
    try {
      await this.#take(link, payload, 'one-way')
    } catch (error) {
      if (!isTalosError(error) || !this.#options.healing.isDue(link.peerDid)) throw error
    }
  }

  /** Opens an envelope. One that arrived before is acknowledged again and otherwise ignored. */
  async #take(link: Link, bytes: Uint8Array, carriage: Carriage): Promise<Received> {
    const { emit, exchange, onReceived, onRepeated } = this.#options
    const peer = link.peerDid
    try {
      exchange.requireTrusted(peer)
      const received = this.#open(peer, bytes, carriage)
      if (received.kind === 'again') await onRepeated(received)
      if (received.kind === 'frame' && received.opened !== undefined) await this.#recordOpening(received)
      if (received.kind !== 'again') await onReceived(received, link)
      return received
    } catch (error) {
      if (!isTalosError(error)) throw error
      emit({ type: 'message.refused', peer, code: error.code })
      throw error
    }
  }

  #open(peer: Did, bytes: Uint8Array, carriage: Carriage): Received {
    const { agent, sessions, healing, onLost } = this.#options
    const envelope = openFromRoute(bytes, { nowS: nowS(agent.clock), box: boxTag(agent.kernel, agent.did) })
    const messageId = toHex(envelope.messageId)
    const route = routeOf(envelope.body)
    try {
      const received = sessions.receive({ peer, wire: envelope.body, messageId, carriage })
      if (received.kind !== 'again') healing.opened(received)
      return received
    } catch (error) {
      const isLost = isTalosError(error) && route.kind === 'message'
      if (isLost && healing.failed({ peer, sessionId: route.sessionId, code: error.code })) onLost(peer)
      throw error
    }
  }

  async #recordOpening({ peer, sessionId, opened }: ReceivedFrame): Promise<void> {
    const { agent, emit } = this.#options
    await agent.log.append({ kind: 'session.open', peer, session: toHex(sessionId) })
    const oneTimeKey = opened?.oneTimeKey === true
    emit({ type: 'session.open', peer, sessionId: toHex(sessionId), initiator: false, oneTimeKey })
  }

  /** The first word of the responder: it confirms the session to the initiator. */
  #greeting({ peer, sessionId }: ReceivedFrame): Uint8Array {
    const { sessions, agent } = this.#options
    const { wire } = sessions.seal({ peer, sessionId, frame: { t: 'greeting' } })
    return this.#envelope({ peer, messageId: toHex(agent.random.bytes(16)), wire })
  }

  /** The initiator's word on the responder's greeting. Whoever misses it learns the same from what is sent next. */
  async #confirm(link: Link, received: ReceivedFrame): Promise<void> {
    await link.send(KIND_ENVELOPE, this.#greeting(received)).catch(() => undefined)
  }

  #envelope(options: { readonly peer: Did; readonly messageId: string; readonly wire: Uint8Array }): Uint8Array {
    const { agent } = this.#options
    return sealForRoute({
      kind: KIND_ENVELOPE,
      box: boxTag(agent.kernel, options.peer),
      messageId: fromHex(options.messageId),
      expiresS: nowS(agent.clock) + ENVELOPE_LIFETIME_S,
      body: options.wire,
    })
  }
}
