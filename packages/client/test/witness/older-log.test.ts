/** An audit log that was put back together with its guard, beside a database that knows how far others saw it (spec 23-witness, 23.9). */
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Circle, circleOf } from './circle.ts'

const IS_LOG = /^(?:audit|checkpoint)/

/** Puts the files of the log, and no other, back to the time before some work. */
async function putBackLogOver(circle: Circle, name: string, work: () => Promise<void>): Promise<void> {
  const folder = join(circle.home('main'), 'agents', name)
  const copy = join(circle.home('main'), `${name}.copy`)
  await circle.close(name)
  cpSync(folder, copy, { recursive: true })
  await circle.open(name)
  await work()
  await circle.close(name)
  for (const file of readdirSync(folder).filter((file) => IS_LOG.test(file))) rmSync(join(folder, file))
  for (const file of readdirSync(copy).filter((file) => IS_LOG.test(file))) cpSync(join(copy, file), join(folder, file))
  await circle.open(name)
}

describe('an agent with an older copy of its log and of the guard beside it', () => {
  it('signs and appends nothing, as its database has what a peer cosigned', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const bob = circle.of('bob').did
    await putBackLogOver(circle, 'alice', async () => {
      const alice = circle.of('alice')
      await alice.log.append({ kind: 'key.prekeys' })
      await circle.introduce('bob', 'alice')
      await alice.witness(bob)
    })
    const alice = circle.of('alice')
    expect(alice.log.fault).toMatchObject({ code: 'AUDIT_ROLLBACK' })
    await expect(alice.log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_ROLLBACK' })
    await expect(alice.log.append({ kind: 'key.prekeys' })).rejects.toMatchObject({ code: 'AUDIT_ROLLBACK' })
  })

  it('goes on where nobody saw more of it', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const bob = circle.of('bob').did
    await circle.of('alice').witness(bob)
    await circle.close('alice')
    const alice = await circle.open('alice')
    expect(alice.log.fault).toBeUndefined()
    await alice.log.append({ kind: 'key.prekeys' })
    expect(await alice.log.checkpoint()).toContain(alice.log.verifierKey.name)
  })
})
