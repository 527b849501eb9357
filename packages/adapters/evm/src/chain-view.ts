/**
 * What endpoints see of a transaction, and what is made of it (contracts/spec/25-anchor.md, clause 25.4).
 *
 * A receipt alone says little: the block that it names must be the one that the same endpoint has at that height, and enough
 * endpoints must name the same block.
 */
import { ANCHORED_TOPIC, decodeEvent } from '@talos/anchor'
import { equalBytes, fromHex, toHex } from '@talos/bytes'
import type { AnchorHead, AnchorPlace, AnchorStatus } from '@talos/ports'
import type { Hex, PublicClient, TransactionReceipt } from 'viem'
import { TransactionReceiptNotFoundError } from 'viem'
import type { Confirmations } from './options.ts'

/** One endpoint's view. */
export interface View {
  /** Where the transaction is; undefined where this endpoint's chain does not have it. */
  readonly place: AnchorPlace | undefined
  /** Whether it was carried out and has the event. */
  readonly isGood: boolean
  /** Blocks from its own to the newest, its own counted; 0 where there is none. */
  readonly confirmations: number
  /** Whether the chain calls its block final; only looked at where that is asked for. */
  readonly isFinalized: boolean
  /** The sender's next nonce by the newest block. */
  readonly nonce: number
}

export interface LookOptions {
  /** Of the attempts, one of which counts at most. */
  readonly hashes: readonly string[]
  readonly head: AnchorHead
  readonly contract: string
  readonly by: string
  readonly confirmations: Confirmations
}

/** Asks one endpoint. */
export async function look(client: PublicClient, options: LookOptions): Promise<View> {
  const { hashes, by, confirmations } = options
  const [newest, nonce, finalized, ...receipts] = await Promise.all([
    client.getBlockNumber(),
    client.getTransactionCount({ address: by as Hex, blockTag: 'latest' }),
    confirmations === 'finalized' ? client.getBlock({ blockTag: 'finalized' }) : undefined,
    ...hashes.map((hash) => receiptOf(client, hash)),
  ])
  const nothing = { place: undefined, isGood: false, confirmations: 0, isFinalized: false, nonce }
  const receipt = receipts.find((each) => each !== undefined)
  if (receipt === undefined) return nothing
  const { blockNumber, blockHash, transactionHash } = receipt
  const { hash } = await client.getBlock({ blockNumber })
  if (hash !== blockHash) return nothing
  return {
    place: { transaction: transactionHash, blockNumber: Number(blockNumber), blockHash },
    isGood: receipt.status === 'success' && eventOf(receipt, options) !== -1,
    confirmations: Math.max(1, Number(newest - blockNumber) + 1),
    isFinalized: finalized !== undefined && (finalized.number ?? -1n) >= blockNumber,
    nonce,
  }
}

/** Position of the anchor's event in a receipt; -1 where it has none. */
export function eventOf(
  { logs }: Pick<TransactionReceipt, 'logs'>,
  { head, contract, by }: Pick<LookOptions, 'head' | 'contract' | 'by'>,
): number {
  return logs.findIndex(({ address, topics, data }) => {
    if (address.toLowerCase() !== contract) return false
    const [signature] = topics
    if (signature === undefined || signature.slice(2) !== toHex(ANCHORED_TOPIC)) return false
    const event = decodeEvent({ address: bytesOf(address), topics: topics.map(bytesOf), data: bytesOf(data) })
    return event.by === by && event.size === head.size && equalBytes(event.root, head.root)
  })
}

/** What the views say together. `failed`: it is there and anchored nothing. `spent`: its nonce was used by another one. */
export type Judgement =
  | AnchorStatus
  | { readonly state: 'failed'; readonly transaction: string }
  | { readonly state: 'spent' }

export interface JudgeOptions {
  readonly views: readonly View[]
  readonly quorum: number
  readonly confirmations: Confirmations
  readonly nonce: number
  /** The newest attempt. */
  readonly transaction: string
}

export function judge({ views, quorum, confirmations, nonce, transaction }: JudgeOptions): Judgement {
  const places = views.map(({ place }) => place?.blockHash)
  const agreed = views.find(({ place }) => place && count(places, place.blockHash) >= quorum)
  if (agreed?.place === undefined) {
    if (views.every(({ place, nonce: next }) => place === undefined && next > nonce)) return { state: 'spent' }
    return { state: 'pending', transaction }
  }
  const { place } = agreed
  const same = views.filter((view) => view.place?.blockHash === place.blockHash)
  if (same.filter(({ isGood }) => isGood).length < quorum) return { state: 'failed', transaction: place.transaction }
  // Those who are least far behind, as many as must agree; a view of another block at that height speaks against it.
  const depths = same.map((view) => view.confirmations).sort((left, right) => right - left)
  const depth = depths[quorum - 1] ?? 0
  const isDeep =
    confirmations === 'finalized'
      ? count(
          same.map((view) => view.isFinalized),
          true,
        ) >= quorum
      : depth >= confirmations
  return {
    state: isDeep ? 'final' : 'included',
    place,
    confirmations: depth,
    needed: confirmations === 'finalized' ? 0 : confirmations,
  }
}

async function receiptOf(client: PublicClient, hash: string): Promise<TransactionReceipt | undefined> {
  try {
    return await client.getTransactionReceipt({ hash: hash as Hex })
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return undefined
    throw error
  }
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.slice(2).toLowerCase())
}

function count<T>(values: readonly T[], wanted: T): number {
  return values.filter((value) => value === wanted).length
}
