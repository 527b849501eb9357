/**
 * The encrypted backup of an identity (spec 21-identity-lifecycle, 21.8): one file of text under a passphrase of its own.
 *
 *     root         = Argon2id(passphrase, salt, parameters)      (RFC 9106), 32 bytes
 *     key || check = HKDF-SHA256(ikm root, salt empty, info "talos/backup/1"), 32 bytes each
 *     ciphertext   = ChaCha20-Poly1305(key, nonce, contents, AD = "talos/backup/1\0" || JCS(head, check))
 *
 * The contents are deterministic DAG-CBOR. What they name, key log, grants, revocations, is signed and verified by whoever
 * takes it; the seal says that it is the owner's own.
 */
import {
  concatBytes,
  decodeCbor,
  decodeJcs,
  encodeCbor,
  encodeJcs,
  equalBytes,
  fromBase64url,
  type JsonValue,
  toBase64url,
  toHex,
  utf8,
} from '@talos/bytes'
import {
  type Backup,
  type BackupContents,
  type Did,
  parseBackupContents,
  parseBackup as parseForm,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { AEAD_NONCE_BYTES, type Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { DEFAULT_KEY_FILE_PARAMETERS, type KeyFileParameters, newKdf, stretchPassphrase } from '../passphrase.ts'

/** Largest contents: some 50,000 grants (21.8). */
export const BACKUP_CONTENTS_MAX_BYTES = 33_554_416
/** The file around them: base64url and a head. */
export const BACKUP_MAX_BYTES = 44_800_000

const DOMAIN = 'talos/backup/1'

export interface SealBackupOptions {
  /** `did:talos:<SCID>`. */
  readonly id: Did
  readonly did: Did
  /** Entries of the key log. */
  readonly version: number
  readonly madeS: number
  readonly contents: BackupContents
  readonly passphrase: string
  readonly kernel: Kernel
  readonly random: Random
  readonly params?: KeyFileParameters
}

/**
 * Seals a backup; returns the text of the file (RFC 8785 JSON).
 *
 * @throws TalosError `PASSPHRASE_UNUSABLE`, `KEY_FILE_PARAMETERS`, `INPUT_TOO_LARGE`
 */
export async function sealBackup(options: SealBackupOptions): Promise<string> {
  const { id, did, version, madeS, contents, passphrase, kernel, random } = options
  const plaintext = encodeCbor(contents)
  if (plaintext.length > BACKUP_CONTENTS_MAX_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: plaintext.length, limitBytes: BACKUP_CONTENTS_MAX_BYTES })
  }
  const kdf = newKdf(options.params ?? DEFAULT_KEY_FILE_PARAMETERS, random)
  const nonce = random.bytes(AEAD_NONCE_BYTES)
  const aead = { name: 'chacha20-poly1305', nonce: toBase64url(nonce) } as const
  const root = await stretchPassphrase({ passphrase, kdf, kernel })
  const { key, check } = root.main(DOMAIN)
  root.forget()
  const head = { format: 'talos-backup/v1', id, did, version, madeS, kdf, aead, check: toBase64url(check) } as const
  const ciphertext = kernel.aeadSeal({ key, nonce, associatedData: associatedData(head) }, plaintext)
  for (const secret of [key, plaintext]) secret.fill(0)
  const sealed = { ...head, ciphertext: toBase64url(ciphertext) }
  return encodeJcs({ ...sealed, checksum: checksumOf(sealed, kernel) })
}

/**
 * Opens a backup.
 *
 * @throws TalosError `BACKUP_INVALID` (damaged or changed), `KEY_FILE_PARAMETERS` (refused before any work),
 *   `PASSPHRASE_UNUSABLE`, `PASSPHRASE_WRONG`
 */
export async function openBackup(options: {
  readonly text: string
  readonly passphrase: string
  readonly kernel: Kernel
}): Promise<BackupContents> {
  const { passphrase, kernel } = options
  const backup = parseBackup(options.text, kernel)
  const root = await stretchPassphrase({ passphrase, kdf: backup.kdf, kernel })
  const { key, check } = root.main(DOMAIN)
  root.forget()
  if (!equalBytes(check, fromBase64url(backup.check))) throw new TalosError('PASSPHRASE_WRONG')
  const plaintext = unseal(backup, key, kernel)
  try {
    return parseBackupContents(decodeCbor(plaintext, { maxBytes: BACKUP_CONTENTS_MAX_BYTES }))
  } catch (cause) {
    throw invalid('its contents are not of this version', cause)
  }
}

/** Reads what a backup says without its passphrase, such as whose it is. @throws TalosError `BACKUP_INVALID` */
export function parseBackup(text: string, kernel: Kernel): Backup {
  const backup = parseText(text)
  const { checksum, ...sealed } = backup
  if (checksumOf(sealed, kernel) !== checksum) throw invalid('its checksum does not fit')
  return backup
}

function parseText(text: string): Backup {
  try {
    return parseForm(decodeJcs(text.trimEnd(), { maxBytes: BACKUP_MAX_BYTES }))
  } catch (cause) {
    throw invalid('it is not a backup', cause)
  }
}

function unseal(backup: Backup, key: Uint8Array, kernel: Kernel): Uint8Array {
  try {
    const place = { key, nonce: fromBase64url(backup.aead.nonce), associatedData: associatedData(backup) }
    return kernel.aeadOpen(place, fromBase64url(backup.ciphertext))
  } catch (cause) {
    throw invalid('its contents were changed', cause)
  } finally {
    key.fill(0)
  }
}

function associatedData(bound: Omit<Backup, 'ciphertext' | 'checksum'>): Uint8Array {
  const { format, id, did, version, madeS, kdf, aead, check } = bound
  return concatBytes(utf8(`${DOMAIN}\0`), utf8(encodeJcs({ format, id, did, version, madeS, kdf, aead, check })))
}

function checksumOf(sealed: JsonValue, kernel: Kernel): string {
  return toHex(kernel.sha256(utf8(encodeJcs(sealed))))
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('BACKUP_INVALID', { reason }, { cause })
}
