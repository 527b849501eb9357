import { utf8 } from '@talos/bytes'
import { MAX_CHANNELS_PER_PEER } from '@talos/client'
import type { SealedChannel } from '@talos/mcp'
import { describe, expect, it } from 'vitest'
import { MAX_PIECES } from '../src/channels.ts'
import { pairOfAgents } from './agents.ts'
import { type Hostile, hostileTo } from './hostile.ts'

const PROTOCOL = 'test/echo/1'

function closes(peer: Hostile): string[] {
  return peer.received.flatMap((frame) => (frame.t === 'close' ? [frame.reason] : []))
}

describe('a peer that abuses channels', () => {
  it('gets a refusal beyond the limit and keeps the channels that it has', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    const got: SealedChannel[] = []
    pair.bob.onChannel(PROTOCOL, (channel) => void got.push(channel))
    const first = peer.did < pair.bob.did ? 1 : 2
    for (let index = 0; index <= MAX_CHANNELS_PER_PEER; index += 1) {
      await peer.post({ t: 'open', channel: first + 2 * index, protocol: PROTOCOL, name: 'x' })
    }
    await expect.poll(() => closes(peer)).toEqual(['refused'])
    expect(got).toHaveLength(MAX_CHANNELS_PER_PEER)
    expect(peer.link.isOpen).toBe(true)
  })

  it('cannot pile up pieces that carry next to nothing', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    pair.bob.onChannel(PROTOCOL, () => undefined)
    const channel = peer.did < pair.bob.did ? 1 : 2
    await peer.post({ t: 'open', channel, protocol: PROTOCOL, name: 'x' })
    for (let sequence = 0; sequence <= MAX_PIECES; sequence += 1) {
      await peer.post({ t: 'data', channel, sequence, last: false, body: new Uint8Array(0) })
    }
    await expect.poll(() => closes(peer), { timeout: 10_000 }).toEqual(['protocol'])
  })

  it('ends its channel by a gap, and does not disturb by frames of channels that are not there', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    pair.bob.onChannel(PROTOCOL, () => undefined)
    const channel = peer.did < pair.bob.did ? 1 : 2
    await peer.post({ t: 'data', channel: 99, sequence: 5, last: true, body: utf8('?') })
    await peer.post({ t: 'close', channel: 99, reason: 'done' })
    await peer.post({ t: 'open', channel, protocol: PROTOCOL, name: 'x' })
    await peer.post({ t: 'data', channel, sequence: 1, last: true, body: utf8('gap') })
    await expect.poll(() => closes(peer)).toEqual(['protocol'])
    await peer.post({ t: 'close', channel, reason: 'done' })
    expect(peer.link.isOpen).toBe(true)
  })

  it('that takes nothing does not hold up the closing of a channel', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    // No handler for frames: what is sent stays on the way.
    bob.onChannel(PROTOCOL, () => undefined)
    const channel = await alice.openChannel(bobDid, { protocol: PROTOCOL, name: 'x' })
    await channel.send(new Uint8Array(1))
    const sending = channel.send(new Uint8Array(19 * 1_048_576))
    const failure = sending.then(
      () => undefined,
      (error: unknown) => error,
    )
    channel.close()
    expect(await channel.closed).toBe('done')
    expect(await failure).toMatchObject({ code: 'CHANNEL_CLOSED' })
  })

  it('ends the channels of the link that is over, and those alone', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    bob.onChannel(PROTOCOL, (channel) => channel.onFrame(async (frame) => await channel.send(frame)))
    alice.addPeer(await (await bob.listen()).createInvitation())
    const old = await alice.openChannel(bobDid, { protocol: PROTOCOL, name: 'x' })
    await using peer = await hostileTo(bob)
    await peer.deliver(await peer.begin())
    await peer.post({ t: 'open', channel: peer.did < bob.did ? 1 : 2, protocol: PROTOCOL, name: 'x' })
    await peer.link.close()
    const echoed = new Promise((resolve) => old.onFrame(resolve))
    await old.send(utf8('still'))
    expect(await echoed).toEqual(utf8('still'))
  })
})
