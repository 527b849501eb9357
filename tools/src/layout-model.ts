/** The parsed form of the layout profile: fixed binary forms, field after field (contracts/spec/01-forms.md, clause 1.7). */
import { fields, type JsonObject, only, Refusal, text, whole } from './schema-json.ts'
import { FILE_NAME } from './schema-model.ts'

type IntegerType = 'u8' | 'u16' | 'u32' | 'u64'
type PrefixType = 'u8' | 'u16' | 'u32'

interface Named {
  readonly name: string
  readonly description: string | undefined
}

type Shape =
  | {
      readonly kind: 'integer'
      readonly type: IntegerType
      readonly min: number
      readonly max: number
      readonly constant: boolean
    }
  | { readonly kind: 'constant'; readonly bytes: readonly number[] }
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'prefixed'; readonly prefix: PrefixType; readonly min: number; readonly max: number }
  | { readonly kind: 'rest'; readonly min: number; readonly max: number }

export type LayoutField = Named & Shape

export interface LayoutFile {
  readonly id: string
  readonly title: string
  readonly description: string | undefined
  readonly clause: string | undefined
  readonly fields: readonly LayoutField[]
  /** Length of the whole in bytes, where every value has the same. */
  readonly sizeBytes: number | undefined
}

const MAX_OF: Readonly<Record<IntegerType, number>> = {
  u8: 0xff,
  u16: 0xffff,
  u32: 0xffff_ffff,
  u64: Number.MAX_SAFE_INTEGER,
}
const SIZE_OF: Readonly<Record<IntegerType, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 }

/** @throws Refusal */
export function parseLayoutFile(name: string, value: unknown): LayoutFile {
  const root = fields(value, name)
  only(root, ['$id', 'title', 'description', 'x-clause', 'fields'], name)
  const id = text(root, '$id', name)
  if (!FILE_NAME.test(id) || `${id}.layout.json` !== name)
    throw new Refusal(name, '$id must be the kebab-case name of the file')
  const list = root['fields']
  if (!Array.isArray(list) || list.length === 0) throw new Refusal(name, 'fields is a list that is not empty')
  const parsed = list.map((field: unknown, index) =>
    parseField(fields(field, `${name}#/fields/${index}`), `${name}#/fields/${index}`),
  )
  if (new Set(parsed.map((field) => field.name)).size !== parsed.length)
    throw new Refusal(name, 'two fields have one name')
  const rest = parsed.findIndex(({ kind }) => kind === 'rest')
  if (rest !== -1 && rest !== parsed.length - 1) throw new Refusal(name, 'the field with rest is the last one')
  return {
    id,
    title: text(root, 'title', name),
    description: root['description'] === undefined ? undefined : text(root, 'description', name),
    clause: root['x-clause'] === undefined ? undefined : text(root, 'x-clause', name),
    fields: parsed,
    sizeBytes: totalSize(parsed),
  }
}

function parseField(field: JsonObject, at: string): LayoutField {
  const name = text(field, 'name', at)
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) throw new Refusal(at, 'a field is named in lower camel case')
  const description = field['description'] === undefined ? undefined : text(field, 'description', at)
  const { name: _, description: __, type, ...rest } = field
  if (type === 'u8' || type === 'u16' || type === 'u32' || type === 'u64') {
    return { name, description, ...parseInteger(type, rest, at) }
  }
  if (type !== 'bytes') throw new Refusal(at, 'type is u8, u16, u32, u64 or bytes')
  return { name, description, ...parseBytes(rest, at) }
}

function parseInteger(type: IntegerType, rest: JsonObject, at: string): Shape {
  const constant = whole(rest, 'const', at)
  only(rest, constant === undefined ? ['minimum', 'maximum'] : ['const'], at)
  const min = constant ?? whole(rest, 'minimum', at) ?? 0
  const max = constant ?? whole(rest, 'maximum', at) ?? MAX_OF[type]
  if (min < 0 || min > max || max > MAX_OF[type]) throw new Refusal(at, `the value does not fit ${type}`)
  return { kind: 'integer', type, min, max, constant: constant !== undefined }
}

function parseBytes(rest: JsonObject, at: string): Shape {
  if (rest['const'] !== undefined) {
    only(rest, ['const'], at)
    const hex = text(rest, 'const', at)
    if (!/^(?:[0-9a-f]{2})+$/.test(hex)) throw new Refusal(at, 'const of bytes is lower-case hexadecimal')
    return { kind: 'constant', bytes: [...Buffer.from(hex, 'hex')] }
  }
  if (rest['length'] !== undefined) {
    only(rest, ['length'], at)
    const length = whole(rest, 'length', at)
    if (length === undefined || length < 1) throw new Refusal(at, 'length is at least 1')
    return { kind: 'fixed', length }
  }
  const prefix = rest['lengthPrefix']
  only(rest, [prefix === undefined ? 'rest' : 'lengthPrefix', 'minLength', 'maxLength'], at)
  const min = whole(rest, 'minLength', at) ?? 0
  const max = whole(rest, 'maxLength', at)
  if (max === undefined) throw new Refusal(at, 'maxLength is due: everything has a limit')
  if (min < 0 || min > max) throw new Refusal(at, 'minLength and maxLength do not fit each other')
  if (prefix === undefined) {
    if (rest['rest'] !== true) throw new Refusal(at, 'bytes have const, length, lengthPrefix or rest')
    return { kind: 'rest', min, max }
  }
  if (prefix !== 'u8' && prefix !== 'u16' && prefix !== 'u32') throw new Refusal(at, 'lengthPrefix is u8, u16 or u32')
  if (max > MAX_OF[prefix]) throw new Refusal(at, `maxLength does not fit ${prefix}`)
  return { kind: 'prefixed', prefix, min, max }
}

function totalSize(list: readonly LayoutField[]): number | undefined {
  let size = 0
  for (const field of list) {
    if (field.kind === 'integer') size += SIZE_OF[field.type]
    else if (field.kind === 'fixed') size += field.length
    else if (field.kind === 'constant') size += field.bytes.length
    else return undefined
  }
  return size
}
