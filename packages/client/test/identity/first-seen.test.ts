/** Who stole a key comes first, with a key log of their own, to somebody who has not met the owner (spec 21-identity-lifecycle, 21.3). */
import { Secret } from '@talos/bytes'
import { type ClientEvent, TalosClient } from '@talos/client'
import { createInvitation, ed25519Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsFor } from '../agents.ts'

const kernel = portableKernel()
const key = (fill: number) => ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(fill)) })

/** An owner with a key that a thief has as well, and somebody who got the owner's invitation and has met neither. */
async function stage() {
  const [own, theirs] = [tempFolder(), tempFolder()]
  const events: ClientEvent[] = []
  const owner = await TalosClient.create('owner', optionsFor(own.path, { signer: key(9) }))
  const thief = await TalosClient.create('thief', optionsFor(theirs.path, { signer: key(9) }))
  const peer = await TalosClient.create('peer', optionsFor(own.path, { onEvent: (event) => events.push(event) }))
  const listening = await owner.listen()
  peer.addPeer(await listening.createInvitation())
  const invitation = await (await peer.listen()).createInvitation()
  for (const client of [owner, thief]) client.addPeer(invitation)
  return {
    owner,
    thief,
    peer,
    events,
    ownInvitation: async () => await listening.createInvitation(),
    thiefInvitation: async () => await (await thief.listen()).createInvitation(),
    [Symbol.asyncDispose]: async () => {
      for (const client of [owner, thief, peer]) await client.close()
      for (const folder of [own, theirs]) folder[Symbol.dispose]()
    },
  }
}

describe('a key log that somebody began with a stolen key', () => {
  it('is not taken where the owner was expected, and the owner is when the owner comes', async () => {
    await using world = await stage()
    const { owner, thief, peer, events } = world
    expect(thief.did).toBe(owner.did)
    await thief.connect(peer.did).catch(() => undefined)
    await expect.poll(() => events.map(({ type }) => type)).toContain('identity.fork')
    expect(peer.identities.find(owner.did)).toBeUndefined()
    await thief.close()
    await owner.connect(peer.did)
    await expect.poll(() => peer.identities.find(owner.did)?.id).toBe(owner.durableDid)
  })

  it('does not take the place of the owner by an invitation', async () => {
    await using world = await stage()
    const { owner, thief, peer } = world
    const conflict = { code: 'IDENTITY_CONFLICT' }
    const forged = await world.thiefInvitation()
    expect(() => peer.addPeer(forged)).toThrow(expect.objectContaining(conflict))
    expect(peer.addPeer(await world.ownInvitation())).toBe(owner.did)
    await thief.close()
    await owner.connect(peer.did)
    await expect.poll(() => peer.identities.find(owner.did)?.id).toBe(owner.durableDid)
    expect(() => peer.addPeer(forged)).toThrow(expect.objectContaining(conflict))
  })
})

describe('an invitation', () => {
  it.each(['compromised', 'deactivated'] as const)('by a key that is %s counts for nothing', async (ended) => {
    using folder = tempFolder()
    const options = optionsFor(folder.path)
    const owner = await TalosClient.create('owner', options)
    const invitation = await (await owner.listen()).createInvitation()
    await using peer = await TalosClient.create('peer', options)
    peer.addPeer(invitation)
    const back = await (await peer.listen()).createInvitation()
    owner.addPeer(back)
    const { did } = owner
    await owner.close()
    if (ended === 'deactivated') await TalosClient.deactivateIdentity('owner', options)
    else await TalosClient.rotateIdentity('owner', { ...options, reason: 'compromised' })
    await using again = await TalosClient.open('owner', options)
    await again.tellPeers()
    expect(peer.identities.standingOf(did)).toBe(ended)
    const code = ended === 'deactivated' ? 'PEER_DEACTIVATED' : 'PEER_KEY_OUTDATED'
    expect(() => peer.addPeer(invitation)).toThrow(expect.objectContaining({ code }))
  })

  it('without a durable name is taken as before', async () => {
    using folder = tempFolder()
    await using peer = await TalosClient.create('peer', optionsFor(folder.path))
    const nowS = Math.floor(Date.now() / 1000)
    const common = {
      signer: key(9),
      transportKey: kernel.ed25519PublicKey(new Uint8Array(32).fill(1)),
      issuedAtS: nowS,
      expiresS: nowS + 60,
    }
    const plain = await createInvitation({ ...common, endpoints: ['tls://203.0.113.7:4433'] })
    expect(peer.addPeer(plain)).toBe(key(9).did)
    expect(peer.addPeer(plain)).toBe(key(9).did)
  })
})
