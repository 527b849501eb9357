//! ChaCha20-Poly1305 put together from RustCrypto's cipher and hash (RFC 8439, section 2.8), for processors with AVX-512.
//!
//! The cipher makes sixteen blocks as fast as two, and one block alone takes three times as long. So the one-time key, which
//! is block 0, and the blocks of the message come from the same passes, and no pass asks for a single block. The hash that
//! works on four blocks at a time needs a microsecond to begin and to end; the scalar one takes short messages.

use crate::secret::Secret;
use chacha20::cipher::{Block, KeyIvInit, StreamCipherCore};
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, R20};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

type Cipher = ChaChaCore<R20, Ietf>;

const BLOCK_BYTES: usize = 64;
const PASS_BLOCKS: usize = 16;
pub(super) const PASS_BYTES: usize = PASS_BLOCKS * BLOCK_BYTES;
/// What the first pass holds beside block 0.
pub(super) const FIRST_BYTES: usize = PASS_BYTES - BLOCK_BYTES;
const LEAST_BLOCKS: usize = 2;
const HASH_KEY_BYTES: usize = 32;
/// Longest input of the scalar hash, associated data included. Measured.
pub(super) const SCALAR_HASH_MAX_BYTES: usize = 7168;
/// Longest text, half of what the block counter of 32 bits allows; longer ones are left to the engine that counts.
const MAX_BYTES: u64 = 1 << 37;

/// Tells whether a text of this length is for this engine.
pub(super) fn takes(text_bytes: usize) -> bool {
    text_bytes as u64 <= MAX_BYTES && is_supported()
}

/// True where the cipher has its fast code; elsewhere the other engines start sooner.
#[cfg(all(chacha20_avx512, poly1305_force_soft, target_arch = "x86_64"))]
fn is_supported() -> bool {
    std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl")
}

#[cfg(not(all(chacha20_avx512, poly1305_force_soft, target_arch = "x86_64")))]
fn is_supported() -> bool {
    false
}

pub(super) fn aead_seal(key: &[u8; 32], nonce: &[u8; 12], associated_data: &[u8], text: &mut [u8]) -> [u8; 16] {
    let mut stream = Keystream::new(key, nonce);
    let (head, rest) = text.split_at_mut(text.len().min(FIRST_BYTES));
    let hash_key = stream.begin(head.len());
    mask(head, &stream.bytes()[BLOCK_BYTES..]);
    for part in rest.chunks_mut(PASS_BYTES) {
        stream.advance(part.len());
        mask(part, stream.bytes());
    }
    hash(&hash_key, associated_data, text)
}

/// Writes to `out`, which is as long as `text`, once the tag is found right, and not before.
pub(super) fn aead_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    text: &[u8],
    tag: &[u8; 16],
    out: &mut [u8],
) -> bool {
    let mut stream = Keystream::new(key, nonce);
    let (head, rest) = text.split_at(text.len().min(FIRST_BYTES));
    let hash_key = stream.begin(head.len());
    if !bool::from(hash(&hash_key, associated_data, text).ct_eq(tag)) {
        return false;
    }
    let (out_head, out_rest) = out.split_at_mut(head.len());
    unmask(head, &stream.bytes()[BLOCK_BYTES..], out_head);
    for (part, out_part) in rest.chunks(PASS_BYTES).zip(out_rest.chunks_mut(PASS_BYTES)) {
        stream.advance(part.len());
        unmask(part, stream.bytes(), out_part);
    }
    true
}

/// The cipher and the blocks of its last pass. Wiped when dropped, the cipher by its crate.
struct Keystream {
    cipher: Cipher,
    blocks: [Block<Cipher>; PASS_BLOCKS],
    used_blocks: usize,
}

impl Keystream {
    fn new(key: &[u8; 32], nonce: &[u8; 12]) -> Self {
        Self {
            cipher: Cipher::new(key.into(), nonce.into()),
            blocks: [Block::<Cipher>::default(); PASS_BLOCKS],
            used_blocks: 0,
        }
    }

    /// Block 0, half of which is the key of the hash, and the blocks of the first bytes of the text, [`FIRST_BYTES`] at most.
    fn begin(&mut self, text_bytes: usize) -> Secret<HASH_KEY_BYTES> {
        self.advance(BLOCK_BYTES + text_bytes);
        let mut hash_key = Secret::zero();
        hash_key.copy_from_slice(&self.bytes()[..HASH_KEY_BYTES]);
        hash_key
    }

    /// The blocks for the next bytes, [`PASS_BYTES`] at most; more bytes follow only after a full pass.
    fn advance(&mut self, bytes: usize) {
        let count = bytes.div_ceil(BLOCK_BYTES).max(LEAST_BLOCKS);
        self.cipher.write_keystream_blocks(&mut self.blocks[..count]);
        self.used_blocks = self.used_blocks.max(count);
    }

    fn bytes(&self) -> &[u8] {
        Block::<Cipher>::slice_as_flattened(&self.blocks)
    }
}

impl Drop for Keystream {
    fn drop(&mut self) {
        Block::<Cipher>::slice_as_flattened_mut(&mut self.blocks[..self.used_blocks]).zeroize();
    }
}

fn mask(text: &mut [u8], stream: &[u8]) {
    for (byte, key) in text.iter_mut().zip(stream) {
        *byte ^= key;
    }
}

fn unmask(text: &[u8], stream: &[u8], out: &mut [u8]) {
    for ((byte, key), out) in text.iter().zip(stream).zip(out) {
        *out = byte ^ key;
    }
}

/// The tag: associated data and text, each padded to blocks of 16 bytes with zeros, and their lengths.
fn hash(key: &[u8; HASH_KEY_BYTES], associated_data: &[u8], text: &[u8]) -> [u8; 16] {
    let mut lengths = [0; 16];
    lengths[..8].copy_from_slice(&(associated_data.len() as u64).to_le_bytes());
    lengths[8..].copy_from_slice(&(text.len() as u64).to_le_bytes());
    if associated_data.len() + text.len() <= SCALAR_HASH_MAX_BYTES {
        scalar_hash(key, associated_data, text, lengths)
    } else {
        vector_hash(key, associated_data, text, lengths)
    }
}

fn scalar_hash(key: &[u8; HASH_KEY_BYTES], associated_data: &[u8], text: &[u8], lengths: [u8; 16]) -> [u8; 16] {
    use poly1305_scalar::Poly1305;
    use poly1305_scalar::universal_hash::{KeyInit, UniversalHash};
    let mut hash = Poly1305::new(key.into());
    hash.update_padded(associated_data);
    hash.update_padded(text);
    hash.update(&[lengths.into()]);
    hash.finalize().into()
}

fn vector_hash(key: &[u8; HASH_KEY_BYTES], associated_data: &[u8], text: &[u8], lengths: [u8; 16]) -> [u8; 16] {
    use poly1305::Poly1305;
    use poly1305::universal_hash::{KeyInit, UniversalHash};
    let mut hash = Poly1305::new(key.into());
    hash.update_padded(associated_data);
    hash.update_padded(text);
    hash.update(&[lengths.into()]);
    hash.finalize().into()
}
