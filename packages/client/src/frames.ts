/** Application frames (spec 15-frames): their bytes, how they may travel, and what is kept of them. */
import { decodeCbor, encodeCbor } from '@talos/bytes'
import { type AppFrame, type Did, parseAppFrame } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { MAX_MESSAGE_BYTES } from '@talos/session'
import type { IncomingMessage, MessageName } from '@talos/storage'

/** How sealed bytes came over the link: as a request, which is answered, or one way. */
export type Carriage = 'request' | 'one-way'

/** A frame of a channel: it keeps its order on a link and is over with it. */
export type ChannelFrame = Extract<AppFrame, { t: 'open' | 'data' | 'close' }>

export function encodeFrame(frame: AppFrame): Uint8Array {
  return encodeCbor(frame)
}

/** @throws TalosError `FRAME_INVALID` */
export function decodeFrame(bytes: Uint8Array): AppFrame {
  try {
    return parseAppFrame(decodeCbor(bytes, { maxBytes: MAX_MESSAGE_BYTES, maxDepth: 8 }))
  } catch (cause) {
    const reason = isTalosError(cause, 'SCHEMA_INVALID') ? 'its members' : 'its form'
    throw new TalosError('FRAME_INVALID', { reason }, { cause })
  }
}

export function isChannelFrame(frame: AppFrame): frame is ChannelFrame {
  return frame.t === 'open' || frame.t === 'data' || frame.t === 'close'
}

/**
 * What must arrive travels as a request, what has an order one way; a greeting goes either way.
 *
 * @throws TalosError `FRAME_INVALID`
 */
export function checkCarriage(frame: AppFrame, carriage: Carriage): void {
  if (frame.t === 'greeting' || isChannelFrame(frame) === (carriage === 'one-way')) return
  throw new TalosError('FRAME_INVALID', { reason: 'it travels another way' })
}

/** What a receiver keeps of a frame, in the transaction that opened it (spec 15-frames, 15.2). */
export function keptOf(options: {
  readonly peer: Did
  readonly messageId: string
  readonly sessionId: Uint8Array
  readonly frame: AppFrame
  readonly carriage: Carriage
  readonly nowMs: number
}): { readonly message?: IncomingMessage; readonly arrival?: MessageName & { readonly nowMs: number } } {
  const { peer, messageId, sessionId, frame, carriage, nowMs } = options
  if (carriage === 'one-way') return {}
  if (frame.t === 'greeting') return { arrival: { peer, messageId, nowMs } }
  const place = { peer, messageId, sessionId, contentType: 0, nowMs }
  if (frame.t === 'message') return { message: { ...place, kind: 'message', plaintext: frame.body } }
  return { message: { ...place, kind: 'effect', plaintext: encodeFrame(frame) } }
}
