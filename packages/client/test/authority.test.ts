import { describe, expect, it } from 'vitest'
import { pairOfAgents } from './agents.ts'

const TOOL = { server: 'files', tool: 'read_text_file' }
const MINUTE_S = 60

describe('authority between agents', () => {
  it('gives a capability, sends it over the session, and records it on both sides', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S, label: 'reading' })
    await bob.sendCapability(alice.did, grant.cid)
    const [received] = alice.listCapabilities('received')
    expect(received).toMatchObject({ cid: grant.cid, peer: bob.did, label: 'reading', revokedMs: undefined })
    expect(received?.description.command).toBe('/mcp/files/tool/read_text_file')
    for (const { log } of [alice, bob]) {
      expect([...log.reader.entries({ kinds: ['cap.grant'] })].map(({ entry }) => entry.cap)).toEqual([grant.cid])
    }
  })

  it('tells the holder of a revocation, which both sides keep', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S })
    await bob.sendCapability(alice.did, grant.cid)
    await bob.revokeCapability(grant.cid, { reason: 'done' })
    expect(bob.listCapabilities('issued')[0]?.revokedMs).toBeTypeOf('number')
    expect(alice.listCapabilities('received')[0]?.revokedMs).toBeTypeOf('number')
  })

  it('does not let a stranger revoke what others gave', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S })
    await expect(alice.revokeCapability(grant.cid)).rejects.toMatchObject({ code: 'GRANT_UNKNOWN' })
    expect(bob.listCapabilities('issued')[0]?.revokedMs).toBeUndefined()
  })

  it('passes on what it holds, and refuses to pass on what it does not', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({
      to: alice.did,
      tool: { server: 'files' },
      expiresInS: MINUTE_S,
      depth: 1,
    })
    await bob.sendCapability(alice.did, grant.cid)
    const passed = await alice.delegateCapability({ parent: grant.cid, to: bobDid, tool: TOOL, expiresInS: MINUTE_S })
    expect(passed.description).toMatchObject({ issuer: alice.did, audience: bob.did, subject: bob.did })
    await expect(
      bob.delegateCapability({ parent: grant.cid, to: alice.did, expiresInS: MINUTE_S }),
    ).rejects.toMatchObject({ code: 'GRANT_NOT_OURS' })
  })

  it('does not pass on what nobody could use: beyond the depth of any link, or for other tools', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const passOn = async (parent: string, tool?: typeof TOOL) =>
      await alice.delegateCapability({ parent, to: bobDid, expiresInS: MINUTE_S, ...(tool !== undefined && { tool }) })
    const give = async (tool: { readonly server: string }, depth: number) => {
      const { cid } = await bob.grantCapability({ to: alice.did, tool, expiresInS: MINUTE_S, depth })
      await bob.sendCapability(alice.did, cid)
      return cid
    }
    for (const [parent, tool] of [
      [await give({ server: 'files' }, 0), undefined],
      [await give({ server: 'other' }, 1), TOOL],
    ] as const) {
      await expect(passOn(parent, tool)).rejects.toMatchObject({ code: 'GRANT_NOT_DELEGABLE' })
    }
    expect(alice.listCapabilities('issued')).toEqual([])
    await passOn(await give(TOOL, 1))
  })

  it.each([-1, 0, 1.5, Number.NaN])('gives nothing for %d seconds', async (expiresInS) => {
    await using pair = await pairOfAgents()
    const { alice, bob } = pair
    await expect(bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS })).rejects.toMatchObject({
      code: 'CAPABILITY_OPTION_INVALID',
    })
    expect(bob.listCapabilities('issued')).toEqual([])
  })

  it('refuses an invitation to itself and a session with itself', async () => {
    await using pair = await pairOfAgents()
    const { bob, bobDid, invitation } = pair
    expect(() => bob.addPeer(invitation)).toThrow(expect.objectContaining({ code: 'PEER_IS_SELF' }))
    await expect(bob.establishSession(bobDid)).rejects.toMatchObject({ code: 'PEER_IS_SELF' })
  })

  it('refuses to send without a session and to dial a peer that nothing is known of', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await expect(alice.send(bobDid, new Uint8Array(1))).rejects.toMatchObject({ code: 'SESSION_MISSING' })
    await expect(bob.connect(alice.did)).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
  })
})
