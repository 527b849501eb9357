export { concatBytes, equalBytes } from './bytes.ts'
export { decodeCbor } from './cbor-decode.ts'
export { encodeCbor, type IpldValue } from './cbor-encode.ts'
export { CID_BYTES, CID_CHARS, Cid } from './cid.ts'
export {
  fromBase32,
  fromBase58btc,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  MAX_BASE58_BYTES,
  MAX_BASE58_CHARS,
  toBase32,
  toBase58btc,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from './encodings.ts'
export { decodeJcs, encodeJcs } from './jcs.ts'
export { type JsonValue, parseJson } from './json.ts'
export { ByteReader, ByteWriter } from './layout.ts'
export { DEFAULT_MAX_BYTES, DEFAULT_MAX_DEPTH, type DecodeLimits, MAX_DEPTH_CEILING } from './limits.ts'
export { Secret, type SecretSource } from './secret.ts'
