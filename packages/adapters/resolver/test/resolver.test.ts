import { Readable } from 'node:stream'
import { encodeJcs, Secret, toBase58btc, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import {
  appendEntry,
  createKeyLog,
  type DidResolver,
  didDocument,
  ed25519Signer,
  type JsonObject,
  type Signer,
  signDocument,
  type VerifiedKeyLog,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { manualClock, seededRandom } from '@talos/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createResolver, MAX_QUESTIONS, memoryKnownLogs, type ResolverOptions, WEB_TTL_MS } from '../src/index.ts'
import { HOST, type HttpsHost, httpsHost } from './https-host.ts'

const kernel = portableKernel()
const random = seededRandom('resolver')
const START_MS = Date.parse('2026-05-01T12:00:00Z')
const clock = manualClock(START_MS)
let host: HttpsHost

beforeAll(async () => {
  host = await httpsHost()
})
afterAll(() => host.close())
afterEach(() => {
  host.files.clear()
  host.asked.length = 0
})

function newSigner(): Signer {
  return ed25519Signer({ kernel, seed: Secret.random(random, 32) })
}

/** A log on the host, and the update key that its next entry takes. */
async function webLog(options: { readonly ttlS?: number; readonly path?: readonly string[] } = {}) {
  const next = newSigner()
  const log = await createKeyLog({
    signer: newSigner(),
    updateSigner: newSigner(),
    nextUpdateKeys: [next.did],
    nowMs: START_MS - 60_000,
    location: {
      method: 'webvh',
      host: `${HOST}:${host.port}`,
      ...(options.path !== undefined && { path: options.path }),
    },
    ...(options.ttlS !== undefined && { ttlS: options.ttlS }),
  })
  return { log, next }
}

function rotated(log: VerifiedKeyLog, updateSigner: Signer): Promise<VerifiedKeyLog> {
  const nextUpdateKeys = [newSigner().did]
  return appendEntry(log, {
    kind: 'rotate',
    signer: newSigner(),
    updateSigner,
    nextUpdateKeys,
    nowMs: START_MS - 30_000,
  })
}

/** A log as another implementation may write it: without agreement of a key, and with a document that lacks a controller. */
async function foreignLog(signer: Signer, more: JsonObject = {}): Promise<VerifiedKeyLog> {
  const placeholder = '{SCID}'
  const multikey = signer.did.slice('did:key:'.length)
  const did = `did:webvh:${placeholder}:${HOST}%3A${host.port}`
  const preliminary = {
    versionId: placeholder,
    versionTime: '2026-04-01T00:00:00Z',
    parameters: { method: 'did:webvh:1.0', scid: placeholder, updateKeys: [multikey], ...more },
    state: { id: did, verificationMethod: [{ id: `${did}#a`, type: 'Multikey', publicKeyMultibase: multikey }] },
  }
  const scid = hashOf(preliminary)
  const entry: JsonObject = JSON.parse(JSON.stringify(preliminary).replaceAll(placeholder, scid))
  const document = { ...entry, versionId: `1-${hashOf(entry)}` }
  const line = JSON.stringify(await signDocument({ signer, document, purpose: 'assertionMethod' }))
  return {
    did: `did:webvh:${scid}:${HOST}%3A${host.port}`,
    versionId: document.versionId,
    text: `${line}\n`,
  } as VerifiedKeyLog
}

function hashOf(entry: object): string {
  const digest = kernel.sha256(utf8(encodeJcs(entry as JsonObject)))
  return toBase58btc(Uint8Array.of(0x12, 0x20, ...digest))
}

function resolverWith(options: Partial<ResolverOptions> = {}): DidResolver {
  return createResolver({
    kernel,
    clock,
    ca: [host.ca],
    lookup: async () => ['127.0.0.1'],
    allowPrivateAddresses: true,
    timeoutMs: 2_000,
    ...options,
  })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return 'none'
}

const WEB = () => `did:web:${HOST}%3A${host.port}`

describe('resolving did:key', () => {
  it('answers from the DID itself and asks nobody', async () => {
    const { did } = newSigner()
    const resolution = await resolverWith().resolve(did)
    expect(resolution.json).toEqual(didDocument({ did }))
    expect(resolution.document?.relationships.authentication).toEqual([`${did}#${did.slice('did:key:'.length)}`])
    expect(resolution.log).toBeUndefined()
    expect(host.asked).toEqual([])
  })
})

describe('resolving did:webvh', () => {
  it('verifies the log behind a real HTTPS server', async () => {
    const { log } = await webLog()
    host.files.set('/.well-known/did.jsonl', log.text)
    const { json, document, log: found } = await resolverWith().resolve(log.did)
    expect(found?.versionId).toBe(log.versionId)
    expect(document?.methods[0]?.publicKeyMultibase).toBe(log.signingKey?.slice('did:key:'.length))
    expect(JSON.stringify(json)).toContain(`${log.did}#whois`)
  })

  it('finds a log below a path', async () => {
    const { log } = await webLog({ path: ['teams', 'größe'] })
    host.files.set('/teams/gr%C3%B6%C3%9Fe/did.jsonl', log.text)
    expect((await resolverWith().resolve(log.did)).log?.scid).toBe(log.scid)
  })

  it('refuses the log of another identity', async () => {
    const [{ log }, { log: other }] = [await webLog(), await webLog()]
    host.files.set('/.well-known/did.jsonl', other.text)
    expect(await codeOf(resolverWith().resolve(log.did))).toBe('KEY_LOG_OTHER')
  })

  it('shows a document that breaks the rules of DID 1.1, and offers no keys of it', async () => {
    const signer = newSigner()
    const log = await foreignLog(signer)
    host.files.set('/.well-known/did.jsonl', log.text)
    const { json, document } = await resolverWith().resolve(log.did)
    expect(json['id']).toBe(log.did)
    expect(document).toBeUndefined()
  })

  it('asks for the approvals of witnesses when the log names some', async () => {
    const witness = newSigner()
    const log = await foreignLog(newSigner(), { witness: { threshold: 1, witnesses: [{ id: witness.did }] } })
    host.files.set('/.well-known/did.jsonl', log.text)
    expect(await codeOf(resolverWith().resolve(log.did))).toBe('DID_NOT_FOUND')
    const { proof } = await signDocument({
      signer: witness,
      document: { versionId: log.versionId },
      purpose: 'assertionMethod',
    })
    host.files.set('/.well-known/did-witness.json', JSON.stringify([{ versionId: log.versionId, proof: [proof] }]))
    expect((await resolverWith().resolve(log.did)).log?.versionId).toBe(log.versionId)
    expect(host.asked.at(-1)).toBe('/.well-known/did-witness.json')
  })

  it('refuses a file that is not UTF-8', async () => {
    const { log } = await webLog()
    host.files.set('/.well-known/did.jsonl', Uint8Array.of(0xff, 0xfe))
    expect(await codeOf(resolverWith().resolve(log.did))).toBe('DID_FETCH_FAILED')
  })
})

describe('what is known of a log', () => {
  it('protects from an older state, in every answer after the newer one', async () => {
    const { log, next } = await webLog()
    const newer = await rotated(log, next)
    const resolver = resolverWith()
    host.files.set('/.well-known/did.jsonl', newer.text)
    expect((await resolver.resolve(log.did)).log?.version).toBe(2)
    host.files.set('/.well-known/did.jsonl', log.text)
    expect(await codeOf(resolver.resolve(log.did, { fresh: true }))).toBe('KEY_LOG_ROLLBACK')
    host.files.set('/.well-known/did.jsonl', newer.text)
    expect((await resolver.resolve(log.did, { fresh: true })).log?.version).toBe(2)
  })

  it('protects from a second history, also where another resolver remembered the first', async () => {
    const { log, next } = await webLog()
    const [one, other] = [await rotated(log, next), await rotated(log, next)]
    const knownLogs = memoryKnownLogs()
    knownLogs.set(one)
    host.files.set('/.well-known/did.jsonl', other.text)
    expect(await codeOf(resolverWith({ knownLogs }).resolve(log.did))).toBe('KEY_LOG_FORK')
    expect(knownLogs.get(log.scid)?.versionId).toBe(one.versionId)
  })

  it('is bounded: the log that was longest not seen goes first', async () => {
    const knownLogs = memoryKnownLogs(2)
    const logs = [(await webLog()).log, (await webLog()).log, (await webLog()).log] as const
    for (const log of [logs[0], logs[1], logs[0], logs[2]]) knownLogs.set(log)
    expect(logs.map(({ scid }) => knownLogs.get(scid) !== undefined)).toEqual([true, false, true])
  })
})

describe('resolving did:web', () => {
  const document = () => JSON.stringify({ '@context': 'https://www.w3.org/ns/did/v1', id: WEB() })

  it('reads the document and keeps it for its time', async () => {
    const resolver = resolverWith()
    host.files.set('/.well-known/did.json', document())
    const first = await resolver.resolve(WEB())
    expect(first.document?.id).toBe(WEB())
    clock.advance(WEB_TTL_MS - 1)
    expect(await resolver.resolve(WEB())).toBe(first)
    clock.advance(1)
    await resolver.resolve(WEB())
    expect(host.asked).toHaveLength(2)
  })

  it('does not use what it kept when the clock was set back', async () => {
    const resolver = resolverWith()
    host.files.set('/.well-known/did.json', document())
    await resolver.resolve(WEB())
    clock.advance(-1)
    await resolver.resolve(WEB())
    expect(host.asked).toHaveLength(2)
  })

  it('keeps as many answers as it may', async () => {
    const resolver = resolverWith({ cacheEntries: 1 })
    const other = `${WEB()}:team`
    host.files.set('/.well-known/did.json', document())
    host.files.set('/team/did.json', JSON.stringify({ id: other }))
    for (const did of [WEB(), other, other, WEB()]) await resolver.resolve(did)
    expect(host.asked).toHaveLength(3)
  })

  it('does not keep a log whose owner says so', async () => {
    const { log } = await webLog({ ttlS: 0 })
    const resolver = resolverWith()
    host.files.set('/.well-known/did.jsonl', log.text)
    await resolver.resolve(log.did)
    await resolver.resolve(log.did)
    expect(host.asked).toHaveLength(2)
  })

  it('refuses the document of another DID, and what is no document', async () => {
    for (const file of [JSON.stringify({ id: `${WEB()}:x` }), 'no JSON', '[]']) {
      host.files.set('/.well-known/did.json', file)
      expect(await codeOf(resolverWith().resolve(WEB()))).toBe('DID_DOCUMENT_INVALID')
    }
  })
})

describe('resolving did:talos', () => {
  it('verifies what the source has', async () => {
    const { log } = await webLog()
    const resolver = resolverWith({ source: async () => ({ text: log.text }) })
    expect((await resolver.resolve(log.name)).log?.did).toBe(log.did)
  })

  it('tells a source that has nothing from no source', async () => {
    const { log } = await webLog()
    expect(await codeOf(resolverWith().resolve(log.name))).toBe('DID_NOT_FOUND')
    expect(await codeOf(resolverWith({ source: async () => undefined }).resolve(log.name))).toBe('DID_NOT_FOUND')
  })
})

function* endless(): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(65_536)
}

describe('a hostile or broken host', () => {
  const cases: readonly (readonly [string, string, (host: HttpsHost) => void])[] = [
    ['a missing file', 'DID_NOT_FOUND', () => undefined],
    [
      'a redirect',
      'DID_FETCH_FAILED',
      ({ files, port }) =>
        files.set('/.well-known/did.json', (_, response) => {
          response.writeHead(302, { location: `https://${HOST}:${port}/elsewhere` }).end()
        }),
    ],
    [
      'an error of the server',
      'DID_FETCH_FAILED',
      ({ files }) =>
        files.set('/.well-known/did.json', (_, response) => {
          response.writeHead(500).end()
        }),
    ],
    [
      'a compressed body',
      'DID_FETCH_FAILED',
      ({ files }) =>
        files.set('/.well-known/did.json', (_, response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
        }),
    ],
    [
      'a body without end',
      'DID_FETCH_FAILED',
      ({ files }) =>
        files.set('/.well-known/did.json', (_, response) => {
          response.on('error', () => undefined)
          Readable.from(endless()).pipe(response)
        }),
    ],
    [
      'a connection that is cut',
      'DID_FETCH_FAILED',
      ({ files }) =>
        files.set('/.well-known/did.json', (_, response) => {
          response.writeHead(200, { 'content-length': '100' }).write('{')
          setTimeout(() => response.destroy(), 20)
        }),
    ],
  ]

  it.each(cases)('%s is %s', async (_, code, prepare) => {
    prepare(host)
    expect(await codeOf(resolverWith().resolve(WEB()))).toBe(code)
  })

  it('that never answers is left after the time', async () => {
    host.files.set('/.well-known/did.json', () => undefined)
    const started = Date.now()
    expect(await codeOf(resolverWith({ timeoutMs: 200 }).resolve(WEB()))).toBe('DID_FETCH_FAILED')
    expect(Date.now() - started).toBeLessThan(2_000)
  })

  it('does not hold the caller who gives up', async () => {
    host.files.set('/.well-known/did.json', () => undefined)
    const controller = new AbortController()
    const question = codeOf(resolverWith().resolve(WEB(), { signal: controller.signal }))
    setTimeout(() => controller.abort(), 50)
    expect(await question).toBe('DID_FETCH_FAILED')
    expect(await codeOf(resolverWith().resolve(WEB(), { signal: controller.signal }))).toBe('DID_FETCH_FAILED')
  })

  it('is not believed without a certificate for its name', async () => {
    host.files.set('/.well-known/did.json', '{}')
    const { ca: _, ...rest } = { ca: [], kernel, clock, lookup: async () => ['127.0.0.1'], allowPrivateAddresses: true }
    expect(await codeOf(createResolver(rest).resolve(WEB()))).toBe('DID_FETCH_FAILED')
    expect(await codeOf(resolverWith().resolve(`did:web:other.example.com%3A${host.port}`))).toBe('DID_FETCH_FAILED')
    expect(host.asked).toEqual([])
  })

  it('is not asked at an address inside the network, whichever of its addresses that is', async () => {
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::1'], ['fd00::1']]) {
      const resolver = resolverWith({ allowPrivateAddresses: false, lookup: async () => addresses })
      expect(await codeOf(resolver.resolve(WEB()))).toBe('DID_ADDRESS_REFUSED')
    }
    expect(host.asked).toEqual([])
  })

  it('without an address, or whose name does not resolve, is not reached', async () => {
    expect(await codeOf(resolverWith({ lookup: async () => [] }).resolve(WEB()))).toBe('DID_FETCH_FAILED')
    const failing = resolverWith({ lookup: () => Promise.reject(new Error('no such name')) })
    expect(await codeOf(failing.resolve(WEB()))).toBe('DID_FETCH_FAILED')
  })

  it('is looked up once: a second answer cannot lead elsewhere', async () => {
    host.files.set('/.well-known/did.json', JSON.stringify({ id: WEB() }))
    let lookups = 0
    const lookup = async () => {
      lookups += 1
      return lookups === 1 ? ['127.0.0.1'] : ['127.0.0.2']
    }
    await resolverWith({ lookup }).resolve(WEB())
    expect(lookups).toBe(1)
  })

  it('cannot make questions pile up', async () => {
    const release: (() => void)[] = []
    const lookup = () =>
      new Promise<readonly string[]>((_, reject) => release.push(() => reject(new Error('too late'))))
    const resolver = resolverWith({ lookup })
    const questions = Array.from({ length: MAX_QUESTIONS }, () => codeOf(resolver.resolve(WEB())))
    await expect(resolver.resolve(WEB())).rejects.toThrow('too many are asked for at once')
    for (const end of release) end()
    expect(new Set(await Promise.all(questions))).toEqual(new Set(['DID_FETCH_FAILED']))
    expect(await codeOf(resolver.resolve(newSigner().did))).toBe('none')
  })
})

describe('what is no DID to be resolved', () => {
  it.each([
    ['did:example:123', 'DID_METHOD_UNSUPPORTED'],
    ['did:web:127.0.0.1', 'DID_LOCATION_INVALID'],
    ['did:web:localhost%3A8443', 'DID_LOCATION_INVALID'],
    ['https://example.com', 'DID_SYNTAX'],
    ['did:key:z6LS', 'DID_INVALID'],
  ])('%s is %s before anything is asked', async (did, code) => {
    expect(await codeOf(resolverWith().resolve(did))).toBe(code)
    expect(host.asked).toEqual([])
  })
})
