import { fromHex, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { LinkRole } from '@talos/identity'
import { boxTag, openFromRoute, tlsCarrier } from '@talos/network'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { FrameDecoder, poolOf } from '../src/link/frames.ts'
import { verifyHello } from '../src/link/hello.ts'
import { Inbox } from '../src/link/inbox.ts'
import { transportCertificate } from '../src/tls/certificate.ts'
import { kernel } from './fixtures.ts'

type Input = VectorCase['input']

const text = (input: Input, name: string) => String(input[name])
const bytes = (input: Input, name: string) => fromHex(text(input, name))
const number = (input: Input, name: string) => Number(input[name])

function frames(stream: Uint8Array, phase: string) {
  const decoder = new FrameDecoder()
  if (phase === 'open') decoder.allowFullFrames()
  decoder.feed(stream)
  const found = []
  for (let next = decoder.next(); next !== undefined; next = decoder.next()) found.push(next)
  return found
}

const RUNNERS: Readonly<Record<string, (input: Input) => object>> = {
  certificate: (input) => {
    const transportSeed = bytes(input, 'seedHex')
    const { transportKey } = tlsCarrier({ kernel, transportSeed })
    return { transportKeyHex: toHex(transportKey), certificateHex: toHex(transportCertificate(kernel, transportSeed)) }
  },
  frames: (input) => ({
    frames: frames(bytes(input, 'streamHex'), text(input, 'phase')).map(({ payload, ...head }) => ({
      ...head,
      payloadHex: toHex(payload),
    })),
  }),
  hello: (input) => {
    const role: LinkRole = input['role'] === 'dialer' ? 'dialer' : 'listener'
    return verifyHello({
      role,
      channelBinding: bytes(input, 'channelBindingHex'),
      transportKey: bytes(input, 'transportKeyHex'),
      payload: bytes(input, 'payloadHex'),
      kernel,
      ...(input['expectedDid'] !== undefined && { expectedDid: text(input, 'expectedDid') as Did }),
    })
  },
  content: (input) => {
    const terms = { maxMessageBytes: number(input, 'maxMessageBytes'), windowBytes: number(input, 'windowBytes') }
    const inbox = new Inbox({ terms, grant: () => undefined })
    const contents = []
    for (const frame of frames(bytes(input, 'streamHex'), 'open')) {
      const pool = poolOf(frame.type)
      const done = pool === undefined ? undefined : inbox.accept(pool, frame)
      if (done === undefined) continue
      contents.push({ type: done.pool, stream: done.stream, kind: done.kind, contentHex: toHex(done.content) })
    }
    return { contents }
  },
  'routing-envelope': (input) => {
    const box = boxTag(kernel, text(input, 'recipientDid') as Did)
    const opened = openFromRoute(bytes(input, 'envelopeHex'), { nowS: number(input, 'nowS'), box })
    const { box: boxOpened, messageId, body, ...rest } = opened
    return { ...rest, boxHex: toHex(boxOpened), messageIdHex: toHex(messageId), bodyHex: toHex(body) }
  },
}

function outcome(
  run: (input: Input) => object,
  input: Input,
): { readonly expected: object } | { readonly error: string } {
  try {
    return { expected: run(input) }
  } catch (error) {
    if (!(error instanceof TalosError)) throw error
    return { error: error.code }
  }
}

describe.each(Object.entries(RUNNERS))('the vectors link/%s', (name, run) => {
  const { cases } = repoVectors(`link/${name}.json`)

  it.each(cases)('$id: $description', (vector) => {
    const wanted = vector.valid ? { expected: vector.expected } : { error: vector.error }
    expect(outcome(run, vector.input)).toEqual(wanted)
  })

  it('has valid and invalid cases', () => {
    expect(new Set(cases.map(({ valid }) => valid))).toEqual(new Set([true, false]))
  })
})
