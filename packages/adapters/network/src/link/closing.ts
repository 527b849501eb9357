/** How a side leaves a connection (spec 13-link-envelope, 13.8): CLOSE, half-close, a bounded wait, then the hard end. */
import { encodeLinkClose } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { CarrierConnection, CloseReason } from '@talos/ports'
import { CLOSE_LINGER_MS } from '../limits.ts'
import { controlFrame, FRAME_CLOSE } from './frames.ts'
import type { LinkTimers } from './timers.ts'

export const CLOSE_DONE = 0
const CLOSE_PROTOCOL = 1
const CLOSE_TIMEOUT = 2
export const CLOSE_REFUSED = 3

/** The reason of our own side for an error, as the CLOSE frame and the carrier are told. */
export function closeFor(error: unknown): { readonly wire: number; readonly reason: CloseReason } {
  if (isTalosError(error, 'NETWORK_PEER_REFUSED') || isTalosError(error, 'NETWORK_LIMIT')) {
    return { wire: CLOSE_REFUSED, reason: 'local' }
  }
  if (isTalosError(error, 'NETWORK_HELLO_TIMEOUT') || isTalosError(error, 'NETWORK_TIMEOUT')) {
    return { wire: CLOSE_TIMEOUT, reason: 'timeout' }
  }
  if (isTalosError(error, 'NETWORK_HANDLER_FAILED') || isTalosError(error, 'SIGNER_FAILED')) {
    return { wire: CLOSE_DONE, reason: 'local' }
  }
  if (isTalosError(error, 'NETWORK_REFUSED_BY_PEER')) return { wire: CLOSE_DONE, reason: 'remote' }
  if (isTalosError(error, 'NETWORK_CLOSED')) return { wire: CLOSE_DONE, reason: 'reset' }
  return { wire: CLOSE_PROTOCOL, reason: 'protocol' }
}

/**
 * Leaves the connection. Someone must still be reading `incoming`, so that the peer's end is seen. Resolves when the
 * connection is over, within {@link CLOSE_LINGER_MS}. Never rejects.
 */
export async function leave(options: {
  readonly connection: CarrierConnection
  readonly wire: number
  readonly reason: CloseReason
  readonly timers: LinkTimers
}): Promise<void> {
  const { connection, wire, reason, timers } = options
  const cancel = timers.after(CLOSE_LINGER_MS, () => connection.close(reason))
  const farewell = async () => {
    await connection.write(controlFrame(FRAME_CLOSE, encodeLinkClose({ reason: wire })))
    await connection.end()
  }
  void farewell().catch(() => connection.close(reason))
  await connection.closed
  cancel()
}

/** Reads and forgets what still comes, until the peer's end. Never rejects. */
export async function drain(incoming: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    for (let step = await incoming.next(); step.done !== true; ) step = await incoming.next()
  } catch {
    // Broken is over as well.
  }
}
