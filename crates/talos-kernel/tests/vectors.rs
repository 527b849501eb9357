//! The vectors of the kernel, valid and invalid, and the roots of the tree vectors.

mod support;

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use support::{bytes, hex, list, own_vectors};
use talos_kernel::{
    AeadOptions, EnvelopeItem, Error, HkdfInput, InitiateInput, Initiated, OpenInput, ReceiveInput, Received,
    RespondInput, SealInput, TurnInput, aead_open, aead_seal, append_leaves, ed25519_public_key, ed25519_sign,
    ed25519_verify, handshake_initiate, handshake_respond, hkdf_sha256, hmac_sha256, leaf_hash, mlkem768_decapsulate,
    mlkem768_encapsulate, mlkem768_encapsulation_key, node_hash, ratchet_advance, ratchet_forward, ratchet_open,
    ratchet_receive, ratchet_receive_length, ratchet_seal, ratchet_seal_length, ratchet_step, ratchet_turn, sha256,
    verify_entries, verify_envelopes, x25519, x25519_public_key,
};

/// Why an operation of a case has no result.
#[derive(Debug)]
enum Refusal {
    Kernel(Error),
    /// A count that is negative or no integer: the types of this crate do not have it.
    NoSuchNumber,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Kernel(error)
    }
}

type Outcome = Result<Value, Refusal>;

/// Typed access to a case's input; a misspelt member fails the case.
struct Input<'a>(&'a Value);

impl Input<'_> {
    fn bytes(&self, name: &str) -> Vec<u8> {
        self.optional_bytes(name).unwrap_or_else(|| panic!("the case has no {name}Hex"))
    }

    fn optional_bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(format!("{name}Hex")).map(|value| bytes(value.as_str().expect("hex")))
    }

    fn list(&self, name: &str) -> Vec<Vec<u8>> {
        let values = list(&self.0[format!("{name}Hex")]);
        values.iter().map(|value| bytes(value.as_str().expect("hex"))).collect()
    }

    fn count(&self, name: &str) -> Result<usize, Refusal> {
        let value = &self.0[name];
        assert!(value.is_number(), "the case has no number {name}");
        value.as_u64().and_then(|count| count.try_into().ok()).ok_or(Refusal::NoSuchNumber)
    }
}

/// A list of byte strings as the kernel takes it.
fn slices(list: &[Vec<u8>]) -> Vec<&[u8]> {
    list.iter().map(Vec::as_slice).collect()
}

/// Asserts that a failure left nothing in an output.
fn blank<T>(outcome: Result<T, Error>, outputs: &[&[u8]]) -> Result<T, Error> {
    if outcome.is_err() {
        assert!(
            outputs.iter().all(|output| output.iter().all(|&byte| byte == 0)),
            "something of a refused input is left"
        );
    }
    outcome
}

/// Derived keys of 32 bytes each, under their names.
fn named(names: [&str; 3], keys: &[u8; 96]) -> Value {
    names
        .iter()
        .zip(keys.chunks_exact(32))
        .map(|(name, key)| ((*name).to_owned(), json!(hex(key))))
        .collect::<Map<_, _>>()
        .into()
}

fn run(operation: &str, input: &Input<'_>) -> Outcome {
    match operation {
        "ratchetStep" | "ratchetSeal" | "ratchetOpen" | "ratchetReceive" | "ratchetForward" | "ratchetAdvance" => {
            ratchet(operation, input)
        }
        "ratchetTurn" => turn(input),
        "handshakeInitiate" => initiate(input),
        "handshakeRespond" => respond(input),
        "verifyEnvelopes" | "verifyEntries" | "appendLeaves" => evidence(operation, input),
        _ => primitive(operation, input),
    }
}

fn primitive(operation: &str, input: &Input<'_>) -> Outcome {
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

fn ratchet(operation: &str, input: &Input<'_>) -> Outcome {
    let mut next = [0; 32];
    match operation {
        "ratchetStep" => {
            let mut message_key = [0; 32];
            ratchet_step(&input.bytes("chainKey"), &mut message_key, &mut next)?;
            Ok(json!({ "messageKeyHex": hex(message_key), "nextChainKeyHex": hex(next) }))
        }
        "ratchetForward" => {
            ratchet_forward(&input.bytes("chainKey"), input.count("steps")?, &mut next)?;
            Ok(json!({ "nextChainKeyHex": hex(next) }))
        }
        "ratchetAdvance" => {
            let mut message_keys = vec![0; 32 * input.count("steps")?];
            ratchet_advance(&input.bytes("chainKey"), &mut message_keys, &mut next)?;
            Ok(json!({ "messageKeysSha256Hex": hex(sha256(&message_keys)), "nextChainKeyHex": hex(next) }))
        }
        "ratchetSeal" => seal(input),
        "ratchetReceive" => receive(input),
        _ => open(input),
    }
}

fn seal(input: &Input<'_>) -> Outcome {
    let seal = SealInput {
        chain_key: &input.bytes("chainKey"),
        header_key: &input.bytes("headerKey"),
        nonce: &input.bytes("nonce"),
        header: &input.bytes("header"),
        associated_data: &input.bytes("associatedData"),
        prefix: &input.bytes("prefix"),
        content: &input.bytes("content"),
        padded_bytes: input.count("paddedBytes")?,
    };
    let mut message = vec![0; ratchet_seal_length(&seal)?];
    let mut next = [0; 32];
    let outcome = ratchet_seal(&seal, &mut message, &mut next);
    blank(outcome, &[&message, &next])?;
    Ok(json!({ "messageHex": hex(message), "nextChainKeyHex": hex(next) }))
}

fn open(input: &Input<'_>) -> Outcome {
    let open = OpenInput {
        message_key: &input.bytes("messageKey"),
        nonce: &input.bytes("nonce"),
        associated_data: &input.bytes("associatedData"),
        header: &input.bytes("header"),
        commitment: &input.bytes("commitment"),
        ciphertext: &input.bytes("ciphertext"),
    };
    let mut out = vec![0; open.ciphertext.len().saturating_sub(16)];
    let outcome = ratchet_open(&open, &mut out);
    let content_bytes = blank(outcome, &[&out])?;
    Ok(json!({ "contentHex": hex(&out[..content_bytes]) }))
}

fn receive(input: &Input<'_>) -> Outcome {
    let receive = ReceiveInput {
        header_key: &input.bytes("headerKey"),
        chain_key: &input.bytes("chainKey"),
        expected_header: &input.bytes("expectedHeader"),
        associated_data: &input.bytes("associatedData"),
        message: &input.bytes("message"),
        prefix_bytes: input.count("prefixBytes")?,
    };
    let mut out = vec![0; ratchet_receive_length(&receive)?];
    let mut next = [0; 32];
    let outcome = ratchet_receive(&receive, &mut out, &mut next);
    Ok(match blank(outcome, &[&out, &next])? {
        Received::OtherKey => json!({ "kind": "other-key" }),
        Received::OtherHeader { header_bytes } => {
            json!({ "kind": "other-header", "headerHex": hex(&out[..header_bytes]) })
        }
        Received::Opened { content_bytes } => {
            let content = hex(&out[..content_bytes]);
            json!({ "kind": "opened", "contentHex": content, "nextChainKeyHex": hex(next) })
        }
    })
}

fn turn(input: &Input<'_>) -> Outcome {
    let mixed = input.optional_bytes("mixed");
    let turn = TurnInput {
        root_key: &input.bytes("rootKey"),
        secret: &input.bytes("secret"),
        public_key: &input.bytes("publicKey"),
        mixed: mixed.as_deref(),
    };
    let mut keys = [0; 96];
    let outcome = ratchet_turn(&turn, &mut keys);
    blank(outcome, &[&keys])?;
    Ok(named(["rootKeyHex", "chainKeyHex", "nextHeaderKeyHex"], &keys))
}

fn initiate(input: &Input<'_>) -> Outcome {
    let one_time_key = input.optional_bytes("oneTimeKey");
    let initiate = InitiateInput {
        identity_secret: &input.bytes("identitySecret"),
        ephemeral_secret: &input.bytes("ephemeralSecret"),
        ratchet_secret: &input.bytes("ratchetSecret"),
        peer_identity_key: &input.bytes("peerIdentityKey"),
        signed_prekey: &input.bytes("signedPrekey"),
        one_time_key: one_time_key.as_deref(),
        kem_key: &input.bytes("kemKey"),
        kem_randomness: &input.optional_bytes("kemRandomness").unwrap_or_else(|| vec![0; 32]),
        transcript_head: &input.bytes("transcriptHead"),
        context: &input.bytes("context"),
    };
    let mut made = Initiated::default();
    let outcome = handshake_initiate(&initiate, &mut made);
    let outputs: [&[u8]; 9] = [
        &made.ephemeral_key,
        &made.ratchet_key,
        &made.kem_ciphertext,
        &made.transcript_hash,
        &made.root_key,
        &made.chain_key,
        &made.next_header_key,
        &made.initiator_header_key,
        &made.responder_header_key,
    ];
    blank(outcome, &outputs)?;
    Ok(json!({
        "ephemeralKeyHex": hex(made.ephemeral_key),
        "ratchetKeyHex": hex(made.ratchet_key),
        "kemCiphertextHex": hex(made.kem_ciphertext),
        "kemCiphertextSha256Hex": hex(sha256(&made.kem_ciphertext)),
        "transcriptHashHex": hex(made.transcript_hash),
        "rootKeyHex": hex(made.root_key),
        "chainKeyHex": hex(made.chain_key),
        "nextHeaderKeyHex": hex(made.next_header_key),
        "initiatorHeaderKeyHex": hex(made.initiator_header_key),
        "responderHeaderKeyHex": hex(made.responder_header_key),
    }))
}

fn respond(input: &Input<'_>) -> Outcome {
    let one_time_secret = input.optional_bytes("oneTimeSecret");
    let respond = RespondInput {
        identity_secret: &input.bytes("identitySecret"),
        signed_prekey_secret: &input.bytes("signedPrekeySecret"),
        one_time_secret: one_time_secret.as_deref(),
        kem_seed: &input.bytes("kemSeed"),
        peer_identity_key: &input.bytes("peerIdentityKey"),
        ephemeral_key: &input.bytes("ephemeralKey"),
        kem_ciphertext: &input.bytes("kemCiphertext"),
        transcript_hash: &input.bytes("transcriptHash"),
    };
    let mut keys = [0; 96];
    let outcome = handshake_respond(&respond, &mut keys);
    blank(outcome, &[&keys])?;
    Ok(named(["rootKeyHex", "initiatorHeaderKeyHex", "responderHeaderKeyHex"], &keys))
}

fn evidence(operation: &str, input: &Input<'_>) -> Outcome {
    Ok(match operation {
        "verifyEnvelopes" => {
            let (envelopes, keys) = (input.list("envelopes"), input.list("publicKeys"));
            assert_eq!(envelopes.len(), keys.len(), "as many keys as envelopes");
            let item = |(envelope, public_key)| EnvelopeItem { envelope, public_key };
            let items: Vec<_> = slices(&envelopes).into_iter().zip(slices(&keys)).map(item).collect();
            let verdicts = verify_envelopes(&items)?;
            let digests: Vec<_> = verdicts.iter().map(|verdict| hex(verdict.digest)).collect();
            json!({ "digestsHex": digests, "valid": verdicts.iter().map(|verdict| verdict.valid).collect::<Vec<_>>() })
        }
        "verifyEntries" => {
            let (entries, signatures) = (input.list("entries"), input.list("signatures"));
            let verdicts = verify_entries(&input.bytes("publicKey"), &slices(&entries), &slices(&signatures))?;
            let hashes: Vec<_> = verdicts.iter().map(|verdict| hex(verdict.leaf_hash)).collect();
            json!({ "leafHashesHex": hashes, "valid": verdicts.iter().map(|verdict| verdict.valid).collect::<Vec<_>>() })
        }
        _ => {
            let size = input.count("size")?;
            let appended = append_leaves(size as u64, &input.bytes("edge"), &slices(&input.list("leaves")))?;
            let hashes: Vec<_> = appended.leaf_hashes.iter().map(hex).collect();
            json!({ "leafHashesHex": hashes, "edgeHex": hex(appended.edge.concat()) })
        }
    })
}

/// Holds a case against its outcome: each member that is expected, or the code.
fn judge(case: &Value) -> Result<(), String> {
    let input = &case["input"];
    let outcome = run(input["operation"].as_str().expect("an operation"), &Input(input));
    if case["valid"] == true {
        let actual = outcome.map_err(|refusal| format!("refused: {refusal:?}"))?;
        for (name, expected) in case["expected"].as_object().expect("expectations") {
            if actual.get(name) != Some(expected) {
                return Err(format!("{name} is {:?}, not {expected}", actual.get(name)));
            }
        }
        return Ok(());
    }
    let expected = case["error"].as_str().expect("a code");
    match outcome {
        Err(Refusal::Kernel(error)) if error.code() == expected => Ok(()),
        Err(Refusal::NoSuchNumber) if ["KERNEL_ARGUMENT", "KERNEL_PARAMETER"].contains(&expected) => Ok(()),
        other => Err(format!("{other:?}, not {expected}")),
    }
}

fn run_file(name: &str, least: usize) {
    let cases = own_vectors(name);
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| judge(case).err().map(|why| format!("{} ({}): {why}", case["id"], case["description"])))
        .collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert!(cases.len() >= least, "{name} has {} cases only", cases.len());
}

#[test]
fn hashes_agree_with_the_vectors() {
    run_file("kernel/hash.json", 20);
}

#[test]
fn aead_agrees_with_the_vectors() {
    run_file("kernel/aead.json", 20);
}

#[test]
fn ed25519_agrees_with_the_vectors() {
    run_file("kernel/ed25519.json", 70);
}

#[test]
fn x25519_agrees_with_the_vectors() {
    run_file("kernel/x25519.json", 15);
}

#[test]
fn ml_kem_agrees_with_the_vectors() {
    run_file("kernel/mlkem768.json", 10);
}

#[test]
fn the_ratchet_agrees_with_the_vectors() {
    run_file("kernel/ratchet.json", 100);
}

#[test]
fn the_handshake_agrees_with_the_vectors() {
    run_file("kernel/handshake.json", 40);
}

#[test]
fn runs_of_evidence_agree_with_the_vectors() {
    run_file("kernel/evidence.json", 60);
}

#[test]
fn no_file_of_kernel_vectors_is_left_out() {
    let folder = support::repository().join("contracts/vectors/kernel");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    println!("skipped: argon2id.json, since passwords stay with the portable backend");
    let expected = ["aead", "argon2id", "ed25519", "evidence", "handshake", "hash", "mlkem768", "ratchet", "x25519"];
    assert_eq!(names, expected.map(|name| format!("{name}.json")));
}

#[test]
fn roots_of_the_tree_vectors_come_from_appended_leaves() {
    let mut counts = BTreeMap::new();
    for case in own_vectors("merkle/tree.json") {
        let operation = case["input"]["operation"].as_str().expect("an operation").to_owned();
        if operation == "root" && case["valid"] == true {
            let leaves = Input(&case["input"]).list("leaves");
            let appended = append_leaves(0, &[], &slices(&leaves)).expect("an append");
            let root =
                appended.edge.iter().rev().copied().reduce(|right, left| node_hash(&left, &right).expect("a node"));
            let root = root.unwrap_or_else(|| sha256(&[]));
            assert_eq!(json!(hex(root)), case["expected"]["rootHex"], "{}", case["id"]);
        }
        *counts.entry(operation).or_insert(0) += 1;
    }
    assert!(counts["root"] >= 5, "{counts:?}");
}
