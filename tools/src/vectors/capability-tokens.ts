/**
 * Signed envelopes for the capability vectors, built with `node:crypto` and an encoder of their own: never with the code
 * that the vectors test.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'

/** The CID of a token. */
export class Link {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
}

export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Link
  | readonly Value[]
  | { readonly [name: string]: Value }

export interface Agent {
  readonly did: string
  readonly key: KeyObject
}

export interface Token {
  readonly bytes: Buffer
  readonly link: Link
}

/** Varsig of Ed25519 over DAG-CBOR (4.3). */
const HEADER = Buffer.from('3401ed01ed011371', 'hex')
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The agent whose Ed25519 seed is 32 times `byte`. */
export function agent(byte: number): Agent {
  const der = Buffer.concat([PKCS8_ED25519, Buffer.alloc(32, byte)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { did: `did:key:z${base58(Buffer.concat([Buffer.from('ed01', 'hex'), publicKey]))}`, key }
}

/** An envelope; `header` and `corrupt` make bad ones. */
export function token(
  signer: Agent,
  tag: string,
  payload: { readonly [name: string]: Value },
  spoil: { readonly header?: Buffer; readonly corrupt?: boolean } = {},
): Token {
  const signed = cbor({ h: spoil.header ?? HEADER, [tag]: { iss: signer.did, ...payload } })
  const signature = sign(null, signed, signer.key)
  if (spoil.corrupt === true) signature.writeUInt8(signature.readUInt8(0) ^ 1, 0)
  const bytes = Buffer.concat([Buffer.from('825840', 'hex'), signature, signed])
  return { bytes, link: linkTo(bytes) }
}

export function linkTo(bytes: Uint8Array): Link {
  return new Link(Buffer.concat([Buffer.from('01711220', 'hex'), createHash('sha256').update(bytes).digest()]))
}

/** `bafyrei…`, the text form of a link. */
export function linkText({ bytes }: Link): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return `b${groups.map((group) => alphabet.charAt(Number.parseInt(group.padEnd(5, '0'), 2))).join('')}`
}

/** Deterministic DAG-CBOR (RFC 8949, 4.2.3: shorter keys first). */
export function cbor(value: Value): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (value instanceof Link) return Buffer.concat([head(6, 42), head(2, 37), Buffer.of(0), value.bytes])
  if (isList(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)])
  const members = Object.entries(value)
    .map(([name, member]) => ({ key: cbor(name), member: cbor(member) }))
    .sort((left, right) => left.key.length - right.key.length || Buffer.compare(left.key, right.key))
  return Buffer.concat([head(5, members.length), ...members.flatMap(({ key, member }) => [key, member])])
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value)
}

function head(major: number, argument: number): Buffer {
  const first = major << 5
  if (argument < 24) return Buffer.of(first | argument)
  if (argument < 0x100) return Buffer.of(first | 24, argument)
  const wide = Buffer.alloc(9)
  if (argument < 0x1_0000) {
    wide.writeUInt8(first | 25)
    wide.writeUInt16BE(argument, 1)
    return wide.subarray(0, 3)
  }
  if (argument < 0x1_0000_0000) {
    wide.writeUInt8(first | 26)
    wide.writeUInt32BE(argument, 1)
    return wide.subarray(0, 5)
  }
  wide.writeUInt8(first | 27)
  wide.writeBigUInt64BE(BigInt(argument), 1)
  return wide
}

function base58(bytes: Buffer): string {
  let number = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  while (number > 0n) {
    text = BASE58.charAt(Number(number % 58n)) + text
    number /= 58n
  }
  return text
}
