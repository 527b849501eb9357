import { decodeCbor, encodeCbor, Secret } from '@talos/bytes'
import { openEnvelope } from '@talos/identity'
import { seededRandom } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  certifySessionKey,
  createPrekeys,
  DEFAULT_ONE_TIME_PREKEYS,
  decodePrekeySecrets,
  encodePrekeySecrets,
  MAX_ONE_TIME_PREKEYS,
  MAX_PREKEY_SECRETS_BYTES,
  MAX_PUBLISHED_BUNDLE_BYTES,
  ONE_TIME_SECRET_BYTES,
  PREKEY_LIFETIME_S,
  PREKEY_ROTATION_S,
  prekeysDue,
  publishBundle,
  verifyBundle,
} from '../src/index.ts'
import { initiateTo, kernel, makeAgent, NOW_MS, respondTo, withPrekeys } from './agents.ts'

const withCode = (code: string) => expect.objectContaining({ code })
const bob = makeAgent('bob')
const given = { kernel, ...bob, nowMs: NOW_MS, serial: 1 }

describe('making prekeys', () => {
  it('makes 100 one-time pairs unless told otherwise, each verifiable alone and small to serve', async () => {
    const { bundle, oneTime } = await createPrekeys(given)
    expect(oneTime.length).toBe(DEFAULT_ONE_TIME_PREKEYS)
    for (const { published, secret } of oneTime) {
      const bytes = publishBundle({ bundle, oneTime: published })
      expect(bytes.length).toBeLessThan(MAX_PUBLISHED_BUNDLE_BYTES)
      expect(verifyBundle({ kernel, bytes, nowMs: NOW_MS }).oneTime).toEqual(published)
      expect(secret.length).toBe(ONE_TIME_SECRET_BYTES)
    }
  })

  it('makes as many pairs as a bundle may have, and refuses one more', async () => {
    const { payload, bundle, oneTime } = await createPrekeys({ ...given, oneTimeCount: MAX_ONE_TIME_PREKEYS })
    expect(payload.otkCount).toBe(MAX_ONE_TIME_PREKEYS)
    const last = oneTime.at(-1)?.published
    expect(last?.path.length).toBe(10)
    const bytes = publishBundle({ bundle, ...(last && { oneTime: last }) })
    expect(verifyBundle({ kernel, bytes, nowMs: NOW_MS }).oneTime?.index).toBe(MAX_ONE_TIME_PREKEYS - 1)
    for (const oneTimeCount of [MAX_ONE_TIME_PREKEYS + 1, -1, 1.5]) {
      await expect(createPrekeys({ ...given, oneTimeCount })).rejects.toThrow(withCode('SESSION_ARGUMENT'))
    }
  })

  it('refuses an instance name and a serial that are none', async () => {
    await expect(createPrekeys({ ...given, oneTimeCount: 0, instance: 'Main' })).rejects.toThrow(
      withCode('SESSION_ARGUMENT'),
    )
    await expect(createPrekeys({ ...given, oneTimeCount: 0, serial: -1 })).rejects.toThrow(withCode('SESSION_ARGUMENT'))
    await expect(certifySessionKey({ ...given, instance: 'a/b' })).rejects.toThrow(withCode('SESSION_ARGUMENT'))
  })

  it('begins validity five minutes back, not before 1970, and ends it after fourteen days', async () => {
    const { payload } = await createPrekeys({ ...given, oneTimeCount: 0 })
    expect(payload.spk).toMatchObject({ nbf: NOW_MS / 1000 - 300, exp: NOW_MS / 1000 + PREKEY_LIFETIME_S })
    expect(payload.pqspk).toMatchObject({ nbf: payload.spk.nbf, exp: payload.spk.exp })
    const early = await createPrekeys({ ...given, oneTimeCount: 0, nowMs: 1_000 })
    expect(early.payload.spk.nbf).toBe(0)
  })

  it('never uses a secret twice', async () => {
    const random = seededRandom('prekeys')
    const sets = [
      await createPrekeys({ ...given, random, oneTimeCount: 4 }),
      await createPrekeys({ ...given, random, oneTimeCount: 4 }),
    ]
    const keys = sets.flatMap(({ payload, oneTime }) => [
      String(payload.spk.pub),
      ...oneTime.flatMap(({ published }) => [String(published.x25519), String(published.mlkem)]),
    ])
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('renewing prekeys', () => {
  it('is due at seven days', async () => {
    const { payload } = await createPrekeys({ ...given, oneTimeCount: 4 })
    const rotationMs = NOW_MS + PREKEY_ROTATION_S * 1000
    expect(prekeysDue({ payload, remaining: 4, nowMs: rotationMs - 1 })).toBe(false)
    expect(prekeysDue({ payload, remaining: 4, nowMs: rotationMs })).toBe(true)
  })

  it('is due when less than a quarter of the one-time pairs is left', async () => {
    const { payload } = await createPrekeys({ ...given, oneTimeCount: 8 })
    expect(prekeysDue({ payload, remaining: 2, nowMs: NOW_MS })).toBe(false)
    expect(prekeysDue({ payload, remaining: 1, nowMs: NOW_MS })).toBe(true)
  })
})

describe('stored prekey secrets', () => {
  it('come back as they were and still accept a first flight', async () => {
    const holder = await withPrekeys(bob)
    const stored = encodePrekeySecrets(holder.prekeys.secrets)
    expect(stored.length).toBeLessThan(MAX_PREKEY_SECRETS_BYTES)
    const restored = decodePrekeySecrets(stored)
    expect(restored.toJSON()).toEqual(holder.prekeys.secrets.toJSON())
    expect(restored).toMatchObject({ serial: 1, expiresS: holder.prekeys.payload.spk.exp })
    const { message } = await initiateTo(makeAgent('alice'), { served: holder.served(0) })
    expect(respondTo(holder, { firstFlight: message, findPrekeys: () => restored }).peerInstance).toBe('main')
  })

  it('keep the ML-KEM key as its seed of 64 bytes', async () => {
    const { prekeys } = await withPrekeys(bob)
    expect(decodeCbor(encodePrekeySecrets(prekeys.secrets))).toMatchObject({ pqspkSeed: { length: 64 } })
  })

  it('are refused when they are cut, of another version or oversize', async () => {
    const { prekeys } = await withPrekeys(bob)
    const stored = encodePrekeySecrets(prekeys.secrets)
    const record = decodeCbor(stored) as { readonly [member: string]: number }
    const changed = [
      stored.subarray(1),
      encodeCbor({ ...record, version: 2 }),
      new Uint8Array(MAX_PREKEY_SECRETS_BYTES + 1),
    ]
    for (const bytes of changed) expect(() => decodePrekeySecrets(bytes)).toThrow(withCode('SESSION_STATE_INVALID'))
  })

  it('refuse a one-time secret of another length before any use of it', async () => {
    const holder = await withPrekeys(bob)
    const { message } = await initiateTo(makeAgent('alice'), { served: holder.served(0) })
    const findOneTime = () => Secret.of(new Uint8Array(ONE_TIME_SECRET_BYTES - 1))
    expect(() => respondTo(holder, { firstFlight: message, findOneTime })).toThrow(withCode('SESSION_STATE_INVALID'))
  })
})

describe('a session key certificate', () => {
  it('names the instance, its key and its times, and no peer', async () => {
    const bytes = await certifySessionKey(given)
    const { payload } = openEnvelope(bytes, { kernel, tags: ['talos/session-key@1'] })
    expect(Object.keys(payload).toSorted()).toEqual(['exp', 'ik', 'instance', 'iss', 'nbf', 'suite'])
    expect(payload).toMatchObject({ iss: bob.signer.did, instance: 'main', nbf: NOW_MS / 1000 - 300 })
  })
})
