/** Bytes from a hostile peer or disk: whatever they are, the answer is a code of a session and no state changes. */
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  decodePrekeySecrets,
  decodeSessionState,
  encodeSessionState,
  open,
  openReset,
  openStream,
  routeOf,
  verifyBundle,
} from '../src/index.ts'
import { establish, kernel, NOW_MS, respondTo } from './agents.ts'
import { Line } from './line.ts'

let made: Awaited<ReturnType<typeof establish>>
let message: Uint8Array
let stored: Uint8Array

beforeAll(async () => {
  made = await establish()
  const line = new Line(made)
  line.turn()
  message = line.say('alice', 'honest')
  stored = encodeSessionState(line.states.bob)
})

/** Whether it was refused in the words of this package, or was fine. */
function isCoded(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch (error) {
    return isTalosError(error) && error.code.startsWith('SESSION_')
  }
}

/** Bytes of any length that begin as those of a session do, or do not. */
const wire = fc
  .tuple(fc.constantFrom([], [1], [1, 1], [1, 2, 0], [1, 2, 0xf0], [1, 2, 0xf2]), fc.uint8Array({ maxLength: 2_048 }))
  .map(([prefix, rest]) => Uint8Array.of(...prefix, ...rest))

/** Places of an honest byte string and what is put there. */
const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })

function edited(bytes: Uint8Array, changes: readonly (readonly [number, number])[], length = bytes.length): Uint8Array {
  const changed = bytes.slice()
  for (const [place, byte] of changes) changed.set([byte], place % changed.length)
  return changed.subarray(0, length)
}

const options = { seed: 42, numRuns: 400 }

describe('hostile bytes', () => {
  it('on the wire meet a code in every function that takes them', () => {
    const { alice: signer, holder } = { alice: made.alice.remoteDid, holder: made.holder }
    fc.assert(
      fc.property(wire, (bytes) => {
        const state = decodeSessionState(stored)
        const acts = [
          () => routeOf(bytes),
          () => open(state, { kernel, nowMs: NOW_MS, message: bytes }),
          () => openStream(state, { kernel, nowMs: NOW_MS, message: bytes }),
          () => respondTo(holder, { firstFlight: bytes }),
          () => openReset({ kernel, bytes, from: signer, self: signer, nowS: NOW_MS / 1000 }),
          () => verifyBundle({ kernel, bytes, nowMs: NOW_MS }),
        ]
        expect(acts.map(isCoded)).toEqual(acts.map(() => true))
        expect(encodeSessionState(state)).toEqual(stored)
      }),
      options,
    )
  })

  it('made of an honest message meet a code, and the honest message opens afterwards', () => {
    fc.assert(
      fc.property(edits, fc.nat({ max: message.length }), (changes, length) => {
        const state = decodeSessionState(stored)
        expect(isCoded(() => open(state, { kernel, nowMs: NOW_MS, message: edited(message, changes, length) }))).toBe(
          true,
        )
        expect(open(state, { kernel, nowMs: NOW_MS, message }).kind).toBe('content')
      }),
      options,
    )
  })

  it('on the disk are read as what they are, or refused', () => {
    fc.assert(
      fc.property(edits, fc.nat({ max: stored.length }), (changes, length) => {
        for (const bytes of [edited(stored, changes), edited(stored, changes, length)]) {
          expect(isCoded(() => encodeSessionState(decodeSessionState(bytes)))).toBe(true)
          expect(isCoded(() => decodePrekeySecrets(bytes))).toBe(true)
        }
      }),
      options,
    )
  })

  it('that a record still decodes to never make its session fail without a code', () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = edited(stored, changes)
        expect(isCoded(() => open(decodeSessionState(bytes), { kernel, nowMs: NOW_MS, message }))).toBe(true)
      }),
      options,
    )
  })
})
