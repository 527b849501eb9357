//! Properties of curves, ML-KEM, handshake and evidence.

mod support;

use support::Random;
use talos_kernel::{
    AeadOptions, EnvelopeItem, Error, InitiateInput, Initiated, KERNEL_REVISION, RespondInput, TurnInput, aead_open,
    aead_seal, append_bundle, append_leaves, ed25519_public_key, ed25519_sign, ed25519_verify, handshake_initiate,
    handshake_respond, hash_up, is_accelerated, leaf_hash, leaf_hashes, mlkem768_encapsulation_key, node_hash,
    ratchet_turn, sha256, verify_entries, verify_envelopes, x25519, x25519_public_key,
};

#[test]
fn the_engine_is_the_one_that_was_compiled_in() {
    println!("accelerated: {}", is_accelerated());
    assert!(cfg!(feature = "accelerated") || !is_accelerated());
    assert_eq!(KERNEL_REVISION, 2);
}

#[test]
fn errors_have_the_codes_of_the_contract() {
    let errors = [
        Error::Argument("nonce"),
        Error::Parameter("steps"),
        Error::Authentication,
        Error::Padding,
        Error::LowOrder,
        Error::KeyInvalid,
    ];
    let texts = errors.map(|error| error.to_string());
    assert_eq!(texts[..2], ["KERNEL_ARGUMENT: nonce", "KERNEL_PARAMETER: steps"]);
    let file = std::fs::read_to_string(support::repository().join("contracts/errors/kernel.json")).expect("codes");
    for error in errors {
        assert!(file.contains(&format!("\"{}\"", error.code())), "{} is not in the contract", error.code());
    }
}

#[test]
fn an_aead_message_with_any_one_bit_flipped_is_refused_and_wiped() {
    let mut random = Random::new(20);
    let (key, nonce, associated_data) = (&random.bytes(32), &random.bytes(12), &random.bytes(5));
    let options = AeadOptions { key, nonce, associated_data };
    for length in [0, 40, 4000] {
        let plaintext = random.bytes(length);
        let mut sealed = vec![0; length + 16];
        aead_seal(&options, &plaintext, &mut sealed).expect("seals");
        for bit in (0..8 * sealed.len()).step_by(1 + length / 100) {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let mut out = vec![0xaa; length];
            assert_eq!(aead_open(&options, &forged, &mut out), Err(Error::Authentication));
            assert!(out.iter().all(|&byte| byte == 0));
        }
        let mut out = vec![0xaa; length + 1];
        assert_eq!(aead_open(&options, &sealed, &mut out), Err(Error::Argument("out")));
        assert_eq!(aead_seal(&options, &plaintext, &mut out), Err(Error::Argument("out")));
    }
    assert_eq!(aead_seal(&options, &[1], &mut [0; 15]), Err(Error::Argument("out")));
}

#[test]
fn a_signature_with_any_one_bit_flipped_does_not_hold() {
    let mut random = Random::new(21);
    let (seed, message) = (random.bytes(32), random.bytes(30));
    let key = ed25519_public_key(&seed).expect("a key");
    let signature = ed25519_sign(&seed, &message).expect("signs");
    assert!(ed25519_verify(&key, &message, &signature));
    let whole = [&key[..], &message, &signature].concat();
    for bit in 0..8 * whole.len() {
        let mut forged = whole.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(!ed25519_verify(&forged[..32], &forged[32..62], &forged[62..]), "bit {bit}");
    }
    for (key, signature) in [(&key[..31], &signature[..]), (&key, &signature[..63]), (&[], &[])] {
        assert!(!ed25519_verify(key, &message, signature));
    }
}

#[test]
fn both_sides_agree_on_a_secret_and_a_low_order_key_gives_none() {
    let mut random = Random::new(22);
    for _ in 0..50 {
        let (a, b) = (random.bytes(32), random.bytes(32));
        let (mut ab, mut ba) = ([0; 32], [0; 32]);
        x25519(&a, &x25519_public_key(&b).expect("a key"), &mut ab).expect("agrees");
        x25519(&b, &x25519_public_key(&a).expect("a key"), &mut ba).expect("agrees");
        assert_eq!(ab, ba);
        assert_eq!(x25519(&a, &[0; 32], &mut ab), Err(Error::LowOrder));
        assert_eq!(ab, [0; 32]);
    }
}

/// Both sides of a handshake; each key is made from the seed.
struct Pair {
    secrets: [[u8; 32]; 7],
    kem_seed: [u8; 64],
    one_time: bool,
}

impl Pair {
    fn new(random: &mut Random, one_time: bool) -> Self {
        Self { secrets: std::array::from_fn(|_| random.array()), kem_seed: random.array(), one_time }
    }

    fn run(&self, forge: impl Fn(&mut Initiated)) -> (Initiated, [u8; 96]) {
        let [identity_a, ephemeral, ratchet, identity_b, signed, one_time, randomness] = &self.secrets;
        let public = |secret: &[u8; 32]| x25519_public_key(secret).expect("a key");
        let (peer_identity_key, signed_prekey, one_time_key) = (public(identity_b), public(signed), public(one_time));
        let mut made = Initiated::default();
        let initiate = InitiateInput {
            identity_secret: identity_a,
            ephemeral_secret: ephemeral,
            ratchet_secret: ratchet,
            peer_identity_key: &peer_identity_key,
            signed_prekey: &signed_prekey,
            one_time_key: self.one_time.then_some(&one_time_key[..]),
            kem_key: &mlkem768_encapsulation_key(&self.kem_seed).expect("a key"),
            kem_randomness: randomness,
            transcript_head: b"head",
            context: &[9; 32],
        };
        handshake_initiate(&initiate, &mut made).expect("initiates");
        let mut sent = made.clone();
        forge(&mut sent);
        let respond = RespondInput {
            identity_secret: identity_b,
            signed_prekey_secret: signed,
            one_time_secret: self.one_time.then_some(&one_time[..]),
            kem_seed: &self.kem_seed,
            peer_identity_key: &public(identity_a),
            ephemeral_key: &sent.ephemeral_key,
            kem_ciphertext: &sent.kem_ciphertext,
            transcript_hash: &sent.transcript_hash,
        };
        let mut keys = [0; 96];
        handshake_respond(&respond, &mut keys).expect("responds");
        (made, keys)
    }
}

#[test]
fn both_sides_of_a_handshake_derive_the_same_keys_with_and_without_a_one_time_key() {
    let mut random = Random::new(23);
    for one_time in [true, false] {
        let pair = Pair::new(&mut random, one_time);
        let (made, responded) = pair.run(|_| ());
        assert_eq!(responded[32..], [made.initiator_header_key, made.responder_header_key].concat());
        let turn = TurnInput {
            root_key: &responded[..32],
            secret: &pair.secrets[4],
            public_key: &made.ratchet_key,
            mixed: None,
        };
        let mut turned = [0; 96];
        ratchet_turn(&turn, &mut turned).expect("turns");
        assert_eq!(turned[..], [made.root_key, made.chain_key, made.next_header_key].concat());
        let mixed = TurnInput { mixed: Some(&[1; 32]), ..turn };
        ratchet_turn(&mixed, &mut turned).expect("turns");
        assert_ne!(turned[..32], made.root_key);
    }
}

#[test]
fn a_change_of_anything_sent_in_a_handshake_changes_all_keys() {
    let pair = Pair::new(&mut Random::new(24), true);
    let (_, honest) = pair.run(|_| ());
    let forgeries: [fn(&mut Initiated); 3] = [
        |sent| sent.ephemeral_key[0] ^= 1,
        |sent| sent.kem_ciphertext[1087] ^= 1,
        |sent| sent.transcript_hash[31] ^= 0x80,
    ];
    for forge in forgeries {
        let (_, keys) = pair.run(forge);
        assert!((0..3).all(|third| keys[32 * third..][..32] != honest[32 * third..][..32]));
    }
}

/// The root of RFC 6962, section 2.1, by its recursion.
fn root(leaves: &[&[u8]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => leaf_hash(leaf),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right)).expect("two hashes")
        }
    }
}

fn bundle_of(entries: &[&[u8]]) -> Vec<u8> {
    let mut bundle = Vec::new();
    for entry in entries {
        bundle.extend(u16::try_from(entry.len()).expect("a short entry").to_be_bytes());
        bundle.extend(*entry);
    }
    bundle
}

#[test]
fn appending_at_once_and_in_parts_gives_the_edge_of_the_whole_tree() {
    let mut random = Random::new(25);
    let leaves: Vec<Vec<u8>> = (0..70).map(|length| random.bytes(length)).collect();
    let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
    for count in 0..leaves.len() {
        let whole = append_leaves(0, &[], &leaves[..count]).expect("appends");
        assert_eq!(whole.leaf_hashes, leaf_hashes(&leaves[..count]));
        let folded = whole.edge.iter().rev().copied().reduce(|right, left| node_hash(&left, &right).expect("a node"));
        assert_eq!(folded.unwrap_or_else(|| sha256(&[])), root(&leaves[..count]), "{count} leaves");
        let split = random.below(count + 1);
        let first = append_leaves(0, &[], &leaves[..split]).expect("appends");
        let second = append_leaves(split as u64, &first.edge.concat(), &leaves[split..count]).expect("appends");
        assert_eq!(second.edge, whole.edge, "{split} then {count}");
        let bundle = bundle_of(&leaves[split..count]);
        let bundled = append_bundle(split as u64, &first.edge.concat(), &bundle).expect("appends");
        assert_eq!((bundled.leaf_hashes, bundled.edge), (second.leaf_hashes, second.edge));
        assert_eq!(bundled.root, root(&leaves[..count]));
        assert!(bundled.tile_roots.is_empty());
    }
    assert_eq!(append_bundle(3, &[0; 63], &[]).err(), Some(Error::Argument("edge")));
    assert_eq!(append_bundle(0, &[], &[0]).err(), Some(Error::Argument("bundle")));
    let empty = vec![0; 2 * 65_537];
    assert_eq!(append_bundle(0, &[], &empty).err(), Some(Error::Parameter("entries")));
    let most = append_bundle(0, &[], &empty[2..]).expect("256 tiles");
    assert_eq!(hash_up(&most.tile_roots.concat()).expect("a tile").last(), Some(&most.root));
    assert_eq!(hash_up(&[0; 32]), Ok(vec![]));
    assert_eq!(hash_up(&[0; 257 * 32]), Err(Error::Argument("hashes")));
    assert_eq!(append_leaves(3, &[0; 63], &[]), Err(Error::Argument("edge")));
    let most = (1 << 53) - 1;
    assert_eq!(append_leaves(most, &[0; 53 * 32], &[&[]]), Err(Error::Parameter("size")));
    assert!(append_leaves(most, &[0; 53 * 32], &[]).is_ok());
    assert!(append_leaves(most - 1, &[0; 52 * 32], &[&[]]).is_ok_and(|appended| appended.edge.len() == 53));
    assert_eq!(append_leaves(u64::MAX, &[0; 64 * 32], &[&[]]), Err(Error::Parameter("size")));
}

#[test]
fn runs_of_evidence_are_judged_one_by_one_and_bounded() {
    let seed = [3; 32];
    let public_key = ed25519_public_key(&seed).expect("a key");
    let entries: Vec<Vec<u8>> = (0..20).map(|length| vec![length; length.into()]).collect();
    let mut signatures: Vec<Vec<u8>> =
        entries.iter().map(|entry| ed25519_sign(&seed, entry).expect("signs").to_vec()).collect();
    signatures[4][7] ^= 1;
    signatures[9].pop();
    let entry_slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let signature_slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    let verdicts = verify_entries(&public_key, &entry_slices, &signature_slices).expect("as many");
    for (index, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict.valid, ![4, 9].contains(&index), "entry {index}");
        assert_eq!(verdict.leaf_hash, leaf_hash(&entries[index]));
    }
    let none = verify_entries(&[1; 31], &entry_slices, &signature_slices).expect("as many");
    assert!(none.iter().all(|verdict| !verdict.valid));
    let fewer = verify_entries(&public_key, &entry_slices, &signature_slices[1..]);
    assert_eq!(fewer, Err(Error::Parameter("signatures")));
    let many = vec![&[][..]; 65_537];
    assert_eq!(verify_entries(&[], &many, &many), Err(Error::Parameter("entries")));
    assert_eq!(verify_entries(&[], &many[1..], &many[1..]).map(|verdicts| verdicts.len()), Ok(65_536));
    assert_eq!(append_leaves(0, &[], &many), Err(Error::Parameter("leaves")));

    let envelope = [&[0x82, 0x58, 0x40][..], &signatures[2], &entries[2]].concat();
    let item = EnvelopeItem { envelope: &envelope, public_key: &public_key };
    let verdicts = verify_envelopes(&[item; 64]).expect("64 are few");
    assert!(verdicts.iter().all(|verdict| verdict.valid && verdict.digest == sha256(&envelope)));
    assert_eq!(verify_envelopes(&[item; 65]), Err(Error::Parameter("items")));
    for length in 0..envelope.len() {
        let cut = EnvelopeItem { envelope: &envelope[..length], ..item };
        assert!(!verify_envelopes(&[cut]).expect("one")[0].valid, "{length} bytes");
    }
}
