/** Fetching the proof that a block has an anchor (contracts/spec/25-anchor.md, clause 25.6); checked before it is given. */
import { proveReceipt, verifyChainProof } from '@talos/anchor'
import { equalBytes, toBase64url } from '@talos/bytes'
import type { AnchorProofChain } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { AnchorHead, AnchorPlace } from '@talos/ports'
import type { Hex, PublicClient } from 'viem'
import { eventOf } from './chain-view.ts'
import type { Endpoints } from './endpoints.ts'
import { headerBytes, type RpcObject, receiptBytes } from './raw-block.ts'

/** Receipts of one block that are asked for one by one, where an endpoint does not give all at once. */
const RECEIPTS_AT_ONCE = 8
/** A block's transactions; the largest of any chain in use have some thousand. */
const MAX_RECEIPTS = 16_384

export interface FetchProofOptions {
  readonly place: AnchorPlace
  readonly head: AnchorHead
  readonly contract: string
  readonly by: string
}

/**
 * The proof from the first endpoint whose parts hold together.
 *
 * @throws TalosError `ANCHOR_PROOF_UNAVAILABLE`, `ANCHOR_ENDPOINT_FAILED`
 */
export async function fetchProof(endpoints: Endpoints, options: FetchProofOptions): Promise<AnchorProofChain> {
  let failure: unknown
  const proof = await endpoints.first('eth_getBlockByHash', async (client) => {
    try {
      return await proofFrom(client, { ...options, chainId: endpoints.chainId })
    } catch (error) {
      if (!isTalosError(error)) throw error
      failure = error
      return undefined
    }
  })
  if (proof === undefined) throw failure
  return proof
}

async function proofFrom(
  client: PublicClient,
  { place, head, contract, by, chainId }: FetchProofOptions & { readonly chainId: number },
): Promise<AnchorProofChain> {
  const block: RpcObject | null = await client.request({
    method: 'eth_getBlockByHash',
    params: [place.blockHash as Hex, false],
  })
  if (block === null) throw unavailable('the endpoint does not have the block')
  const header = headerBytes(block, place.blockHash)
  const transactions: readonly unknown[] = Array.isArray(block['transactions']) ? block['transactions'] : []
  const index = transactions.indexOf(place.transaction)
  if (index === -1) throw unavailable('the block does not have the transaction')
  const receipts = await receiptsOf(client, { blockHash: place.blockHash, transactions })
  const { nodes } = proveReceipt({ receipts: receipts.map(receiptBytes), index })
  const own = await client.getTransactionReceipt({ hash: place.transaction as Hex })
  const log = eventOf(own, { head, contract, by })
  const chain = {
    chainId,
    contract,
    header: toBase64url(header),
    receipt: { index, nodes: nodes.map(toBase64url), log },
  }
  requireSame(chain, head)
  return chain
}

/** The parts came from one endpoint: here they are held against the block's hash and against what was anchored. */
function requireSame(chain: AnchorProofChain, head: AnchorHead): void {
  try {
    const { event } = verifyChainProof(chain)
    if (event.size === head.size && equalBytes(event.root, head.root)) return
  } catch (cause) {
    throw new TalosError('ANCHOR_PROOF_UNAVAILABLE', { reason: 'the receipts are not those of the block' }, { cause })
  }
  throw unavailable('the event is another one')
}

async function receiptsOf(
  client: PublicClient,
  { blockHash, transactions }: { readonly blockHash: string; readonly transactions: readonly unknown[] },
): Promise<readonly RpcObject[]> {
  if (transactions.length > MAX_RECEIPTS) throw unavailable('the block has too many transactions')
  const all = await allReceipts(client, blockHash)
  if (all !== undefined) return all
  const receipts: RpcObject[] = []
  for (let start = 0; start < transactions.length; start += RECEIPTS_AT_ONCE) {
    const some = transactions.slice(start, start + RECEIPTS_AT_ONCE)
    receipts.push(...(await Promise.all(some.map((hash) => oneReceipt(client, hash as Hex)))))
  }
  return receipts
}

/** Not every endpoint knows this method. */
async function allReceipts(client: PublicClient, blockHash: string): Promise<readonly RpcObject[] | undefined> {
  try {
    const request = client.request as (call: { method: string; params: unknown[] }) => Promise<unknown>
    const receipts = await request({ method: 'eth_getBlockReceipts', params: [blockHash] })
    return Array.isArray(receipts) ? receipts : undefined
  } catch {
    return undefined
  }
}

async function oneReceipt(client: PublicClient, hash: Hex): Promise<RpcObject> {
  const receipt: RpcObject | null = await client.request({ method: 'eth_getTransactionReceipt', params: [hash] })
  if (receipt === null) throw unavailable('the endpoint does not have a receipt of the block')
  return receipt
}

function unavailable(reason: string): TalosError {
  return new TalosError('ANCHOR_PROOF_UNAVAILABLE', { reason })
}
