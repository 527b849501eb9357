/** Hosts that break, lie, stall or lead elsewhere. */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createResolver, MAX_QUESTIONS } from '../src/index.ts'
import { HOST, type HttpsHost, httpsHost } from './https-host.ts'
import { clock, codeOf, kernel, newSigner, resolverWith, webDid } from './world.ts'

const UPGRADE = 'connection: upgrade\r\nupgrade: websocket'
const HINT = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'

const LATE = { code: 'DID_FETCH_FAILED', details: { reason: 'its host did not answer in time' } }

let host: HttpsHost

beforeAll(async () => {
  host = await httpsHost()
})
afterAll(() => host.close())
afterEach(() => {
  host.files.clear()
  host.asked.length = 0
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
    expect(await codeOf(resolverWith(host).resolve(webDid(host)))).toBe(code)
  })

  it('that never answers is left after the time', async () => {
    host.files.set('/.well-known/did.json', () => undefined)
    await expect(resolverWith(host, { timeoutMs: 200 }).resolve(webDid(host))).rejects.toMatchObject(LATE)
  })

  it('that sends its answer drop by drop is left after the time', async () => {
    host.files.set('/.well-known/did.json', (_, response) => {
      const drops = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(drops))
    })
    await expect(resolverWith(host, { timeoutMs: 300 }).resolve(webDid(host))).rejects.toMatchObject(LATE)
  })

  it.each([
    ['another protocol', (socket: Socket) => socket.write(`HTTP/1.1 101 Switching Protocols\r\n${UPGRADE}\r\n\r\n`)],
    ['hints alone', (socket: Socket) => void setInterval(() => socket.write(HINT), 20).unref()],
    ['no HTTP', (socket: Socket) => socket.end('SSH-2.0-x\r\n')],
    ['headers without end', (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)],
  ])('that answers with %s is not believed', async (_, answer) => {
    host.files.set('/.well-known/did.json', ({ socket }) => {
      socket.on('error', () => undefined)
      answer(socket)
    })
    expect(await codeOf(resolverWith(host, { timeoutMs: 500 }).resolve(webDid(host)))).toBe('DID_FETCH_FAILED')
  })

  it('without a good certificate is not believed, whatever the environment says', async () => {
    host.files.set('/.well-known/did.json', JSON.stringify({ id: webDid(host) }))
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    try {
      const resolver = createResolver({ kernel, clock, lookup: async () => ['127.0.0.1'], allowPrivateAddresses: true })
      expect(await codeOf(resolver.resolve(webDid(host)))).toBe('DID_FETCH_FAILED')
    } finally {
      vi.unstubAllEnvs()
    }
    expect(host.asked).toEqual([])
  })

  it('does not hold the caller who gives up', async () => {
    host.files.set('/.well-known/did.json', () => undefined)
    const controller = new AbortController()
    const question = codeOf(resolverWith(host).resolve(webDid(host), { signal: controller.signal }))
    setTimeout(() => controller.abort(), 50)
    expect(await question).toBe('DID_FETCH_FAILED')
    expect(await codeOf(resolverWith(host).resolve(webDid(host), { signal: controller.signal }))).toBe(
      'DID_FETCH_FAILED',
    )
  })

  it('is not believed without a certificate for its name', async () => {
    host.files.set('/.well-known/did.json', '{}')
    const { ca: _, ...rest } = { ca: [], kernel, clock, lookup: async () => ['127.0.0.1'], allowPrivateAddresses: true }
    expect(await codeOf(createResolver(rest).resolve(webDid(host)))).toBe('DID_FETCH_FAILED')
    expect(await codeOf(resolverWith(host).resolve(`did:web:other.example.com%3A${host.port}`))).toBe(
      'DID_FETCH_FAILED',
    )
    expect(host.asked).toEqual([])
  })

  it('is not asked at an address inside the network, whichever of its addresses that is', async () => {
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::1'], ['fd00::1']]) {
      const resolver = resolverWith(host, { allowPrivateAddresses: false, lookup: async () => addresses })
      expect(await codeOf(resolver.resolve(webDid(host)))).toBe('DID_ADDRESS_REFUSED')
    }
    expect(host.asked).toEqual([])
  })

  it('without an address, or whose name does not resolve, is not reached', async () => {
    expect(await codeOf(resolverWith(host, { lookup: async () => [] }).resolve(webDid(host)))).toBe('DID_FETCH_FAILED')
    const failing = resolverWith(host, { lookup: () => Promise.reject(new Error('no such name')) })
    expect(await codeOf(failing.resolve(webDid(host)))).toBe('DID_FETCH_FAILED')
  })

  it('whose name the system itself does not know is not reached', async () => {
    const resolver = createResolver({ kernel, clock, timeoutMs: 2_000 })
    expect(await codeOf(resolver.resolve('did:web:nobody.invalid'))).toBe('DID_FETCH_FAILED')
  })

  it('is looked up once: a second answer cannot lead elsewhere', async () => {
    host.files.set('/.well-known/did.json', JSON.stringify({ id: webDid(host) }))
    let lookups = 0
    const lookup = async () => {
      lookups += 1
      return lookups === 1 ? ['127.0.0.1'] : ['127.0.0.2']
    }
    await resolverWith(host, { lookup }).resolve(webDid(host))
    expect(lookups).toBe(1)
  })

  it('cannot make questions pile up', async () => {
    const release: (() => void)[] = []
    const lookup = () =>
      new Promise<readonly string[]>((_, reject) => release.push(() => reject(new Error('too late'))))
    const resolver = resolverWith(host, { lookup })
    const questions = Array.from({ length: MAX_QUESTIONS }, () => codeOf(resolver.resolve(webDid(host))))
    await expect(resolver.resolve(webDid(host))).rejects.toThrow('too many are asked for at once')
    for (const end of release) end()
    expect(new Set(await Promise.all(questions))).toEqual(new Set(['DID_FETCH_FAILED']))
    expect(await codeOf(resolver.resolve(newSigner().did))).toBe('none')
  })
})
