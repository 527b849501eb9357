//! The primitives on dalek and RustCrypto: portable Rust, with vector code by run-time detection where the crates have it.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use ed25519_dalek::{Signature, Signer, SigningKey};
use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::ml_kem_768;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroize;

pub(super) fn aead_seal(key: &[u8; 32], nonce: &[u8; 12], associated_data: &[u8], text: &mut [u8]) -> [u8; 16] {
    let cipher = ChaCha20Poly1305::new(key.into());
    match cipher.encrypt_inout_detached(nonce.into(), associated_data, text.into()) {
        Ok(tag) => tag.into(),
        // RFC 8439's counter ends at 256 GiB, which no buffer of this crate reaches.
        Err(_) => unreachable!("a message of more than 256 GiB"),
    }
}

pub(super) fn aead_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    text: &mut [u8],
    tag: &[u8; 16],
) -> bool {
    let cipher = ChaCha20Poly1305::new(key.into());
    cipher.decrypt_inout_detached(nonce.into(), associated_data, text.into(), tag.into()).is_ok()
}

pub(super) fn x25519_public_key(secret: &[u8; 32]) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*secret)).to_bytes()
}

pub(super) fn x25519(secret: &[u8; 32], public_key: &[u8; 32], out: &mut [u8; 32]) {
    let shared = StaticSecret::from(*secret).diffie_hellman(&PublicKey::from(*public_key));
    out.copy_from_slice(shared.as_bytes());
}

pub(super) fn ed25519_public_key(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

pub(super) fn ed25519_sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(seed).sign(message).to_bytes()
}

pub(crate) struct Ed25519Key(ed25519_dalek::VerifyingKey);

impl Ed25519Key {
    pub(super) fn decode(encoded: &[u8; 32]) -> Option<Self> {
        ed25519_dalek::VerifyingKey::from_bytes(encoded).ok().map(Self)
    }

    pub(super) fn equation_holds(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

pub(super) fn mlkem768_encapsulation_key(seed: &[u8; 64]) -> [u8; 1184] {
    decapsulation_key(seed).encapsulation_key().to_bytes().into()
}

pub(super) fn mlkem768_encapsulate(
    encapsulation_key: &[u8; 1184],
    randomness: &[u8; 32],
    ciphertext: &mut [u8; 1088],
    shared_secret: &mut [u8; 32],
) -> bool {
    let Ok(key) = ml_kem_768::EncapsulationKey::new(encapsulation_key.into()) else {
        return false;
    };
    let (encapsulated, mut secret) = key.encapsulate_deterministic(randomness.into());
    ciphertext.copy_from_slice(&encapsulated);
    shared_secret.copy_from_slice(&secret);
    secret.zeroize();
    true
}

pub(super) fn mlkem768_decapsulate(seed: &[u8; 64], ciphertext: &[u8; 1088], shared_secret: &mut [u8; 32]) {
    let mut secret = decapsulation_key(seed).decapsulate(ciphertext.into());
    shared_secret.copy_from_slice(&secret);
    secret.zeroize();
}

/// The crate's key wipes itself when it is dropped, the copy of the seed in it included.
fn decapsulation_key(seed: &[u8; 64]) -> ml_kem_768::DecapsulationKey {
    ml_kem_768::DecapsulationKey::from_seed((*seed).into())
}
