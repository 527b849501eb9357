/** AEAD methods: ChaCha20-Poly1305 (RFC 8439, section 2.8), 96-bit nonce, full 128-bit tag. */
import { TalosError } from '@talos/errors'
import { requireLength, requireLengthWithin } from './arguments.ts'
import type { AeadEngine } from './engines.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type AeadOptions, type Kernel } from './kernel.ts'

export function aeadMethods(aead: AeadEngine): Pick<Kernel, 'aeadSeal' | 'aeadOpen'> {
  return {
    aeadSeal: (options, plaintext) => {
      requireKeyAndNonce(options)
      const sealed = new Uint8Array(plaintext.length + AEAD_TAG_BYTES)
      aead.sealInto(options, plaintext, sealed)
      return sealed
    },
    aeadOpen: (options, ciphertext) => {
      requireKeyAndNonce(options)
      return openOrThrow(aead, { options, ciphertext })
    },
  }
}

/** Opens, or throws `KERNEL_ARGUMENT` for less than a tag and `KERNEL_AUTHENTICATION` for a wrong one. */
export function openOrThrow(
  aead: AeadEngine,
  { options, ciphertext }: { readonly options: AeadOptions; readonly ciphertext: Uint8Array },
): Uint8Array {
  requireTag('ciphertext', ciphertext)
  const plaintext = aead.open(options, ciphertext)
  if (plaintext === undefined) throw new TalosError('KERNEL_AUTHENTICATION')
  return plaintext
}

/** Throws `KERNEL_ARGUMENT` unless `sealed` is long enough to end in a tag. */
export function requireTag(argument: string, sealed: Uint8Array): void {
  requireLengthWithin(argument, sealed.length, { minimum: AEAD_TAG_BYTES, maximum: Number.MAX_SAFE_INTEGER })
}

/** Throws `KERNEL_ARGUMENT` for a key or nonce of another length. */
export function requireKeyAndNonce({ key, nonce }: AeadOptions): void {
  requireLength('key', key, AEAD_KEY_BYTES)
  requireLength('nonce', nonce, AEAD_NONCE_BYTES)
}
