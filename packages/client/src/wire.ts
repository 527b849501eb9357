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
import type { Agent } from './agent.ts'
import type { ClientEvent } from './events.ts'
import { nowS, type TalosClientOptions } from './options.ts'
import type { PrekeyKeeper } from './prekeys.ts'
import { PeerQuota } from './quota.ts'
import type { Received, SessionKeeper } from './sessions.ts'

/** Kinds of link content (spec 15-frames, 15.2). Kind 1 is the routing envelope. */
const KIND_ENVELOPE = 1
const KIND_BUNDLE = 2
/** How long the peer may take to make an envelope durable, or to answer with its bundle. */
const REQUEST_TIMEOUT_MS = 15_000
/** An envelope that waits longer in the outbox is sealed for nobody any more: the life of a session. */
const ENVELOPE_LIFETIME_S = 7 * 24 * 3_600
/** First flights that one peer may send: each costs a handshake, and its trace is kept as long as the prekeys are. */
const FIRST_FLIGHT_QUOTA = { what: 'first flights from one peer', limit: 64, windowMs: 3_600_000 }

export interface WireOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly prekeys: PrekeyKeeper
  readonly carriers: TalosClientOptions['carriers']
  readonly emit: (event: ClientEvent) => void
  /** Takes a frame that was opened and is durable. Resolves when the next one may come. */
  readonly onReceived: (received: Received, link: Link) => Promise<void>
  /** A message that arrived before arrived again. Resolves when it is recorded. */
  readonly onRepeated: (message: { readonly peer: Did; readonly messageId: string }) => Promise<void>
  readonly onLinkUp: (peer: Did) => void
  /** That link is over; there may be another one to the same peer. */
  readonly onLinkDown: (link: Link) => void
}

export class Wire {
  readonly #options: WireOptions
  readonly #node: NetworkNode
  readonly #links = new Map<Did, Link>()
  readonly #dialling = new Map<Did, Promise<Link>>()
  readonly #firstFlights = new PeerQuota(FIRST_FLIGHT_QUOTA)
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
    return await this.#node.listen(endpoint, { onLink: (link) => this.#adopt(link) })
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
   * @throws TalosError `PEER_UNKNOWN`, `PEER_IS_SELF`, `CLIENT_CLOSED`, and what dialling throws
   */
  async linkTo(peer: Did): Promise<Link> {
    if (this.#closing.signal.aborted) throw new TalosError('CLIENT_CLOSED')
    const link = this.#links.get(peer)
    if (link?.isOpen) return link
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
    let answer: Uint8Array
    try {
      answer = await link.request(KIND_ENVELOPE, this.#envelope(options), { timeoutMs: REQUEST_TIMEOUT_MS })
    } catch (error) {
      if (!isTalosError(error, 'NETWORK_REQUEST_FAILED')) throw error
      throw new TalosError('PEER_REFUSED', { peerCode: String(error.details['peerCode']) }, { cause: error })
    }
    if (answer.length === 0) return
    const received = await this.#take(link, answer)
    if (received !== undefined) await this.#confirm(link, received)
  }

  /** Sends sealed bytes one way, in order with others of this kind; resolves when the link takes more. */
  async post(link: Link, options: { readonly messageId: string; readonly wire: Uint8Array }): Promise<void> {
    await link.send(KIND_ENVELOPE, this.#envelope({ ...options, peer: link.peerDid }))
  }

  /** Ends every link, those that are being dialled included; none comes up afterwards. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#node.close()
    await Promise.allSettled(this.#dialling.values())
  }

  async #dial(peer: Did): Promise<Link> {
    const { agent } = this.#options
    if (peer === agent.did) throw new TalosError('PEER_IS_SELF')
    const known = agent.database.peers.get(peer)
    if (known?.transportKey === undefined || known.endpoints.length === 0) throw new TalosError('PEER_UNKNOWN')
    const { endpoints, transportKey } = known
    const link = await this.#node.dial({ did: peer, endpoints, transportKey }, { signal: this.#closing.signal })
    if (this.#closing.signal.aborted) await link.close()
    this.#adopt(link)
    return link
  }

  #adopt(link: Link): void {
    if (this.#closing.signal.aborted) throw new TalosError('CLIENT_CLOSED')
    const { emit, onLinkUp, onLinkDown } = this.#options
    const peer = link.peerDid
    link.onRequest(async (kind, payload) => await this.#answer(link, kind, payload))
    link.onMessage(async (kind, payload) => {
      if (kind === KIND_ENVELOPE) await this.#take(link, payload)
    })
    this.#links.set(peer, link)
    void link.closed.then((reason) => {
      onLinkDown(link)
      if (this.#links.get(peer) !== link) return
      this.#links.delete(peer)
      emit({ type: 'link.down', peer, reason })
    })
    emit({ type: 'link.up', peer, address: link.remoteAddress })
    onLinkUp(peer)
  }

  async #answer(link: Link, kind: number, payload: Uint8Array): Promise<Uint8Array> {
    if (kind === KIND_BUNDLE) return await this.#options.prekeys.serveTo(link.peerDid)
    if (kind !== KIND_ENVELOPE) throw new TalosError('NETWORK_UNHANDLED', { kind })
    const received = await this.#take(link, payload)
    if (received?.opened === undefined && received?.isRepeatedFlight !== true) return new Uint8Array(0)
    return this.#greeting(received)
  }

  /** Opens an envelope. One that arrived before is acknowledged again and otherwise ignored. */
  async #take(link: Link, bytes: Uint8Array): Promise<Received | undefined> {
    const { emit } = this.#options
    const peer = link.peerDid
    try {
      const received = await this.#open(peer, bytes)
      if (received === undefined) return undefined
      if (received.opened !== undefined) await this.#recordOpening(received)
      await this.#options.onReceived(received, link)
      return received
    } catch (error) {
      if (!isTalosError(error)) throw error
      emit({ type: 'message.refused', peer, code: error.code })
      throw error
    }
  }

  async #open(peer: Did, bytes: Uint8Array): Promise<Received | undefined> {
    const { agent, sessions, onRepeated } = this.#options
    const envelope = openFromRoute(bytes, { nowS: nowS(agent.clock), box: boxTag(agent.kernel, agent.did) })
    const messageId = toHex(envelope.messageId)
    const route = routeOf(envelope.body)
    const parts = { peer, wire: envelope.body, messageId }
    if (route.kind === 'first-flight') {
      this.#firstFlights.take(peer)
      return sessions.accept(parts)
    }
    if (agent.database.messages.hasArrived({ peer, messageId })) {
      await onRepeated({ peer, messageId })
      return undefined
    }
    return sessions.open({ ...parts, sessionId: route.sessionId })
  }

  async #recordOpening({ peer, sessionId, opened }: Received): Promise<void> {
    const { agent, emit } = this.#options
    await agent.log.append({ kind: 'session.open', peer, session: toHex(sessionId) })
    const oneTimeKey = opened?.oneTimeKey === true
    emit({ type: 'session.open', peer, sessionId: toHex(sessionId), initiator: false, oneTimeKey })
  }

  /** The first word of the responder: it confirms the session to the initiator. */
  #greeting({ peer, sessionId }: Received): Uint8Array {
    const { sessions, agent } = this.#options
    const { wire } = sessions.seal({ peer, sessionId, frame: { t: 'greeting' } })
    return this.#envelope({ peer, messageId: toHex(agent.random.bytes(16)), wire })
  }

  /** The initiator's word on the responder's greeting. Whoever misses it learns the same from what is sent next. */
  async #confirm(link: Link, received: Received): Promise<void> {
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
