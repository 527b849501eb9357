import { didDocument, signDocument } from '@talos/identity'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { memoryKnownLogs, WEB_TTL_MS } from '../src/index.ts'
import { type HttpsHost, httpsHost } from './https-host.ts'
import { clock, codeOf, foreignLog, newSigner, resolverWith, rotated, webDid, webLog } from './world.ts'

let host: HttpsHost

beforeAll(async () => {
  host = await httpsHost()
})
afterAll(() => host.close())
afterEach(() => {
  host.files.clear()
  host.asked.length = 0
})

describe('resolving did:key', () => {
  it('answers from the DID itself and asks nobody', async () => {
    const { did } = newSigner()
    const resolution = await resolverWith(host).resolve(did)
    expect(resolution.json).toEqual(didDocument({ did }))
    expect(resolution.document?.relationships.authentication).toEqual([`${did}#${did.slice('did:key:'.length)}`])
    expect(resolution.log).toBeUndefined()
    expect(host.asked).toEqual([])
  })
})

describe('resolving did:webvh', () => {
  it('verifies the log behind a real HTTPS server', async () => {
    const { log } = await webLog(host)
    host.files.set('/.well-known/did.jsonl', log.text)
    const { json, document, log: found } = await resolverWith(host).resolve(log.did)
    expect(found?.versionId).toBe(log.versionId)
    expect(document?.methods[0]?.publicKeyMultibase).toBe(log.signingKey?.slice('did:key:'.length))
    expect(JSON.stringify(json)).toContain(`${log.did}#whois`)
  })

  it('finds a log below a path', async () => {
    const { log } = await webLog(host, { path: ['teams', 'größe'] })
    host.files.set('/teams/gr%C3%B6%C3%9Fe/did.jsonl', log.text)
    expect((await resolverWith(host).resolve(log.did)).log?.scid).toBe(log.scid)
  })

  it('refuses the log of another identity', async () => {
    const [{ log }, { log: other }] = [await webLog(host), await webLog(host)]
    host.files.set('/.well-known/did.jsonl', other.text)
    expect(await codeOf(resolverWith(host).resolve(log.did))).toBe('KEY_LOG_OTHER')
  })

  it('shows a document that breaks the rules of DID 1.1, and offers no keys of it', async () => {
    const signer = newSigner()
    const log = await foreignLog(host, signer)
    host.files.set('/.well-known/did.jsonl', log.text)
    const { json, document } = await resolverWith(host).resolve(log.did)
    expect(json['id']).toBe(log.did)
    expect(document).toBeUndefined()
  })

  it('asks for the approvals of witnesses when the log names some', async () => {
    const witness = newSigner()
    const log = await foreignLog(host, newSigner(), { witness: { threshold: 1, witnesses: [{ id: witness.did }] } })
    host.files.set('/.well-known/did.jsonl', log.text)
    expect(await codeOf(resolverWith(host).resolve(log.did))).toBe('DID_NOT_FOUND')
    const { proof } = await signDocument({
      signer: witness,
      document: { versionId: log.versionId },
      purpose: 'assertionMethod',
    })
    host.files.set('/.well-known/did-witness.json', JSON.stringify([{ versionId: log.versionId, proof: [proof] }]))
    expect((await resolverWith(host).resolve(log.did)).log?.versionId).toBe(log.versionId)
    expect(host.asked.at(-1)).toBe('/.well-known/did-witness.json')
  })

  it('refuses a file that is not UTF-8', async () => {
    const { log } = await webLog(host)
    host.files.set('/.well-known/did.jsonl', Uint8Array.of(0xff, 0xfe))
    expect(await codeOf(resolverWith(host).resolve(log.did))).toBe('DID_FETCH_FAILED')
  })
})

describe('what is known of a log', () => {
  it('protects from an older state, in every answer after the newer one', async () => {
    const { log, next } = await webLog(host)
    const newer = await rotated(log, next)
    const resolver = resolverWith(host)
    host.files.set('/.well-known/did.jsonl', newer.text)
    expect((await resolver.resolve(log.did)).log?.version).toBe(2)
    host.files.set('/.well-known/did.jsonl', log.text)
    expect(await codeOf(resolver.resolve(log.did, { fresh: true }))).toBe('KEY_LOG_ROLLBACK')
    host.files.set('/.well-known/did.jsonl', newer.text)
    expect((await resolver.resolve(log.did, { fresh: true })).log?.version).toBe(2)
  })

  it('protects from a second history, also where another resolver remembered the first', async () => {
    const { log, next } = await webLog(host)
    const [one, other] = [await rotated(log, next), await rotated(log, next)]
    const knownLogs = memoryKnownLogs()
    knownLogs.set(one)
    host.files.set('/.well-known/did.jsonl', other.text)
    expect(await codeOf(resolverWith(host, { knownLogs }).resolve(log.did))).toBe('KEY_LOG_FORK')
    expect(knownLogs.get(log.scid)?.versionId).toBe(one.versionId)
  })

  it('replaces an answer that was kept when a newer log came another way', async () => {
    const { log, next } = await webLog(host)
    const newer = await rotated(log, next)
    const knownLogs = memoryKnownLogs()
    const resolver = resolverWith(host, { knownLogs })
    host.files.set('/.well-known/did.jsonl', log.text)
    expect((await resolver.resolve(log.did)).log?.version).toBe(1)
    knownLogs.set(newer)
    expect(await codeOf(resolver.resolve(log.did))).toBe('KEY_LOG_ROLLBACK')
    host.files.set('/.well-known/did.jsonl', newer.text)
    expect((await resolver.resolve(log.did)).log?.version).toBe(2)
    await resolver.resolve(log.did)
    expect(host.asked).toHaveLength(3)
  })

  it('is bounded: the log that was longest not seen goes first', async () => {
    const knownLogs = memoryKnownLogs(2)
    const logs = [(await webLog(host)).log, (await webLog(host)).log, (await webLog(host)).log] as const
    for (const log of [logs[0], logs[1], logs[0], logs[2]]) knownLogs.set(log)
    expect(logs.map(({ scid }) => knownLogs.get(scid) !== undefined)).toEqual([true, false, true])
  })
})

describe('resolving did:web', () => {
  const document = () => JSON.stringify({ '@context': 'https://www.w3.org/ns/did/v1', id: webDid(host) })

  it('reads the document and keeps it for its time', async () => {
    const resolver = resolverWith(host)
    host.files.set('/.well-known/did.json', document())
    const first = await resolver.resolve(webDid(host))
    expect(first.document?.id).toBe(webDid(host))
    clock.advance(WEB_TTL_MS - 1)
    expect(await resolver.resolve(webDid(host))).toBe(first)
    clock.advance(1)
    await resolver.resolve(webDid(host))
    expect(host.asked).toHaveLength(2)
  })

  it('does not use what it kept when the clock was set back', async () => {
    const resolver = resolverWith(host)
    host.files.set('/.well-known/did.json', document())
    await resolver.resolve(webDid(host))
    clock.advance(-1)
    await resolver.resolve(webDid(host))
    expect(host.asked).toHaveLength(2)
  })

  it('keeps as many answers as it may', async () => {
    const resolver = resolverWith(host, { cacheEntries: 1 })
    const other = `${webDid(host)}:team`
    host.files.set('/.well-known/did.json', document())
    host.files.set('/team/did.json', JSON.stringify({ id: other }))
    for (const did of [webDid(host), other, other, webDid(host)]) await resolver.resolve(did)
    expect(host.asked).toHaveLength(3)
  })

  it('does not keep a log whose owner says so', async () => {
    const { log } = await webLog(host, { ttlS: 0 })
    const resolver = resolverWith(host)
    host.files.set('/.well-known/did.jsonl', log.text)
    await resolver.resolve(log.did)
    await resolver.resolve(log.did)
    expect(host.asked).toHaveLength(2)
  })

  it('refuses the document of another DID, and what is no document', async () => {
    for (const file of [JSON.stringify({ id: `${webDid(host)}:x` }), 'no JSON', '[]']) {
      host.files.set('/.well-known/did.json', file)
      expect(await codeOf(resolverWith(host).resolve(webDid(host)))).toBe('DID_DOCUMENT_INVALID')
    }
  })
})

describe('resolving did:talos', () => {
  it('verifies what the source has', async () => {
    const { log } = await webLog(host)
    const resolver = resolverWith(host, { source: async () => ({ text: log.text }) })
    expect((await resolver.resolve(log.name)).log?.did).toBe(log.did)
  })

  it('tells a source that has nothing from no source', async () => {
    const { log } = await webLog(host)
    expect(await codeOf(resolverWith(host).resolve(log.name))).toBe('DID_NOT_FOUND')
    expect(await codeOf(resolverWith(host, { source: async () => undefined }).resolve(log.name))).toBe('DID_NOT_FOUND')
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
    expect(await codeOf(resolverWith(host).resolve(did))).toBe(code)
    expect(host.asked).toEqual([])
  })
})
