/** A log that forks: two copies of one agent go on apart, and its witnesses find out from each other (spec 23-witness, 23.8). */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { utf8 } from '@talos/bytes'
import { describe, expect, it, vi } from 'vitest'
import { type Circle, circleOf } from './circle.ts'

const VERIFIER = fileURLToPath(new URL('./verify-fork.ts', import.meta.url))

/** Alice goes on before Bob, her copy before Carol, each by so many messages; then the two begin to talk. */
async function forked(messages: { readonly alice: number; readonly copy: number }): Promise<Circle> {
  const circle = await circleOf(['alice', 'bob', 'carol'])
  const [bob, carol] = [circle.of('bob').did, circle.of('carol').did]
  await circle.of('alice').witness(bob)
  await circle.of('alice').witness(carol)
  await circle.close('alice')
  circle.copy('alice', 'copy')
  const alice = await circle.open('alice')
  const copy = await circle.open('alice', { as: 'copy' })
  for (let index = 0; index < messages.alice; index += 1) await alice.send(bob, utf8(`to Bob ${index}`))
  for (let index = 0; index < messages.copy; index += 1) await copy.send(carol, utf8(`to Carol ${index}`))
  expect(alice.log.size - copy.log.size).toBe(messages.alice - messages.copy)
  await alice.witness(bob)
  await copy.witness(carol)
  for (const name of ['bob', 'carol']) {
    await circle.close(name)
    await circle.open(name, { witness: { intervalMs: 100 } })
  }
  await circle.introduce('bob', 'carol')
  await circle.introduce('alice', 'bob')
  return circle
}

function verifyElsewhere(evidence: string): unknown {
  const args = ['--conditions=talos-source', VERIFIER]
  return JSON.parse(execFileSync(process.execPath, args, { input: evidence, encoding: 'utf8' }))
}

describe('a log that forks', () => {
  it('at one size is seen by both witnesses as soon as they talk, and shown to a process that knows nobody', async () => {
    await using circle = await forked({ alice: 1, copy: 1 })
    const alice = circle.of('alice')
    for (const name of ['bob', 'carol']) {
      await vi.waitFor(() => expect(circle.eventsOf(name, 'log.fork')).toHaveLength(1), { timeout: 5_000 })
      const [event] = circle.eventsOf(name, 'log.fork')
      expect(event).toMatchObject({ peer: alice.did, origin: alice.log.verifierKey.name })
      const size = alice.log.lastCheckpoint?.size
      expect(verifyElsewhere(event?.evidence ?? '')).toEqual({ agent: alice.did, sizes: [size, size] })
      const client = circle.of(name)
      await vi.waitFor(() => {
        const entries = [...client.log.reader.entries({ kinds: ['log.fork'] })]
        expect(entries.map(({ entry }) => [entry.peer, entry.reason])).toEqual([[alice.did, 'WITNESS_FORK']])
      })
      expect(client.forks()).toHaveLength(1)
    }
    await expect(alice.witness(circle.of('bob').did)).rejects.toMatchObject({
      code: 'PEER_REFUSED',
      details: { peerCode: 'WITNESS_FORK' },
    })
  })

  it('at two sizes is shown by the log itself when it goes on, which then signs nothing more', async () => {
    await using circle = await forked({ alice: 3, copy: 1 })
    const [alice, bob] = [circle.of('alice'), circle.of('bob')]
    await vi.waitFor(async () => {
      await alice.send(bob.did, utf8('goes on'))
      await expect(alice.witness(bob.did)).rejects.toMatchObject({ code: 'AUDIT_ROLLBACK' })
    }, 5_000)
    expect(circle.eventsOf('alice', 'log.rollback')).toMatchObject([{ peer: bob.did, code: 'AUDIT_ROLLBACK' }])
    await expect(alice.log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_ROLLBACK' })
    for (const name of ['bob', 'carol']) {
      await vi.waitFor(() => expect(circle.eventsOf(name, 'log.fork')).toHaveLength(1), { timeout: 5_000 })
      const [event] = circle.eventsOf(name, 'log.fork')
      const seen = verifyElsewhere(event?.evidence ?? '') as { readonly sizes: readonly number[] }
      expect(seen.sizes[0]).toBeLessThan(seen.sizes[1] ?? 0)
    }
    await circle.close('alice')
    const again = await circle.open('alice')
    expect(again.log.fault).toMatchObject({ code: 'AUDIT_ROLLBACK' })
  })
})

describe('a log that was put back', () => {
  it('with everything beside it learns so from a witness, before it contradicts itself', async () => {
    await using circle = await circleOf(['alice', 'bob'])
    const bob = circle.of('bob').did
    await circle.close('alice')
    circle.copy('alice', 'copy')
    const alice = await circle.open('alice')
    await alice.send(bob, utf8('one'))
    const { size } = await alice.witness(bob)
    await circle.close('alice')
    const copy = await circle.open('alice', { as: 'copy' })
    await expect(copy.witness(bob)).rejects.toMatchObject({ code: 'AUDIT_ROLLBACK' })
    expect(circle.eventsOf('copy', 'log.rollback')).toMatchObject([{ peer: bob, seen: size }])
    expect(circle.eventsOf('bob', 'log.fork')).toEqual([])
    await expect(copy.log.append({ kind: 'key.prekeys' })).rejects.toMatchObject({ code: 'AUDIT_ROLLBACK' })
  })
})
