/** Anchors on a real chain of one's own: confirmations, fees, nonces, reorganizations. */
import { verifyChainProof } from '@talos/anchor'
import { seededRandom } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeAnchorKey } from '../src/index.ts'
import { ETHER, headOf, MemoryJournal, openWorld, type World } from './world.ts'

describe('an anchor', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  test('is final after the configured depth and not before', async () => {
    const anchor = world.anchor()
    const head = headOf(5)
    expect(await anchor.status(head)).toEqual({ state: 'absent' })
    expect((await anchor.submit(head)).state).toBe('pending')
    expect(await anchor.status(head)).toMatchObject({ state: 'included', confirmations: 1, needed: 3 })
    await expect(anchor.prove(head)).rejects.toMatchObject({ code: 'ANCHOR_NOT_FINAL' })
    await world.chain.mine(1)
    expect(await anchor.status(head)).toMatchObject({ state: 'included', confirmations: 2 })
    await world.chain.mine(1)
    expect(await anchor.status(head)).toMatchObject({ state: 'final', confirmations: 3 })
    const proof = await anchor.prove(head)
    expect(verifyChainProof(proof).event).toMatchObject({ by: anchor.by, ...head })
    anchor.settle(head)
    expect(world.journal.list()).toEqual([])
  })
})
