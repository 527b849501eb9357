/** Leases that are renewed while they are used, and what becomes of what was issued under them (spec 07-delegation 7.11). */
import { manualClock } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { Stage } from './stage.ts'

const TERM_S = 300

describe('a lease', () => {
  it('is renewed by its issuer in time, as often as it says, and no further', async () => {
    const clock = manualClock(Date.now())
    await using stage = await Stage.with(['alice'], { clock })
    await stage.grant('alice', { expiresInS: TERM_S, lease: { maxRenewals: 2 }, limits: [['calls', 6]] })
    const renewals = () => stage.of('alice').listCapabilities('received').length
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    expect(renewals()).toBe(1)
    for (const count of [2, 3]) {
      clock.advance((TERM_S * 1000 * 3) / 4)
      expect((await stage.call('alice', 'say')).outcome).toBe('allow')
      await expect.poll(renewals).toBe(count)
    }
    clock.advance((TERM_S * 1000 * 3) / 4)
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    clock.advance(TERM_S * 1000)
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_EXPIRED')
    const [newest] = stage.of('bob').listCapabilities('issued')
    await expect(stage.of('bob').renewCapability(newest?.cid ?? '')).rejects.toMatchObject({
      code: 'GRANT_NOT_RENEWABLE',
    })
  })

  it('that is over is waited for, and its renewal refills no limit', async () => {
    const clock = manualClock(Date.now())
    await using stage = await Stage.with(['alice'], { clock })
    await stage.grant('alice', { expiresInS: TERM_S, lease: { maxRenewals: 9 }, limits: [['calls', 2]] })
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    clock.advance(2 * TERM_S * 1000)
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    clock.advance(2 * TERM_S * 1000)
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_CALLS')
  })

  it('carries what its holder passed on through its renewals, with nothing issued again', async () => {
    const clock = manualClock(Date.now())
    await using stage = await Stage.with(['alice', 'carol'], { clock })
    const parent = await stage.grant('alice', { expiresInS: TERM_S, lease: { maxRenewals: 9 }, depth: 1 })
    await expect.poll(() => stage.of('alice').listCapabilities('received').length).toBe(1)
    await stage.introduce('carol', 'alice')
    await stage.passOn('alice', 'carol', { parent, expiresInS: 100 * TERM_S })
    expect((await stage.call('carol', 'say')).outcome).toBe('allow')
    for (let round = 0; round < 4; round += 1) {
      clock.advance(2 * TERM_S * 1000)
      expect((await stage.call('carol', 'say')).outcome).toBe('allow')
    }
    expect(stage.of('alice').listCapabilities('issued')).toHaveLength(1)
    // Of the lease stay the first, which names it, and what is not long over.
    for (const [name, direction] of [
      ['bob', 'issued'],
      ['alice', 'received'],
    ] as const) {
      const kept = stage
        .of(name)
        .listCapabilities(direction)
        .map(({ description }) => description.terms)
      expect(kept.map((terms) => (terms as { lease: { n: number } }).lease.n)).toEqual([4, 3, 0])
    }
  })

  it('that was revoked is not renewed, and neither is what somebody else holds', async () => {
    const clock = manualClock(Date.now())
    await using stage = await Stage.with(['alice', 'carol'], { clock })
    const cid = await stage.grant('alice', { expiresInS: TERM_S, lease: { maxRenewals: 9 } })
    const bob = stage.of('bob')
    await stage.handOver('bob', 'carol', [cid])
    clock.advance((TERM_S * 1000 * 3) / 4)
    expect((await stage.call('carol', 'say')).outcome).toBe('deny')
    expect(bob.listCapabilities('issued')).toHaveLength(1)
    await bob.revokeCapability(cid)
    await expect(bob.renewCapability(cid)).rejects.toMatchObject({ code: 'GRANT_NOT_RENEWABLE' })
    expect((await stage.call('alice', 'say')).outcome).toBe('deny')
    expect(bob.listCapabilities('issued')).toHaveLength(1)
    const plain = await stage.grant('alice')
    await expect(bob.renewCapability(plain)).rejects.toMatchObject({ code: 'GRANT_NOT_RENEWABLE' })
    await expect(stage.of('alice').renewCapability(plain)).rejects.toMatchObject({ code: 'GRANT_NOT_OURS' })
  })

  it('ends as a whole, whichever of its renewals is revoked, and from whichever side', async () => {
    for (const side of ['bob', 'alice'] as const) {
      const clock = manualClock(Date.now())
      await using stage = await Stage.with(['alice'], { clock })
      await stage.grant('alice', { expiresInS: TERM_S, lease: { maxRenewals: 9 } })
      clock.advance((TERM_S * 1000 * 3) / 4)
      expect((await stage.call('alice', 'say')).outcome).toBe('allow')
      const received = () => stage.of('alice').listCapabilities('received')
      await expect.poll(() => received().length).toBe(2)
      const [renewal] = received().filter(({ description }) => JSON.stringify(description.terms).includes('"n":1'))
      await stage.of(side).revokeCapability(renewal?.cid ?? '')
      // The one before is not over for a quarter of the term.
      expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_REVOKED')
    }
  })

  it('is not renewed past a revocation of everything that comes at the same moment', async () => {
    const clock = manualClock(Date.now())
    await using stage = await Stage.with(['alice'], { clock })
    const cid = await stage.grant('alice', { expiresInS: TERM_S, lease: { maxRenewals: 9 } })
    clock.advance((TERM_S * 1000 * 3) / 4)
    const bob = stage.of('bob')
    const renewing = [1, 2, 3].map(async () => (await bob.renewCapability(cid)).cid)
    const [, ...renewed] = await Promise.allSettled([bob.revokeAll(stage.did('alice')), ...renewing])
    const names = renewed.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await stage.handOver('bob', 'alice', names)
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_REVOKED')
    await expect(bob.renewCapability(cid)).rejects.toMatchObject({ code: 'GRANT_NOT_RENEWABLE' })
  })
})
