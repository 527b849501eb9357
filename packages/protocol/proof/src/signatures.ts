/**
 * Every signature that verifying a bundle takes: the floor that a verification is measured against (spec 12-proof-bundle,
 * clause 12.12).
 */
import type { EnvelopeToVerify, EnvelopeVerdict, Kernel } from '@talos/kernel'
import { type VerifyProofOptions, verifyProofBundle } from './verify.ts'

/** One signature to check. */
export interface SignatureCheck {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Where the signature of an envelope stands, and what it is over (04-envelope 4.1). */
const SIGNATURE_OFFSET = 3
const SIGNED_OFFSET = 67

/** The signatures that a verification checks, in its order, each once. */
export function signaturesOf(bundle: string | Uint8Array, options: VerifyProofOptions): readonly SignatureCheck[] {
  const { kernel } = options
  const checks: SignatureCheck[] = []
  const watched: Kernel = {
    ...kernel,
    ed25519Verify(publicKey, message, signature) {
      checks.push({ publicKey, message, signature })
      return kernel.ed25519Verify(publicKey, message, signature)
    },
    verifyEnvelopes(items): readonly EnvelopeVerdict[] {
      checks.push(...items.map(checkOf))
      return kernel.verifyEnvelopes(items)
    },
  }
  verifyProofBundle(bundle, { ...options, kernel: watched })
  return checks
}

function checkOf({ envelope, publicKey }: EnvelopeToVerify): SignatureCheck {
  const signature = envelope.subarray(SIGNATURE_OFFSET, SIGNED_OFFSET)
  return { publicKey, message: envelope.subarray(SIGNED_OFFSET), signature }
}
