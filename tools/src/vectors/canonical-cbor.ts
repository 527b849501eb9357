/** Cases of clauses 2.1 to 2.3: deterministic DAG-CBOR and links. */

const DIGEST_HEX = '11'.repeat(32)
const LINK_HEX = `d82a58250001711220${DIGEST_HEX}`
const LINK_TEXT = 'bafyreiarceirceirceirceirceirceirceirceirceirceirceirceirce'

export function cborCases(): readonly object[] {
  return [...validCases(), ...limitCases(), ...invalidCases(), ...linkCases(), ...unencodableCases()]
}

/** Both directions: the bytes decode to the value and the value encodes to the bytes. */
function validCases(): readonly object[] {
  const rows: readonly (readonly [description: string, cborHex: string, value: unknown])[] = [
    ['zero', '00', 0],
    ['the largest integer within the head', '17', 23],
    ['the smallest integer of one more byte', '1818', 24],
    ['the largest integer of one more byte', '18ff', 255],
    ['the smallest integer of two more bytes', '190100', 256],
    ['the largest integer of two more bytes', '19ffff', 65_535],
    ['the smallest integer of four more bytes', '1a00010000', 65_536],
    ['the largest integer of four more bytes', '1affffffff', 4_294_967_295],
    ['the smallest integer of eight more bytes', '1b0000000100000000', 4_294_967_296],
    ['the largest integer', '1b001fffffffffffff', 9_007_199_254_740_991],
    ['minus one', '20', -1],
    ['a negative integer of one more byte', '3818', -25],
    ['the smallest integer', '3b001ffffffffffffe', -9_007_199_254_740_991],
    ['false', 'f4', false],
    ['true', 'f5', true],
    ['null', 'f6', null],
    ['the empty byte string', '40', { '/bytesHex': '' }],
    ['a byte string', '43010203', { '/bytesHex': '010203' }],
    ['a byte string whose length takes one more byte', `5818${'ab'.repeat(24)}`, { '/bytesHex': 'ab'.repeat(24) }],
    ['the empty text', '60', ''],
    ['a text of one, two, three and four byte characters', '6a61c3a9e282acf09d849e', 'a\u00e9\u20ac\ud834\udd1e'],
    ['a text that begins with a byte order mark', '64efbbbf61', '\ufeffa'],
    ['a text with a NUL', '6100', '\u0000'],
    ['a text whose length takes one more byte', `781e${'61'.repeat(30)}`, 'a'.repeat(30)],
    ['the empty array', '80', []],
    ['an array of mixed values', '84016161f680', [1, 'a', null, []]],
    ['the empty map', 'a0', {}],
    ['map keys of one length in bytewise order', 'a3614101616102617a03', { A: 1, a: 2, z: 3 }],
    ['map keys ordered by length before bytes', 'a3617a016261610262616203', { z: 1, aa: 2, ab: 3 }],
    [
      'map keys ordered by bytes of UTF-8, where UTF-16 orders otherwise',
      'a264ee8081610164f090808002',
      { '\ue001a': 1, '\ud800\udc00': 2 },
    ],
    ['the empty key', 'a16001', { '': 1 }],
    ['a key that names a prototype', 'a1695f5f70726f746f5f5f01', JSON.parse('{"__proto__":1}')],
    ['maps within arrays within maps', 'a1616181a1616200', { a: [{ b: 0 }] }],
  ]
  return rows.map(([description, cborHex, value]) =>
    accepted({ clause: '2.2', description, input: { cborHex }, value }),
  )
}

/** The limits themselves and one past them. */
function limitCases(): readonly object[] {
  const nested = (depth: number): string => `${'81'.repeat(depth - 1)}80`
  const nestedValue = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
  return [
    accepted({
      clause: '2.1',
      description: 'as deep as the default allows',
      input: { cborHex: nested(64) },
      value: nestedValue(64),
    }),
    rejected({
      clause: '2.1',
      description: 'one deeper than the default allows',
      input: { cborHex: nested(65) },
      error: 'INPUT_TOO_DEEP',
    }),
    rejected({
      clause: '2.1',
      description: 'one map deeper than the stated limit',
      input: { cborHex: 'a1616181a0', maxDepth: 2 },
      error: 'INPUT_TOO_DEEP',
    }),
    accepted({
      clause: '2.1',
      description: 'as long as the stated limit',
      input: { cborHex: '43010203', maxBytes: 4 },
      value: { '/bytesHex': '010203' },
    }),
    rejected({
      clause: '2.1',
      description: 'one byte longer than the stated limit',
      input: { cborHex: '43010203', maxBytes: 3 },
      error: 'INPUT_TOO_LARGE',
    }),
  ]
}

function invalidCases(): readonly object[] {
  const rows: readonly (readonly [description: string, cborHex: string])[] = [
    ['no bytes', ''],
    ['a byte after the value', '0000'],
    ['an integer that ends within its head', '19ff'],
    ['a byte string that ends too early', '44010203'],
    ['an array that ends too early', '8201'],
    ['a map without its last value', 'a26161016162'],
    ['a count of items far beyond the input', '9b001fffffffffffff'],
    ['a length far beyond the input', '5b001fffffffffffff'],
    ['a small integer in one more byte', '1817'],
    ['an integer of one byte in two', '1900ff'],
    ['an integer of two bytes in four', '1a0000ffff'],
    ['an integer of four bytes in eight', '1b00000000ffffffff'],
    ['a negative integer that is not in its shortest form', '3817'],
    ['a length that is not in its shortest form', '580101'],
    ['a count that is not in its shortest form', '980101'],
    ['an integer beyond 2^53 - 1', '1b0020000000000000'],
    ['the largest unsigned integer of 64 bits', '1bffffffffffffffff'],
    ['an integer below -(2^53 - 1)', '3b001fffffffffffff'],
    ['a reserved head', '1c'],
    ['an array of indefinite length', '9f01ff'],
    ['a map of indefinite length', 'bf616101ff'],
    ['a byte string of indefinite length', '5f4101ff'],
    ['a text of indefinite length', '7f6161ff'],
    ['a break alone', 'ff'],
    ['a half-precision float', 'f93c00'],
    ['a single-precision float', 'fa3fc00000'],
    ['a double-precision float', 'fb3ff8000000000000'],
    ['not a number', 'f97e00'],
    ['undefined', 'f7'],
    ['a simple value in one more byte', 'f8ff'],
    ['an unassigned simple value', 'e0'],
    ['a repeated key', 'a2616101616102'],
    ['keys of one length out of order', 'a2616201616102'],
    ['a longer key before a shorter one', 'a262616101616202'],
    ['an integer as a key', 'a10101'],
    ['a byte string as a key', 'a1416101'],
    ['a text that is not UTF-8', '61ff'],
    ['a text with an overlong form', '62c080'],
    ['a text with an encoded surrogate', '63eda080'],
    ['a key that is not UTF-8', 'a161ff01'],
    ['a bignum', 'c249010000000000000000'],
    ['a date', 'c11a514b67b0'],
    ['self-described CBOR', 'd9d9f700'],
  ]
  return rows.map(([description, cborHex]) =>
    rejected({ clause: '2.2', description, input: { cborHex }, error: 'CBOR_INVALID' }),
  )
}

function linkCases(): readonly object[] {
  const rows: readonly (readonly [description: string, cborHex: string])[] = [
    ['a link without the zero byte', `d82a582401711220${DIGEST_HEX}`],
    ['a link with another first byte', `d82a58250101711220${DIGEST_HEX}`],
    ['a link of another codec', `d82a58250001551220${DIGEST_HEX}`],
    ['a link of another hash', `d82a58250001711b20${DIGEST_HEX}`],
    ['a link of version 0', `d82a5823001220${DIGEST_HEX}`],
    ['a link with a digest cut short', `d82a58240001711220${DIGEST_HEX.slice(2)}`],
    ['a link with a byte too many', `d82a58260001711220${DIGEST_HEX}00`],
    ['a link as a text', `d82a783b${'62'.repeat(59)}`],
    ['a tag without content', 'd82a'],
    ['a tag that is not in its shortest form', `d9002a58250001711220${DIGEST_HEX}`],
  ]
  return [
    accepted({
      clause: '2.3',
      description: 'a link',
      input: { cborHex: LINK_HEX },
      value: { '/cid': LINK_TEXT },
    }),
    accepted({
      clause: '2.3',
      description: 'a link within a map',
      input: { cborHex: `a1616c${LINK_HEX}` },
      value: { l: { '/cid': LINK_TEXT } },
    }),
    ...rows.map(([description, cborHex]) =>
      rejected({ clause: '2.3', description, input: { cborHex }, error: 'CBOR_INVALID' }),
    ),
  ]
}

/** Values that an encoder refuses; the ones that JSON can carry. */
function unencodableCases(): readonly object[] {
  const rows: readonly (readonly [description: string, value: unknown])[] = [
    ['a fraction is not encoded', 1.5],
    ['an integer beyond 2^53 - 1 is not encoded', 2 ** 53],
    ['a fraction deep inside is not encoded', { a: [{ b: 0.1 }] }],
  ]
  return rows.map(([description, value]) =>
    rejected({ clause: '2.2', description, input: { value }, error: 'CBOR_INVALID' }),
  )
}

interface CaseText {
  readonly clause: string
  readonly description: string
  readonly input: object
}

function accepted({ value, ...text }: CaseText & { readonly value: unknown }): object {
  return { ...pick(text), valid: true, input: text.input, expected: { value } }
}

function rejected({ error, ...text }: CaseText & { readonly error: string }): object {
  return { ...pick(text), valid: false, input: text.input, error }
}

function pick({ clause, description }: CaseText): object {
  return { clause, description }
}
