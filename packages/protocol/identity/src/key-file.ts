/**
 * The key file (spec 03-identity, 3.6): an agent's secrets at rest under a passphrase.
 *
 *     root         = Argon2id(passphrase, salt, parameters)      (RFC 9106), 32 bytes
 *     key || check = HKDF-SHA256(ikm root, salt empty, info "talos/keyfile/<v>"), 32 bytes each
 *     ciphertext   = ChaCha20-Poly1305(key, nonce, secrets, AD = "talos/keyfile/<v>\0" || JCS(head, check))
 *
 * `check` commits the file to one key, and tells a wrong passphrase from a changed file; `checksum` finds damage before
 * any work. What an attacker may gain by changing the file is an error, never another secret. Version 2 names the key log
 * and has a reserve under a key of its own; version 1 is read and no longer written by an agent.
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
  type Did,
  decodeKeyFileReserve,
  decodeKeyFileSecrets,
  decodeKeyFileSecretsExternal,
  encodeKeyFileReserve,
  encodeKeyFileSecrets,
  encodeKeyFileSecretsExternal,
  type KeyFile as KeyFileV1,
  type KeyFileV2,
  parseKeyFile as parseV1,
  parseKeyFileV2 as parseV2,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { AEAD_NONCE_BYTES, type Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import type { AgentSecrets, KeyReserve, RunningSecrets } from './agent-secrets.ts'
import { didKeyFromPublicKey } from './did-key.ts'
import {
  DEFAULT_KEY_FILE_PARAMETERS,
  type KeyFileParameters,
  newKdf,
  type PassphraseRoot,
  stretchPassphrase,
} from './passphrase.ts'

/** A key file has about 1,100 bytes (3.6). */
export const KEY_FILE_MAX_BYTES = 4_096

export type KeyFile = KeyFileV1 | KeyFileV2

/** An agent's secrets; without `identitySeed` where an external signer holds the identity's key. */
export interface OpenedSecrets extends RunningSecrets {
  readonly identitySeed: Secret | undefined
}

/** What version 2 says besides the secrets. */
export interface KeyFileIdentity {
  /** The durable name: `did:talos:<SCID>`. */
  readonly id: Did
  readonly reserve: KeyReserve
}

export interface SealKeyFileOptions {
  readonly secrets: AgentSecrets | (OpenedSecrets & { readonly identitySeed: undefined })
  /** The external signer's DID; with secrets that lack the identity's seed. */
  readonly did?: Did
  /** 1 to `PASSPHRASE_MAX_CHARACTERS` characters; normalized to NFC. */
  readonly passphrase: string
  readonly kernel: Kernel
  readonly random: Random
  readonly params?: KeyFileParameters
  /** Where absent, the file is of version 1. */
  readonly identity?: KeyFileIdentity
}

interface OpenKeyFileOptions {
  readonly text: string
  readonly passphrase: string
  readonly kernel: Kernel
}

/**
 * Seals the secrets; returns the text of the file (RFC 8785 JSON).
 *
 * @throws TalosError `PASSPHRASE_UNUSABLE`, `KEY_FILE_PARAMETERS`; `KEY_FILE_SIGNER` without the identity's seed and
 *   without the signer's DID or the durable name
 */
export async function sealKeyFile(options: SealKeyFileOptions): Promise<string> {
  const { passphrase, kernel, random, identity, params = DEFAULT_KEY_FILE_PARAMETERS } = options
  const kdf = newKdf(params, random)
  const nonce = random.bytes(AEAD_NONCE_BYTES)
  const head = { ...headOf(options), kdf, aead: { name: 'chacha20-poly1305', nonce: toBase64url(nonce) } } as const
  const root = await stretchPassphrase({ passphrase, kdf, kernel })
  const { key, check } = root.main(domainOf(head))
  const bound = { ...head, check: toBase64url(check) }
  const ciphertext = withPlaintext(options.secrets, (plaintext) =>
    kernel.aeadSeal({ key, nonce, associatedData: associatedData(bound) }, plaintext),
  )
  const reserve =
    identity === undefined
      ? undefined
      : sealReserve(identity.reserve, { root, nonce: random.bytes(AEAD_NONCE_BYTES), bound, kernel })
  key.fill(0)
  root.forget()
  const sealed = { ...bound, ciphertext: toBase64url(ciphertext), ...(reserve !== undefined && { reserve }) }
  return encodeJcs({ ...sealed, checksum: checksumOf(sealed, kernel) })
}

/**
 * Opens a key file that holds the identity's key.
 *
 * @throws TalosError `KEY_FILE_INVALID` (damaged or changed), `KEY_FILE_PARAMETERS` (refused before any work),
 *   `PASSPHRASE_UNUSABLE`, `PASSPHRASE_WRONG`, `KEY_FILE_SIGNER` (an external signer holds the key)
 */
export async function openKeyFile(options: OpenKeyFileOptions): Promise<AgentSecrets> {
  const { identitySeed, ...secrets } = await openKeyFileSecrets(options)
  if (identitySeed === undefined) throw new TalosError('KEY_FILE_SIGNER', { holder: 'an external signer' })
  return { identitySeed, ...secrets }
}

/** Opens a key file, whoever holds the identity's key. The reserve stays closed. @throws TalosError as `openKeyFile` */
export async function openKeyFileSecrets(options: OpenKeyFileOptions): Promise<OpenedSecrets> {
  const { kernel } = options
  const { file, root } = await unlock(options)
  const { key } = root.main(domainOf(file))
  root.forget()
  const plaintext = unseal(
    { key, nonce: file.aead.nonce, associatedData: associatedData(file) },
    file.ciphertext,
    kernel,
  )
  const secrets = isExternal(file) ? takeExternal(plaintext) : takeSecrets(plaintext)
  plaintext.fill(0)
  const { identitySeed } = secrets
  if (identitySeed !== undefined && didOf(identitySeed, kernel) !== file.did) {
    throw invalid('its keys belong to another DID')
  }
  return secrets
}

/**
 * Opens the reserve of a key file: for a rotation, a recovery, a backup, and for nothing else.
 *
 * @throws TalosError as `openKeyFile`; `KEY_FILE_INVALID` for a file of version 1, which has none
 */
export async function openKeyReserve(options: OpenKeyFileOptions): Promise<KeyReserve> {
  const { kernel } = options
  const { file, root } = await unlock(options)
  const key = root.key(reserveInfo(file))
  root.forget()
  if (file.v === 1) throw invalid('it has no reserve')
  const { nonce, ciphertext } = file.reserve
  const plaintext = unseal({ key, nonce, associatedData: reserveData(file) }, ciphertext, kernel)
  const { nextSeed, recoverySeed } = decodeKeyFileReserve(plaintext)
  plaintext.fill(0)
  return { nextSeed: Secret.of(nextSeed), recoverySeed: Secret.of(recoverySeed) }
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

type Head = Pick<KeyFileV1, 'v' | 'did'> | Pick<KeyFileV2, 'v' | 'did' | 'id' | 'signer'>

type Bound = Omit<KeyFileV1, 'ciphertext' | 'checksum'> | Omit<KeyFileV2, 'ciphertext' | 'reserve' | 'checksum'>

/** Who the file is of, before anything is sealed. */
function headOf({ secrets, did, kernel, identity }: SealKeyFileOptions): Head {
  const own = secrets.identitySeed === undefined ? did : didOf(secrets.identitySeed, kernel)
  const isWithout = secrets.identitySeed === undefined && identity === undefined
  if (own === undefined || isWithout) throw new TalosError('KEY_FILE_SIGNER', { holder: 'nobody' })
  if (identity === undefined) return { v: 1, did: own }
  const signer = secrets.identitySeed === undefined ? 'external' : 'file'
  return { v: 2, did: own, id: identity.id, signer }
}

function parseText(text: string): KeyFile {
  try {
    // A file that was edited or copied by hand may have gained a line end; nothing else is forgiven.
    const value = decodeJcs(text.trimEnd(), { maxBytes: KEY_FILE_MAX_BYTES })
    return versionOf(value) === 1 ? parseV1(value) : parseV2(value)
  } catch (cause) {
    throw invalid('it is not a key file', cause)
  }
}

function versionOf(value: JsonValue): JsonValue | undefined {
  return Object(value).v
}

/** The file, and the root that its passphrase yields and that it is committed to. */
async function unlock(options: OpenKeyFileOptions): Promise<{ readonly file: KeyFile; readonly root: PassphraseRoot }> {
  const { passphrase, kernel } = options
  const file = parseKeyFile(options.text, kernel)
  const root = await stretchPassphrase({ passphrase, kdf: file.kdf, kernel })
  if (!equalBytes(root.main(domainOf(file)).check, fromBase64url(file.check))) throw new TalosError('PASSPHRASE_WRONG')
  return { file, root }
}

function domainOf({ v }: Pick<KeyFile, 'v'>): string {
  return `talos/keyfile/${v}`
}

function reserveInfo(file: Pick<KeyFile, 'v'>): string {
  return `${domainOf(file)}/reserve`
}

function isExternal(file: KeyFile): boolean {
  return file.v === 2 && file.signer === 'external'
}

function headText(bound: Bound): string {
  const { v, did, kdf, aead, check } = bound
  const common = { did, kdf, aead, check }
  return bound.v === 1 ? encodeJcs({ v, ...common }) : encodeJcs({ v, id: bound.id, signer: bound.signer, ...common })
}

function associatedData(bound: Bound): Uint8Array {
  return concatBytes(utf8(`${domainOf(bound)}\0`), utf8(headText(bound)))
}

function reserveData(bound: Bound): Uint8Array {
  return concatBytes(utf8(`${reserveInfo(bound)}\0`), utf8(headText(bound)))
}

function checksumOf(sealed: JsonValue, kernel: Kernel): string {
  return toHex(kernel.sha256(utf8(encodeJcs(sealed))))
}

function sealReserve(
  reserve: KeyReserve,
  options: {
    readonly root: PassphraseRoot
    readonly nonce: Uint8Array
    readonly bound: Bound
    readonly kernel: Kernel
  },
): KeyFileV2['reserve'] {
  const { root, nonce, bound, kernel } = options
  const key = root.key(reserveInfo(bound))
  const nextSeed = reserve.nextSeed.use(copyOf)
  const recoverySeed = reserve.recoverySeed.use(copyOf)
  const plaintext = encodeKeyFileReserve({ nextSeed, recoverySeed })
  const sealed = kernel.aeadSeal({ key, nonce, associatedData: reserveData(bound) }, plaintext)
  for (const bytes of [key, nextSeed, recoverySeed, plaintext]) bytes.fill(0)
  return { nonce: toBase64url(nonce), ciphertext: toBase64url(sealed) }
}

function unseal(
  place: { readonly key: Uint8Array; readonly nonce: string; readonly associatedData: Uint8Array },
  ciphertext: string,
  kernel: Kernel,
): Uint8Array {
  const { key, associatedData } = place
  try {
    return kernel.aeadOpen({ key, nonce: fromBase64url(place.nonce), associatedData }, fromBase64url(ciphertext))
  } catch (cause) {
    throw invalid('its contents were changed', cause)
  } finally {
    key.fill(0)
  }
}

function didOf(identitySeed: Secret, kernel: Kernel): Did {
  return didKeyFromPublicKey(identitySeed.use((seed) => kernel.ed25519PublicKey(seed)))
}

function withPlaintext(secrets: SealKeyFileOptions['secrets'], use: (plaintext: Uint8Array) => Uint8Array): Uint8Array {
  const { identitySeed } = secrets
  const running = {
    sessionKey: secrets.sessionKey.use(copyOf),
    logSeed: secrets.logSeed.use(copyOf),
    transportSeed: secrets.transportSeed.use(copyOf),
    storageKey: secrets.storageKey.use(copyOf),
  }
  const plaintext =
    identitySeed === undefined
      ? encodeKeyFileSecretsExternal(running)
      : encodeKeyFileSecrets({ identitySeed: identitySeed.use(copyOf), ...running })
  try {
    return use(plaintext)
  } finally {
    plaintext.fill(0)
  }
}

function takeSecrets(plaintext: Uint8Array): OpenedSecrets {
  const { identitySeed, ...running } = decodeAs(() => decodeKeyFileSecrets(plaintext))
  return { identitySeed: Secret.of(identitySeed), ...secretsOf(running) }
}

function takeExternal(plaintext: Uint8Array): OpenedSecrets {
  return { identitySeed: undefined, ...secretsOf(decodeAs(() => decodeKeyFileSecretsExternal(plaintext))) }
}

/** The schema allows the lengths of both kinds of signer. */
function decodeAs<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw invalid('its secrets are of another length', cause)
  }
}

function secretsOf(plain: { readonly [K in keyof RunningSecrets]: Uint8Array }): RunningSecrets {
  return {
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
