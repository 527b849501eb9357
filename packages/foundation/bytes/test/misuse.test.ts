import { inspect } from 'node:util'
import {
  ByteReader,
  ByteWriter,
  Cid,
  concatBytes,
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_DEPTH,
  decodeCbor,
  decodeJcs,
  encodeCbor,
  encodeJcs,
  equalBytes,
  fromBase58btc,
  fromHex,
  MAX_BASE58_BYTES,
  MAX_BASE58_CHARS,
  MAX_DEPTH_CEILING,
  parseJson,
  Secret,
  toBase58btc,
  toHex,
  utf8,
} from '@talos/bytes'
import { type ErrorCode, isTalosError } from '@talos/errors'
import { seededRandom } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

function codeOf(fn: () => unknown): ErrorCode | 'no error' {
  try {
    fn()
    return 'no error'
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
}

/** Calls an encoder with what its type forbids, as plain JavaScript can. */
function call(fn: (value: never) => unknown, value: unknown): () => unknown {
  return () => Reflect.apply(fn, undefined, [value])
}

class Foreign {
  readonly a = 1
}

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

const UNSAYABLE: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['a member that is undefined', { a: undefined }],
  ['a hole in an array', Array(1)],
  ['a function', () => 1],
  ['a symbol', Symbol('a')],
  ['a bigint', 1n],
  ['not a number', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['an object of a class', new Foreign()],
  ['a Map', new Map()],
  ['a Date', new Date(0)],
  ['a lone surrogate', '\ud800'],
  ['a lone surrogate in a name', { '\udc00': 1 }],
]

describe('encodeCbor', () => {
  it.each<readonly [string, unknown]>([
    ...UNSAYABLE,
    ['a member named by a symbol', { [Symbol.toStringTag]: 'Map' }],
    ['a view that is not of bytes', new Uint16Array(1)],
    ['an imitation of a Cid', Object.create(Cid.prototype)],
  ])('refuses %s', (_, value) => {
    expect(codeOf(call(encodeCbor, value))).toBe('CBOR_INVALID')
  })

  it('ends at a cycle', () => {
    expect(codeOf(call(encodeCbor, cycle))).toBe('INPUT_TOO_DEEP')
  })

  it('writes negative zero as zero', () => {
    expect(toHex(encodeCbor(-0))).toBe('00')
  })

  it('writes members that shadow those of objects', () => {
    const value = { constructor: 'x', hasOwnProperty: 1 }
    expect({ ...Object(decodeCbor(encodeCbor(value))) }).toEqual(value)
  })

  it('keeps working after a refusal', () => {
    expect(codeOf(call(encodeCbor, [1, undefined]))).toBe('CBOR_INVALID')
    expect(toHex(encodeCbor([1]))).toBe('8101')
  })
})

describe('decodeCbor', () => {
  it('takes the default size and not a byte more', () => {
    const head = Uint8Array.of(0x5a, 0x00, 0x0f, 0xff, 0xfb)
    const largest = concatBytes(head, new Uint8Array(DEFAULT_MAX_BYTES - head.length))
    expect(decodeCbor(largest)).toHaveLength(DEFAULT_MAX_BYTES - head.length)
    expect(codeOf(() => decodeCbor(concatBytes(largest, Uint8Array.of(0))))).toBe('INPUT_TOO_LARGE')
  })

  it('caps the depth that a caller may ask for', () => {
    const nested = (depth: number): Uint8Array => new Uint8Array(depth).fill(0x81).fill(0x80, -1)
    const limits = { maxDepth: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }
    expect(codeOf(() => decodeCbor(nested(MAX_DEPTH_CEILING), limits))).toBe('no error')
    expect(codeOf(() => decodeCbor(nested(MAX_DEPTH_CEILING + 1), limits))).toBe('INPUT_TOO_DEEP')
    expect(codeOf(() => decodeCbor(nested(1_000_000), limits))).toBe('INPUT_TOO_DEEP')
  })

  it('returns byte strings and links that do not share the input', () => {
    const encoded = encodeCbor([Uint8Array.of(1), Cid.fromSha256(new Uint8Array(32))])
    const before = decodeCbor(encoded)
    encoded.fill(0xff)
    expect(before).toEqual([Uint8Array.of(1), Cid.fromSha256(new Uint8Array(32))])
  })

  it('reads a window of a larger buffer', () => {
    expect(decodeCbor(fromHex('ffff8101ffff').subarray(2, 4))).toEqual([1])
  })

  it('gives maps no prototype, so that absent members are absent', () => {
    const value = Object(decodeCbor(fromHex('a1695f5f70726f746f5f5fa1616101')))
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(value.a).toBeUndefined()
    expect(value.toString).toBeUndefined()
    expect(Object.keys(value)).toEqual(['__proto__'])
  })

  it('says nothing of the input in its errors', () => {
    const repeated = fromHex('a266736563726574016673656372657402')
    expect(() => decodeCbor(repeated)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})

describe('encodeJcs', () => {
  it.each(UNSAYABLE)('refuses %s', (_, value) => {
    expect(codeOf(call(encodeJcs, value))).toBe('JSON_INVALID')
  })

  it('ends at a cycle', () => {
    expect(codeOf(call(encodeJcs, cycle))).toBe('INPUT_TOO_DEEP')
  })

  it('writes as deep as the default and no deeper', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(codeOf(call(encodeJcs, nested(DEFAULT_MAX_DEPTH)))).toBe('no error')
    expect(codeOf(call(encodeJcs, nested(DEFAULT_MAX_DEPTH + 1)))).toBe('INPUT_TOO_DEEP')
  })

  it('does not run toJSON', () => {
    expect(encodeJcs(Object.assign([1], { toJSON: () => 'x' }))).toBe('[1]')
    expect(codeOf(call(encodeJcs, { toJSON: () => 'x' }))).toBe('JSON_INVALID')
  })
})

describe('parseJson and decodeJcs', () => {
  it('take the default size in bytes and not one more', () => {
    const largest = `"${'a'.repeat(DEFAULT_MAX_BYTES - 2)}"`
    for (const read of [parseJson, decodeJcs]) {
      expect(read(largest)).toHaveLength(DEFAULT_MAX_BYTES - 2)
      expect(codeOf(() => read(`${largest} `))).toBe('INPUT_TOO_LARGE')
      expect(codeOf(() => read(utf8(`${largest} `)))).toBe('INPUT_TOO_LARGE')
      expect(codeOf(() => read(`"${'\u20ac'.repeat(DEFAULT_MAX_BYTES / 2)}"`))).toBe('INPUT_TOO_LARGE')
    }
  })

  it('refuse a text with a lone surrogate of its own', () => {
    expect(codeOf(() => parseJson('"\ud800"'))).toBe('JSON_INVALID')
    expect(codeOf(() => decodeJcs('"\ud800\\udc00"'))).toBe('JSON_INVALID')
  })

  it('cap the depth that a caller may ask for', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    const limits = { maxDepth: Number.MAX_SAFE_INTEGER }
    for (const read of [parseJson, decodeJcs]) {
      expect(codeOf(() => read(nested(MAX_DEPTH_CEILING), limits))).toBe('no error')
      expect(codeOf(() => read(nested(MAX_DEPTH_CEILING + 1), limits))).toBe('INPUT_TOO_DEEP')
      expect(codeOf(() => read('['.repeat(500_000), limits))).toBe('INPUT_TOO_DEEP')
    }
  })

  it('leave prototypes alone', () => {
    const value = Object(parseJson('{"__proto__":{"polluted":true}}'))
    expect(value.polluted).toBeUndefined()
    expect(Object('').polluted).toBeUndefined()
  })

  it.each([
    ['backslashes', `"${'\\'.repeat(500_000)}`],
    ['escaped quotes', `"${'\\"'.repeat(250_000)}`],
    ['digits', '1'.repeat(500_000)],
    ['signs', '-'.repeat(500_000)],
    ['strings followed by space', `[${'""  '.repeat(120_000)}`],
    ['one string followed by much space', `[""${' '.repeat(500_000)}`],
  ])('refuse hostile %s without a foreign error', (_, hostile) => {
    expect(codeOf(() => parseJson(hostile))).toBe('JSON_INVALID')
  })

  it('say nothing of the input in their errors', () => {
    for (const hostile of ['{"secret":1,"secret":2}', '{"secret"', '"secret', '["secret",]']) {
      expect(() => parseJson(hostile)).toThrow(
        expect.objectContaining({ code: 'JSON_INVALID', message: expect.not.stringContaining('secret') }),
      )
    }
  })
})

describe('Cid', () => {
  it.each([0, 31, 33])('is not made from a digest of %i bytes', (length) => {
    expect(codeOf(() => Cid.fromSha256(new Uint8Array(length)))).toBe('CID_INVALID')
  })

  it.each([0, 35, 37])('is not made from %i bytes', (length) => {
    const bytes = concatBytes(Cid.fromSha256(new Uint8Array(32)).bytes, new Uint8Array(1)).slice(0, length)
    expect(codeOf(() => Cid.fromBytes(bytes))).toBe('CID_INVALID')
  })

  it('keeps a copy of its bytes and hands out a copy of its digest', () => {
    const bytes = Cid.fromSha256(new Uint8Array(32)).bytes.slice()
    const cid = Cid.fromBytes(bytes)
    bytes.fill(7)
    cid.digest.fill(7)
    expect(cid.equals(Cid.fromSha256(new Uint8Array(32)))).toBe(true)
    expect(cid.digest).toEqual(new Uint8Array(32))
  })

  it('is told apart by its digest', () => {
    expect(Cid.fromSha256(new Uint8Array(32)).equals(Cid.fromSha256(new Uint8Array(32).fill(1)))).toBe(false)
  })

  it('is its text in JSON', () => {
    const cid = Cid.fromSha256(new Uint8Array(32).fill(9))
    expect(JSON.stringify({ cid })).toBe(`{"cid":"${cid.toString()}"}`)
  })
})

describe('ByteWriter and ByteReader', () => {
  it('write and read big endian', () => {
    const written = new ByteWriter()
      .u8(1)
      .u16(0x0203)
      .u32(0x04050607)
      .u64(0x08090a0b0c0d0en)
      .bytes(fromHex('ff'))
      .finish()
    expect(toHex(written)).toBe('010203040506070008090a0b0c0d0eff')
    const reader = new ByteReader(written)
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64()]).toEqual([1, 0x0203, 0x04050607, 0x08090a0b0c0d0e])
    expect(reader.remaining).toBe(1)
    expect(toHex(reader.rest())).toBe('ff')
    expect(reader.rest()).toHaveLength(0)
    reader.end()
  })

  it('write the largest of each kind and refuse one more', () => {
    const largest = new ByteWriter()
      .u8(0xff)
      .u16(0xffff)
      .u32(0xffff_ffff)
      .u64(2n ** 64n - 1n)
      .u64(Number.MAX_SAFE_INTEGER)
    expect(toHex(largest.finish())).toBe(`${'ff'.repeat(15)}001fffffffffffff`)
    const writer = new ByteWriter()
    for (const refused of [
      () => writer.u8(256),
      () => writer.u8(-1),
      () => writer.u8(0.5),
      () => writer.u16(0x1_0000),
      () => writer.u32(0x1_0000_0000),
      () => writer.u64(2 ** 53),
      () => writer.u64(-1),
      () => writer.u64(-1n),
      () => writer.u64(2n ** 64n),
    ]) {
      expect(codeOf(refused)).toBe('LAYOUT_INVALID')
    }
    expect(writer.length).toBe(0)
  })

  it('grow beyond the first buffer by a little and by a lot', () => {
    const writer = new ByteWriter()
    for (let index = 0; index < 200; index += 1) writer.u8(index)
    writer.bytes(new Uint8Array(5_000).fill(7))
    expect(writer.length).toBe(5_200)
    const written = writer.finish()
    expect([...written.subarray(0, 200)]).toEqual(Array.from({ length: 200 }, (_, index) => index))
    expect(equalBytes(written.subarray(200), new Uint8Array(5_000).fill(7))).toBe(true)
  })

  it('start anew after finish', () => {
    const writer = new ByteWriter().u8(1)
    expect(toHex(writer.finish())).toBe('01')
    expect(toHex(writer.u8(2).finish())).toBe('02')
  })

  it('refuse to read past the end, naming layout and field', () => {
    const empty = (): ByteReader => new ByteReader(new Uint8Array(0), 'frame')
    for (const read of [
      () => empty().u8(),
      () => empty().u16(),
      () => empty().u32(),
      () => empty().u64(),
      () => empty().bytes(1),
      () => empty().bytes(-1),
      () => empty().bytes(Number.NaN),
    ]) {
      expect(codeOf(read)).toBe('LAYOUT_INVALID')
    }
    expect(() => empty().u16('length')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ layout: 'frame', field: 'length' }) }),
    )
  })

  it('refuse a failed read without moving on', () => {
    const reader = new ByteReader(fromHex('0102'))
    expect(codeOf(() => reader.u32())).toBe('LAYOUT_INVALID')
    expect(reader.u16()).toBe(0x0102)
  })

  it('read the largest safe integer and refuse the next', () => {
    expect(new ByteReader(fromHex('001fffffffffffff')).u64()).toBe(Number.MAX_SAFE_INTEGER)
    expect(codeOf(() => new ByteReader(fromHex('0020000000000000')).u64())).toBe('LAYOUT_INVALID')
  })

  it('refuse bytes that are left at the end', () => {
    expect(codeOf(() => new ByteReader(fromHex('00')).end())).toBe('LAYOUT_INVALID')
  })

  it('copy what they hand out', () => {
    const source = fromHex('0102')
    const read = new ByteReader(source).bytes(2)
    source.fill(0)
    expect(toHex(read)).toBe('0102')
  })
})

describe('Secret', () => {
  const plain = fromHex('c0ffee')

  it('shows nothing of itself', () => {
    const secret = Secret.of(plain)
    const shown = [
      String(secret),
      'in a template: '.concat(secret as unknown as string),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }, { showHidden: true, depth: 9 }),
      JSON.stringify(Object.entries(secret)),
      JSON.stringify(structuredClone(secret)),
    ]
    for (const text of shown) {
      expect(text).not.toMatch(/192|c0ffee|255/)
    }
    expect(shown.slice(0, 4)).toEqual(['[secret]', 'in a template: [secret]', '{"secret":"[secret]"}', '[secret]'])
  })

  it('lends its bytes and returns what the borrower returns', () => {
    const secret = Secret.of(plain)
    expect(secret.length).toBe(3)
    expect(secret.use(toHex)).toBe('c0ffee')
  })

  it('keeps a copy, so that the caller can erase the original', () => {
    const original = fromHex('0102')
    const secret = Secret.of(original)
    original.fill(0)
    expect(secret.use(toHex)).toBe('0102')
  })

  it('is erased on disposal and refuses every use after it', () => {
    let lent = new Uint8Array(0)
    const secret = Secret.of(plain)
    secret.use((bytes) => {
      lent = bytes as Uint8Array<ArrayBuffer>
    })
    secret.dispose()
    secret.dispose()
    expect(toHex(lent)).toBe('000000')
    expect(codeOf(() => secret.use(toHex))).toBe('SECRET_DISPOSED')
    expect(codeOf(() => secret.length)).toBe('SECRET_DISPOSED')
    expect(String(secret)).toBe('[secret]')
  })

  it('is erased at the end of its scope', () => {
    let kept: Secret
    {
      using secret = Secret.of(plain)
      kept = secret
      expect(kept.length).toBe(3)
    }
    expect(codeOf(() => kept.use(toHex))).toBe('SECRET_DISPOSED')
  })

  it('is drawn from a generator whose array is erased', () => {
    const drawn: Uint8Array[] = []
    const random = seededRandom('secret')
    const secret = Secret.random(
      {
        bytes(length: number): Uint8Array {
          const bytes = random.bytes(length)
          drawn.push(bytes)
          return bytes
        },
      },
      32,
    )
    expect(secret.use(toHex)).toBe(toHex(seededRandom('secret').bytes(32)))
    expect(drawn).toEqual([new Uint8Array(32)])
  })
})

describe('base 58', () => {
  it('is bounded when writing', () => {
    expect(toBase58btc(new Uint8Array(MAX_BASE58_BYTES).fill(0xff)).length).toBeLessThanOrEqual(MAX_BASE58_CHARS)
    expect(codeOf(() => toBase58btc(new Uint8Array(MAX_BASE58_BYTES + 1)))).toBe('INPUT_TOO_LARGE')
  })

  it('reads no more bytes than it writes, however few their characters are', () => {
    expect(fromBase58btc('1'.repeat(MAX_BASE58_BYTES))).toEqual(new Uint8Array(MAX_BASE58_BYTES))
    for (const text of ['1'.repeat(MAX_BASE58_BYTES + 1), 'z'.repeat(MAX_BASE58_CHARS)]) {
      expect(codeOf(() => fromBase58btc(text))).toBe('INPUT_TOO_LARGE')
    }
  })
})

describe('utf8', () => {
  it('refuses a lone surrogate', () => {
    expect(codeOf(() => utf8('a\ud800'))).toBe('ENCODING_INVALID')
  })
})
