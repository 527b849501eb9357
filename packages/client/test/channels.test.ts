import { utf8 } from '@talos/bytes'
import { CHANNEL_FRAME_MAX_BYTES } from '@talos/client'
import type { SealedChannel } from '@talos/mcp'
import { describe, expect, it } from 'vitest'
import { pairOfAgents } from './agents.ts'

const OPEN = { protocol: 'test/echo/1', name: 'echo' }

/** Bob echoes frames until one says stop. */
function echo(channel: SealedChannel): void {
  channel.onFrame(async (frame) => await channel.send(frame))
}

async function firstFrame(channel: SealedChannel): Promise<Uint8Array> {
  return await new Promise((resolve) => channel.onFrame(resolve))
}

describe('sealed channels', () => {
  it('carry frames from empty to many pieces, whole and in order', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    bob.onChannel(OPEN.protocol, echo)
    await alice.establishSession(bobDid)
    const channel = await alice.openChannel(bobDid, OPEN)
    const got: Uint8Array[] = []
    const all = new Promise<void>((resolve) =>
      channel.onFrame((frame) => {
        got.push(frame)
        if (got.length === 3) resolve()
      }),
    )
    const large = new Uint8Array(1_000_003).map((_, index) => index % 251)
    for (const frame of [new Uint8Array(0), large, utf8('end')]) await channel.send(frame)
    await all
    expect(got.map(({ length }) => length)).toEqual([0, large.length, 3])
    expect(got[1]).toEqual(large)
  })

  it('refuse a frame beyond the limit before anything leaves', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    bob.onChannel(OPEN.protocol, echo)
    await alice.establishSession(bobDid)
    const channel = await alice.openChannel(bobDid, OPEN)
    await expect(channel.send(new Uint8Array(CHANNEL_FRAME_MAX_BYTES + 1))).rejects.toMatchObject({
      code: 'FRAME_TOO_LARGE',
    })
    await channel.send(utf8('still open'))
    expect(await firstFrame(channel)).toEqual(utf8('still open'))
  })

  it('end with a reason when nobody serves the protocol, when a side closes, and when the link breaks', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const unserved = await alice.openChannel(bobDid, { protocol: 'test/none/1', name: 'x' })
    expect(await unserved.closed).toBe('refused')
    bob.onChannel(OPEN.protocol, (channel) => channel.close())
    const short = await alice.openChannel(bobDid, OPEN)
    expect(await short.closed).toBe('done')
    bob.onChannel(OPEN.protocol, echo)
    const cut = await alice.openChannel(bobDid, OPEN)
    await bob.close()
    expect(await cut.closed).toBe('failed')
    await expect(cut.send(utf8('late'))).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' })
  })

  it('work in both directions at once', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    alice.onChannel(OPEN.protocol, echo)
    bob.onChannel(OPEN.protocol, echo)
    const [fromAlice, fromBob] = await Promise.all([alice.openChannel(bobDid, OPEN), bob.openChannel(alice.did, OPEN)])
    const answers = Promise.all([firstFrame(fromAlice), firstFrame(fromBob)])
    await Promise.all([fromAlice.send(utf8('a')), fromBob.send(utf8('b'))])
    expect(await answers).toEqual([utf8('a'), utf8('b')])
  })
})
