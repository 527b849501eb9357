/** The step of the demo that anchors both logs: on a chain that this process starts, on this machine, for this minute. */
import { isTalosError } from '@talos/errors'
import { systemRandom } from '@talos/kernel'
import { loadEvm } from '../anchoring.ts'
import type { Actor } from './actor.ts'
import type { Facts, Show } from './show.ts'

const FUNDS_WEI = 10n ** 18n
const DEPLOY_WAIT_MS = 20_000
/** Above the anchors, as many as they need to be final. */
const BLOCKS = 2

/**
 * Anchors both logs, and tells where. On a machine without a chain program it says so: the rest of the journey needs none.
 *
 * @returns what ends the chain
 */
export async function anchorLogs(options: {
  readonly agent: Actor
  readonly toolBox: Actor
  readonly show: Show
}): Promise<void> {
  await options.show.step('anchor', async (facts) => {
    try {
      await anchorOnLocalChain(options, facts)
    } catch (error) {
      if (!isTalosError(error, 'ANCHOR_CHAIN_UNAVAILABLE') && !isTalosError(error, 'ANCHOR_ENGINE_MISSING')) throw error
      facts.say(`not on this machine: ${error.message}`)
      facts.data({ anchored: false, code: error.code })
    }
  })
}

async function anchorOnLocalChain(
  { agent, toolBox }: { readonly agent: Actor; readonly toolBox: Actor },
  { say, data }: Facts,
): Promise<void> {
  const { addressOfKey, deployContract, makeAnchorKey, startLocalChain } = await loadEvm()
  await using chain = await startLocalChain()
  const key = makeAnchorKey(systemRandom)
  await chain.fund(addressOfKey(key), FUNDS_WEI)
  const { url, chainId } = chain
  const common = { rpcUrls: [url], chainId, random: systemRandom, key, waitMs: DEPLOY_WAIT_MS }
  const { contract, gasUsed } = await deployContract(common)
  say(
    `a chain of its own runs on this machine for this step (${url}, chain ${chainId}): it shows how, and proves nothing`,
  )
  say('to others; on a public chain the same transaction does')
  say(`contract ${contract}, compiled from contracts/solidity, deployed for ${gasUsed} gas`)
  const anchors = await Promise.all(
    [toolBox, agent].map(async (actor) => {
      const { address } = await actor.do('payer', {})
      await chain.fund(address, FUNDS_WEI)
      await actor.do('anchor', { url, chainId, contract })
      return { actor, address }
    }),
  )
  await chain.mine(BLOCKS)
  for (const { actor, address } of anchors) {
    const { block, size, root } = await actor.do('anchored', {})
    say(`${actor.name}: block ${block} holds the root over ${size} heads, ${root.slice(0, 16)}…, sent by ${address}`)
    data({ [actor.name]: { block, size, root } })
  }
  data({ anchored: true, local: true, chainId, contract })
}
