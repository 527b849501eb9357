/**
 * The compliance suite of the carrier port: an adapter is done when it passes with set-up and tear-down only.
 *
 * What the suite demands: proven keys and one binding for both ends, ordered bytes, half-close, backpressure with flat
 * memory, refusals before any byte leaves, bounded connections, and an end to everything when the peer dies.
 */
import type { Carrier, CarrierConnection, CarrierListener } from '@talos/ports'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { liveBytes } from './memory.ts'

export interface CarrierPair {
  readonly dialer: Carrier
  readonly dialerKey: Uint8Array
  readonly listener: Carrier
  readonly listenerKey: Uint8Array
  /** Where the listener listens; any free address. */
  readonly anyEndpoint: string
  /** An endpoint of this scheme behind which nobody listens. */
  readonly deadEndpoint: string
  /** Endpoints that must be refused as malformed. */
  readonly malformedEndpoints: readonly string[]
  /** An open connection to a peer, and its death in the most real way that the carrier knows. */
  peerDeath(): Promise<{ readonly connection: CarrierConnection; readonly kill: () => Promise<void> }>
  close(): Promise<void>
}

interface Ends {
  readonly near: CarrierConnection
  readonly far: CarrierConnection
}

const KEY_BYTES = 32
/** Above what operating systems buffer for one loopback connection in both directions. */
const STALL_BY_BYTES = 64 * 1_048_576
const CHUNK_BYTES = 65_536
const FLAT_MEMORY_BYTES = 8 * 1_048_576
const STALLED_AFTER_MS = 300

/** Registers the suite under the carrier's name. `create` is called before each test. */
export function carrierCompliance(name: string, create: () => Promise<CarrierPair>): void {
  describe(`the carrier port, by ${name}`, () => {
    let pair: CarrierPair
    let listening: CarrierListener | undefined

    beforeEach(async () => {
      pair = await create()
    })
    afterEach(async () => {
      await listening?.close()
      listening = undefined
      await pair.close()
    })

    const connect = async (): Promise<Ends> => {
      const accepted = Promise.withResolvers<CarrierConnection>()
      await listening?.close()
      listening = await pair.listener.listen(pair.anyEndpoint, { onConnection: accepted.resolve })
      const near = await pair.dialer.dial(endpointOf(listening), { remoteTransportKey: pair.listenerKey })
      return { near, far: await accepted.promise }
    }

    describeOpening(() => pair, connect)
    describeBytes(connect)
    describeEnding(() => pair, connect)
  })
}

function describeOpening(pair: () => CarrierPair, connect: () => Promise<Ends>): void {
  it('shows each end the key of the other and gives both the same binding', async () => {
    const { near, far } = await connect()
    expect(near.carrier).toBe(pair().dialer.name)
    expect(near.remoteTransportKey).toEqual(pair().listenerKey)
    expect(far.remoteTransportKey).toEqual(pair().dialerKey)
    expect(near.channelBinding).toHaveLength(KEY_BYTES)
    expect(near.channelBinding).toEqual(far.channelBinding)
  })

  it('gives every connection another binding', async () => {
    const first = await connect()
    const second = await connect()
    expect(first.near.channelBinding).not.toEqual(second.near.channelBinding)
  })

  it('refuses a peer with another key than the pinned one before any byte leaves', async () => {
    const seen: CarrierConnection[] = []
    const listening = await pair().listener.listen(pair().anyEndpoint, { onConnection: (far) => seen.push(far) })
    const wrongKey = pair().listenerKey.map((byte, index) => (index === 0 ? byte ^ 1 : byte))
    const dialled = pair().dialer.dial(endpointOf(listening), { remoteTransportKey: wrongKey })
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_KEY_MISMATCH' })
    await pause(50)
    for (const far of seen) expect(await receive(far).catch(() => new Uint8Array())).toHaveLength(0)
    await listening.close()
  })

  it('says unreachable where nobody listens', async () => {
    const dialled = pair().dialer.dial(pair().deadEndpoint, { remoteTransportKey: pair().listenerKey })
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' })
  })

  it('refuses malformed endpoints for dialling and listening', async () => {
    for (const endpoint of pair().malformedEndpoints) {
      const dialled = await failureOf(pair().dialer.dial(endpoint, { remoteTransportKey: pair().listenerKey }))
      const listened = await failureOf(pair().listener.listen(endpoint, { onConnection: () => undefined }))
      expect({ endpoint, dialled, listened }).toMatchObject({
        dialled: { code: 'NETWORK_ENDPOINT_INVALID' },
        listened: { code: 'NETWORK_ENDPOINT_INVALID' },
      })
    }
  })

  it('gives a dial up when its caller does', async () => {
    const options = { remoteTransportKey: pair().listenerKey, signal: AbortSignal.abort() }
    await expect(pair().dialer.dial(pair().deadEndpoint, options)).rejects.toMatchObject({ code: 'NETWORK_ABORTED' })
  })

  it('holds no more connections than it was told', async () => {
    const seen: CarrierConnection[] = []
    const onConnection = (far: CarrierConnection) => seen.push(far)
    const listening = await pair().listener.listen(pair().anyEndpoint, { onConnection, maxConnections: 2 })
    const options = { remoteTransportKey: pair().listenerKey }
    const first = await pair().dialer.dial(endpointOf(listening), options)
    await pair().dialer.dial(endpointOf(listening), options)
    await until(() => seen.length === 2)
    const third = pair().dialer.dial(endpointOf(listening), options)
    // Refused while dialling or right after: either way nothing can be read.
    expect(await failureOf(third.then((near) => near.write(Uint8Array.of(1)).then(() => receive(near))))).toMatchObject(
      {
        code: expect.stringMatching(/^NETWORK_/),
      },
    )
    expect(seen).toHaveLength(2)
    first.close()
    seen[0]?.close()
    await seen[0]?.closed
    await pair().dialer.dial(endpointOf(listening), options)
    await until(() => seen.length === 3)
    await listening.close()
  })
}

function describeBytes(connect: () => Promise<Ends>): void {
  it('carries bytes of any size in order, both ways at once', async () => {
    const { near, far } = await connect()
    const sizes = [1, 1, 0, 2, 3, 100, 16_383, 16_385, 65_536, 1, 1_000_000, 7]
    const [there, back] = await Promise.all([
      receive(far),
      receive(near),
      sendPattern(near, sizes),
      sendPattern(far, sizes.toReversed()),
    ])
    const totalBytes = sizes.reduce((sum, size) => sum + size, 0)
    expect(there.length).toBe(totalBytes)
    expect(isPattern(there)).toBe(true)
    expect(back.length).toBe(totalBytes)
    expect(isPattern(back)).toBe(true)
  })

  it('stalls the writer while nobody reads, and loses nothing', async () => {
    const { near, far } = await connect()
    let sentBytes = 0
    let stop = false
    const writing = (async () => {
      while (!stop && sentBytes < STALL_BY_BYTES) {
        await near.write(pattern(sentBytes, CHUNK_BYTES))
        sentBytes += CHUNK_BYTES
      }
      await near.end()
    })()
    // A busy machine may be slow to fill the buffers: stalled is who did not move for a whole pause.
    let stalledAt = -1
    while (sentBytes !== stalledAt) {
      stalledAt = sentBytes
      await pause(STALLED_AFTER_MS)
    }
    expect(stalledAt).toBeLessThan(STALL_BY_BYTES)
    stop = true
    const received = await receive(far)
    await writing
    expect(received.length).toBe(sentBytes)
    expect(isPattern(received)).toBe(true)
  })

  it('keeps memory flat between a fast writer and a slow reader', async () => {
    const { near, far } = await connect()
    const before = liveBytes()
    let peakBytes = 0
    const writing = (async () => {
      const chunk = new Uint8Array(CHUNK_BYTES)
      for (let sent = 0; sent < STALL_BY_BYTES; sent += CHUNK_BYTES) await near.write(chunk)
      await near.end()
    })()
    let receivedBytes = 0
    let nextPause = 0
    for await (const chunk of far.incoming) {
      receivedBytes += chunk.length
      if (receivedBytes >= nextPause) {
        nextPause += STALL_BY_BYTES / 32
        await pause(10)
        peakBytes = Math.max(peakBytes, liveBytes() - before)
      }
    }
    await writing
    expect(receivedBytes).toBe(STALL_BY_BYTES)
    expect(peakBytes).toBeLessThan(FLAT_MEMORY_BYTES)
  })
}

function describeEnding(pair: () => CarrierPair, connect: () => Promise<Ends>): void {
  it('half-closes: what follows the end of one side still reaches it', async () => {
    const { near, far } = await connect()
    await near.write(Uint8Array.of(1, 2, 3))
    await near.end()
    expect(await receive(far)).toEqual(Uint8Array.of(1, 2, 3))
    await far.write(Uint8Array.of(4, 5))
    await far.end()
    expect(await receive(near)).toEqual(Uint8Array.of(4, 5))
    expect(await near.closed).toBe('local')
    expect(await far.closed).toBe('remote')
  })

  it('refuses to write after its own end and after a close', async () => {
    const { near, far } = await connect()
    await near.end()
    await expect(near.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'NETWORK_CLOSED' })
    far.close()
    await expect(far.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'NETWORK_CLOSED' })
    near.close()
  })

  it('keeps the reason of a close, fails what was pending, and may be closed again', async () => {
    const { near, far } = await connect()
    const reading = failureOf(receive(near))
    const writing = failureOf(writeUntilFailure(near))
    await pause(50)
    near.close('protocol')
    near.close('local')
    expect(await reading).toMatchObject({ code: 'NETWORK_CLOSED' })
    expect(await writing).toMatchObject({ code: 'NETWORK_CLOSED' })
    expect(await near.closed).toBe('protocol')
    await expectOver(far)
  })

  it('closes when its reader leaves early', async () => {
    const { near, far } = await connect()
    await far.write(Uint8Array.of(1))
    for await (const chunk of near.incoming) {
      expect(chunk).toHaveLength(1)
      break
    }
    expect(await near.closed).toBe('local')
    await expectOver(far)
  })

  it('ends when the peer dies', async () => {
    const { connection, kill } = await pair().peerDeath()
    const writing = failureOf(writeUntilFailure(connection))
    const reading = receive(connection).catch(() => undefined)
    await kill()
    expect(await writing).toMatchObject({ code: 'NETWORK_CLOSED' })
    await reading
    expect(await connection.closed).toBe('reset')
  })

  it('closes its connections with the listener, twice without harm, and is then unreachable', async () => {
    const accepted = Promise.withResolvers<CarrierConnection>()
    const listening = await pair().listener.listen(pair().anyEndpoint, { onConnection: accepted.resolve })
    const options = { remoteTransportKey: pair().listenerKey }
    const near = await pair().dialer.dial(endpointOf(listening), options)
    const far = await accepted.promise
    await listening.close()
    await listening.close()
    expect(await far.closed).toBe('local')
    await expectOver(near)
    const dialled = pair().dialer.dial(endpointOf(listening), options)
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' })
  })
}

function endpointOf(listening: CarrierListener): string {
  const [endpoint] = listening.endpoints
  if (endpoint === undefined) throw new Error('the listener names no endpoint')
  return endpoint
}

/** Everything up to the peer's end. */
async function receive(connection: CarrierConnection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of connection.incoming) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function sendPattern(connection: CarrierConnection, sizes: readonly number[]): Promise<void> {
  let offset = 0
  for (const size of sizes) {
    await connection.write(pattern(offset, size))
    offset += size
  }
  await connection.end()
}

/** Bytes whose value tells their position, so that a swap, a loss or a repeat shows. */
function pattern(offset: number, lengthBytes: number): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, index) => patternByte(offset + index))
}

function patternByte(position: number): number {
  return (position * 31 + (position >>> 8) * 7 + (position >>> 16)) & 0xff
}

function isPattern(bytes: Uint8Array): boolean {
  return bytes.every((byte, index) => byte === patternByte(index))
}

/** Writes on and on: fails when the connection is over, as it must. */
async function writeUntilFailure(connection: CarrierConnection): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES)
  for (;;) {
    await connection.write(chunk)
    await pause(0)
  }
}

/** What the promise fails with; undefined when it does not. Listens at once, so that no failure goes unheard. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** The other side is gone: reading ends or fails, and our own close settles the rest. */
async function expectOver(connection: CarrierConnection): Promise<void> {
  await receive(connection).catch(() => undefined)
  connection.close()
  expect(['local', 'remote', 'reset']).toContain(await connection.closed)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5)
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
