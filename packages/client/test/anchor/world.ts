/** An agent that anchors on a chain of its own. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Anchoring, type ClientEvent, type OpenAnchoring, TalosClient } from '@talos/client'
import {
  addressOfKey,
  deployContract,
  EvmAnchor,
  type EvmAnchorOptions,
  type LocalChain,
  makeAnchorKey,
  startLocalChain,
} from '@talos/evm'
import { systemClock, systemRandom } from '@talos/kernel'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { optionsFor } from '../agents.ts'

const CONFIRMATIONS = 3
/** So long that nothing happens by itself in a test. */
const NEVER_MS = 3_600_000

export interface AnchorWorld extends AsyncDisposable {
  readonly chain: LocalChain
  readonly contract: string
  readonly events: ClientEvent[]
  /** Opens the agent; what is given goes before what anchors everything at once when it is asked to. */
  open(anchoring?: Partial<Omit<Anchoring, 'chain'>>, chain?: Partial<EvmAnchorOptions>): Promise<TalosClient>
  /** What opens the chain for a client. */
  anchoring(anchoring?: Partial<Omit<Anchoring, 'chain'>>, chain?: Partial<EvmAnchorOptions>): OpenAnchoring
  readonly home: TempFolder
}

export async function openAnchorWorld(): Promise<AnchorWorld> {
  const home = tempFolder()
  const chain = await startLocalChain()
  const key = makeAnchorKey(systemRandom)
  await chain.fund(addressOfKey(key), 10n ** 20n)
  const common = { rpcUrls: [chain.url], chainId: chain.chainId, random: systemRandom, key, timeoutMs: 500 }
  const { contract } = await deployContract({ ...common, waitMs: 10_000 })
  const events: ClientEvent[] = []
  const opened: TalosClient[] = []
  const anchoring: AnchorWorld['anchoring'] =
    (more = {}, options = {}) =>
    async ({ journal }) => ({
      chain: new EvmAnchor({
        ...common,
        contract,
        journal,
        clock: systemClock,
        confirmations: CONFIRMATIONS,
        ...options,
      }),
      intervalMs: NEVER_MS,
      pollMs: 20,
      ...more,
    })
  return {
    chain,
    contract,
    events,
    home,
    anchoring,
    open: async (more, options) => {
      const onEvent = (event: ClientEvent) => void events.push(event)
      const client = await TalosClient.create(
        'alice',
        optionsFor(home.path, { onEvent, anchoring: anchoring(more, options) }),
      )
      opened.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of opened) await client.close()
      await chain.close()
      home[Symbol.dispose]()
    },
  }
}

/** What must be there. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is missing')
  return value
}

/** Waits until something holds; fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const lastMs = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > lastMs) throw new Error('it did not come to hold')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A server that takes requests and never answers. */
export async function silentServer(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(() => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
