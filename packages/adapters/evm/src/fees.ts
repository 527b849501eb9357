/** What a transaction may cost (contracts/spec/25-anchor.md, clause 25.4): never more than the limits that its owner set. */
import { TalosError } from '@talos/errors'
import type { PublicClient } from 'viem'
import { larger, smaller } from './amounts.ts'
import type { Endpoints } from './endpoints.ts'

export interface Fees {
  /** Highest price of a unit of gas. */
  readonly maxFeePerGas: bigint
  /** Of it, for whoever makes the block; undefined on chains without EIP-1559. */
  readonly maxPriorityFeePerGas: bigint | undefined
}

interface Market {
  readonly baseFee: bigint | undefined
  /** The tip that gets into a block, or the whole price where there is no base fee. */
  readonly tip: bigint
}

/**
 * Fees that get into one of the next blocks, within the limit.
 *
 * @param options.above fees of the attempt that is to be replaced: nodes take a replacement only with an eighth more
 * @throws TalosError `ANCHOR_FEE_CAP` where the chain asks for more than the limit
 */
export async function feesWithin(
  endpoints: Endpoints,
  { limit, above }: { readonly limit: bigint; readonly above?: Fees },
): Promise<Fees> {
  const markets = await endpoints.ask('eth_feeHistory', marketOf)
  const baseFee = median(markets.map((market) => market.baseFee ?? 0n))
  const tip = atLeast(median(markets.map((market) => market.tip)), above?.maxPriorityFeePerGas ?? above?.maxFeePerGas)
  const lowest = atLeast(baseFee + tip, above?.maxFeePerGas)
  if (lowest > limit) throw new TalosError('ANCHOR_FEE_CAP', { feeWei: String(lowest), limitWei: String(limit) })
  if (markets.every((market) => market.baseFee === undefined))
    return { maxFeePerGas: lowest, maxPriorityFeePerGas: undefined }
  const comfortable = atLeast(2n * baseFee + tip, above?.maxFeePerGas)
  const maxFeePerGas = smaller(comfortable, limit)
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(tip, maxFeePerGas) }
}

async function marketOf(client: PublicClient): Promise<Market> {
  const { baseFeePerGas } = await client.getBlock()
  if (baseFeePerGas === null) return { baseFee: undefined, tip: await client.getGasPrice() }
  return { baseFee: baseFeePerGas, tip: await client.estimateMaxPriorityFeePerGas() }
}

/** An eighth above what was offered before, rounded up. */
function atLeast(fee: bigint, before: bigint | undefined): bigint {
  const needed = before === undefined ? 0n : before + before / 8n + 1n
  return larger(fee, needed)
}

function median(values: readonly bigint[]): bigint {
  const sorted = values.toSorted((left, right) => (left < right ? -1 : 1))
  return sorted[Math.floor(sorted.length / 2)] ?? 0n
}
