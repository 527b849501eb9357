/** How capabilities stand, as seen beside the agents that run: at the executor, at a holder, and at one further down. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CapabilityStanding, openAgentReader } from '@talos/client'
import { describe, expect, it } from 'vitest'
import { type Name, Stage } from './stage.ts'

function look(stage: Stage, name: Name, cid: string): CapabilityStanding {
  using reader = openAgentReader(name, { home: stage.home })
  return reader.capability(cid)
}

const SOON = () => Math.floor(Date.now() / 1000) + 300

describe('a chain', () => {
  it('of which every link is in force goes before a narrower one under a link that is not', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const parent = await stage.grant('alice', { depth: 1, expiresInS: 1 })
    await stage.passOn('alice', 'carol', { parent, tool: { server: 'tools', tool: 'say' } })
    await sleep(2_100)
    expect(look(stage, 'carol', parent).standing).toBe('expired')
    await stage.grant('carol')
    expect(await stage.refusal('carol', 'say', { arguments: { words: 'yes' } })).toBe('allow')
  })
})

describe('the standing of a capability', () => {
  it('is that of its weakest link', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const valid = await stage.grant('alice', { depth: 1 })
    // It lasts longer and is as broad: whoever looks for a way must not take it before it begins.
    const early = await stage.grant('alice', { notBeforeS: SOON(), expiresInS: 3_600, depth: 1 })
    const brief = await stage.grant('alice', { expiresInS: 1 })
    const below = await stage.passOn('alice', 'carol', { parent: valid })
    expect(look(stage, 'alice', early).standing).toBe('not yet valid')
    expect([look(stage, 'carol', below).standing, look(stage, 'carol', below).chain.length]).toEqual(['valid', 2])
    for (const name of ['alice', 'carol'] as const) {
      expect(await stage.refusal(name, 'say', { arguments: { words: 'yes' } })).toBe('allow')
    }
    await sleep(2_100)
    expect([look(stage, 'bob', brief).standing, look(stage, 'alice', brief).standing]).toEqual(['expired', 'expired'])
    await stage.of('bob').revokeCapability(early, { reason: 'over' })
    await stage.of('bob').revokeCapability(valid, { reason: 'over' })
    await expect.poll(() => look(stage, 'alice', below).standing).toBe('revoked')
    const [root, leaf] = look(stage, 'alice', below).chain
    expect([root?.revoked?.by, root?.revoked?.reason, leaf?.revoked]).toEqual([stage.did('bob'), 'over', undefined])
    expect([root?.isOwn, leaf?.isOwn, leaf?.knownAtS]).toEqual([false, true, undefined])
  })

  it('is broken where a link above it is not known', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const parent = await stage.grant('alice', { depth: 1 })
    const { cid, bytes } = await stage
      .of('alice')
      .delegateCapability({ parent, to: stage.did('carol'), expiresInS: 60 })
    await stage.of('carol').importCapability(bytes)
    expect(look(stage, 'carol', cid)).toMatchObject({ standing: 'broken', chain: [{ description: { cid } }] })
    await stage.handOver('alice', 'carol', [parent])
    expect(look(stage, 'carol', cid).standing).toBe('valid')
  })

  it('tells what is left of limits at the executor alone, and only of capabilities that are there', async () => {
    await using stage = await Stage.with(['alice'])
    const cid = await stage.grant('alice', { limits: [['calls', 40]] })
    await stage.call('alice', 'say', { arguments: { words: 'yes' } })
    await stage.of('bob').close()
    expect(look(stage, 'bob', cid).chain[0]?.limits).toMatchObject([{ kind: 'calls', limit: 40, left: 39 }])
    expect(look(stage, 'alice', cid).chain[0]?.limits).toEqual([])
    using reader = openAgentReader('alice', { home: stage.home })
    expect(() => reader.capability('bafyreiahqzj5g3fdokzfh6vqryptqnbanpgyf5r2cloz6ripkq6ezq4uny')).toThrow(
      expect.objectContaining({ code: 'GRANT_UNKNOWN' }),
    )
    expect(reader.capabilities('received').map(({ standing }) => standing)).toEqual(['valid'])
  })
})
