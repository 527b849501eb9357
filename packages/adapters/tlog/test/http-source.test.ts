/** Reading a log that is served, well or badly (spec 22-log-service, 22.7). */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret, toHex, utf8 } from '@talos/bytes'
import { tempFolder } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { HttpLogSource, LogServer, REVOCATION_PAGE_MAX_ITEMS } from '../src/index.ts'
import { codeOf, fillLog, KEY_LOG, LOG_KEY, openLog, page, publishedLog } from './world.ts'

describe('a log that is served well', () => {
  test('is read as it lies on the disk', async () => {
    using folder = tempFolder()
    await using log = await openLog(folder.path)
    await fillLog(log, 600)
    await log.checkpoint()
    using published = publishedLog(folder.path, new Map([[0, page('head', ['one', 'two'])]]))
    await using server = await LogServer.start({ source: published.source })
    const source = new HttpLogSource({ url: `${server.url}/` })
    expect(await source.checkpoint()).toBe(log.lastCheckpoint?.note)
    for (const tile of [
      { level: 0, index: 0, width: 256 },
      { level: 0, index: 2, width: 88 },
      { level: 1, index: 0, width: 2 },
    ]) {
      expect(toHex(await source.tile(tile))).toBe(toHex(log.reader.tile(tile)))
    }
    for (const bundle of [
      { index: 0, width: 256 },
      { index: 2, width: 88 },
      { index: 0, width: 3 },
    ]) {
      expect(toHex(await source.entries(bundle))).toBe(toHex(log.reader.bundle(bundle)))
    }
    expect([...(await source.logKey())]).toEqual([...LOG_KEY])
    expect(await source.keyLog()).toBe(KEY_LOG)
    const { head, items } = (await source.revocations(0)) ?? page('', [])
    expect([head, ...items].map((bytes) => Buffer.from(bytes).toString())).toEqual(['head', 'one', 'two'])
    expect(await source.revocations(5)).toBeUndefined()
    expect(await codeOf(() => source.tile({ level: 0, index: 3, width: 256 }))).toBe('LOG_NOT_FOUND')
    expect(await codeOf(() => source.tile({ level: 0, index: 3, width: 1 }))).toBe('LOG_NOT_FOUND')
  })

  test('is read with the token that it asks for, and not without', async () => {
    using folder = tempFolder()
    await using log = await openLog(folder.path)
    await log.checkpoint()
    using published = publishedLog(folder.path)
    const token = Secret.of(utf8('a-token-of-thirty-two-characters'))
    await using server = await LogServer.start({ source: published.source, token })
    expect(await new HttpLogSource({ url: server.url, token }).checkpoint()).toBe(log.lastCheckpoint?.note)
    expect(await codeOf(() => new HttpLogSource({ url: server.url }).checkpoint())).toBe('LOG_FETCH_FAILED')
  })
})

describe('an address of a log', () => {
  test.each([
    'nothing',
    'ftp://log.example/',
    'file:///etc/passwd',
    'http://log.example/',
    'http://10.0.0.1/',
    'http://127.0.0.1.evil.example/',
    'https://user:word@log.example/',
    'https://log.example/?x',
    'https://log.example/#x',
  ])('is not %s', async (url) => {
    expect(await codeOf(() => new HttpLogSource({ url }))).toBe('LOG_ADDRESS_INVALID')
  })

  test.each([
    ['https://log.example/', '10.1.2.3'],
    ['https://log.example/', '127.0.0.1'],
    ['https://log.example/', '169.254.169.254'],
    ['https://log.example/', '::1'],
  ])('is not connected to where it leads into this network: %s at %s', async (url, address) => {
    const source = new HttpLogSource({ url, lookup: async () => [address] })
    expect(await codeOf(() => source.checkpoint())).toBe('LOG_ADDRESS_REFUSED')
  })

  test('of another protocol is given no name of the system: http goes to this machine alone', async () => {
    const asked: string[] = []
    const lookup = async (host: string) => {
      asked.push(host)
      return ['192.0.2.1']
    }
    const source = new HttpLogSource({ url: 'http://localhost:1', lookup })
    expect(await codeOf(() => source.checkpoint())).toBe('LOG_FETCH_FAILED')
    expect(asked).toEqual([])
  })
})

/** Runs `work` with a source over a server that answers as it likes. */
async function withServer(answer: RequestListener, work: (source: HttpLogSource) => Promise<void>): Promise<void> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await work(new HttpLogSource({ url: `http://127.0.0.1:${port}/log`, timeoutMs: 1_000 }))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('a log that is served badly', () => {
  test.each([
    ['redirects', 302],
    ['fails', 500],
    ['refuses', 403],
  ])('is not read where the service %s', async (_, status) => {
    const answer: RequestListener = (_request, response) => response.writeHead(status, { location: '/other' }).end('x')
    await withServer(answer, async (source) => {
      expect(await codeOf(() => source.checkpoint())).toBe('LOG_FETCH_FAILED')
    })
  })

  test('gives no more than is asked for', async () => {
    const sent: number[] = []
    const endless: RequestListener = (_request, response) => {
      const more = () => {
        sent.push(1)
        if (!response.destroyed) response.write(Buffer.alloc(65_536), more)
      }
      more()
    }
    await withServer(endless, async (source) => {
      for (const read of [
        () => source.checkpoint(),
        () => source.logKey(),
        () => source.keyLog(),
        () => source.revocations(0),
        () => source.tile({ level: 0, index: 0, width: 256 }),
        () => source.tile({ level: 0, index: 0, width: 1 }),
        () => source.entries({ index: 0, width: 1 }),
      ]) {
        expect(await codeOf(read)).toBe('LOG_FETCH_FAILED')
      }
    })
    expect(sent.length).toBeGreaterThan(0)
  })

  test('is given up where it does not answer', async () => {
    await withServer(
      () => undefined,
      async (source) => expect(await codeOf(() => source.checkpoint())).toBe('LOG_FETCH_FAILED'),
    )
  })

  test.each([
    [
      'a tile of another length',
      (source: HttpLogSource) => source.tile({ level: 0, index: 0, width: 3 }),
      new Uint8Array(95),
    ],
    [
      'a tile of fewer hashes',
      (source: HttpLogSource) => source.tile({ level: 0, index: 0, width: 3 }),
      new Uint8Array(64),
    ],
    [
      'a whole tile of fewer',
      (source: HttpLogSource) => source.tile({ level: 0, index: 0, width: 256 }),
      new Uint8Array(8160),
    ],
    [
      'entries that end within a length',
      (source: HttpLogSource) => source.entries({ index: 0, width: 1 }),
      new Uint8Array(1),
    ],
    [
      'entries that end within an entry',
      (source: HttpLogSource) => source.entries({ index: 0, width: 1 }),
      Uint8Array.of(0, 9, 1),
    ],
    ['fewer entries', (source: HttpLogSource) => source.entries({ index: 0, width: 2 }), Uint8Array.of(0, 1, 7)],
    ['a checkpoint that is no UTF-8', (source: HttpLogSource) => source.checkpoint(), Uint8Array.of(0xff)],
    ['a key log that is no UTF-8', (source: HttpLogSource) => source.keyLog(), Uint8Array.of(0xff)],
    ['revocations that are no JSON', (source: HttpLogSource) => source.revocations(0), utf8('x')],
    ['revocations that are a list', (source: HttpLogSource) => source.revocations(0), utf8('[]')],
    ['revocations without a head', (source: HttpLogSource) => source.revocations(0), utf8('{"items":[]}')],
    ['revocations of numbers', (source: HttpLogSource) => source.revocations(0), utf8('{"head":"","items":[1]}')],
    [
      'revocations in another alphabet',
      (source: HttpLogSource) => source.revocations(0),
      utf8('{"head":"+","items":[]}'),
    ],
    [
      'too many revocations',
      (source: HttpLogSource) => source.revocations(0),
      utf8(JSON.stringify({ head: '', items: Array.from({ length: REVOCATION_PAGE_MAX_ITEMS + 1 }, () => '') })),
    ],
  ])('is not taken: %s', async (_, read, body) => {
    await withServer(
      (_request, response) => response.end(body),
      async (source) => expect(await codeOf(() => read(source))).toBe('LOG_ANSWER_INVALID'),
    )
  })

  test('has whole tiles where partial ones are gone', async () => {
    const whole = Uint8Array.from({ length: 8192 }, (_, at) => at % 251)
    const bundle = Buffer.concat(Array.from({ length: 256 }, (_, at) => Buffer.from([0, 1, at])))
    const asked: string[] = []
    const answer: RequestListener = ({ url = '' }, response) => {
      asked.push(url)
      if (url.includes('.p/')) response.writeHead(404).end()
      else response.end(url.includes('entries') ? bundle : whole)
    }
    await withServer(answer, async (source) => {
      expect(toHex(await source.tile({ level: 0, index: 1, width: 2 }))).toBe(toHex(whole.slice(0, 64)))
      expect([...(await source.entries({ index: 1, width: 2 }))]).toEqual([0, 1, 0, 0, 1, 1])
    })
    expect(asked).toEqual([
      '/log/tile/0/001.p/2',
      '/log/tile/0/001',
      '/log/tile/entries/001.p/2',
      '/log/tile/entries/001',
    ])
  })
})
