/** Rotation of an agent's key while others know it (spec 21-identity-lifecycle): real agents over real links. */
import { TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { describe, expect, it, vi } from 'vitest'
import { nextMessage, optionsFor, pairOfAgents } from '../agents.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** Collects `count` messages. */
async function messages(client: TalosClient, count: number): Promise<{ readonly text: string; readonly peer: Did }[]> {
  const found: { text: string; peer: Did }[] = []
  const done = Promise.withResolvers<void>()
  const stop = client.onMessage(({ bytes: body, peer }) => {
    found.push({ text: new TextDecoder().decode(body), peer })
    if (found.length === count) done.resolve()
  })
  await done.promise
  stop()
  return found
}

describe('a rotation', () => {
  it('leaves the durable name, and the peer knows the new key for the same agent', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const first = nextMessage(bob)
    await alice.send(bobDid, bytes('before'))
    expect((await first).peer).toBe(alice.did)
    const { did: before, durableDid } = alice
    await alice.close()

    const rotated = await TalosClient.rotateIdentity('alice', optionsFor(pair.home))
    expect(rotated).toMatchObject({ id: durableDid, before, version: 2 })
    expect(rotated.did).not.toBe(before)

    const again = await pair.reopen('alice')
    expect(again.did).toBe(rotated.did)
    expect(again.durableDid).toBe(durableDid)
    const second = nextMessage(bob)
    await again.send(bobDid, bytes('after'))
    expect(await second).toMatchObject({ text: 'after', peer: rotated.did })
    expect(bob.identities.currentOf(before)).toBe(rotated.did)
    expect(bob.identities.currentOf(durableDid)).toBe(rotated.did)
    expect(bob.identities.standingOf(before)).toBe('rotated')
    expect(pair.events).toContainEqual(
      expect.objectContaining({ type: 'identity.moved', peer: rotated.did, from: before, isEmergency: false }),
    )
    const answered = nextMessage(again)
    await bob.send(before, bytes('to the old name'))
    expect((await answered).text).toBe('to the old name')
    const rotations = Array.from(again.log.reader.entries({ kinds: ['key.rotate'] }))
    expect(rotations).toHaveLength(1)
    expect(rotations[0]?.entry.agent).toBe(before)
    await expect(again.log.verify()).resolves.toMatchObject({ agent: before })
  })

  it('of the side that is dialled is found by its transport key and followed, with what waited for it', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const endpoint = bob.connectedPeers()
    expect(endpoint).toHaveLength(1)
    const address = alice.database.peers.get(bobDid)?.endpoints[0] ?? ''
    await bob.close()
    for (const text of ['one', 'two', 'three']) {
      expect((await alice.send(bobDid, bytes(text))).delivered).toBe(false)
    }
    await TalosClient.rotateIdentity('bob', optionsFor(pair.home))
    const rotated = await TalosClient.rotateIdentity('bob', optionsFor(pair.home))
    expect(rotated.version).toBe(3)
    const again = await pair.reopen('bob')
    const arrived = messages(again, 4)
    await again.listen({ endpoint: address })
    expect(await alice.connect(bobDid)).toBe(rotated.did)
    await alice.send(bobDid, bytes('four'))
    expect((await arrived).map(({ text }) => text).sort()).toEqual(['four', 'one', 'three', 'two'])
    expect(alice.identities.standingOf(bobDid)).toBe('rotated')
    await vi.waitFor(() => expect(alice.database.messages.waitingPeers()).toEqual([]))
  })

  it('loses and doubles nothing that its own side had sealed and not delivered', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const address = alice.database.peers.get(bobDid)?.endpoints[0] ?? ''
    await bob.close()
    await alice.send(bobDid, bytes('waits'))
    await alice.close()
    await TalosClient.rotateIdentity('alice', optionsFor(pair.home))
    const again = await pair.reopen('bob')
    const arrived = messages(again, 2)
    await again.listen({ endpoint: address })
    const sender = await pair.reopen('alice')
    await sender.connect(bobDid)
    await sender.send(bobDid, bytes('new'))
    expect((await arrived).map(({ text }) => text).sort()).toEqual(['new', 'waits'])
    expect((await arrived).every(({ peer }) => peer === sender.did)).toBe(true)
  })

  it('in an emergency replaces the log key as well, and peers refuse the old key', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const { did: before } = alice
    const keyBefore = alice.log.verifierKey
    await alice.log.checkpoint()
    await alice.close()
    await TalosClient.rotateIdentity('alice', optionsFor(pair.home, { reason: 'compromised' } as object))
    const again = await pair.reopen('alice')
    expect(again.log.verifierKey).not.toEqual(keyBefore)
    expect(again.log.verifierKey.name).toBe(keyBefore.name)
    expect(Array.from(again.log.reader.entries({ kinds: ['key.revoke', 'key.rotate'] }))).toHaveLength(2)
    await expect(again.log.verify()).resolves.toMatchObject({ size: again.log.size })
    const got = nextMessage(bob)
    await again.send(bobDid, bytes('after'))
    expect((await got).peer).toBe(again.did)
    expect(bob.identities.standingOf(before)).toBe('compromised')
    await expect(bob.send(before, bytes('x'))).resolves.toMatchObject({ delivered: true })
  })
})
