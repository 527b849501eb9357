/** Reads, proofs and tiles never make the process wait that appends (spec 22-log-service, 22.3). */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { LogSource } from '@talos/audit'
import { leafHash, openCheckpoint, parseCheckpoint, splitNote, verifyConsistency, verifyInclusion } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { HttpLogSource, LogServer } from '../src/index.ts'
import { open } from './requests.ts'
import { fillLog, kernel, logKey, openLog, publishedLog } from './world.ts'

interface Writer extends AsyncDisposable {
  readonly appended: number[]
  /** Resolves when so many more entries are durable. */
  append(count: number): Promise<void>
}

async function startWriter(folder: string): Promise<Writer> {
  const child = spawn(process.execPath, ['--conditions=talos-source', join(import.meta.dirname, 'writer.ts'), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const appended: number[] = []
  const waiting: { readonly count: number; readonly done: () => void }[] = []
  const ready = Promise.withResolvers<void>()
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'r') ready.resolve()
    if (line.startsWith('a ')) appended.push(Number(line.slice(2)))
    for (const { count, done } of waiting) if (appended.length >= count) done()
  })
  await ready.promise
  return {
    appended,
    append(count) {
      const all = Promise.withResolvers<void>()
      waiting.push({ count: appended.length + count, done: all.resolve })
      child.stdin.write(`${count}\n`)
      return all.promise
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await ended
    },
  }
}

/** Asks for everything that a reader may ask for, over and over. */
async function hammer(source: LogSource, isOver: () => boolean): Promise<number> {
  let read = 0
  let last = parseCheckpoint(splitNote(await source.checkpoint()).text)
  while (!isOver()) {
    const checkpoint = openCheckpoint(await source.checkpoint(), { logKey, kernel })
    // No published checkpoint is smaller than one before.
    expect(checkpoint.size).toBeGreaterThanOrEqual(last.size)
    last = checkpoint
    const index = Math.floor((checkpoint.size - 1) / 256)
    const width = ((checkpoint.size - 1) % 256) + 1
    await source.entries({ index, width })
    await source.entries({ index: 0, width: 256 })
    await source.tile({ level: 0, index, width })
    await source.tile({ level: 1, index: 0, width: Math.floor(checkpoint.size / 256) })
    read += 5
  }
  return read
}

describe('a log that another process writes', () => {
  test('grows while it is read by many, entry after entry, and is read all the while', {
    timeout: 120_000,
  }, async () => {
    using folder = tempFolder()
    const log = await openLog(folder.path)
    await fillLog(log, 1_000)
    await log.checkpoint()
    await log.close()
    await using writer = await startWriter(folder.path)
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source })
    let isOver = false
    const readers = Array.from({ length: 8 }, () => hammer(new HttpLogSource({ url: server.url }), () => isOver))
    await writer.append(400)
    isOver = true
    const read = await Promise.all(readers)
    expect(writer.appended).toEqual(Array.from({ length: 400 }, (_, at) => 1_000 + at))
    // Every reader came through in that time: neither side waited for the other's end.
    for (const count of read) expect(count).toBeGreaterThan(5)
    const size = openCheckpoint(await published.source.checkpoint(), { logKey, kernel }).size
    expect(size).toBeGreaterThan(1_000)
  })

  test('grows while a reader has taken half of an answer and no more', async () => {
    using folder = tempFolder()
    const log = await openLog(folder.path)
    await fillLog(log, 1_000)
    await log.checkpoint()
    await log.close()
    await using writer = await startWriter(folder.path)
    using published = publishedLog(folder.path)
    await using server = await LogServer.start({ source: published.source })
    const sockets = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const socket = await open(server.url)
        socket.write('GET /tile/entries/000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
        await new Promise((resolve) => socket.once('readable', resolve))
        return socket
      }),
    )
    // The answers are open when the appends begin, and still open when they are durable.
    await writer.append(50)
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual(sockets.map(() => false))
    for (const socket of sockets) socket.destroy()
  })

  test('is proven from its tiles as from its own process', async () => {
    using folder = tempFolder()
    const log = await openLog(folder.path)
    await fillLog(log, 700)
    await log.checkpoint()
    await log.close()
    await using writer = await startWriter(folder.path)
    using published = publishedLog(folder.path)
    const first = openCheckpoint(await published.source.checkpoint(), { logKey, kernel })
    await writer.append(100)
    const later = openCheckpoint(await published.source.checkpoint(), { logKey, kernel })
    expect(later.size).toBeGreaterThan(first.size)
    const { reader } = published
    reader.refresh()
    expect([...reader.tile({ level: 0, index: 1, width: 256 })]).toEqual([
      ...(await published.source.tile({ level: 0, index: 1, width: 256 })),
    ])
    const roots = { fromRoot: first.root, toRoot: later.root }
    const proof = reader.consistency({ from: first.size, to: later.size })
    verifyConsistency({ from: first.size, to: later.size, ...roots, proof, kernel })
    const index = later.size - 1
    const claim = { size: later.size, root: later.root, leafHash: leafHash(kernel, reader.entry(index).body), kernel }
    const path = reader.inclusion({ index, size: later.size })
    expect(() => verifyInclusion({ ...claim, index: index as never, proof: path })).not.toThrow()
  })
})
