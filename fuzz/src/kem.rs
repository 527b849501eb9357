//! ML-KEM-768, engine against engine, on keys and ciphertexts of every kind.

use crate::fields::Fields;
use crate::{POISON, is_all, plain};
use talos_kernel::{mlkem768_decapsulate, mlkem768_encapsulate, mlkem768_encapsulation_key};

const CIPHERTEXT_BYTES: usize = 1088;

/// Fields: encapsulation key, randomness; then a seed and edits of its key.
pub fn encapsulate(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (key, randomness) = (fields.bytes(), fields.array());
    compare_encapsulation(key, &randomness);

    let seed = fields.array();
    let mut edited = honest_key(&seed).to_vec();
    fields.edit(&mut edited);
    compare_encapsulation(&edited, &randomness);
}

/// Fields: seed, ciphertext, randomness; then edits of an honest ciphertext.
pub fn decapsulate(data: &[u8]) {
    let mut fields = Fields::new(data);
    let seed = fields.array();
    compare_decapsulation(&seed, fields.bytes());

    let (ciphertext, secret) = compare_encapsulation(&honest_key(&seed), &fields.array()).expect("an honest key");
    assert_eq!(compare_decapsulation(&seed, &ciphertext), Some(secret), "both sides get one secret");
    let mut edited = ciphertext.to_vec();
    fields.edit(&mut edited);
    if edited != ciphertext {
        assert_ne!(compare_decapsulation(&seed, &edited), Some(secret), "another ciphertext has another secret");
    }
}

fn honest_key(seed: &[u8; 64]) -> [u8; 1184] {
    let key = mlkem768_encapsulation_key(seed).expect("64 bytes");
    assert_eq!(key, plain::mlkem768_encapsulation_key(seed), "both engines make one key");
    key
}

fn compare_encapsulation(key: &[u8], randomness: &[u8; 32]) -> Option<([u8; CIPHERTEXT_BYTES], [u8; 32])> {
    let mut made = ([POISON; CIPHERTEXT_BYTES], [POISON; 32]);
    let outcome = mlkem768_encapsulate(key, randomness, &mut made.0, &mut made.1);
    let mut expected = ([POISON; CIPHERTEXT_BYTES], [POISON; 32]);
    let holds =
        key.try_into().is_ok_and(|key| plain::mlkem768_encapsulate(key, randomness, &mut expected.0, &mut expected.1));
    assert_eq!(outcome.is_ok(), holds, "both engines judge a key alike");
    assert!(made == expected, "both engines encapsulate alike");
    if !holds {
        assert!(is_all(&made.0, POISON) && is_all(&made.1, POISON), "outputs are untouched");
    }
    holds.then_some(made)
}

fn compare_decapsulation(seed: &[u8; 64], ciphertext: &[u8]) -> Option<[u8; 32]> {
    let (mut secret, mut expected) = ([POISON; 32], [POISON; 32]);
    let outcome = mlkem768_decapsulate(seed, ciphertext, &mut secret);
    let Ok(ciphertext) = ciphertext.try_into() else {
        assert!(outcome.is_err() && is_all(&secret, POISON), "a ciphertext of another length");
        return None;
    };
    outcome.expect("right lengths");
    plain::mlkem768_decapsulate(seed, ciphertext, &mut expected);
    assert_eq!(secret, expected, "both engines decapsulate alike");
    Some(secret)
}
