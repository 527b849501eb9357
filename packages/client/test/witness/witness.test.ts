/** Agents as witnesses of each other's logs, over real links (spec 23-witness). */
import { openCheckpoint } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { circleOf } from './circle.ts'

describe('peers as witnesses', () => {
  it('cosign what extends what they know, and the log keeps their lines', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const [alice, bob] = [circle.of('alice'), circle.of('bob')]
    expect(alice.witnessedHead()).toBeUndefined()
    const first = await alice.witness(bob.did)
    expect(first).toMatchObject({ peer: bob.did, size: alice.log.size })
    await alice.send(bob.did, new TextEncoder().encode('more'))
    const second = await alice.witness(bob.did)
    expect(second.size).toBeGreaterThan(first.size)
    const head = alice.witnessedHead()
    expect(head).toMatchObject({ size: second.size, isWitnessed: true })
    expect(head?.witnesses.map(({ peer }) => peer)).toEqual([bob.did])
    const { size } = openCheckpoint(head?.note ?? '', { logKey: alice.log.verifierKey, kernel: alice.kernel })
    expect(size).toBe(second.size)
    expect(circle.events('bob').filter(({ type }) => type === 'log.cosigned')).toHaveLength(2)
  })
})
