//! Ed25519 (RFC 8032, section 5.1) by the one rule of specification 20.6.
//!
//! What engines disagree on is decided here, before any of them sees it: lengths, `S < L`, y below p, small order of A and
//! R. The cofactorless equation over the encoded bytes, `encode([S]B - [k]A) = R`, is the engine's.

use crate::engine;
use crate::error::{Error, exact};

/// Bytes of a seed.
pub const ED25519_SEED_BYTES: usize = 32;
/// Bytes of a public key.
pub const ED25519_PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of a signature, `R || S`.
pub const ED25519_SIGNATURE_BYTES: usize = 64;

/// A number below 2^256 as four words, the most significant first, so that arrays compare as numbers do.
type Number = [u64; 4];

/// The field's prime, `2^255 - 19`.
const P: Number = [0x7fff_ffff_ffff_ffff, u64::MAX, u64::MAX, 0xffff_ffff_ffff_ffed];
/// Order of the base point.
const L: Number = [0x1000_0000_0000_0000, 0, 0x14de_f9de_a2f7_9cd6, 0x5812_631a_5cf5_d3ed];
/// y of the eight points of small order: 0 (order 4), 1 (order 1), p - 1 (order 2) and the two of order 8, each for both
/// signs of x.
const SMALL_ORDER_Y: [Number; 5] = [
    [0, 0, 0, 0],
    [0, 0, 0, 1],
    [0x7fff_ffff_ffff_ffff, u64::MAX, u64::MAX, 0xffff_ffff_ffff_ffec],
    [0x7a03_ac92_77fd_c74e, 0xc6cc_392c_fa53_202a, 0x0f67_100d_760b_3cba, 0x4fd8_4d3d_706a_17c7],
    [0x05fc_536d_8802_38b1, 0x3933_c6d3_05ac_dfd5, 0xf098_eff2_89f4_c345, 0xb027_b2c2_8f95_e826],
];

/// 32-byte public key of a 32-byte seed.
///
/// # Errors
/// [`Error::Argument`] for a seed of another length.
pub fn ed25519_public_key(seed: &[u8]) -> Result<[u8; ED25519_PUBLIC_KEY_BYTES], Error> {
    Ok(engine::ed25519_public_key(exact("seed", seed)?))
}

/// Deterministic signature of `message`.
///
/// # Errors
/// [`Error::Argument`] unless the seed has 32 bytes.
pub fn ed25519_sign(seed: &[u8], message: &[u8]) -> Result<[u8; ED25519_SIGNATURE_BYTES], Error> {
    Ok(engine::ed25519_sign(exact("seed", seed)?, message))
}

/// Tells whether the signature holds; every input has an answer.
#[must_use]
pub fn ed25519_verify(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    VerifyingKey::new(public_key).is_some_and(|key| key.verifies(message, signature))
}

/// A public key that obeys the rule and is decoded once, for several signatures under it.
pub(crate) struct VerifyingKey(engine::Ed25519Key);

impl VerifyingKey {
    /// `None` for a key under which no signature holds.
    pub(crate) fn new(public_key: &[u8]) -> Option<Self> {
        let encoded = public_key.try_into().ok()?;
        if !is_admissible_point(encoded) {
            return None;
        }
        engine::Ed25519Key::decode(encoded).map(Self)
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = <&[u8; ED25519_SIGNATURE_BYTES]>::try_from(signature) else {
            return false;
        };
        is_admissible_signature(signature) && self.0.equation_holds(message, signature)
    }
}

/// `S < L`, and R a point that may be.
fn is_admissible_signature(signature: &[u8; ED25519_SIGNATURE_BYTES]) -> bool {
    let (r, s) = halves(signature);
    number(s) < L && is_admissible_point(r)
}

/// Canonical y, and not the y of a point of small order.
fn is_admissible_point(encoded: &[u8; 32]) -> bool {
    let mut y = number(encoded);
    y[0] &= 0x7fff_ffff_ffff_ffff;
    y < P && !SMALL_ORDER_Y.contains(&y)
}

fn halves(signature: &[u8; ED25519_SIGNATURE_BYTES]) -> (&[u8; 32], &[u8; 32]) {
    match signature.as_chunks() {
        ([r, s], []) => (r, s),
        _ => unreachable!("64 bytes are two halves of 32"),
    }
}

/// Reads 32 bytes, least significant first.
fn number(bytes: &[u8; 32]) -> Number {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().rev().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
}

// The engines refuse most of this as well, so only here it shows that the rule does not lean on them.
#[cfg(test)]
mod tests {
    use super::{L, Number, P, SMALL_ORDER_Y, is_admissible_point, is_admissible_signature};

    fn encode(number: Number) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(number.iter().rev()) {
            *chunk = word.to_le_bytes();
        }
        bytes
    }

    fn with_last_word(mut number: Number, change: impl Fn(u64) -> u64) -> Number {
        number[3] = change(number[3]);
        number
    }

    #[test]
    fn a_y_that_is_not_below_p_is_refused_for_both_signs_of_x() {
        for past in 0..19 {
            for sign in [0, 0x80] {
                let mut point = encode(with_last_word(P, |word| word + past));
                point[31] |= sign;
                assert!(!is_admissible_point(&point), "p + {past}");
            }
        }
        assert!(is_admissible_point(&encode(with_last_word(P, |word| word - 2))));
    }

    #[test]
    fn the_y_of_a_point_of_small_order_is_refused_for_both_signs_of_x_and_its_neighbour_is_not() {
        for y in SMALL_ORDER_Y {
            for sign in [0, 0x80] {
                let mut point = encode(y);
                point[31] |= sign;
                assert!(!is_admissible_point(&point), "{y:x?}");
            }
        }
        assert!(is_admissible_point(&encode([0, 0, 0, 2])));
    }

    #[test]
    fn an_s_is_below_the_order_of_the_base_point() {
        let signature = |s: Number| {
            let mut bytes = [3; 64];
            bytes[32..].copy_from_slice(&encode(s));
            bytes
        };
        assert!(is_admissible_signature(&signature(with_last_word(L, |word| word - 1))));
        assert!(!is_admissible_signature(&signature(L)));
        assert!(!is_admissible_signature(&signature(with_last_word(L, |word| word + 1))));
        assert!(!is_admissible_signature(&signature([u64::MAX; 4])));
    }
}
