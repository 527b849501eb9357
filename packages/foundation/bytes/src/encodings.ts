/**
 * Text forms of bytes, RFC 4648 and the Bitcoin base 58 alphabet. Each decoder accepts exactly the text that its encoder
 * writes, so that one byte string has one text form (clause 2.7 of contracts/spec/02-canonical.md).
 */
import { base32nopad, base58, base64, base64urlnopad, hex } from '@scure/base'
import { TalosError } from '@talos/errors'

/** Base 58 takes quadratic time; 128 characters hold any multikey of this project three times over. */
export const MAX_BASE58_CHARS = 128

/** 92 bytes of 0xff give 126 characters, the most that stays within MAX_BASE58_CHARS. */
export const MAX_BASE58_BYTES = 92

interface Coder {
  encode(bytes: Uint8Array): string
  decode(text: string): Uint8Array
}

const base32Lower: Coder = {
  encode: (bytes) => base32nopad.encode(bytes).toLowerCase(),
  decode: (text) => base32nopad.decode(text.toUpperCase()),
}

/** Writes lower-case hex, two characters per byte. */
export function toHex(bytes: Uint8Array): string {
  return hex.encode(bytes)
}

/** Reads lower-case hex. @throws ENCODING_INVALID */
export function fromHex(text: string): Uint8Array {
  return decodeStrictly(text, { encoding: 'hex', coder: hex })
}

/** Writes base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes)
}

/** Reads unpadded base64url. @throws ENCODING_INVALID also for non-zero trailing bits */
export function fromBase64url(text: string): Uint8Array {
  return (
    natively(text, 'base64url') ??
    decode64(text, { alphabet: VALUES_64_URL, encoding: 'base64url', digits: text.length })
  )
}

/** Writes base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return base64.encode(bytes)
}

/** Reads padded base64. @throws ENCODING_INVALID also for non-zero trailing bits */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new TalosError('ENCODING_INVALID', { encoding: 'base64' })
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  return natively(text, 'base64', digits) ?? decode64(text, { alphabet: VALUES_64, encoding: 'base64', digits })
}

/** Writes base58btc without the multibase prefix. @throws INPUT_TOO_LARGE beyond MAX_BASE58_BYTES */
export function toBase58btc(bytes: Uint8Array): string {
  refuseBeyond(bytes.length, MAX_BASE58_BYTES)
  return base58.encode(bytes)
}

/**
 * Reads base58btc without the multibase prefix.
 *
 * @throws ENCODING_INVALID, INPUT_TOO_LARGE beyond MAX_BASE58_CHARS and, as the writer, beyond MAX_BASE58_BYTES
 */
export function fromBase58btc(text: string): Uint8Array {
  refuseBeyond(text.length, MAX_BASE58_CHARS)
  const bytes = decodeStrictly(text, { encoding: 'base58btc', coder: base58 })
  refuseBeyond(bytes.length, MAX_BASE58_BYTES)
  return bytes
}

/** Writes lower-case base32 (RFC 4648 alphabet) without padding. */
export function toBase32(bytes: Uint8Array): string {
  return base32Lower.encode(bytes)
}

/** Reads lower-case unpadded base32. @throws ENCODING_INVALID also for non-zero trailing bits */
export function fromBase32(text: string): Uint8Array {
  return decodeStrictly(text, { encoding: 'base32', coder: base32Lower })
}

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Writes UTF-8. @throws ENCODING_INVALID for a lone surrogate, which has no UTF-8 form */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TalosError('ENCODING_INVALID', { encoding: 'utf-8' })
  return textEncoder.encode(text)
}

/** Reads UTF-8 and keeps a leading byte order mark. @throws ENCODING_INVALID */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return textDecoder.decode(bytes)
  } catch (cause) {
    throw new TalosError('ENCODING_INVALID', { encoding: 'utf-8' }, { cause })
  }
}

/** The value of each character code of an alphabet of RFC 4648; 64 for any other. */
function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(256).fill(64)
  for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value
  return values
}

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const VALUES_64 = valuesOf(`${LETTERS_AND_DIGITS}+/`)
const VALUES_64_URL = valuesOf(`${LETTERS_AND_DIGITS}-_`)
/** Beyond the tables: no character of any alphabet. */
const NO_VALUE = 64

/** Absent in a browser. */
const NodeBuffer: typeof Buffer | undefined = Reflect.get(globalThis, 'Buffer')
/** Up to here the loop is as fast. */
const SHORT_DIGITS = 144

/**
 * The engine's own reader, a tenth of the loop's time for a signed object. It tolerates much, so the bytes are written again:
 * undefined, which says nothing, unless that gives the very text.
 */
function natively(text: string, encoding: 'base64' | 'base64url', digits = text.length): Uint8Array | undefined {
  if (NodeBuffer === undefined || digits <= SHORT_DIGITS) return undefined
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4))
  const view = NodeBuffer.from(bytes.buffer)
  view.write(text, encoding)
  return view.toString(encoding) === text ? bytes : undefined
}

/**
 * Digits of six bits without padding, in one pass: signed objects travel so, and reading them by the general library costs as
 * much as their signatures.
 */
function decode64(
  text: string,
  { alphabet, encoding, digits }: { readonly alphabet: Uint8Array; readonly encoding: string; readonly digits: number },
): Uint8Array {
  const left = digits % 4
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4))
  let seen = 0
  let held = 0
  let bits = 0
  let offset = 0
  for (let index = 0; index < digits; index += 1) {
    const value = alphabet[text.charCodeAt(index)] ?? NO_VALUE
    seen |= value
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[offset] = held >> bits
      offset += 1
    }
  }
  // One digit alone is no byte, and what is left over of the last one is zero.
  const isWhole = left !== 1 && (held & ((1 << bits) - 1)) === 0
  if (seen >= NO_VALUE || !isWhole) throw new TalosError('ENCODING_INVALID', { encoding })
  return bytes
}

/** Decodes, encodes again and compares: whatever a library tolerates, only the one text form passes. */
function decodeStrictly(text: string, { encoding, coder }: { encoding: string; coder: Coder }): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = coder.decode(text)
  } catch {
    // The library's message quotes the text, so it is not kept as a cause.
    throw new TalosError('ENCODING_INVALID', { encoding })
  }
  if (coder.encode(bytes) !== text) throw new TalosError('ENCODING_INVALID', { encoding })
  return bytes
}

function refuseBeyond(sizeBytes: number, limitBytes: number): void {
  if (sizeBytes > limitBytes) throw new TalosError('INPUT_TOO_LARGE', { sizeBytes, limitBytes })
}
