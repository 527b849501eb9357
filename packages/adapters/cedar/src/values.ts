/**
 * A call's arguments as values of Cedar (docs/cedar.md, Arguments). The mapping is one to one but for lists, which Cedar
 * has as sets only.
 */
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { Cid, fromUtf8, type IpldValue, toHex } from '@talos/bytes'

/** A member of one of these names would be read as an entity or as a call of an extension, not as a member. */
const ESCAPES: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr'])
/** What Cedar's `decimal` holds: 64 bits of which four digits stand after the point. */
const DECIMAL = /^-?[0-9]{1,15}\.[0-9]{1,4}$/
/** The numbers of JSON: what a byte string of the arguments is, unless the caller speaks no JSON. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/

/** The value in Cedar's JSON form, or undefined where a member of it has a name that Cedar's JSON form cannot say. */
function cedarValue(value: IpldValue): CedarValueJson | undefined {
  if (value === null) return entity('Talos::Null', 'null')
  if (typeof value !== 'object') return value
  if (value instanceof Uint8Array) return bytesValue(value)
  if (value instanceof Cid) return entity('Talos::Link', value.toString())
  return isList(value) ? setOf(value) : recordOf(value)
}

/** A map as a record of Cedar; undefined as for {@link cedarValue}. */
export function recordOf(map: { readonly [member: string]: IpldValue }): Record<string, CedarValueJson> | undefined {
  const members: [string, CedarValueJson][] = []
  for (const [name, member] of Object.entries(map)) {
    const value = ESCAPES.has(name) ? undefined : cedarValue(member)
    if (value === undefined) return undefined
    members.push([name, value])
  }
  return Object.fromEntries(members)
}

function setOf(list: readonly IpldValue[]): CedarValueJson[] | undefined {
  const values: CedarValueJson[] = []
  for (const item of list) {
    const value = cedarValue(item)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}

/** A number of the arguments that is no integer of 53 bits is a byte string: its own characters (8.4). */
function bytesValue(bytes: Uint8Array): CedarValueJson {
  const text = asciiOf(bytes)
  if (DECIMAL.test(text) && NUMBER.test(text)) return { __extn: { fn: 'decimal', arg: text } }
  return NUMBER.test(text) ? entity('Talos::Number', text) : entity('Talos::Bytes', toHex(bytes))
}

function asciiOf(bytes: Uint8Array): string {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? fromUtf8(bytes) : ''
}

function entity(type: string, id: string): CedarValueJson {
  return { __entity: { type, id } }
}

function isList(value: object): value is readonly IpldValue[] {
  return Array.isArray(value)
}
