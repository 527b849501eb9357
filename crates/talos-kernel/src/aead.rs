//! ChaCha20-Poly1305 (RFC 8439, section 2.8) with a 96-bit nonce and the full 128-bit tag: specification 20.5.

use crate::engine;
use crate::error::{Error, exact, require};

/// Bytes of a key.
pub const AEAD_KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub const AEAD_NONCE_BYTES: usize = 12;
/// Bytes of the tag at the end of a ciphertext.
pub const AEAD_TAG_BYTES: usize = 16;

/// Key, nonce and associated data of one message.
#[derive(Clone, Copy)]
pub struct AeadOptions<'a> {
    /// 32 bytes.
    pub key: &'a [u8],
    /// 12 bytes.
    pub nonce: &'a [u8],
    /// Any length.
    pub associated_data: &'a [u8],
}

/// Seals `plaintext` into `out`, which has its length and 16 bytes more for the tag.
///
/// # Errors
/// [`Error::Argument`] for a wrong length; `out` is untouched then.
pub fn aead_seal(options: &AeadOptions<'_>, plaintext: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let key = exact("key", options.key)?;
    let nonce = exact("nonce", options.nonce)?;
    require("out", out.len().checked_sub(AEAD_TAG_BYTES) == Some(plaintext.len()))?;
    out[..plaintext.len()].copy_from_slice(plaintext);
    seal_in_place(key, nonce, options.associated_data, out);
    Ok(())
}

/// Opens `ciphertext` into `out`, which has its length less the 16 bytes of the tag.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::Authentication`] for a wrong tag; `out` is all zero after the latter.
pub fn aead_open(options: &AeadOptions<'_>, ciphertext: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let key = exact("key", options.key)?;
    let nonce = exact("nonce", options.nonce)?;
    require("ciphertext", ciphertext.len() >= AEAD_TAG_BYTES)?;
    require("out", out.len() == ciphertext.len() - AEAD_TAG_BYTES)?;
    open_into(key, nonce, options.associated_data, ciphertext, out)
}

/// Seals the bytes of `buffer` before its last 16, which take the tag. `buffer` has 16 bytes at least.
pub(crate) fn seal_in_place(
    key: &[u8; AEAD_KEY_BYTES],
    nonce: &[u8; AEAD_NONCE_BYTES],
    associated_data: &[u8],
    buffer: &mut [u8],
) {
    let (text, tag) = buffer.split_at_mut(buffer.len() - AEAD_TAG_BYTES);
    tag.copy_from_slice(&engine::aead_seal(key, nonce, associated_data, text));
}

/// Opens `ciphertext`, 16 bytes or more, into `out` of the plaintext's length; `out` is all zero when the tag is wrong.
pub(crate) fn open_into(
    key: &[u8; AEAD_KEY_BYTES],
    nonce: &[u8; AEAD_NONCE_BYTES],
    associated_data: &[u8],
    ciphertext: &[u8],
    out: &mut [u8],
) -> Result<(), Error> {
    let (text, tag) = ciphertext.split_at(ciphertext.len() - AEAD_TAG_BYTES);
    if engine::aead_open(key, nonce, associated_data, text, exact("tag", tag)?, out) {
        return Ok(());
    }
    out.fill(0);
    Err(Error::Authentication)
}
