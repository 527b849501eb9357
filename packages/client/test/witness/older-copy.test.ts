/** Witnessing after an agent was put back to an older copy of its database (spec 23-witness, 23.2 and 23.9). */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@talos/bytes'
import { describe, expect, it } from 'vitest'
import { type Circle, circleOf } from './circle.ts'

/** Runs something, and puts back the agent's database alone to the time before it. */
async function putBackOver(circle: Circle, name: string, work: () => Promise<void>): Promise<void> {
  const file = join(circle.home('main'), 'agents', name, 'agent.db')
  await circle.close(name)
  cpSync(file, `${circle.home('main')}/${name}.copy`)
  await circle.open(name)
  await work()
  await circle.close(name)
  rmSync(`${file}-wal`, { force: true })
  cpSync(`${circle.home('main')}/${name}.copy`, file)
  await circle.open(name)
}

describe('an agent with an older copy of its database', () => {
  it('signs nothing of its own log before a witness has said how far it has seen it', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const bob = circle.of('bob').did
    await putBackOver(circle, 'alice', async () => void (await circle.of('alice').witness(bob)))
    const alice = circle.of('alice')
    expect(alice.isLogHeld).toBe(true)
    await alice.log.append({ kind: 'key.prekeys' })
    const refused = await alice.log.checkpoint().catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'AUDIT_CHECKPOINT_FAILED', cause: { code: 'WITNESS_HOLD' } })
    // At the next start as well, which finds nothing older.
    await circle.close('alice')
    const again = await circle.open('alice')
    expect(again.isLogHeld).toBe(true)
    await again.establishSession(bob)
    expect((await again.witness(bob)).size).toBe(again.log.size)
    expect(again.isLogHeld).toBe(false)
  })

  it('signs at the word of its owner, who has nobody to ask', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    await putBackOver(
      circle,
      'alice',
      async () => void (await circle.of('alice').send(circle.of('bob').did, utf8('one'))),
    )
    const alice = circle.of('alice')
    alice.resumeLog()
    expect(alice.isLogHeld).toBe(false)
    await alice.log.append({ kind: 'key.prekeys' })
    expect(await alice.log.checkpoint()).toContain(alice.log.verifierKey.name)
  })

  it('cosigns by another key, which has cosigned nothing', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const keyOf = () => circle.of('alice').witnesses().at(0)?.vkey
    await circle.of('alice').witness(circle.of('bob').did)
    const before = keyOf()
    await putBackOver(circle, 'bob', async () => {
      await circle.introduce('alice', 'bob')
      await circle.of('alice').log.append({ kind: 'key.prekeys' })
      await circle.of('alice').witness(circle.of('bob').did)
      expect(keyOf()).toBe(before)
    })
    await circle.introduce('alice', 'bob')
    await circle.of('alice').log.append({ kind: 'key.prekeys' })
    await circle.of('alice').witness(circle.of('bob').did)
    expect(
      new Set(
        circle
          .of('alice')
          .witnesses()
          .map(({ vkey }) => vkey),
      ).size,
    ).toBe(2)
  })
})
