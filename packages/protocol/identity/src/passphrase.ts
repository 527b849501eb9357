/**
 * What a passphrase yields (spec 03-identity, 3.6): a root by Argon2id (RFC 9106), and keys from it by HKDF-SHA256, one for
 * each use. Key files and backups share it.
 */
import { fromBase64url, toBase64url, utf8 } from '@talos/bytes'
import type { KeyFileKdf } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { AEAD_KEY_BYTES, type Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'

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

const SALT_BYTES = 16
const CHECK_BYTES = 32
const ROOT_BYTES = 32

export interface KeyFileParameters {
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
}

/** A stretched passphrase. Dispose of it by `forget`. */
export interface PassphraseRoot {
  /** The main key of a use, and what commits a file to it; 32 bytes each. */
  main(domain: string): { readonly key: Uint8Array; readonly check: Uint8Array }
  /** A further key of a use, 32 bytes. */
  key(info: string): Uint8Array
  forget(): void
}

/** Fresh salt for given costs. */
export function newKdf(params: KeyFileParameters, random: Random): KeyFileKdf {
  const { memoryKib, passes, parallelism } = params
  return { name: 'argon2id', memoryKib, passes, parallelism, salt: toBase64url(random.bytes(SALT_BYTES)) }
}

/**
 * Stretches a passphrase; costs what `kdf` says, after that was found to be within the limits.
 *
 * @throws TalosError `PASSPHRASE_UNUSABLE`, `KEY_FILE_PARAMETERS`
 */
export async function stretchPassphrase(options: {
  readonly passphrase: string
  readonly kdf: KeyFileKdf
  readonly kernel: Kernel
}): Promise<PassphraseRoot> {
  const { passphrase, kdf, kernel } = options
  const password = passphraseBytes(passphrase)
  const { memoryKib, passes, parallelism } = checkParameters(kdf)
  const salt = fromBase64url(kdf.salt)
  const root = await kernel.argon2id({ password, salt, memoryKib, passes, parallelism, lengthBytes: ROOT_BYTES })
  password.fill(0)
  const expand = (info: string, lengthBytes: number) =>
    kernel.hkdfSha256({ ikm: root, salt: new Uint8Array(), info: utf8(info), lengthBytes })
  return {
    main: (domain) => {
      const keys = expand(domain, AEAD_KEY_BYTES + CHECK_BYTES)
      return { key: keys.subarray(0, AEAD_KEY_BYTES), check: keys.subarray(AEAD_KEY_BYTES) }
    },
    key: (info) => expand(info, AEAD_KEY_BYTES),
    forget: () => void root.fill(0),
  }
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
