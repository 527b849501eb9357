import { X509Certificate } from 'node:crypto'
import { connect as connectRaw, createServer as createRawServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type ConnectionOptions, connect, createServer } from 'node:tls'
import { inspect } from 'node:util'
import { Secret } from '@talos/bytes'
import { type TlsCarrier, tlsCarrier } from '@talos/network'
import type { CarrierConnection, CarrierListener } from '@talos/ports'
import { afterEach, describe, expect, it } from 'vitest'
import { parseHostEndpoint } from '../src/endpoint.ts'
import { certificatePem, transportCertificate, transportKeyOf, withPrivateKeyPem } from '../src/tls/certificate.ts'
import { failureOf, kernel, pause, seedOf, tlsOf, until } from './fixtures.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
const open: CarrierListener[] = []
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close()
})

async function listen(
  carrier: TlsCarrier,
  seen: CarrierConnection[] = [],
): Promise<{ endpoint: string; port: number }> {
  const listener = await carrier.listen('tls://127.0.0.1:0', { onConnection: (far) => seen.push(far) })
  open.push(listener)
  const endpoint = listener.endpoints[0] ?? ''
  return { endpoint, port: parseHostEndpoint('tls:', endpoint).port }
}

function material(filler: number): { readonly key: string; readonly cert: string } {
  const seed = seedOf(filler)
  const cert = certificatePem(transportCertificate(kernel, seed)).toString()
  return { cert, key: withPrivateKeyPem(seed, (key) => key.toString()) }
}

/** What a client of other make sees: `secure` or the code of its failure, then whether the server hung up. */
async function foreignClient(port: number, options: ConnectionOptions): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['talos/1'], ...options })
  return await new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.on('close', () => resolve('closed'))
    socket.resume()
  })
}

describe('the TLS carrier', () => {
  it('speaks TLS 1.3 with the hybrid key exchange and its own protocol name', async () => {
    const { port } = await listen(tlsOf(2))
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['talos/1'],
      ...material(1),
    })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    expect(socket.getProtocol()).toBe('TLSv1.3')
    expect(socket.alpnProtocol).toBe('talos/1')
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: 'X25519MLKEM768' })
    socket.destroy()
  })

  it('refuses older versions, other protocols and weaker key exchanges', async () => {
    const { port } = await listen(tlsOf(2))
    expect(await foreignClient(port, { ...material(1), maxVersion: 'TLSv1.2' })).toMatch(/^ERR_SSL/)
    expect(await foreignClient(port, { ...material(1), ALPNProtocols: ['h2'] })).toMatch(/^ERR_SSL/)
    expect(await foreignClient(port, { ...material(1), ecdhCurve: 'X25519' })).toMatch(/^ERR_SSL/)
  })

  it('refuses a client without a certificate and one without ALPN', async () => {
    const seen: CarrierConnection[] = []
    const { port } = await listen(tlsOf(2), seen)
    expect(await foreignClient(port, {})).toMatch(/^(closed|ECONNRESET|ERR_SSL.*)$/)
    expect(await foreignClient(port, { ...material(1), ALPNProtocols: [] })).toMatch(/^(closed|ECONNRESET|ERR_SSL.*)$/)
    expect(seen).toEqual([])
  })

  it('refuses a server without a key of ours', async () => {
    const plain = await foreignServer()
    const dialled = tlsOf(1).dial(`tls://127.0.0.1:${plain.port}`, { remoteTransportKey: seedOf(9), timeoutMs: 2_000 })
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_HANDSHAKE_FAILED' })
    plain.close()
  })

  it('never resumes a session', async () => {
    const seen: CarrierConnection[] = []
    const { port } = await listen(tlsOf(2), seen)
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['talos/1'], ...material(1) }
    const first = connect(options)
    const session = await new Promise<Buffer>((resolve) => first.once('session', resolve))
    const second = connect({ ...options, session })
    second.on('error', () => undefined)
    await new Promise((resolve) => second.once('secureConnect', resolve).once('close', resolve))
    expect(second.isSessionReused()).toBe(false)
    first.destroy()
    second.destroy()
  })

  it('lets the dialer give up on a peer that accepts and says nothing', async () => {
    const sockets: Socket[] = []
    const silent = createRawServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const address = silent.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const options = { remoteTransportKey: seedOf(9), timeoutMs: 50 }
    const dialled = tlsOf(1).dial(`tls://127.0.0.1:${port}`, options)
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT', details: { timeoutMs: 50 } })
    const controller = new AbortController()
    const aborted = failureOf(
      tlsOf(1).dial(`tls://127.0.0.1:${port}`, { ...options, signal: controller.signal, timeoutMs: 5_000 }),
    )
    await pause(10)
    controller.abort()
    expect(await aborted).toMatchObject({ code: 'NETWORK_ABORTED' })
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => silent.close(resolve))
  })

  it('ends handshakes that dawdle', async () => {
    const { port } = await listen(tlsOf(2, { handshakeTimeoutMs: 50 }))
    const socket = connectRaw(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(Uint8Array.of(22, 3, 1))
    await new Promise((resolve) => socket.once('close', resolve))
    expect(socket.destroyed).toBe(true)
  })

  it('stays reachable in a storm of silent connections, and holds few of them', async () => {
    const listener = tlsOf(2, { maxPendingHandshakes: 8 })
    const seen: CarrierConnection[] = []
    const { endpoint, port } = await listen(listener, seen)
    const storm = Array.from({ length: 100 }, () => {
      const socket = connectRaw(port, '127.0.0.1')
      socket.on('error', () => undefined)
      return socket
    })
    await until(() => storm.filter((socket) => socket.closed).length >= 92)
    const near = await tlsOf(1).dial(endpoint, { remoteTransportKey: listener.transportKey })
    await until(() => seen.length === 1)
    expect(storm.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(8)
    near.close()
    for (const socket of storm) socket.destroy()
  })

  it.skipIf(!hasIpv6)(
    'listens on IPv6 with brackets in its endpoint (skipped where the machine has none)',
    async () => {
      const listener = tlsOf(2)
      const listening = await listener.listen('tls://[::1]:0', { onConnection: () => undefined })
      open.push(listening)
      expect(listening.endpoints[0]).toMatch(/^tls:\/\/\[::1\]:[0-9]+$/)
      const near = await tlsOf(1).dial(listening.endpoints[0] ?? '', { remoteTransportKey: listener.transportKey })
      near.close()
    },
  )

  it('says so when a port is taken, and refuses to dial port 0', async () => {
    const { endpoint } = await listen(tlsOf(2))
    const second = tlsOf(2).listen(endpoint, { onConnection: () => undefined })
    await expect(second).rejects.toMatchObject({ code: 'NETWORK_LISTEN_FAILED', details: { reason: 'EADDRINUSE' } })
    const dialled = tlsOf(1).dial('tls://127.0.0.1:0', { remoteTransportKey: seedOf(9) })
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_ENDPOINT_INVALID' })
  })

  it('refuses seeds and pinned keys of another length', async () => {
    expect(() => tlsCarrier({ kernel, transportSeed: new Uint8Array(31) })).toThrow(/32 bytes, not 31/)
    const dialled = tlsOf(1).dial('tls://127.0.0.1:1', { remoteTransportKey: new Uint8Array(33) })
    await expect(dialled).rejects.toMatchObject({ code: 'NETWORK_KEY_INVALID', details: { sizeBytes: 33 } })
  })

  it('takes its seed as a Secret and shows it nowhere', () => {
    const carrier = tlsCarrier({ kernel, transportSeed: Secret.of(seedOf(7)) })
    expect(carrier.transportKey).toEqual(kernel.ed25519PublicKey(seedOf(7)))
    expect(inspect(carrier, { depth: 9, showHidden: true })).not.toContain('PRIVATE')
  })
})

describe('the certificate of a transport key', () => {
  it('is valid X.509 for others, carries the key and verifies with it', () => {
    const certificate = new X509Certificate(transportCertificate(kernel, seedOf(5)))
    expect(certificate.subject).toBe('CN=talos')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(transportKeyOf(certificate)).toEqual(kernel.ed25519PublicKey(seedOf(5)))
  })

  it('erases the PEM of the private key after use', () => {
    const key = withPrivateKeyPem(seedOf(5), (pem) => {
      expect(pem.toString()).toContain('BEGIN PRIVATE KEY')
      return pem
    })
    expect(key.every((byte) => byte === 0)).toBe(true)
  })
})

/** A TLS server without a certificate that we could take. */
async function foreignServer(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer({ pskCallback: () => null, ALPNProtocols: ['talos/1'] })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  return { port: address !== null && typeof address === 'object' ? address.port : 0, close: () => server.close() }
}
