/**
 * Block headers (Ethereum yellow paper, section 4.4; contracts/spec/25-anchor.md, clause 25.5).
 *
 * A block's hash is the Keccak-256 of its header's RLP. Forks have only ever added members at the end: 15 in the beginning,
 * 16 since London, 17 since Shanghai, 20 since Cancun, 21 since Prague; other chains have added their own. What an anchor
 * needs stands among the first 15, so further ones are read as what they are, bytes that the hash covers.
 */
import { TalosError } from '@talos/errors'
import { listOf, stringOf } from './items.ts'
import { keccak256 } from './keccak.ts'
import { decodeRlp, decodeUint, type RlpItem } from './rlp.ts'

/** Ethereum's has about 650 bytes; chains whose validators sign in it have up to a few thousand. */
export const HEADER_MAX_BYTES = 4_096
/** 21 are in use; those that later forks add fit as well. */
export const HEADER_MAX_MEMBERS = 32

export interface BlockHeader {
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** 32 bytes. */
  readonly parentHash: Uint8Array
  /** Root of the trie of receipts, 32 bytes. */
  readonly receiptsRoot: Uint8Array
  readonly number: number
  /** Seconds since 1970, as whoever made the block says. */
  readonly timestampS: number
}

/** Lengths of the first members, in their order; undefined where they vary. */
const LENGTHS: readonly (number | undefined)[] = [
  32, // parentHash
  32, // ommersHash
  20, // beneficiary
  32, // stateRoot
  32, // transactionsRoot
  32, // receiptsRoot
  256, // logsBloom
  undefined, // difficulty
  undefined, // number
  undefined, // gasLimit
  undefined, // gasUsed
  undefined, // timestamp
  undefined, // extraData
  32, // mixHash, or prevRandao
  8, // nonce
]

/** Reads a header from its exact bytes. @throws TalosError `ANCHOR_HEADER_INVALID`, `RLP_INVALID` */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length > HEADER_MAX_BYTES) throw invalid('it has too many bytes')
  const members = listOf(decodeRlp(bytes))
  if (members === undefined) throw invalid('it is no list')
  if (members.length > HEADER_MAX_MEMBERS) throw invalid('it has too many members')
  for (const member of members) required(member)
  for (const [position, lengthBytes] of LENGTHS.entries()) required(members[position], lengthBytes)
  const [parentHash, , , , , receiptsRoot, , , number, , , timestamp] = members
  return {
    hash: keccak256(bytes),
    parentHash: required(parentHash),
    receiptsRoot: required(receiptsRoot),
    number: decodeUint(required(number)),
    timestampS: decodeUint(required(timestamp)),
  }
}

function required(member: RlpItem | undefined, lengthBytes?: number): Uint8Array {
  const bytes = stringOf(member, lengthBytes)
  if (bytes === undefined) throw invalid('a member has another form')
  return bytes
}

function invalid(reason: string): TalosError {
  return new TalosError('ANCHOR_HEADER_INVALID', { reason })
}
