/** Reading anchors from the events of a chain (contracts/spec/25-anchor.md, clauses 25.3 and 25.8). */
import { ANCHORED_TOPIC, type AnchoredEvent, decodeEvent } from '@talos/anchor'
import { fromHex, toHex } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { AnchorPlace } from '@talos/ports'
import type { Hex, PublicClient, RpcLog } from 'viem'
import type { Endpoints } from './endpoints.ts'
import { MAX_FOUND, SEARCH_STEP_BLOCKS } from './options.ts'

export interface FoundAnchor extends AnchoredEvent {
  readonly place: AnchorPlace
}

export interface FindOptions {
  readonly contract: string
  readonly by: string
  /** Only this root, 32 bytes. */
  readonly root?: Uint8Array
  readonly fromBlock: number
  readonly toBlock: number
}

/**
 * The anchors of a sender as one endpoint has them, in the order of the chain.
 *
 * @throws RangeError for an answer that cannot be: of a height without end, of others' events, or of too many
 */
export async function findAnchors(client: PublicClient, options: FindOptions): Promise<readonly FoundAnchor[]> {
  const { contract, by, root, fromBlock, toBlock } = options
  const found: FoundAnchor[] = []
  // Beyond, a step forward is none.
  if (!Number.isSafeInteger(toBlock)) throw new RangeError('no chain is that high')
  for (let start = fromBlock; start <= toBlock; start += SEARCH_STEP_BLOCKS) {
    const logs = await client.request({
      method: 'eth_getLogs',
      params: [
        {
          address: contract as Hex,
          topics: [
            `0x${toHex(ANCHORED_TOPIC)}`,
            `0x${by.slice(2).padStart(64, '0')}`,
            root === undefined ? null : `0x${toHex(root)}`,
          ],
          fromBlock: `0x${start.toString(16)}`,
          toBlock: `0x${Math.min(toBlock, start + SEARCH_STEP_BLOCKS - 1).toString(16)}`,
        },
      ],
    })
    if (found.length + logs.length > MAX_FOUND) throw new RangeError('that many anchors are not read')
    for (const log of logs) {
      const { transactionHash, blockHash, blockNumber } = log
      if (transactionHash === null || blockHash === null || blockNumber === null) continue
      const event = eventIn(log)
      if (event === undefined) continue
      if (log.address.toLowerCase() !== contract || event.by !== by) throw new RangeError('it is of somebody else')
      found.push({ ...event, place: { transaction: transactionHash, blockHash, blockNumber: Number(blockNumber) } })
    }
  }
  return found
}

/** A sender can write anything into its events: what is no anchor (of no leaves, or more than can be) must not hide the others. */
function eventIn({ address, topics, data }: RpcLog): AnchoredEvent | undefined {
  try {
    return decodeEvent({ address: bytesOf(address), topics: topics.map(bytesOf), data: bytesOf(data) })
  } catch (error) {
    if (!isTalosError(error, 'ANCHOR_EVENT_MISMATCH')) throw error
    return undefined
  }
}

/** Whether there is code at an address. @throws TalosError `ANCHOR_CONTRACT_MISSING`, what endpoints throw */
export async function requireContract(endpoints: Endpoints, contract: string): Promise<void> {
  const hasCode = await endpoints.agree('eth_getCode', {
    what: 'the contract',
    question: async (client) => ((await client.getCode({ address: contract as Hex })) ?? '0x') !== '0x',
    keyOf: String,
  })
  const { chainId } = endpoints
  if (!hasCode) throw new TalosError('ANCHOR_CONTRACT_MISSING', { chainId, contract })
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.slice(2).toLowerCase())
}
