//! SHA-256 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869): specification 20.1 to 20.3.

use crate::error::{Error, require};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Bytes of a SHA-256 hash.
pub const SHA256_BYTES: usize = 32;
/// RFC 5869, section 2.3: the block counter is one byte, so 255 blocks at most.
pub const HKDF_MAX_BYTES: usize = 255 * SHA256_BYTES;

/// Input of [`hkdf_sha256`].
#[derive(Clone, Copy)]
pub struct HkdfInput<'a> {
    /// Input key material of any length.
    pub ikm: &'a [u8],
    /// Any length; empty stands for 32 zero bytes.
    pub salt: &'a [u8],
    /// Any length.
    pub info: &'a [u8],
}

/// SHA-256 of `data`.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; SHA256_BYTES] {
    Sha256::digest(data).into()
}

/// HMAC-SHA-256 of `data` under a key of any length, the empty key included.
pub fn hmac_sha256(key: &[u8], data: &[u8], out: &mut [u8; SHA256_BYTES]) {
    // RFC 2104 hashes a long key, so there is no length that the crate refuses.
    let Ok(mut keyed) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes keys of every length") };
    keyed.update(data);
    let mut mac = keyed.finalize().into_bytes();
    out.copy_from_slice(&mac);
    mac.zeroize();
}

/// HKDF-SHA-256, extract and expand in one; fills `out`.
///
/// # Errors
/// [`Error::Argument`] unless `out` has 1 to 8,160 bytes.
pub fn hkdf_sha256(input: &HkdfInput<'_>, out: &mut [u8]) -> Result<(), Error> {
    require("lengthBytes", (1..=HKDF_MAX_BYTES).contains(&out.len()))?;
    let (mut prk, hkdf) = Hkdf::<Sha256>::extract(Some(input.salt), input.ikm);
    prk.zeroize();
    hkdf.expand(input.info, out).map_err(|_| Error::Argument("lengthBytes"))
}
