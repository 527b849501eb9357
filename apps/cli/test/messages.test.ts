/** `talos listen` and `talos send` in two real processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, PASSPHRASE } from './talos.ts'

interface Line {
  readonly event: string
  readonly did: string
  readonly endpoints: readonly string[]
  readonly invitation: string
  readonly peer: string
  readonly text: string | null
  readonly base64: string
  readonly messageHash: string
}

const box = new Home()
const peer = new Home()
let peerDid = ''

beforeAll(async () => {
  await box.init('box')
  peerDid = await peer.init('peer')
})

afterAll(() => {
  box[Symbol.dispose]()
  peer[Symbol.dispose]()
})

describe('listen and send', () => {
  it('stops to listen when nobody reads what it prints', async () => {
    expect((await box.run(['listen', '--json'], { isUnread: true })).code).toBe(0)
  })

  it('carry messages exactly, by invitation, by DID and from standard input', async () => {
    await using listening = box.start(['listen', '--json'])
    const [first] = await listening.lines(1)
    const { event, did, invitation, endpoints } = JSON.parse(`${first}`) as Line
    expect([event, endpoints]).toEqual(['listening', [expect.stringMatching(/^tls:\/\/127\.0\.0\.1:\d+$/)]])
    const hostile = 'one\ntwo \u001b[2J\u202e'
    const sent = await peer.json<{ delivered: boolean; messageHash: string }>(['send', invitation, hostile])
    expect(sent).toMatchObject({ delivered: true, peer: did })
    await peer.json(['send', did, '-'], { input: 'from a pipe\n' })
    await peer.json(['send', did], { input: '' })
    const lines = (await listening.lines(4)).slice(1).map((line) => JSON.parse(line) as Line)
    expect(lines.map(({ text }) => text)).toEqual([hostile, 'from a pipe\n', ''])
    expect(lines.map((line) => [line.event, line.peer])).toEqual(Array(3).fill(['message', peerDid]))
    expect(listening.stdout).not.toContain('\u001b')
    const [message] = lines
    const logged = await box.json(['audit', 'show', `${message?.messageHash}`])
    expect(logged).toMatchObject({ entry: { kind: 'message.receive', peer: peerDid } })
    expect(await peer.json(['audit', 'show', sent.messageHash])).toMatchObject({ entry: { kind: 'message.send' } })
    expect(await listening.stop()).toBe(0)
  })

  it('show messages to people in one line each, whatever is in them', async () => {
    await using listening = box.start(['listen'])
    const [invitation] = await listening.lines(1)
    await peer.json(['send', `${invitation}`, 'x\nerror FAKE: \u001b[31mred'])
    const [, line] = await listening.lines(2)
    expect(line).toBe(`${peerDid}: x\\nerror FAKE: \\u{1b}[31mred`)
    expect(await listening.stop('SIGTERM')).toBe(0)
  })

  it('keep a message for a peer that is away, and deliver it when it is back', async () => {
    const { did } = await box.json<{ did: string }>(['whoami'])
    const waiting = await peer.run(['send', did, 'later', '--json'])
    expect([waiting.code, JSON.parse(waiting.stdout)]).toMatchObject([1, { delivered: false }])
    await using listening = box.start(['listen', '--json'])
    const [first] = await listening.lines(1)
    await peer.json(['send', (JSON.parse(`${first}`) as Line).invitation, 'now'])
    const texts = (await listening.lines(3)).slice(1).map((line) => (JSON.parse(line) as Line).text)
    expect(new Set(texts)).toEqual(new Set(['later', 'now']))
    expect(await listening.stop()).toBe(0)
  })

  it('refuse what is no peer', async () => {
    for (const [who, code, exitCode] of [
      ['somebody', 'CLI_OPTION_INVALID', 2],
      ['talos1:AAAA', 'INVITATION_INVALID', 2],
      [peerDid, 'PEER_IS_SELF', 1],
      ['did:key:z6MkvHQKpv1V3MXnK99HhLD4MHyh3E1XSD11ZzA4j7q1c1UL', 'PEER_UNKNOWN', 1],
    ] as const) {
      const ran = await peer.run(['send', who, 'x', '--json'])
      expect([ran.code, ran.stdout, JSON.parse(ran.stderr)]).toMatchObject([exitCode, '', { error: { code } }])
    }
  })

  it('refuse to listen on what is no address', async () => {
    const ran = await box.run(['listen', '--endpoint', 'http://example.org', '--json'])
    expect([ran.code, JSON.parse(ran.stderr)]).toMatchObject([1, { error: { code: 'NETWORK_ENDPOINT_INVALID' } }])
  })

  it('have shown no secret', () => {
    expect(box.printed + peer.printed).not.toContain(PASSPHRASE)
  })
})
