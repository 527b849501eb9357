/**
 * Vectors of 13-link-envelope: the certificate of a transport key, frames, hellos, content and credit, the routing
 * envelope. The certificate is built here from X.509's structure, apart from the code that it tests.
 */
import { createHash } from 'node:crypto'
import { Secret, utf8 } from '@talos/bytes'
import {
  encodeLinkContent,
  encodeLinkFrame,
  encodeLinkHello,
  encodeLinkPing,
  encodeRoutingEnvelope,
} from '@talos/contracts'
import { ed25519Signer, type LinkRole, signTransportBinding } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import type { VectorFile } from './vector-file.ts'

const kernel = portableKernel()
const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

interface Case {
  readonly clause: string
  readonly description: string
  readonly input: object
  readonly expected?: object
  readonly error?: string
}

export async function linkVectors(): Promise<VectorFile[]> {
  return [
    file('certificate', 'certificate of a transport key', certificateCases()),
    file('frames', 'decoding of frames', frameCases()),
    file('hello', 'verification of a hello', await helloCases()),
    file('content', 'joining of content within its credit, nothing of it handled', contentCases()),
    file('routing-envelope', 'routing envelope', envelopeCases()),
  ]
}

function file(name: string, subject: string, cases: readonly Case[]): VectorFile {
  const numbered = cases.map(({ clause, description, input, expected, error }, index) => ({
    id: `${name}-${String(index + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: error === undefined,
    input,
    ...(error === undefined ? { expected } : { error }),
  }))
  const document = { format: 'talos-vectors/1', subject, spec: '13-link-envelope', cases: numbered }
  return { path: `link/${name}.json`, file: document }
}

function certificateCases(): Case[] {
  const seeds = [filled(1), Uint8Array.from({ length: 32 }, (_, index) => index)]
  const valid = seeds.map((seed, index) => ({
    clause: '13.2',
    description: index === 0 ? 'the certificate of a seed of equal bytes' : 'the certificate of a counting seed',
    input: { seedHex: hex(seed) },
    expected: { transportKeyHex: hex(kernel.ed25519PublicKey(seed)), certificateHex: hex(certificate(seed)) },
  }))
  const short = { clause: '13.2', description: 'a seed of 31 bytes', input: { seedHex: hex(filled(1, 31)) } }
  return [...valid, { ...short, error: 'NETWORK_KEY_INVALID' }]
}

function certificate(seed: Uint8Array): Uint8Array {
  const algorithm = der(0x30, der(0x06, Uint8Array.of(0x2b, 0x65, 0x70)))
  const name = der(0x30, der(0x31, der(0x30, der(0x06, Uint8Array.of(0x55, 4, 3)), der(0x0c, utf8('talos')))))
  const validity = der(0x30, der(0x17, utf8('700101000000Z')), der(0x18, utf8('99991231235959Z')))
  const key = der(0x30, algorithm, der(0x03, Uint8Array.of(0), kernel.ed25519PublicKey(seed)))
  const version = der(0xa0, der(0x02, Uint8Array.of(2)))
  const signed = der(0x30, version, der(0x02, Uint8Array.of(1)), algorithm, name, validity, name, key)
  return der(0x30, signed, algorithm, der(0x03, Uint8Array.of(0), kernel.ed25519Sign(seed, signed)))
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = join(...parts)
  const length = body.length < 0x80 ? [body.length] : [0x81, body.length]
  return join(Uint8Array.of(tag, ...length), body)
}

interface FrameParts {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array
}

function frame({ type, flags = 0, stream = 0, payload = new Uint8Array() }: FrameParts): Uint8Array {
  return join(encodeLinkFrame({ type, flags, stream, lengthBytes: payload.length }), payload)
}

function frameCases(): Case[] {
  const ping = { type: 6, payload: encodeLinkPing({ token: 7 }) }
  const message = {
    type: 2,
    flags: 3,
    stream: 1,
    payload: join(encodeLinkContent({ kind: 9, lengthBytes: 2 }), filled(5, 2)),
  }
  const described = ({ type, flags = 0, stream = 0, payload = new Uint8Array() }: FrameParts) => ({
    type,
    flags,
    stream,
    payloadHex: hex(payload),
  })
  const valid = (description: string, frames: readonly FrameParts[], tail = new Uint8Array()): Case => ({
    clause: '13.3',
    description,
    input: { phase: 'open', streamHex: hex(join(...frames.map(frame), tail)) },
    expected: { frames: frames.map(described) },
  })
  const invalid = (description: string, headHex: string, phase = 'open'): Case => ({
    clause: '13.3',
    description,
    input: { phase, streamHex: headHex },
    error: 'NETWORK_FRAME_INVALID',
  })
  return [
    valid('no bytes, no frames', []),
    valid('a ping', [ping]),
    valid('a ping and a message', [ping, message]),
    valid('a message and the beginning of a head', [message], Uint8Array.of(6, 0, 0)),
    valid('a close without payload passes here and fails as a close', [{ type: 8 }]),
    invalid('type 0', '00000000000000000000'),
    invalid('type 9', '09000000000000000000'),
    invalid('flag of bit 2', '02040000000100000000'),
    invalid('a length of 65,537', '02030000000100010001'),
    invalid('a message on stream 0', '02030000000000000006'),
    invalid('a ping on stream 1', '06000000000100000004'),
    invalid('a ping with flags', '06010000000000000004'),
    invalid('a length of 1,025 before the hello', '01000000000000000401', 'hello'),
  ]
}

async function helloCases(): Promise<Case[]> {
  const signer = ed25519Signer({ kernel, seed: Secret.of(filled(102)) })
  const other = ed25519Signer({ kernel, seed: Secret.of(filled(103)) })
  const channelBinding = filled(0xcb)
  const transportKey = kernel.ed25519PublicKey(filled(2))
  const terms = { maxMessageBytes: 1_048_576, windowBytes: 2_097_152 }
  const role: LinkRole = 'listener'
  const binding = { role, channelBinding, transportKey }
  const signature = await signTransportBinding({ ...binding, signer })
  const payload = encodeLinkHello({ ...terms, did: utf8(signer.did), signature })
  const input = {
    role,
    channelBindingHex: hex(channelBinding),
    transportKeyHex: hex(transportKey),
    payloadHex: hex(payload),
  }
  const changed = (description: string, changes: object, error = 'NETWORK_HELLO_INVALID'): Case => ({
    clause: '13.4',
    description,
    input: { ...input, ...changes },
    error,
  })
  const payloadOf = (changes: Partial<Parameters<typeof encodeLinkHello>[0]>) => ({
    payloadHex: hex(encodeLinkHello({ ...terms, did: utf8(signer.did), signature, ...changes })),
  })
  const expected = { did: signer.did, ...terms }
  return [
    { clause: '13.4', description: 'the hello of a listener', input, expected },
    { clause: '13.4', description: 'by the expected DID', input: { ...input, expectedDid: signer.did }, expected },
    changed('by another DID than the expected one', { expectedDid: other.did }, 'NETWORK_DID_MISMATCH'),
    changed('on another connection', { channelBindingHex: hex(filled(0xcc)) }),
    changed('with another transport key', { transportKeyHex: hex(kernel.ed25519PublicKey(filled(3))) }),
    changed('in the other role', { role: 'dialer' }),
    changed('claiming the DID of another', payloadOf({ did: utf8(other.did) })),
    changed('with a DID of another method', payloadOf({ did: utf8('did:web:example.org') })),
    changed('with a damaged signature', payloadOf({ signature: signature.with(0, (signature[0] ?? 0) ^ 1) })),
    changed('of version 2', { payloadHex: hex(payload.with(0, 2)) }, 'NETWORK_HELLO_VERSION'),
    changed('with the reserved byte set', { payloadHex: hex(payload.with(1, 1)) }, 'NETWORK_FRAME_INVALID'),
    changed('cut by one byte', { payloadHex: hex(payload.subarray(0, -1)) }, 'NETWORK_FRAME_INVALID'),
    changed('with a byte too many', { payloadHex: `${hex(payload)}00` }, 'NETWORK_FRAME_INVALID'),
    changed('with a window that lacks one byte', payloadOf({ windowBytes: 1_048_576 + 255 }), 'NETWORK_FRAME_INVALID'),
    changed('that is empty', { payloadHex: '' }, 'NETWORK_FRAME_INVALID'),
  ]
}

function contentCases(): Case[] {
  const [FIRST, LAST] = [1, 2]
  const terms = { maxMessageBytes: 65_536, windowBytes: 66_560 }
  const head = (kind: number, lengthBytes: number, begin: Uint8Array = new Uint8Array()) =>
    join(encodeLinkContent({ kind, lengthBytes }), begin)
  const one = (stream: number, content: Uint8Array, kind = 9): FrameParts => ({
    type: 2,
    flags: FIRST | LAST,
    stream,
    payload: head(kind, content.length, content),
  })
  const base = (clause: string, description: string, frames: readonly FrameParts[]) => ({
    clause,
    description,
    input: { ...terms, streamHex: hex(join(...frames.map(frame))) },
  })
  const valid = (
    clause: string,
    description: string,
    frames: readonly FrameParts[],
    contents: readonly object[],
  ): Case => ({
    ...base(clause, description, frames),
    expected: { contents },
  })
  const invalid = (
    clause: string,
    description: string,
    frames: readonly FrameParts[],
    error = 'NETWORK_FRAME_INVALID',
  ): Case => ({
    ...base(clause, description, frames),
    error,
  })
  const made = (stream: number, contentHex: string, type = 2, kind = 9) => ({ type, stream, kind, contentHex })
  const begun: FrameParts = { type: 2, flags: FIRST, stream: 2, payload: head(9, 4, filled(1, 1)) }
  const request: FrameParts = { type: 3, flags: FIRST, stream: 2, payload: head(8, 2, filled(7, 1)) }
  return [
    valid('13.5', 'content in one frame', [one(2, filled(1, 3))], [made(2, '010101')]),
    valid('13.5', 'empty content', [one(2, new Uint8Array())], [made(2, '')]),
    valid(
      '13.5',
      'a request that begins before and ends after a message is complete, on the same number',
      [
        request,
        begun,
        { type: 2, flags: LAST, stream: 2, payload: filled(2, 3) },
        { type: 3, flags: LAST, stream: 2, payload: filled(8, 1) },
      ],
      [made(2, '01020202'), made(2, '0708', 3, 8)],
    ),
    valid(
      '13.6',
      'content that uses the credit up',
      [one(2, filled(1, 768)), { type: 2, flags: FIRST, stream: 4, payload: head(9, 65_280) }],
      [made(2, '01'.repeat(768))],
    ),
    invalid(
      '13.6',
      'one byte beyond the credit',
      [one(2, filled(1, 768)), { type: 2, flags: FIRST, stream: 4, payload: head(9, 65_281) }],
      'NETWORK_CREDIT_EXCEEDED',
    ),
    invalid(
      '13.5',
      'one byte more than the hello takes',
      [{ type: 2, flags: FIRST, stream: 2, payload: head(9, 65_537) }],
      'NETWORK_MESSAGE_TOO_LARGE',
    ),
    invalid('13.5', 'a head cut short', [{ type: 2, flags: FIRST | LAST, stream: 2, payload: filled(0, 5) }]),
    invalid('13.5', 'more than announced', [
      { type: 2, flags: FIRST | LAST, stream: 2, payload: head(9, 1, filled(1, 2)) },
    ]),
    invalid('13.5', 'the last frame comes early', [
      { type: 2, flags: FIRST | LAST, stream: 2, payload: head(9, 2, filled(1, 1)) },
    ]),
    invalid('13.5', 'the last frame is not marked', [
      { type: 2, flags: FIRST, stream: 2, payload: head(9, 1, filled(1, 1)) },
    ]),
    invalid('13.5', 'a stream begins twice', [begun, begun]),
    invalid('13.5', 'a stream goes on without a beginning', [
      { type: 2, flags: LAST, stream: 2, payload: filled(1, 1) },
    ]),
    invalid('13.5', 'an empty frame', [begun, { type: 2, stream: 2 }]),
  ]
}

function envelopeCases(): Case[] {
  const did = ed25519Signer({ kernel, seed: Secret.of(filled(102)) }).did
  const box = new Uint8Array(createHash('sha256').update(`talos/box/1\0${did}`).digest().subarray(0, 16))
  const parts = { kind: 1, box, messageId: filled(7, 16), expiresS: 1_000, sizeClass: 9, body: filled(0xee, 300) }
  const bytes = encodeRoutingEnvelope(parts)
  const described = { kind: 1, boxHex: hex(box), messageIdHex: hex(parts.messageId), expiresS: 1_000, sizeClass: 9 }
  const clause = '13.10'
  const refused = (description: string, envelope: Uint8Array, changes: object = {}): Case => ({
    clause,
    description,
    input: { envelopeHex: hex(envelope), recipientDid: did, nowS: 999, ...changes },
    error: 'NETWORK_ENVELOPE_INVALID',
  })
  const smallest = encodeRoutingEnvelope({ ...parts, sizeClass: 8, body: filled(1, 256) })
  return [
    {
      clause,
      description: 'an envelope for the reader, in its last second',
      input: { envelopeHex: hex(bytes), recipientDid: did, nowS: 999 },
      expected: { ...described, bodyHex: hex(parts.body) },
    },
    {
      clause,
      description: 'a body of 256 bytes has class 8',
      input: { envelopeHex: hex(smallest), recipientDid: did, nowS: 0 },
      expected: { ...described, sizeClass: 8, bodyHex: hex(filled(1, 256)) },
    },
    refused('expired', bytes, { nowS: 1_000 }),
    refused('for another recipient', encodeRoutingEnvelope({ ...parts, box: filled(9, 16) })),
    refused('with a class too high', encodeRoutingEnvelope({ ...parts, sizeClass: 10 })),
    refused('with a class too low', encodeRoutingEnvelope({ ...parts, sizeClass: 8 })),
    refused('of version 2', bytes.with(0, 2)),
    refused('cut by one byte', bytes.subarray(0, -1)),
    refused('with a byte too many', join(bytes, Uint8Array.of(0))),
    refused('empty', new Uint8Array()),
  ]
}
