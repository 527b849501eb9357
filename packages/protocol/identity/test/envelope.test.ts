import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cid, decodeCbor, fromBase64, type IpldValue, Secret } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { VERIFY_MAX_ENVELOPES } from '@talos/kernel'
import { publicVectors, seededRandom } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ENVELOPE_MAX_BYTES,
  ed25519Signer,
  envelopeCid,
  isIpldMap,
  openEnvelope,
  openEnvelopes,
  type Signer,
  signEnvelope,
} from '../src/index.ts'
import { codeOf, kernel } from './vector-input.ts'

const TAG = 'talos/example@1'
const signer = ed25519Signer({ kernel, seed: Secret.random(seededRandom('envelope'), 32) })
const folder = publicVectors('ucan-1.0.0')

interface Fixture {
  readonly principals: Readonly<Record<string, string>>
  readonly valid: readonly { readonly name: string; readonly token: string; readonly cid: string }[]
}

describe.skipIf(folder === undefined)('the public UCAN 1.0 delegation (needs ../shared/vectors/ucan-1.0.0)', () => {
  it('opens, has the published CID, and is reproduced byte for byte', async () => {
    const { principals, valid }: Fixture = JSON.parse(readFileSync(join(folder ?? '', 'delegation.json'), 'utf8'))
    expect(valid.length).toBeGreaterThan(0)
    const bob = ed25519Signer({ kernel, seed: Secret.of(fromBase64(principals['bob'] ?? '').slice(2)) })
    for (const { token, cid } of valid) {
      const bytes = fromBase64(token)
      const opened = openEnvelope(bytes, { kernel, tags: ['ucan/dlg@1.0.0'] })
      expect(opened).toMatchObject({ tag: 'ucan/dlg@1.0.0', issuer: bob.did })
      expect(opened.cid.toString()).toBe(cid)
      const again = await signEnvelope({ tag: opened.tag, payload: opened.payload, signer: bob })
      expect(again.bytes).toEqual(bytes)
      expect(again.cid.toString()).toBe(cid)
    }
  })
})

describe('signing an envelope', () => {
  it('refuses a payload of another issuer, and one without', async () => {
    expect(await codeOf(() => signEnvelope({ tag: TAG, payload: { iss: 'did:key:z6Mk' }, signer }))).toBe(
      'ENVELOPE_ISSUER',
    )
    expect(await codeOf(() => signEnvelope({ tag: TAG, payload: {}, signer }))).toBe('ENVELOPE_ISSUER')
  })

  it.each(['h', '', 'example', 'a/b', 'a/b@', 'A/b@1', 'a/b@1.2.3.4', 'a/b@1 '])(
    'refuses the tag "%s"',
    async (tag) => {
      expect(await codeOf(() => signEnvelope({ tag, payload: { iss: signer.did }, signer }))).toBe('ENVELOPE_MALFORMED')
    },
  )

  it('takes the largest envelope and refuses one byte more', async () => {
    const sizeOf = async (count: number) =>
      (await signEnvelope({ tag: TAG, payload: { iss: signer.did, x: new Uint8Array(count) }, signer })).bytes
    const spare = ENVELOPE_MAX_BYTES - (await sizeOf(ENVELOPE_MAX_BYTES - 1000)).length
    const largest = await sizeOf(ENVELOPE_MAX_BYTES - 1000 + spare)
    expect(largest.length).toBe(ENVELOPE_MAX_BYTES)
    expect(openEnvelope(largest, { kernel, tags: [TAG] }).issuer).toBe(signer.did)
    expect(await codeOf(() => sizeOf(ENVELOPE_MAX_BYTES - 1000 + spare + 1))).toBe('INPUT_TOO_LARGE')
  })

  it('opens no more than the caller allows', async () => {
    const { bytes } = await signEnvelope({ tag: TAG, payload: { iss: signer.did }, signer })
    expect(openEnvelope(bytes, { kernel, tags: [TAG], maxBytes: bytes.length }).bytes).toBe(bytes)
    const tight = { kernel, tags: [TAG], maxBytes: bytes.length - 1 }
    expect(await codeOf(() => openEnvelope(bytes, tight))).toBe('INPUT_TOO_LARGE')
  })

  it('reports a signer that fails or returns something else', async () => {
    const refusing: Signer = { ...signer, sign: () => Promise.reject(new Error('locked')) }
    const short: Signer = { ...signer, sign: async () => new Uint8Array(63) }
    const payload = { iss: signer.did }
    expect(await codeOf(() => signEnvelope({ tag: TAG, payload, signer: refusing }))).toBe('SIGNER_FAILED')
    expect(await codeOf(() => signEnvelope({ tag: TAG, payload, signer: short }))).toBe('SIGNER_FAILED')
  })

  it('signs no more once the seed is disposed of', async () => {
    const seed = Secret.of(new Uint8Array(32).fill(9))
    const brief = ed25519Signer({ kernel, seed })
    seed.dispose()
    expect(await codeOf(() => signEnvelope({ tag: TAG, payload: { iss: brief.did }, signer: brief }))).toBe(
      'SIGNER_FAILED',
    )
  })
})

describe('opening an envelope', () => {
  it('refuses every envelope with one bit flipped', async () => {
    const { bytes } = await signEnvelope({ tag: TAG, payload: { iss: signer.did, n: 7, b: new Uint8Array(9) }, signer })
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(await codeOf(() => openEnvelope(changed, { kernel, tags: [TAG] }))).toMatch(/^(ENVELOPE|CBOR|INPUT|CID)_/)
    }
  })

  it('throws nothing but Talos errors for arbitrary bytes', async () => {
    const prefix = fc.constantFrom(new Uint8Array(), Uint8Array.of(0x82, 0x58, 0x40))
    const property = fc.asyncProperty(prefix, fc.uint8Array({ maxLength: 300 }), async (head, tail) => {
      const bytes = Uint8Array.from([...head, ...tail])
      expect(await codeOf(() => openEnvelope(bytes, { kernel, tags: [TAG] }))).toMatch(/^[A-Z_]+$/)
    })
    await fc.assert(property, { seed: 42, numRuns: 500 })
  })

  it('gives back every payload that was signed, under the CID of its bytes', async () => {
    const leaf = fc.oneof(
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
    )
    const value = fc.letrec<{ any: IpldValue }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('any')),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('any')),
      ),
    })).any
    const property = fc.asyncProperty(value, async (x) => {
      const { bytes, cid } = await signEnvelope({ tag: TAG, payload: { iss: signer.did, x }, signer })
      const opened = openEnvelope(bytes, { kernel, tags: ['talos/none@1', TAG] })
      expect(decodeCbor(bytes)).toMatchObject([expect.anything(), { [TAG]: opened.payload }])
      expect(opened.cid.equals(cid)).toBe(true)
      expect(envelopeCid(bytes, kernel).equals(cid)).toBe(true)
      const again = await signEnvelope({ tag: TAG, payload: opened.payload, signer })
      expect(again.bytes).toEqual(bytes)
    })
    await fc.assert(property, { seed: 42, numRuns: 100 })
  })
})

describe('isIpldMap', () => {
  it('tells objects from every other kind', () => {
    expect(isIpldMap({})).toBe(true)
    const others = [undefined, null, 1, 'x', true, [], new Uint8Array(), Cid.fromSha256(new Uint8Array(32))]
    for (const other of others) expect(isIpldMap(other)).toBe(false)
  })
})

describe('several envelopes', () => {
  const made = async (x: IpldValue) => await signEnvelope({ tag: TAG, payload: { iss: signer.did, x }, signer })
  const tags = [TAG]

  it('open in one call of the kernel, each judged alone, and keep their places and names', async () => {
    const [one, two, three] = [await made(1), await made(2), await made(3)]
    const forged = two.bytes.with(5, (two.bytes[5] ?? 0) ^ 1)
    const cut = three.bytes.slice(0, -1)
    let batches = 0
    const verifyEnvelopes: typeof kernel.verifyEnvelopes = (items) => {
      batches += 1
      return kernel.verifyEnvelopes(items)
    }
    const items = [one.bytes, forged, cut, two.bytes, three.bytes].map((bytes) => ({ bytes, tags }))
    const opened = openEnvelopes(items, { ...kernel, verifyEnvelopes })
    expect(batches).toBe(1)
    expect(opened.map(({ verified }) => verified?.payload['x'])).toEqual([1, undefined, undefined, 2, 3])
    expect(opened.map(({ error }) => isTalosError(error) && error.code)).toEqual([
      false,
      'ENVELOPE_SIGNATURE',
      'CBOR_INVALID',
      false,
      false,
    ])
    for (const [place, { bytes }] of items.entries()) {
      expect(opened[place]?.cid.equals(envelopeCid(bytes, kernel))).toBe(true)
    }
  })

  it('each have their own tags and size', async () => {
    const { bytes } = await made(1)
    const other = { bytes, tags: ['talos/none@1'] }
    const opened = openEnvelopes([other, { bytes, tags, maxBytes: bytes.length - 1 }, { bytes, tags }], kernel)
    const [wrongTag, tooLarge, fits] = opened
    expect(wrongTag.error).toMatchObject({ code: 'ENVELOPE_TAG' })
    expect(tooLarge.error).toMatchObject({ code: 'INPUT_TOO_LARGE' })
    expect(fits.verified?.issuer).toBe(signer.did)
  })

  it('are 64 at most', async () => {
    const { bytes } = await made(1)
    const items = Array.from({ length: VERIFY_MAX_ENVELOPES }, () => ({ bytes, tags }))
    expect(openEnvelopes(items, kernel).every(({ verified }) => verified !== undefined)).toBe(true)
    expect(await codeOf(() => openEnvelopes([...items, { bytes, tags }], kernel))).toBe('KERNEL_PARAMETER')
    expect(openEnvelopes([], kernel)).toEqual([])
  })

  it('are not open where the kernel gives no verdict', async () => {
    const { bytes } = await made(1)
    const silent = { ...kernel, verifyEnvelopes: () => [] }
    expect(await codeOf(() => openEnvelope(bytes, { kernel: silent, tags }))).toBe('ENVELOPE_SIGNATURE')
    const [opened] = openEnvelopes([{ bytes, tags }], silent)
    expect(opened.error).toMatchObject({ code: 'ENVELOPE_SIGNATURE' })
    expect(opened.cid.equals(envelopeCid(bytes, kernel))).toBe(true)
  })
})
