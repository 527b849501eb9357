/**
 * Sealed channels: ordered exchanges of frames with one peer, under the name of a protocol (spec 15-frames, 15.4).
 *
 * A frame is split into pieces that fit a sealed message and put together again up to a limit. A channel ends with the
 * link it runs on; what was under way is lost and said to be so. Every frame of both sides is sealed by the session.
 */
import { concatBytes, toHex } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { SealedChannel } from '@talos/mcp'
import type { Link } from '@talos/network'
import type { Agent } from './agent.ts'
import type { ChannelFrame } from './frames.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

/** Content of one piece: small calls beside a large result wait for one piece at most. */
const PIECE_BYTES = 262_144
/** Largest frame, as the relay's largest message with room for its evidence. */
export const CHANNEL_FRAME_MAX_BYTES = 19 * 1_048_576
/** Channels with one peer that are open at a time. */
export const MAX_CHANNELS_PER_PEER = 64
/** Pieces of one frame that arrives: pieces of a few bytes would cost more memory than they carry. */
export const MAX_PIECES = 1_024
/** Pieces that wait for the rest of their frame, of one peer: two frames of full size. */
const GATHERED_MAX_PER_PEER = 2 * CHANNEL_FRAME_MAX_BYTES
/** The same over all peers. */
const GATHERED_MAX = 16 * CHANNEL_FRAME_MAX_BYTES
/** A channel that is closed waits so long for the frame that is leaving: a peer that takes nothing holds nobody up. */
const CLOSE_GRACE_MS = 2_000

const CLOSE_WORDS = ['done', 'refused', 'failed', 'protocol'] as const
type CloseWord = (typeof CLOSE_WORDS)[number]

/** The session that a channel's frames came in. */
export interface FrameOrigin {
  readonly sessionId: Uint8Array
  /** Whether the peer had answered in it when they came: else they may be a replay. */
  readonly confirmed: boolean
}

/** A channel that a peer opened. */
interface ServedChannel extends SealedChannel {
  /** The session of the newest frame; confirmed where those of all frames until now were. */
  readonly origin: FrameOrigin
}

export type ChannelHandler = (channel: ServedChannel) => void | Promise<void>

export interface ChannelKeeperOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly wire: Wire
  /** Resolves when a session sends to a peer. @throws TalosError `SESSION_MISSING`, and what the link throws */
  readonly ready: (peer: Did) => Promise<void>
}

/** The channels of one link. They end with it, so their numbers begin anew on the next one. */
interface LinkChannels {
  readonly open: Map<number, Channel>
  next: number
}

export class ChannelKeeper {
  readonly #options: ChannelKeeperOptions
  readonly #links = new Map<Link, LinkChannels>()
  readonly #handlers = new Map<string, ChannelHandler>()
  readonly #gathered = new Gathered()

  constructor(options: ChannelKeeperOptions) {
    this.#options = options
  }

  /** Says who serves a protocol. Returns what takes it back. */
  serve(protocol: string, handler: ChannelHandler): () => void {
    this.#handlers.set(protocol, handler)
    return () => {
      if (this.#handlers.get(protocol) === handler) this.#handlers.delete(protocol)
    }
  }

  /** @throws TalosError `CHANNEL_LIMIT`, `SESSION_MISSING`, and what the link throws */
  async open(
    peer: Did,
    { protocol, name }: { readonly protocol: string; readonly name: string },
  ): Promise<SealedChannel> {
    const { wire, ready } = this.#options
    await ready(peer)
    const link = await wire.linkTo(peer)
    if (this.#isFull(peer)) throw new TalosError('CHANNEL_LIMIT', { limit: MAX_CHANNELS_PER_PEER })
    const channels = this.#channelsOf(link)
    const id = channels.next
    channels.next += 2
    const channel = this.#add(link, { id, name })
    try {
      await channel.write({ t: 'open', channel: id, protocol, name })
    } catch (error) {
      channel.finish('failed')
      throw error
    }
    return channel
  }

  /** Takes a channel's frame that arrived. Resolves when the next one may come. */
  async take(link: Link, frame: ChannelFrame, origin: FrameOrigin): Promise<void> {
    if (frame.t === 'open') return await this.#accept(link, frame, origin)
    const channel = this.#links.get(link)?.open.get(frame.channel)
    if (channel === undefined) return
    if (frame.t === 'close') return channel.finish(frame.reason)
    await channel.take(frame, origin)
  }

  /** The session with a peer is lost: what was under way in its channels is, too. */
  dropAll(peer: Did): void {
    for (const link of Array.from(this.#links.keys())) if (link.peerDid === peer) this.#end(link)
  }

  /** A link is gone: so are its channels. */
  drop(link: Link): void {
    this.#end(link)
    this.#links.delete(link)
  }

  /** Ends the channels of a link. Their numbers stay taken as long as it is there. */
  #end(link: Link): void {
    for (const channel of Array.from(this.#links.get(link)?.open.values() ?? [])) channel.finish('failed')
  }

  async #accept(link: Link, frame: Extract<AppFrame, { t: 'open' }>, origin: FrameOrigin): Promise<void> {
    const peer = link.peerDid
    const isTheirs = frame.channel % 2 === (peer < this.#options.agent.did ? 1 : 0)
    if (!isTheirs || this.#channelsOf(link).open.has(frame.channel)) {
      throw new TalosError('FRAME_INVALID', { reason: 'the channel is not theirs to open' })
    }
    const handler = this.#handlers.get(frame.protocol)
    // Awaited, so that whoever opens many is slowed down by the refusals.
    if (handler === undefined || this.#isFull(peer)) {
      return await this.#post(link, { t: 'close', channel: frame.channel, reason: 'refused' })
    }
    const channel = this.#add(link, { id: frame.channel, name: frame.name })
    channel.origin = origin
    void this.#run(handler, channel)
  }

  async #run(handler: ChannelHandler, channel: Channel): Promise<void> {
    try {
      await handler(channel)
    } catch {
      channel.end('failed')
    }
  }

  /** Both sides' channels count, on all links to the peer. */
  #isFull(peer: Did): boolean {
    const sizes = [...this.#links].map(([link, { open }]) => (link.peerDid === peer ? open.size : 0))
    return sizes.reduce((sum, size) => sum + size, 0) >= MAX_CHANNELS_PER_PEER
  }

  #channelsOf(link: Link): LinkChannels {
    const first = this.#options.agent.did < link.peerDid ? 1 : 2
    const channels = this.#links.get(link) ?? { open: new Map<number, Channel>(), next: first }
    if (link.isOpen) this.#links.set(link, channels)
    return channels
  }

  #add(link: Link, { id, name }: { readonly id: number; readonly name: string }): Channel {
    const { open } = this.#channelsOf(link)
    const post = async (frame: AppFrame) => await this.#post(link, frame)
    const peer = link.peerDid
    const channel = new Channel({ id, name, peer, post, gathered: this.#gathered, onEnd: () => open.delete(id) })
    open.set(id, channel)
    if (!link.isOpen) channel.finish('failed')
    return channel
  }

  async #post(link: Link, frame: AppFrame): Promise<void> {
    const { agent, sessions, wire } = this.#options
    if (!link.isOpen) throw new TalosError('CHANNEL_CLOSED', { reason: 'its link is over' })
    const messageId = toHex(agent.random.bytes(16))
    const sealed = sessions.seal({ peer: link.peerDid, frame })
    await wire.post(link, { messageId, wire: sealed.wire })
  }
}

/** Memory that pieces hold while their frames are not whole. */
class Gathered {
  readonly #perPeer = new Map<Did, number>()
  #bytes = 0

  /** Takes room; tells whether there was any. */
  tryTake(peer: Did, sizeBytes: number): boolean {
    const ofPeer = (this.#perPeer.get(peer) ?? 0) + sizeBytes
    if (ofPeer > GATHERED_MAX_PER_PEER || this.#bytes + sizeBytes > GATHERED_MAX) return false
    this.#bytes += sizeBytes
    this.#perPeer.set(peer, ofPeer)
    return true
  }

  free(peer: Did, sizeBytes: number): void {
    const left = (this.#perPeer.get(peer) ?? 0) - sizeBytes
    this.#bytes -= sizeBytes
    if (left === 0) this.#perPeer.delete(peer)
    else this.#perPeer.set(peer, left)
  }
}

interface ChannelParts {
  readonly id: number
  readonly name: string
  readonly peer: Did
  readonly post: (frame: AppFrame) => Promise<void>
  readonly gathered: Gathered
  readonly onEnd: () => void
}

type FrameHandler = (frame: Uint8Array) => void | Promise<void>

class Channel implements ServedChannel {
  /** Of a channel that this side opened, none until a frame comes. */
  origin: FrameOrigin = { sessionId: new Uint8Array(0), confirmed: true }
  readonly name: string
  readonly peer: Did
  readonly closed: Promise<string>
  readonly #parts: ChannelParts
  readonly #settle: (reason: string) => void
  #handler: FrameHandler | undefined
  /** Ends the waiting for a handler: there is one, or nothing to wait for. */
  #handlerSet: () => void = () => undefined
  /** Fails the writes that wait for the link. */
  readonly #writes = new Set<(error: TalosError) => void>()
  #pieces: Uint8Array[] = []
  #gatheredBytes = 0
  #sent = 0
  #received = 0
  #isOpen = true
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: ChannelParts) {
    this.#parts = parts
    this.name = parts.name
    this.peer = parts.peer
    const closed = Promise.withResolvers<string>()
    this.closed = closed.promise
    this.#settle = closed.resolve
  }

  onFrame(handler: FrameHandler): void {
    this.#handler ??= handler
    this.#handlerSet()
  }

  async send(frame: Uint8Array): Promise<void> {
    if (frame.length > CHANNEL_FRAME_MAX_BYTES) {
      throw new TalosError('FRAME_TOO_LARGE', { sizeBytes: frame.length, limitBytes: CHANNEL_FRAME_MAX_BYTES })
    }
    const sending = this.#writing.then(async () => await this.#sendPieces(frame))
    this.#writing = sending.catch(() => undefined)
    await sending
  }

  close(reason?: string): void {
    const word = CLOSE_WORDS.find((known) => known === reason) ?? 'done'
    const grace = setTimeout(() => this.end(word), CLOSE_GRACE_MS).unref()
    void this.#writing.then(() => {
      clearTimeout(grace)
      this.end(word)
    })
  }

  /** Says the last word and ends. */
  end(reason: CloseWord): void {
    if (!this.#isOpen) return
    this.write({ t: 'close', channel: this.#parts.id, reason }).catch(() => undefined)
    this.finish(reason)
  }

  /** Ends without a word: the other side said it, or is gone. */
  finish(reason: CloseWord): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#forget()
    this.#parts.onEnd()
    for (const fail of this.#writes) fail(new TalosError('CHANNEL_CLOSED', { reason: 'it ended meanwhile' }))
    this.#handlerSet()
    this.#settle(reason)
  }

  /** Writes a frame; does not wait for the link longer than the channel is open. */
  async write(frame: AppFrame): Promise<void> {
    const ended = Promise.withResolvers<never>()
    this.#writes.add(ended.reject)
    try {
      await Promise.race([this.#parts.post(frame), ended.promise])
    } finally {
      this.#writes.delete(ended.reject)
    }
  }

  /** Takes one piece, in its order; a whole frame goes to the handler before the next piece is taken. */
  async take(piece: Extract<AppFrame, { t: 'data' }>, { sessionId, confirmed }: FrameOrigin): Promise<void> {
    if (!this.#isOpen) return
    const { sequence, last, body } = piece
    this.origin = { sessionId, confirmed: confirmed && this.origin.confirmed }
    const isTooMuch =
      this.#gatheredBytes + body.length > CHANNEL_FRAME_MAX_BYTES || (!last && this.#pieces.length >= MAX_PIECES)
    if (sequence !== this.#received || isTooMuch) return this.end('protocol')
    if (!this.#parts.gathered.tryTake(this.peer, body.length)) return this.end('failed')
    this.#gatheredBytes += body.length
    this.#received += 1
    this.#pieces.push(body)
    if (!last) return
    const frame = concatBytes(...this.#pieces)
    this.#forget()
    try {
      if (this.#handler === undefined) await new Promise<void>((resolve) => (this.#handlerSet = resolve))
      if (this.#isOpen) await this.#handler?.(frame)
    } catch {
      this.end('failed')
    }
  }

  #forget(): void {
    this.#parts.gathered.free(this.peer, this.#gatheredBytes)
    this.#gatheredBytes = 0
    this.#pieces = []
  }

  async #sendPieces(frame: Uint8Array): Promise<void> {
    for (let offset = 0; offset === 0 || offset < frame.length; offset += PIECE_BYTES) {
      if (!this.#isOpen) throw new TalosError('CHANNEL_CLOSED', { reason: 'it ended before' })
      const last = offset + PIECE_BYTES >= frame.length
      const sequence = this.#sent++
      await this.write({
        t: 'data',
        channel: this.#parts.id,
        sequence,
        last,
        body: frame.slice(offset, offset + PIECE_BYTES),
      })
    }
  }
}
