/**
 * Groups of entries: the form in which a store keeps them (contracts/spec/10-audit-entry.md, clause 10.6).
 *
 * A group is an entry bundle of C2SP tlog-tiles, or a part of one: for each entry its length in two bytes, big endian,
 * then its bytes. It never crosses a multiple of 256, so a group of 256 is the bundle of its tile as it is served.
 */
import { ByteWriter } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { TILE_WIDTH } from '@talos/merkle'
import type { EntryGroup, StoredEntry } from './store.ts'

/** Bytes that tell the length of a body. */
export const LENGTH_BYTES = 2

/** Puts consecutive bodies into as few groups as there can be. Bodies have at most 65,535 bytes. */
export function groupsOf(first: number, bodies: readonly Uint8Array[]): EntryGroup[] {
  const groups: EntryGroup[] = []
  for (let start = 0; start < bodies.length; ) {
    const count = Math.min(TILE_WIDTH - ((first + start) % TILE_WIDTH), bodies.length - start)
    const writer = new ByteWriter()
    for (const body of bodies.slice(start, start + count)) {
      writer.u16(body.length)
      writer.bytes(body)
    }
    groups.push({ first: first + start, count, bodies: writer.finish() })
    start += count
  }
  return groups
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
