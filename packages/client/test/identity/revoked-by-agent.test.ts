/** What an agent took back by one key stays taken back under the next one, of either side (spec 21-identity-lifecycle, 21.7). */
import { Cid } from '@talos/bytes'
import { openDelegation, type RevocableLink, RevocationBook, type RevocationState } from '@talos/capability'
import { TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import type { IdentityBook, LogKey } from '@talos/identity'
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

describe('an agent with as many keys as a key log may have', () => {
  const COUNT = 1_500
  const keysOf = (name: string) =>
    Array.from({ length: COUNT }, (_, index) => ({ did: `did:key:${name}${index}` as Did })) as unknown as LogKey[]
  const agents = new Map(['a', 'b'].flatMap((name) => keysOf(name).map((key, _, keys) => [key.did, { keys }] as const)))
  const identities = { find: (did: Did) => agents.get(did) } as unknown as IdentityBook
  const cid = Cid.fromSha256(new Uint8Array(32).fill(7))
  const link = {
    names: [cid.toString()],
    issuer: 'did:key:a3' as Did,
    audience: 'did:key:b4' as Did,
    notBeforeS: 0,
    entitled: ['did:key:a3', 'did:key:b4'] as Did[],
  }

  it('is looked up in a moment, whatever strangers have revoked, and every key of it counts', () => {
    const book = new RevocationBook({ kernel })
    const view = revocationsByAgent(book, identities)
    // What a stranger said of this delegation makes everybody who is entitled be looked for.
    book.put({ issuer: 'did:key:stranger' as Did, revokes: cid, atS: 5, reason: undefined })
    book.put({ issuer: 'did:key:stranger' as Did, who: 'did:key:b9' as Did, atS: 5, reason: undefined })
    const begunMs = performance.now()
    expect(view.stateOf(link)).toEqual({ revoked: false })
    expect(performance.now() - begunMs).toBeLessThan(1_000)
    book.put({ issuer: 'did:key:a8' as Did, who: 'did:key:b1499' as Did, atS: 6, reason: undefined })
    expect(view.stateOf(link)).toMatchObject({ revoked: true, by: 'did:key:a8' })
    book.put({ issuer: 'did:key:b1' as Did, revokes: cid, atS: 4, reason: undefined })
    expect(view.stateOf(link)).toMatchObject({ revoked: true, by: 'did:key:b1' })
  })

  it('is looked up by every pair of keys in a view that does not tell who revoked', () => {
    const stateOf = ({ issuer, audience }: RevocableLink): RevocationState =>
      issuer === 'did:key:a8' && audience === 'did:key:b9' ? { revoked: true, by: issuer, atS: 1 } : { revoked: false }
    const view = revocationsByAgent({ stateOf, knownAtS: () => undefined }, identities)
    expect(view.stateOf(link)).toMatchObject({ revoked: true, by: 'did:key:a8' })
  })
})
