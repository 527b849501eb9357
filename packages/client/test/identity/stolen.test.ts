/** A stolen copy of an agent, once its owner has said so: its links, sessions and key logs count for nothing any more. */
import { chmodSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it, vi } from 'vitest'
import { optionsFor, type Pair, pairOfAgents } from '../agents.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

const codeOf = async (run: Promise<unknown>): Promise<string> =>
  await run.then(
    () => 'none',
    (error: unknown) => (isTalosError(error) ? error.code : String(error)),
  )

/** Everything of Alice in another place, taken while she and Bob have a session. */
async function stolenFrom({ alice, bobDid, home }: Pair) {
  await alice.establishSession(bobDid)
  await alice.close()
  const folder = tempFolder()
  cpSync(home, folder.path, { recursive: true })
  for (const part of ['', 'agents', 'agents/alice']) chmodSync(join(folder.path, part), 0o700)
  return folder
}

describe.each(['compromised', 'deactivated'] as const)('a stolen copy of an agent that is %s', (end) => {
  it('reaches nobody: not by its old link, its session, a channel or a new link', async () => {
    await using pair = await pairOfAgents()
    const { bob, bobDid } = pair
    using folder = await stolenFrom(pair)
    await using thief = await TalosClient.open('alice', optionsFor(folder.path))
    const frames: string[] = []
    bob.onChannel('x', async (channel) => {
      channel.onFrame((frame) => void frames.push(new TextDecoder().decode(frame)))
      await channel.closed
    })
    const channel = await thief.openChannel(bobDid, { protocol: 'x', name: 'n' })
    await channel.send(bytes('before'))
    await vi.waitFor(() => expect(frames).toEqual(['before']))
    const options = optionsFor(pair.home)
    if (end === 'deactivated') await TalosClient.deactivateIdentity('alice', options)
    else await TalosClient.rotateIdentity('alice', { ...options, reason: 'compromised' })
    const owner = await pair.reopen('alice')
    expect((await owner.tellPeers()).told).toEqual([bobDid])
    const received: string[] = []
    bob.onMessage(({ bytes: body }) => void received.push(new TextDecoder().decode(body)))
    await channel.send(bytes('on the old channel')).catch(() => undefined)
    await thief.send(bobDid, bytes('in the old session')).catch(() => undefined)
    await thief.openChannel(bobDid, { protocol: 'x', name: 'm' }).then(
      async (another) => await another.send(bytes('on a new channel')),
      () => undefined,
    )
    expect(await codeOf(thief.establishSession(bobDid))).not.toBe('none')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([frames, received]).toEqual([['before'], []])
  })
})

describe('a stolen copy that changes the identity itself', () => {
  it('is seen as another history by whoever knows the owner, and takes nothing over', async () => {
    await using pair = await pairOfAgents()
    const { bob, bobDid, events } = pair
    using folder = await stolenFrom(pair)
    await TalosClient.rotateIdentity('alice', optionsFor(pair.home))
    const owner = await pair.reopen('alice')
    expect((await owner.tellPeers()).told).toEqual([bobDid])
    await TalosClient.rotateIdentity('alice', optionsFor(folder.path))
    await using thief = await TalosClient.open('alice', optionsFor(folder.path))
    expect((await thief.tellPeers()).told).toEqual([])
    expect(events).toContainEqual({ type: 'identity.fork', peer: thief.did, id: owner.durableDid })
    expect(bob.identities.currentOf(owner.durableDid)).toBe(owner.did)
    expect(bob.identities.isSame(owner.did, thief.did)).toBe(false)
  })
})
