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
  return decodeStrictly(text, { encoding: 'base64url', coder: base64urlnopad })
}

/** Writes base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return base64.encode(bytes)
}

/** Reads padded base64. @throws ENCODING_INVALID also for non-zero trailing bits */
export function fromBase64(text: string): Uint8Array {
  return decodeStrictly(text, { encoding: 'base64', coder: base64 })
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
