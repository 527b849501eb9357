/**
 * The JSON schemas are JSON Schema 2020-12 as well: an independent validator must judge as the generated ones do, on
 * values made to fit each schema and on the same values with one part replaced.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LinkedSchemas, linkSchemas } from '../src/schema-link.ts'
import { parseSchemaFile, type SchemaFile, type SchemaNode } from '../src/schema-model.ts'
import { compile, REPOSITORY, refusalOf } from './compile.ts'

const KEYWORDS = ['x-encoding', 'x-tag', 'x-clause', 'x-bytes', 'x-cid', 'x-any', 'x-brand', 'x-discriminator']

/** Every keyword that a JSON schema can have. */
const SAMPLER = {
  $id: 'sampler',
  title: 'Sampler',
  'x-encoding': 'json',
  type: 'object',
  properties: {
    text: { type: 'string', minLength: 1, maxLength: 3 },
    name: { type: 'string', maxLength: 8, pattern: '^[a-z]+(?:-[a-z]+)*$' },
    count: { type: 'integer', minimum: -3, maximum: 9 },
    flag: { type: ['boolean', 'null'] },
    none: { type: 'null' },
    kind: { enum: ['a', 1, true] },
    fixed: { const: 'x' },
    list: { type: 'array', items: { $ref: '#/$defs/item' }, minItems: 1, maxItems: 2 },
    names: { type: 'object', additionalProperties: { type: 'integer' }, maxProperties: 2 },
    any: { 'x-any': true },
    self: { $ref: '#' },
  },
  required: ['text', 'count'],
  additionalProperties: false,
  $defs: {
    item: { oneOf: [{ type: 'string', maxLength: 2 }, { type: 'integer' }, { $ref: '#/$defs/either' }] },
    either: {
      oneOf: [
        {
          type: 'object',
          properties: { is: { const: 'a' }, n: { type: 'integer' } },
          required: ['is', 'n'],
          additionalProperties: false,
        },
        { type: 'object', properties: { is: { const: 'b' } }, required: ['is'], additionalProperties: false },
      ],
      'x-discriminator': 'is',
    },
  },
}

const contracts: Record<string, object> = { 'sampler.schema.json': SAMPLER }
const folder = join(REPOSITORY, 'contracts', 'schemas')
for (const name of readdirSync(folder)) {
  if (name.endsWith('.schema.json')) contracts[name] = JSON.parse(readFileSync(join(folder, name), 'utf8')) as object
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
for (const keyword of KEYWORDS) ajv.addKeyword(keyword)
for (const [name, schema] of Object.entries(contracts)) ajv.addSchema(schema, name)

const linked = linkSchemas(Object.entries(contracts).map(([name, body]) => parseSchemaFile(name, body)))
const find = await compile(contracts)

/** Values that JSON text can hold, in the narrow profile: integers within 2^53, no floats. */
const anything = fc.jsonValue({ depthSize: 'small', stringUnit: 'binary' }).map(withoutFloats)

/** Ends schemas that refer to themselves; the deepest that does not, the proof bundle, has references down to level 8. */
const MAX_DEPTH = 8

/** Values that fit the node, or nearly: what only the whole decides is left to the validators. */
function fitting(node: SchemaNode, file: SchemaFile, depth = 0): fc.Arbitrary<unknown> {
  const inner = (child: SchemaNode) => fitting(child, file, depth + 1)
  switch (node.kind) {
    case 'string':
      return node.pattern === undefined
        ? fc.string({ unit: 'binary', minLength: node.minLength, maxLength: Math.min(node.maxLength, 300) })
        : fc.stringMatching(new RegExp(node.pattern, 'u'))
    case 'integer':
      return fc.oneof(fc.integer({ min: node.minimum, max: node.maximum }), fc.constantFrom(node.minimum, node.maximum))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'values':
      return fc.constantFrom(...node.values)
    case 'array':
      return fc.array(inner(node.items), {
        minLength: node.minItems,
        maxLength: Math.min(node.maxItems, node.minItems + 2),
      })
    case 'map':
      return fc.dictionary(fc.string({ maxLength: 4 }), inner(node.values), {
        maxKeys: Math.min(node.maxProperties, 3),
      })
    case 'nullable':
      return fc.option(inner(node.inner))
    case 'variant':
    case 'byType':
      return fc.oneof(...node.branches.map(inner))
    case 'any':
      return anything
    case 'ref': {
      const target = linked.resolve(node, file)
      return depth > MAX_DEPTH ? fc.constant(null) : fitting(target.node, target.file, depth + 1)
    }
    case 'object':
      return objectOf(node, inner)
    case 'bytes':
    case 'cid':
      throw new Error(`${node.kind} is not a value of JSON`)
  }
}

function objectOf(
  node: SchemaNode & { kind: 'object' },
  inner: (child: SchemaNode) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const shape = Object.fromEntries(node.members.map((member) => [member.name, inner(member.node)]))
  return fc.record(shape, { requiredKeys: node.members.filter(({ required }) => required).map(({ name }) => name) })
}

/** The value with one part, at random, replaced, removed or added. */
function disturbed(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(values, fc.array(fc.nat(20), { maxLength: 4 }), anything, fc.constantFrom('replace', 'remove', 'add'))
    .map(([value, path, other, how]) => disturb(value, path, { other, how }))
}

function disturb(value: unknown, [step, ...path]: readonly number[], change: { other: unknown; how: string }): unknown {
  if (typeof value !== 'object' || value === null || step === undefined) return change.other
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value }
  const record = copy as Record<string, unknown>
  const keys = Object.keys(copy)
  const key = keys[step % Math.max(keys.length, 1)]
  if (key === undefined || (path.length === 0 && change.how === 'add'))
    record[Array.isArray(copy) ? keys.length : 'added'] = change.other
  else if (path.length === 0 && change.how === 'remove' && !Array.isArray(copy)) delete record[key]
  else record[key] = disturb(record[key], path, change)
  return copy
}

function withoutFloats(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) =>
    typeof part === 'number' && !Number.isSafeInteger(part) ? 7 : part,
  )
}

function jsonFiles({ files }: LinkedSchemas): readonly SchemaFile[] {
  return files.filter(({ encoding }) => encoding === 'json' || encoding === 'jcs')
}

describe('an independent JSON Schema validator agrees with the generated one', () => {
  for (const file of jsonFiles(linked)) {
    for (const { def, typeName, node } of linked.definitionsOf(file)) {
      test(`on ${file.id}${def === undefined ? '' : `, definition ${def}`}`, () => {
        const theirs = ajv.compile({ $ref: `${file.id}.schema.json${def === undefined ? '' : `#/$defs/${def}`}` })
        const ours = find(file.id, `parse${typeName}`)
        const values = fitting(node, file)
        let accepted = 0
        const judge = (value: unknown): void => {
          const verdict = refusalOf(ours, value)
          if (verdict === undefined) accepted += 1
          expect({ value, accepted: verdict === undefined }).toEqual({ value, accepted: theirs(value) })
        }
        fc.assert(fc.property(fc.oneof(values, disturbed(values)), judge), { seed: 42, numRuns: 400 })
        expect(accepted).toBeGreaterThan(0)
      })
    }
  }

  test('every schema file is valid JSON Schema 2020-12', () => {
    for (const name of Object.keys(contracts)) expect(ajv.validateSchema(contracts[name] ?? {})).toBe(true)
  })
})
