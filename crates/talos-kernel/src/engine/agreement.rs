//! Both engines on the same inputs: each output of one is the other's.

use super::support::Random;
use super::{ACCELERATED_AEAD_MAX_BYTES, accelerated, plain};

/// False, with a line, on a processor that the accelerated engine does not run on.
fn can_compare() -> bool {
    if !accelerated::is_supported() {
        println!("skipped: this processor has no accelerated engine");
    }
    accelerated::is_supported()
}

#[test]
fn aead_agrees_at_every_short_length_and_around_the_change_of_engines() {
    let mut random = Random::new(1);
    let long = (ACCELERATED_AEAD_MAX_BYTES - 2..ACCELERATED_AEAD_MAX_BYTES + 3).chain([65_535, 65_536, 100_001]);
    for length in (0..600).chain(long).filter(|_| can_compare()) {
        let (key, nonce) = (random.array(), random.array());
        let associated_bytes = random.below(300);
        let associated_data = random.bytes(associated_bytes);
        let text = random.bytes(length);
        let (mut first, mut second) = (text.clone(), text.clone());
        let tag = accelerated::aead_seal(&key, &nonce, &associated_data, &mut first);
        assert_eq!(tag, plain::aead_seal(&key, &nonce, &associated_data, &mut second), "tag of {length} bytes");
        assert_eq!(first, second, "{length} bytes");
        assert!(plain::aead_open(&key, &nonce, &associated_data, &mut first, &tag));
        assert!(accelerated::aead_open(&key, &nonce, &associated_data, &mut second, &tag));
        assert!(first == text && second == text, "{length} bytes opened");
        let mut forged = tag;
        forged[random.below(16)] ^= 1 << random.below(8);
        assert!(!plain::aead_open(&key, &nonce, &associated_data, &mut first, &forged));
        assert!(!accelerated::aead_open(&key, &nonce, &associated_data, &mut second, &forged));
    }
}

#[test]
fn x25519_agrees_on_points_of_the_curve_of_its_twist_and_beyond_the_prime() {
    let mut random = Random::new(2);
    for round in 0..300 {
        let (secret, mut public_key): ([u8; 32], [u8; 32]) = (random.array(), random.array());
        if round % 10 == 0 {
            public_key = [0xff; 32];
            public_key[0] = 0xed_u8.wrapping_add(random.array::<1>()[0] % 19);
            public_key[31] = if round % 20 == 0 { 0x7f } else { 0xff };
        }
        if !can_compare() {
            return;
        }
        assert_eq!(accelerated::x25519_public_key(&secret), plain::x25519_public_key(&secret));
        let (mut first, mut second) = ([1; 32], [2; 32]);
        accelerated::x25519(&secret, &public_key, &mut first);
        plain::x25519(&secret, &public_key, &mut second);
        assert_eq!(first, second, "round {round}");
    }
}

#[test]
fn ed25519_agrees_on_keys_signatures_and_refusals() {
    let mut random = Random::new(3);
    for length in (0..200).filter(|_| can_compare()) {
        let seed = random.array();
        let message = random.bytes(length);
        let key = accelerated::ed25519_public_key(&seed);
        assert_eq!(key, plain::ed25519_public_key(&seed));
        let signature = accelerated::ed25519_sign(&seed, &message);
        assert_eq!(signature, plain::ed25519_sign(&seed, &message));
        assert_eq!(equations(&key, &message, &signature), (true, true));
        let mut forged = signature;
        forged[random.below(64)] ^= 1 << random.below(8);
        assert_eq!(equations(&key, &message, &forged), (false, false));
        let decoded = random.array();
        assert_eq!(
            accelerated::Ed25519Key::decode(&decoded).is_some(),
            plain::Ed25519Key::decode(&decoded).is_some(),
            "{decoded:?}",
        );
    }
}

fn equations(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> (bool, bool) {
    let first = accelerated::Ed25519Key::decode(key).expect("a point");
    let second = plain::Ed25519Key::decode(key).expect("a point");
    (first.equation_holds(message, signature), second.equation_holds(message, signature))
}

#[test]
fn ml_kem_agrees_on_keys_encapsulations_and_implicit_rejections() {
    let mut random = Random::new(4);
    for round in (0..60).filter(|_| can_compare()) {
        let (seed, randomness) = (random.array(), random.array());
        let mut key = accelerated::mlkem768_encapsulation_key(&seed);
        assert_eq!(key, plain::mlkem768_encapsulation_key(&seed));
        let (mut first, mut second) = (([0; 1088], [0; 32]), ([0; 1088], [0; 32]));
        assert!(accelerated::mlkem768_encapsulate(&key, &randomness, &mut first.0, &mut first.1));
        assert!(plain::mlkem768_encapsulate(&key, &randomness, &mut second.0, &mut second.1));
        assert_eq!(first, second);
        assert_eq!(secrets(&seed, &first.0), (first.1, first.1), "round {round}");
        first.0[random.below(1088)] ^= 1 << random.below(8);
        let (rejected, again) = secrets(&seed, &first.0);
        assert_eq!(rejected, again);
        assert_ne!(rejected, first.1);
        // 3,329 in the first coefficient: the smallest that is not below q.
        key[0] = 0x01;
        key[1] = key[1] & 0xf0 | 0x0d;
        assert!(!accelerated::mlkem768_encapsulate(&key, &randomness, &mut first.0, &mut first.1));
        assert!(!plain::mlkem768_encapsulate(&key, &randomness, &mut second.0, &mut second.1));
    }
}

fn secrets(seed: &[u8; 64], ciphertext: &[u8; 1088]) -> ([u8; 32], [u8; 32]) {
    let (mut first, mut second) = ([1; 32], [2; 32]);
    accelerated::mlkem768_decapsulate(seed, ciphertext, &mut first);
    plain::mlkem768_decapsulate(seed, ciphertext, &mut second);
    (first, second)
}
