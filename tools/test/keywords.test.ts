import { Cid } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { describe, expect, test } from 'vitest'
import { compile, parserOf, refusalOf } from './compile.ts'

const CID = Cid.fromSha256(new Uint8Array(32))
const CLOSED = { additionalProperties: false }

/** One keyword: the schema, values that it lets through, and values that it refuses with path and reason. */
interface Case {
  readonly keyword: string
  readonly schema: object
  readonly encoding?: string
  readonly accepts: readonly unknown[]
  readonly refuses: readonly (readonly [unknown, string])[]
}

const CASES: readonly Case[] = [
  {
    keyword: 'type string with lengths in code points',
    schema: { type: 'string', minLength: 2, maxLength: 3 },
    accepts: ['ab', 'abc', '😀😀', '😀😀😀'],
    refuses: [
      ['a', '$: is too short'],
      ['😀', '$: is too short'],
      ['abcd', '$: is too long'],
      ['😀😀😀😀', '$: is too long'],
      ['a'.repeat(7), '$: is too long'],
      ['a\ud800', '$: is not well-formed Unicode'],
      [1, '$: expected a string'],
      [undefined, '$: expected a string'],
      [null, '$: expected a string'],
    ],
  },
  {
    keyword: 'pattern',
    schema: { type: 'string', maxLength: 8, pattern: '^[a-z]+(?:-[a-z]+)*$' },
    accepts: ['ab', 'ab-cd'],
    refuses: [
      ['ab-', '$: does not match the pattern'],
      ['ab\n', '$: does not match the pattern'],
    ],
  },
  {
    keyword: 'type integer with bounds',
    schema: { type: 'integer', minimum: -1, maximum: 5 },
    accepts: [-1, 0, 5],
    refuses: [
      [-2, '$: is below the minimum'],
      [6, '$: is above the maximum'],
      [1.5, '$: expected an integer'],
      [Number.NaN, '$: expected an integer'],
      ['1', '$: expected an integer'],
      [1n, '$: expected an integer'],
    ],
  },
  {
    keyword: 'type integer without bounds',
    schema: { type: 'integer' },
    accepts: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    refuses: [[2 ** 53, '$: expected an integer']],
  },
  {
    keyword: 'type boolean',
    schema: { type: 'boolean' },
    accepts: [true, false],
    refuses: [[0, '$: expected a boolean']],
  },
  {
    keyword: 'type null',
    schema: { type: 'null' },
    accepts: [null],
    refuses: [
      [undefined, '$: expected null'],
      [0, '$: expected null'],
    ],
  },
  {
    keyword: 'a type or null',
    schema: { type: ['integer', 'null'], minimum: 1 },
    accepts: [null, 1],
    refuses: [
      [0, '$: is below the minimum'],
      [undefined, '$: expected an integer'],
    ],
  },
  {
    keyword: 'const',
    schema: { const: 'it' },
    accepts: ['it'],
    refuses: [
      ['IT', '$: is not the required value'],
      [['it'], '$: is not the required value'],
    ],
  },
  {
    keyword: 'const false',
    schema: { const: false },
    accepts: [false],
    refuses: [[0, '$: is not the required value']],
  },
  {
    keyword: 'enum',
    schema: { enum: ['a', 1, true] },
    accepts: ['a', 1, true],
    refuses: [
      ['1', '$: is not one of the allowed values'],
      [false, '$: is not one of the allowed values'],
    ],
  },
  {
    keyword: 'items, minItems, maxItems',
    schema: { type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 },
    accepts: [[true], [true, false]],
    refuses: [
      [[], '$: has too few items'],
      [[true, true, true], '$: has too many items'],
      [[true, 1], '$[1]: expected a boolean'],
      [Array(1), '$[0]: expected a boolean'],
      [{ length: 1, 0: true }, '$: expected an array'],
      [Uint8Array.of(1), '$: expected an array'],
    ],
  },
  {
    keyword: 'properties, required, additionalProperties: false',
    schema: {
      type: 'object',
      properties: { '@a': { type: 'boolean' }, b: { type: 'array', items: { type: 'null' }, maxItems: 1 } },
      required: ['@a'],
      ...CLOSED,
    },
    accepts: [{ '@a': true }, { b: [null], '@a': false }, Object.assign(Object.create(null), { '@a': true })],
    refuses: [
      [{}, '$.@a: is missing'],
      [{ '@a': 1 }, '$.@a: expected a boolean'],
      [{ '@a': true, b: undefined }, '$.b: expected an array'],
      [{ '@a': true, b: [0] }, '$.b[0]: expected null'],
      [{ '@a': true, 'a secret name': 1 }, '$: has an unknown member'],
      [{ '@a': true, [Symbol('s')]: 1 }, '$: has an unknown member'],
      [Object.defineProperty({ '@a': true }, 'hidden', { value: 1 }), '$: has an unknown member'],
      [Object.create({ '@a': true }), '$: expected a plain object'],
      [new Map(), '$: expected a plain object'],
      [CID, '$: expected a plain object'],
      [Uint8Array.of(), '$: expected a plain object'],
      [[], '$: expected an object'],
      [null, '$: expected an object'],
      ['text', '$: expected an object'],
    ],
  },
  {
    keyword: 'additionalProperties: a schema, maxProperties',
    schema: { type: 'object', additionalProperties: { type: 'integer' }, maxProperties: 2 },
    accepts: [{}, { x: 1, y: 2 }, JSON.parse('{"__proto__": 1}')],
    refuses: [
      [{ a: 1, b: 2, c: 3 }, '$: has too many members'],
      [{ a: 1, 'a secret name': 'x' }, '$.*: expected an integer'],
      [JSON.parse('{"__proto__": {}}'), '$.*: expected an integer'],
      [{ '\ud800': 1 }, '$: has a member name that is not well-formed Unicode'],
      [{ [Symbol('s')]: 1 }, '$: has a member name that is not well-formed Unicode'],
    ],
  },
  {
    keyword: 'oneOf with x-discriminator',
    schema: {
      oneOf: [
        {
          type: 'object',
          properties: { is: { const: 'a' }, n: { type: 'integer' } },
          required: ['is', 'n'],
          ...CLOSED,
        },
        { type: 'object', properties: { is: { enum: ['b', 'c'] } }, required: ['is'], ...CLOSED },
      ],
      'x-discriminator': 'is',
    },
    accepts: [{ is: 'a', n: 1 }, { is: 'b' }, { is: 'c' }],
    refuses: [
      [{ is: 'b', n: 1 }, '$: has an unknown member'],
      [{ is: 'a' }, '$.n: is missing'],
      [{ is: 'd' }, '$.is: is not one of the allowed values'],
      [{ is: ['a'] }, '$.is: is not one of the allowed values'],
      [{ is: 'constructor' }, '$.is: is not one of the allowed values'],
      [{ n: 1 }, '$.is: is missing'],
      [Object.create({ is: 'b' }), '$: expected a plain object'],
      ['a', '$: expected an object'],
    ],
  },
  {
    keyword: 'oneOf by type',
    schema: {
      oneOf: [
        { type: ['string', 'null'], maxLength: 1 },
        { type: 'array', items: { type: 'null' }, maxItems: 1 },
        { enum: [1, true] },
        { 'x-bytes': { length: 1 } },
        { 'x-cid': true },
        { type: 'object', additionalProperties: { type: 'null' }, maxProperties: 1 },
      ],
    },
    accepts: ['x', null, [], 1, true, Uint8Array.of(1), CID, { a: null }],
    refuses: [
      ['xx', '$: is too long'],
      [2, '$: is not one of the allowed values'],
      [[1], '$[0]: expected null'],
      [Uint8Array.of(), '$: has too few bytes'],
      [{ a: 1 }, '$.*: expected null'],
      [undefined, '$: is of a type that is not allowed'],
      [() => 1, '$: is of a type that is not allowed'],
    ],
  },
  {
    keyword: 'x-bytes with bounds',
    schema: { 'x-bytes': { minLength: 1, maxLength: 2 } },
    accepts: [Uint8Array.of(1), Buffer.from('ab')],
    refuses: [
      [Uint8Array.of(), '$: has too few bytes'],
      [Uint8Array.of(1, 2, 3), '$: has too many bytes'],
      ['a', '$: expected a byte string'],
      [[1], '$: expected a byte string'],
      [new Uint16Array(1), '$: expected a byte string'],
    ],
  },
  {
    keyword: 'x-cid',
    schema: { 'x-cid': true },
    accepts: [CID],
    refuses: [
      [CID.bytes, '$: expected a CID'],
      [CID.toString(), '$: expected a CID'],
    ],
  },
  {
    keyword: 'x-any in DAG-CBOR',
    schema: { 'x-any': true },
    accepts: [null, true, 1, 'x', Uint8Array.of(1), CID, [[CID]], { a: { b: [1] } }],
    refuses: [
      [undefined, '$: is of a type that is not allowed'],
      [{ a: [undefined] }, '$.*[0]: is of a type that is not allowed'],
      [1.5, '$: expected an integer'],
      [{ a: 2 ** 60 }, '$.*: expected an integer'],
      ['\ud800', '$: is not well-formed Unicode'],
      [{ '\ud800': 1 }, '$: has a member name that is not well-formed Unicode'],
      [new Date(0), '$: expected a plain object'],
      [1n, '$: is of a type that is not allowed'],
    ],
  },
  {
    keyword: 'x-any in JSON',
    schema: { 'x-any': true },
    encoding: 'json',
    accepts: [null, 1.5, [{ a: 'x' }]],
    refuses: [
      [Uint8Array.of(1), '$: expected a plain object'],
      [[CID], '$[0]: expected a plain object'],
      [Number.POSITIVE_INFINITY, '$: is of a type that is not allowed'],
    ],
  },
]

describe('each keyword of the schema profile', () => {
  for (const { keyword, schema, encoding, accepts, refuses } of CASES) {
    test(`${keyword} lets through what fits and names the place of what does not`, async () => {
      const parse = await parserOf(schema, encoding)
      for (const value of accepts) expect(parse(value)).toBe(value)
      expect(refuses.map(([value]) => refusalOf(parse, value))).toEqual(refuses.map(([, refusal]) => refusal))
    })
  }
})

describe('references', () => {
  test('a recursive definition follows the value and names the way to the fault', async () => {
    const find = await compile({
      'tree.schema.json': {
        'x-encoding': 'json',
        type: 'object',
        properties: { leaf: { $ref: '#/$defs/leaf' }, kids: { type: 'array', items: { $ref: '#' }, maxItems: 3 } },
        ...CLOSED,
        $defs: { leaf: { type: 'integer' } },
      },
    })
    const parse = find('tree', 'parseTree')
    expect(refusalOf(parse, { kids: [{}, { kids: [{ leaf: 1 }] }] })).toBeUndefined()
    expect(refusalOf(parse, { kids: [{}, { kids: [{ leaf: 'x' }] }] })).toBe(
      '$.kids[1].kids[0].leaf: expected an integer',
    )
  })

  test('a value that contains itself ends at the depth limit and not in a stack overflow', async () => {
    const parse = await parserOf({ 'x-any': true })
    const endless: unknown[] = []
    endless.push(endless)
    expect(refusalOf(parse, endless)).toBe(`$${'[0]'.repeat(128)}: nests too deeply`)
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    expect(refusalOf(parse, nested(128))).toBeUndefined()
    expect(refusalOf(parse, nested(129))).toContain('nests too deeply')
  })

  test('a definition of another file keeps its meaning, and errors carry the name of the schema that was asked', async () => {
    const find = await compile({
      'common.schema.json': {
        $defs: { id: { type: 'string', maxLength: 2, 'x-brand': 'Id' }, other: { $ref: '#/$defs/id' } },
      },
      'user.schema.json': {
        'x-encoding': 'jcs',
        type: 'object',
        properties: { id: { $ref: 'common.schema.json#/$defs/other' } },
        required: ['id'],
        ...CLOSED,
      },
      'users.schema.json': { 'x-encoding': 'jcs', type: 'array', items: { $ref: 'user.schema.json' }, maxItems: 9 },
    })
    expect(refusalOf(find('users', 'parseUsers'), [{ id: 'ab' }, { id: 'abc' }])).toBe('$[1].id: is too long')
    let schema: unknown
    try {
      find('users', 'parseUsers')([{}])
    } catch (error) {
      schema = isTalosError(error) && error.details['schema']
    }
    expect(schema).toBe('users')
    expect(find('common', 'parseId')('ab')).toBe('ab')
  })

  test('the text of a refusal never holds what the peer wrote', async () => {
    const parse = await parserOf({
      type: 'object',
      properties: { a: { type: 'object', additionalProperties: { enum: ['x'] }, maxProperties: 3 } },
      ...CLOSED,
    })
    const hostile = [{ PEER: 1 }, { a: { PEER: 'PEER' } }, { a: 'PEER' }, 'PEER', { a: { x: { PEER: 1 } } }]
    for (const value of hostile) {
      let message = ''
      try {
        parse(value)
      } catch (error) {
        message = JSON.stringify(error) + String(error)
      }
      expect(message).toContain('SCHEMA_INVALID')
      expect(message).not.toContain('PEER')
    }
  })
})
