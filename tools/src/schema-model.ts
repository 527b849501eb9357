/**
 * The parsed form of the schema profile (contracts/spec/01-forms.md, clauses 1.2 to 1.5), the same for every target
 * language. Parsing refuses whatever the profile does not name; linking (schema-link.ts) resolves what crosses files.
 */

import { assertLinearPattern } from './pattern.ts'
import { fields, type JsonObject, only, Refusal, text, whole } from './schema-json.ts'

/** How a value of the schema travels; a library (only `$defs`) has none. */
export type Encoding = 'dag-cbor' | 'jcs' | 'json'

type Literal = string | number | boolean | null

interface Member {
  readonly name: string
  readonly description: string | undefined
  readonly required: boolean
  readonly node: SchemaNode
}

export type ValueType = 'null' | 'boolean' | 'integer' | 'string' | 'bytes' | 'cid' | 'array' | 'object'

export type SchemaNode =
  | {
      readonly kind: 'string'
      readonly minLength: number
      readonly maxLength: number
      readonly pattern: string | undefined
    }
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'null' }
  | { readonly kind: 'values'; readonly values: readonly Literal[] }
  | { readonly kind: 'array'; readonly items: SchemaNode; readonly minItems: number; readonly maxItems: number }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'map'; readonly values: SchemaNode; readonly maxProperties: number }
  | { readonly kind: 'nullable'; readonly inner: SchemaNode }
  | {
      readonly kind: 'variant'
      readonly discriminator: string
      readonly branches: readonly SchemaNode[]
      readonly at: string
    }
  | { readonly kind: 'byType'; readonly branches: readonly SchemaNode[]; readonly at: string }
  | { readonly kind: 'ref'; readonly file: string | undefined; readonly def: string | undefined; readonly at: string }
  | { readonly kind: 'bytes'; readonly minLength: number; readonly maxLength: number }
  | { readonly kind: 'cid' }
  | { readonly kind: 'any' }

/** A schema with a name: the root of a file or one of its `$defs`. */
export interface Definition {
  /** The key under `$defs`; undefined for the root. */
  readonly def: string | undefined
  readonly description: string | undefined
  readonly brand: string | undefined
  readonly node: SchemaNode
}

export interface SchemaFile {
  readonly id: string
  readonly title: string
  readonly description: string | undefined
  readonly clause: string | undefined
  readonly encoding: Encoding | undefined
  readonly tag: string | undefined
  /** The root first where there is one, then `$defs` in the file's order. */
  readonly definitions: readonly Definition[]
}

const HEAD = ['$schema', '$id', 'title', 'x-encoding', 'x-tag', 'x-clause', '$defs']
const ENCODINGS: readonly string[] = ['dag-cbor', 'jcs', 'json'] satisfies Encoding[]
const NAME = /^[a-z][a-zA-Z0-9]*$/
export const FILE_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/

/** @throws Refusal naming the file, the place and what the profile does not allow. */
export function parseSchemaFile(name: string, value: unknown): SchemaFile {
  const root = fields(value, name)
  const id = text(root, '$id', name)
  if (!FILE_NAME.test(id) || `${id}.schema.json` !== name)
    throw new Refusal(name, '$id must be the kebab-case name of the file')
  const body = Object.fromEntries(Object.entries(root).filter(([key]) => !HEAD.includes(key)))
  const definitions: Definition[] = []
  const encoding = optionalText(root, 'x-encoding', name)
  if (Object.keys(body).some((key) => key !== 'description')) {
    if (!isEncoding(encoding)) throw new Refusal(name, `x-encoding must be one of ${ENCODINGS.join(', ')}`)
    definitions.push(parseDefinition(undefined, body, `${name}#`))
  } else if (encoding !== undefined || root['x-tag'] !== undefined) {
    throw new Refusal(name, 'a file of $defs alone has neither x-encoding nor x-tag')
  }
  for (const [def, child] of Object.entries(
    root['$defs'] === undefined ? {} : fields(root['$defs'], `${name}#/$defs`),
  )) {
    if (!NAME.test(def)) throw new Refusal(`${name}#/$defs/${def}`, 'a definition is named in lower camel case')
    definitions.push(parseDefinition(def, fields(child, `${name}#/$defs/${def}`), `${name}#/$defs/${def}`))
  }
  if (definitions.length === 0) throw new Refusal(name, 'the file defines nothing')
  return {
    id,
    title: text(root, 'title', name),
    description: optionalText(root, 'description', name),
    clause: optionalText(root, 'x-clause', name),
    encoding: isEncoding(encoding) ? encoding : undefined,
    tag: optionalText(root, 'x-tag', name),
    definitions,
  }
}

function isEncoding(text: string | undefined): text is Encoding {
  return text !== undefined && ENCODINGS.includes(text)
}

function parseDefinition(def: string | undefined, given: JsonObject, at: string): Definition {
  const { 'x-brand': mark, ...schema } = given
  const node = parseNode(schema, at)
  if (mark !== undefined) {
    if (def === undefined || (node.kind !== 'string' && node.kind !== 'integer')) {
      throw new Refusal(at, 'x-brand belongs to a string or an integer under $defs')
    }
    if (!/^[A-Z][A-Za-z0-9]*$/.test(text(given, 'x-brand', at)))
      throw new Refusal(at, 'x-brand is written in PascalCase')
  }
  return { def, description: optionalText(given, 'description', at), brand: optionalText(given, 'x-brand', at), node }
}

function parseNode(value: unknown, at: string): SchemaNode {
  const { description, $comment, ...schema } = fields(value, at)
  for (const note of [description, $comment]) {
    if (note !== undefined && typeof note !== 'string') throw new Refusal(at, 'description and $comment are texts')
  }
  if (schema['$ref'] !== undefined) return parseRef(schema, at)
  if (schema['x-bytes'] !== undefined) return parseBytes(schema, at)
  if (schema['x-cid'] !== undefined) return parseFlag(schema, 'x-cid', { kind: 'cid' }, at)
  if (schema['x-any'] !== undefined) return parseFlag(schema, 'x-any', { kind: 'any' }, at)
  if (schema['oneOf'] !== undefined) return parseOneOf(schema, at)
  if (schema['const'] !== undefined || schema['enum'] !== undefined) return parseValues(schema, at)
  const { type, ...rest } = schema
  if (Array.isArray(type)) {
    if (type.length !== 2 || type[1] !== 'null' || type[0] === 'null')
      throw new Refusal(at, 'a list of types is [T, "null"]')
    return { kind: 'nullable', inner: parseTyped(type[0], rest, at) }
  }
  return parseTyped(type, rest, at)
}

function parseTyped(type: unknown, rest: JsonObject, at: string): SchemaNode {
  switch (type) {
    case 'string':
      return parseString(rest, at)
    case 'integer':
      return parseInteger(rest, at)
    case 'boolean':
    case 'null':
      only(rest, [], at)
      return { kind: type }
    case 'array':
      return parseArray(rest, at)
    case 'object':
      return parseObject(rest, at)
    case undefined:
      throw new Refusal(at, 'a schema says its type, or has const, enum, oneOf, $ref, x-bytes, x-cid or x-any')
    default:
      throw new Refusal(at, `type ${JSON.stringify(type)} is not in the profile`)
  }
}

function parseString(rest: JsonObject, at: string): SchemaNode {
  only(rest, ['minLength', 'maxLength', 'pattern'], at)
  const pattern = optionalText(rest, 'pattern', at)
  if (pattern !== undefined) assertLinearPattern(pattern, `${at}/pattern`)
  const { min: minLength, max: maxLength } = bounds(rest, ['minLength', 'maxLength'], at)
  return { kind: 'string', minLength, maxLength, pattern }
}

function parseInteger(rest: JsonObject, at: string): SchemaNode {
  only(rest, ['minimum', 'maximum'], at)
  const minimum = whole(rest, 'minimum', at) ?? -Number.MAX_SAFE_INTEGER
  const maximum = whole(rest, 'maximum', at) ?? Number.MAX_SAFE_INTEGER
  if (minimum > maximum) throw new Refusal(at, 'minimum exceeds maximum')
  return { kind: 'integer', minimum, maximum }
}

function parseArray(rest: JsonObject, at: string): SchemaNode {
  only(rest, ['items', 'minItems', 'maxItems'], at)
  const { min: minItems, max: maxItems } = bounds(rest, ['minItems', 'maxItems'], at)
  return { kind: 'array', items: parseNode(rest['items'], `${at}/items`), minItems, maxItems }
}

function parseObject(rest: JsonObject, at: string): SchemaNode {
  if (rest['additionalProperties'] !== false) {
    only(rest, ['additionalProperties', 'maxProperties'], at)
    if (rest['additionalProperties'] === undefined) {
      throw new Refusal(
        at,
        'an object is closed (additionalProperties: false) or a map (additionalProperties: a schema)',
      )
    }
    const maxProperties = whole(rest, 'maxProperties', at)
    if (maxProperties === undefined || maxProperties < 0) throw new Refusal(at, 'a map needs maxProperties')
    return { kind: 'map', values: parseNode(rest['additionalProperties'], `${at}/additionalProperties`), maxProperties }
  }
  only(rest, ['properties', 'required', 'additionalProperties'], at)
  const properties = fields(rest['properties'], `${at}/properties`)
  const required: unknown = rest['required'] ?? []
  if (!Array.isArray(required) || new Set(required).size !== required.length) {
    throw new Refusal(at, 'required is a list of different names')
  }
  for (const name of required) {
    if (typeof name !== 'string' || !Object.hasOwn(properties, name)) {
      throw new Refusal(at, `required names ${JSON.stringify(name)}, which is not among the properties`)
    }
  }
  const members = Object.entries(properties).map(([name, child]): Member => {
    const place = `${at}/properties/${name}`
    if (!/^[A-Za-z0-9@$_.:/-]+$/.test(name) || name === '__proto__')
      throw new Refusal(place, 'the name of the member is not allowed')
    const description = optionalText(fields(child, place), 'description', place)
    return { name, description, required: required.includes(name), node: parseNode(child, place) }
  })
  return { kind: 'object', members }
}

function parseValues(schema: JsonObject, at: string): SchemaNode {
  only(schema, ['type', schema['const'] === undefined ? 'enum' : 'const'], at)
  const values: unknown = schema['const'] === undefined ? schema['enum'] : [schema['const']]
  if (!Array.isArray(values) || values.length === 0 || new Set(values).size !== values.length) {
    throw new Refusal(at, 'enum is a list of different values')
  }
  for (const value of values) {
    const type = typeof value === 'number' ? 'integer' : typeof value
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      throw new Refusal(at, 'a number here is a safe integer')
    if (type !== 'string' && type !== 'integer' && type !== 'boolean')
      throw new Refusal(at, 'const and enum hold texts, integers or booleans')
    if (schema['type'] !== undefined && schema['type'] !== type)
      throw new Refusal(at, 'a value is not of the stated type')
  }
  return { kind: 'values', values: values as Literal[] }
}

function parseOneOf(schema: JsonObject, at: string): SchemaNode {
  only(schema, ['oneOf', 'x-discriminator'], at)
  const given = schema['oneOf']
  if (!Array.isArray(given) || given.length < 2) throw new Refusal(at, 'oneOf lists two schemas or more')
  const branches = given.map((child: unknown, index) => parseNode(child, `${at}/oneOf/${index}`))
  const discriminator = optionalText(schema, 'x-discriminator', at)
  return discriminator === undefined
    ? { kind: 'byType', branches, at }
    : { kind: 'variant', discriminator, branches, at }
}

function parseRef(schema: JsonObject, at: string): SchemaNode {
  only(schema, ['$ref'], at)
  const match = /^(?:([a-z0-9-]+)\.schema\.json)?(?:#(?:\/\$defs\/([A-Za-z0-9]+))?)?$/.exec(text(schema, '$ref', at))
  if (match === null || match[0] === '') {
    throw new Refusal(at, '$ref is "#/$defs/x", "#", "file.schema.json#/$defs/x" or "file.schema.json"')
  }
  return { kind: 'ref', file: match[1], def: match[2], at }
}

function parseBytes(schema: JsonObject, at: string): SchemaNode {
  only(schema, ['x-bytes'], at)
  const place = `${at}/x-bytes`
  const given = fields(schema['x-bytes'], place)
  const length = whole(given, 'length', place)
  if (length === undefined) {
    only(given, ['minLength', 'maxLength'], place)
    const { min: minLength, max: maxLength } = bounds(given, ['minLength', 'maxLength'], place)
    return { kind: 'bytes', minLength, maxLength }
  }
  only(given, ['length'], place)
  if (length < 0) throw new Refusal(place, 'a length is not negative')
  return { kind: 'bytes', minLength: length, maxLength: length }
}

function parseFlag(schema: JsonObject, keyword: string, node: SchemaNode, at: string): SchemaNode {
  only(schema, [keyword], at)
  if (schema[keyword] !== true) throw new Refusal(at, `${keyword} is true or absent`)
  return node
}

/** A pair of bounds: the lower one is 0 where absent, the upper one is due because everything has a limit. */
function bounds(schema: JsonObject, [low, high]: readonly [string, string], at: string): { min: number; max: number } {
  const min = whole(schema, low, at) ?? 0
  const max = whole(schema, high, at)
  if (max === undefined) throw new Refusal(at, `${high} is due: everything has a limit`)
  if (min < 0 || min > max) throw new Refusal(at, `${low} and ${high} do not fit each other`)
  return { min, max }
}

function optionalText(schema: JsonObject, key: string, at: string): string | undefined {
  return schema[key] === undefined ? undefined : text(schema, key, at)
}
