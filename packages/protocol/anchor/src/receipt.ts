/**
 * Transaction receipts as they stand in the trie of a block (EIP-2718, EIP-658; contracts/spec/25-anchor.md, clause 25.5).
 *
 *     receipt = RLP [status, cumulative gas, bloom, logs]           legacy transactions
 *     receipt = type || RLP [status, cumulative gas, bloom, logs]   typed ones
 *     log     = [address, [topic, ...], data]
 *
 * Chains of their own add members at the end of receipts of their own types; they are allowed and not read.
 */
import { TalosError } from '@talos/errors'
import { listOf, stringOf } from './items.ts'
import { decodeRlp, decodeUint, type RlpItem } from './rlp.ts'

/** Events of one receipt; at 375 gas each, more than 4,096 would need 1.5 million. */
export const RECEIPT_MAX_LOGS = 4_096
const ADDRESS_BYTES = 20
const TOPIC_BYTES = 32
const BLOOM_BYTES = 256
const MAX_TOPICS = 4
/** Above it, the first byte is that of an RLP list: a legacy receipt. */
const MAX_TYPE = 0x7f
/** Members that receipts of other chains have beyond the four. */
const MAX_FURTHER = 4

export interface ReceiptLog {
  /** 20 bytes. */
  readonly address: Uint8Array
  /** Up to four of 32 bytes. */
  readonly topics: readonly Uint8Array[]
  readonly data: Uint8Array
}

export interface Receipt {
  /** 0 for a legacy transaction. */
  readonly type: number
  /** Whether the transaction was carried out. */
  readonly succeeded: boolean
  readonly logs: readonly ReceiptLog[]
}

/** Reads a receipt from its exact bytes. @throws TalosError `ANCHOR_RECEIPT_INVALID`, `RLP_INVALID` */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const [first = 0] = bytes
  const type = first <= MAX_TYPE ? first : 0
  const members = listOf(decodeRlp(type === 0 ? bytes : bytes.subarray(1)))
  if (members === undefined) throw invalid('it is no list')
  const [status, gas, bloom, logs, ...further] = members
  if (type === 0 ? further.length > 0 : further.length > MAX_FURTHER) throw invalid('it has too many members')
  const entries = listOf(logs)
  if (entries === undefined) throw invalid('its events are no list')
  if (entries.length > RECEIPT_MAX_LOGS) throw invalid('it has too many events')
  if (stringOf(bloom, BLOOM_BYTES) === undefined) throw invalid('its bloom')
  decodeUint(required(gas))
  return { type, succeeded: statusOf(required(status)), logs: entries.map(logOf) }
}

/** One byte 1, or none. Before 2017 a root stood there, which says nothing about success. */
function statusOf(status: Uint8Array): boolean {
  const [first = 0] = status
  if (status.length > 1 || first !== status.length) throw invalid('its status')
  return first === 1
}

function logOf(item: RlpItem): ReceiptLog {
  const [address, topics, data, ...further] = listOf(item) ?? []
  const list = listOf(topics)
  if (list === undefined || list.length > MAX_TOPICS || further.length > 0) throw invalid('an event has another form')
  return {
    address: required(address, ADDRESS_BYTES),
    topics: list.map((topic) => required(topic, TOPIC_BYTES)),
    data: required(data),
  }
}

function required(item: RlpItem | undefined, lengthBytes?: number): Uint8Array {
  const bytes = stringOf(item, lengthBytes)
  if (bytes === undefined) throw invalid('a member has another form')
  return bytes
}

function invalid(reason: string): TalosError {
  return new TalosError('ANCHOR_RECEIPT_INVALID', { reason })
}
