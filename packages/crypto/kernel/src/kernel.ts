/**
 * The kernel port: every cryptographic step of Talos, behind one interface with interchangeable backends.
 *
 * Shaped by cost (see ARCHITECTURE.md, Kernel): hot steps are one call each, so that a native backend crosses its
 * boundary once. All inputs are checked for length; a wrong length throws `KERNEL_ARGUMENT`, and so does a ciphertext too
 * short to hold its tag. A failed authentication throws `KERNEL_AUTHENTICATION` and releases nothing. Results are plain
 * byte arrays that nothing else refers to; arguments are neither changed nor kept. Specified in
 * `contracts/spec/20-kernel.md`.
 */

export const SHA256_BYTES = 32
export const ED25519_SEED_BYTES = 32
export const ED25519_PUBLIC_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64
export const X25519_KEY_BYTES = 32
export const MLKEM768_SEED_BYTES = 64
export const MLKEM768_ENCAPSULATION_KEY_BYTES = 1184
export const MLKEM768_CIPHERTEXT_BYTES = 1088
export const MLKEM768_SHARED_SECRET_BYTES = 32
export const MLKEM768_RANDOMNESS_BYTES = 32
export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16
/** Chain keys and message keys. */
export const RATCHET_KEY_BYTES = 32
export const RATCHET_COMMITMENT_BYTES = 32

export interface HkdfOptions {
  readonly ikm: Uint8Array
  readonly salt: Uint8Array
  readonly info: Uint8Array
  /** 1 to 8,160 bytes (RFC 5869, 255 blocks). */
  readonly lengthBytes: number
}

export interface AeadOptions {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes. */
  readonly nonce: Uint8Array
  readonly associatedData: Uint8Array
}

export interface Argon2idOptions {
  readonly password: Uint8Array
  /** 16 to 64 bytes. */
  readonly salt: Uint8Array
  /** 8 per lane, up to 1,048,576. */
  readonly memoryKib: number
  /** 1 to 64. */
  readonly passes: number
  /** Lanes, 1 to 16. */
  readonly parallelism: number
  /** 16 to 64. */
  readonly lengthBytes: number
}

/** One step of a sending chain: `MK = HMAC(CK, 1)`, `CK' = HMAC(CK, 2)`, then commitment, header and message. */
export interface RatchetSealInput {
  /** 32 bytes; the step derives the message key and the next chain key from it. */
  readonly chainKey: Uint8Array
  /** 32 bytes. */
  readonly headerKey: Uint8Array
  /** 12 bytes, fresh from the system; shared by header and message, whose keys differ. */
  readonly nonce: Uint8Array
  /** The encoded header, sealed under the header key. */
  readonly header: Uint8Array
  /** Bound into both seals: transcript hash, direction, content type, capability-context hash. */
  readonly associatedData: Uint8Array
  /** Already padded. */
  readonly plaintext: Uint8Array
}

export interface RatchetSealed {
  readonly nextChainKey: Uint8Array
  /** Header ciphertext with its tag. */
  readonly header: Uint8Array
  /** 32-byte key commitment, checked before the message is opened. */
  readonly commitment: Uint8Array
  /** Message ciphertext with its tag. */
  readonly ciphertext: Uint8Array
}

export interface RatchetOpenInput {
  /** 32 bytes; the message key itself, stepped or stored. */
  readonly messageKey: Uint8Array
  readonly nonce: Uint8Array
  readonly associatedData: Uint8Array
  /** The sealed header as received: part of the associated data. */
  readonly header: Uint8Array
  readonly commitment: Uint8Array
  readonly ciphertext: Uint8Array
}

export interface Kernel {
  readonly name: 'portable' | 'native'

  sha256(data: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  hkdfSha256(options: HkdfOptions): Uint8Array
  /** Throws `KERNEL_PARAMETER` for a cost outside its bounds, `KERNEL_RESOURCES` where the memory is not to be had. */
  argon2id(options: Argon2idOptions): Promise<Uint8Array>

  /** Ciphertext with the 16-byte tag appended (ChaCha20-Poly1305, RFC 8439). */
  aeadSeal(options: AeadOptions, plaintext: Uint8Array): Uint8Array
  aeadOpen(options: AeadOptions, ciphertext: Uint8Array): Uint8Array

  /** 32-byte public key of a 32-byte seed. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  /** The one rule: canonical S and points, no small-order key or R, cofactorless equation. Never throws on bad input. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean

  x25519PublicKey(secret: Uint8Array): Uint8Array
  /** Throws `KERNEL_LOW_ORDER` when the result is all zero. */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array

  /** 1,184-byte encapsulation key of a 64-byte seed `d || z` (FIPS 203). Only seeds are ever stored. */
  mlkem768EncapsulationKey(seed: Uint8Array): Uint8Array
  /**
   * `randomness`: 32 bytes, injected by vectors only; the system's generator where it is left out. Throws
   * `KERNEL_KEY_INVALID` for a key with a coefficient that is not below q (FIPS 203, section 7.2).
   */
  mlkem768Encapsulate(
    encapsulationKey: Uint8Array,
    randomness?: Uint8Array,
  ): { readonly ciphertext: Uint8Array; readonly sharedSecret: Uint8Array }
  /** Implicit rejection: a wrong ciphertext yields another secret, not an error. */
  mlkem768Decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array

  /** `MK = HMAC(CK, 0x01)`, `CK' = HMAC(CK, 0x02)` (Double Ratchet, section 5.2). */
  ratchetStep(chainKey: Uint8Array): { readonly messageKey: Uint8Array; readonly nextChainKey: Uint8Array }
  ratchetSeal(input: RatchetSealInput): RatchetSealed
  /** Checks the commitment in constant time, then the tag; throws `KERNEL_AUTHENTICATION` for either. */
  ratchetOpen(input: RatchetOpenInput): Uint8Array

  /** `SHA-256(0x00 || data)` of each leaf (RFC 6962, section 2.1). */
  leafHashes(leaves: readonly Uint8Array[]): Uint8Array[]
  /** `SHA-256(0x01 || left || right)`. */
  nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array
}
