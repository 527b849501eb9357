/** Putting the contract of contracts/solidity on a chain. */
import type { Secret } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Hex, PublicClient } from 'viem'
import { accountOf } from './account.ts'
import { Endpoints } from './endpoints.ts'
import { feesWithin } from './fees.ts'
import { TALOS_ANCHOR_BYTECODE } from './generated/talos-anchor.ts'
import { DEFAULT_MAX_FEE_PER_GAS_WEI, type EndpointOptions, MAX_DEPLOY_GAS } from './options.ts'

const POLL_MS = 250

export interface DeployOptions extends EndpointOptions {
  readonly key: Secret
  readonly maxFeePerGasWei?: bigint
  /** How long to wait for the block that has it. */
  readonly waitMs: number
  /** Called once the transaction is sent. */
  readonly onSent?: (transaction: string) => void
}

export interface DeployedContract {
  /** In lower-case hexadecimal with 0x before it. */
  readonly contract: string
  readonly transaction: string
  readonly gasUsed: bigint
}

/**
 * Deploys the contract and waits for a block that has it. Anybody may use it, and nobody can change it.
 *
 * @throws TalosError `ANCHOR_FUNDS`, `ANCHOR_FEE_CAP`, `ANCHOR_NOT_FINAL` (no block took it in time), what endpoints throw
 */
export async function deployContract(options: DeployOptions): Promise<DeployedContract> {
  const { key, waitMs, maxFeePerGasWei = DEFAULT_MAX_FEE_PER_GAS_WEI } = options
  const endpoints = new Endpoints(options)
  const account = accountOf(key)
  const { address } = account
  const fees = await feesWithin(endpoints, { limit: maxFeePerGasWei })
  const facts = await endpoints.ask('eth_estimateGas', async (client) => ({
    nonce: await client.getTransactionCount({ address, blockTag: 'latest' }),
    balance: await client.getBalance({ address }),
    gas: await client.estimateGas({ account: address, data: TALOS_ANCHOR_BYTECODE }).catch(() => undefined),
  }))
  const [{ nonce, balance, gas = MAX_DEPLOY_GAS } = { nonce: 0, balance: 0n }] = facts
  const limit = gas + gas / 4n
  const needWei = limit * fees.maxFeePerGas
  if (balance < needWei) {
    const details = { address: address.toLowerCase(), haveWei: String(balance), needWei: String(needWei) }
    throw new TalosError('ANCHOR_FUNDS', details)
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = fees
  const common = { chainId: endpoints.chainId, nonce, gas: limit, data: TALOS_ANCHOR_BYTECODE } as const
  const raw = await account.signTransaction(
    maxPriorityFeePerGas === undefined
      ? { ...common, type: 'legacy', gasPrice: maxFeePerGas }
      : { ...common, type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas },
  )
  const sent = await endpoints.tryAll('eth_sendRawTransaction', async (client) =>
    client.sendRawTransaction({ serializedTransaction: raw }),
  )
  const [transaction] = sent.answers
  if (transaction === undefined) throw new TalosError('ANCHOR_TRANSACTION_REFUSED', {}, { cause: sent.failures[0] })
  options.onSent?.(transaction)
  return await untilMined(endpoints, { transaction, waitMs })
}

async function untilMined(
  endpoints: Endpoints,
  { transaction, waitMs }: { readonly transaction: Hex; readonly waitMs: number },
): Promise<DeployedContract> {
  const lastMs = performance.now() + waitMs
  for (;;) {
    const receipt = await endpoints.first('eth_getTransactionReceipt', async (client) => receiptOf(client, transaction))
    if (receipt?.status === 'reverted' || (receipt !== undefined && !receipt.contractAddress)) {
      throw new TalosError('ANCHOR_TRANSACTION_FAILED', { transaction, contract: 'the new address' })
    }
    if (receipt?.contractAddress) {
      return { contract: receipt.contractAddress.toLowerCase(), transaction, gasUsed: receipt.gasUsed }
    }
    if (performance.now() > lastMs) throw new TalosError('ANCHOR_NOT_FINAL', { state: 'pending' })
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function receiptOf(client: PublicClient, hash: Hex) {
  return await client.getTransactionReceipt({ hash }).catch(() => undefined)
}
