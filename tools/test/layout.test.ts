import { fromHex, toHex } from '@talos/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseLayoutFile } from '../src/layout-model.ts'
import { compile, refusalOf } from './compile.ts'

const FIELDS = [
  { name: 'magic', type: 'bytes', const: '7461' },
  { name: 'version', type: 'u8', const: 1 },
  { name: 'kind', type: 'u8', minimum: 1, maximum: 3 },
  { name: 'port', type: 'u16' },
  { name: 'count', type: 'u32', description: 'How many.' },
  { name: 'at', type: 'u64' },
  { name: 'key', type: 'bytes', length: 2 },
  { name: 'short', type: 'bytes', lengthPrefix: 'u8', minLength: 1, maxLength: 2 },
  { name: 'middle', type: 'bytes', lengthPrefix: 'u16', maxLength: 3 },
  { name: 'long', type: 'bytes', lengthPrefix: 'u32', maxLength: 4 },
  { name: 'body', type: 'bytes', rest: true, minLength: 1, maxLength: 2 },
]

const VALUE = {
  kind: 2,
  port: 0x0304,
  count: 0x05060708,
  at: 2 ** 53 - 1,
  key: fromHex('aabb'),
  short: fromHex('01'),
  middle: fromHex(''),
  long: fromHex('02030405'),
  body: fromHex('ff'),
}
const HEX =
  '7461' + '01' + '02' + '0304' + '05060708' + '001fffffffffffff' + 'aabb' + '0101' + '0000' + '0000000402030405' + 'ff'

async function codec(
  fields: readonly object[],
): Promise<{ encode: (v: unknown) => unknown; decode: (v: unknown) => unknown }> {
  const find = await compile({ 'sample.layout.json': { fields } })
  return { encode: find('sample', 'encodeSample'), decode: find('sample', 'decodeSample') }
}

describe('a generated layout codec', () => {
  test('writes the fields in order, big endian, with lengths where the layout says so', async () => {
    const { encode, decode } = await codec(FIELDS)
    expect(toHex(encode(VALUE) as Uint8Array)).toBe(HEX)
    expect(decode(fromHex(HEX))).toEqual(VALUE)
  })

  test('gives back every value that it took', async () => {
    const { encode, decode } = await codec(FIELDS)
    const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength })
    const values = fc.record({
      kind: fc.integer({ min: 1, max: 3 }),
      port: fc.nat(0xffff),
      count: fc.nat(0xffff_ffff),
      at: fc.maxSafeNat(),
      key: bytes(2, 2),
      short: bytes(1, 2),
      middle: bytes(0, 3),
      long: bytes(0, 4),
      body: bytes(1, 2),
    })
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value)
      }),
      { seed: 42, numRuns: 300 },
    )
  })

  test('refuses at the field what is outside the layout when it decodes', async () => {
    const { decode } = await codec(FIELDS)
    const changed = (at: number, hex: string) => fromHex(HEX.slice(0, at * 2) + hex + HEX.slice(at * 2 + hex.length))
    expect(refusalOf(decode, changed(0, '75'))).toBe('magic: is not the required value')
    expect(refusalOf(decode, changed(2, '02'))).toBe('version: is out of range')
    expect(refusalOf(decode, changed(3, '00'))).toBe('kind: is out of range')
    expect(refusalOf(decode, changed(3, '04'))).toBe('kind: is out of range')
    expect(refusalOf(decode, changed(10, '0020'))).toMatch(/^at: /)
    expect(refusalOf(decode, changed(20, '00'))).toBe('short: has a length out of range')
    expect(refusalOf(decode, changed(20, '03'))).toBe('short: has a length out of range')
    expect(refusalOf(decode, changed(22, '0004'))).toBe('middle: has a length out of range')
    expect(refusalOf(decode, changed(24, 'ffffffff'))).toBe('long: has a length out of range')
    expect(refusalOf(decode, fromHex(`${HEX}ffff`))).toBe('body: has a length out of range')
    for (let length = 0; length < HEX.length / 2; length += 1) {
      expect(refusalOf(decode, fromHex(HEX.slice(0, length * 2)))).toBeDefined()
    }
  })

  test('refuses at the field what is outside the layout when it encodes', async () => {
    const { encode } = await codec(FIELDS)
    expect(refusalOf(encode, { ...VALUE, kind: 4 })).toBe('kind: is out of range')
    expect(refusalOf(encode, { ...VALUE, port: 65_536 })).toBe('port: is out of range')
    expect(refusalOf(encode, { ...VALUE, port: -1 })).toBe('port: is out of range')
    expect(refusalOf(encode, { ...VALUE, count: 1.5 })).toBe('count: is out of range')
    expect(refusalOf(encode, { ...VALUE, at: 2 ** 53 })).toBe('at: is out of range')
    expect(refusalOf(encode, { ...VALUE, key: fromHex('aa') })).toBe('key: has a length out of range')
    expect(refusalOf(encode, { ...VALUE, short: fromHex('') })).toBe('short: has a length out of range')
    expect(refusalOf(encode, { ...VALUE, body: fromHex('') })).toBe('body: has a length out of range')
  })

  test('refuses bytes after the last field and tells the size of a fixed layout', async () => {
    const find = await compile({ 'sample.layout.json': { fields: [{ name: 'default', type: 'u16' }] } })
    expect(find('sample', 'SAMPLE_SIZE_BYTES')).toBe(2)
    expect(find('sample', 'decodeSample')(fromHex('0102'))).toEqual({ default: 258 })
    expect(refusalOf(find('sample', 'decodeSample'), fromHex('010203'))).toMatch(/^end: /)
  })
})

describe('a layout outside the profile is refused', () => {
  const u8 = { name: 'a', type: 'u8' }
  const cases: readonly (readonly [readonly object[], string])[] = [
    [[], 'fields is a list that is not empty'],
    [[u8, u8], 'two fields have one name'],
    [[{ ...u8, name: 'A' }], 'a field is named in lower camel case'],
    [[{ name: 'a', type: 'i8' }], 'type is u8, u16, u32, u64 or bytes'],
    [[{ ...u8, length: 1 }], 'unknown keyword "length" here'],
    [[{ ...u8, const: 256 }], 'the value does not fit u8'],
    [[{ ...u8, const: 1, minimum: 0 }], 'unknown keyword "minimum" here'],
    [[{ ...u8, minimum: 2, maximum: 1 }], 'the value does not fit u8'],
    [[{ name: 'a', type: 'bytes' }], 'maxLength is due: everything has a limit'],
    [[{ name: 'a', type: 'bytes', maxLength: 1 }], 'bytes have const, length, lengthPrefix or rest'],
    [[{ name: 'a', type: 'bytes', const: 'AB' }], 'const of bytes is lower-case hexadecimal'],
    [[{ name: 'a', type: 'bytes', const: 'ab', length: 1 }], 'unknown keyword "length" here'],
    [[{ name: 'a', type: 'bytes', length: 0 }], 'length is at least 1'],
    [[{ name: 'a', type: 'bytes', lengthPrefix: 'u64', maxLength: 1 }], 'lengthPrefix is u8, u16 or u32'],
    [[{ name: 'a', type: 'bytes', lengthPrefix: 'u8', maxLength: 256 }], 'maxLength does not fit u8'],
    [[{ name: 'a', type: 'bytes', lengthPrefix: 'u8', minLength: 2, maxLength: 1 }], 'do not fit each other'],
    [
      [
        { name: 'a', type: 'bytes', rest: true, maxLength: 1 },
        { ...u8, name: 'b' },
      ],
      'the field with rest is the last one',
    ],
  ]
  for (const [fields, refusal] of cases) {
    test(`${JSON.stringify(fields)} is refused`, () => {
      expect(() => parseLayoutFile('x.layout.json', { $id: 'x', title: 'X', fields })).toThrow(refusal)
    })
  }

  test('the head of the file is checked', () => {
    expect(() => parseLayoutFile('x.layout.json', { $id: 'y', title: 'X', fields: [u8] })).toThrow('$id must be')
    expect(() => parseLayoutFile('x.layout.json', { $id: 'x', title: 'X', fields: [u8], z: 1 })).toThrow(
      'unknown keyword "z"',
    )
  })
})
