/**
 * Groups of entries: the form in which a store keeps them (contracts/spec/10-audit-entry.md, clause 10.6).
 *
 * A group is an entry bundle of C2SP tlog-tiles, or a part of one: for each entry its length in two bytes, big endian,
 * then its bytes. It never crosses a multiple of 256, so a group of 256 is the bundle of its tile as it is served.
 */
import { TalosError } from '@talos/errors'
import { TILE_WIDTH } from '@talos/merkle'
import type { EntryGroup, StoredEntry } from './store.ts'

/** Bytes that tell the length of a body. */
export const LENGTH_BYTES = 2

/** Entries in one piece, each behind its length. */
export interface Bundle {
  readonly bytes: Uint8Array
  /** Where each entry's length stands, and behind the last entry the end: one more than there are entries. */
  readonly offsets: readonly number[]
}

const encoder = new TextEncoder()

/** Puts texts into one bundle. Each has at most 65,535 bytes. */
export function bundleOf(texts: readonly string[]): Bundle {
  const offsets = [0]
  let end = 0
  for (const text of texts) {
    end += LENGTH_BYTES + text.length
    offsets.push(end)
  }
  const bytes = new Uint8Array(end)
  for (let first = 0; first < texts.length; first += TEXTS_AT_ONCE) {
    const joined = ['', ...texts.slice(first, first + TEXTS_AT_ONCE)].join(NO_LENGTH)
    const { read, written } = encoder.encodeInto(joined, bytes.subarray(offsets[first]))
    // A text with a character of several bytes does not fit: it is only in entry 0, and takes the long way.
    if (read !== joined.length || written !== read) return bundleOfBodies(texts.map((text) => encoder.encode(text)))
  }
  return { bytes: withLengths(bytes, offsets), offsets }
}

/** Room for a length. */
const NO_LENGTH = '\0'.repeat(LENGTH_BYTES)
/** Short enough together to be put together in the engine's young memory, half as dear as in that of large objects. */
const TEXTS_AT_ONCE = 64

/** Puts bodies into one bundle. Each has at most 65,535 bytes. */
function bundleOfBodies(bodies: readonly Uint8Array[]): Bundle {
  const offsets = [0]
  let end = 0
  for (const body of bodies) {
    end += LENGTH_BYTES + body.length
    offsets.push(end)
  }
  const bytes = new Uint8Array(end)
  for (const [position, body] of bodies.entries()) bytes.set(body, (offsets[position] as number) + LENGTH_BYTES)
  return { bytes: withLengths(bytes, offsets), offsets }
}

function withLengths(bytes: Uint8Array, offsets: readonly number[]): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  for (const end of offsets.slice(1)) {
    view.setUint16(start, end - start - LENGTH_BYTES)
    start = end
  }
  return bytes
}

/** The bytes of one entry of a bundle, on their own. */
export function bodyAt({ bytes, offsets }: Bundle, position: number): Uint8Array {
  const [start = 0, end = 0] = offsets.slice(position, position + 2)
  return bytes.slice(start + LENGTH_BYTES, end)
}

/** Cuts a bundle into as few groups as there can be; they are views of its bytes. */
export function cutBundle(first: number, { bytes, offsets }: Bundle): EntryGroup[] {
  const groups: EntryGroup[] = []
  const total = offsets.length - 1
  for (let start = 0; start < total; ) {
    const count = Math.min(TILE_WIDTH - ((first + start) % TILE_WIDTH), total - start)
    const bodies = bytes.subarray(offsets[start], offsets[start + count])
    groups.push({ first: first + start, count, bodies })
    start += count
  }
  return groups
}

/** Puts consecutive bodies into as few groups as there can be. Bodies have at most 65,535 bytes. */
export function groupsOf(first: number, bodies: readonly Uint8Array[]): EntryGroup[] {
  return cutBundle(first, bundleOfBodies(bodies))
}

/**
 * The entries of a group, in order; their bodies are views of the group's bytes.
 *
 * @throws TalosError `AUDIT_CORRUPT` {index, part: 'entry'} at the first entry that the bytes do not hold, or past the last
 *   one when bytes are left over
 */
export function entriesOf({ first, count, bodies }: EntryGroup): StoredEntry[] {
  const view = new DataView(bodies.buffer, bodies.byteOffset, bodies.byteLength)
  const entries: StoredEntry[] = []
  let offset = 0
  for (let index = first; index < first + count; index += 1) {
    const start = offset + LENGTH_BYTES
    const end = start <= bodies.length ? start + view.getUint16(offset) : start
    if (end > bodies.length) throw new TalosError('AUDIT_CORRUPT', { index, part: 'entry' })
    entries.push({ index, body: bodies.subarray(start, end) })
    offset = end
  }
  if (offset !== bodies.length) throw new TalosError('AUDIT_CORRUPT', { index: first + count, part: 'entry' })
  return entries
}

/** The body of one entry of a group, which holds it; a view of the group's bytes. Throws `AUDIT_CORRUPT` as `entriesOf`. */
export function bodyIn({ first, bodies }: EntryGroup, index: number): Uint8Array {
  const view = new DataView(bodies.buffer, bodies.byteOffset, bodies.byteLength)
  let offset = 0
  for (let place = first; ; place += 1) {
    const start = offset + LENGTH_BYTES
    offset = start <= bodies.length ? start + view.getUint16(offset) : start
    if (offset > bodies.length) throw new TalosError('AUDIT_CORRUPT', { index: place, part: 'entry' })
    if (place === index) return bodies.subarray(start, offset)
  }
}
