//! Where the primitives come from: graviola (inline assembly, most of it proven) where it is compiled in and the processor
//! has what it needs, else dalek and RustCrypto. Both give the same bytes; their tests hold them against each other.

#[cfg(all(feature = "accelerated", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod accelerated;
#[cfg(not(all(feature = "accelerated", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "engine/absent.rs"]
mod accelerated;
#[cfg(all(test, feature = "accelerated", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod agreement;
mod composed;
#[cfg(test)]
mod composed_agreement;
mod plain;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;

/// Longest message that the accelerated AEAD takes where the composed one does not run: from here on RustCrypto, which hashes
/// four blocks at a time, has made good for its longer start. Measured.
const ACCELERATED_AEAD_MAX_BYTES: usize = 3584;

/// Tells whether curves, ML-KEM and short AEAD messages run on the accelerated engine.
#[must_use]
pub fn is_accelerated() -> bool {
    accelerated::is_supported()
}

pub(crate) fn aead_seal(key: &[u8; 32], nonce: &[u8; 12], associated_data: &[u8], text: &mut [u8]) -> [u8; 16] {
    if composed::takes(text.len()) {
        composed::aead_seal(key, nonce, associated_data, text)
    } else if text.len() <= ACCELERATED_AEAD_MAX_BYTES && is_accelerated() {
        accelerated::aead_seal(key, nonce, associated_data, text)
    } else {
        plain::aead_seal(key, nonce, associated_data, text)
    }
}

/// Opens `text` into `out` of the same length. False when the tag is wrong; `out` is of no use then.
pub(crate) fn aead_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    text: &[u8],
    tag: &[u8; 16],
    out: &mut [u8],
) -> bool {
    if composed::takes(text.len()) {
        return composed::aead_open(key, nonce, associated_data, text, tag, out);
    }
    out.copy_from_slice(text);
    if text.len() <= ACCELERATED_AEAD_MAX_BYTES && is_accelerated() {
        accelerated::aead_open(key, nonce, associated_data, out, tag)
    } else {
        plain::aead_open(key, nonce, associated_data, out, tag)
    }
}

pub(crate) fn x25519_public_key(secret: &[u8; 32]) -> [u8; 32] {
    if is_accelerated() { accelerated::x25519_public_key(secret) } else { plain::x25519_public_key(secret) }
}

/// All zero for a point of small order.
pub(crate) fn x25519(secret: &[u8; 32], public_key: &[u8; 32], out: &mut [u8; 32]) {
    if is_accelerated() {
        accelerated::x25519(secret, public_key, out);
    } else {
        plain::x25519(secret, public_key, out);
    }
}

pub(crate) fn ed25519_public_key(seed: &[u8; 32]) -> [u8; 32] {
    if is_accelerated() { accelerated::ed25519_public_key(seed) } else { plain::ed25519_public_key(seed) }
}

pub(crate) fn ed25519_sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    if is_accelerated() { accelerated::ed25519_sign(seed, message) } else { plain::ed25519_sign(seed, message) }
}

/// A decoded public key of either engine.
pub(crate) enum Ed25519Key {
    Accelerated(accelerated::Ed25519Key),
    Plain(plain::Ed25519Key),
}

impl Ed25519Key {
    /// `None` for bytes that are no point of the curve.
    pub(crate) fn decode(encoded: &[u8; 32]) -> Option<Self> {
        if is_accelerated() {
            accelerated::Ed25519Key::decode(encoded).map(Self::Accelerated)
        } else {
            plain::Ed25519Key::decode(encoded).map(Self::Plain)
        }
    }

    /// The equation alone; `S`, A and R have been found admissible.
    #[cfg_attr(
        not(feature = "accelerated"),
        expect(clippy::match_same_arms, reason = "both engines are the plain one")
    )]
    pub(crate) fn equation_holds(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match self {
            Self::Accelerated(key) => key.equation_holds(message, signature),
            Self::Plain(key) => key.equation_holds(message, signature),
        }
    }
}

pub(crate) fn mlkem768_encapsulation_key(seed: &[u8; 64]) -> [u8; 1184] {
    if is_accelerated() {
        accelerated::mlkem768_encapsulation_key(seed)
    } else {
        plain::mlkem768_encapsulation_key(seed)
    }
}

/// False for a key that fails the modulus check; the outputs are untouched then.
pub(crate) fn mlkem768_encapsulate(
    encapsulation_key: &[u8; 1184],
    randomness: &[u8; 32],
    ciphertext: &mut [u8; 1088],
    shared_secret: &mut [u8; 32],
) -> bool {
    if is_accelerated() {
        accelerated::mlkem768_encapsulate(encapsulation_key, randomness, ciphertext, shared_secret)
    } else {
        plain::mlkem768_encapsulate(encapsulation_key, randomness, ciphertext, shared_secret)
    }
}

pub(crate) fn mlkem768_decapsulate(seed: &[u8; 64], ciphertext: &[u8; 1088], shared_secret: &mut [u8; 32]) {
    if is_accelerated() {
        accelerated::mlkem768_decapsulate(seed, ciphertext, shared_secret);
    } else {
        plain::mlkem768_decapsulate(seed, ciphertext, shared_secret);
    }
}
