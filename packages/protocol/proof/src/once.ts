/**
 * Checking no signature twice: one checkpoint, or one key log, may stand in several places of a bundle (spec 12-proof-bundle,
 * clause 12.3).
 */
import { equalBytes } from '@talos/bytes'
import { ED25519_SIGNATURE_BYTES, type Kernel } from '@talos/kernel'

interface Checked {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly valid: boolean
}

/**
 * A kernel for one verification, which answers with what it found where key, message and signature are the very same.
 *
 * It remembers one check for each beginning of a signature, so not more than the bundle holds; another one takes its place.
 */
export function checkingOnce(kernel: Kernel): Kernel {
  const known = new Map<number, Checked>()
  return {
    ...kernel,
    ed25519Verify(publicKey, message, signature) {
      if (signature.length !== ED25519_SIGNATURE_BYTES) return kernel.ed25519Verify(publicKey, message, signature)
      const beginning = new DataView(signature.buffer, signature.byteOffset).getUint32(0)
      const before = known.get(beginning)
      if (before !== undefined && isSame(before, { publicKey, message, signature })) return before.valid
      const valid = kernel.ed25519Verify(publicKey, message, signature)
      known.set(beginning, { publicKey, message, signature, valid })
      return valid
    },
  }
}

function isSame(before: Checked, { publicKey, message, signature }: Omit<Checked, 'valid'>): boolean {
  return (
    equalBytes(before.signature, signature) &&
    equalBytes(before.publicKey, publicKey) &&
    equalBytes(before.message, message)
  )
}
