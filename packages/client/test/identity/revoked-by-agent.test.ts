/** What an agent took back by one key stays taken back under the next one, of either side (spec 21-identity-lifecycle, 21.7). */
import { Cid } from '@talos/bytes'
import { openDelegation } from '@talos/capability'
import { TalosClient } from '@talos/client'
import { portableKernel } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { revocationsByAgent } from '../../src/identity/revocation-view.ts'
import { openRevocationBook } from '../../src/revocation-book.ts'
import { optionsFor, pairOfAgents } from '../agents.ts'

const kernel = portableKernel()

const TERMS = { tool: { server: 'files', tool: 'read' }, expiresInS: 600, lease: { maxRenewals: 9 } }

function termsOf({ database }: TalosClient, cid: string) {
  const { lease } = openDelegation(database.grants.get(Cid.parse(cid))?.bytes ?? new Uint8Array(), { kernel })
  return { max: lease?.max, n: lease?.n }
}

describe('a lease', () => {
  it.each([
    ['the giver has another key', ['alice']],
    ['both have another key', ['alice', 'bob']],
  ] as const)('is renewed no more after everything was taken back, though %s', async (_name, rotated) => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid, home } = pair
    await alice.establishSession(bobDid)
    const { cid } = await alice.grantCapability({ to: bobDid, ...TERMS })
    await alice.close()
    await TalosClient.rotateIdentity('alice', optionsFor(home))
    let again = await pair.reopen('alice')
    await again.connect(bobDid)
    let bobNow = bobDid
    if ((rotated as readonly string[]).includes('bob')) {
      await bob.close()
      await TalosClient.rotateIdentity('bob', optionsFor(home))
      const other = await pair.reopen('bob')
      const endpoint = again.database.peers.get(bobDid)?.endpoints[0] ?? ''
      await other.listen({ endpoint })
      await again.connect(bobDid)
      bobNow = other.did
    }
    expect(again.identities.currentOf(bobDid)).toBe(bobNow)
    await again.revokeAll(again.identities.currentOf(bobDid))
    await expect(again.renewCapability(cid)).rejects.toMatchObject({ code: 'GRANT_NOT_RENEWABLE' })
    await again.close()
    again = await pair.reopen('alice')
    await expect(again.renewCapability(cid)).rejects.toMatchObject({ code: 'GRANT_NOT_RENEWABLE' })
  })
})

describe('a lease of an earlier key', () => {
  it.each(['scheduled', 'compromised'] as const)('is given anew as one, and renewed then (%s)', async (reason) => {
    await using pair = await pairOfAgents()
    const { alice, bobDid, home } = pair
    const { cid } = await alice.grantCapability({ to: bobDid, ...TERMS })
    const renewed = await alice.renewCapability(cid)
    await alice.grantCapability({ to: bobDid, tool: TERMS.tool, expiresInS: 600, lease: { maxRenewals: 0 } })
    await alice.close()
    const changed = await TalosClient.rotateIdentity('alice', { ...optionsFor(home), reason })
    const again = await pair.reopen('alice')
    expect(changed.toReissue).toHaveLength(reason === 'scheduled' ? 1 : 2)
    expect(changed.toReissue).toContain(renewed.cid)
    await expect(again.renewCapability(cid)).rejects.toMatchObject({ code: 'CAPABILITY_LEASE' })
    const anew = await again.reissueCapabilities()
    const leases = anew.map(({ cid: name }) => JSON.stringify(termsOf(again, name)))
    expect(leases).toContain(JSON.stringify({ max: 8, n: 0 }))
    const lease = anew.at(leases.indexOf(JSON.stringify({ max: 8, n: 0 })))
    expect((await again.renewCapability(lease?.cid ?? '')).cid).not.toBe(lease?.cid)
  })
})

describe('what is given after everything was taken back', () => {
  it('counts, though the holder has another key meanwhile', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid, home } = pair
    await alice.establishSession(bobDid)
    await alice.grantCapability({ to: bobDid, tool: TERMS.tool, expiresInS: 600 })
    await alice.revokeAll(bobDid)
    const endpoint = alice.database.peers.get(bobDid)?.endpoints[0] ?? ''
    await bob.close()
    await TalosClient.rotateIdentity('bob', optionsFor(home))
    const other = await pair.reopen('bob')
    await other.listen({ endpoint })
    await alice.connect(bobDid)
    const { cid } = await alice.grantCapability({ to: other.did, tool: TERMS.tool, expiresInS: 600 })
    const link = openDelegation(alice.database.grants.get(Cid.parse(cid))?.bytes ?? new Uint8Array(), { kernel })
    const view = revocationsByAgent(openRevocationBook({ database: alice.database, kernel }), alice.identities)
    const question = { names: [cid], issuer: alice.did, entitled: [alice.did] }
    expect(view.stateOf({ ...link, ...question }).revoked).toBe(false)
    expect(view.stateOf({ ...link, ...question, notBeforeS: 0 }).revoked).toBe(true)
  })
})
