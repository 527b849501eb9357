/** The signed reset (spec 06-session 6.12). */
import { encodeCbor, type IpldValue } from '@talos/bytes'
import { SESSION_RESET_TAG, type SessionReset } from '@talos/contracts'
import { signEnvelope } from '@talos/identity'
import { describe, expect, it } from 'vitest'
import { createReset, MAX_RESET_BYTES, openReset, RESET_WINDOW_S } from '../src/index.ts'
import { kernel, makeAgent, NOW_MS } from './agents.ts'

const [alice, bob, mallory] = [makeAgent('alice'), makeAgent('bob'), makeAgent('mallory')]
const NOW_S = NOW_MS / 1000
const session = new Uint8Array(16).fill(1)
const active = new Uint8Array(16).fill(2)

const withReason = (reason: string) => expect.objectContaining({ code: 'SESSION_RESET_INVALID', details: { reason } })
const malformed = withReason('its signed envelope or its members')

function create(change: Partial<Parameters<typeof createReset>[0]> = {}): Promise<Uint8Array> {
  const given = { signer: alice.signer, random: alice.random, nowS: NOW_S, instance: 'main' }
  return createReset({ ...given, peer: bob.signer.did, session, reason: 'header', ...change })
}

function openAt(bytes: Uint8Array, change: Partial<Parameters<typeof openReset>[0]> = {}): SessionReset {
  return openReset({ kernel, bytes, from: alice.signer.did, self: bob.signer.did, nowS: NOW_S, ...change })
}

/** Any payload under the tag, signed by Alice unless told otherwise. */
async function signed(payload: { readonly [member: string]: IpldValue }, by = alice, tag = SESSION_RESET_TAG) {
  const { bytes } = await signEnvelope({ tag, payload, signer: by.signer })
  return bytes
}

describe('a reset', () => {
  it.each(['missing', 'header', 'authentication', 'exhausted', 'rollback'] as const)('says %s', async (reason) => {
    const reset = openAt(await create({ reason, active }))
    expect(reset).toMatchObject({ iss: alice.signer.did, aud: bob.signer.did, instance: 'main', iat: NOW_S })
    expect(reset).toMatchObject({ session, active, reason, nonce: { length: 16 } })
  })

  it('names no active session where there is none, and is another one each time', async () => {
    const [one, two] = [await create(), await create()]
    expect('active' in openAt(one)).toBe(false)
    expect(openAt(one).nonce).not.toEqual(openAt(two).nonce)
  })

  it('is valid for ten minutes either way, and not a second longer', async () => {
    const bytes = await create()
    for (const nowS of [NOW_S - RESET_WINDOW_S, NOW_S + RESET_WINDOW_S]) expect(openAt(bytes, { nowS }).iat).toBe(NOW_S)
    for (const nowS of [NOW_S - RESET_WINDOW_S - 1, NOW_S + RESET_WINDOW_S + 1]) {
      expect(() => openAt(bytes, { nowS })).toThrow(withReason('it was not signed now'))
    }
  })

  it('is refused from another agent than it is of, and by another than it is for', async () => {
    const bytes = await create()
    expect(() => openAt(bytes, { from: mallory.signer.did })).toThrow(withReason('it is of another agent'))
    expect(() => openAt(bytes, { self: mallory.signer.did })).toThrow(withReason('it is for another agent'))
  })

  it('is refused with any bit changed', async () => {
    const bytes = await create({ active })
    for (const [position, byte] of bytes.entries()) {
      expect(() => openAt(bytes.with(position, byte ^ (1 << (position % 8))))).toThrow(malformed)
    }
  })

  it('is refused under another tag, with another member, without one, or by another key', async () => {
    const payload = { ...openAt(await create()) }
    const { nonce: _none, ...short } = payload
    const bytes = [
      await signed(payload, alice, 'talos/revoke@1'),
      await signed({ ...payload, note: 1 }),
      await signed(short),
      await signed({ ...payload, reason: 'whim' }),
      encodeCbor({ ...payload }),
      new Uint8Array(0),
    ]
    for (const each of bytes) expect(() => openAt(each)).toThrow(malformed)
    const stolen = await signed({ ...payload, iss: mallory.signer.did }, mallory)
    expect(() => openAt(stolen)).toThrow(withReason('it is of another agent'))
  })

  it('is refused above 1,024 bytes before it is decoded', async () => {
    expect((await create({ active, instance: 'a'.repeat(64), reason: 'authentication' })).length).toBeLessThan(512)
    const cause = expect.objectContaining({ cause: expect.objectContaining({ code: 'INPUT_TOO_LARGE' }) })
    expect(() => openAt(new Uint8Array(MAX_RESET_BYTES + 1))).toThrow(cause)
    expect(() => openAt(new Uint8Array(MAX_RESET_BYTES))).not.toThrow(cause)
  })

  it('is not made of members that are none', async () => {
    const failure = expect.objectContaining({ code: 'SESSION_ARGUMENT' })
    for (const change of [{ instance: 'Main' }, { session: new Uint8Array(15) }, { active: new Uint8Array(17) }]) {
      await expect(create(change)).rejects.toThrow(failure)
    }
  })
})
