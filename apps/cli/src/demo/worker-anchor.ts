/** The anchors of one agent of the demo: its own key, and a chain that it learns of when the demo has started one. */
import type { Secret } from '@talos/bytes'
import type { Anchoring, OpenAnchoring, TalosClient } from '@talos/client'
import { TalosError } from '@talos/errors'
import { systemClock, systemRandom } from '@talos/kernel'
import type { AnchorJournal } from '@talos/ports'
import { loadEvm } from '../anchoring.ts'
import type { DemoSteps } from './protocol.ts'

/** Blocks before an anchor counts as final on a chain of one's own. */
const DEMO_CONFIRMATIONS = 2
const POLL_MS = 50
const LONG_MS = 3_600_000

const chain = Promise.withResolvers<Anchoring>()
let journal: AnchorJournal | undefined
let key: Secret | undefined

/** Given to the client at its start: it anchors once {@link startAnchor} has been called. */
export const anchoringOfDemo: OpenAnchoring = async (agent) => {
  journal = agent.journal
  return await chain.promise
}

export async function makePayer(): Promise<DemoSteps['payer']['output']> {
  const { addressOfKey, makeAnchorKey } = await loadEvm()
  key = makeAnchorKey(systemRandom)
  return { address: addressOfKey(key) }
}

export async function startAnchor(
  client: TalosClient,
  { url, chainId, contract }: DemoSteps['anchor']['input'],
): Promise<DemoSteps['anchor']['output']> {
  const { EvmAnchor } = await loadEvm()
  if (key === undefined || journal === undefined)
    throw new TalosError('ANCHOR_KEY_INVALID', { reason: 'there is none' })
  const options = { rpcUrls: [url], chainId, contract, key, journal, clock: systemClock, random: systemRandom }
  const anchor = new EvmAnchor({ ...options, confirmations: DEMO_CONFIRMATIONS })
  chain.resolve({ chain: anchor, intervalMs: LONG_MS, pollMs: LONG_MS })
  await client.anchors.now()
  return {}
}

export async function awaitAnchor(client: TalosClient): Promise<DemoSteps['anchored']['output']> {
  for (;;) {
    const overview = await client.anchors.status()
    const [newest] = overview?.heads ?? []
    if (newest?.status.state === 'final') {
      return { block: newest.status.place.blockNumber, size: newest.size, root: newest.root }
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
