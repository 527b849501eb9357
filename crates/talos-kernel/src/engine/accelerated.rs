//! The primitives on graviola: assembly routines of s2n-bignum with machine-checked proofs for curves and ML-KEM, no C
//! toolchain. Secrets that it copies are wiped by it, and so are the vector registers.
//!
//! The deterministic entries of its ML-KEM are hidden in its documentation, hence the exact version in `Cargo.toml`.

use graviola::aead::ChaCha20Poly1305;
use graviola::key_agreement::mlkem768::{Ciphertext, DecapKey, EncapKey, Message};
use graviola::key_agreement::x25519::{PublicKey, StaticPrivateKey};
use graviola::signing::eddsa::{Ed25519SigningKey, Ed25519VerifyingKey};

/// The instructions of the machine; a few loads after the first call.
pub(super) fn is_supported() -> bool {
    graviola::util::is_cpu_supported()
}

pub(super) fn aead_seal(key: &[u8; 32], nonce: &[u8; 12], associated_data: &[u8], text: &mut [u8]) -> [u8; 16] {
    let mut tag = [0; 16];
    ChaCha20Poly1305::new(*key).encrypt(nonce, associated_data, text, &mut tag);
    tag
}

pub(super) fn aead_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    text: &mut [u8],
    tag: &[u8; 16],
) -> bool {
    ChaCha20Poly1305::new(*key).decrypt(nonce, associated_data, text, tag).is_ok()
}

pub(super) fn x25519_public_key(secret: &[u8; 32]) -> [u8; 32] {
    StaticPrivateKey::from_array(secret).public_key().as_bytes()
}

pub(super) fn x25519(secret: &[u8; 32], public_key: &[u8; 32], out: &mut [u8; 32]) {
    match StaticPrivateKey::from_array(secret).diffie_hellman(&PublicKey::from_array(public_key)) {
        Ok(shared) => out.copy_from_slice(&shared.0),
        // Its one error is the all-zero result.
        Err(_) => out.fill(0),
    }
}

pub(super) fn ed25519_public_key(seed: &[u8; 32]) -> [u8; 32] {
    signing_key(seed).public_key().as_bytes()
}

pub(super) fn ed25519_sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    signing_key(seed).sign(message)
}

fn signing_key(seed: &[u8; 32]) -> Ed25519SigningKey {
    match Ed25519SigningKey::from_bytes(seed) {
        Ok(key) => key,
        Err(_) => unreachable!("its one error is another length"),
    }
}

pub(crate) struct Ed25519Key(Ed25519VerifyingKey);

impl Ed25519Key {
    pub(super) fn decode(encoded: &[u8; 32]) -> Option<Self> {
        Ed25519VerifyingKey::from_bytes(encoded).ok().map(Self)
    }

    pub(super) fn equation_holds(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify(signature, message).is_ok()
    }
}

pub(super) fn mlkem768_encapsulation_key(seed: &[u8; 64]) -> [u8; 1184] {
    DecapKey::keygen_internal(seed).encapsulation_key().as_bytes()
}

pub(super) fn mlkem768_encapsulate(
    encapsulation_key: &[u8; 1184],
    randomness: &[u8; 32],
    ciphertext: &mut [u8; 1088],
    shared_secret: &mut [u8; 32],
) -> bool {
    let Ok(key) = EncapKey::from_bytes(encapsulation_key) else {
        return false;
    };
    let (secret, encapsulated) = key.encaps_internal(Message(*randomness));
    ciphertext.copy_from_slice(encapsulated.as_ref());
    shared_secret.copy_from_slice(secret.as_ref());
    true
}

pub(super) fn mlkem768_decapsulate(seed: &[u8; 64], ciphertext: &[u8; 1088], shared_secret: &mut [u8; 32]) {
    let secret = DecapKey::keygen_internal(seed).decaps(&Ciphertext::from(*ciphertext));
    shared_secret.copy_from_slice(secret.as_ref());
}
