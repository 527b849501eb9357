/**
 * Deterministic DAG-CBOR, writing side (clause 2.2 of contracts/spec/02-canonical.md). cborg writes the bytes; what it
 * would tolerate and DAG-CBOR or this project does not (floats, undefined, foreign classes) is refused before.
 */
import { TalosError } from '@talos/errors'
import { encode, Token, Type } from 'cborg'
import { concatBytes } from './bytes.ts'
import { Cid } from './cid.ts'
import { DEFAULT_MAX_DEPTH, refuseTooDeep } from './limits.ts'

/** What DAG-CBOR can say here: the IPLD data model without floats, with CIDs of one kind. */
export type IpldValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Cid
  | readonly IpldValue[]
  | { readonly [name: string]: IpldValue }

/** DAG-CBOR's only tag: a link. Its content is a zero byte (multibase identity) and the CID. */
export const CID_TAG = 42

const IDENTITY_PREFIX = Uint8Array.of(0x00)

const ENCODE_OPTIONS = {
  typeEncoders: {
    Object: (value: object) =>
      Cid.is(value)
        ? [new Token(Type.tag, CID_TAG), new Token(Type.bytes, concatBytes(IDENTITY_PREFIX, value.bytes))]
        : null,
  },
}

/**
 * Writes the one deterministic form: shortest lengths, keys sorted by length and then bytewise. Negative zero is zero.
 *
 * @throws CBOR_INVALID for a value outside the model: a float, an integer beyond ±(2^53 - 1), undefined, a lone surrogate,
 *   an object of another class; INPUT_TOO_DEEP beyond DEFAULT_MAX_DEPTH, which also ends a cycle
 */
export function encodeCbor(value: IpldValue): Uint8Array {
  refuseUnlessIpld(value, 0)
  return new Uint8Array(encode(value, ENCODE_OPTIONS))
}

function refuseUnlessIpld(value: unknown, depth: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') refuseUnlessWellFormed(value)
  else if (typeof value === 'number') refuseUnlessInteger(value)
  else if (typeof value === 'object') refuseUnlessIpldObject(value, depth)
  else throw invalid(`a value of type ${typeof value}`)
}

function refuseUnlessIpldObject(value: object, depth: number): void {
  if (value instanceof Uint8Array || Cid.is(value)) return
  refuseTooDeep(depth + 1, DEFAULT_MAX_DEPTH)
  if (Array.isArray(value)) {
    for (const item of value) refuseUnlessIpld(item, depth + 1)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw invalid('an object of a class')
  for (const name of Reflect.ownKeys(value)) {
    if (typeof name !== 'string') throw invalid('a member named by a symbol')
    refuseUnlessWellFormed(name)
    refuseUnlessIpld(Reflect.get(value, name), depth + 1)
  }
}

function refuseUnlessInteger(value: number): void {
  if (!Number.isSafeInteger(value)) throw invalid('a number that is not an integer within 2^53')
}

function refuseUnlessWellFormed(text: string): void {
  if (!text.isWellFormed()) throw invalid('a text with a lone surrogate')
}

function invalid(reason: string): TalosError {
  return new TalosError('CBOR_INVALID', { reason })
}
