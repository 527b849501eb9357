/**
 * `did:key` for Ed25519 and the Multikey form of public keys (spec 03-identity, 3.2 and 3.3).
 *
 * `did:key:z` || base58btc(`ed01` || public key). One key has one DID: other multibases, other key types, DID URLs and
 * paths are refused. Whether the key is a usable point is decided where a signature is checked, by the kernel's one
 * rule.
 */
import { concatBytes, fromBase58btc, toBase58btc } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { ED25519_PUBLIC_KEY_BYTES, X25519_KEY_BYTES } from '@talos/kernel'

/** Varint of multicodec `ed25519-pub` (0xed). */
const ED25519_CODEC = Uint8Array.of(0xed, 0x01)
/** Varint of multicodec `x25519-pub` (0xec). */
const X25519_CODEC = Uint8Array.of(0xec, 0x01)
const DID_KEY_PREFIX = 'did:key:'
/** `z` and the 47 base58 digits that every 34-byte value beginning with either codec has. */
const MULTIKEY_CHARACTERS = 48

type KeyType = 'ed25519' | 'x25519'

const KEY_TYPES = {
  ed25519: { codec: ED25519_CODEC, keyBytes: ED25519_PUBLIC_KEY_BYTES },
  x25519: { codec: X25519_CODEC, keyBytes: X25519_KEY_BYTES },
} as const

/**
 * The DID of a 32-byte Ed25519 public key.
 *
 * @throws TalosError `DID_INVALID` for another length
 */
export function didKeyFromPublicKey(publicKey: Uint8Array): Did {
  return `${DID_KEY_PREFIX}${encodeMultikey('ed25519', publicKey)}` as Did
}

/** Keys of DIDs that were read before: base58 is slow beside the rest of what is done with a DID. About 0.2 MB. */
const MAX_KNOWN_KEYS = 1_024
const knownKeys = new Map<string, Uint8Array>()

/**
 * The 32-byte Ed25519 public key inside a `did:key`.
 *
 * @throws TalosError `DID_INVALID` for everything that {@link didKeyFromPublicKey} does not return
 */
export function publicKeyFromDidKey(did: string): Uint8Array {
  const known = knownKeys.get(did)
  if (known !== undefined) return known.slice()
  if (!did.startsWith(DID_KEY_PREFIX)) throw new TalosError('DID_INVALID', { reason: 'another DID method' })
  const publicKey = decodeMultikey('ed25519', did.slice(DID_KEY_PREFIX.length))
  // Who names many DIDs makes others' slow again, and no more.
  if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear()
  knownKeys.set(did, publicKey.slice())
  return publicKey
}

/**
 * Parses untrusted input as a `did:key` of an Ed25519 key.
 *
 * @throws TalosError `DID_INVALID`
 */
export function parseDidKey(value: unknown): Did {
  if (typeof value !== 'string') throw new TalosError('DID_INVALID', { reason: 'not a text' })
  publicKeyFromDidKey(value)
  return value as Did
}

/**
 * `z` || base58btc(codec || key): the `publicKeyMultibase` of a Multikey, and the tail of a `did:key`.
 *
 * @throws TalosError `DID_INVALID` when `key` has not 32 bytes
 */
export function encodeMultikey(type: KeyType, key: Uint8Array): string {
  const { codec, keyBytes } = KEY_TYPES[type]
  if (key.length !== keyBytes) throw new TalosError('DID_INVALID', { reason: `a key of ${key.length} bytes` })
  return `z${toBase58btc(concatBytes(codec, key))}`
}

/**
 * The 32-byte key of a Multikey of that type.
 *
 * @throws TalosError `DID_INVALID`
 */
export function decodeMultikey(type: KeyType, text: string): Uint8Array {
  if (text.length !== MULTIKEY_CHARACTERS || !text.startsWith('z')) {
    throw new TalosError('DID_INVALID', { reason: `not z and ${MULTIKEY_CHARACTERS - 1} base58btc digits` })
  }
  const { codec } = KEY_TYPES[type]
  const decoded = decodeBase58(text.slice(1))
  if (decoded.length !== codec.length + KEY_TYPES[type].keyBytes || !startsWith(decoded, codec)) {
    throw new TalosError('DID_INVALID', { reason: `not an ${type} public key` })
  }
  return decoded.slice(codec.length)
}

function decodeBase58(text: string): Uint8Array {
  try {
    return fromBase58btc(text)
  } catch (cause) {
    throw new TalosError('DID_INVALID', { reason: 'not base58btc' }, { cause })
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}
