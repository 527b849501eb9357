import { Secret } from '@talos/bytes'
import { delegate } from '@talos/capability'
import { ed25519Signer } from '@talos/identity'
import { loadKernel, systemRandom } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { pairOfAgents } from './agents.ts'

const TOOL = { server: 'files', tool: 'read' }
const MINUTE_S = 60

function stranger() {
  return ed25519Signer({ kernel: loadKernel(), seed: Secret.of(systemRandom.bytes(32)) })
}

describe('authority that others send', () => {
  it('does not lose a chain behind a delegation that leads nowhere', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob } = pair
    const [carol, mallory] = [stranger(), stranger()]
    const common = { command: '/mcp/files', expiresS: null, subject: bob.did }
    const nonce = () => systemRandom.bytes(12)
    const root = await bob.grantCapability({ to: carol.did, tool: { server: 'files' }, expiresInS: null })
    const leaf = await delegate({ signer: carol, audience: alice.did, ...common, nonce: nonce() })
    const bogus = await delegate({ signer: mallory, audience: carol.did, ...common, nonce: nonce() })
    await alice.importCapability(root.bytes)
    const held = await alice.importCapability(leaf.bytes)
    await alice.importCapability(bogus.bytes)
    await alice.establishSession(pair.bobDid)
    // What is sent on is the whole chain: its links arrive at Bob, the one that leads nowhere does not.
    await alice.sendCapability(pair.bobDid, held.cid)
    const known = [...bob.listCapabilities('received'), ...bob.listCapabilities('issued')].map(({ cid }) => cid)
    expect(known.toSorted()).toEqual([root.cid, held.cid].toSorted())
    expect(alice.listCapabilities('received')).toHaveLength(3)
    await alice.delegateCapability({ parent: held.cid, to: mallory.did, expiresInS: MINUTE_S })
  })

  it('tells the executor of a revocation further down, when it is connected again, once', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S, depth: 1 })
    await bob.sendCapability(alice.did, grant.cid)
    const passed = await alice.delegateCapability({ parent: grant.cid, to: stranger().did, expiresInS: MINUTE_S })
    await bob.close()
    await expect.poll(() => alice.connectedPeers()).toEqual([])
    await alice.revokeCapability(passed.cid)
    const again = await pair.reopen('bob')
    alice.addPeer(await (await again.listen()).createInvitation())
    await alice.connect(bobDid)
    await expect.poll(() => again.database.revocations.by(alice.did)).toHaveLength(1)
    await expect.poll(() => alice.database.messages.outgoing(bobDid)).toEqual([])
  })

  it('records a revocation once, however often it comes', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const grant = await bob.grantCapability({ to: alice.did, tool: TOOL, expiresInS: MINUTE_S })
    await bob.sendCapability(alice.did, grant.cid)
    await bob.revokeCapability(grant.cid)
    await bob.revokeCapability(grant.cid)
    expect([...alice.log.reader.entries({ kinds: ['cap.revoke'] })]).toHaveLength(1)
  })
})
