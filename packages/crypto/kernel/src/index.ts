export { nobleEd25519Verify } from './curves-noble.ts'
export { HKDF_MAX_BYTES } from './hash.ts'
export {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type AeadOptions,
  type Argon2idOptions,
  ED25519_PUBLIC_KEY_BYTES,
  ED25519_SEED_BYTES,
  ED25519_SIGNATURE_BYTES,
  type HkdfOptions,
  type Kernel,
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_ENCAPSULATION_KEY_BYTES,
  MLKEM768_RANDOMNESS_BYTES,
  MLKEM768_SEED_BYTES,
  MLKEM768_SHARED_SECRET_BYTES,
  RATCHET_COMMITMENT_BYTES,
  RATCHET_KEY_BYTES,
  type RatchetOpenInput,
  type RatchetSealed,
  type RatchetSealInput,
  SHA256_BYTES,
  X25519_KEY_BYTES,
} from './kernel.ts'
export { loadKernel } from './load.ts'
export { nobleKernel } from './noble.ts'
export {
  ARGON2ID_MAX_MEMORY_KIB,
  ARGON2ID_OUTPUT_BYTES,
  ARGON2ID_PARALLELISM,
  ARGON2ID_PASSES,
  ARGON2ID_SALT_BYTES,
} from './password.ts'
export { portableKernel } from './portable.ts'
export { selfTest, selfTestArgon2id } from './self-test.ts'
export { SYSTEM_RANDOM_MAX_BYTES, systemClock, systemRandom } from './system.ts'
