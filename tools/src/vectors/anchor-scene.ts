/**
 * Headers, receipts and tries written out by hand: RLP and the one-node trie of a block with one transaction, made here
 * without the package under test.
 */
import { createHash } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'

export type Item = Uint8Array | readonly Item[]

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
export const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
export const base64url = (value: Uint8Array) => Buffer.from(value).toString('base64url')
export const keccak = (value: Uint8Array) => keccak_256(value)
export const fill = (length: number, value: number) => new Uint8Array(length).fill(value)

/** RLP in its plainest form. */
export function rlp(item: Item): Uint8Array {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && (item[0] ?? 0) < 0x80) return item
    return join(head(item.length, 0x80), item)
  }
  const body = join(...item.map(rlp))
  return join(head(body.length, 0xc0), body)
}

function head(length: number, base: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length)
  const digits = uint(length)
  return join(Uint8Array.of(base + 55 + digits.length), digits)
}

/** Big endian without leading zeros. */
export function uint(value: number): Uint8Array {
  if (value === 0) return new Uint8Array(0)
  const text = value.toString(16)
  return bytes(text.length % 2 === 0 ? text : `0${text}`)
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export const CONTRACT = fill(20, 0xaa)
export const SENDER = fill(20, 0xbb)
export const TOPIC = keccak(new Uint8Array(Buffer.from('Anchored(address,bytes32,uint64)')))

export const word = (value: Uint8Array) => join(fill(32 - value.length, 0), value)

/** The event of an anchor; each part may be another one. */
export function logItem(
  parts: {
    address?: Uint8Array
    topics?: readonly Uint8Array[]
    data?: Uint8Array
    root?: Uint8Array
    size?: number
  } = {},
): Item {
  const { root = fill(32, 1), size = 1 } = parts
  const { address = CONTRACT, topics = [TOPIC, word(SENDER), root], data = word(uint(size)) } = parts
  return [address, topics, data]
}

/** A receipt of type 2. */
export function receipt(
  logs: readonly Item[],
  { status = uint(1), type = Uint8Array.of(2), further = [] as readonly Item[], bloom = fill(256, 0) } = {},
): Uint8Array {
  return join(type, rlp([status, uint(23_900), bloom, logs, ...further]))
}

/** The trie of a block with one transaction: one leaf, whose path is the two digits of the key 0x80. */
export function oneLeaf(value: Uint8Array): Uint8Array {
  return rlp([bytes('2080'), value])
}

/** A header of so many members with a root of receipts. */
export function header(
  receiptsRoot: Uint8Array,
  {
    members = 21,
    number = 20_000_000,
    timestampS = 1_800_000_000,
    changed = {} as Readonly<Record<number, Item>>,
  } = {},
): Uint8Array {
  const all: Item[] = [
    fill(32, 1),
    fill(32, 2),
    fill(20, 3),
    fill(32, 4),
    fill(32, 5),
    receiptsRoot,
    fill(256, 0),
    uint(0),
    uint(number),
    uint(30_000_000),
    uint(23_900),
    uint(timestampS),
    new Uint8Array(Buffer.from('made by hand')),
    fill(32, 6),
    fill(8, 0),
    uint(7),
    fill(32, 7),
    uint(0),
    uint(0),
    fill(32, 8),
    new Uint8Array(createHash('sha256').digest()),
    fill(32, 9),
  ]
  while (all.length < members) all.push(fill(32, 10))
  return rlp(all.slice(0, members).map((item, position) => changed[position] ?? item))
}

/** Leaf hash of the tree (RFC 6962). */
export const leafHash = (leaf: Uint8Array) => sha256(join(Uint8Array.of(0), leaf))
export const nodeHash = (left: Uint8Array, right: Uint8Array) => sha256(join(Uint8Array.of(1), left, right))

export function sha256(value: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(value).digest())
}
