import { Secret, utf8 } from '@talos/bytes'
import { PREKEY_BUNDLE_TAG } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { signEnvelope } from '@talos/identity'
import { MLKEM768_ENCAPSULATION_KEY_BYTES } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import {
  certifySessionKey,
  encodeSessionState,
  initiate,
  MAX_MESSAGE_BYTES,
  open,
  publishBundle,
  type Responded,
  type SessionMode,
  seal,
  verifyBundle,
} from '../src/index.ts'
import { establish, initiateTo, kernel, makeAgent, NOW_MS, respondTo, withPrekeys } from './agents.ts'
import { Line } from './line.ts'
import { sealingInstead, sealingPadded } from './misbehaving.ts'

const withCode = (code: string) => expect.objectContaining({ code })
const [alice, mallory] = [makeAgent('alice'), makeAgent('mallory')]

describe('a handshake', () => {
  it('carries the first message and tells the responder who sent it', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const context = new Uint8Array(32).fill(5)
    const given = { plaintext: utf8('hello'), contentType: 7, context }
    const { message, sessionId, state } = await initiateTo(alice, { served: bob.served(2), ...given })
    const responded = respondTo(bob, { firstFlight: message })
    expect(responded).toMatchObject({
      plaintext: utf8('hello'),
      contentType: 7,
      context,
      peerDid: alice.signer.did,
      peerInstance: 'main',
      mode: 'accountable',
      sessionId,
      usedOneTime: { index: 2, bundleHash: bob.prekeys.secrets.bundleHash },
      replay: { transcriptHash: state.transcriptHash, untilS: bob.prekeys.payload.spk.exp },
    })
    expect(responded.state).toMatchObject({
      remoteDid: alice.signer.did,
      remoteInstance: 'main',
      role: 'responder',
      context,
    })
    expect(state).toMatchObject({ remoteDid: bob.signer.did, role: 'initiator', mode: 'accountable', context })
  })

  it('is confirmed at each end once the other answered to keys of this very session', async () => {
    const line = new Line(await establish())
    const confirmed = () => [line.states.alice.confirmed, line.states.bob.confirmed]
    line.hear('bob', line.say('alice', 'still of the first chain'))
    expect(confirmed()).toEqual([false, false])
    line.hear('alice', line.say('bob', 'answer'))
    expect(confirmed()).toEqual([true, false])
    line.hear('bob', line.say('alice', 'answer to the answer'))
    expect(confirmed()).toEqual([true, true])
  })

  it('refuses a signed bundle whose ML-KEM key is none', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const { spk, pqspk, ...rest } = bob.prekeys.payload
    const pub = new Uint8Array(MLKEM768_ENCAPSULATION_KEY_BYTES).fill(0xff)
    const payload = { ...rest, spk: { ...spk }, pqspk: { ...pqspk, pub } }
    const { bytes } = await signEnvelope({ tag: PREKEY_BUNDLE_TAG, payload, signer: bob.signer })
    const served = publishBundle({ bundle: bytes })
    await expect(initiateTo(alice, { served, plaintext: utf8('x') })).rejects.toThrow(
      withCode('SESSION_BUNDLE_INVALID'),
    )
  })

  it('uses no one-time pair when none is left', async () => {
    const bob = await withPrekeys(makeAgent('bob'), { oneTimeCount: 0 })
    const { message } = await initiateTo(alice, { served: bob.served(0), plaintext: utf8('last resort') })
    const responded = respondTo(bob, { firstFlight: message })
    expect(responded.plaintext).toEqual(utf8('last resort'))
    expect('usedOneTime' in responded).toBe(false)
  })

  it('joins two instances of one agent, and refuses an instance with itself', async () => {
    const phone = await withPrekeys(makeAgent('alice', 'phone'))
    const { message } = await initiateTo(alice, { served: phone.served(0), plaintext: utf8('to my phone') })
    expect(respondTo(phone, { firstFlight: message }).peerInstance).toBe('main')
    await expect(initiateTo(phone, { served: phone.served(0) })).rejects.toThrow(withCode('SESSION_SELF'))
  })

  it('gives two sessions to two initiations with the same bundle', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const [one, two] = [
      await initiateTo(alice, { served: bob.served() }),
      await initiateTo(alice, { served: bob.served() }),
    ]
    expect(one.sessionId).not.toEqual(two.sessionId)
    const states = [one, two].map(({ message }) => respondTo(bob, { firstFlight: message }).state.sessionId)
    expect(states).toEqual([one.sessionId, two.sessionId])
  })

  it('carries a first message of 1 MiB and refuses one byte more', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const served = bob.served()
    const plaintext = new Uint8Array(MAX_MESSAGE_BYTES)
    const { message } = await initiateTo(alice, { served, plaintext })
    expect(respondTo(bob, { firstFlight: message }).plaintext.length).toBe(MAX_MESSAGE_BYTES)
    const tooLarge = initiateTo(alice, { served, plaintext: new Uint8Array(MAX_MESSAGE_BYTES + 1) })
    await expect(tooLarge).rejects.toThrow(withCode('SESSION_TOO_LARGE'))
  })

  it('refuses arguments that it cannot use', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const served = bob.served()
    for (const context of [new Uint8Array(31), new Uint8Array(33)]) {
      await expect(initiateTo(alice, { served, context })).rejects.toThrow(withCode('SESSION_ARGUMENT'))
    }
    await expect(initiateTo(alice, { served, contentType: 0xf0 })).rejects.toThrow(withCode('SESSION_ARGUMENT'))
  })
})

describe('deniable mode', () => {
  it('shows a certificate instead of signing the session, and asks no signer', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const certificate = await certifySessionKey({ kernel, ...alice, nowMs: NOW_MS })
    const sign = () => Promise.reject(new Error('nothing may be signed'))
    const self = { ...alice, signer: { ...alice.signer, sign } }
    const { message } = await initiateTo(self, { served: bob.served(1), deniable: { certificate } })
    expect(respondTo(bob, { firstFlight: message })).toMatchObject({ mode: 'deniable', peerDid: alice.signer.did })
  })

  it('is refused by a responder that wants evidence', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const certificate = await certifySessionKey({ kernel, ...alice, nowMs: NOW_MS })
    const { message } = await initiateTo(alice, { served: bob.served(), deniable: { certificate } })
    const acceptModes: readonly SessionMode[] = ['accountable']
    expect(() => respondTo(bob, { firstFlight: message, acceptModes })).toThrow(withCode('SESSION_MODE'))
  })
})

describe('an attacker', () => {
  it('that holds the public bundle alone opens no session in the name of another', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const claimed = { did: alice.signer.did, publicKey: alice.signer.publicKey }
    const self = { ...mallory, signer: { ...mallory.signer, ...claimed } }
    const { message } = await initiateTo(self, { served: bob.served(0), plaintext: utf8('I am Alice') })
    expect(() => respondTo(bob, { firstFlight: message })).toThrow(withCode('SESSION_SIGNATURE'))
  })

  it('that took the session key but not the identity key opens no session either', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const claimed = { did: alice.signer.did, publicKey: alice.signer.publicKey }
    const self = { ...mallory, sessionKey: alice.sessionKey, signer: { ...mallory.signer, ...claimed } }
    const { message } = await initiateTo(self, { served: bob.served(0) })
    expect(() => respondTo(bob, { firstFlight: message })).toThrow(withCode('SESSION_SIGNATURE'))
  })

  it('cannot use a signature over one session for another', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    let taken = new Uint8Array(0)
    const sign = async (bytes: Uint8Array) => (taken = new Uint8Array(await alice.signer.sign(bytes)))
    await initiateTo({ ...alice, signer: { ...alice.signer, sign } }, { served: bob.served(0) })
    const reuse = { ...alice.signer, sign: async () => taken }
    const { message } = await initiateTo({ ...mallory, signer: reuse }, { served: bob.served(1) })
    expect(() => respondTo(bob, { firstFlight: message })).toThrow(withCode('SESSION_SIGNATURE'))
  })

  it('gets nothing from a first flight sent twice, with a one-time pair or without', async () => {
    for (const index of [0, undefined]) {
      const bob = await withPrekeys(makeAgent('bob'))
      const { message } = await initiateTo(alice, { served: bob.served(index), plaintext: utf8('pay once') })
      const store = new Set<string>()
      const seen = (hash: Uint8Array) => store.has(String(hash))
      const first: Responded = respondTo(bob, { firstFlight: message, seen })
      store.add(String(first.replay.transcriptHash))
      expect(() => respondTo(bob, { firstFlight: message, seen })).toThrow(withCode('SESSION_REPLAY'))
    }
  })

  it('cannot use a first flight that its one-time secret was deleted for, even where the record of it was lost', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const { message } = await initiateTo(alice, { served: bob.served(0) })
    respondTo(bob, { firstFlight: message })
    const again = () => respondTo(bob, { firstFlight: message, findOneTime: () => undefined })
    expect(again).toThrow(withCode('SESSION_PREKEY_UNKNOWN'))
  })

  it('cannot have a first flight for one responder accepted by another', async () => {
    const [bob, carol] = [await withPrekeys(makeAgent('bob')), await withPrekeys(makeAgent('carol'))]
    const { message } = await initiateTo(alice, { served: bob.served(0) })
    expect(() => respondTo(carol, { firstFlight: message })).toThrow(withCode('SESSION_PREKEY_UNKNOWN'))
    const findPrekeys = () => bob.prekeys.secrets
    expect(() => respondTo(carol, { firstFlight: message, findPrekeys })).toThrow(withCode('SESSION_AUTHENTICATION'))
  })

  it('changes no bit of a first flight unnoticed, and the honest one is accepted afterwards', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const { message } = await initiateTo(alice, { served: bob.served(0), plaintext: utf8('honest') })
    for (const [position, byte] of message.entries()) {
      const forged = message.with(position, byte ^ (1 << (position % 8)))
      expect(() => respondTo(bob, { firstFlight: forged })).toThrow(TalosError)
    }
    expect(respondTo(bob, { firstFlight: message }).plaintext).toEqual(utf8('honest'))
  })

  it('cannot pass the first flight off as a message, nor a message as a first flight', async () => {
    const { alice: state, bob, holder, initiated } = await establish()
    expect(() => open(bob, { kernel, nowMs: NOW_MS, message: initiated.message })).toThrow(
      withCode('SESSION_MESSAGE_INVALID'),
    )
    const { message } = seal(state, { kernel, random: alice.random, nowMs: NOW_MS, plaintext: utf8('message') })
    expect(() => respondTo(holder, { firstFlight: message })).toThrow(withCode('SESSION_MESSAGE_INVALID'))
  })

  it('that is a peer cannot begin with another number than 0, nor without a credential', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const renumbered = sealingInstead(({ header }) => ({ header: header.with(header.length - 5, 1) }))
    const continued = sealingInstead(({ header }) => ({ header: header.with(header.length - 9, 1) }))
    const empty = sealingPadded(Uint8Array.of(0, 0, 0x80))
    for (const dishonest of [renumbered, continued, empty]) {
      const { message } = await initiateTo(alice, { served: bob.served(0), kernel: dishonest })
      expect(() => respondTo(bob, { firstFlight: message })).toThrow(withCode('SESSION_MESSAGE_INVALID'))
    }
  })
})

describe('failures underneath', () => {
  it('leave nothing behind when the signer refuses', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const sign = () => Promise.reject(new Error('the card was pulled'))
    const self = { ...alice, signer: { ...alice.signer, sign } }
    await expect(initiateTo(self, { served: bob.served(0) })).rejects.toThrow(withCode('SIGNER_FAILED'))
  })

  it('leave the responder as it was, whatever call of the kernel fails', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const { message } = await initiateTo(alice, { served: bob.served(0), plaintext: utf8('hello') })
    const names = [
      'sha256',
      'handshakeRespond',
      'aeadOpen',
      'ratchetTurn',
      'ratchetAdvance',
      'ratchetOpen',
      'x25519PublicKey',
      'ed25519Verify',
    ] as const
    for (const name of names) {
      const broken = new TalosError('KERNEL_ARGUMENT', { name })
      const fail = () => {
        throw broken
      }
      expect(() => respondTo(bob, { firstFlight: message, kernel: { ...kernel, [name]: fail } })).toThrow(broken)
    }
    expect(respondTo(bob, { firstFlight: message }).plaintext).toEqual(utf8('hello'))
  })

  it('never change the states that were given', async () => {
    const { alice: state } = await establish()
    const before = encodeSessionState(state)
    seal(state, { kernel, random: alice.random, nowMs: NOW_MS, plaintext: utf8('one') })
    expect(encodeSessionState(state)).toEqual(before)
  })

  it('do not reach a state through a buffer that its owner uses again', async () => {
    const bob = await withPrekeys(makeAgent('bob'))
    const served = bob.served(0)
    const bundle = verifyBundle({ kernel, bytes: served, nowMs: NOW_MS })
    const sessionKey = Secret.of(new Uint8Array(32).fill(3))
    const context = new Uint8Array(32).fill(4)
    const given = { kernel, random: alice.random, nowMs: NOW_MS, self: { ...alice, sessionKey }, bundle, context }
    const initiated = await initiate({ ...given, plaintext: utf8('hello') })
    const copy = initiated.message.slice()
    const responded = respondTo(bob, { firstFlight: copy })
    const before = [initiated.state, responded.state].map(encodeSessionState)
    for (const buffer of [served, copy, context]) buffer.fill(0)
    sessionKey.dispose()
    expect([initiated.state, responded.state].map(encodeSessionState)).toEqual(before)
    const line = new Line({ alice: initiated.state, bob: responded.state })
    expect(line.hear('alice', line.say('bob', 'sound'))).toBe('sound')
  })
})
