/**
 * The key file (spec 03-identity, 3.6): an agent's secrets at rest under a passphrase.
 *
 *     root         = Argon2id(passphrase, salt, parameters)      (RFC 9106), 32 bytes
 *     key || check = HKDF-SHA256(ikm root, salt empty, info "talos/keyfile/1"), 32 bytes each
 *     ciphertext   = ChaCha20-Poly1305(key, nonce, secrets, AD = "talos/keyfile/1\0" || JCS(v, did, kdf, aead, check))
 *
 * `check` commits the file to one key, and tells a wrong passphrase from a changed file; `checksum` finds damage before
 * any work. What an attacker may gain by changing the file is an error, never another secret.
 */
import {
  concatBytes,
  decodeJcs,
  encodeJcs,
  equalBytes,
  fromBase64url,
  type JsonValue,
  Secret,
  toBase64url,
  toHex,
  utf8,
} from '@talos/bytes'
import {
  decodeKeyFileSecrets,
  encodeKeyFileSecrets,
  type KeyFile,
  type KeyFileSecrets,
  parseKeyFile as parseShape,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, type Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import type { AgentSecrets } from './agent-secrets.ts'
import { didKeyFromPublicKey } from './did-key.ts'

/** A key file has about 700 bytes (3.6). */
export const KEY_FILE_MAX_BYTES = 4_096
/** Longest passphrase, in UTF-16 units: sentences fit, a pasted document does not (3.6). */
export const PASSPHRASE_MAX_CHARACTERS = 1_024
/** RFC 9106's second recommendation: 64 MiB and three passes, one lane for the pure JavaScript backend (3.6). */
export const DEFAULT_KEY_FILE_PARAMETERS: KeyFileParameters = { memoryKib: 65_536, passes: 3, parallelism: 1 }
/** What is accepted when a file is read: a hostile file must not take the machine's memory or its day (3.6). */
export const KEY_FILE_PARAMETER_LIMITS = {
  memoryKib: { minimum: 64, maximum: 1_048_576 },
  passes: { minimum: 1, maximum: 16 },
  parallelism: { minimum: 1, maximum: 4 },
} as const

const DOMAIN = 'talos/keyfile/1'
const SALT_BYTES = 16
const CHECK_BYTES = 32
const ROOT_BYTES = 32

export interface KeyFileParameters {
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
}

export interface SealKeyFileOptions {
  readonly secrets: AgentSecrets
  /** 1 to {@link PASSPHRASE_MAX_CHARACTERS} characters; normalized to NFC. */
  readonly passphrase: string
  readonly kernel: Kernel
  readonly random: Random
  readonly params?: KeyFileParameters
}

/**
 * Seals the secrets; returns the text of the file (RFC 8785 JSON).
 *
 * @throws TalosError `PASSPHRASE_UNUSABLE`, `KEY_FILE_PARAMETERS`
 */
export async function sealKeyFile(options: SealKeyFileOptions): Promise<string> {
  const { secrets, passphrase, kernel, random, params = DEFAULT_KEY_FILE_PARAMETERS } = options
  const salt = random.bytes(SALT_BYTES)
  const nonce = random.bytes(AEAD_NONCE_BYTES)
  const { memoryKib, passes, parallelism } = params
  const head: SealedHead = {
    v: 1,
    did: didOf(secrets, kernel),
    kdf: { name: 'argon2id', memoryKib, passes, parallelism, salt: toBase64url(salt) },
    aead: { name: 'chacha20-poly1305', nonce: toBase64url(nonce) },
  }
  const { key, check } = await deriveKeys({ passphrase, kdf: head.kdf, kernel })
  const bound = { ...head, check: toBase64url(check) }
  const ciphertext = withPlaintext(secrets, (plaintext) =>
    kernel.aeadSeal({ key, nonce, associatedData: associatedData(bound) }, plaintext),
  )
  key.fill(0)
  const sealed = { ...bound, ciphertext: toBase64url(ciphertext) }
  return jcsOf({ ...sealed, checksum: checksumOf(sealed, kernel) })
}

/**
 * Opens a key file.
 *
 * @throws TalosError `KEY_FILE_INVALID` (damaged or changed), `KEY_FILE_PARAMETERS` (refused before any work),
 *   `PASSPHRASE_UNUSABLE`, `PASSPHRASE_WRONG`
 */
export async function openKeyFile(options: {
  readonly text: string
  readonly passphrase: string
  readonly kernel: Kernel
}): Promise<AgentSecrets> {
  const { passphrase, kernel } = options
  const file = parseKeyFile(options.text, kernel)
  const { key, check } = await deriveKeys({ passphrase, kdf: file.kdf, kernel })
  if (!equalBytes(check, fromBase64url(file.check))) throw new TalosError('PASSPHRASE_WRONG')
  const plaintext = unseal(file, key, kernel)
  key.fill(0)
  const secrets = takeSecrets(decodeKeyFileSecrets(plaintext))
  plaintext.fill(0)
  if (didOf(secrets, kernel) !== file.did) throw invalid('its keys belong to another DID')
  return secrets
}

/**
 * Reads what a key file says without its passphrase, such as whose it is.
 *
 * @throws TalosError `KEY_FILE_INVALID`
 */
export function parseKeyFile(text: string, kernel: Kernel): KeyFile {
  const file = parseText(text)
  const { checksum, ...sealed } = file
  if (checksumOf(sealed, kernel) !== checksum) throw invalid('its checksum does not fit')
  return file
}

type SealedHead = Pick<KeyFile, 'v' | 'did' | 'kdf' | 'aead'>
type BoundHead = Pick<KeyFile, keyof SealedHead | 'check'>

function parseText(text: string): KeyFile {
  try {
    // A file that was edited or copied by hand may have gained a line end; nothing else is forgiven.
    return parseShape(decodeJcs(text.trimEnd(), { maxBytes: KEY_FILE_MAX_BYTES }))
  } catch (cause) {
    throw invalid('it is not a key file', cause)
  }
}

async function deriveKeys(options: {
  readonly passphrase: string
  readonly kdf: KeyFile['kdf']
  readonly kernel: Kernel
}): Promise<{ readonly key: Uint8Array; readonly check: Uint8Array }> {
  const { passphrase, kdf, kernel } = options
  const password = passphraseBytes(passphrase)
  const { memoryKib, passes, parallelism } = checkParameters(kdf)
  const salt = fromBase64url(kdf.salt)
  const root = await kernel.argon2id({ password, salt, memoryKib, passes, parallelism, lengthBytes: ROOT_BYTES })
  password.fill(0)
  const keys = kernel.hkdfSha256({
    ikm: root,
    salt: new Uint8Array(),
    info: utf8(DOMAIN),
    lengthBytes: AEAD_KEY_BYTES + CHECK_BYTES,
  })
  root.fill(0)
  return { key: keys.subarray(0, AEAD_KEY_BYTES), check: keys.subarray(AEAD_KEY_BYTES) }
}

function checkParameters(params: KeyFileParameters): KeyFileParameters {
  for (const name of ['memoryKib', 'passes', 'parallelism'] as const) {
    const { minimum, maximum } = KEY_FILE_PARAMETER_LIMITS[name]
    const value = params[name]
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
      throw new TalosError('KEY_FILE_PARAMETERS', { name, minimum, maximum })
    }
  }
  return params
}

function passphraseBytes(passphrase: string): Uint8Array {
  if (passphrase.length === 0 || passphrase.length > PASSPHRASE_MAX_CHARACTERS) {
    throw new TalosError('PASSPHRASE_UNUSABLE', { limit: PASSPHRASE_MAX_CHARACTERS })
  }
  try {
    return utf8(passphrase.normalize('NFC'))
  } catch (cause) {
    throw new TalosError('PASSPHRASE_UNUSABLE', { limit: PASSPHRASE_MAX_CHARACTERS }, { cause })
  }
}

function associatedData({ v, did, kdf, aead, check }: BoundHead): Uint8Array {
  return concatBytes(utf8(`${DOMAIN}\0`), utf8(jcsOf({ v, did, kdf, aead, check })))
}

function checksumOf(sealed: Omit<KeyFile, 'checksum'>, kernel: Kernel): string {
  return toHex(kernel.sha256(utf8(jcsOf(sealed))))
}

/** The members are JSON by their schema; interfaces have no index signature that would say so. */
function jcsOf(members: Partial<KeyFile>): string {
  return encodeJcs(members as unknown as JsonValue)
}

function unseal(file: KeyFile, key: Uint8Array, kernel: Kernel): Uint8Array {
  const nonce = fromBase64url(file.aead.nonce)
  try {
    return kernel.aeadOpen({ key, nonce, associatedData: associatedData(file) }, fromBase64url(file.ciphertext))
  } catch (cause) {
    throw invalid('its contents were changed', cause)
  }
}

function didOf(secrets: AgentSecrets, kernel: Kernel) {
  return didKeyFromPublicKey(secrets.identitySeed.use((seed) => kernel.ed25519PublicKey(seed)))
}

function withPlaintext(secrets: AgentSecrets, use: (plaintext: Uint8Array) => Uint8Array): Uint8Array {
  const plaintext = encodeKeyFileSecrets({
    identitySeed: secrets.identitySeed.use(copyOf),
    sessionKey: secrets.sessionKey.use(copyOf),
    logSeed: secrets.logSeed.use(copyOf),
    transportSeed: secrets.transportSeed.use(copyOf),
    storageKey: secrets.storageKey.use(copyOf),
  })
  try {
    return use(plaintext)
  } finally {
    plaintext.fill(0)
  }
}

function takeSecrets(plain: KeyFileSecrets): AgentSecrets {
  return {
    identitySeed: Secret.of(plain.identitySeed),
    sessionKey: Secret.of(plain.sessionKey),
    logSeed: Secret.of(plain.logSeed),
    transportSeed: Secret.of(plain.transportSeed),
    storageKey: Secret.of(plain.storageKey),
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice()
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('KEY_FILE_INVALID', { reason }, { cause })
}
