//! HMAC-SHA-256 (RFC 2104) in the one case that every message meets four times: a key of 32 bytes, data of one block.
//!
//! `HMAC = H(key ^ opad || H(key ^ ipad || data))`. The blocks of the key are hashed once, each HMAC is then two more. Made
//! of the compression function, since the general HMAC spends a quarter of such a short one on moving and wiping its buffers.

use crate::hash::SHA256_BYTES;
use core::slice;
use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Most data: what a block holds beside the end mark and the length in bits.
pub(crate) const BLOCK_HMAC_MAX_BYTES: usize = BLOCK_BYTES - 1 - LENGTH_BYTES;

const BLOCK_BYTES: usize = 64;
const LENGTH_BYTES: usize = 8;
const INNER_PAD: u8 = 0x36;
const OUTER_PAD: u8 = 0x5c;
const END_MARK: u8 = 0x80;
/// FIPS 180-4, section 5.3.3.
const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

type State = [u32; 8];

/// A key whose two blocks are hashed. Wiped when dropped.
pub(crate) struct BlockHmac {
    inner: State,
    outer: State,
    block: [u8; BLOCK_BYTES],
}

impl BlockHmac {
    pub(crate) fn new(key: &[u8; SHA256_BYTES]) -> Self {
        let mut keyed = Self { inner: INITIAL, outer: INITIAL, block: [INNER_PAD; BLOCK_BYTES] };
        for (padded, byte) in keyed.block.iter_mut().zip(key) {
            *padded ^= byte;
        }
        compress256(&mut keyed.inner, slice::from_ref(&keyed.block));
        for padded in &mut keyed.block {
            *padded ^= INNER_PAD ^ OUTER_PAD;
        }
        compress256(&mut keyed.outer, slice::from_ref(&keyed.block));
        keyed
    }

    /// HMAC of `first || second`, at most [`BLOCK_HMAC_MAX_BYTES`] together, into `out`.
    pub(crate) fn mac(&mut self, first: &[u8], second: &[u8], out: &mut [u8; SHA256_BYTES]) {
        let length = first.len() + second.len();
        assert!(length <= BLOCK_HMAC_MAX_BYTES, "data of more than one block");
        self.block[..first.len()].copy_from_slice(first);
        self.block[first.len()..length].copy_from_slice(second);
        let mut state = self.inner;
        self.finish(&mut state, length);
        write(&state, &mut self.block);
        state = self.outer;
        self.finish(&mut state, SHA256_BYTES);
        write(&state, out);
        state.as_mut_slice().zeroize();
    }

    /// Hashes the first `length` bytes of the block as the end of a message of one block more.
    fn finish(&mut self, state: &mut State, length: usize) {
        let (text, bits) = self.block.split_at_mut(BLOCK_BYTES - LENGTH_BYTES);
        text[length..].fill(0);
        text[length] = END_MARK;
        bits.copy_from_slice(&(8 * (BLOCK_BYTES + length) as u64).to_be_bytes());
        compress256(state, slice::from_ref(&self.block));
    }
}

/// Writes the state as the 32 bytes of a hash, most significant first, to the beginning of `out`.
fn write(state: &State, out: &mut [u8]) {
    for (bytes, word) in out.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
}

impl Drop for BlockHmac {
    fn drop(&mut self) {
        self.inner.as_mut_slice().zeroize();
        self.outer.as_mut_slice().zeroize();
        self.block.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for BlockHmac {}

#[cfg(test)]
mod tests {
    use super::{BLOCK_HMAC_MAX_BYTES, BlockHmac};
    use crate::hash::hmac_sha256;

    #[test]
    fn agrees_with_the_general_hmac_at_every_length() {
        let data: [u8; BLOCK_HMAC_MAX_BYTES] = std::array::from_fn(|index| u8::try_from(index * 3).expect("small"));
        for round in 0..8 {
            let key = [round * 31; 32];
            let mut keyed = BlockHmac::new(&key);
            for length in 0..=BLOCK_HMAC_MAX_BYTES {
                for split in [0, length / 2, length] {
                    let (mut short, mut general) = ([1; 32], [2; 32]);
                    keyed.mac(&data[..split], &data[split..length], &mut short);
                    hmac_sha256(&key, &data[..length], &mut general);
                    assert_eq!(short, general, "{length} bytes");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "data of more than one block")]
    fn takes_no_data_of_more_than_one_block() {
        BlockHmac::new(&[0; 32]).mac(&[0; BLOCK_HMAC_MAX_BYTES], &[0], &mut [0; 32]);
    }
}
