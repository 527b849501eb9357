/** A checkpoint that many have cosigned already (spec 23-witness, 23.4): whoever the policy names is not kept out. */
import { MAX_COSIGNATURES, onlySignedBy } from '@talos/audit'
import { splitNote } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { type Circle, circleOf } from './circle.ts'

/** As many lines as a note takes, of agents that nobody knows, under the newest checkpoint. */
async function crowd(circle: Circle): Promise<void> {
  const { log, database } = circle.of('alice')
  await log.append({ kind: 'key.prekeys' })
  const note = onlySignedBy(await log.checkpoint(), [log.verifierKey])
  const lines = Array.from(
    { length: MAX_COSIGNATURES },
    (_, index) => `— stranger${index} ${Buffer.alloc(76, index).toString('base64')}\n`,
  )
  database.witness.putHead({ size: log.size, note: `${note}${lines.join('')}` })
}

async function crowded({ hasPolicy }: { readonly hasPolicy: boolean }): Promise<Circle> {
  const circle = await circleOf(['alice', 'bob'])
  const bob = circle.of('bob').did
  await circle.of('alice').witness(bob)
  const policy = `witness bob ${circle.of('alice').witnesses()[0]?.vkey}\nquorum bob\n`
  await circle.close('alice')
  await circle.open('alice', hasPolicy ? { witnessPolicy: policy } : {})
  await circle.introduce('bob', 'alice')
  await crowd(circle)
  return circle
}

describe('a checkpoint with as many lines as it takes', () => {
  it('takes the line of a witness of the policy in the place of those that are not in it', async () => {
    await using circle = await crowded({ hasPolicy: true })
    const alice = circle.of('alice')
    const { size } = await alice.witness(circle.of('bob').did)
    expect(alice.witnessedHead()).toMatchObject({ size, isWitnessed: true })
    expect(splitNote(alice.witnessedHead()?.note ?? '').lines).toHaveLength(2)
  })

  it('takes no other', async () => {
    await using circle = await crowded({ hasPolicy: false })
    await expect(circle.of('alice').witness(circle.of('bob').did)).rejects.toMatchObject({ code: 'WITNESS_FULL' })
  })
})
