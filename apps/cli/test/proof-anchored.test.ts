/** A call whose logs are witnessed and anchored: its proof is enough for the most that can be asked. On a real local chain. */
import { join } from 'node:path'
import { hasLocalChain, type LocalChain, startLocalChain } from '@talos/evm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProofWorld } from './proof-world.ts'
import type { Home, RunOptions } from './talos.ts'

/** Anvil is in the registry for some platforms alone. */
const isThere = await hasLocalChain()
const NO_AGENT: RunOptions = { passphrase: null, environment: { TALOS_HOME: '/nonexistent' } }

interface Block {
  readonly side: string
  readonly chainId: number
  readonly blockNumber: number
  readonly blockHash: string
  readonly known: boolean
}

interface Report {
  readonly verdict: string
  readonly completeness: { readonly missing: readonly string[] }
  readonly witnessed: { readonly count: number }
  readonly anchored: { readonly known: boolean; readonly blocks: readonly Block[] }
}

describe.skipIf(!isThere)('a proof of a call whose logs are anchored', () => {
  let world: ProofWorld
  let chain: LocalChain

  beforeAll(async () => {
    chain = await startLocalChain()
    world = await ProofWorld.begin(setUp)
  }, 60_000)

  afterAll(async () => {
    await world[Symbol.asyncDispose]()
    await chain.close()
  })

  /** The first attempt tells whom to fund. */
  async function setUp(home: Home): Promise<void> {
    const words = ['anchor', 'init', '--rpc', chain.url, '--chain-id', String(chain.chainId), '--confirmations', '2']
    const poor = await home.run([...words, '--deploy'])
    await chain.fund(/0x[0-9a-f]{40}/.exec(poor.stderr)?.[0] ?? 'no address', 10n ** 18n)
    await home.json([...words, '--deploy'])
  }

  async function anchor(home: Home): Promise<void> {
    await home.run(['anchor', 'now', '--no-wait'])
    await chain.mine(3)
    await home.json(['anchor', 'status'])
  }

  let count = 0

  async function exported(): Promise<string> {
    const file = join(world.agent.path, `${++count}.talosproof`)
    await world.agent.json(['proof', 'export', world.allowed, '--out', file])
    return file
  }

  const verify = async (file: string, ...words: readonly string[]): Promise<readonly [number | null, Report]> => {
    const ran = await world.agent.run(['proof', 'verify', file, ...words, '--json'], NO_AGENT)
    return [ran.code, JSON.parse(ran.stdout) as Report]
  }

  it('is witnessed before, and at the level paranoid valid for whoever knows the blocks', async () => {
    await world.witness()
    const [early, before] = await verify(await exported(), '--level', 'strict')
    expect([early, before.verdict, before.witnessed.count]).toEqual([0, 'valid', 2])

    await anchor(world.agent)
    await anchor(world.box)
    const file = await exported()
    const [unsure, { anchored, witnessed, completeness }] = await verify(file, '--level', 'paranoid')
    expect([unsure, witnessed.count, anchored.known]).toEqual([3, 2, false])
    expect(completeness.missing).toEqual(['PROOF_UNANCHORED', 'PROOF_UNANCHORED'])
    expect(anchored.blocks.map(({ side }) => side)).toEqual(['agent', 'executor'])

    const blocks = anchored.blocks.flatMap((one) => ['--block', `${one.chainId}:${one.blockNumber}:0x${one.blockHash}`])
    expect(await verify(file, '--level', 'paranoid', ...blocks)).toMatchObject([
      0,
      { verdict: 'valid', anchored: { known: true }, witnessed: { count: 2 } },
    ])
    expect((await verify(file, '--level', 'paranoid', ...blocks.slice(0, 2)))[0]).toBe(3)
  }, 60_000)
})
