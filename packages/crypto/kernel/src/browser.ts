/**
 * What browsers get for `@talos/kernel` (export condition `browser`): the portable kernel on noble, and nothing of Node. What
 * index.ts has beyond this is Node's: the native kernel, the choice between kernels, the system's clock and randomness.
 */
export { nobleEd25519Verify } from './curves-noble.ts'
export { HKDF_MAX_BYTES } from './hash.ts'
export {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type AeadOptions,
  type AppendedLeaves,
  type Argon2idOptions,
  BATCH_MAX_ENTRIES,
  ED25519_PUBLIC_KEY_BYTES,
  ED25519_SEED_BYTES,
  ED25519_SIGNATURE_BYTES,
  type EntriesToVerify,
  type EntryVerdicts,
  type EnvelopeToVerify,
  type EnvelopeVerdict,
  HANDSHAKE_MAX_HEAD_BYTES,
  type HandshakeInitiated,
  type HandshakeInitiateInput,
  type HandshakeResponded,
  type HandshakeRespondInput,
  type HkdfOptions,
  KERNEL_REVISION,
  type Kernel,
  type LeavesToAppend,
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_ENCAPSULATION_KEY_BYTES,
  MLKEM768_RANDOMNESS_BYTES,
  MLKEM768_SEED_BYTES,
  MLKEM768_SHARED_SECRET_BYTES,
  RATCHET_COMMITMENT_BYTES,
  RATCHET_KEY_BYTES,
  RATCHET_MAX_HEADER_BYTES,
  RATCHET_MAX_PADDED_BYTES,
  RATCHET_MAX_PREFIX_BYTES,
  RATCHET_MAX_STEPS,
  type RatchetOpenInput,
  type RatchetReceived,
  type RatchetReceiveInput,
  type RatchetSealed,
  type RatchetSealInput,
  type RatchetTurned,
  type RatchetTurnInput,
  SHA256_BYTES,
  VERIFY_MAX_ENVELOPES,
  X25519_KEY_BYTES,
} from './kernel.ts'
export { nobleKernel } from './noble.ts'
export {
  ARGON2ID_MAX_MEMORY_KIB,
  ARGON2ID_OUTPUT_BYTES,
  ARGON2ID_PARALLELISM,
  ARGON2ID_PASSES,
  ARGON2ID_SALT_BYTES,
} from './password.ts'
export { selfTest, selfTestArgon2id } from './self-test.ts'
