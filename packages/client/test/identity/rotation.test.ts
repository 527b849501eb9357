/** Rotation of an agent's key while others know it (spec 19-identity-lifecycle): real agents over real links. */
import { TalosClient } from '@talos/client'
import { describe, expect, it } from 'vitest'
import { nextMessage, optionsFor, pairOfAgents } from '../agents.ts'

const text = (bytes: string) => new TextEncoder().encode(bytes)

describe('a rotation', () => {
  it('leaves the durable name, and the peer knows the new key for the same agent', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const first = nextMessage(bob)
    await alice.send(bobDid, text('before'))
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
    await again.send(bobDid, text('after'))
    const received = await second
    expect(received).toMatchObject({ text: 'after', peer: rotated.did })
    expect(bob.identities.currentOf(before)).toBe(rotated.did)
    expect(bob.identities.standingOf(before)).toBe('rotated')
    const answered = nextMessage(again)
    await bob.send(rotated.did, text('hello again'))
    expect((await answered).text).toBe('hello again')
    const kinds = Array.from(again.log.reader.entries({ kinds: ['key.rotate'] })).map(({ entry }) => entry.kind)
    expect(kinds).toEqual(['key.rotate'])
  })
})
