/** Vectors of data integrity proofs and of the places of did:web and did:webvh (contracts/spec/18-key-log, 18.1, 18.10, 18.11). */
import { type JsonObject, readDid, signDocument, verifyDocument, webUrl } from '@talos/identity'
import { hashOf, K1, kernel, U1 } from './identity-forge.ts'
import type { VectorFile } from './vector-file.ts'

type Given = { readonly clause: string; readonly description: string; readonly input: object } & (
  | { readonly expected: object }
  | { readonly error: string }
)

export async function didVectors(): Promise<VectorFile[]> {
  return [
    area('data-integrity', 'data integrity proofs', await proofCases()),
    area('did-webvh-url', 'places of did:web and did:webvh', [...placeCases(), ...refusedPlaces()]),
  ]
}

function area(name: string, subject: string, given: readonly Given[]): VectorFile {
  const cases = given.map(({ clause, description, input, ...outcome }, index) => ({
    id: `${name}-${String(index + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: 'expected' in outcome,
    input,
    ...outcome,
  }))
  return { path: `identity/${name}.json`, file: { format: 'talos-vectors/1', subject, spec: '18-key-log', cases } }
}

async function proofCases(): Promise<Given[]> {
  const document = {
    '@context': ['https://www.w3.org/ns/did/v1.1', { a: 'b' }],
    id: 'did:example:1',
    number: 1.5e-7,
    text: 'größe',
  }
  const created = '2026-03-01T00:00:00Z'
  const signed = await signDocument({ signer: K1, document, created, purpose: 'assertionMethod' })
  const plain = await signDocument({ signer: K1, document: { versionId: '1-x' }, purpose: 'assertionMethod' })
  const other = await signDocument({ signer: U1, document: { versionId: '1-x' }, purpose: 'assertionMethod' })
  const valid = (description: string, value: JsonObject): Given => ({
    clause: '18.1',
    description,
    input: { document: value, purpose: 'assertionMethod' },
    expected: {
      proofs: verifyDocument({ kernel, document: value, purpose: 'assertionMethod' }).map(
        ({ multikey, createdMs }) => ({
          multikey,
          createdMs: createdMs ?? null,
        }),
      ),
    },
  })
  const bad = (description: string, value: JsonObject): Given => ({
    clause: '18.1',
    description,
    input: { document: value, purpose: 'assertionMethod' },
    error: 'DATA_INTEGRITY_INVALID',
  })
  const proof = signed['proof'] as JsonObject
  return [
    valid('a document with a context and a time', signed),
    valid('a document without either', plain),
    valid('two proofs', { ...plain, proof: [plain['proof'] ?? {}, other['proof'] ?? {}] }),
    valid('further contexts after the signed ones', {
      ...signed,
      '@context': [...document['@context'], 'https://example.com/more'],
    }),
    bad('another context', { ...signed, '@context': ['https://www.w3.org/ns/did/v1', { a: 'b' }] }),
    bad('fewer contexts', { ...signed, '@context': ['https://www.w3.org/ns/did/v1.1'] }),
    bad('a context as a text', { ...signed, '@context': 'https://www.w3.org/ns/did/v1.1' }),
    bad('a proof without its context', {
      ...signed,
      proof: Object.fromEntries(Object.entries(proof).filter(([name]) => name !== '@context')),
    }),
    bad('a member changed', { ...signed, text: 'grösse' }),
    bad('a member more', { ...signed, more: null }),
    bad('the proof of another document', { ...plain, proof }),
    bad('one of two proofs wrong', { ...plain, proof: [plain['proof'] ?? {}, proof] }),
    bad('no proof', { a: 1 }),
    bad('a proof chain', { ...plain, proof: { ...(plain['proof'] as JsonObject), previousProof: 'urn:x' } }),
    bad('a key that is no point', {
      ...plain,
      proof: { ...(plain['proof'] as JsonObject), verificationMethod: 'did:key:x#x' },
    }),
  ]
}

const SCID = hashOf('a log')

function placeCases(): Given[] {
  const dids = [
    'did:web:example.com',
    'did:web:example.com%3A3000:dids:issuer',
    `did:webvh:${SCID}:example.com`,
    `did:webvh:${SCID}:issuer.example.com`,
    `did:webvh:${SCID}:example.com:dids:issuer`,
    `did:webvh:${SCID}:example.com%3A65535:dids:issuer`,
    `did:webvh:${SCID}:xn--jp-cd2fp15c.xn--fsq.jp:%E7%94%A8%E6%88%B7`,
    `did:webvh:${SCID}:example.com:a%40b:~`.replace('~', '...x'),
    `did:webvh:${SCID}:1-2.3.example.co.uk`,
    `did:webvh:${SCID}:example.com:${Array.from({ length: 16 }, () => 'a').join(':')}`,
  ]
  return dids.map((did) => {
    const parsed = readDid(did)
    if (parsed.method !== 'web' && parsed.method !== 'webvh') throw new Error(`${did} has no place`)
    const { host, port = null, path } = parsed.place
    const url = webUrl(parsed.place, parsed.method === 'web' ? 'did.json' : 'did.jsonl')
    return {
      clause: '18.11',
      description: did.replace(SCID, 'SCID'),
      input: { did },
      expected: { host, port, path, url },
    }
  })
}

function refusedPlaces(): Given[] {
  const place = (text: string, error = 'DID_LOCATION_INVALID'): Given => ({
    clause: error === 'DID_SYNTAX' ? '18.10' : '18.11',
    description: text.length > 80 ? `${text.slice(0, 60)} and so on` : text,
    input: { did: `did:webvh:${SCID}:${text}` },
    error,
  })
  const label = 'a'.repeat(63)
  return [
    ...[
      '127.0.0.1',
      '127%2E0%2E0%2E1',
      '127.0.0.1%3A8443',
      '0x7f.1',
      'example.0x7f',
      '2130706433.1',
      'localhost',
      'localhost%3A80',
    ].map((text) => place(text)),
    ...[
      'Example.com',
      'example.com.',
      '.example.com',
      'a..com',
      '-a.com',
      'a-.com',
      'a_b.com',
      `${label}a.com`,
      `${`${label}.`.repeat(4)}com`,
    ].map((text) => place(text)),
    ...[
      'example.com%3A',
      'example.com%3A0',
      'example.com%3A080',
      'example.com%3A65536',
      'example.com%3A8443%3A1',
      'example.com%3a8443',
      'example.com%3A8443x',
      'example%2Ecom',
      'user%40example.com',
      '%5B%3A%3A1%5D',
    ].map((text) => place(text)),
    ...[
      '..',
      '.',
      '...',
      '%2E%2E',
      '%2e%2e',
      'a%2Fb',
      'a%2fb',
      'a%5Cb',
      '%00',
      'a%0D%0Ab',
      '%25',
      'a%252E',
      'a%3Fb',
      'a%23b',
      'a%3Bb',
      '%3A',
      '%20',
      '%C2%A0',
      '%E2%80%AE',
      '%FF',
      '%C0%AE',
      '%41',
      '%e7%94%a8',
      '%ED%A0%80',
    ].map((segment) => place(`example.com:${segment}`)),
    place(`example.com:${Array.from({ length: 17 }, () => 'a').join(':')}`),
    place('example.com::a'),
    ...[
      'example.com:',
      'example.com/a',
      'example.com#a',
      'example.com?a',
      'exam ple.com',
      'bücher.example',
      'user@example.com',
      'example.com:~a',
      'example.com%3',
      `example.com:${'a'.repeat(512)}`,
    ].map((text) => place(text, 'DID_SYNTAX')),
    ...[
      `did:webvh:${SCID}`,
      'did:webvh:example.com',
      'did:webvh:Qm:example.com',
      `did:talos:${SCID.slice(0, -1)}`,
      `did:talos:${'Q'.repeat(46)}`,
      `did:talos:${SCID.replace('Qm', 'Qx')}`,
      `did:talos:${'0'.repeat(46)}`,
      `DID:webvh:${SCID}:example.com`,
      `did:WEBVH:${SCID}:example.com`,
      'did:web:',
      'did::x',
      '',
    ].map(
      (did): Given => ({
        clause: '18.10',
        description: did.replace(SCID, 'SCID') || 'nothing',
        input: { did },
        error: 'DID_SYNTAX',
      }),
    ),
  ]
}
