/**
 * What bytes from the wire are, before any session is known (spec 06-session 6.2). Nothing here is authenticated yet.
 */
import { TalosError } from '@talos/errors'
import { KIND_FIRST_FLIGHT, KIND_MESSAGE, SUITE_BYTE } from './constants.ts'
import { MESSAGE_PREFIX_BYTES, SESSION_ID_OFFSET } from './form.ts'
import { invalidMessage } from './key-schedule.ts'

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
  if (bytes.length < MESSAGE_PREFIX_BYTES) throw invalidMessage('it is too short')
  return { kind: 'message', sessionId: bytes.slice(SESSION_ID_OFFSET, MESSAGE_PREFIX_BYTES) }
}

/**
 * Checks suite and kind, the first two bytes.
 *
 * @throws TalosError `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`
 */
export function checkPrefix(bytes: Uint8Array, kind: typeof KIND_FIRST_FLIGHT | typeof KIND_MESSAGE): void {
  if (bytes[0] !== SUITE_BYTE) throw new TalosError('SESSION_SUITE', { subject: 'the message' })
  if (bytes[1] !== kind) throw invalidMessage('it is of another kind')
}
