import { encodeJcs, fromBase58btc } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appendEntry,
  type createKeyLog,
  extendKeyLog,
  type JsonObject,
  KEY_LOG_MAX_BYTES,
  KEY_LOG_MAX_ENTRIES,
  KEY_LOG_MAX_ENTRY_BYTES,
  type KeyLogChange,
  keyOfLog,
  MAX_NEXT_UPDATE_KEYS,
  newerKeyLog,
  readDidDocument,
  type Signer,
  type VerifiedKeyLog,
  verifyKeyLog,
} from '../../src/index.ts'
import { codeOf, kernel } from '../vector-input.ts'
import { append, change, DAY_MS, newLog, next, START_MS, signer, text, update } from './cast.ts'

const NOW_MS = START_MS + 10_000 * DAY_MS
const verify = (text: string) => verifyKeyLog({ kernel, text, nowMs: NOW_MS })
const KINDS = ['rotate', 'recover', 'update'] as const

/** A random history; it may end with deactivation. */
async function history(steps: readonly (typeof KINDS)[number][], ends: boolean): Promise<VerifiedKeyLog> {
  let log = await newLog()
  for (const kind of steps) log = await append(log, kind)
  return ends ? append(log, 'deactivate') : log
}

const histories = fc.tuple(fc.array(fc.constantFrom(...KINDS), { maxLength: 5 }), fc.boolean())

describe('any history of a key log', () => {
  it('verifies from its text to what its writer has', async () => {
    const property = fc.asyncProperty(histories, async ([steps, ends]) => {
      const log = await history(steps, ends)
      expect(verify(log.text)).toEqual(log)
      expect(log.version).toBe(1 + steps.length + (ends ? 1 : 0))
      expect(log.deactivated).toBe(ends)
      for (const { document } of log.entries) expect(readDidDocument(document, log.did).id).toBe(log.did)
    })
    await fc.assert(property, { seed: 42, numRuns: 30 })
  })

  it('has one current key until it ends, and knows of each former one how it stands', async () => {
    const property = fc.asyncProperty(histories, async ([steps, ends]) => {
      const log = await history(steps, ends)
      const standings = new Map(log.keys.map(({ did, standing }) => [did, standing]))
      let current = signer(1).did
      for (const [index, kind] of steps.entries()) {
        if (kind === 'update') continue
        const before = current
        current = signer(index + 2).did
        const expected = kind === 'recover' ? 'compromised' : ends ? 'deactivated' : 'rotated'
        expect(standings.get(before)).toBe(expected)
      }
      expect(standings.get(current)).toBe(ends ? 'deactivated' : 'current')
      expect(log.signingKey).toBe(ends ? undefined : current)
      expect(log.keys.filter(({ toMs }) => toMs === undefined)).toHaveLength(ends ? 0 : 1)
    })
    await fc.assert(property, { seed: 43, numRuns: 30 })
  })

  it('is refused with any character changed', async () => {
    const log = await history(['rotate', 'recover'], true)
    const edits = fc.tuple(fc.nat(log.text.length - 2), fc.constantFrom('0', 'A', 'z', '"', ' ', '{', '\u0000', 'é'))
    const property = fc.asyncProperty(edits, async ([at, character]) => {
      fc.pre(log.text[at] !== character && log.text[at] !== '\n')
      const changed = `${log.text.slice(0, at)}${character}${log.text.slice(at + 1)}`
      expect(await codeOf(() => verify(changed))).toMatch(/^KEY_LOG_/)
    })
    await fc.assert(property, { seed: 44, numRuns: 400 })
  })

  it('is refused with any entry left out, moved or doubled', async () => {
    const lines = (await history(['rotate', 'update', 'rotate'], false)).entries.map(({ line }) => line)
    const without = lines.slice(0, -1).map((_, index) => lines.toSpliced(index, 1))
    const moved = without.map((rest, index) => rest.concat(lines[index] ?? ''))
    const doubled = lines.map((line, index) => lines.toSpliced(index, 0, line))
    for (const wrong of [...without, ...moved, ...doubled]) {
      expect(await codeOf(() => verify(wrong.join('\n')))).toMatch(/^KEY_LOG_/)
    }
  })

  it('is never taken for one when it is any text at all, and no other error than ours is thrown', async () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(fc.json()).map((lines) => lines.join('\n')),
    )
    const property = fc.asyncProperty(texts, async (any) => {
      expect(await codeOf(() => verify(any))).toMatch(/^KEY_LOG_/)
    })
    await fc.assert(property, { seed: 46, numRuns: 300 })
  })

  it('grows by what follows alone, with the same result', async () => {
    const log = await history(['rotate', 'recover', 'update'], true)
    const property = fc.property(fc.integer({ min: 1, max: log.version - 1 }), (cut) => {
      const lines = log.entries.map(({ line }) => `${line}\n`)
      const known = verify(lines.slice(0, cut).join(''))
      const text = lines.slice(cut).join('')
      expect(extendKeyLog(known, { kernel, text, nowMs: NOW_MS, did: log.did })).toEqual(log)
      expect(known.version).toBe(cut)
    })
    fc.assert(property, { seed: 45, numRuns: 10 })
  })
})

describe('a compromised key', () => {
  it('is named with its time, also after it was rotated away, and documents go on naming it', async () => {
    const rotated = await append(await newLog(), 'rotate')
    const fromMs = START_MS + 1_500
    const recovered = await appendEntry(rotated, {
      ...change(rotated, 'recover'),
      compromised: [
        { key: signer(1).did, fromMs },
        { key: signer(2).did, fromMs: START_MS + DAY_MS },
      ],
    } as KeyLogChange)
    expect(keyOfLog(recovered, signer(1).did)).toEqual({
      did: signer(1).did,
      fromMs: START_MS,
      toMs: START_MS + DAY_MS,
      standing: 'compromised',
      compromisedFromMs: START_MS + 1_000,
    })
    expect(keyOfLog(recovered, signer(9).did)).toBeUndefined()
    const ended = await append(await append(recovered, 'update'), 'deactivate')
    expect(encodeJcs(ended.document)).toContain(signer(1).did.slice('did:key:'.length))
    expect(ended.keys.map(({ standing }) => standing)).toEqual(['compromised', 'compromised', 'deactivated'])
  })

  it('can be said to be compromised from an earlier time, and then stands in the document once', async () => {
    const recovered = await append(await newLog(), 'recover')
    const again = await appendEntry(recovered, {
      ...change(recovered, 'recover'),
      compromised: [{ key: signer(1).did, fromMs: START_MS }],
    } as KeyLogChange)
    expect(keyOfLog(again, signer(1).did)?.compromisedFromMs).toBe(START_MS)
    expect(encodeJcs(again.document).split('"revoked"')).toHaveLength(2)
  })

  it('is named by documents among the 16 newest, and remembered by the log for good', async () => {
    let log = await newLog()
    for (let step = 0; step < 18; step += 1) log = await append(log, 'recover')
    expect(encodeJcs(log.document).split('"revoked"')).toHaveLength(17)
    expect(log.keys.filter(({ standing }) => standing === 'compromised')).toHaveLength(18)
  })
})

describe('what is known of a log', () => {
  it('takes a newer state, and the same', async () => {
    const log = await newLog()
    const newer = await append(log, 'rotate')
    expect(newerKeyLog(log, newer)).toBe(newer)
    expect(newerKeyLog(newer, newer)).toBe(newer)
  })

  it('refuses an older state, another history and another log', async () => {
    const log = await newLog()
    const [one, other] = [await append(log, 'rotate'), await append(log, 'update')]
    expect(await codeOf(() => newerKeyLog(one, log))).toBe('KEY_LOG_ROLLBACK')
    expect(await codeOf(() => newerKeyLog(one, other))).toBe('KEY_LOG_FORK')
    expect(await codeOf(async () => newerKeyLog(one, await newLog({ signer: signer(7) })))).toBe('KEY_LOG_OTHER')
  })
})

describe('limits of a log', () => {
  it('has as many characters, bytes of a line and entries as may be, and no more', async () => {
    const { text } = await newLog()
    const padding = KEY_LOG_MAX_ENTRY_BYTES - text.length + 1
    const padded = text.replace('{"parameters"', `{${' '.repeat(padding)}"parameters"`)
    expect(verify(padded).version).toBe(1)
    expect(await codeOf(() => verify(` ${padded}`))).toBe('KEY_LOG_LIMIT')
    expect(await codeOf(() => verify(`${text}${' '.repeat(KEY_LOG_MAX_BYTES - text.length)}`))).toBe('KEY_LOG_LIMIT')
    expect(await codeOf(() => verify(`${text}${' '.repeat(KEY_LOG_MAX_BYTES - text.length + 1)}`))).toBe(
      'KEY_LOG_LIMIT',
    )
    expect(await codeOf(() => verify('\n'.repeat(KEY_LOG_MAX_ENTRIES)))).toBe('KEY_LOG_MALFORMED')
    expect(await codeOf(() => verify('\n'.repeat(KEY_LOG_MAX_ENTRIES + 1)))).toBe('KEY_LOG_LIMIT')
    expect(await codeOf(() => verify('x'.repeat(1) + '\nx'.repeat(KEY_LOG_MAX_ENTRIES)))).toBe('KEY_LOG_LIMIT')
  })

  it('does not grow past its size or number of entries by extension', async () => {
    const log = await newLog()
    const line = (await append(log, 'rotate')).entries[1]?.line ?? ''
    const [entry] = log.entries
    if (entry === undefined) throw new Error('a log has an entry')
    const full = { ...log, entries: Array.from({ length: KEY_LOG_MAX_ENTRIES }, () => entry) }
    expect(await codeOf(() => extendKeyLog(full, { kernel, text: line, nowMs: NOW_MS }))).toBe('KEY_LOG_LIMIT')
    const long = { ...log, entries: [{ ...entry, line: 'x'.repeat(KEY_LOG_MAX_BYTES) }] }
    expect(await codeOf(() => extendKeyLog(long, { kernel, text: line, nowMs: NOW_MS }))).toBe('KEY_LOG_LIMIT')
  })
})

describe('writing a log', () => {
  it('says how long it may be kept', async () => {
    expect((await newLog({ ttlS: 60 })).parameters.ttlS).toBe(60)
    expect((await newLog()).text).not.toContain('ttl')
    expect(await codeOf(() => newLog({ ttlS: -1 }))).toBe('KEY_LOG_PARAMETERS')
  })

  it('dates an entry a second after the newest where the clock stands still', async () => {
    const log = await newLog()
    const rotated = await appendEntry(log, { ...change(log, 'rotate'), nowMs: START_MS - 60_000 })
    expect(rotated.versionTimeMs).toBe(START_MS + 1_000)
    expect(await codeOf(() => appendEntry(log, { ...change(log, 'rotate'), nowMs: START_MS - DAY_MS }))).toBe(
      'KEY_LOG_TIME',
    )
  })

  it('keeps what the document says unless it is given anew', async () => {
    const services = [{ fragment: 'a', type: 'T', endpoint: 'https://a.example' }]
    const alsoKnownAs = ['https://me.example']
    const log = await newLog({ keyAgreement: new Uint8Array(32).fill(5), services, alsoKnownAs })
    const rotated = await append(log, 'rotate')
    expect(rotated.document['service']).toEqual(log.document['service'])
    expect(rotated.document['keyAgreement']).toEqual(log.document['keyAgreement'])
    const bare = await appendEntry(rotated, {
      ...change(rotated, 'update'),
      services: [],
      alsoKnownAs: [],
    } as KeyLogChange)
    expect(Object.keys(bare.document)).not.toContain('service')
    expect(Object.keys(bare.document)).not.toContain('alsoKnownAs')
    expect(bare.signingKey).toBe(rotated.signingKey)
  })

  it('moves a portable log, with its keys, and names each former place once', async () => {
    const log = await newLog({ portable: true, location: { method: 'webvh', host: 'example.com' } })
    const move = (from: VerifiedKeyLog, host: string) =>
      appendEntry(from, { ...change(from, 'update'), location: { method: 'webvh', host } } as KeyLogChange)
    const moved = await move(await move(await move(log, 'example.org'), 'example.net:8443'), 'example.org')
    expect(moved.did).toBe(`did:webvh:${log.scid}:example.org`)
    expect(moved.signingKey).toBe(signer(1).did)
    expect(moved.document['alsoKnownAs']).toEqual([
      `did:webvh:${log.scid}:example.net%3A8443`,
      `did:webvh:${log.scid}:example.com`,
    ])
    const fixed = await newLog()
    expect(await codeOf(() => move(fixed, 'example.org'))).toBe('KEY_LOG_CHANGE')
  })

  const wrong: readonly (readonly [string, Partial<Parameters<typeof createKeyLog>[0]>])[] = [
    ['no next update key', { nextUpdateKeys: [] }],
    [
      'more next update keys than may be',
      { nextUpdateKeys: Array.from({ length: MAX_NEXT_UPDATE_KEYS + 1 }, (_, i) => update(10 + i).did) },
    ],
    ['a next update key twice', { nextUpdateKeys: [...next(2), ...next(2)] }],
    ['the update key announced again', { nextUpdateKeys: next(1) }],
    ['the signing key as the next update key', { nextUpdateKeys: [signer(1).did] }],
    ['the signing key as the update key', { updateSigner: signer(1) }],
    ['a time before 1970', { nowMs: -1 }],
    ['a time after 9999', { nowMs: 253_402_300_800_000 }],
    ['a time that is no integer', { nowMs: 0.5 }],
    [
      'nine services',
      {
        services: Array.from({ length: 9 }, (_, i) => ({
          fragment: `s${i}`,
          type: 'T',
          endpoint: 'https://a.example',
        })),
      },
    ],
    [
      'two services of one name',
      { services: Array.from({ length: 2 }, () => ({ fragment: 's', type: 'T', endpoint: 'https://a.example' })) },
    ],
    ['a service without an absolute URL', { services: [{ fragment: 's', type: 'T', endpoint: '/a' }] }],
    [
      'a service with a name that is none',
      { services: [{ fragment: 's s', type: 'T', endpoint: 'https://a.example' }] },
    ],
    ['a service with a type that is none', { services: [{ fragment: 's', type: '', endpoint: 'https://a.example' }] }],
    [
      'a service with an endpoint beyond the limit',
      { services: [{ fragment: 's', type: 'T', endpoint: `https://a.example/${'a'.repeat(500)}` }] },
    ],
    ['seventeen other names', { alsoKnownAs: Array.from({ length: 17 }, (_, i) => `https://a.example/${i}`) }],
    ['another name twice', { alsoKnownAs: ['https://a.example', 'https://a.example'] }],
    ['another name that is no URI', { alsoKnownAs: ['a'] }],
    ['another name beyond the limit', { alsoKnownAs: [`https://a.example/${'a'.repeat(500)}`] }],
  ]

  it.each(wrong)('refuses %s', async (_, options) => {
    expect(await codeOf(() => newLog(options))).toBe('KEY_LOG_CHANGE')
  })

  it('refuses next update keys that are none, and places that no DID can name', async () => {
    expect(await codeOf(() => newLog({ nextUpdateKeys: ['did:key:x' as Did] }))).toBe('DID_INVALID')
    expect(await codeOf(() => newLog({ keyAgreement: new Uint8Array(31) }))).toBe('DID_INVALID')
    for (const location of [
      { host: '127.0.0.1' },
      { host: 'a.example', path: ['..'] },
      { host: 'a.example', path: ['\ud800'] },
    ]) {
      expect(await codeOf(() => newLog({ location: { method: 'webvh', ...location } }))).toBe('DID_LOCATION_INVALID')
    }
  })

  it('refuses to append what the log does not allow', async () => {
    const log = await newLog()
    const wrongChange = async (more: object) =>
      codeOf(() => appendEntry(log, { ...change(log, 'rotate'), ...more } as KeyLogChange))
    expect(await wrongChange({ updateSigner: update(9) })).toBe('KEY_LOG_CHANGE')
    expect(await wrongChange({ signer: signer(1) })).toBe('KEY_LOG_CHANGE')
    expect(await wrongChange({ kind: 'recover', compromised: [] })).toBe('KEY_LOG_CHANGE')
    expect(await wrongChange({ kind: 'recover', compromised: [{ key: signer(9).did, fromMs: 0 }] })).toBe(
      'KEY_LOG_CHANGE',
    )
    expect(await codeOf(async () => append(await append(log, 'deactivate'), 'rotate'))).toBe('KEY_LOG_DEACTIVATED')
  })

  it('leaves the given log as it is when a signer fails', async () => {
    const log = await newLog()
    const before = JSON.stringify(log)
    const broken: Signer = { ...update(2), sign: () => Promise.reject(new Error('locked')) }
    expect(await codeOf(() => appendEntry(log, { ...change(log, 'rotate'), updateSigner: broken }))).toBe(
      'SIGNER_FAILED',
    )
    const shy: Signer = { ...signer(2), sign: () => Promise.reject(new Error('locked')) }
    expect(await codeOf(() => appendEntry(log, { ...change(log, 'rotate'), signer: shy } as KeyLogChange))).toBe(
      'SIGNER_FAILED',
    )
    expect(JSON.stringify(log)).toBe(before)
    expect((await append(log, 'rotate')).version).toBe(2)
  })

  it('does not hand out an entry by a signer that signed something else', async () => {
    const liar: Signer = { ...update(2), sign: async () => new Uint8Array(64) }
    const log = await newLog()
    expect(await codeOf(() => appendEntry(log, { ...change(log, 'rotate'), updateSigner: liar }))).toBe('KEY_LOG_PROOF')
    const pretender: Signer = { ...signer(2), sign: async () => new Uint8Array(64) }
    expect(await codeOf(() => newLog({ signer: pretender }))).toBe('KEY_LOG_PROOF')
  })

  it('does not go on with a document that it did not write, nor with witnesses', async () => {
    const log = await newLog()
    const foreign = { ...log, document: { ...log.document, more: 1 } }
    expect(await codeOf(() => appendEntry(foreign, change(log, 'rotate')))).toBe('KEY_LOG_CHANGE')
    const witnessed = {
      ...log,
      parameters: { ...log.parameters, witness: { threshold: 1, witnesses: [signer(5).did] } },
    }
    expect(await codeOf(() => appendEntry(witnessed, change(log, 'rotate')))).toBe('KEY_LOG_CHANGE')
  })
})

describe('the agreement of a key', () => {
  it('cannot be carried into another log', async () => {
    const log = await newLog()
    const [method] = log.document['verificationMethod'] as readonly JsonObject[]
    const acceptance = fromBase58btc(text(method, 'acceptance').slice(1))
    const stolen: Signer = { ...signer(1), sign: async () => acceptance }
    const thief = { signer: stolen, updateSigner: update(66), nextUpdateKeys: next(67) }
    expect(await codeOf(() => newLog(thief))).toBe('KEY_LOG_PROOF')
    expect((await newLog({ signer: stolen })).scid).toBe(log.scid)
  })
})
