/**
 * Helpers over IPLD values: canonical member order, deep comparison in three truth values, JSON for display.
 */
import { Cid, equalBytes, fromUtf8, type IpldValue, type JsonValue, toBase64, utf8 } from '@talos/bytes'
import { type IpldMap, isIpldMap } from '@talos/identity'
import type { Spend } from './budget.ts'

/**
 * True, false, or undefined: not to be decided (Kleene's strong logic; spec 07-delegation, clause 7.5). Undecided never
 * allows anything, not even beneath `not`.
 */
export type Truth = boolean | undefined

/** The literal of a JSON number that is not a plain integer within 2^53 (spec 08-invocation, clause 8.4). */
const NUMBER_TEXT = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
/** The literals that travel as integers: one text per integer, so `-0` and `1.0` are not among them. */
const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,15})$/
const MAX_NUMBER_TEXT_BYTES = 1_024

/** Whether a JSON number's literal is carried as an IPLD integer. */
export function isPlainInteger(literal: string): boolean {
  return PLAIN_INTEGER.test(literal) && Number.isSafeInteger(Number(literal))
}

/** The number literal that a byte string carries, where it carries one. */
export function numberTextOf(value: Uint8Array): string | undefined {
  if (value.length === 0 || value.length > MAX_NUMBER_TEXT_BYTES || value.some((byte) => byte > 0x7f)) return undefined
  const text = fromUtf8(value)
  return NUMBER_TEXT.test(text) && !isPlainInteger(text) ? text : undefined
}

/** The members of a map in DAG-CBOR's order: shorter names first, then by their bytes. */
export function canonicalEntries(map: IpldMap): readonly (readonly [string, IpldValue])[] {
  return Object.entries(map)
    .map(([name, value]) => ({ name, value, bytes: utf8(name) }))
    .sort((left, right) => left.bytes.length - right.bytes.length || compareBytes(left.bytes, right.bytes))
    .map(({ name, value }) => [name, value] as const)
}

/**
 * Deep equality. Undecided where a number's text meets another number: 5 and 5.0 are one number to some readers.
 *
 * @param spend takes each compared value and the members of a map on the left; undecided where it refuses
 */
export function equalIpld(left: IpldValue, right: IpldValue, spend: Spend): Truth {
  if (!spend()) return undefined
  if (left instanceof Uint8Array || right instanceof Uint8Array) return equalWithBytes(left, right)
  if (left instanceof Cid || right instanceof Cid) {
    return left instanceof Cid && right instanceof Cid && left.equals(right)
  }
  if (Array.isArray(left) && Array.isArray(right)) return equalLists(left, right, spend)
  if (isIpldMap(left) && isIpldMap(right)) return equalMaps(left, right, spend)
  return left === right
}

/** DAG-JSON's forms for what JSON lacks: for people and exports, never for a signature. */
export function ipldToDisplayJson(value: IpldValue): JsonValue {
  if (value instanceof Uint8Array) return { '/': { bytes: toBase64(value) } }
  if (value instanceof Cid) return { '/': value.toString() }
  if (isIpldList(value)) return value.map(ipldToDisplayJson)
  if (!isIpldMap(value)) return value
  const shown: { [name: string]: JsonValue } = Object.create(null)
  for (const [name, member] of canonicalEntries(value)) shown[name] = ipldToDisplayJson(member)
  return shown
}

/** `Array.isArray`, for IPLD's read-only lists. */
export function isIpldList(value: IpldValue | undefined): value is readonly IpldValue[] {
  return Array.isArray(value)
}

function equalWithBytes(left: IpldValue, right: IpldValue): Truth {
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    if (equalBytes(left, right)) return true
    return numberTextOf(left) !== undefined && numberTextOf(right) !== undefined ? undefined : false
  }
  return isNumeric(left) && isNumeric(right) ? undefined : false
}

function isNumeric(value: IpldValue): boolean {
  return typeof value === 'number' || (value instanceof Uint8Array && numberTextOf(value) !== undefined)
}

function equalLists(left: readonly IpldValue[], right: readonly IpldValue[], spend: Spend): Truth {
  if (left.length !== right.length) return false
  return conjunction(left.map((item, index) => equalIpld(item, right[index] as IpldValue, spend)))
}

function equalMaps(left: IpldMap, right: IpldMap, spend: Spend): Truth {
  const names = Object.keys(left)
  if (!spend(names.length)) return undefined
  if (names.length !== Object.keys(right).length || !names.every((name) => Object.hasOwn(right, name))) return false
  return conjunction(names.map((name) => equalIpld(left[name] as IpldValue, right[name] as IpldValue, spend)))
}

/** Kleene's "and": false if one is false, else undecided if one is. */
export function conjunction(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false
  return truths.includes(undefined) ? undefined : true
}

/** Kleene's "or": true if one is true, else undecided if one is. */
export function disjunction(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true
  return truths.includes(undefined) ? undefined : false
}

/** Kleene's "not". */
export function negation(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const index = left.findIndex((byte, at) => byte !== right[at])
  return Number(left.at(index)) - Number(right.at(index))
}
