//! Stands for the accelerated engine where it is not compiled in: never supported, and so never asked.

pub(super) use super::plain::{
    Ed25519Key, aead_open, aead_seal, ed25519_public_key, ed25519_sign, mlkem768_decapsulate, mlkem768_encapsulate,
    mlkem768_encapsulation_key, x25519, x25519_public_key,
};

pub(super) fn is_supported() -> bool {
    false
}
