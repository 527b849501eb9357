/** Edits that keep most of the structure of CBOR, JSON and lines of text, so that they reach what lies behind the first check. */
import { concatBytes } from '@talos/bytes'
import type { FuzzRandom } from './random.ts'

interface Span {
  readonly start: number
  readonly end: number
}

interface CborToken extends Span {
  /** Where the head ends and the payload of a string begins. */
  readonly headEnd: number
  readonly major: number
}

const MAX_TOKENS = 4_096
const BYTE_STRING = 2
const TEXT = 3

/** Heads in sequence, as far as the bytes make sense. Containers are their heads only. */
function cborTokens(bytes: Uint8Array): readonly CborToken[] {
  const tokens: CborToken[] = []
  for (let start = 0; start < bytes.length && tokens.length < MAX_TOKENS; ) {
    const first = bytes[start] ?? 0
    const major = first >> 5
    const info = first & 31
    const extra = info < 24 || info > 27 ? 0 : 2 ** (info - 24)
    const headEnd = start + 1 + extra
    const argument = info < 24 ? info : numberAt(bytes, { start: start + 1, end: headEnd })
    const end = major === BYTE_STRING || major === TEXT ? headEnd + argument : headEnd
    if (end > bytes.length) return tokens
    tokens.push({ start, headEnd, end, major })
    start = end
  }
  return tokens
}

function numberAt(bytes: Uint8Array, { start, end }: Span): number {
  return bytes.subarray(start, end).reduce((number, byte) => number * 256 + byte, 0)
}

const ODD_VALUES = [
  'f6',
  'f7',
  'f4',
  'f5',
  'f90000',
  'f97e00',
  'fa7f800000',
  'fb3ff0000000000000',
  'ff',
  '00',
  '20',
  '17',
  '1817',
  '18ff',
  '1b001fffffffffffff',
  '1b0020000000000000',
  '1bffffffffffffffff',
  '3b001fffffffffffff',
  '3bffffffffffffffff',
  '40',
  '60',
  '58ff',
  '5f4100ff',
  '5bffffffffffffffff',
  '7bffffffffffffffff',
  '80',
  'a0',
  '9f',
  'bf',
  '9bffffffffffffffff',
  'bbffffffffffffffff',
  '9a7fffffff',
  'ba00ffffff',
  'c0',
  'c24101',
  'd82a',
  'd82a58250001711220',
  '61ff',
  '63edbfbf',
  '63efbbbf',
  '6a5f5f70726f746f5f5f5f',
  '695f5f70726f746f5f5f',
  '6b636f6e7374727563746f72',
  'a1695f5f70726f746f5f5fa0',
  '81'.repeat(300),
  'a16161'.repeat(300),
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

/** One edit of a CBOR token; `other` gives tokens to borrow. The same bytes where there is no token. */
export function editCbor(bytes: Uint8Array, random: FuzzRandom, other: Uint8Array): Uint8Array {
  const tokens = cborTokens(bytes)
  if (tokens.length === 0) return bytes
  const token = random.pick(tokens)
  const whole = bytes.subarray(token.start, token.end)
  switch (random.below(8)) {
    case 0:
      return replaced(bytes, token, random.pick(ODD_VALUES))
    case 1:
      return replaced(bytes, token, tokenOf(cborTokens(other), other, random) ?? whole)
    case 2:
      return replaced(bytes, token, concatBytes(whole, whole))
    case 3:
      return replaced(bytes, token, new Uint8Array())
    case 4:
      return swapped(bytes, token, random.pick(tokens))
    case 5:
      return replaced(bytes, { start: token.start, end: token.headEnd }, headOf(random.below(8), random.below(70_000)))
    case 6:
      return replaced(bytes, { start: token.start, end: token.headEnd }, nearHead(bytes, token, random))
    default:
      return resized(bytes, token, random)
  }
}

/** A head whose argument is one more or less, or takes more bytes than it needs. */
function nearHead(bytes: Uint8Array, { start, headEnd, major }: CborToken, random: FuzzRandom): Uint8Array {
  const info = (bytes[start] ?? 0) & 31
  const argument = info < 24 ? info : numberAt(bytes, { start: start + 1, end: headEnd })
  if (random.oneIn(4)) return headOf(major, argument, random.below(5))
  return headOf(major, Math.max(0, argument + random.pick([-1, 1, 1, -2, 8])))
}

/** A string of another length with the right head. */
function resized(bytes: Uint8Array, token: CborToken, random: FuzzRandom): Uint8Array {
  if (token.major !== BYTE_STRING && token.major !== TEXT) {
    return replaced(bytes, { start: token.start, end: token.headEnd }, headOf(token.major, random.below(300)))
  }
  const payload = bytes.slice(token.headEnd, token.end)
  const length = random.oneIn(2) ? random.below(2 * payload.length + 4) : payload.length + random.pick([-1, 1])
  const next = new Uint8Array(Math.max(0, length)).fill(0x61)
  next.set(payload.subarray(0, next.length))
  if (next.length > 0) next[random.below(next.length)] = random.oneIn(3) ? random.below(256) : 0x2f
  return replaced(bytes, token, concatBytes(headOf(token.major, next.length), next))
}

/** @param width 0: within the first byte; 1 to 4: 1, 2, 4 or 8 bytes behind it */
function headOf(major: number, argument: number, width = widthOf(argument)): Uint8Array {
  if (width === 0) return Uint8Array.of((major << 5) | (argument & 31))
  const head = new Uint8Array(1 + 2 ** (width - 1))
  head[0] = (major << 5) | (23 + width)
  for (let index = head.length - 1, rest = argument; index > 0; index -= 1, rest = Math.floor(rest / 256)) {
    head[index] = rest % 256
  }
  return head
}

function widthOf(argument: number): number {
  return [24, 0x100, 0x1_0000, 0x1_0000_0000].filter((limit) => argument >= limit).length
}

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]|[ \t\r\n]+/g
const ODD_JSON = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.0',
  '1e0',
  '1E400',
  '-1e-400',
  '01',
  '9007199254740991',
  '9007199254740992',
  '123456789012345678901234567890',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\uD83D\\uDE00"',
  '"\\/"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '{}',
  '[]',
  '[[[[[[[[]]]]]]]]',
  '{"__proto__":{"a":1}}',
  '{"a":1,"a":2}',
  '\u00ef\u00bb\u00bf',
  '//',
  ',',
  ' ',
  '"talos:1"',
  '"2.0"',
  '"."',
  '".a[]"',
  '".a?.b"',
  '"/"',
  '"//"',
  '"../.."',
  '"==","..",null',
  '\u0001',
  '['.repeat(2_000),
  '{"a":'.repeat(2_000),
]

/** One edit of a JSON token, on characters of one byte each. */
export function editJson(bytes: Uint8Array, random: FuzzRandom, other: Uint8Array): Uint8Array {
  const text = latin1(bytes)
  const tokens = spansOf(text)
  if (tokens.length === 0) return bytes
  const token = random.pick(tokens)
  const whole = bytes.subarray(token.start, token.end)
  switch (random.below(6)) {
    case 0:
      return replaced(bytes, token, fromLatin1(random.pick(ODD_JSON)))
    case 1:
      return replaced(bytes, token, tokenOf(spansOf(latin1(other)), other, random) ?? whole)
    case 2:
      return replaced(bytes, token, concatBytes(whole, random.oneIn(2) ? whole : fromLatin1(`,${latin1(whole)}`)))
    case 3:
      return replaced(bytes, token, new Uint8Array())
    case 4:
      return swapped(bytes, token, random.pick(tokens))
    default:
      return replaced(
        bytes,
        inside(token, random),
        fromLatin1(random.pick(['\\', '"', '0', 'a', '/', '\\u0041', '\x7f', '.'])),
      )
  }
}

function spansOf(text: string): readonly Span[] {
  const spans: Span[] = []
  for (const match of text.matchAll(JSON_TOKEN)) {
    spans.push({ start: match.index, end: match.index + match[0].length })
    if (spans.length >= MAX_TOKENS) break
  }
  return spans
}

const ODD_TEXT = [
  '\n',
  '\n\n',
  '\r\n',
  ' ',
  '+',
  '—',
  '=',
  '0',
  '00',
  '-1',
  '18446744073709551616',
  '\0',
  '\u2028',
  '%',
  ':',
  '~',
  '\ufeff',
  'é',
]

/** One edit of a line, a word or a character. */
export function editText(bytes: Uint8Array, random: FuzzRandom, other: Uint8Array): Uint8Array {
  const lines = latin1(bytes).split('\n')
  const at = random.below(lines.length)
  const borrowed = random.pick(latin1(other).split('\n'))
  const odd = Buffer.from(random.pick(ODD_TEXT), 'utf8').toString('latin1')
  const line = lines[at] ?? ''
  const place = random.below(line.length + 1)
  switch (random.below(6)) {
    case 0:
      return fromLatin1(lines.toSpliced(at, 1).join('\n'))
    case 1:
      return fromLatin1(
        lines.toSpliced(at, 0, ...Array.from({ length: random.oneIn(8) ? 80 : 1 }, () => line)).join('\n'),
      )
    case 2:
      return fromLatin1(lines.toSpliced(at, random.below(2), borrowed).join('\n'))
    case 3:
      return fromLatin1(lines.with(at, line.slice(0, place) + odd + line.slice(place)).join('\n'))
    case 4:
      return fromLatin1(lines.with(at, line.slice(0, place) + odd + line.slice(place + 1)).join('\n'))
    default:
      return fromLatin1(lines.with(at, line.slice(0, place)).join('\n'))
  }
}

function inside({ start, end }: Span, random: FuzzRandom): Span {
  const at = start + random.below(end - start)
  return { start: at, end: at + random.below(2) }
}

function tokenOf(tokens: readonly Span[], bytes: Uint8Array, random: FuzzRandom): Uint8Array | undefined {
  if (tokens.length === 0) return undefined
  const { start, end } = random.pick(tokens)
  return bytes.subarray(start, end)
}

function replaced(bytes: Uint8Array, { start, end }: Span, by: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, start), by, bytes.subarray(end))
}

function swapped(bytes: Uint8Array, one: Span, other: Span): Uint8Array {
  const [left, right] = one.start < other.start ? [one, other] : [other, one]
  if (left.end > right.start) return bytes
  return concatBytes(
    bytes.subarray(0, left.start),
    bytes.subarray(right.start, right.end),
    bytes.subarray(left.end, right.start),
    bytes.subarray(left.start, left.end),
    bytes.subarray(right.end),
  )
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function fromLatin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}
