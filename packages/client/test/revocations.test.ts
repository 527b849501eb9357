/** Revocations between real agents over real links (spec 09-receipt-revocation, 15-frames 15.11). */
import { setTimeout as sleep } from 'node:timers/promises'
import { TalosClient } from '@talos/client'
import { portableKernel } from '@talos/kernel'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { optionsFor, pairOfAgents } from './agents.ts'
import { measurePropagation } from './propagation.ts'
import { Stage } from './stage.ts'

const kernel = portableKernel()
const POLL = { timeout: 15_000 }

/** Alice passed on to Carol what Bob gave her, and Carol has called with it. */
async function passedOn(talos: object = {}) {
  const stage = await Stage.with(['alice', 'carol'], { talos })
  const parent = await stage.grant('alice', { depth: 1 })
  const child = await stage.passOn('alice', 'carol', { parent })
  await expect.poll(async () => (await stage.call('carol', 'say')).outcome, POLL).toBe('allow')
  return { stage, parent, child }
}

describe('a revocation between linked agents', () => {
  it('ends the calls at the executor, however often', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const { refusedMs } = await measurePropagation({ owner: bob, holder: alice, rounds: 20 })
    // It ends when calls are refused; how soon is the benchmark's to say.
    expect(refusedMs).toHaveLength(20)
  })

  it('of everything of an audience ends it for all chains, with a reason that all who follow can read', async () => {
    const { stage, parent, child } = await passedOn()
    await using _ = stage
    await stage.of('alice').revokeAll(stage.did('carol'), { reason: 'the project is over' })
    expect(await stage.refusal('carol', 'say')).toBe('CAPABILITY_REVOKED')
    const again = await stage.passOn('alice', 'carol', { parent })
    await expect.poll(async () => (await stage.call('carol', 'say')).outcome, POLL).toBe('allow')
    const [newer, older] = stage.of('alice').listCapabilities('issued')
    expect([newer?.cid, newer?.revokedMs, older?.cid]).toEqual([again, undefined, child])
    expect(older?.revokedMs).toBeTypeOf('number')
    await stage.of('bob').revokeCapability(parent)
    expect(await stage.refusal('carol', 'say')).toBe('CAPABILITY_REVOKED')
    expect((await stage.call('alice', 'say')).outcome).toBe('deny')
  })

  it('that was made while the executor was away is there when it is back, and stays over a restart', async () => {
    const { stage, child } = await passedOn()
    await using _ = stage
    await stage.of('bob').close()
    await stage.of('alice').revokeCapability(child)
    await stage.restartBob()
    await stage.of('alice').connect(stage.did('bob'))
    const bob = () => stage.of('bob')
    await expect.poll(() => bob().database.revocations.by(stage.did('alice')).length, POLL).toBe(1)
    expect(await stage.refusal('carol', 'say')).toBe('CAPABILITY_REVOKED')
    await stage.restartBob()
    expect(await stage.refusal('carol', 'say')).toBe('CAPABILITY_REVOKED')
    expect(bob().revocations.knownAtS(stage.did('alice'))).toBeTypeOf('number')
  })
})

describe('the evidence of a refusal', () => {
  it('holds the revocation that counts, of one delegation or of an audience, and none by anybody else', async () => {
    const stage = await Stage.with(['alice', 'carol'])
    await using _ = stage
    const cid = await stage.grant('alice')
    // Carol is neither issuer nor holder; what she says reaches Bob all the same.
    await stage.handOver('bob', 'carol', [cid])
    await stage.of('carol').revokeCapability(cid)
    expect(stage.of('bob').database.revocations.by(stage.did('carol'))).toHaveLength(1)
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    // A revocation and a call within one second have no order.
    await sleep(1_100)
    await stage.of('bob').revokeAll(stage.did('alice'))
    await sleep(1_100)
    const refused = await stage.call('alice', 'say')
    expect(refused).toMatchObject({ outcome: 'deny', denial: { code: 'CAPABILITY_REVOKED' } })
    const report = verifyProofBundle(await stage.of('alice').exportProof(refused.invocation), { kernel })
    expect(report).toMatchObject({ valid: true, proves: 'refusal', facts: { refusal: 'confirmed' } })
  })
})

describe('a list of revocations', () => {
  it('is followed by the executor that saw its issuer in a chain, and goes on under the next key of the issuer', async () => {
    const { stage, parent, child } = await passedOn()
    await using _ = stage
    const before = stage.did('alice')
    const bob = stage.of('bob')
    await expect.poll(() => bob.revocations.knownAtS(before), POLL).toBeTypeOf('number')
    await stage.of('alice').revokeCapability(child)
    await stage.of('alice').close()
    await TalosClient.rotateIdentity('alice', optionsFor(stage.home))
    const alice = await stage.open('alice')
    await alice.connect(bob.did)
    await expect.poll(() => bob.identities.currentOf(before), POLL).toBe(alice.did)
    // What she revoked by the earlier key stands in the new list.
    await expect.poll(() => alice.database.revocations.names(alice.did).length, POLL).toBe(1)
    expect(await stage.refusal('carol', 'say')).toBe('CAPABILITY_REVOKED')
    await alice.revokeCapability(await stage.passOn('alice', 'carol', { parent }))
    await expect.poll(() => bob.database.revocations.names(alice.did).length, POLL).toBe(2)
    expect(bob.revocations.knownAtS(alice.did)).toBeTypeOf('number')
  })
})
