// Generated from contracts/schemas/common.schema.json by tools/src/generate.ts; do not edit.
import type { Cid as CidValue } from '@talos/bytes'
import { bytes, type Check, cid, integer, run, string } from '../check.ts'

/** A decentralized identifier of a method that Talos knows: `did:key` (Ed25519), `did:web`, `did:webvh` or `did:talos`. */
export type Did = string & { readonly __brand: 'Did' }

export const checkDid: Check = string({
  maxLength: 512,
  pattern:
    /^did:(?:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}|web(?:vh:Qm[1-9A-HJ-NP-Za-km-z]{44})?:(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+(?::(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+)*|talos:Qm[1-9A-HJ-NP-Za-km-z]{44})$/u,
})

/** Returns `value` typed as Did. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDid(value: unknown): Did {
  run('common#did', checkDid, value)
  return value as Did
}

/** A `did:key` that names an Ed25519 public key: multicodec 0xed01 and 32 bytes in base58btc. */
export type DidKey = Did

export const checkDidKey: Check = string({ maxLength: 56, pattern: /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/u })

/** Returns `value` typed as DidKey. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDidKey(value: unknown): DidKey {
  run('common#didKey', checkDidKey, value)
  return value as DidKey
}

/** The CID of a signed object: CIDv1, DAG-CBOR, SHA-256, as a CBOR link. */
export type Cid = CidValue

export const checkCid: Check = cid

/** Returns `value` typed as Cid. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseCid(value: unknown): Cid {
  run('common#cid', checkCid, value)
  return value as Cid
}

/** The CID of a signed object as text: CIDv1, DAG-CBOR, SHA-256, base32 lower case with its multibase prefix. */
export type CidText = string

export const checkCidText: Check = string({ maxLength: 59, pattern: /^bafyrei[a-z2-7]{52}$/u })

/** Returns `value` typed as CidText. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseCidText(value: unknown): CidText {
  run('common#cidText', checkCidText, value)
  return value as CidText
}

/** Seconds since 1970-01-01T00:00:00Z without leap seconds. */
export type TimestampS = number

export const checkTimestampS: Check = integer(0, Number.MAX_SAFE_INTEGER)

/** Returns `value` typed as TimestampS. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseTimestampS(value: unknown): TimestampS {
  run('common#timestampS', checkTimestampS, value)
  return value as TimestampS
}

/** Milliseconds since 1970-01-01T00:00:00Z without leap seconds. */
export type TimestampMs = number

export const checkTimestampMs: Check = integer(0, Number.MAX_SAFE_INTEGER)

/** Returns `value` typed as TimestampMs. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseTimestampMs(value: unknown): TimestampMs {
  run('common#timestampMs', checkTimestampMs, value)
  return value as TimestampMs
}

/** A SHA-256 digest: 32 bytes. */
export type Hash32 = Uint8Array

export const checkHash32: Check = bytes(32, 32)

/** Returns `value` typed as Hash32. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseHash32(value: unknown): Hash32 {
  run('common#hash32', checkHash32, value)
  return value as Hash32
}

/** An Ed25519 or X25519 public key: 32 bytes. */
export type Key32 = Uint8Array

export const checkKey32: Check = bytes(32, 32)

/** Returns `value` typed as Key32. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseKey32(value: unknown): Key32 {
  run('common#key32', checkKey32, value)
  return value as Key32
}

/** An Ed25519 signature: 64 bytes. */
export type Signature64 = Uint8Array

const checkSignature64: Check = bytes(64, 64)

/** Returns `value` typed as Signature64. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseSignature64(value: unknown): Signature64 {
  run('common#signature64', checkSignature64, value)
  return value as Signature64
}

/** 32 bytes as 64 lower-case hexadecimal digits. */
export type Hex32 = string

export const checkHex32: Check = string({ maxLength: 64, pattern: /^[0-9a-f]{64}$/u })

/** Returns `value` typed as Hex32. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseHex32(value: unknown): Hex32 {
  run('common#hex32', checkHex32, value)
  return value as Hex32
}

/** 64 bytes as 128 lower-case hexadecimal digits. */
export type Hex64 = string

const checkHex64: Check = string({ maxLength: 128, pattern: /^[0-9a-f]{128}$/u })

/** Returns `value` typed as Hex64. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseHex64(value: unknown): Hex64 {
  run('common#hex64', checkHex64, value)
  return value as Hex64
}

/** Bytes in unpadded base64url, 64 KiB at most once decoded; the byte decoder refuses what the pattern cannot see. */
export type Base64url = string

export const checkBase64url: Check = string({ maxLength: 87_382, pattern: /^[A-Za-z0-9_-]*$/u })

/** Returns `value` typed as Base64url. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBase64url(value: unknown): Base64url {
  run('common#base64url', checkBase64url, value)
  return value as Base64url
}

/** 32 bytes in unpadded base64url; the last digit carries four bits, the two below it are zero. */
export type Base64url32 = string

export const checkBase64url32: Check = string({ maxLength: 43, pattern: /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/u })

/** Returns `value` typed as Base64url32. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBase64url32(value: unknown): Base64url32 {
  run('common#base64url32', checkBase64url32, value)
  return value as Base64url32
}

/** 64 bytes in unpadded base64url; the last digit carries two bits, the four below it are zero. */
export type Base64url64 = string

const checkBase64url64: Check = string({ maxLength: 86, pattern: /^[A-Za-z0-9_-]{85}[AQgw]$/u })

/** Returns `value` typed as Base64url64. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBase64url64(value: unknown): Base64url64 {
  run('common#base64url64', checkBase64url64, value)
  return value as Base64url64
}

/** A UUID (a message id is a UUIDv7) as 32 lower-case hexadecimal digits without hyphens. */
export type Uuid = string

export const checkUuid: Check = string({ maxLength: 32, pattern: /^[0-9a-f]{32}$/u })

/** Returns `value` typed as Uuid. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseUuid(value: unknown): Uuid {
  run('common#uuid', checkUuid, value)
  return value as Uuid
}
