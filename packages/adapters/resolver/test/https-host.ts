/** A real HTTPS server on loopback with a certificate of its own making, for the tests of the resolver. */
import { generateKeyPairSync, sign } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'

export const HOST = 'agents.example.com'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface HttpsHost {
  readonly port: number
  /** Its certificate, which is also its authority. */
  readonly ca: string
  /** What it answers by path; a missing path is 404. */
  readonly files: Map<string, string | Uint8Array | Answer>
  /** Paths asked for, in order. */
  readonly asked: string[]
  close(): Promise<void>
}

export async function httpsHost(): Promise<HttpsHost> {
  const { certificate, key } = selfSigned(HOST)
  const files: HttpsHost['files'] = new Map()
  const asked: string[] = []
  const server = createServer({ cert: certificate, key }, (request, response) => {
    asked.push(request.url ?? '')
    serve(files.get(request.url ?? ''), request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, ca: certificate, files, asked, close: () => closed(server) }
}

function serve(
  file: string | Uint8Array | Answer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (typeof file === 'function') {
    file(request, response)
  } else {
    response.statusCode = file === undefined ? 404 : 200
    response.end(file)
  }
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

/** A P-256 certificate for that host name, valid from 1970 to 9999, signed by itself (RFC 5280). */
function selfSigned(host: string): { readonly certificate: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const name = der(0x30, der(0x31, der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(host)))))
  const validity = der(0x30, der(0x17, Buffer.from('700101000000Z')), der(0x18, Buffer.from('99991231235959Z')))
  const altNames = der(0x30, der(0x82, Buffer.from(host)))
  const extension = der(0x30, der(0x06, Buffer.from('551d11', 'hex')), der(0x04, altNames))
  const signed = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaSha256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension)),
  )
  const signature = der(0x03, Buffer.of(0), sign('sha256', signed, privateKey))
  const lines =
    der(0x30, signed, ecdsaSha256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return {
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length =
    content.length < 128
      ? [content.length]
      : content.length < 256
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...length), content])
}
