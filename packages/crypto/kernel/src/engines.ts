/**
 * What the portable kernel is put together from: one engine per concern, each with an implementation on `node:crypto`
 * and one on noble. Engines get arguments of checked length. They answer `undefined` where the input is at fault, and
 * the methods above them turn that into the error of the contract, so that every engine fails alike.
 */
import type { AeadOptions, Argon2idOptions } from './kernel.ts'

export interface HashEngine {
  sha256(data: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array
  /**
   * A function that writes SHA-256 of `data`, 32 bytes, into `out` at `offset`. For public data alone: what it hashes, and the
   * hash, may stay in memory. Fast where `out` is no array on the engine's heap, as those of up to 64 bytes may be.
   */
  hasherInto(out: Uint8Array): (data: Uint8Array, offset: number) => void
}

export interface AeadEngine {
  /** Fills `output` of 16 bytes more than `plaintext`, which may be the beginning of it. */
  sealInto(options: AeadOptions, plaintext: Uint8Array, output: Uint8Array): void
  /** `undefined` when the tag is wrong. */
  open(options: AeadOptions, ciphertext: Uint8Array): Uint8Array | undefined
}

export interface Ed25519Input {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

export interface CurveEngine {
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array
  /** The cofactorless equation; the caller has checked encodings and orders already. */
  ed25519Equation(input: Ed25519Input): boolean
  x25519PublicKey(secret: Uint8Array): Uint8Array
  /** `undefined` when the result is all zero. */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined
}

export interface Encapsulation {
  readonly ciphertext: Uint8Array
  readonly sharedSecret: Uint8Array
}

export interface KemEngine {
  encapsulationKey(seed: Uint8Array): Uint8Array
  /** `undefined` when the key fails the modulus check (FIPS 203, section 7.2). */
  encapsulate(encapsulationKey: Uint8Array): Encapsulation | undefined
  decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array
}

/** Encapsulation with the randomness given: vectors need it, and `node:crypto` has no way to say it. */
export interface SeededKemEngine extends KemEngine {
  encapsulateWith(encapsulationKey: Uint8Array, randomness: Uint8Array): Encapsulation | undefined
}

export interface PasswordEngine {
  argon2id(options: Argon2idOptions): Promise<Uint8Array>
}

export interface KernelEngines {
  readonly hash: HashEngine
  readonly aead: AeadEngine
  readonly curves: CurveEngine
  readonly kem: KemEngine
  readonly password: PasswordEngine
}
