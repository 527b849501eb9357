/** What the transcript hash binds: each item that both ends have to agree on, and where one ends and the next begins. */
import { toHex } from '@talos/bytes'
import { loadKernel } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { type Transcript, transcriptHash } from '../src/transcript.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const party = (byte: number) => ({
  did: `did:key:${byte}`,
  instance: `instance-${byte}`,
  signingKey: filled(byte),
  identityKey: filled(byte + 1),
})

const BASE: Transcript = {
  mode: 'accountable',
  initiator: party(10),
  responder: party(20),
  bundleHash: filled(30),
  spkId: 1,
  pqspkId: 2,
  oneTimeIndex: 3,
  ephemeralKey: filled(31),
  kemCiphertext: filled(32, 1088),
  context: filled(33),
}
const OTHER = { did: 'did:key:other', instance: 'other', signingKey: filled(90), identityKey: filled(91) }
const hashOf = (transcript: Transcript) => toHex(transcriptHash(kernel, transcript))

const changes: readonly (readonly [string, Partial<Transcript>])[] = [
  ['the mode', { mode: 'deniable' }],
  ...(['initiator', 'responder'] as const).flatMap((side) =>
    (['did', 'instance', 'signingKey', 'identityKey'] as const).map(
      (member) => [`${member} of the ${side}`, { [side]: { ...BASE[side], [member]: OTHER[member] } }] as const,
    ),
  ),
  ['the roles', { initiator: BASE.responder, responder: BASE.initiator }],
  ['the bundle', { bundleHash: filled(92) }],
  ['the signed prekey', { spkId: 4 }],
  ['the signed ML-KEM prekey', { pqspkId: 4 }],
  ['which signed prekey is which', { spkId: 2, pqspkId: 1 }],
  ['the one-time pair', { oneTimeIndex: 4 }],
  ['the ephemeral key', { ephemeralKey: filled(92) }],
  ['the ML-KEM ciphertext', { kemCiphertext: filled(92, 1088) }],
  ['the capability context', { context: filled(92) }],
  [
    'the border between a DID and an instance',
    { initiator: { ...BASE.initiator, did: 'did:key:10i', instance: 'nstance-10' } },
  ],
]

describe('the transcript hash', () => {
  it.each(changes)('binds %s', (_, change) => {
    expect(hashOf({ ...BASE, ...change })).not.toBe(hashOf(BASE))
  })

  it('differs for every one of these changes', () => {
    expect(new Set(changes.map(([, change]) => hashOf({ ...BASE, ...change }))).size).toBe(changes.length)
  })
})
