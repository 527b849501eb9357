//! The operations that stand for one algorithm each.

use super::{Input, Outcome, blank};
use crate::support::hex;
use serde_json::json;
use talos_kernel::{
    AeadOptions, Error, HkdfInput, aead_open, aead_seal, ed25519_public_key, ed25519_sign, ed25519_verify, hkdf_sha256,
    hmac_sha256, leaf_hash, mlkem768_decapsulate, mlkem768_encapsulate, mlkem768_encapsulation_key, node_hash, sha256,
    x25519, x25519_public_key,
};

pub(super) fn primitive(operation: &str, input: &Input<'_>) -> Outcome {
    Ok(match operation {
        "sha256" => json!({ "digestHex": hex(sha256(&input.bytes("data"))) }),
        "hmacSha256" => {
            let mut mac = [0; 32];
            hmac_sha256(&input.bytes("key"), &input.bytes("data"), &mut mac);
            json!({ "macHex": hex(mac), "macPrefixHex": hex(&mac[..16]) })
        }
        "hkdfSha256" => {
            let mut okm = vec![0; input.count("lengthBytes")?];
            let (ikm, salt, info) = (&input.bytes("ikm"), &input.bytes("salt"), &input.bytes("info"));
            blank(hkdf_sha256(&HkdfInput { ikm, salt, info }, &mut okm), &[])?;
            json!({ "okmHex": hex(okm) })
        }
        "leafHash" => json!({ "digestHex": hex(leaf_hash(&input.bytes("leaf"))) }),
        "nodeHash" => json!({ "digestHex": hex(node_hash(&input.bytes("left"), &input.bytes("right"))?) }),
        "aeadSeal" | "aeadOpen" => return aead(operation, input),
        "ed25519PublicKey" => json!({ "publicKeyHex": hex(ed25519_public_key(&input.bytes("seed"))?) }),
        "ed25519Sign" => json!({ "signatureHex": hex(ed25519_sign(&input.bytes("seed"), &input.bytes("message"))?) }),
        "ed25519Verify" => {
            let (key, message, signature) =
                (input.bytes("publicKey"), input.bytes("message"), input.bytes("signature"));
            json!({ "accepted": ed25519_verify(&key, &message, &signature) })
        }
        "x25519PublicKey" => json!({ "publicKeyHex": hex(x25519_public_key(&input.bytes("secret"))?) }),
        "x25519" => {
            let mut shared = [0; 32];
            let outcome = x25519(&input.bytes("secret"), &input.bytes("publicKey"), &mut shared);
            blank(outcome, &[&shared])?;
            json!({ "sharedHex": hex(shared) })
        }
        "x25519Iterated" => json!({ "sharedHex": hex(iterated(input.count("rounds")?)?) }),
        _ => return kem(operation, input),
    })
}

/// RFC 7748, section 5.2: the result becomes the scalar, the old scalar becomes u.
fn iterated(rounds: usize) -> Result<[u8; 32], Error> {
    let mut scalar = [0; 32];
    scalar[0] = 9;
    let mut u = scalar;
    for _ in 0..rounds {
        let mut next = [0; 32];
        x25519(&scalar, &u, &mut next)?;
        u = scalar;
        scalar = next;
    }
    Ok(scalar)
}

fn aead(operation: &str, input: &Input<'_>) -> Outcome {
    let (key, nonce, associated_data) = (&input.bytes("key"), &input.bytes("nonce"), &input.bytes("associatedData"));
    let options = AeadOptions { key, nonce, associated_data };
    if operation == "aeadSeal" {
        let plaintext = input.bytes("plaintext");
        let mut sealed = vec![0; plaintext.len() + 16];
        let outcome = aead_seal(&options, &plaintext, &mut sealed);
        blank(outcome, &[&sealed])?;
        Ok(json!({ "ciphertextHex": hex(sealed) }))
    } else {
        let ciphertext = input.bytes("ciphertext");
        let mut opened = vec![0; ciphertext.len().saturating_sub(16)];
        let outcome = aead_open(&options, &ciphertext, &mut opened);
        blank(outcome, &[&opened])?;
        Ok(json!({ "plaintextHex": hex(opened) }))
    }
}

fn kem(operation: &str, input: &Input<'_>) -> Outcome {
    let (mut ciphertext, mut secret) = ([0; 1088], [0; 32]);
    Ok(match operation {
        "mlkem768EncapsulationKey" => {
            let key = mlkem768_encapsulation_key(&input.bytes("seed"))?;
            json!({ "encapsulationKeySha256Hex": hex(sha256(&key)) })
        }
        "mlkem768Encapsulate" => {
            let randomness = input.optional_bytes("randomness").unwrap_or_else(|| vec![0; 32]);
            let key = input.bytes("encapsulationKey");
            let outcome = mlkem768_encapsulate(&key, &randomness, &mut ciphertext, &mut secret);
            blank(outcome, &[&ciphertext, &secret])?;
            json!({ "sharedSecretHex": hex(secret) })
        }
        "mlkem768Decapsulate" => {
            mlkem768_decapsulate(&input.bytes("seed"), &input.bytes("ciphertext"), &mut secret)?;
            json!({ "sharedSecretHex": hex(secret) })
        }
        "mlkem768RoundTrip" => {
            let key = mlkem768_encapsulation_key(&input.bytes("seed"))?;
            mlkem768_encapsulate(&key, &input.bytes("randomness"), &mut ciphertext, &mut secret)?;
            let mut again = [0; 32];
            mlkem768_decapsulate(&input.bytes("seed"), &ciphertext, &mut again)?;
            assert_eq!(secret, again);
            json!({ "ciphertextSha256Hex": hex(sha256(&ciphertext)), "sharedSecretHex": hex(secret) })
        }
        _ => panic!("the case names no operation of the kernel: {operation}"),
    })
}
