/** What is shown to the world was shown to the peers before: the checkpoint of an anchor is one that they cosigned. */
import { parseWitnessPolicy } from '@talos/audit'
import { hasLocalChain } from '@talos/evm'
import { formatVerifierKey, NOTE_COSIGNATURE, splitNote, verifierKey } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../../src/agent.ts'
import { WitnessKeeper, type WitnessKeeperOptions } from '../../src/witness/keeper.ts'
import { optionsFor } from '../agents.ts'
import { openAnchorWorld, present } from '../anchor/world.ts'
import { circleOf } from './circle.ts'

/** So long that nothing happens by itself in a test. */
const NEVER_MS = 3_600_000

describe.skipIf(!(await hasLocalChain()))('an agent that anchors among peers', () => {
  it('has them cosign the very checkpoint that goes onto the chain, each time', async () => {
    await using world = await openAnchorWorld()
    await using circle = await circleOf([], { witness: { intervalMs: NEVER_MS } })
    const alice = await circle.open('alice', { anchoring: world.anchoring() })
    await circle.open('bob')
    await circle.introduce('alice', 'bob')
    for (const round of [1, 2]) {
      await alice.log.append({ kind: 'key.rotate' })
      const { size } = alice.log
      await alice.anchors.now()
      await world.chain.mine(3)
      await alice.anchors.status()
      const { name: origin } = alice.log.verifierKey
      const { checkpoint, note } = present(alice.anchors.anchorsFor({ origin, size })[0])
      expect({ round, size: checkpoint.size }).toEqual({ round, size })
      expect(splitNote(note).lines.length).toBe(2)
      expect(alice.witnessedHead()).toMatchObject({ size, isWitnessed: true })
    }
  })
})

describe('the checkpoint to show', () => {
  async function shownBy(agent: Agent, more: Partial<WitnessKeeperOptions>) {
    const asked: string[] = []
    const keeper = new WitnessKeeper({
      agent,
      sessions: { active: () => true },
      wire: { isLinked: () => true, peers: () => [{ did: agent.did }] },
      // A peer that takes questions and answers none.
      post: async (_peer, { t }) => void asked.push(t),
      emit: () => undefined,
      settings: { intervalMs: NEVER_MS },
      policy: undefined,
      ...more,
    })
    const note = await keeper.checkpointToShow()
    keeper.stop()
    return { note, asked }
  }

  it('is the newest of the log where peers do not answer, are not asked, or are gone', async () => {
    using folder = tempFolder()
    const agent = await openAgent({ ...optionsFor(folder.path), name: 'alice', create: true })
    const newest = await agent.log.checkpoint()
    const begunMs = performance.now()
    expect(await shownBy(agent, {})).toEqual({ note: newest, asked: ['observe'] })
    expect(performance.now() - begunMs).toBeLessThan(10_000)
    expect(await shownBy(agent, { settings: { intervalMs: 0 } })).toEqual({ note: newest, asked: [] })
    const gone = { isLinked: () => false, peers: () => [{ did: agent.did }] }
    expect(await shownBy(agent, { wire: gone })).toEqual({ note: newest, asked: [] })
    expect(await shownBy(agent, { sessions: { active: () => undefined } })).toEqual({ note: newest, asked: [] })
    await closeAgent(agent)
  })

  it('is none while a policy is not met', async () => {
    using folder = tempFolder()
    const agent = await openAgent({ ...optionsFor(folder.path), name: 'alice', create: true })
    const { kernel } = agent
    const publicKey = kernel.ed25519PublicKey(new Uint8Array(32).fill(7))
    const key = formatVerifierKey(verifierKey({ name: 'witness.example', type: NOTE_COSIGNATURE, publicKey, kernel }))
    const policy = parseWitnessPolicy(`witness w ${key}\nquorum w\n`, { kernel })
    expect((await shownBy(agent, { policy, settings: { intervalMs: 0 } })).note).toBeUndefined()
    await closeAgent(agent)
  })
})
