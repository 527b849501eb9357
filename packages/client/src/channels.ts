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
import type { Agent } from './agent.ts'
import type { SessionKeeper } from './sessions.ts'
import type { Wire } from './wire.ts'

/** Content of one piece: small calls beside a large result wait for one piece at most. */
const PIECE_BYTES = 262_144
/** Largest frame, as the relay's largest message with room for its evidence. */
export const CHANNEL_FRAME_MAX_BYTES = 19 * 1_048_576
/** Channels with one peer that are open at a time. */
export const MAX_CHANNELS_PER_PEER = 64

const CLOSE_WORDS = ['done', 'refused', 'failed', 'protocol'] as const
type CloseWord = (typeof CLOSE_WORDS)[number]
export type ChannelHandler = (channel: SealedChannel) => void | Promise<void>

export interface ChannelKeeperOptions {
  readonly agent: Agent
  readonly sessions: SessionKeeper
  readonly wire: Wire
}

export class ChannelKeeper {
  readonly #options: ChannelKeeperOptions
  readonly #channels = new Map<Did, Map<number, Channel>>()
  readonly #handlers = new Map<string, ChannelHandler>()
  readonly #next = new Map<Did, number>()

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
    const { agent, wire, sessions } = this.#options
    sessions.require(peer)
    await wire.linkTo(peer)
    const first = agent.did < peer ? 1 : 2
    const id = this.#next.get(peer) ?? first
    this.#next.set(peer, id + 2)
    const channel = this.#add(peer, { id, name })
    await channel.write({ t: 'open', channel: id, protocol, name })
    return channel
  }

  /** Takes a channel's frame that arrived. Resolves when the next one may come. */
  async take(peer: Did, frame: Extract<AppFrame, { t: 'open' | 'data' | 'close' }>): Promise<void> {
    if (frame.t === 'open') return this.#accept(peer, frame)
    const channel = this.#channels.get(peer)?.get(frame.channel)
    if (channel === undefined) return
    if (frame.t === 'close') return channel.finish(frame.reason)
    await channel.take(frame)
  }

  /** The link to a peer is gone: so are its channels. */
  drop(peer: Did): void {
    for (const channel of [...(this.#channels.get(peer)?.values() ?? [])]) channel.finish('failed')
  }

  #accept(peer: Did, frame: Extract<AppFrame, { t: 'open' }>): void {
    const { agent } = this.#options
    const isTheirs = frame.channel % 2 === (peer < agent.did ? 1 : 0)
    if (!isTheirs || this.#channels.get(peer)?.has(frame.channel)) {
      throw new TalosError('FRAME_INVALID', { reason: 'the channel is not theirs to open' })
    }
    const handler = this.#handlers.get(frame.protocol)
    const channel = this.#add(peer, { id: frame.channel, name: frame.name })
    if (handler === undefined) channel.end('refused')
    else void this.#run(handler, channel)
  }

  async #run(handler: ChannelHandler, channel: Channel): Promise<void> {
    try {
      await handler(channel)
    } catch {
      channel.end('failed')
    }
  }

  #add(peer: Did, { id, name }: { readonly id: number; readonly name: string }): Channel {
    const channels = this.#channels.get(peer) ?? new Map<number, Channel>()
    if (channels.size >= MAX_CHANNELS_PER_PEER) throw new TalosError('CHANNEL_LIMIT', { limit: MAX_CHANNELS_PER_PEER })
    this.#channels.set(peer, channels)
    const post = async (frame: AppFrame) => await this.#post(peer, frame)
    const channel = new Channel({ id, name, peer, post, onEnd: () => channels.delete(id) })
    channels.set(id, channel)
    return channel
  }

  async #post(peer: Did, frame: AppFrame): Promise<void> {
    const { agent, sessions, wire } = this.#options
    const messageId = toHex(agent.random.bytes(16))
    const sealed = sessions.seal({ peer, frame })
    await wire.post({ peer, messageId, wire: sealed.wire })
  }
}

interface ChannelParts {
  readonly id: number
  readonly name: string
  readonly peer: Did
  readonly post: (frame: AppFrame) => Promise<void>
  readonly onEnd: () => void
}

class Channel implements SealedChannel {
  readonly name: string
  readonly peer: Did
  readonly closed: Promise<string>
  readonly #parts: ChannelParts
  readonly #settle: (reason: string) => void
  readonly #handler = Promise.withResolvers<(frame: Uint8Array) => void | Promise<void>>()
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

  onFrame(handler: (frame: Uint8Array) => void | Promise<void>): void {
    this.#handler.resolve(handler)
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
    void this.#writing.then(() => this.end(word))
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
    this.#pieces = []
    this.#parts.onEnd()
    this.#settle(reason)
  }

  async write(frame: AppFrame): Promise<void> {
    await this.#parts.post(frame)
  }

  /** Takes one piece, in its order; a whole frame goes to the handler before the next piece is taken. */
  async take({ sequence, last, body }: Extract<AppFrame, { t: 'data' }>): Promise<void> {
    if (!this.#isOpen) return
    this.#gatheredBytes += body.length
    if (sequence !== this.#received || this.#gatheredBytes > CHANNEL_FRAME_MAX_BYTES) return this.end('protocol')
    this.#received += 1
    this.#pieces.push(body)
    if (!last) return
    const frame = concatBytes(...this.#pieces)
    this.#pieces = []
    this.#gatheredBytes = 0
    try {
      const handler = await Promise.race([this.#handler.promise, this.closed.then(() => undefined)])
      await handler?.(frame)
    } catch {
      this.end('failed')
    }
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
