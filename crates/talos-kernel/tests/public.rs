//! Wycheproof and ed25519-speccheck, where they lie beside the repository; each test says so where they do not.

mod support;

use serde_json::Value;
use support::{bytes, hex, list, public_vectors, text};
use talos_kernel::{
    AeadOptions, Error, HkdfInput, aead_open, aead_seal, ed25519_verify, hkdf_sha256, hmac_sha256,
    mlkem768_decapsulate, mlkem768_encapsulate, mlkem768_encapsulation_key, x25519,
};

/// Runs each test of a Wycheproof file, which has to hold so many; `holds` gets the group and the test.
fn wycheproof(name: &str, count: usize, holds: impl Fn(&Value, &Value) -> bool) {
    let Some(document) = public_vectors(&format!("wycheproof/{name}.json")) else { return };
    let groups = list(&document["testGroups"]);
    let tests: Vec<(&Value, &Value)> =
        groups.iter().flat_map(|group| list(&group["tests"]).iter().map(move |test| (group, test))).collect();
    let wrong: Vec<&Value> =
        tests.iter().filter(|(group, test)| !holds(group, test)).map(|(_, test)| &test["tcId"]).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
    assert_eq!(tests.len(), count, "{name}");
}

fn is_valid(test: &Value) -> bool {
    test["result"] == "valid"
}

fn member(test: &Value, name: &str) -> Vec<u8> {
    bytes(text(test, name))
}

fn sealed(options: &AeadOptions<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = vec![0; plaintext.len() + 16];
    aead_seal(options, plaintext, &mut out).map(|()| out)
}

fn opened(options: &AeadOptions<'_>, ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = vec![0xaa; ciphertext.len().saturating_sub(16)];
    let answer = aead_open(options, ciphertext, &mut out);
    if answer == Err(Error::Authentication) {
        assert!(out.iter().all(|&byte| byte == 0), "something of a forged message is left");
    }
    answer.map(|()| out)
}

#[test]
fn x25519_agrees_and_refuses_every_low_order_key_and_all_zero_secret() {
    wycheproof("x25519_test", 518, |_, test| {
        let zero = list(&test["flags"]).iter().any(|flag| flag == "LowOrderPublic" || flag == "ZeroSharedSecret");
        let mut shared = [0xaa; 32];
        let answer = x25519(&member(test, "private"), &member(test, "public"), &mut shared);
        if zero {
            answer == Err(Error::LowOrder) && shared == [0; 32]
        } else {
            answer.is_ok() && hex(shared) == text(test, "shared")
        }
    });
}

#[test]
fn ed25519_agrees() {
    wycheproof("ed25519_test", 151, |group, test| {
        let key = member(&group["publicKey"], "pk");
        ed25519_verify(&key, &member(test, "msg"), &member(test, "sig")) == is_valid(test)
    });
}

#[test]
fn aead_agrees_and_refuses_nonces_of_other_sizes_as_arguments() {
    wycheproof("chacha20_poly1305_test", 325, |_, test| {
        let (key, nonce, associated_data) = (&member(test, "key"), &member(test, "iv"), &member(test, "aad"));
        let options = AeadOptions { key, nonce, associated_data };
        let (plaintext, ciphertext) = (member(test, "msg"), [member(test, "ct"), member(test, "tag")].concat());
        let (sealed, opened) = (sealed(&options, &plaintext), opened(&options, &ciphertext));
        if nonce.len() != 12 {
            sealed == Err(Error::Argument("nonce")) && opened == Err(Error::Argument("nonce"))
        } else if is_valid(test) {
            sealed == Ok(ciphertext) && opened == Ok(plaintext)
        } else {
            opened == Err(Error::Authentication)
        }
    });
}

#[test]
fn hkdf_agrees_and_refuses_more_than_255_blocks_as_an_argument() {
    wycheproof("hkdf_sha256_test", 86, |_, test| {
        let size = test["size"].as_u64().expect("a size");
        let mut okm = vec![0; usize::try_from(size).expect("a size")];
        let (ikm, salt, info) = (&member(test, "ikm"), &member(test, "salt"), &member(test, "info"));
        let answer = hkdf_sha256(&HkdfInput { ikm, salt, info }, &mut okm);
        if is_valid(test) {
            answer.is_ok() && hex(okm) == text(test, "okm")
        } else {
            answer == Err(Error::Argument("lengthBytes"))
        }
    });
}

#[test]
fn hmac_agrees_on_full_tags_in_full_and_on_truncated_ones_by_their_first_bytes() {
    wycheproof("hmac_sha256_test", 174, |_, test| {
        let mut mac = [0; 32];
        hmac_sha256(&member(test, "key"), &member(test, "msg"), &mut mac);
        hex(mac).starts_with(text(test, "tag")) == is_valid(test)
    });
}

#[test]
fn ml_kem_agrees_on_keys_of_seeds() {
    wycheproof("mlkem_768_keygen_seed_test", 100, |_, test| {
        mlkem768_encapsulation_key(&member(test, "seed")).map(hex).as_deref() == Ok(text(test, "ek"))
    });
}

#[test]
fn ml_kem_agrees_on_decapsulation_and_refuses_other_lengths_as_arguments() {
    wycheproof("mlkem_768_test", 193, |_, test| {
        let mut secret = [0; 32];
        let seed = member(test, "seed");
        let answer = mlkem768_decapsulate(&seed, &member(test, "c"), &mut secret);
        if is_valid(test) {
            let key = mlkem768_encapsulation_key(&seed).map(hex);
            answer.is_ok() && hex(secret) == text(test, "K") && key.as_deref() == Ok(text(test, "ek"))
        } else {
            matches!(answer, Err(Error::Argument(_)))
        }
    });
}

#[test]
fn ml_kem_agrees_on_encapsulation_and_refuses_coefficients_that_are_not_below_q() {
    wycheproof("mlkem_768_encaps_test", 265, |_, test| {
        let (mut ciphertext, mut secret) = ([0; 1088], [0; 32]);
        let key = member(test, "ek");
        let answer = mlkem768_encapsulate(&key, &member(test, "m"), &mut ciphertext, &mut secret);
        if is_valid(test) {
            answer.is_ok() && hex(ciphertext) == text(test, "c") && hex(secret) == text(test, "K")
        } else if key.len() == 1184 {
            answer == Err(Error::KeyInvalid) && secret == [0; 32]
        } else {
            answer == Err(Error::Argument("encapsulationKey"))
        }
    });
}

#[test]
fn ml_kem_takes_no_semi_expanded_key_since_only_seeds_are_ever_held() {
    wycheproof("mlkem_768_semi_expanded_decaps_test", 9, |_, test| {
        let answer = mlkem768_decapsulate(&member(test, "dk"), &member(test, "c"), &mut [0; 32]);
        answer == Err(Error::Argument("seed"))
    });
}

#[test]
fn the_edge_cases_of_speccheck_are_refused_but_for_the_one_with_index_3() {
    let Some(cases) = public_vectors("ed25519-speccheck/cases.json") else { return };
    let accepted: Vec<usize> = list(&cases)
        .iter()
        .enumerate()
        .filter(|(_, case)| {
            ed25519_verify(&member(case, "pub_key"), &member(case, "message"), &member(case, "signature"))
        })
        .map(|(index, _)| index)
        .collect();
    assert_eq!((accepted, list(&cases).len()), (vec![3], 12));
}
