/**
 * RLP, the encoding of blocks and receipts (Ethereum yellow paper, appendix B; contracts/spec/25-anchor.md, clause 25.5).
 *
 * Reading is strict: one encoding for each value, nothing after it, depth and count bounded before anything is built.
 */
import { concatBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** A string of bytes, or a list of such. */
export type RlpItem = Uint8Array | readonly RlpItem[]

/** A receipt nests four deep: its logs, one log, its topics, a topic. */
export const RLP_MAX_DEPTH = 8
/** Items of one encoding, at every depth; a receipt of a block's whole gas has fewer. */
export const RLP_MAX_ITEMS = 65_536
/** Longer ones do not fit a transaction of today's chains. */
export const RLP_MAX_BYTES = 1_048_576

const SHORT_STRING = 0x80
const LONG_STRING = 0xb8
const SHORT_LIST = 0xc0
const LONG_LIST = 0xf8
/** Payloads of up to so many bytes have their length in the first byte. */
const SHORT_MAX_BYTES = 55

/** Encodes an item. */
export function encodeRlp(item: RlpItem): Uint8Array {
  if (item instanceof Uint8Array) {
    const [first = SHORT_STRING] = item
    return item.length === 1 && first < SHORT_STRING ? item : concatBytes(head(item.length, SHORT_STRING), item)
  }
  const body = concatBytes(...item.map(encodeRlp))
  return concatBytes(head(body.length, SHORT_LIST), body)
}

/** Decodes the bytes of exactly one item; strings share their memory. @throws TalosError `RLP_INVALID` */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  if (bytes.length > RLP_MAX_BYTES) throw invalid('it has too many bytes')
  const budget = { items: RLP_MAX_ITEMS }
  const { item, end } = readItem(bytes, { start: 0, limit: bytes.length, depth: 0, budget })
  if (end !== bytes.length) throw invalid('bytes follow it')
  return item
}

/** The big-endian bytes of a number without leading zeros; none for 0. */
export function encodeUint(value: number | bigint): Uint8Array {
  let hex = value.toString(16)
  if (hex === '0') return new Uint8Array(0)
  if (hex.length % 2 === 1) hex = `0${hex}`
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  )
}

/** A number from its bytes without leading zeros, 2^53 - 1 at most. @throws TalosError `RLP_INVALID` */
export function decodeUint(bytes: Uint8Array): number {
  const [first = 1] = bytes
  if (first === 0) throw invalid('a number begins with a zero')
  const value = bytes.length > 7 ? Number.POSITIVE_INFINITY : bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (!Number.isSafeInteger(value)) throw invalid('a number is larger than 2^53 - 1')
  return value
}

interface Place {
  readonly start: number
  /** Where what holds the item ends. */
  readonly limit: number
  readonly depth: number
  readonly budget: { items: number }
}

interface Payload {
  readonly isList: boolean
  readonly start: number
  readonly end: number
}

function readItem(bytes: Uint8Array, place: Place): { readonly item: RlpItem; readonly end: number } {
  place.budget.items -= 1
  if (place.budget.items < 0) throw invalid('it has too many items')
  if (place.depth > RLP_MAX_DEPTH) throw invalid('it nests too deep')
  const { isList, start, end } = readHead(bytes, place)
  if (!isList) return { item: bytes.subarray(start, end), end }
  const items: RlpItem[] = []
  for (let next = start; next < end; ) {
    const inner = readItem(bytes, { start: next, limit: end, depth: place.depth + 1, budget: place.budget })
    items.push(inner.item)
    next = inner.end
  }
  return { item: items, end }
}

function readHead(bytes: Uint8Array, { start, limit }: Place): Payload {
  if (start >= limit) throw invalid('it ends too early')
  const first = byteAt(bytes, start)
  if (first < SHORT_STRING) return { isList: false, start, end: start + 1 }
  const isList = first >= SHORT_LIST
  const base = isList ? SHORT_LIST : SHORT_STRING
  const long = isList ? LONG_LIST : LONG_STRING
  const lengthBytes = first < long ? 0 : first - long + 1
  const payload = start + 1 + lengthBytes
  if (payload > limit) throw invalid('it ends too early')
  const length = lengthBytes === 0 ? first - base : longLength(bytes.subarray(start + 1, payload))
  if (payload + length > limit) throw invalid('it ends too early')
  if (!isList && length === 1 && byteAt(bytes, payload) < SHORT_STRING) throw invalid('a byte has a length of its own')
  return { isList, start: payload, end: payload + length }
}

function longLength(bytes: Uint8Array): number {
  const length = decodeUint(bytes)
  if (length <= SHORT_MAX_BYTES) throw invalid('a short length is written long')
  return length
}

function head(length: number, base: number): Uint8Array {
  if (length <= SHORT_MAX_BYTES) return Uint8Array.of(base + length)
  const digits = encodeUint(length)
  return concatBytes(Uint8Array.of(base + SHORT_MAX_BYTES + digits.length), digits)
}

function byteAt(bytes: Uint8Array, position: number): number {
  return Number(bytes[position])
}

function invalid(reason: string): TalosError {
  return new TalosError('RLP_INVALID', { reason })
}
