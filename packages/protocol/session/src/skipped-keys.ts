/**
 * Skipped keys as one byte string, in memory as in the record (spec 06-session 6.9):
 *
 *     u32 number || u64 storedMs || message key (32)        44 bytes for each, ascending by number
 *
 * A chain that did not change is stored by copying its bytes. What a state holds is never written to, and never is a view
 * into a longer buffer: keys that were dropped would live on in it.
 */
import { RATCHET_KEY_BYTES } from '@talos/kernel'
import { MAX_CHAIN_MESSAGES, SKIPPED_KEY_LIFETIME_MS } from './constants.ts'

const STORED_MS_OFFSET = 4
const MESSAGE_KEY_OFFSET = 12
const SKIPPED_KEY_BYTES = MESSAGE_KEY_OFFSET + RATCHET_KEY_BYTES
const TWO_32 = 2 ** 32

/** Of a chain that skipped nothing. */
export const NO_SKIPPED_KEYS: Uint8Array = new Uint8Array(0)

export function keyCount(keys: Uint8Array): number {
  return keys.length / SKIPPED_KEY_BYTES
}

/** The keys with those of `count` messages more; `first` is above every number that `keys` has. */
export function withKeys(
  keys: Uint8Array,
  added: {
    readonly first: number
    readonly count: number
    readonly storedMs: number
    /** The message keys one after another; may hold more than `count`. */
    readonly messageKeys: Uint8Array
  },
): Uint8Array {
  const { first, count, storedMs, messageKeys } = added
  const all = new Uint8Array(keys.length + count * SKIPPED_KEY_BYTES)
  all.set(keys)
  const view = viewOf(all)
  for (let index = 0, offset = keys.length; index < count; index += 1, offset += SKIPPED_KEY_BYTES) {
    view.setUint32(offset, first + index)
    view.setUint32(offset + STORED_MS_OFFSET, Math.floor(storedMs / TWO_32))
    view.setUint32(offset + STORED_MS_OFFSET + 4, storedMs % TWO_32)
    const start = index * RATCHET_KEY_BYTES
    all.set(messageKeys.subarray(start, start + RATCHET_KEY_BYTES), offset + MESSAGE_KEY_OFFSET)
  }
  return all
}

/** A copy of the key of one message, and the keys without it; `undefined` when it is not there. */
export function takeKey(
  keys: Uint8Array,
  number: number,
): { readonly messageKey: Uint8Array; readonly rest: Uint8Array } | undefined {
  const offset = findKey(keys, number)
  if (offset === undefined) return undefined
  const end = offset + SKIPPED_KEY_BYTES
  const rest = new Uint8Array(keys.length - SKIPPED_KEY_BYTES)
  rest.set(keys.subarray(0, offset))
  rest.set(keys.subarray(end), offset)
  return { messageKey: keys.slice(offset + MESSAGE_KEY_OFFSET, end), rest }
}

/** The keys without the `count` of the lowest numbers. */
export function withoutFirst(keys: Uint8Array, count: number): Uint8Array {
  return keys.slice(count * SKIPPED_KEY_BYTES)
}

/** The keys that are not too old. */
export function youngKeys(keys: Uint8Array, nowMs: number): Uint8Array {
  const view = viewOf(keys)
  const young = new Uint8Array(keys.length)
  let length = 0
  for (let offset = 0; offset < keys.length; offset += SKIPPED_KEY_BYTES) {
    if (nowMs - storedMsAt(view, offset) >= SKIPPED_KEY_LIFETIME_MS) continue
    young.set(keys.subarray(offset, offset + SKIPPED_KEY_BYTES), length)
    length += SKIPPED_KEY_BYTES
  }
  return young.slice(0, length)
}

/** When the oldest key was stored; infinite when there is none. */
export function oldestStoredMs(keys: Uint8Array): number {
  const view = viewOf(keys)
  let oldestMs = Number.POSITIVE_INFINITY
  for (let offset = 0; offset < keys.length; offset += SKIPPED_KEY_BYTES) {
    oldestMs = Math.min(oldestMs, storedMsAt(view, offset))
  }
  return oldestMs
}

/** Whether bytes from a record are skipped keys: whole ones, their numbers ascending to below `end`, their times integers. */
export function areSkippedKeys(bytes: Uint8Array, end = MAX_CHAIN_MESSAGES): boolean {
  if (bytes.length % SKIPPED_KEY_BYTES !== 0) return false
  const view = viewOf(bytes)
  let previous = -1
  for (let offset = 0; offset < bytes.length; offset += SKIPPED_KEY_BYTES) {
    const number = view.getUint32(offset)
    if (number <= previous || !Number.isSafeInteger(storedMsAt(view, offset))) return false
    previous = number
  }
  return previous < end
}

/** Where the key of a message begins. */
function findKey(keys: Uint8Array, number: number): number | undefined {
  const view = viewOf(keys)
  let [low, high] = [0, keyCount(keys)]
  while (low < high) {
    const middle = (low + high) >>> 1
    const found = view.getUint32(middle * SKIPPED_KEY_BYTES)
    if (found === number) return middle * SKIPPED_KEY_BYTES
    if (found < number) low = middle + 1
    else high = middle
  }
  return undefined
}

function storedMsAt(view: DataView, offset: number): number {
  const at = offset + STORED_MS_OFFSET
  return view.getUint32(at) * TWO_32 + view.getUint32(at + 4)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
