import { TalosError } from '@talos/errors'
import {
  boxTag,
  type Link,
  MemoryNetwork,
  memoryCarrier,
  NetworkNode,
  type NetworkNodeOptions,
  openFromRoute,
  type PeerAddress,
  sealForRoute,
  sizeClassOf,
} from '@talos/network'
import { describe, expect, it } from 'vitest'
import { ALICE_KEY, alice, BOB_KEY, bob, failureOf, kernel, mallory, pause, seedOf, tlsOf, until } from './fixtures.ts'

function nodes(ofBob: Partial<NetworkNodeOptions> = {}): { a: NetworkNode; b: NetworkNode; network: MemoryNetwork } {
  const network = new MemoryNetwork()
  const a = new NetworkNode({ signer: alice, carriers: [memoryCarrier({ network, transportKey: ALICE_KEY })] })
  const carriers = [memoryCarrier({ network, transportKey: BOB_KEY })]
  return { a, b: new NetworkNode({ signer: bob, carriers, ...ofBob }), network }
}

const toBob = (...endpoints: string[]): PeerAddress => ({ did: bob.did, endpoints, transportKey: BOB_KEY })

describe('a node', () => {
  it('dials a peer over TLS by what an invitation says', async () => {
    const [carrierA, carrierB] = [tlsOf(1), tlsOf(2)]
    const a = new NetworkNode({ signer: alice, carriers: [carrierA] })
    const b = new NetworkNode({ signer: bob, carriers: [carrierB] })
    const accepted = Promise.withResolvers<Link>()
    const { endpoints } = await b.listen('tls://127.0.0.1:0', { onLink: accepted.resolve })
    const link = await a.dial({ did: bob.did, endpoints, transportKey: carrierB.transportKey })
    expect(link.peerDid).toBe(bob.did)
    expect((await accepted.promise).peerDid).toBe(alice.did)
    expect(endpoints[0]).not.toBe('tls://127.0.0.1:0')
    await a[Symbol.asyncDispose]()
    await b[Symbol.asyncDispose]()
    expect(link.isOpen).toBe(false)
  })

  it('tries endpoints in order until one leads to the peer', async () => {
    const { a, b } = nodes()
    await b.listen('memory://bob', { onLink: () => undefined })
    const link = await a.dial(toBob('bogus', 'memory://nobody', 'memory://bob'))
    expect(link.isOpen).toBe(true)
    await a.close()
    await b.close()
  })

  it('passes over an endpoint where somebody else answers', async () => {
    const { a, b, network } = nodes()
    const impostor = new NetworkNode({ signer: mallory, carriers: [memoryCarrier({ network, transportKey: BOB_KEY })] })
    await impostor.listen('memory://trap', { onLink: () => undefined })
    const trapped = a.dial(toBob('memory://trap'))
    await expect(trapped).rejects.toMatchObject({ code: 'NETWORK_DID_MISMATCH' })
    await b.listen('memory://bob', { onLink: () => undefined })
    const link = await a.dial(toBob('memory://trap', 'memory://bob'))
    expect(link.peerDid).toBe(bob.did)
    await Promise.all([a.close(), b.close(), impostor.close()])
  })

  it('says what failed: the one attempt itself, or all of them', async () => {
    const { a } = nodes()
    await expect(a.dial(toBob('memory://nobody'))).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' })
    const several = await failureOf(a.dial(toBob('memory://nobody', 'tls://127.0.0.1:1')))
    expect(several).toMatchObject({ code: 'NETWORK_NO_ENDPOINT', details: { attempts: 2 } })
    await expect(a.dial(toBob())).rejects.toMatchObject({ code: 'NETWORK_NO_ENDPOINT', details: { attempts: 0 } })
    const many = Array.from({ length: 20 }, () => 'memory://nobody')
    await expect(a.dial(toBob(...many))).rejects.toMatchObject({ details: { attempts: 8 } })
    const signal = AbortSignal.abort()
    const aborted = a.dial(toBob('memory://nobody', 'memory://other'), { signal })
    await expect(aborted).rejects.toMatchObject({ code: 'NETWORK_ABORTED' })
    await expect(a.listen('bogus', { onLink: () => undefined })).rejects.toMatchObject({
      code: 'NETWORK_ENDPOINT_INVALID',
    })
  })

  it('holds no more links of one DID, and no more in all, than its limits', async () => {
    const { a, b, network } = nodes({ maxLinksPerDid: 2, maxInboundLinks: 3 })
    await b.listen('memory://bob', { onLink: () => undefined })
    const other = new NetworkNode({ signer: mallory, carriers: [memoryCarrier({ network, transportKey: seedOf(3) })] })
    const first = await a.dial(toBob('memory://bob'))
    await a.dial(toBob('memory://bob'))
    await expect(a.dial(toBob('memory://bob'))).rejects.toMatchObject({ code: 'NETWORK_REFUSED_BY_PEER' })
    await other.dial(toBob('memory://bob'))
    await expect(other.dial(toBob('memory://bob'))).rejects.toMatchObject({ code: 'NETWORK_REFUSED_BY_PEER' })
    await first.close()
    await pause(5)
    expect((await a.dial(toBob('memory://bob'))).isOpen).toBe(true)
    await Promise.all([a.close(), b.close(), other.close()])
  })

  it('admits whom it is told to', async () => {
    const { a, b } = nodes()
    await b.listen('memory://bob', { onLink: () => undefined, admit: (did) => did === mallory.did })
    await expect(a.dial(toBob('memory://bob'))).rejects.toMatchObject({ code: 'NETWORK_REFUSED_BY_PEER' })
    await b.close()
  })

  it('drops the oldest of too many connections without a hello, and stays reachable', async () => {
    const { a, b, network } = nodes({ maxPendingHellos: 4 })
    await b.listen('memory://bob', { onLink: () => undefined })
    const silent = memoryCarrier({ network, transportKey: seedOf(3) })
    const idle = await Promise.all(
      Array.from({ length: 20 }, () => silent.dial('memory://bob', { remoteTransportKey: BOB_KEY })),
    )
    let closed = 0
    for (const connection of idle) void connection.closed.then(() => (closed += 1))
    await until(() => closed === 16)
    expect((await a.dial(toBob('memory://bob'))).isOpen).toBe(true)
    for (const connection of idle) connection.close()
    await Promise.all([a.close(), b.close()])
  })

  it('closes the link when its owner fails to take it', async () => {
    const { a, b } = nodes()
    await b.listen('memory://bob', {
      onLink: () => {
        throw new TalosError('NETWORK_PEER_REFUSED')
      },
    })
    const link = await a.dial(toBob('memory://bob'))
    expect(await link.closed).toBe('remote')
    await b.close()
  })

  it('is unreachable once its listener is closed', async () => {
    const { a, b } = nodes()
    const listener = await b.listen('memory://bob', { onLink: () => undefined })
    const link = await a.dial(toBob('memory://bob'))
    await listener.close()
    expect(await link.closed).toBe('reset')
    await expect(a.dial(toBob('memory://bob'))).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' })
  })
})

describe('the routing envelope', () => {
  const box = boxTag(kernel, bob.did)
  const parts = { kind: 1, box, messageId: new Uint8Array(16).fill(7), expiresS: 100, body: new Uint8Array(300) }

  it('carries its parts there and back', () => {
    expect(openFromRoute(sealForRoute(parts), { nowS: 99, box })).toEqual({ ...parts, sizeClass: 9 })
  })

  it('names the recipient by a tag of 16 bytes and no sender', () => {
    expect(box).toHaveLength(16)
    expect(boxTag(kernel, alice.did)).not.toEqual(box)
    expect(Buffer.from(sealForRoute(parts)).includes('did:key')).toBe(false)
  })

  it('gives each body the smallest class that holds it', () => {
    for (const [sizeBytes, sizeClass] of [
      [1, 8],
      [256, 8],
      [257, 9],
      [512, 9],
      [16_777_215, 24],
      [16_777_216, 24],
    ] as const) {
      expect(sizeClassOf(sizeBytes)).toBe(sizeClass)
    }
  })

  it('is refused when expired, for another, of a false class, malformed or out of its limits', () => {
    const bytes = sealForRoute(parts)
    const refused = { code: 'NETWORK_ENVELOPE_INVALID' }
    const opening = (input: Uint8Array, nowS = 1) =>
      failureOf(Promise.resolve().then(() => openFromRoute(input, { nowS, box })))
    return Promise.all([
      expect(opening(bytes, 100)).resolves.toMatchObject(refused),
      expect(opening(bytes.with(42, 10))).resolves.toMatchObject(refused),
      expect(opening(bytes.with(5, (bytes[5] ?? 0) ^ 1))).resolves.toMatchObject(refused),
      expect(opening(bytes.with(0, 2))).resolves.toMatchObject(refused),
      expect(opening(bytes.subarray(0, -1))).resolves.toMatchObject(refused),
      expect(opening(new Uint8Array([...bytes, 0]))).resolves.toMatchObject(refused),
      expect(opening(new Uint8Array())).resolves.toMatchObject(refused),
    ])
  })

  it('is not built from an empty or oversize body, nor from a tag of another length', () => {
    expect(() => sealForRoute({ ...parts, body: new Uint8Array() })).toThrow(/limits/)
    expect(() => sealForRoute({ ...parts, body: new Uint8Array(16_777_217) })).toThrow(/limits/)
    expect(() => sealForRoute({ ...parts, box: new Uint8Array(15) })).toThrow(/limits/)
  })
})
