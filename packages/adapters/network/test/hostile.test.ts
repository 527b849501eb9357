import { encodeLinkClose, encodeLinkCredit, encodeLinkPing } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { openLink } from '@talos/network'
import type { CarrierConnection } from '@talos/ports'
import { liveBytes } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  ALICE_KEY,
  alice,
  BOB_KEY,
  bob,
  connectionPair,
  dialerOptions,
  failureOf,
  listenerOptions,
  mallory,
  pause,
  tlsOf,
} from './fixtures.ts'
import {
  bobsHello,
  CLOSE,
  CREDIT,
  collect,
  content,
  FIRST,
  frame,
  HELLO,
  hello,
  joined,
  LAST,
  linkToRaw,
  MESSAGE,
  PING,
  PONG,
  REQUEST,
  RESPONSE,
} from './raw-peer.ts'

const bytes = (length: number) => new Uint8Array(length)
const MAX_FRAME = 65_536

function codeOf(error: unknown): string | undefined {
  return isTalosError(error) ? error.code : undefined
}

describe('a hello', () => {
  it('by somebody with a valid transport key and the DID of another is refused', async () => {
    const { near, far } = await connectionPair()
    const opening = failureOf(openLink(dialerOptions(near)))
    await far.write(await bobsHello(far, { signer: mallory, did: dialerOptions(near).expectedDid ?? '' }))
    expect(await opening).toMatchObject({ code: 'NETWORK_HELLO_INVALID' })
    expect(await near.closed).toBe('protocol')
  })

  it('by another DID than the expected one is refused', async () => {
    const { near, far } = await connectionPair()
    const opening = failureOf(openLink(dialerOptions(near)))
    await far.write(await bobsHello(far, { signer: mallory }))
    expect(await opening).toMatchObject({ code: 'NETWORK_DID_MISMATCH' })
  })

  it('made for another connection is refused', async () => {
    const first = await connectionPair()
    const second = await connectionPair()
    const opening = failureOf(openLink(dialerOptions(first.near)))
    const { channelBinding } = second.far
    await first.far.write(await bobsHello(first.far, { channelBinding }))
    expect(await opening).toMatchObject({ code: 'NETWORK_HELLO_INVALID' })
  })

  it('relayed over TLS by a man in the middle is refused by the one it is for', async () => {
    const [aliceTls, bobTls, malloryTls] = [tlsOf(1), tlsOf(2), tlsOf(3)]
    const bobSide = Promise.withResolvers<unknown>()
    const bobListens = await bobTls.listen('tls://127.0.0.1:0', {
      onConnection: (connection) => {
        const { transportKey } = bobTls
        bobSide.resolve(failureOf(openLink({ connection, role: 'listener', signer: bob, transportKey })))
      },
    })
    const relay = async (from: CarrierConnection) => {
      const to = await malloryTls.dial(bobListens.endpoints[0] ?? '', { remoteTransportKey: bobTls.transportKey })
      for await (const chunk of from.incoming) await to.write(chunk)
      await to.end()
    }
    const malloryListens = await malloryTls.listen('tls://127.0.0.1:0', {
      onConnection: (connection) => void relay(connection).catch(() => undefined),
    })
    const pinned = { remoteTransportKey: malloryTls.transportKey }
    const connection = await aliceTls.dial(malloryListens.endpoints[0] ?? '', pinned)
    const { transportKey } = aliceTls
    const options = { connection, role: 'dialer', signer: alice, transportKey, helloTimeoutMs: 100 } as const
    expect(await failureOf(openLink(options))).toMatchObject({ code: 'NETWORK_HELLO_TIMEOUT' })
    expect(await bobSide.promise).toMatchObject({ code: 'NETWORK_HELLO_INVALID' })
    await Promise.all([bobListens.close(), malloryListens.close()])
  })

  it('reflected to its sender is refused', async () => {
    const { near, far } = await connectionPair()
    const opening = failureOf(openLink({ ...dialerOptions(near), transportKey: BOB_KEY }))
    for await (const chunk of far.incoming) {
      await far.write(chunk)
      break
    }
    expect(await opening).toMatchObject({ code: expect.stringMatching(/^NETWORK_(HELLO_INVALID|CLOSED)$/) })
  })

  it('of an unknown version is told apart', async () => {
    const { near, far } = await connectionPair()
    const opening = failureOf(openLink(dialerOptions(near)))
    await far.write(frame({ type: HELLO, payload: Uint8Array.of(2, 0, 1) }))
    expect(await opening).toMatchObject({ code: 'NETWORK_HELLO_VERSION', details: { version: 2 } })
  })

  it('that is malformed, empty, promises too small a window, or comes as another frame is refused', async () => {
    const cases: ((far: Parameters<typeof bobsHello>[0]) => Promise<Uint8Array> | Uint8Array)[] = [
      () => frame({ type: HELLO }),
      () => frame({ type: HELLO, payload: Uint8Array.of(1, 0, 0, 0) }),
      async (far) => (await bobsHello(far)).with(11, 1),
      (far) => bobsHello(far, { maxMessageBytes: 1_048_576, windowBytes: 1_048_576 + 255 }),
      () => frame({ type: PING, payload: encodeLinkPing({ token: 1 }) }),
      () => frame({ type: MESSAGE, flags: FIRST | LAST, stream: 2, payload: content(1, 0) }),
      () => new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
    ]
    for (const make of cases) {
      const { near, far } = await connectionPair()
      const opening = failureOf(openLink(dialerOptions(near)))
      await far.write(await make(far))
      expect(await opening).toMatchObject({ code: 'NETWORK_FRAME_INVALID' })
    }
  })

  it('with a payload above 1,024 bytes is refused by its head alone', async () => {
    const { near, far } = await connectionPair()
    const opening = failureOf(openLink(dialerOptions(near)))
    await far.write(frame({ type: HELLO, payload: bytes(1_025) }).subarray(0, 10))
    expect(await opening).toMatchObject({ code: 'NETWORK_FRAME_INVALID' })
  })

  it('that never comes ends at the deadline, on either side, also when bytes trickle in', async () => {
    const { near, far } = await connectionPair()
    const dialing = failureOf(openLink({ ...dialerOptions(near), helloTimeoutMs: 40 }))
    const trickle = (async () => {
      for (const byte of frame({ type: HELLO, payload: bytes(500) })) {
        await far.write(Uint8Array.of(byte))
        await pause(5)
      }
    })().catch(() => undefined)
    expect(await dialing).toMatchObject({ code: 'NETWORK_HELLO_TIMEOUT', details: { timeoutMs: 40 } })
    far.close()
    await trickle
    const second = await connectionPair()
    const listening = failureOf(openLink({ ...listenerOptions(second.far), helloTimeoutMs: 40 }))
    expect(await listening).toMatchObject({ code: 'NETWORK_HELLO_TIMEOUT' })
    second.near.close()
  })

  it('is not given to a stranger, nor to whom the listener does not admit', async () => {
    const { near, far } = await connectionPair()
    const heard = collect(near)
    const opening = failureOf(openLink({ ...listenerOptions(far), admit: (did) => did !== mallory.did }))
    const { channelBinding } = near
    await near.write(await hello({ role: 'dialer', signer: mallory, channelBinding, transportKey: ALICE_KEY }))
    expect(await opening).toMatchObject({ code: 'NETWORK_PEER_REFUSED' })
    await near.end()
    await heard.ended
    expect(heard.bytes()).toEqual(frame({ type: CLOSE, payload: encodeLinkClose({ reason: 3 }) }))
  })

  it('refused by the listener reaches the dialer as such', async () => {
    const { near, far } = await connectionPair()
    const refusing = failureOf(openLink({ ...listenerOptions(far), admit: () => false }))
    const dialing = failureOf(openLink(dialerOptions(near)))
    expect(await refusing).toMatchObject({ code: 'NETWORK_PEER_REFUSED' })
    expect(await dialing).toMatchObject({ code: 'NETWORK_REFUSED_BY_PEER' })
  })

  it('is of no use when the peer half-closes instead', async () => {
    const { near, far } = await connectionPair()
    const opening = failureOf(openLink(dialerOptions(near)))
    await far.end()
    expect(await opening).toMatchObject({ code: 'NETWORK_CLOSED' })
    far.close()
  })

  it('fails with a signer that fails, and the connection is closed', async () => {
    const { near, far } = await connectionPair()
    const signer = { ...alice, sign: () => Promise.reject(new Error('the token was pulled')) }
    const opening = openLink({ ...dialerOptions(near), signer })
    await expect(opening).rejects.toMatchObject({ code: 'SIGNER_FAILED' })
    far.close()
    expect(await near.closed).toBe('reset')
  })
})

describe('a link closes with a code when its peer', () => {
  const violations: readonly (readonly [name: string, violation: Uint8Array, code?: string])[] = [
    ['sends a frame of unknown type', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['sends a frame of type zero', bytes(10)],
    ['sets an unknown flag', frame({ type: MESSAGE, flags: 3, stream: 2, payload: content(1, 0) }).with(1, 7)],
    ['announces a frame above the limit', Uint8Array.of(MESSAGE, 1, 0, 0, 0, 2, 0, 1, 0, 1)],
    ['gives a frame of control a stream', frame({ type: PING, stream: 2, payload: encodeLinkPing({ token: 1 }) })],
    ['gives a frame of control flags', frame({ type: PING, flags: 1, payload: encodeLinkPing({ token: 1 }) })],
    ['sends content without a stream', frame({ type: MESSAGE, flags: FIRST | LAST, payload: content(1, 0) })],
    ['sends a second hello', frame({ type: HELLO, payload: bytes(100) })],
    ['goes on with a stream that did not begin', frame({ type: MESSAGE, flags: LAST, stream: 2, payload: bytes(5) })],
    [
      'begins a stream twice',
      joined(...[1, 2].map(() => frame({ type: MESSAGE, flags: FIRST, stream: 2, payload: content(1, 9, bytes(1)) }))),
    ],
    ['uses a number of our side', frame({ type: MESSAGE, flags: FIRST | LAST, stream: 1, payload: content(1, 0) })],
    ['cuts the head of content', frame({ type: MESSAGE, flags: FIRST | LAST, stream: 2, payload: bytes(5) })],
    [
      'sends more than it announced',
      frame({ type: MESSAGE, flags: FIRST | LAST, stream: 2, payload: content(1, 1, bytes(2)) }),
    ],
    [
      'ends before what it announced',
      frame({ type: MESSAGE, flags: FIRST | LAST, stream: 2, payload: content(1, 2, bytes(1)) }),
    ],
    [
      'does not end where it announced',
      frame({ type: MESSAGE, flags: FIRST, stream: 2, payload: content(1, 1, bytes(1)) }),
    ],
    [
      'sends a frame that carries nothing',
      joined(
        frame({ type: MESSAGE, flags: FIRST, stream: 2, payload: content(1, 9, bytes(1)) }),
        frame({ type: MESSAGE, stream: 2 }),
      ),
    ],
    [
      'announces more than we take',
      frame({ type: MESSAGE, flags: FIRST, stream: 2, payload: content(1, 1_048_577) }),
      'NETWORK_MESSAGE_TOO_LARGE',
    ],
    [
      'sends more than its credit',
      joined(
        ...[2, 4, 6].map((stream) => frame({ type: MESSAGE, flags: FIRST, stream, payload: content(1, 1_000_000) })),
      ),
      'NETWORK_CREDIT_EXCEEDED',
    ],
    ['answers what nobody asked', frame({ type: RESPONSE, flags: FIRST | LAST, stream: 1, payload: content(0, 0) })],
    [
      'reuses the stream of an open request',
      joined(...[1, 2].map(() => frame({ type: REQUEST, flags: FIRST | LAST, stream: 2, payload: content(1, 0) }))),
    ],
    [
      'grants credit beyond the window',
      frame({ type: CREDIT, payload: encodeLinkCredit({ pool: 2, creditBytes: 1 }) }),
    ],
    ['grants no credit', frame({ type: CREDIT, payload: Uint8Array.of(2, 0, 0, 0, 0) })],
    ['grants credit for no pool', frame({ type: CREDIT, payload: Uint8Array.of(5, 0, 0, 0, 1) })],
    ['sends a malformed ping', frame({ type: PING, payload: bytes(3) })],
    ['sends a malformed pong', frame({ type: PONG, payload: bytes(5) })],
    ['sends a malformed close', frame({ type: CLOSE, payload: Uint8Array.of(4) })],
    [
      'opens too many requests',
      joined(
        ...Array.from({ length: 1_025 }, (_, index) =>
          frame({ type: REQUEST, flags: FIRST | LAST, stream: 2 + 2 * index, payload: content(1, 0) }),
        ),
      ),
    ],
  ]

  const cases = violations.map(([name, violation, code = 'NETWORK_FRAME_INVALID']) => ({ name, violation, code }))

  it.each(cases)('$name', async ({ violation, code }) => {
    const { link, raw, heard } = await linkToRaw({ maxMessageBytes: 1_048_576, windowBytes: 2_097_152 })
    const pending = failureOf(link.request(1, bytes(1)))
    const before = heard.bytes().length
    await raw.write(violation)
    const expectsAnswerOfOurs = violation[0] === RESPONSE
    if (expectsAnswerOfOurs) {
      // Stream 1 is the request above: this answer is asked for, the second is not.
      await raw.write(violation)
    }
    expect(await link.closed).toBe('protocol')
    expect(link.failure).toMatchObject({ code })
    const wanted = expectsAnswerOfOurs ? undefined : 'NETWORK_CLOSED'
    expect(codeOf(await pending)).toBe(wanted)
    await raw.end()
    await heard.ended
    expect(heard.bytes().length).toBeGreaterThan(before)
    expect(heard.bytes().at(-1)).toBe(1)
  })

  it('answers with a kind that does not exist', async () => {
    const { link, raw } = await linkToRaw()
    const pending = failureOf(link.request(1, bytes(1)))
    await raw.write(frame({ type: RESPONSE, flags: FIRST | LAST, stream: 1, payload: content(2, 0) }))
    expect(await pending).toMatchObject({ code: 'NETWORK_CLOSED' })
    expect(link.failure).toMatchObject({ code: 'NETWORK_FRAME_INVALID' })
    raw.close()
  })
})

describe('a link', () => {
  it('shows an error text of its peer only when it is a code of the contract', async () => {
    const { link, raw } = await linkToRaw()
    for (const [stream, text] of [
      [1, '\u001b[31mrm -rf /'],
      [3, 'toString'],
      [5, '\ufffd\ud800'],
    ] as const) {
      const pending = failureOf(link.request(1, bytes(1)))
      const error = Buffer.from(text)
      await raw.write(frame({ type: RESPONSE, flags: FIRST | LAST, stream, payload: content(1, error.length, error) }))
      expect(await pending).toMatchObject({ code: 'NETWORK_REQUEST_FAILED', details: { peerCode: 'unknown' } })
    }
    const notText = failureOf(link.request(1, bytes(1)))
    await raw.write(
      frame({ type: RESPONSE, flags: FIRST | LAST, stream: 7, payload: content(1, 1, Uint8Array.of(0xff)) }),
    )
    expect(await notText).toMatchObject({ details: { peerCode: 'unknown' } })
    raw.close()
  })

  it('pings a silent peer and gives it up when nothing comes', async () => {
    const { link, raw, heard } = await linkToRaw({ heartbeatIntervalMs: 20, deadAfterMs: 70 })
    const before = heard.bytes().length
    expect(await link.closed).toBe('timeout')
    expect(link.failure).toMatchObject({ code: 'NETWORK_TIMEOUT' })
    const pings = heard.bytes().subarray(before)
    expect(pings[0]).toBe(PING)
    expect(pings.length).toBeGreaterThanOrEqual(2 * 14)
    raw.close()
  })

  it('takes any frame for a sign of life', async () => {
    const { link, raw } = await linkToRaw({ heartbeatIntervalMs: 20, deadAfterMs: 70 })
    for (let turn = 0; turn < 15; turn += 1) {
      await raw.write(frame({ type: PONG, payload: encodeLinkPing({ token: 0 }) }))
      await pause(10)
    }
    expect(link.isOpen).toBe(true)
    raw.close()
  })

  it('answers a flood of pings from a peer that does not read without growing', async () => {
    const { near, far } = await connectionPair()
    const opening = openLink(dialerOptions(near))
    await far.write(await bobsHello(far))
    const link = await opening
    const flood = joined(
      ...Array.from({ length: 4_000 }, (_, token) => frame({ type: PING, payload: encodeLinkPing({ token }) })),
    )
    const before = liveBytes()
    for (let turn = 0; turn < 100; turn += 1) await far.write(flood)
    expect(liveBytes() - before).toBeLessThan(4 * 1_048_576)
    expect(link.isOpen).toBe(true)
    far.close()
    expect(await link.closed).toBe('reset')
  })

  it('stalls towards a peer that grants no credit, and fails what waits when it ends', async () => {
    const { link, raw } = await linkToRaw()
    const outcomes = Array.from({ length: 10 }, () => failureOf(link.send(1, bytes(1_048_576))))
    const request = failureOf(link.request(1, bytes(1), { timeoutMs: 5_000 }))
    await pause(50)
    expect(link.isOpen).toBe(true)
    raw.close()
    const errors = await Promise.all(outcomes)
    expect(errors[0]).toBeUndefined()
    expect(errors[9]).toMatchObject({ code: 'NETWORK_CLOSED' })
    expect(await request).toMatchObject({ code: 'NETWORK_CLOSED' })
  })

  it('ends when the peer closes, and tells a refusal apart', async () => {
    const { link, raw } = await linkToRaw()
    await raw.write(frame({ type: CLOSE, payload: encodeLinkClose({ reason: 3 }) }))
    expect(await link.closed).toBe('remote')
    expect(link.failure).toMatchObject({ code: 'NETWORK_REFUSED_BY_PEER' })
    raw.close()
  })

  it('hears nothing more after the end, however much still comes', async () => {
    const { link, raw } = await linkToRaw()
    let heard = 0
    link.onMessage(() => {
      heard += 1
    })
    const message = frame({ type: MESSAGE, flags: FIRST | LAST, stream: 2, payload: content(1, 0) })
    await raw.write(
      joined(
        message,
        frame({ type: CLOSE, payload: encodeLinkClose({ reason: 0 }) }),
        message,
        bytes(MAX_FRAME).fill(255),
      ),
    )
    await link.closed
    await pause(5)
    expect(heard).toBe(1)
    raw.close()
  })
})
