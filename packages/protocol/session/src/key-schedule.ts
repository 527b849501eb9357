/**
 * The key schedule (spec 05-prekeys-handshake 5.7, 06-session 6.6; PQXDH section 3.3, Double Ratchet section 4.3).
 *
 *     SK            = HKDF-SHA256(salt 0^32, 0xFF^32 || DH1 || DH2 || DH3 [|| DH4] || ss, "talos/ts1/sk" || transcript hash, 96)
 *                   = root key || initiator's first header key || responder's first header key
 *     RK, CK, NHK   = HKDF-SHA256(salt RK, DH, "talos/ts1/rk", 96)
 */
import { concatBytes, utf8 } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'

const HANDSHAKE_LABEL = utf8('talos/ts1/sk')
const ROOT_LABEL = utf8('talos/ts1/rk')
const KEY_BYTES = 32
const ZERO_SALT = new Uint8Array(KEY_BYTES)
/** Keeps this input apart from every X25519 public key (X3DH, section 2.2). */
const PREFIX = new Uint8Array(KEY_BYTES).fill(0xff)

export interface HandshakeKeys {
  readonly rootKey: Uint8Array
  /** Header key of the initiator's first chain. */
  readonly initiatorHeaderKey: Uint8Array
  /** Header key of the responder's first chain. */
  readonly responderHeaderKey: Uint8Array
}

/** Combines the DH outputs, in their order, and the ML-KEM secret last. Erases them. */
export function handshakeKeys(
  kernel: Kernel,
  input: { readonly secrets: readonly Uint8Array[]; readonly transcriptHash: Uint8Array },
): HandshakeKeys {
  const ikm = concatBytes(PREFIX, ...input.secrets)
  const info = concatBytes(HANDSHAKE_LABEL, input.transcriptHash)
  const keys = kernel.hkdfSha256({ ikm, salt: ZERO_SALT, info, lengthBytes: 3 * KEY_BYTES })
  for (const used of [ikm, ...input.secrets]) used.fill(0)
  const [rootKey, initiatorHeaderKey, responderHeaderKey] = thirds(keys)
  return { rootKey, initiatorHeaderKey, responderHeaderKey }
}

export interface RootStep {
  readonly rootKey: Uint8Array
  readonly chainKey: Uint8Array
  readonly nextHeaderKey: Uint8Array
}

/**
 * One turn of the root chain.
 *
 * @throws TalosError `SESSION_LOW_ORDER`
 */
export function rootStep(
  kernel: Kernel,
  input: { readonly rootKey: Uint8Array; readonly secret: Uint8Array; readonly publicKey: Uint8Array },
): RootStep {
  const shared = diffieHellman(kernel, input)
  const keys = kernel.hkdfSha256({ ikm: shared, salt: input.rootKey, info: ROOT_LABEL, lengthBytes: 3 * KEY_BYTES })
  shared.fill(0)
  const [rootKey, chainKey, nextHeaderKey] = thirds(keys)
  return { rootKey, chainKey, nextHeaderKey }
}

/**
 * X25519 that never contributes nothing.
 *
 * @throws TalosError `SESSION_LOW_ORDER` when the output is all zero
 */
export function diffieHellman(
  kernel: Kernel,
  input: { readonly secret: Uint8Array; readonly publicKey: Uint8Array },
): Uint8Array {
  try {
    return kernel.x25519(input.secret, input.publicKey)
  } catch (cause) {
    if (isTalosError(cause, 'KERNEL_LOW_ORDER')) throw new TalosError('SESSION_LOW_ORDER', {}, { cause })
    throw cause
  }
}

/** Runs an authenticated opening; `undefined` when it does not authenticate. Other failures pass through. */
export function ifAuthentic<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch (error) {
    if (isTalosError(error, 'KERNEL_AUTHENTICATION')) return undefined
    throw error
  }
}

function thirds(keys: Uint8Array): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const parts = [keys.slice(0, KEY_BYTES), keys.slice(KEY_BYTES, 2 * KEY_BYTES), keys.slice(2 * KEY_BYTES)] as const
  keys.fill(0)
  return parts
}
