/**
 * Looking for a planted value in what must not hold it: as it is, in the ways in which texts escape it, in hex and base64, and
 * within bytes that are encoded themselves, several times over.
 */

/** Shorter values are anywhere. */
const MIN_CHARS = 8
/** Bytes in base64 in an entry in base64 in a bundle in a page. */
const MAX_DEPTH = 4

/**
 * The forms in which a value stands in a text; none where it is not there.
 *
 * @param value 8 or more characters or bytes; digits alone are looked for as an integer of 8 bytes as well
 */
export function tracesOf(value: string | Uint8Array, text: string): readonly string[] {
  if (value.length < MIN_CHARS) throw new Error(`a planted value has ${MIN_CHARS} characters at least`)
  const forms = typeof value === 'string' ? [...formsOfText(value), ...formsOf(Buffer.from(value))] : formsOf(value)
  const found = new Set<string>()
  for (const layer of layersOf(inLatin1(text), MAX_DEPTH)) {
    for (const [name, form] of forms) if (layer.includes(form)) found.add(name)
  }
  return [...found]
}

type Forms = readonly (readonly [name: string, form: string])[]

function formsOfText(value: string): Forms {
  const units = Array.from(value, (_, index) => value.charCodeAt(index).toString(16).padStart(4, '0'))
  return [
    ['JSON', inLatin1(quoted(value))],
    ['JSON in JSON', inLatin1(quoted(quoted(value)))],
    ['escaped JSON', units.map((unit) => `\\u${unit}`).join('')],
    ['URL', encodeURIComponent(value)],
    ...(/^[0-9]{8,19}$/.test(value) ? [['integer', integerBytes(value)] as const] : []),
  ]
}

function formsOf(value: Uint8Array): Forms {
  const bytes = Buffer.from(value)
  return [
    ['raw', bytes.toString('latin1')],
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ...[0, 1, 2].flatMap((offset) => [
      [`base64 at ${offset}`, innerBase64(bytes, offset, 'base64')] as const,
      [`base64url at ${offset}`, innerBase64(bytes, offset, 'base64url')] as const,
    ]),
  ]
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** A character for each byte. */
function inLatin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What base64 makes of bytes behind `offset` others, without the digits that depend on what stands around. */
function innerBase64(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString(encoding)
    .replaceAll('=', '')
  const isCut = (offset + bytes.length) % 3 !== 0
  return text.slice(offset === 0 ? 0 : offset + 1, isCut ? -1 : undefined)
}

function integerBytes(digits: string): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(digits))
  return bytes.toString('latin1')
}

/** A text, and all bytes that stand in it encoded, as far down as it goes. */
function* layersOf(text: string, depth: number): Generator<string> {
  yield text
  if (depth === 0) return
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)) {
    yield* layersOf(Buffer.from(run, 'base64').toString('latin1'), depth - 1)
    if (/^(?:[0-9a-fA-F]{2})+$/.test(run)) yield* layersOf(Buffer.from(run, 'hex').toString('latin1'), depth - 1)
  }
}
