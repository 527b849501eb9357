import { describe, expect, test } from 'vitest'
import { parseContract, Refusal } from '../src/schema-json.ts'
import { linkSchemas } from '../src/schema-link.ts'
import { parseSchemaFile } from '../src/schema-model.ts'

/** The message with which the contracts are refused. */
function refusalOf(files: Readonly<Record<string, object>>): string {
  try {
    linkSchemas(
      Object.entries(files).map(([name, body]) =>
        parseSchemaFile(name, { $id: name.replace('.schema.json', ''), title: 'T', ...body }),
      ),
    )
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
  return 'accepted'
}

function refusalOfShape(shape: object, encoding = 'dag-cbor'): string {
  return refusalOf({ 'x.schema.json': { 'x-encoding': encoding, ...shape } })
}

const CLOSED = { additionalProperties: false }
const OPTIONAL_KIND = { type: 'object', properties: { k: { const: 'a' } }, ...CLOSED }
const KIND_A = { ...OPTIONAL_KIND, required: ['k'] }

describe('a schema outside the profile is refused with its place and the reason', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ type: 'string', maxLength: 1, format: 'uri' }, 'x.schema.json#: unknown keyword "format" here'],
    [{ type: 'boolean', maxLength: 1 }, 'x.schema.json#: unknown keyword "maxLength" here'],
    [{ type: 'integer', multipleOf: 2 }, 'x.schema.json#: unknown keyword "multipleOf" here'],
    [{ type: 'number' }, 'x.schema.json#: type "number" is not in the profile'],
    [
      { minLength: 1 },
      'x.schema.json#: a schema says its type, or has const, enum, oneOf, $ref, x-bytes, x-cid or x-any',
    ],
    [{ type: ['string', 'integer'] }, 'x.schema.json#: a list of types is [T, "null"]'],
    [{ type: 'string' }, 'x.schema.json#: maxLength is due: everything has a limit'],
    [{ type: 'string', maxLength: 1, minLength: 2 }, 'x.schema.json#: minLength and maxLength do not fit each other'],
    [{ type: 'string', maxLength: 1.5 }, 'x.schema.json#: maxLength must be an integer within 2^53 - 1'],
    [{ type: 'string', maxLength: 1, pattern: 'a' }, 'x.schema.json#/pattern: a pattern is anchored with ^ and $'],
    [{ type: 'string', maxLength: 1, pattern: '^(?:a+)+$' }, 'repeats within a repetition'],
    [{ type: 'integer', minimum: 2, maximum: 1 }, 'x.schema.json#: minimum exceeds maximum'],
    [{ type: 'integer', minimum: 2 ** 53 }, 'x.schema.json#: minimum must be an integer within 2^53 - 1'],
    [{ type: 'array', items: { type: 'null' } }, 'x.schema.json#: maxItems is due: everything has a limit'],
    [{ type: 'array', maxItems: 1 }, 'x.schema.json#/items: an object is due here'],
    [{ type: 'object' }, 'x.schema.json#: an object is closed (additionalProperties: false) or a map'],
    [{ type: 'object', additionalProperties: true }, 'x.schema.json#: a map needs maxProperties'],
    [{ type: 'object', additionalProperties: { type: 'null' } }, 'x.schema.json#: a map needs maxProperties'],
    [
      { type: 'object', properties: {}, ...CLOSED, required: ['a'] },
      'required names "a", which is not among the properties',
    ],
    [{ type: 'object', properties: {}, ...CLOSED, required: ['toString'] }, 'required names "toString"'],
    [{ ...KIND_A, required: ['k', 'k'] }, 'x.schema.json#: required is a list of different names'],
    [{ type: 'object', properties: { 'a b': { type: 'null' } }, ...CLOSED }, 'the name of the member is not allowed'],
    [
      { type: 'object', properties: JSON.parse('{"__proto__": {"type": "null"}}'), ...CLOSED },
      'x.schema.json#/properties/__proto__: the name of the member is not allowed',
    ],
    [{ enum: [] }, 'x.schema.json#: enum is a list of different values'],
    [{ enum: ['a', 'a'] }, 'x.schema.json#: enum is a list of different values'],
    [{ const: 1.5 }, 'x.schema.json#: a number here is a safe integer'],
    [{ const: {} }, 'x.schema.json#: const and enum hold texts, integers or booleans'],
    [{ type: 'string', const: 1 }, 'x.schema.json#: a value is not of the stated type'],
    [{ const: 1, enum: [1] }, 'x.schema.json#: unknown keyword "enum" here'],
    [{ oneOf: [{ type: 'null' }] }, 'x.schema.json#: oneOf lists two schemas or more'],
    [
      { oneOf: [{ type: 'null' }, { type: ['integer', 'null'] }] },
      'two branches are of type null; use x-discriminator',
    ],
    [{ oneOf: [{ type: 'null' }, { 'x-any': true }] }, 'x.schema.json#: a branch of oneOf is of one type'],
    [{ oneOf: [KIND_A, KIND_A], 'x-discriminator': 'k' }, 'x.schema.json#: two branches have k "a"'],
    [
      { oneOf: [KIND_A, OPTIONAL_KIND], 'x-discriminator': 'k' },
      'each branch is an object that requires k with const or enum',
    ],
    [
      { oneOf: [KIND_A, { type: 'null' }], 'x-discriminator': 'k' },
      'each branch is an object that requires k with const or enum',
    ],
    [
      { oneOf: [KIND_A, { ...KIND_A, properties: { k: { const: 1 } } }], 'x-discriminator': 'k' },
      'x.schema.json#: k is a text in each branch',
    ],
    [{ $ref: '#/$defs/nothing' }, 'x.schema.json#: $ref points to nothing'],
    [{ $ref: 'other.schema.json' }, 'x.schema.json#: $ref points to nothing'],
    [{ $ref: 'https://example.com/' }, 'x.schema.json#: $ref is "#/$defs/x", "#",'],
    [{ $ref: '#', type: 'null' }, 'x.schema.json#: unknown keyword "type" here'],
    [{ $ref: '#' }, 'x.schema.json: a reference leads back to itself'],
    [{ oneOf: [{ $ref: '#' }, { type: 'null' }] }, 'x.schema.json: a reference leads back to itself'],
    [{ 'x-bytes': {} }, 'x.schema.json#/x-bytes: maxLength is due: everything has a limit'],
    [{ 'x-bytes': { length: 1, maxLength: 1 } }, 'x.schema.json#/x-bytes: unknown keyword "maxLength" here'],
    [{ 'x-bytes': { length: -1 } }, 'x.schema.json#/x-bytes: a length is not negative'],
    [{ 'x-cid': false }, 'x.schema.json#: x-cid is true or absent'],
    [
      { type: 'string', maxLength: 1, 'x-brand': 'X' },
      'x.schema.json#: x-brand belongs to a string or an integer under $defs',
    ],
    [
      { type: 'null', $defs: { a: { type: 'null', 'x-brand': 'A' } } },
      'x-brand belongs to a string or an integer under $defs',
    ],
    [{ type: 'null', $defs: { a: { type: 'integer', 'x-brand': 'a' } } }, 'x-brand is written in PascalCase'],
    [{ type: 'null', $defs: { a: { type: 'integer', 'x-brand': 'B' } } }, 'no definition owns the brand B'],
    [
      { type: 'null', $defs: { A: { type: 'null' } } },
      'x.schema.json#/$defs/A: a definition is named in lower camel case',
    ],
    [{ type: 'null', description: 1 }, 'x.schema.json#: description and $comment are texts'],
  ]
  for (const [shape, refusal] of cases) {
    test(`${JSON.stringify(shape)} is refused`, () => {
      expect(refusalOfShape(shape)).toContain(refusal)
    })
  }

  test('bytes and links in a JSON schema are refused, also when a reference brings them', () => {
    expect(refusalOfShape({ 'x-bytes': { length: 1 } }, 'jcs')).toContain(
      'x-bytes is reached from a schema whose encoding is jcs',
    )
    const common = { $defs: { link: { 'x-cid': true } } }
    const user = { 'x-encoding': 'json', type: 'array', items: { $ref: 'common.schema.json#/$defs/link' }, maxItems: 1 }
    expect(refusalOf({ 'common.schema.json': common, 'user.schema.json': user })).toContain(
      'x-cid is reached from a schema',
    )
    expect(refusalOf({ 'common.schema.json': common, 'user.schema.json': { ...user, 'x-encoding': 'dag-cbor' } })).toBe(
      'accepted',
    )
  })

  test('x-any in a schema of another encoding is refused', () => {
    const any = { 'x-encoding': 'json', 'x-any': true }
    const user = { type: 'array', items: { $ref: 'any.schema.json' }, maxItems: 1 }
    const judge = (encoding: string) =>
      refusalOf({ 'any.schema.json': any, 'user.schema.json': { ...user, 'x-encoding': encoding } })
    expect(judge('jcs')).toBe('accepted')
    expect(judge('dag-cbor')).toBe('any.schema.json: x-any is reached from a schema of another encoding')
    expect(refusalOf({ 'common.schema.json': { $defs: { a: { 'x-any': true } } } })).toContain('x-any is reached')
  })

  test('branches that are references are told apart by what they refer to', () => {
    const branches = { oneOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }] }
    const map = { type: 'object', additionalProperties: { type: 'null' }, maxProperties: 1 }
    expect(refusalOfShape({ ...branches, $defs: { a: { type: 'null' }, b: { enum: ['x', 1, true] } } })).toBe(
      'accepted',
    )
    expect(refusalOfShape({ ...branches, $defs: { a: map, b: KIND_A } })).toContain('two branches are of type object')
    expect(refusalOfShape({ ...branches, 'x-discriminator': 'k', $defs: { a: KIND_A, b: KIND_A } })).toContain(
      'have k "a"',
    )
  })

  test('the head of a file is checked', () => {
    expect(refusalOf({ 'x.schema.json': { $id: 'y', 'x-encoding': 'json', type: 'null' } })).toContain('$id must be')
    expect(refusalOf({ 'X.schema.json': { $id: 'X', 'x-encoding': 'json', type: 'null' } })).toContain('$id must be')
    expect(refusalOf({ 'x.schema.json': { title: '', 'x-encoding': 'json', type: 'null' } })).toContain(
      'title must be a text',
    )
    expect(refusalOfShape({ type: 'null' }, 'xml')).toBe('x.schema.json: x-encoding must be one of dag-cbor, jcs, json')
    expect(refusalOf({ 'x.schema.json': {} })).toBe('x.schema.json: the file defines nothing')
    expect(refusalOf({ 'x.schema.json': { 'x-tag': 't', $defs: { a: { type: 'null' } } } })).toContain(
      'neither x-encoding nor x-tag',
    )
  })

  test('two definitions with one type name are refused', () => {
    const half = { 'x-encoding': 'json', type: 'null' }
    const refusal = refusalOf({ 'a-b.schema.json': half, 'a.schema.json': { ...half, $defs: { b: { type: 'null' } } } })
    expect(refusal).toBe('a.schema.json: the type name AB is taken')
  })

  test('a name written twice in one object is refused', () => {
    expect(() => parseContract('x.json', '{"a": {"b": 1, "c\\":": ":", "b" : 2}}')).toThrow(
      'x.json: has one name twice',
    )
    expect(() => parseContract('x.json', '{"a": ')).toThrow('x.json: is not JSON')
    expect(parseContract('x.json', '{"a": [{"b": "\\"x\\": "}], "b": null}')).toEqual({ a: [{ b: '"x": ' }], b: null })
  })
})
