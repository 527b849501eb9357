/** Witnessing goes on when keys change: the log's name and the witness's stay, their delegations are new (spec 23-witness, 23.1 and 23.2). */
import { openWitnessKey } from '@talos/audit'
import { TalosClient } from '@talos/client'
import { describe, expect, it } from 'vitest'
import { optionsFor } from '../agents.ts'
import { type Circle, circleOf } from './circle.ts'

async function rotate(circle: Circle, name: string, isEmergency = false): Promise<void> {
  await circle.close(name)
  const options = optionsFor(circle.home('main'))
  await TalosClient.rotateIdentity(name, { ...options, reason: isEmergency ? 'compromised' : 'scheduled' })
  await circle.open(name)
}

describe('when keys change', () => {
  it('of the log, the witness cosigns what the same log goes on with, by the next key', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const first = circle.of('alice').did
    await circle.of('alice').witness(circle.of('bob').did)
    await rotate(circle, 'alice')
    await circle.introduce('alice', 'bob')
    const alice = circle.of('alice')
    expect(alice.did).not.toBe(first)
    const { size } = await alice.witness(circle.of('bob').did)
    expect(size).toBe(alice.log.size)
    expect(alice.witnessedHead()).toMatchObject({ size, isWitnessed: true })
  })

  it('of the log in an emergency, its other key goes on where the one before ended', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const before = await circle.of('alice').witness(circle.of('bob').did)
    const { publicKey } = circle.of('alice').log.verifierKey
    await rotate(circle, 'alice', true)
    await circle.introduce('alice', 'bob')
    const alice = circle.of('alice')
    expect(alice.log.verifierKey.publicKey).not.toEqual(publicKey)
    expect((await alice.witness(circle.of('bob').did)).size).toBeGreaterThan(before.size)
    expect(circle.eventsOf('bob', 'log.fork')).toEqual([])
  })

  it('of the witness, its key stays and is delegated anew, under the name of its first', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    await circle.of('alice').witness(circle.of('bob').did)
    const [before] = circle.of('alice').witnesses()
    await rotate(circle, 'bob')
    await circle.introduce('alice', 'bob')
    const [alice, bob] = [circle.of('alice'), circle.of('bob')]
    await alice.log.append({ kind: 'key.prekeys' })
    await alice.witness(bob.did)
    const [after, ...others] = alice.witnesses()
    expect([after?.vkey, after?.peer, others]).toEqual([before?.vkey, bob.did, []])
    const { kernel, identities: agents } = alice
    const key = openWitnessKey(after?.delegation ?? new Uint8Array(0), { kernel, agents })
    expect([key.issuer, key.agent]).toEqual([bob.did, before?.peer])
    expect(alice.witnessedHead()?.witnesses.map(({ peer }) => peer)).toEqual([bob.did])
  })

  it('of the witness in an emergency, another key cosigns', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    await circle.of('alice').witness(circle.of('bob').did)
    await rotate(circle, 'bob', true)
    await circle.introduce('alice', 'bob')
    const alice = circle.of('alice')
    await alice.log.append({ kind: 'key.prekeys' })
    await alice.witness(circle.of('bob').did)
    expect(new Set(alice.witnesses().map(({ vkey }) => vkey)).size).toBe(2)
  })
})
