//! The native kernel of Talos: every cryptographic step as a pure function over byte strings.
//!
//! It mirrors the kernel port of the portable backend method by method (`contracts/spec/20-kernel.md`), Argon2id excepted:
//! for the same input the same output or the same error code. There is no input, no output, no clock and no randomness here;
//! randomness is an argument. Hot functions write into memory of the caller. Secrets that this crate copies are wiped when
//! it has done with them; those in outputs are the caller's to wipe.

#![forbid(unsafe_code)]

mod aead;
mod block_hmac;
mod ed25519;
mod engine;
mod envelope;
mod error;
mod handshake;
mod hash;
mod mlkem;
mod ratchet;
mod secret;
mod tree;
mod x25519;

pub use aead::{AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, AeadOptions, aead_open, aead_seal};
pub use ed25519::{
    ED25519_PUBLIC_KEY_BYTES, ED25519_SEED_BYTES, ED25519_SIGNATURE_BYTES, ed25519_public_key, ed25519_sign,
    ed25519_verify,
};
pub use engine::is_accelerated;
pub use envelope::{
    EntryVerdict, EnvelopeItem, EnvelopeVerdict, VERIFY_MAX_ENVELOPES, verify_entries, verify_envelopes,
};
pub use error::Error;
pub use handshake::{
    DERIVED_KEYS_BYTES, HANDSHAKE_MAX_HEAD_BYTES, InitiateInput, Initiated, RespondInput, TurnInput,
    handshake_initiate, handshake_respond, ratchet_turn,
};
pub use hash::{HKDF_MAX_BYTES, HkdfInput, SHA256_BYTES, hkdf_sha256, hmac_sha256, sha256};
pub use mlkem::{
    MLKEM768_CIPHERTEXT_BYTES, MLKEM768_ENCAPSULATION_KEY_BYTES, MLKEM768_RANDOMNESS_BYTES, MLKEM768_SEED_BYTES,
    MLKEM768_SHARED_SECRET_BYTES, mlkem768_decapsulate, mlkem768_encapsulate, mlkem768_encapsulation_key,
};
pub use ratchet::{
    OpenInput, RATCHET_COMMITMENT_BYTES, RATCHET_KEY_BYTES, RATCHET_MAX_HEADER_BYTES, RATCHET_MAX_PADDED_BYTES,
    RATCHET_MAX_PREFIX_BYTES, RATCHET_MAX_STEPS, ReceiveInput, Received, SealInput, ratchet_advance, ratchet_forward,
    ratchet_open, ratchet_receive, ratchet_receive_length, ratchet_seal, ratchet_seal_length, ratchet_step,
};
pub use tree::{
    Appended, AppendedBundle, BATCH_MAX_ENTRIES, Hash, TILE_MAX_HASHES, TREE_SIZE_MAX, append_bundle, append_leaves,
    hash_up, leaf_hash, leaf_hashes, node_hash,
};
pub use x25519::{X25519_KEY_BYTES, x25519, x25519_public_key};

/// Revision of the port that this crate implements: a bridge of another revision than the TypeScript side is not used.
pub const KERNEL_REVISION: u32 = 2;
