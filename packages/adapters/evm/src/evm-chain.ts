/** Looking at a chain without a key (contracts/spec/25-anchor.md, clause 25.8): whether a block is final, and how a sender's log grew. */
import { type Growth, judgeGrowth } from '@talos/anchor'
import { TalosError } from '@talos/errors'
import { Endpoints } from './endpoints.ts'
import { type FoundAnchor, findAnchors, requireContract } from './events.ts'
import { type Confirmations, DEFAULT_CONFIRMATIONS, type EndpointOptions } from './options.ts'

/** Blocks that are searched for a sender's anchors at most: what an endpoint answers in a minute or two. */
const MAX_HISTORY_BLOCKS = 500_000

export interface EvmChainOptions extends EndpointOptions {
  readonly confirmations?: Confirmations
}

/** How the chain stands to a block: none of its own, not deep enough yet, or final. */
export interface BlockStanding {
  readonly state: 'unknown' | 'included' | 'final'
  /** Blocks from its own to the newest, its own counted; 0 for one that is none of the chain. */
  readonly confirmations: number
}

/** An anchor of a sender, and whether it counts. */
export interface JudgedAnchor extends FoundAnchor {
  readonly growth: Growth
}

export class EvmChain {
  readonly #endpoints: Endpoints
  readonly #confirmations: Confirmations

  /** @throws TalosError `ANCHOR_OPTION_INVALID` */
  constructor(options: EvmChainOptions) {
    this.#endpoints = new Endpoints(options)
    this.#confirmations = options.confirmations ?? DEFAULT_CONFIRMATIONS
  }

  /**
   * Asks for a block by its number, and compares its hash (0x and 64 digits).
   *
   * @throws TalosError `ANCHOR_ENDPOINTS_DISAGREE`, what endpoints throw
   */
  async standingOf(block: { readonly number: number; readonly hash: string }): Promise<BlockStanding> {
    const isByTag = this.#confirmations === 'finalized'
    const views = await this.#endpoints.ask('eth_getBlockByNumber', async (client) => {
      const newest = await client.getBlock(isByTag ? { blockTag: 'finalized' } : {})
      const tip = isByTag ? Number(await client.getBlockNumber()) : Number(newest.number)
      if (tip < block.number) return { isThere: false, confirmations: 0, isFinal: false }
      const { hash } = await client.getBlock({ blockNumber: BigInt(block.number) })
      const confirmations = tip - block.number + 1
      const isDeep = isByTag ? Number(newest.number) >= block.number : confirmations >= Number(this.#confirmations)
      return { isThere: hash === block.hash, confirmations, isFinal: isDeep }
    })
    const { quorum } = this.#endpoints
    const there = views.filter(({ isThere }) => isThere)
    if (there.length >= quorum) {
      const depths = there.map(({ confirmations }) => confirmations).sort((left, right) => right - left)
      const isFinal = there.filter((view) => view.isFinal).length >= quorum
      return { state: isFinal ? 'final' : 'included', confirmations: depths[quorum - 1] ?? 0 }
    }
    if (views.length - there.length >= quorum) return { state: 'unknown', confirmations: 0 }
    throw new TalosError('ANCHOR_ENDPOINTS_DISAGREE', { what: `block ${block.number}` })
  }

  /**
   * The anchors of a sender from a block on, each with whether it counts: strictly growing, as all endpoints that agree say.
   *
   * @throws TalosError `ANCHOR_ENDPOINTS_DISAGREE`, what endpoints throw
   */
  async historyOf(options: {
    readonly contract: string
    readonly by: string
    readonly fromBlock: number
  }): Promise<readonly JudgedAnchor[]> {
    const found = await this.#endpoints.agree('eth_getLogs', {
      what: 'the anchors of the sender',
      question: async (client) => {
        const toBlock = Number(await client.getBlockNumber())
        const fromBlock = Math.max(options.fromBlock, toBlock - MAX_HISTORY_BLOCKS)
        return await findAnchors(client, { ...options, fromBlock, toBlock })
      },
      keyOf: (anchors) => anchors.map(({ place }) => `${place.blockHash} ${place.transaction}`).join(),
    })
    const growth = judgeGrowth(found)
    return found.map((anchor, position) => ({ ...anchor, growth: growth[position] ?? 'void' }))
  }

  /** Whether there is code at an address. @throws TalosError `ANCHOR_CONTRACT_MISSING`, what endpoints throw */
  async requireContract(contract: string): Promise<void> {
    await requireContract(this.#endpoints, contract)
  }
}
