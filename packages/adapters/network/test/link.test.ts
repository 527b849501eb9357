import { fromUtf8, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { type Link, openLink } from '@talos/network'
import type { CarrierConnection } from '@talos/ports'
import { liveBytes } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { alice, bob, failureOf, linkPair, pause, seedOf, tlsOf, until } from './fixtures.ts'

const KIND = 7
const MIB = 1_048_576

async function tlsLinkPair(): Promise<{ a: Link; b: Link; close: () => Promise<void> }> {
  const accepted = Promise.withResolvers<CarrierConnection>()
  const [dialer, listener] = [tlsOf(1), tlsOf(2)]
  const listening = await listener.listen('tls://127.0.0.1:0', { onConnection: accepted.resolve })
  const connection = await dialer.dial(listening.endpoints[0] ?? '', { remoteTransportKey: listener.transportKey })
  const [a, b] = await Promise.all([
    openLink({ connection, role: 'dialer', signer: alice, transportKey: dialer.transportKey, expectedDid: bob.did }),
    accepted.promise.then((far) =>
      openLink({ connection: far, role: 'listener', signer: bob, transportKey: listener.transportKey }),
    ),
  ])
  return { a, b, close: () => listening.close() }
}

async function memoryLinkPair(): Promise<{ a: Link; b: Link; close: () => Promise<void> }> {
  return { ...(await linkPair()), close: async () => undefined }
}

describe.each([
  ['tls', tlsLinkPair],
  ['memory', memoryLinkPair],
])('a link over %s', (_, create) => {
  it('is up once both have proven their DIDs', async () => {
    const { a, b, close } = await create()
    expect(a.peerDid).toBe(bob.did)
    expect(b.peerDid).toBe(alice.did)
    expect([a.role, b.role]).toEqual(['dialer', 'listener'])
    await a.close()
    await close()
  })

  it('carries messages of every size in order, both ways', async () => {
    const { a, b, close } = await create()
    const sizes = [0, 1, 65_530, 65_531, 65_536, 200_000, 3 * MIB, 5, 16 * MIB, 0]
    const seen = { a: [] as number[], b: [] as number[] }
    const intact: boolean[] = []
    const record = (into: number[]) => (kind: number, payload: Uint8Array) => {
      intact.push(kind === KIND && payload.every((byte) => byte === payload.length % 251))
      into.push(payload.length)
    }
    a.onMessage(record(seen.a))
    b.onMessage(record(seen.b))
    const send = (link: Link) =>
      Promise.all(sizes.map((size) => link.send(KIND, new Uint8Array(size).fill(size % 251))))
    await Promise.all([send(a), send(b)])
    await until(() => seen.a.length === sizes.length && seen.b.length === sizes.length)
    expect(seen.a).toEqual(sizes)
    expect(seen.b).toEqual(sizes)
    expect(intact.every(Boolean)).toBe(true)
    await b.close()
    await close()
  })

  it('answers requests side by side, a small one before a large one that began earlier', async () => {
    const { a, b, close } = await create()
    b.onRequest(async (kind, payload) => {
      if (payload.length > MIB) await pause(50)
      return Uint8Array.of(kind, payload.length & 0xff)
    })
    const order: string[] = []
    const [large, small] = await Promise.all([
      a.request(1, new Uint8Array(8 * MIB + 3)).finally(() => order.push('large')),
      a.request(2, new Uint8Array(4)).finally(() => order.push('small')),
    ])
    expect(large).toEqual(Uint8Array.of(1, 3))
    expect(small).toEqual(Uint8Array.of(2, 4))
    expect(order).toEqual(['small', 'large'])
    await a.close()
    await close()
  })

  it('tells both sides how it ended, and what was pending fails', async () => {
    const { a, b, close } = await create()
    b.onRequest(() => new Promise<Uint8Array>(() => undefined))
    const pending = failureOf(a.request(1, new Uint8Array(1)))
    await pause(10)
    await a.close()
    expect(await pending).toMatchObject({ code: 'NETWORK_CLOSED', details: { reason: 'local' } })
    expect(await a.closed).toBe('local')
    expect(await b.closed).toBe('remote')
    expect(b.failure).toBeUndefined()
    await expect(a.send(1, new Uint8Array())).rejects.toMatchObject({ code: 'NETWORK_CLOSED' })
    await expect(b.request(1, new Uint8Array())).rejects.toMatchObject({ code: 'NETWORK_CLOSED' })
    await close()
  })
})

describe('messages and requests', () => {
  it('waits with messages and requests until their handlers are set', async () => {
    const { a, b } = await linkPair()
    await a.send(1, utf8('early'))
    const answer = a.request(2, utf8('early too'))
    await pause(10)
    const seen: string[] = []
    b.onMessage((_, payload) => void seen.push(fromUtf8(payload)))
    b.onRequest((_, payload) => payload)
    expect(fromUtf8(await answer)).toBe('early too')
    expect(seen).toEqual(['early'])
    await a.close()
  })

  it('delivers what was complete when the peer left', async () => {
    const { a, b } = await linkPair()
    await Promise.all([a.send(1, utf8('one')), a.send(1, utf8('two'))])
    await a.close()
    const seen: string[] = []
    b.onMessage((_, payload) => void seen.push(fromUtf8(payload)))
    await until(() => seen.length === 2)
    expect(seen).toEqual(['one', 'two'])
  })

  it('gives a request up after its timeout, and the late answer harms nothing', async () => {
    const { a, b } = await linkPair()
    const gate = Promise.withResolvers<void>()
    b.onRequest(async (kind) => {
      if (kind === 1) await gate.promise
      return Uint8Array.of(kind)
    })
    const late = a.request(1, new Uint8Array(), { timeoutMs: 20 })
    await expect(late).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT', details: { timeoutMs: 20 } })
    gate.resolve()
    await pause(5)
    expect(await a.request(2, new Uint8Array())).toEqual(Uint8Array.of(2))
    expect(a.isOpen).toBe(true)
    await a.close()
  })

  it('passes the code of a failure to the peer, and nothing else of it', async () => {
    const { a, b } = await linkPair()
    b.onRequest((kind) => {
      if (kind === 1) throw new TalosError('NETWORK_UNHANDLED', { kind })
      throw new Error('the password is hunter2')
    })
    const known = await failureOf(a.request(1, new Uint8Array()))
    expect(known).toMatchObject({ code: 'NETWORK_REQUEST_FAILED', details: { peerCode: 'NETWORK_UNHANDLED' } })
    const unknown = await failureOf(a.request(2, new Uint8Array()))
    expect(unknown).toMatchObject({ details: { peerCode: 'NETWORK_HANDLER_FAILED' } })
    expect(JSON.stringify(unknown)).not.toContain('hunter2')
    await a.close()
  })

  it('ends when a message handler fails', async () => {
    const { a, b } = await linkPair()
    b.onMessage(() => {
      throw new Error('broken')
    })
    await a.send(9, new Uint8Array(1))
    expect(await b.closed).toBe('local')
    expect(b.failure).toMatchObject({ code: 'NETWORK_HANDLER_FAILED', details: { kind: 9 } })
    expect(await a.closed).toBe('remote')
  })

  it('takes a message of full size and refuses one byte more, an answer as well', async () => {
    const { a, b } = await linkPair({ maxMessageBytes: 65_536 })
    b.onRequest((kind) => new Uint8Array(65_536 + kind))
    await a.send(1, new Uint8Array(65_536))
    await expect(a.send(1, new Uint8Array(65_537))).rejects.toMatchObject({
      code: 'NETWORK_MESSAGE_TOO_LARGE',
      details: { sizeBytes: 65_537, limitBytes: 65_536 },
    })
    expect(await a.request(0, new Uint8Array())).toHaveLength(65_536)
    await expect(a.request(1, new Uint8Array())).rejects.toMatchObject({
      details: { peerCode: 'NETWORK_MESSAGE_TOO_LARGE' },
    })
    await a.close()
  })

  it('stalls the sender while the handler is slow, within the window, then delivers everything', async () => {
    const { a, b } = await linkPair({ maxMessageBytes: 65_536, windowBytes: 4 * 65_536 })
    const gate = Promise.withResolvers<void>()
    let handled = 0
    b.onMessage(async () => {
      await gate.promise
      handled += 1
    })
    let sent = 0
    const sending = (async () => {
      for (; sent < 50; sent += 1) await a.send(1, new Uint8Array(60_000))
    })()
    await pause(50)
    expect(sent).toBe(4)
    const answered = b.request(1, new Uint8Array(1))
    a.onRequest((_, payload) => payload)
    expect(await answered).toHaveLength(1)
    gate.resolve()
    await sending
    await until(() => handled === 50)
    await a.close()
  })

  it('keeps memory flat when a fast sender meets a slow handler', async () => {
    const { a, b } = await linkPair({ maxMessageBytes: MIB })
    const before = liveBytes()
    let peakBytes = 0
    let handled = 0
    b.onMessage(async () => {
      handled += 1
      if (handled % 32 !== 0) return
      await pause(1)
      peakBytes = Math.max(peakBytes, liveBytes() - before)
    })
    const content = new Uint8Array(MIB)
    for (let sent = 0; sent < 512; sent += 1) await a.send(1, content)
    await until(() => handled === 512)
    expect(peakBytes).toBeLessThan(64 * MIB)
    await a.close()
  })

  it('tells a caller that does not await its sends', async () => {
    const { a, b } = await linkPair({ maxMessageBytes: 65_536 })
    const gate = Promise.withResolvers<void>()
    b.onMessage(() => gate.promise)
    const outcomes = Array.from({ length: 20_000 }, () => failureOf(a.send(1, new Uint8Array(1))))
    expect(await outcomes.at(-1)).toMatchObject({ code: 'NETWORK_LIMIT' })
    gate.resolve()
    await a.close()
    await Promise.all(outcomes)
  })

  it('answers a thousand requests in flight and refuses to send more than the limit', async () => {
    const { a, b } = await linkPair()
    const gate = Promise.withResolvers<void>()
    b.onRequest(async (_, payload) => {
      await gate.promise
      return payload
    })
    const asked = Array.from({ length: 1_024 }, (_, index) => a.request(1, Uint8Array.of(index & 0xff)))
    await expect(a.request(1, new Uint8Array())).rejects.toMatchObject({ code: 'NETWORK_LIMIT' })
    gate.resolve()
    const answers = await Promise.all(asked)
    expect(answers.every((answer, index) => answer[0] === (index & 0xff))).toBe(true)
    await a.close()
  })
})

describe('life signs', () => {
  it('keeps a silent link alive by pings', async () => {
    const { a, b } = await linkPair({ heartbeatIntervalMs: 20, deadAfterMs: 400 })
    // Twice as long as silence would be taken for death; a busy machine may sleep through a few pings.
    await pause(900)
    expect(a.isOpen).toBe(true)
    expect(b.isOpen).toBe(true)
    await a.close()
  })
})

describe('the end of the carrier', () => {
  it('reads an end without a close frame as a reset', async () => {
    const { a, b, near } = await linkPair()
    const pending = failureOf(b.request(1, new Uint8Array()))
    await near.end()
    expect(await b.closed).toBe('reset')
    expect(await pending).toMatchObject({ code: 'NETWORK_CLOSED' })
    await a.closed
  })

  it('settles everything when the carrier breaks', async () => {
    const { a, b, far } = await linkPair()
    const pending = failureOf(a.request(1, new Uint8Array()))
    far.close('reset')
    expect(await a.closed).toBe('reset')
    expect(await b.closed).toBe('reset')
    expect(await pending).toMatchObject({ code: 'NETWORK_CLOSED', details: { reason: 'reset' } })
  })

  it('closes by disposal, and twice without harm', async () => {
    const { a, b } = await linkPair()
    expect(a.peerTransportKey).toEqual(seedOf(2))
    await a[Symbol.asyncDispose]()
    await a.close()
    expect(await b.closed).toBe('remote')
  })
})
