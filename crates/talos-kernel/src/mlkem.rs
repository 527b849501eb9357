//! ML-KEM-768 (FIPS 203). Decapsulation keys exist as their 64-byte seeds only: specification 20.8.

use crate::engine;
use crate::error::{Error, exact};

/// Bytes of a seed, `d || z`.
pub const MLKEM768_SEED_BYTES: usize = 64;
/// Bytes of an encapsulation key.
pub const MLKEM768_ENCAPSULATION_KEY_BYTES: usize = 1184;
/// Bytes of a ciphertext.
pub const MLKEM768_CIPHERTEXT_BYTES: usize = 1088;
/// Bytes of a shared secret.
pub const MLKEM768_SHARED_SECRET_BYTES: usize = 32;
/// Bytes of the randomness of an encapsulation.
pub const MLKEM768_RANDOMNESS_BYTES: usize = 32;

/// Encapsulation key of a seed.
///
/// # Errors
/// [`Error::Argument`] unless the seed has 64 bytes.
pub fn mlkem768_encapsulation_key(seed: &[u8]) -> Result<[u8; MLKEM768_ENCAPSULATION_KEY_BYTES], Error> {
    Ok(engine::mlkem768_encapsulation_key(exact("seed", seed)?))
}

/// Encapsulates a fresh secret to a key. The randomness is the caller's: 32 bytes, used for nothing else.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::KeyInvalid`] for a key that fails the modulus check (FIPS 203, section
/// 7.2); the outputs are untouched then.
pub fn mlkem768_encapsulate(
    encapsulation_key: &[u8],
    randomness: &[u8],
    ciphertext: &mut [u8; MLKEM768_CIPHERTEXT_BYTES],
    shared_secret: &mut [u8; MLKEM768_SHARED_SECRET_BYTES],
) -> Result<(), Error> {
    let key = exact("encapsulationKey", encapsulation_key)?;
    let randomness = exact("randomness", randomness)?;
    if engine::mlkem768_encapsulate(key, randomness, ciphertext, shared_secret) {
        Ok(())
    } else {
        Err(Error::KeyInvalid)
    }
}

/// Shared secret of a ciphertext. A wrong ciphertext yields another secret (implicit rejection), not an error.
///
/// # Errors
/// [`Error::Argument`] for a wrong length.
pub fn mlkem768_decapsulate(
    seed: &[u8],
    ciphertext: &[u8],
    shared_secret: &mut [u8; MLKEM768_SHARED_SECRET_BYTES],
) -> Result<(), Error> {
    engine::mlkem768_decapsulate(exact("seed", seed)?, exact("ciphertext", ciphertext)?, shared_secret);
    Ok(())
}
