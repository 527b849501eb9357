//! The composed AEAD and the plain one on the same inputs; it gives the same bytes on every processor.

use super::composed::{FIRST_BYTES, PASS_BYTES, SCALAR_HASH_MAX_BYTES, aead_open, aead_seal};
use super::plain;
use super::support::Random;

/// Both directions against the plain engine, and a forged tag.
fn compare(random: &mut Random, length: usize, associated_bytes: usize) {
    let (key, nonce) = (random.array(), random.array());
    let associated_data = random.bytes(associated_bytes);
    let text = random.bytes(length);
    let (mut sealed, mut expected) = (text.clone(), text.clone());
    let mut tag = aead_seal(&key, &nonce, &associated_data, &mut sealed);
    assert_eq!(tag, plain::aead_seal(&key, &nonce, &associated_data, &mut expected), "tag of {length} bytes");
    assert!(sealed == expected, "{length} bytes");
    let mut out = vec![0xa5; length];
    assert!(aead_open(&key, &nonce, &associated_data, &sealed, &tag, &mut out), "{length} bytes");
    assert!(out == text, "{length} bytes opened");
    tag[random.below(16)] ^= 1 << random.below(8);
    out.fill(0xa5);
    assert!(!aead_open(&key, &nonce, &associated_data, &sealed, &tag, &mut out), "{length} bytes forged");
    assert!(out.iter().all(|&byte| byte == 0xa5), "{length} bytes written before the tag was right");
}

#[test]
fn agrees_with_the_plain_engine_at_every_length_that_a_message_meets() {
    let mut random = Random::new(5);
    for length in 0..=5000 {
        let associated_bytes = random.below(300);
        compare(&mut random, length, associated_bytes);
    }
}

#[test]
fn agrees_around_the_edges_of_passes_and_at_the_change_of_hashes() {
    let mut random = Random::new(6);
    let passes = (0..=65).map(|count| FIRST_BYTES + count * PASS_BYTES);
    for edge in passes.chain([65_536, 100_000, 1 << 20]) {
        for length in edge - 65..=edge + 65 {
            compare(&mut random, length, 176);
        }
    }
    for associated_bytes in (0..=48).chain(SCALAR_HASH_MAX_BYTES - 2..SCALAR_HASH_MAX_BYTES + 3) {
        for length in (0..34).chain(SCALAR_HASH_MAX_BYTES - 2..SCALAR_HASH_MAX_BYTES + 3) {
            compare(&mut random, length, associated_bytes);
        }
    }
}
