import {
  Cid,
  decodeCbor,
  decodeJcs,
  encodeCbor,
  encodeJcs,
  equalBytes,
  fromBase32,
  fromBase58btc,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  type IpldValue,
  type JsonValue,
  parseJson,
  toBase32,
  toBase58btc,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from '@talos/bytes'
import { type ErrorCode, isTalosError } from '@talos/errors'
import canonicalize from 'canonicalize'
import { decode as cborgDecode, encode as cborgEncode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const SEED = 42
const text = fc.string({ unit: 'binary' })
const name = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '', '10', '9'))
const integer = fc.maxSafeInteger()
const bytes = fc.uint8Array({ maxLength: 70 })
const link = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((digest) => Cid.fromSha256(digest))

/** Objects as the decoders make them, with any names as own members. */
function objectOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.array(fc.tuple(name, value), { maxLength: 6 }).map((members) => {
    const object: Record<string, T> = Object.create(null)
    for (const [key, member] of members) object[key] = member
    return object
  })
}

const ipld = fc.letrec<{ value: IpldValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom(null, true, false),
    integer,
    text,
    bytes,
    link,
    fc.array(tie('value'), { maxLength: 6 }),
    objectOf(tie('value')),
  ),
})).value

function jsonOf(number: fc.Arbitrary<number>): fc.Arbitrary<JsonValue> {
  return fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.constantFrom(null, true, false),
      number,
      text,
      fc.array(tie('value'), { maxLength: 6 }),
      objectOf(tie('value')),
    ),
  })).value
}

/** Strings, numbers and marks, some of which are other ways to write the same. */
const TOKENS = [
  String.raw`{ } [ ] , : true null "" "a" "b" "\u0061" "\/" "/" "\n" "\\/" "\u001F" "\u001f" "1" "10" "2" "__proto__"`,
  String.raw`"\ud83d\ude00" "\ud83d" 0 -0 1 1e1 10 100 1e2 -100 -1e2 1200 12e2 0e1 1.0 1e-400 9007199254740991.4`,
].flatMap((line) => line.split(' '))

function hasOnlyIntegers(text: string): boolean {
  let isNarrow = true
  JSON.parse(text, (_, value) => {
    isNarrow &&= typeof value !== 'number' || Number.isSafeInteger(value)
    return value
  })
  return isNarrow
}

function attempt<T>(fn: () => T): { readonly value: T } | { readonly code: ErrorCode } {
  try {
    return { value: fn() }
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { code: error.code }
  }
}

/** Bytes that decode must be what their value encodes to; the others must be refused with an error of ours. */
function expectOneForm(candidate: Uint8Array): void {
  const outcome = attempt(() => decodeCbor(candidate))
  const expected = 'value' in outcome ? toHex(encodeCbor(outcome.value)) : toHex(candidate)
  expect(toHex(candidate)).toBe(expected)
}

describe('canonical CBOR', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(ipld, (value) => {
        const encoded = encodeCbor(value)
        const decoded = decodeCbor(encoded)
        expect(decoded).toEqual(value)
        expect(toHex(encodeCbor(decoded))).toBe(toHex(encoded))
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it('accepts mutated bytes only where they are the one form of what they say', () => {
    const mutated = fc.tuple(ipld, fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(mutated, ([value, position, byte]) => {
        const changed = encodeCbor(value)
        changed[position % changed.length] = byte
        expectOneForm(changed)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })

  it('accepts arbitrary short bytes only where they are the one form of what they say', () => {
    for (let first = 0; first < 256; first += 1) {
      expectOneForm(Uint8Array.of(first))
      for (let second = 0; second < 256; second += 1) {
        expectOneForm(Uint8Array.of(first, second))
        expectOneForm(Uint8Array.of(first, second, 0x61))
        expectOneForm(Uint8Array.of(first, second, 0x61, 0x00))
      }
    }
  })

  it('agrees with an independent decoder on values without links and byte order marks', () => {
    fc.assert(
      fc.property(jsonOf(integer), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value).replaceAll('\ufeff', ''))
        const encoded = cborgEncode(plain)
        expect(JSON.stringify(decodeCbor(encoded))).toBe(JSON.stringify(cborgDecode(encoded)))
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('canonical JSON', () => {
  it('agrees with an independent writer, fractions and all', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(jsonOf(fc.oneof(double, integer)), (value) => {
        expect(encodeJcs(value)).toBe(canonicalize(value))
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it('reads what it writes within the narrow profile', () => {
    fc.assert(
      fc.property(jsonOf(integer), (value) => {
        const written = encodeJcs(value)
        expect(encodeJcs(decodeJcs(written))).toBe(written)
        expect(encodeJcs(decodeJcs(utf8(written)))).toBe(written)
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it('reads one text only of each value, however many others JSON has', () => {
    const token = fc.constantFrom(' ', '\n', '" "', '"\u{1f600}"', ...TOKENS)
    const soup = fc.array(token, { maxLength: 8 }).map((parts) => parts.join(''))
    const edited = fc.tuple(jsonOf(integer), token, fc.nat(), fc.nat(3)).map(([value, put, at, gone]) => {
      const written = encodeJcs(value)
      const place = at % (written.length + 1)
      return written.slice(0, place) + put + written.slice(place + gone)
    })
    const inArray = fc
      .array(fc.tuple(token, token), { maxLength: 3 })
      .map((pairs) => `[${pairs.map(([a]) => a).join()}]`)
    const inObject = fc
      .array(fc.tuple(token, token), { maxLength: 3 })
      .map((pairs) => `{${pairs.map((pair) => pair.join(':')).join()}}`)
    fc.assert(
      fc.property(fc.oneof(soup, edited, inArray, inObject), (candidate) => {
        const outcome = attempt(() => encodeJcs(decodeJcs(candidate)))
        expect(outcome).toEqual('value' in outcome ? { value: candidate } : { code: 'JSON_INVALID' })
        const engine = attempt(() => encodeJcs(parseJson(candidate)))
        const isWhole = 'value' in engine && engine.value === candidate && hasOnlyIntegers(candidate)
        expect('value' in outcome).toBe(isWhole)
      }),
      { seed: SEED, numRuns: 10_000 },
    )
  })

  it('reads ordinary JSON as the engine does, unless a name repeats', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(jsonOf(fc.oneof(double, integer)), fc.constantFrom(0, 1, 3), (value, indent) => {
        const written = JSON.stringify(value, undefined, indent)
        expect(parseJson(written)).toEqual(JSON.parse(written))
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it('refuses whatever the engine refuses, and throws nothing foreign', () => {
    const fragment = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ':',
      ',',
      '1',
      '-',
      'e',
      '.',
      ' ',
      'a',
      'null',
      '\\u00',
    )
    const soup = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(soup, (candidate) => {
        const outcome = attempt(() => parseJson(candidate))
        expect(outcome).toEqual('value' in outcome ? { value: JSON.parse(candidate) } : { code: 'JSON_INVALID' })
      }),
      { seed: SEED, numRuns: 5_000 },
    )
  })
})

describe('text forms', () => {
  it.each([
    ['hex', toHex, fromHex],
    ['base64', toBase64, fromBase64],
    ['base64url', toBase64url, fromBase64url],
    ['base32', toBase32, fromBase32],
    ['base58btc', toBase58btc, fromBase58btc],
  ] as const)('%s reads what it writes, and one text only', (_, write, read) => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(read(write(value))).toEqual(value)
      }),
      { seed: SEED, numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (candidate) => {
        const outcome = attempt(() => write(read(candidate)))
        expect(outcome).toEqual('value' in outcome ? { value: candidate } : { code: 'ENCODING_INVALID' })
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it.each([
    ['base64', toBase64, fromBase64],
    ['base64url', toBase64url, fromBase64url],
  ] as const)('%s of signed objects is one text only: whatever else stands in it, it is refused', (_, write, read) => {
    const foreign = fc.constantFrom(
      '',
      '=',
      '==',
      ' ',
      '\n',
      '+',
      '-',
      '/',
      '_',
      'A',
      'B',
      '\u00e9',
      '\u0141',
      '\u{1f600}',
    )
    const long = fc.uint8Array({ minLength: 90, maxLength: 400 })
    fc.assert(
      fc.property(long, foreign, fc.nat(400), fc.boolean(), (value, put, place, replaces) => {
        const written = write(value)
        const candidate = written.slice(0, place) + put + written.slice(place + (replaces ? 1 : 0))
        const outcome = attempt(() => write(read(candidate)))
        expect(outcome).toEqual('value' in outcome ? { value: candidate } : { code: 'ENCODING_INVALID' })
        expect(read(written)).toEqual(value)
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it('UTF-8 reads what it writes', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(fromUtf8(utf8(value))).toBe(value)
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('equalBytes', () => {
  it('is equality of lengths and contents', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b))
        expect(equalBytes(a, new Uint8Array(a))).toBe(true)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})
