/** What the log service answers, and what it refuses (spec 22-log-service). */

import { Agent } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type AuditLog, entriesOf, type LogSource } from '@talos/audit'
import { concatBytes, fromBase64url, Secret, toHex, utf8 } from '@talos/bytes'
import { leafHash } from '@talos/merkle'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  firstPage,
  HttpLogSource,
  LogServer,
  MAX_CONNECTIONS,
  MAX_OPEN_BYTES,
  REVOCATION_PAGE_MAX_BYTES,
} from '../src/index.ts'
import { ask, codeIn, open, until } from './requests.ts'
import { codeOf, fillLog, KEY_LOG, kernel, LOG_KEY, openLog, type Published, page, publishedLog } from './world.ts'

const TOKEN = 'a-token-of-thirty-two-characters'
const SIZE = 600

describe('a published log', () => {
  let folder: TempFolder
  let log: AuditLog
  let published: Published
  let server: LogServer
  let url: string

  beforeAll(async () => {
    folder = tempFolder()
    log = await openLog(folder.path)
    await fillLog(log, SIZE)
    await log.checkpoint()
    // Signed by nobody yet: not published.
    await fillLog(log, 800)
    const pages = new Map([
      [0, page('head of two', ['one', 'two'])],
      [1, page('head of two', ['two'])],
    ])
    published = publishedLog(folder.path, pages)
    server = await LogServer.start({ source: published.source })
    url = server.url
  })
  afterAll(async () => {
    await server.close()
    published[Symbol.dispose]()
    await log.close()
    folder[Symbol.dispose]()
  })

  test('gives its newest checkpoint as text that is asked for again each time', async () => {
    const { status, headers, text } = await ask(url, '/checkpoint')
    expect([status, text]).toEqual([200, log.lastCheckpoint?.note])
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(headers['cache-control']).toBe('public, no-cache')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['content-length']).toBe(String(text.length + 2))
  })

  test('gives the tiles of the published tree, whole ones for ever, and their hashes are those of the entries', async () => {
    const hashes = Array.from({ length: SIZE }, (_, index) => leafHash(kernel, log.reader.entry(index).body))
    for (const [path, from, to] of [
      ['/tile/0/000', 0, 256],
      ['/tile/0/001', 256, 512],
      ['/tile/0/002.p/88', 512, 600],
      ['/tile/0/002.p/1', 512, 513],
      ['/tile/0/001.p/17', 256, 273],
    ] as const) {
      const { status, headers, body } = await ask(url, path)
      expect([path, status, headers['content-type']]).toEqual([path, 200, 'application/octet-stream'])
      expect(toHex(body)).toBe(toHex(concatBytes(...hashes.slice(from, to))))
      const isWhole = !path.includes('.p')
      expect(headers['cache-control']).toBe(isWhole ? 'public, max-age=31536000, immutable' : 'public, no-cache')
    }
    let row = hashes.slice(0, 256)
    while (row.length > 1) {
      row = Array.from({ length: row.length / 2 }, (_, at) => kernel.nodeHash(row[at * 2] ?? row[0]!, row[at * 2 + 1]!))
    }
    expect(toHex((await ask(url, '/tile/1/000.p/1')).body)).toBe(toHex(row[0] ?? new Uint8Array()))
    expect((await ask(url, '/tile/1/000.p/2')).body).toHaveLength(64)
  })

  test('gives the entries byte by byte, each behind its length', async () => {
    for (const [path, first, count] of [
      ['/tile/entries/000', 0, 256],
      ['/tile/entries/002.p/88', 512, 88],
      ['/tile/entries/002.p/3', 512, 3],
    ] as const) {
      const { status, body } = await ask(url, path)
      expect([path, status]).toEqual([path, 200])
      const entries = entriesOf({ first, count, bodies: body })
      expect(entries.map((entry) => toHex(entry.body))).toEqual(
        Array.from({ length: count }, (_, at) => toHex(log.reader.entry(first + at).body)),
      )
    }
  })

  test.each([
    '/tile/0/002',
    '/tile/0/002.p/89',
    '/tile/0/003.p/1',
    '/tile/1/000',
    '/tile/1/000.p/3',
    '/tile/2/000.p/1',
    '/tile/entries/002.p/89',
    '/tile/entries/003',
    '/tile/0/x999/999',
  ])('does not give %s, which no checkpoint covers', async (path) => {
    const answer = await ask(url, path)
    expect([answer.status, codeIn(answer)]).toEqual([404, 'LOG_NOT_PUBLISHED'])
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('gives the key of the log, the key log and the revocations of its agent', async () => {
    expect([...(await ask(url, '/log-key')).body]).toEqual([...LOG_KEY])
    expect((await ask(url, '/did.jsonl')).text).toBe(KEY_LOG)
    expect((await ask(url, '/did.jsonl')).headers['content-type']).toBe('text/jsonl; charset=utf-8')
    expect((await ask(url, '/revocations/head')).text).toBe('head of two')
    const read = async (path: string) => {
      const { head, items } = JSON.parse((await ask(url, path)).text)
      return [head, ...items].map((each) => Buffer.from(fromBase64url(each)).toString())
    }
    expect(await read('/revocations')).toEqual(['head of two', 'one', 'two'])
    expect(await read('/revocations?after=1')).toEqual(['head of two', 'two'])
    expect(codeIn(await ask(url, '/revocations?after=7'))).toBe('LOG_NOT_PUBLISHED')
  })

  test('answers HEAD as GET without a body', async () => {
    for (const path of ['/checkpoint', '/tile/0/000', '/tile/0/009', '/nothing']) {
      const [whole, head] = [await ask(url, path), await ask(url, path, { method: 'HEAD' })]
      expect([path, head.status, head.text]).toEqual([path, whole.status, ''])
      for (const name of ['content-type', 'cache-control', 'etag']) expect(head.headers[name]).toBe(whole.headers[name])
      const sizeBytes = whole.status === 200 ? String(whole.body.length) : undefined
      expect(head.headers['content-length']).toBe(sizeBytes)
    }
  })

  test('says not modified to whoever has the same, and not when it changed', async () => {
    const { headers } = await ask(url, '/tile/0/000')
    const etag = String(headers.etag)
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{43}"$/)
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await ask(url, '/tile/0/000', { headers: { 'if-none-match': known } })
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', etag])
    }
    expect((await ask(url, '/tile/0/001', { headers: { 'if-none-match': etag } })).status).toBe(200)
  })

  test.each(['/nothing', '/', '/tile/0/000/', '/checkpoint?x=1', '/..%2f..%2fetc%2fpasswd', '/../audit.db'])(
    'knows no %s',
    async (path) => {
      const answer = await ask(url, path)
      expect([answer.status, codeIn(answer)]).toEqual([404, 'LOG_PATH_UNKNOWN'])
    },
  )

  test('takes no other method, and without a witness no checkpoint', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await ask(url, '/checkpoint', { method })
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, 'GET, HEAD'])
    }
    expect((await ask(url, '/add-checkpoint', { method: 'POST', body: 'old 0\n' })).status).toBe(404)
  })

  test('answers only for names of this machine, so that no page of a browser reaches it under another', async () => {
    const { port } = new URL(url)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'LOCALHOST']) {
      expect((await ask(url, '/checkpoint', { headers: { host } })).status).toBe(200)
    }
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.', '0.0.0.0']) {
      const answer = await ask(url, '/checkpoint', { headers: { host } })
      expect([host, answer.status]).toEqual([host, 421])
    }
  })

  test('answers for the name of a proxy that it was told', async () => {
    await using proxied = await LogServer.start({ source: published.source, hosts: ['Log.Example'] })
    expect((await ask(proxied.url, '/checkpoint', { headers: { host: 'log.example' } })).status).toBe(200)
    expect((await ask(proxied.url, '/checkpoint', { headers: { host: 'log.example.evil' } })).status).toBe(421)
  })

  test('gives nothing without the token, where it has one, and nothing for others to keep', async () => {
    await using secret = await LogServer.start({ source: published.source, token: Secret.of(utf8(TOKEN)) })
    const refused = [undefined, '', 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, TOKEN]
    for (const authorization of refused) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await ask(secret.url, '/checkpoint', { headers })
      expect([answer.status, codeIn(answer), answer.headers['www-authenticate']]).toEqual([
        401,
        'LOG_TOKEN_WRONG',
        'Bearer',
      ])
    }
    // Not even whether a path exists.
    expect((await ask(secret.url, '/nothing')).status).toBe(401)
    const answer = await ask(secret.url, '/tile/0/000', { headers: { authorization: `bearer  ${TOKEN}` } })
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'private, max-age=31536000, immutable'])
  })

  test.each([
    ['short', 'x'.repeat(31)],
    ['long', 'x'.repeat(257)],
    ['with a blank', `${'x'.repeat(31)} `],
    ['with a line feed', `${'x'.repeat(32)}\n`],
  ])('takes no token that is %s', async (_, token) => {
    const starting = () => LogServer.start({ source: published.source, token: Secret.of(utf8(token)) })
    expect(await codeOf(starting)).toBe('LOG_TOKEN_INVALID')
  })

  test.each(['x'.repeat(32), 'x'.repeat(256)])(
    'takes a token of the least and of the greatest length',
    async (token) => {
      await using secret = await LogServer.start({ source: published.source, token: Secret.of(utf8(token)) })
      const { status } = await ask(secret.url, '/checkpoint', { headers: { authorization: `Bearer ${token}` } })
      expect(status).toBe(200)
    },
  )

  test('listens for this machine alone, unless others are allowed', async () => {
    const start = (address: string, allowRemote = false) =>
      LogServer.start({ source: published.source, address, allowRemote })
    for (const address of ['0.0.0.0', '::', '192.0.2.1']) {
      expect(await codeOf(() => start(address))).toBe('LOG_LISTEN_REFUSED')
    }
    expect(await codeOf(() => start('localhost'))).toBe('LOG_LISTEN_REFUSED')
    expect(await codeOf(() => start('192.0.2.1', true))).toBe('LOG_LISTEN_FAILED')
    await using remote = await start('0.0.0.0', true)
    const reached = remote.url.replace('0.0.0.0', '127.0.0.1')
    expect((await ask(reached, '/checkpoint', { headers: { host: 'log.example' } })).status).toBe(200)
  })

  test('closes a connection with headers that are too large or no request at all', async () => {
    for (const [request, expected] of [
      [`GET /checkpoint HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 'HTTP/1.1 431'],
      ['nonsense\r\n\r\n', 'HTTP/1.1 400'],
      ['GET /checkpoint HTTP/1.1\r\n\r\n', 'HTTP/1.1 400'],
      ['GET /checkpoint HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n', 'HTTP/1.1 421'],
    ] as const) {
      const socket = await open(url)
      socket.write(request)
      expect((await until(socket)).slice(0, 12)).toBe(expected)
    }
  })

  test('takes no more connections than it has room for', async () => {
    await using small = await LogServer.start({ source: published.source })
    const sockets = await Promise.all(Array.from({ length: MAX_CONNECTIONS }, () => open(small.url)))
    expect((await until(await open(small.url))).length).toBe(0)
    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await ask(small.url, '/checkpoint').catch(() => ({ status: 0 }))).status).toBe(200)
  })
})

describe('a log of which nothing is signed', () => {
  test('has no checkpoint and no tile', async () => {
    using folder = tempFolder()
    await using log = await openLog(folder.path)
    await fillLog(log, 300)
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source })
    for (const path of ['/checkpoint', '/tile/0/000', '/tile/entries/000', '/revocations', '/revocations/head']) {
      const answer = await ask(server.url, path)
      expect([path, answer.status, codeIn(answer)]).toEqual([path, 404, 'LOG_NOT_PUBLISHED'])
    }
  })
})

describe('a log whose rows were changed', () => {
  test('gives none of the entries that are not the hashed ones, and says no more than that', async () => {
    using folder = tempFolder()
    const log = await openLog(folder.path)
    await fillLog(log, 300)
    await log.checkpoint()
    await log.close()
    const database = new DatabaseSync(join(folder.path, 'audit.db'))
    const rows = database.prepare('SELECT first, bodies FROM entries ORDER BY first').all()
    const [, second] = rows
    const bodies = new Uint8Array(second?.['bodies'] as Uint8Array)
    bodies[bodies.length - 3] = (bodies.at(-3) ?? 0) ^ 1
    database.prepare('UPDATE entries SET bodies = ? WHERE first = ?').run(bodies, Number(second?.['first']))
    database.close()
    const failures: unknown[] = []
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source, onFailure: (error) => failures.push(error) })
    const answer = await ask(server.url, '/tile/entries/000')
    expect([answer.status, codeIn(answer)]).toEqual([500, 'LOG_SERVICE_FAILED'])
    expect(answer.text).toContain('AUDIT_CORRUPT')
    expect(answer.text).not.toContain(folder.path)
    expect(failures).toHaveLength(1)
    expect((await ask(server.url, '/checkpoint')).status).toBe(200)
  })
})

/** A source whose every bundle is as large as one can be, which counts how often it was asked. */
class LargeSource implements Pick<LogSource, 'entries'> {
  asked = 0
  readonly sizeBytes = 4_210_688
  async entries(): Promise<Uint8Array> {
    this.asked += 1
    return new Uint8Array(this.sizeBytes)
  }
}

describe('readers that do not read', () => {
  const REQUEST = 'GET /tile/entries/000 HTTP/1.1\r\nHost: localhost\r\n\r\n'

  test('take no more memory than there is room for, and others are told to come back', async () => {
    const source = new LargeSource()
    await using server = await LogServer.start({ source: source as unknown as LogSource })
    const room = Math.floor(MAX_OPEN_BYTES / source.sizeBytes)
    const sockets = await Promise.all(
      Array.from({ length: room }, async () => {
        const socket = await open(server.url)
        socket.pause()
        socket.write(REQUEST)
        return socket
      }),
    )
    await expect.poll(() => source.asked).toBe(room)
    const answer = await ask(server.url, '/tile/entries/000')
    expect([answer.status, answer.headers['retry-after'], codeIn(answer)]).toEqual([503, '1', 'LOG_BUSY'])
    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await ask(server.url, '/tile/entries/000')).status).toBe(200)
  })

  test('are cut off where they ask on before they took the answer', async () => {
    const source = new LargeSource()
    await using server = await LogServer.start({ source: source as unknown as LogSource })
    const socket = await open(server.url)
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write(REQUEST.repeat(500))
    socket.resume()
    await closed
    expect(source.asked).toBe(1)
  })

  test('may ask again on the same connection once they took it', async () => {
    const source = new LargeSource()
    await using server = await LogServer.start({ source: source as unknown as LogSource })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let round = 0; round < 20; round += 1) {
      const { status, body } = await ask(server.url, '/tile/entries/000', { agent })
      expect([status, body.length]).toEqual([200, source.sizeBytes])
    }
    agent.destroy()
  })

  test('do not keep the service from stopping', async () => {
    const source = new LargeSource()
    const server = await LogServer.start({ source: source as unknown as LogSource })
    const socket = await open(server.url)
    socket.pause()
    socket.write(REQUEST)
    await expect.poll(() => source.asked).toBe(1)
    await server.close()
    await server.close()
    expect(await ask(server.url, '/').catch((error) => error.code)).toBe('ECONNREFUSED')
    socket.destroy()
  })
})

describe('a page of revocations', () => {
  test('is cut by the service to what its reader takes', async () => {
    using folder = tempFolder()
    await using log = await openLog(folder.path)
    await log.checkpoint()
    const items = Array.from({ length: 256 }, () => 'x'.repeat(16_384))
    using published = publishedLog(folder.path, new Map([[0, page('head', items)]]))
    await using server = await LogServer.start({ source: published.source })
    const given = await new HttpLogSource({ url: server.url }).revocations(0)
    expect(given?.items).toHaveLength(64)
  })

  test('takes as many as fit, and one at least', () => {
    const sized = (...sizes: number[]) =>
      firstPage(sizes.map((size) => new Uint8Array(size))).map(({ length }) => length)
    expect(firstPage([])).toEqual([])
    expect(firstPage(Array.from({ length: 256 }, () => new Uint8Array(1)))).toHaveLength(256)
    expect(firstPage(Array.from({ length: 257 }, () => new Uint8Array(1)))).toHaveLength(256)
    expect(sized(REVOCATION_PAGE_MAX_BYTES - 1, 1)).toEqual([REVOCATION_PAGE_MAX_BYTES - 1, 1])
    expect(sized(REVOCATION_PAGE_MAX_BYTES - 1, 2)).toEqual([REVOCATION_PAGE_MAX_BYTES - 1])
    expect(sized(REVOCATION_PAGE_MAX_BYTES + 1, 1)).toEqual([REVOCATION_PAGE_MAX_BYTES + 1])
  })
})
