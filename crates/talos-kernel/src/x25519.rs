//! X25519 (RFC 7748, section 5); an all-zero result is refused: specification 20.7.

use crate::engine;
use crate::error::{Error, exact};
use subtle::ConstantTimeEq;

/// Bytes of a secret, a public key and a shared secret.
pub const X25519_KEY_BYTES: usize = 32;

/// Public key of a secret, which is clamped first.
///
/// # Errors
/// [`Error::Argument`] unless the secret has 32 bytes.
pub fn x25519_public_key(secret: &[u8]) -> Result<[u8; X25519_KEY_BYTES], Error> {
    Ok(engine::x25519_public_key(exact("secret", secret)?))
}

/// Shared secret of `secret` and a peer's `public_key`, into `out`.
///
/// # Errors
/// [`Error::Argument`] unless both have 32 bytes, [`Error::LowOrder`] for an all-zero result; `out` is all zero then.
pub fn x25519(secret: &[u8], public_key: &[u8], out: &mut [u8; X25519_KEY_BYTES]) -> Result<(), Error> {
    agree(exact("secret", secret)?, exact("publicKey", public_key)?, out)
}

/// [`x25519`] after the lengths.
pub(crate) fn agree(
    secret: &[u8; X25519_KEY_BYTES],
    public_key: &[u8; X25519_KEY_BYTES],
    out: &mut [u8; X25519_KEY_BYTES],
) -> Result<(), Error> {
    engine::x25519(secret, public_key, out);
    if bool::from(out.ct_eq(&[0; X25519_KEY_BYTES])) {
        return Err(Error::LowOrder);
    }
    Ok(())
}
