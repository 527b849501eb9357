/**
 * What bytes from the wire are, before any session is known (spec 06-session 6.2). Nothing here is authenticated yet.
 */
import { TalosError } from '@talos/errors'
import { KIND_FIRST_FLIGHT, KIND_MESSAGE } from './constants.ts'
import { checkPrefix } from './ratchet.ts'

/** Where the session id stands in a message. */
const SESSION_ID_OFFSET = 3
const SESSION_ID_END = 19

export type Route = { readonly kind: 'first-flight' } | { readonly kind: 'message'; readonly sessionId: Uint8Array }

/**
 * Tells a first flight from a message, and names the session of the latter.
 *
 * @throws TalosError `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`
 */
export function routeOf(bytes: Uint8Array): Route {
  if (bytes[1] === KIND_FIRST_FLIGHT) {
    checkPrefix(bytes, KIND_FIRST_FLIGHT)
    return { kind: 'first-flight' }
  }
  checkPrefix(bytes, KIND_MESSAGE)
  if (bytes.length < SESSION_ID_END) throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'it is too short' })
  return { kind: 'message', sessionId: bytes.slice(SESSION_ID_OFFSET, SESSION_ID_END) }
}
