/**
 * Keys of signed notes (C2SP signed-note, verifier keys; tlog-cosignature for type 0x04).
 *
 * `key id = SHA-256(name || 0x0a || type || public key)[0:4]`. Only the two Ed25519 types are read; a signature of any
 * other type counts as one by an unknown key.
 */
import { concatBytes, fromBase64, toBase64, toHex, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { ED25519_PUBLIC_KEY_BYTES, type Kernel } from '@talos/kernel'

/** Signature type 0x01: Ed25519 over the note's text. */
export const NOTE_ED25519 = 0x01
/** Signature type 0x04: Ed25519 over `cosignature/v1`, a time and the checkpoint's text. */
export const NOTE_COSIGNATURE = 0x04

export type NoteKeyType = typeof NOTE_ED25519 | typeof NOTE_COSIGNATURE

/** Longest key name that is read; origins of this project have less than 100 characters. */
export const MAX_KEY_NAME_CHARS = 256

export interface VerifierKey {
  /** Who signs: an origin or a witness's name. */
  readonly name: string
  readonly type: NoteKeyType
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 4 bytes. */
  readonly keyId: Uint8Array
}

export interface VerifierKeyOptions {
  readonly name: string
  readonly type: NoteKeyType
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly kernel: Kernel
}

/** Tells whether a name may stand in a signature line: not empty, no space of any script, no plus, no control. */
export function isKeyName(name: string): boolean {
  return name.length <= MAX_KEY_NAME_CHARS && name.isWellFormed() && /^[^\s\p{Cc}+]+$/u.test(name)
}

/** Makes a verifier key from its parts. Throws `NOTE_KEY_INVALID`. */
export function verifierKey({ name, type, publicKey, kernel }: VerifierKeyOptions): VerifierKey {
  if (!isKeyName(name)) throw invalidKey('its name is empty, too long, or holds a space or a plus')
  if (publicKey.length !== ED25519_PUBLIC_KEY_BYTES) throw invalidKey('its public key does not have 32 bytes')
  const named = concatBytes(utf8(name), Uint8Array.of(0x0a, type), publicKey)
  return { name, type, publicKey: publicKey.slice(), keyId: kernel.sha256(named).slice(0, 4) }
}

/** Text form `name+id+base64`, the vkey of signed notes. */
export function formatVerifierKey({ name, type, publicKey, keyId }: VerifierKey): string {
  return `${name}+${toHex(keyId)}+${toBase64(concatBytes(Uint8Array.of(type), publicKey))}`
}

/** Reads a vkey and checks that its id belongs to it. Throws `NOTE_KEY_INVALID`. */
export function parseVerifierKey(text: string, kernel: Kernel): VerifierKey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44,48})$/.exec(text)
  if (match === null) throw invalidKey('it does not read name+id+base64')
  const bytes = decode(String(match[3]))
  const [type] = bytes
  if (type !== NOTE_ED25519 && type !== NOTE_COSIGNATURE) throw invalidKey('its signature type is not known')
  const key = verifierKey({ name: String(match[1]), type, publicKey: bytes.subarray(1), kernel })
  if (toHex(key.keyId) !== match[2]) throw invalidKey('its id does not belong to its name and key')
  return key
}

function decode(encoded: string): Uint8Array {
  try {
    return fromBase64(encoded)
  } catch (cause) {
    throw new TalosError('NOTE_KEY_INVALID', { reason: 'its key is not base64' }, { cause })
  }
}

function invalidKey(reason: string): TalosError {
  return new TalosError('NOTE_KEY_INVALID', { reason })
}
