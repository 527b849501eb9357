/** Opening a link (spec 13-link-envelope, 13.4): the carrier is connected, the hello decides whether the link is up. */
import { type Did, decodeLinkClose } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { LinkRole, Signer } from '@talos/identity'
import type { CarrierConnection } from '@talos/ports'
import {
  DEAD_AFTER_MS,
  DEFAULT_MAX_MESSAGE_BYTES,
  HEARTBEAT_INTERVAL_MS,
  HELLO_TIMEOUT_MS,
  WINDOW_MARGIN_BYTES,
} from '../limits.ts'
import { CLOSE_REFUSED, closeFor, drain, leave } from './closing.ts'
import {
  controlFrame,
  decodeAs,
  FRAME_CLOSE,
  FRAME_HELLO,
  type Frame,
  FrameDecoder,
  type FrameSource,
  invalid,
} from './frames.ts'
import { createHello, type Hello, type LinkTerms, verifyHello } from './hello.ts'
import { Link } from './link.ts'
import { type LinkTimers, systemTimers } from './timers.ts'

export interface OpenLinkOptions {
  readonly connection: CarrierConnection
  /** Our own role: who dialled is the dialer. */
  readonly role: LinkRole
  /** Proves our DID; its kernel checks the peer's. */
  readonly signer: Signer
  /** Our own 32-byte transport key, the one that this connection's carrier shows. */
  readonly transportKey: Uint8Array
  /** Only this peer will do. */
  readonly expectedDid?: Did
  /** Asked once the peer's DID is proven; a listener stays silent towards whom it does not admit. */
  readonly admit?: (did: Did) => boolean
  /** 64 KiB to 64 MiB; 16 MiB unless given. */
  readonly maxMessageBytes?: number
  /** Credit of each pool; one message of full size and 1 MiB unless given. */
  readonly windowBytes?: number
  readonly helloTimeoutMs?: number
  readonly heartbeatIntervalMs?: number
  readonly deadAfterMs?: number
  readonly timers?: LinkTimers
}

/**
 * Exchanges hellos over a connection. On failure the connection is closed and the promise rejects.
 *
 * @throws TalosError `NETWORK_HELLO_TIMEOUT`, `NETWORK_HELLO_INVALID`, `NETWORK_HELLO_VERSION`, `NETWORK_DID_MISMATCH`,
 * `NETWORK_PEER_REFUSED` (by our `admit`), `NETWORK_REFUSED_BY_PEER`, `NETWORK_FRAME_INVALID`, `NETWORK_CLOSED`,
 * `SIGNER_FAILED`, `LAYOUT_INVALID` (terms out of range)
 */
export async function openLink(options: OpenLinkOptions): Promise<Link> {
  const { connection, helloTimeoutMs = HELLO_TIMEOUT_MS, timers = systemTimers } = options
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES
  const terms = { maxMessageBytes, windowBytes: options.windowBytes ?? maxMessageBytes + WINDOW_MARGIN_BYTES }
  const source = { incoming: connection.incoming[Symbol.asyncIterator](), decoder: new FrameDecoder() }
  const deadline = Promise.withResolvers<never>()
  const cancel = timers.after(helloTimeoutMs, () =>
    deadline.reject(new TalosError('NETWORK_HELLO_TIMEOUT', { timeoutMs: helloTimeoutMs })),
  )
  try {
    const peer = await Promise.race([exchange(options, source, terms), deadline.promise])
    source.decoder.allowFullFrames()
    const { heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS, deadAfterMs = DEAD_AFTER_MS, role } = options
    return new Link({ connection, source, role, peer, terms, timers, heartbeatIntervalMs, deadAfterMs })
  } catch (error) {
    void drain(source.incoming)
    void leave({ connection, timers, ...closeFor(error) })
    throw error
  } finally {
    cancel()
  }
}

async function exchange(options: OpenLinkOptions, source: FrameSource, terms: LinkTerms): Promise<Hello> {
  if (options.role === 'dialer') await sayHello(options, terms)
  const peer = await hearHello(options, source)
  if (options.admit?.(peer.did) === false) throw new TalosError('NETWORK_PEER_REFUSED')
  if (options.role === 'listener') await sayHello(options, terms)
  return peer
}

async function sayHello(options: OpenLinkOptions, terms: LinkTerms): Promise<void> {
  const { connection, role, signer, transportKey } = options
  const { channelBinding } = connection
  const payload = await createHello({ role, signer, transportKey, channelBinding, ...terms })
  await connection.write(controlFrame(FRAME_HELLO, payload))
}

async function hearHello(options: OpenLinkOptions, source: FrameSource): Promise<Hello> {
  const frame = await firstFrame(source)
  if (frame.type === FRAME_CLOSE) throw closedByPeer(frame)
  if (frame.type !== FRAME_HELLO) throw invalid('the first frame is no hello')
  const { connection, signer, expectedDid } = options
  return verifyHello({
    role: options.role === 'dialer' ? 'listener' : 'dialer',
    channelBinding: connection.channelBinding,
    transportKey: connection.remoteTransportKey,
    payload: frame.payload,
    kernel: signer.kernel,
    expectedDid,
  })
}

async function firstFrame({ incoming, decoder }: FrameSource): Promise<Frame> {
  for (;;) {
    const frame = decoder.next()
    if (frame !== undefined) return frame
    const step = await incoming.next()
    if (step.done === true) throw new TalosError('NETWORK_CLOSED', { reason: 'remote' })
    decoder.feed(step.value)
  }
}

function closedByPeer(frame: Frame): TalosError {
  const { reason } = decodeAs('the close', () => decodeLinkClose(frame.payload))
  if (reason === CLOSE_REFUSED) return new TalosError('NETWORK_REFUSED_BY_PEER')
  return new TalosError('NETWORK_CLOSED', { reason: 'remote' })
}
