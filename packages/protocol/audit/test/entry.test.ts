/** Entries as they are written: what the log would not read, it does not write; commitments disclose one value each. */
import { commitTo, decodeEntry, encodeEntry, entryId, MAX_ENTRY_BYTES, saltScope, verifyCommitment } from '@talos/audit'
import { toHex } from '@talos/bytes'
import type { AuditEntry } from '@talos/contracts'
import { seededRandom } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf, entry, kernel, START_MS } from './fixtures.ts'

describe('writing an entry', () => {
  it('refuses what reading refuses', async () => {
    const wrong: [object, string][] = [
      [{ kind: 'tool.guess' }, 'SCHEMA_INVALID'],
      [{ extra: 1 }, 'SCHEMA_INVALID'],
      [{ kind: 'message.send' }, 'AUDIT_ENTRY_INVALID'],
      [{ seq: 0 }, 'AUDIT_ENTRY_INVALID'],
    ]
    for (const [changes, code] of wrong) {
      expect(await codeOf(() => encodeEntry({ ...entry(), ...changes } as AuditEntry))).toBe(code)
    }
  })

  it('refuses an entry that is longer than its limit, and takes one at the limit', async () => {
    const opening = (lengthChars: number): AuditEntry =>
      entry({
        kind: 'log.open',
        seq: 0,
        log: { origin: 'talos/x/1', delegation: 'A'.repeat(8192), previous: '\u0001'.repeat(lengthChars) },
      })
    const fixed = encodeEntry(opening(1)).length - 6
    const room = MAX_ENTRY_BYTES - fixed
    const atLimit = opening(Math.floor(room / 6))
    expect(encodeEntry(atLimit).length).toBeLessThanOrEqual(MAX_ENTRY_BYTES)
    expect(await codeOf(() => decodeEntry(encodeEntry(atLimit)))).toBe('accepted')
    expect(await codeOf(() => encodeEntry(opening(Math.floor(room / 6) + 1)))).toBe('AUDIT_ENTRY_INVALID')
  })

  it('refuses every changed byte on reading, or reads another entry, never the same', () => {
    const body = encodeEntry(entry())
    fc.assert(
      fc.property(fc.nat({ max: body.length - 1 }), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        const changed = body.slice()
        changed[position] = changed[position]! ^ mask
        let again: Uint8Array
        try {
          again = encodeEntry(decodeEntry(changed))
        } catch {
          return
        }
        expect(again).toEqual(changed)
      }),
      { seed: 42, numRuns: 500 },
    )
  })
})

describe('the id of an entry', () => {
  it('is a UUIDv7 that begins with its time', () => {
    const random = seededRandom('ids')
    const id = entryId({ nowMs: START_MS, random })
    expect(id).toMatch(/^018bcfe568007[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
    expect(entryId({ nowMs: START_MS, random })).not.toBe(id)
  })
})

describe('a commitment', () => {
  const salt = new Uint8Array(32).fill(5)

  it('opens for its own value and for no other', async () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const value = JSON.parse(JSON.stringify(one))
        const false_ = JSON.parse(JSON.stringify(other))
        const commitment = toHex(commitTo({ path: 'params', value, salt, kernel }))
        verifyCommitment({ path: 'params', value, salt, kernel, commitment })
        if (JSON.stringify(value) === JSON.stringify(false_)) return
        expect(toHex(commitTo({ path: 'params', value: false_, salt, kernel }))).not.toBe(commitment)
      }),
      { seed: 42, numRuns: 200 },
    )
  })

  it('of bytes is not that of the same text as JSON', () => {
    const bytes = commitTo({ path: 'content', bytes: new TextEncoder().encode('"x"'), salt, kernel })
    expect(bytes).not.toEqual(commitTo({ path: 'content', value: 'x', salt, kernel }))
  })

  it('that is no hex is refused as such', async () => {
    const open = () => verifyCommitment({ path: 'params', value: 1, salt, kernel, commitment: 'XX' })
    expect(await codeOf(open)).toBe('ENCODING_INVALID')
  })

  it('has its salt key with its session, else with its entry', () => {
    expect(saltScope({ session: 'a', id: 'b' })).toBe('session:a')
    expect(saltScope({ id: 'b' })).toBe('entry:b')
  })
})
