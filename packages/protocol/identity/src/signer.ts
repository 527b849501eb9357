/**
 * The signer port: whoever holds an Ed25519 identity key, be it this process, an OS keychain, a KMS or an HSM
 * (spec 03-identity, 3.4).
 */
import type { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { ED25519_SIGNATURE_BYTES, type Kernel } from '@talos/kernel'
import { didKeyFromPublicKey } from './did-key.ts'

export interface Signer {
  /** The `did:key` of `publicKey`. */
  readonly did: Did
  /** 32-byte Ed25519 public key. */
  readonly publicKey: Uint8Array
  /** Hashes what is signed (the CID of an envelope); holds no key. */
  readonly kernel: Kernel
  /** 64-byte Ed25519 signature (RFC 8032) over `message`. Rejects when the key cannot be used. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/**
 * A signer with its key in this process.
 *
 * The seed stays inside the `Secret`; disposing of that makes the signer unusable.
 *
 * @param options.seed 32 bytes
 * @throws TalosError `KERNEL_ARGUMENT` for a seed of another length
 */
export function ed25519Signer(options: { readonly kernel: Kernel; readonly seed: Secret }): Signer {
  const { kernel, seed } = options
  const publicKey = seed.use((bytes) => kernel.ed25519PublicKey(bytes))
  return {
    did: didKeyFromPublicKey(publicKey),
    publicKey,
    kernel,
    async sign(message) {
      return seed.use((bytes) => kernel.ed25519Sign(bytes, message))
    },
  }
}

/**
 * Asks a signer for a signature and holds it to its word.
 *
 * @throws TalosError `SIGNER_FAILED` when it refuses or returns something else than 64 bytes
 */
export async function signWith(signer: Signer, message: Uint8Array): Promise<Uint8Array> {
  let signature: Uint8Array
  try {
    signature = await signer.sign(message)
  } catch (cause) {
    throw new TalosError('SIGNER_FAILED', { reason: 'it refused' }, { cause })
  }
  if (signature.length !== ED25519_SIGNATURE_BYTES) {
    throw new TalosError('SIGNER_FAILED', { reason: `it returned ${signature.length} bytes` })
  }
  return signature
}
