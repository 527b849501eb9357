/**
 * The event by which a chain holds the root of a log of logs (contracts/solidity/TalosAnchor.sol; contracts/spec/25-anchor.md,
 * clause 25.3).
 *
 *     event Anchored(address indexed by, bytes32 indexed root, uint64 size)
 */
import { equalBytes, toHex, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { keccak256 } from './keccak.ts'
import type { ReceiptLog } from './receipt.ts'
import { decodeUint } from './rlp.ts'

const SIGNATURE = 'Anchored(address,bytes32,uint64)'
const WORD_BYTES = 32
const ADDRESS_BYTES = 20

/** The first topic of every such event, 32 bytes. */
export const ANCHORED_TOPIC: Uint8Array = keccak256(utf8(SIGNATURE))

export interface AnchoredEvent {
  /** Who sent the transaction: an address in lower-case hexadecimal with 0x before it. */
  readonly by: string
  /** Root of the log of logs, 32 bytes. */
  readonly root: Uint8Array
  /** Its number of leaves, from 1 on. */
  readonly size: number
}

/** Reads the event from one entry of a receipt. @throws TalosError `ANCHOR_EVENT_MISMATCH` */
export function decodeEvent({ topics, data }: ReceiptLog): AnchoredEvent {
  const [signature, by, root, ...further] = topics
  if (signature === undefined || !equalBytes(signature, ANCHORED_TOPIC)) throw mismatch('it is another event')
  if (by === undefined || root === undefined || further.length > 0 || data.length !== WORD_BYTES) {
    throw mismatch('the event has another form')
  }
  if (by.subarray(0, WORD_BYTES - ADDRESS_BYTES).some((byte) => byte !== 0)) throw mismatch('its sender is no address')
  const size = sizeOf(data)
  return { by: addressOf(by.subarray(WORD_BYTES - ADDRESS_BYTES)), root, size }
}

/** An address of 20 bytes as text. */
export function addressOf(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`
}

function sizeOf(word: Uint8Array): number {
  const start = word.findIndex((byte) => byte !== 0)
  if (start === -1) throw mismatch('it anchors a log without leaves')
  try {
    return decodeUint(word.subarray(start))
  } catch (cause) {
    throw new TalosError('ANCHOR_EVENT_MISMATCH', { reason: 'its size is larger than 2^53 - 1' }, { cause })
  }
}

function mismatch(reason: string): TalosError {
  return new TalosError('ANCHOR_EVENT_MISMATCH', { reason })
}
