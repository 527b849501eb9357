/** DID documents of others, DID URLs, the services that did:webvh implies, and the vectors of the W3C for proofs. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeJcs, fromBase58btc, fromHex, type JsonValue, parseJson, Secret, toHex, utf8 } from '@talos/bytes'
import { publicVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  checkProof,
  DID_URL_MAX_CHARACTERS,
  decodeMultikey,
  didDocument,
  ed25519Signer,
  formatWebPlace,
  GENERAL_DOCUMENT_MAX_BYTES,
  isDid,
  type JsonObject,
  keysFor,
  makeProof,
  parseDidUrl,
  parseWebPlace,
  readDid,
  readDidDocument,
  resolvedDocument,
  signDocument,
  verifyDocument,
} from '../../src/index.ts'
import { codeOf, kernel } from '../vector-input.ts'
import { newLog, signer, text } from './cast.ts'

const DID = 'did:web:example.com'
const KEY = signer(1).did.slice('did:key:'.length)
const method = (more: JsonObject = {}): JsonObject => ({
  id: '#key',
  type: 'Multikey',
  controller: DID,
  publicKeyMultibase: KEY,
  ...more,
})

describe('a DID document of others', () => {
  it('is read with what it says, in every form that the rules allow', () => {
    const document = readDidDocument({
      '@context': ['https://www.w3.org/ns/did/v1', { extra: 'x' }],
      id: DID,
      controller: 'did:example:boss',
      alsoKnownAs: ['https://example.com'],
      verificationMethod: [
        method({ expires: '2027-01-01T00:00:00Z', note: 1 }),
        { id: `${DID}#jwk`, type: 'JsonWebKey', controller: DID, publicKeyJwk: { kty: 'OKP', x: 'AA' } },
      ],
      authentication: ['#key', { ...method(), id: `${DID}#embedded` }, 'did:example:other#1'],
      keyAgreement: [],
      service: [
        { id: '#files', type: ['A', 'B'], serviceEndpoint: ['https://example.com', { uri: 'x' }] },
        { id: 'https://example.com/service', type: 'C', serviceEndpoint: {} },
      ],
      unknown: [true],
    })
    expect(document.controllers).toEqual(['did:example:boss'])
    expect(document.methods.map(({ id }) => id)).toEqual([`${DID}#key`, `${DID}#jwk`, `${DID}#embedded`])
    expect(document.relationships.authentication).toEqual([`${DID}#key`, `${DID}#embedded`, 'did:example:other#1'])
    expect(document.services.map(({ id, types }) => [id, types])).toEqual([
      [`${DID}#files`, ['A', 'B']],
      ['https://example.com/service', ['C']],
    ])
  })

  it('is read from text and from bytes', () => {
    const text = JSON.stringify({ '@context': 'https://www.w3.org/ns/did/v1.1', id: DID })
    expect(readDidDocument(text, DID)).toEqual(readDidDocument(utf8(text), DID))
  })

  it('may be an agent of ours, or a version of a log of ours', async () => {
    const { did } = signer(3)
    expect(keysFor(readDidDocument(didDocument({ did })), 'capabilityDelegation', 0)).toEqual([did])
    const log = await newLog()
    expect(keysFor(readDidDocument(log.document), 'assertionMethod', 0)).toEqual([signer(1).did])
  })

  it('names the keys for a purpose: its own, of Ed25519, and in force', () => {
    const at = (more: JsonObject, nowMs: number) =>
      keysFor(
        readDidDocument({ id: DID, verificationMethod: [method(more)], authentication: ['#key'] }),
        'authentication',
        nowMs,
      )
    const time = Date.parse('2026-01-01T00:00:00Z')
    const key = [signer(1).did]
    expect(at({}, time)).toEqual(key)
    expect(at({ revoked: '2026-01-01T00:00:00Z' }, time - 1)).toEqual(key)
    expect(at({ revoked: '2026-01-01T00:00:00Z' }, time)).toEqual([])
    expect(at({ expires: '2026-01-01T00:00:00Z' }, time)).toEqual([])
    expect(at({ controller: 'did:example:other' }, time)).toEqual([])
    expect(at({ publicKeyMultibase: 'zDnaer' }, time)).toEqual([])
    const jwk = { id: '#key', type: 'JsonWebKey', controller: DID, publicKeyJwk: {} }
    expect(
      keysFor(
        readDidDocument({ id: DID, verificationMethod: [jwk], authentication: ['#key'] }),
        'authentication',
        time,
      ),
    ).toEqual([])
    expect(keysFor(readDidDocument({ id: DID, verificationMethod: [method()] }), 'authentication', time)).toEqual([])
  })

  const services = (service: JsonValue): JsonObject => ({ id: DID, service: [service] })
  const methods = (...verificationMethod: JsonValue[]): JsonObject => ({ id: DID, verificationMethod })
  const many = (length: number) => Array.from({ length }, (_, index) => method({ id: `#k${index}` }))
  const refused: readonly (readonly [string, JsonValue])[] = [
    ['no object', []],
    ['no JSON', 'x'],
    ['more bytes than may be', JSON.stringify({ id: DID, more: 'x'.repeat(GENERAL_DOCUMENT_MAX_BYTES) })],
    ['no id', {}],
    ['an id that is no DID', { id: 'https://example.com' }],
    ['another first context', { '@context': ['https://example.com', 'https://www.w3.org/ns/did/v1'], id: DID }],
    ['an empty list of contexts', { '@context': [], id: DID }],
    ['a controller that is no DID', { id: DID, controller: 'me' }],
    ['a controller twice', { id: DID, controller: ['did:example:1', 'did:example:1'] }],
    ['another name that is no URI', { id: DID, alsoKnownAs: ['me'] }],
    ['another name that is no text', { id: DID, alsoKnownAs: [1] }],
    ['another name beyond the limit', { id: DID, alsoKnownAs: [`https://e.example/${'a'.repeat(8_192)}`] }],
    [
      'more other names than may be',
      { id: DID, alsoKnownAs: Array.from({ length: 65 }, (_, i) => `https://e.example/${i}`) },
    ],
    ['methods that are no list', { id: DID, verificationMethod: method() }],
    ['a method that is no object', methods('#key')],
    ['a method without an id', methods({ ...method(), id: 1 })],
    ['a method whose id is no DID URL', methods(method({ id: 'key' }))],
    ['a method without a type', methods(method({ type: '' }))],
    ['a method whose type is no text', methods(method({ type: 1 }))],
    [
      'a method without a controller',
      methods(Object.fromEntries(Object.entries(method()).filter(([name]) => name !== 'controller'))),
    ],
    ['a method whose controller is no DID', methods(method({ controller: 'me' }))],
    ['a key that is no text', methods(method({ publicKeyMultibase: 1 }))],
    ['a JWK that is no object', methods({ id: '#k', type: 'JsonWebKey', controller: DID, publicKeyJwk: 'x' })],
    ['a key in two forms', methods(method({ publicKeyJwk: {} }))],
    ['a secret key', methods({ id: '#k', type: 'JsonWebKey', controller: DID, publicKeyJwk: { d: 'x' } })],
    ['an expiry that is no time', methods(method({ expires: 'soon' }))],
    ['a revocation that is no text', methods(method({ revoked: 1 }))],
    ['two methods with one id', methods(method(), method())],
    ['more methods than may be', methods(...many(65))],
    ['a relationship that is no list', { id: DID, authentication: '#key' }],
    ['a relationship into nothing', { id: DID, authentication: ['#key'] }],
    ['a relationship with a number', { id: DID, authentication: [1] }],
    ['an embedded method without a type', { id: DID, authentication: [{ ...method(), type: '' }] }],
    ['a service that is no object', services('x')],
    ['a service without an id', services({ type: 'T', serviceEndpoint: 'https://e.example' })],
    ['a service whose id is no URI', services({ id: 'x', type: 'T', serviceEndpoint: 'https://e.example' })],
    ['a service without a type', services({ id: '#s', serviceEndpoint: 'https://e.example' })],
    ['a service with an empty type', services({ id: '#s', type: '', serviceEndpoint: 'https://e.example' })],
    ['a service without an endpoint', services({ id: '#s', type: 'T' })],
    ['a service with no endpoint in its list', services({ id: '#s', type: 'T', serviceEndpoint: [] })],
    ['a service whose endpoint is no URI', services({ id: '#s', type: 'T', serviceEndpoint: 'x' })],
    ['a service whose endpoint is a number', services({ id: '#s', type: 'T', serviceEndpoint: [1] })],
    [
      'a service with the id of a method',
      { id: DID, verificationMethod: [method()], service: [{ id: '#key', type: 'T', serviceEndpoint: {} }] },
    ],
  ]

  it.each(refused)('is refused with %s', async (_, value) => {
    expect(await codeOf(() => readDidDocument(value))).toBe('DID_DOCUMENT_INVALID')
  })

  it('is refused as the document of another DID, and taken at the limit of methods', async () => {
    expect(await codeOf(() => readDidDocument({ id: DID }, `${DID}:x`))).toBe('DID_DOCUMENT_INVALID')
    expect(readDidDocument(methods(...many(64))).methods).toHaveLength(64)
  })
})

describe('DIDs and DID URLs', () => {
  it('of unknown methods are named, not understood', () => {
    expect(readDid('did:example:a%20b:c')).toEqual({ method: 'other', did: 'did:example:a%20b:c', name: 'example' })
    expect(readDid(signer(1).did)).toEqual({ method: 'key', did: signer(1).did, publicKey: signer(1).publicKey })
    expect(isDid('did:example::')).toBe(false)
  })

  it('are taken apart', () => {
    expect(parseDidUrl('did:example:1')).toEqual({
      did: 'did:example:1',
      path: '',
      query: undefined,
      fragment: undefined,
    })
    expect(parseDidUrl('did:example:1/a/b?versionId=1#k/?')).toEqual({
      did: 'did:example:1',
      path: '/a/b',
      query: 'versionId=1',
      fragment: 'k/?',
    })
    expect(parseDidUrl('did:example:1?#')).toEqual({ did: 'did:example:1', path: '', query: '', fragment: '' })
  })

  it.each([
    'example:1',
    'did:example:1#a#b',
    'did:example:1/a b',
    'did:example:1?<',
    'did:example:1#é',
    `did:example:1#${'a'.repeat(DID_URL_MAX_CHARACTERS)}`,
  ])('are refused: %s', async (text) => {
    expect(await codeOf(() => parseDidUrl(text))).toBe('DID_SYNTAX')
  })

  it('name places that are written as they are read', async () => {
    for (const place of ['example.com', 'example.com%3A8443:a:b%20'.replace('%20', '%40')]) {
      expect(formatWebPlace(parseWebPlace(place))).toBe(place)
    }
    expect(await codeOf(() => formatWebPlace({ host: 'example.com', port: 0, path: [] }))).toBe('DID_LOCATION_INVALID')
    expect(await codeOf(() => formatWebPlace({ host: 'example.com', port: undefined, path: ['a/b'] }))).toBe(
      'DID_LOCATION_INVALID',
    )
  })
})

describe('the document that resolving yields', () => {
  const id = `did:webvh:QmWRANX5BfGqR9PGzULYQgzjqhELARdnLLLmKTB8ER9xRd:example.com`
  it('has the services that did:webvh implies, unless it has its own', () => {
    const files = { id: `${id}#files`, type: 'relativeRef', serviceEndpoint: 'https://example.com/' }
    expect((resolvedDocument({ id })['service'] as readonly JsonObject[])[0]).toEqual(files)
    const own = [{ id: '#files' }, { id: `${id}#whois` }]
    expect(resolvedDocument({ id, service: own })['service']).toEqual(own)
  })

  it('is that of the log for other methods', () => {
    const document = { id: 'did:web:example.com' }
    expect(resolvedDocument(document)).toBe(document)
  })
})

describe('data integrity proofs', () => {
  it('are made and checked under a context that is a single text', async () => {
    const unsigned = { '@context': 'https://www.w3.org/ns/did/v1.1', id: DID }
    const document = await signDocument({ signer: signer(1), document: unsigned, purpose: 'authentication' })
    expect(verifyDocument({ kernel, document, purpose: 'authentication' })).toHaveLength(1)
    const listed = { ...document, '@context': [unsigned['@context'], 'https://e.example'] }
    expect(verifyDocument({ kernel, document: listed, purpose: 'authentication' })).toHaveLength(1)
  })

  it('are not put over others', async () => {
    const document = await signDocument({ signer: signer(1), document: { a: 1 }, purpose: 'assertionMethod' })
    expect(await codeOf(() => signDocument({ signer: signer(2), document, purpose: 'assertionMethod' }))).toBe(
      'DATA_INTEGRITY_INVALID',
    )
  })
})

const folder = publicVectors('vc-di-eddsa')

describe.skipIf(folder === undefined)(
  'the W3C vectors of eddsa-jcs-2022 (skipped where ../shared/vectors/vc-di-eddsa is missing)',
  () => {
    const read = (name: string) => readFileSync(join(folder ?? '', name), 'utf8')
    const suite = (name: string) => read(join('eddsa-jcs-2022', name)).trim()
    const json = (text: string) => parseJson(text) as JsonObject
    const hash = (text: string) => toHex(kernel.sha256(utf8(text)))

    it('canonical forms and hashes are those of the vectors', () => {
      expect(existsSync(join(folder ?? '', 'unsigned.json'))).toBe(true)
      expect(encodeJcs(json(read('unsigned.json')))).toBe(suite('canonDocJCS.txt'))
      expect(encodeJcs(json(suite('proofConfigJCS.json')))).toBe(suite('proofCanonJCS.txt'))
      expect(hash(suite('canonDocJCS.txt'))).toBe(suite('docHashJCS.txt'))
      expect(hash(suite('proofCanonJCS.txt'))).toBe(suite('proofHashJCS.txt'))
      expect(suite('proofHashJCS.txt') + suite('docHashJCS.txt')).toBe(suite('combinedHashJCS.txt'))
    })

    it('the signed document verifies, and with anything changed does not', async () => {
      const document = json(suite('signedJCS.json'))
      const publicKeyMultibase = text(json(read('keyPair.json')), 'publicKeyMultibase')
      expect(verifyDocument({ kernel, document, purpose: 'assertionMethod' })).toMatchObject([
        { multikey: publicKeyMultibase, createdMs: Date.parse('2023-02-24T23:36:38Z') },
      ])
      const publicKey = decodeMultikey('ed25519', publicKeyMultibase)
      expect(
        kernel.ed25519Verify(publicKey, fromHex(suite('combinedHashJCS.txt')), fromHex(suite('sigHexJCS.txt'))),
      ).toBe(true)
      for (const name of Object.keys(document).filter((key) => key !== 'proof')) {
        const changed = { ...document, [name]: 'changed' }
        expect(await codeOf(() => verifyDocument({ kernel, document: changed, purpose: 'assertionMethod' }))).toBe(
          'DATA_INTEGRITY_INVALID',
        )
      }
    })

    it('signing makes the proof of the vectors', async () => {
      const seed = seedOf(text(json(read('keyPair.json')), 'privateKeyMultibase'))
      const document = json(read('unsigned.json'))
      const proof = await makeProof({
        signer: ed25519Signer({ kernel, seed }),
        document,
        created: '2023-02-24T23:36:38Z',
        purpose: 'assertionMethod',
      })
      expect(proof['proofValue']).toBe(suite('sigBTC58JCS.txt'))
      expect(proof).toEqual(json(suite('signedJCS.json'))['proof'])
      expect(checkProof({ kernel, document, proof, purpose: 'assertionMethod' }).multikey).toBe(
        json(read('keyPair.json'))['publicKeyMultibase'],
      )
    })
  },
)

/** The seed in a Multikey of a secret key: codec 0x1300 as a varint, then 32 bytes. */
function seedOf(multikey: string): Secret {
  const bytes = fromBase58btc(multikey.slice(1))
  expect(toHex(bytes.subarray(0, 2))).toBe('8026')
  return Secret.of(bytes.slice(2))
}
