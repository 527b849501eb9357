/**
 * Blocks and receipts as endpoints give them, put back into the bytes that the chain hashed (contracts/spec/25-anchor.md,
 * clause 25.6). Nothing is believed: the bytes are held against the block's hash and its root of receipts.
 */

import { encodeRlp, encodeUint, keccak256, type RlpItem } from '@talos/anchor'
import { concatBytes, equalBytes, fromHex } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** JSON objects of the RPC interface: quantities and data are hexadecimal with 0x before them. */
export type RpcObject = Readonly<Record<string, unknown>>

type Kind = 'data' | 'quantity'
type Member = readonly [name: string, kind: Kind]

/** Members of a header in their order. */
const HEADER: readonly Member[] = [
  ['parentHash', 'data'],
  ['sha3Uncles', 'data'],
  ['miner', 'data'],
  ['stateRoot', 'data'],
  ['transactionsRoot', 'data'],
  ['receiptsRoot', 'data'],
  ['logsBloom', 'data'],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'data'],
  ['mixHash', 'data'],
  ['nonce', 'data'],
]
/** What forks added, in their order; a header ends before the first that its block does not have. */
const ADDED: readonly Member[] = [
  ['baseFeePerGas', 'quantity'],
  ['withdrawalsRoot', 'data'],
  ['blobGasUsed', 'quantity'],
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 'data'],
  ['requestsHash', 'data'],
  ['blockAccessListHash', 'data'],
]
/** Deposits of the OP stack have two members more. */
const OP_DEPOSIT = 0x7e
const DEPOSIT_MEMBERS: readonly Member[] = [
  ['depositNonce', 'quantity'],
  ['depositReceiptVersion', 'quantity'],
]

/** RLP of a header whose hash is the given one (0x and 64 digits). @throws TalosError `ANCHOR_PROOF_UNAVAILABLE` */
export function headerBytes(block: RpcObject, hash: string): Uint8Array {
  const header = encodeRlp([...HEADER.map((member) => itemOf(block, member)), ...present(block, ADDED)])
  if (!equalBytes(keccak256(header), dataOf(hash))) throw unavailable('the header has another form than those known')
  return header
}

/** A receipt as it stands in the trie. @throws TalosError `ANCHOR_PROOF_UNAVAILABLE` */
export function receiptBytes(receipt: RpcObject): Uint8Array {
  const type = Number(receipt['type'] ?? '0x0')
  const logs = receipt['logs']
  if (!Array.isArray(logs)) throw unavailable('a receipt has no events')
  const body = encodeRlp([
    itemOf(receipt, ['status', 'quantity']),
    itemOf(receipt, ['cumulativeGasUsed', 'quantity']),
    itemOf(receipt, ['logsBloom', 'data']),
    logs.map(logOf),
    ...(type === OP_DEPOSIT ? present(receipt, DEPOSIT_MEMBERS) : []),
  ])
  return type === 0 ? body : concatBytes(Uint8Array.of(type), body)
}

function logOf(log: RpcObject): RlpItem {
  const topics = log['topics']
  if (!Array.isArray(topics)) throw unavailable('an event has no topics')
  return [itemOf(log, ['address', 'data']), topics.map(dataOf), itemOf(log, ['data', 'data'])]
}

function present(from: RpcObject, members: readonly Member[]): RlpItem[] {
  const end = members.findIndex(([name]) => from[name] === undefined || from[name] === null)
  return members.slice(0, end === -1 ? members.length : end).map((member) => itemOf(from, member))
}

function itemOf(from: RpcObject, [name, kind]: Member): Uint8Array {
  return kind === 'data' ? dataOf(from[name]) : encodeUint(quantityOf(from[name]))
}

function dataOf(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) throw unavailable('a member is no bytes')
  return fromHex(value.slice(2).toLowerCase())
}

function quantityOf(value: unknown): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw unavailable('a member is no number')
  return BigInt(value)
}

function unavailable(reason: string): TalosError {
  return new TalosError('ANCHOR_PROOF_UNAVAILABLE', { reason })
}
