//! Times the hot functions of the kernel without any boundary: `cargo run --release -p talos-kernel --example measure`.
//!
//! One line each: median of 301 rounds with the fastest and the 90th percentile, in microseconds.

use std::hint::black_box;
use std::time::{Duration, Instant};
use talos_kernel::{
    AeadOptions, EnvelopeItem, InitiateInput, Initiated, OpenInput, ReceiveInput, Received, RespondInput, SealInput,
    TurnInput, aead_open, aead_seal, ed25519_public_key, ed25519_sign, ed25519_verify, handshake_initiate,
    handshake_respond, is_accelerated, leaf_hashes, mlkem768_decapsulate, mlkem768_encapsulate,
    mlkem768_encapsulation_key, ratchet_forward, ratchet_open, ratchet_receive, ratchet_receive_length, ratchet_seal,
    ratchet_seal_length, ratchet_step, ratchet_turn, verify_entries, verify_envelopes, x25519, x25519_public_key,
};

const ROUNDS: usize = 301;
/// Short, so that most rounds pass between two switches of the scheduler on a machine that does other things too.
const ROUND_TIME: Duration = Duration::from_micros(150);
const KEY: [u8; 32] = [7; 32];
const NONCE: [u8; 12] = [3; 12];
/// Sizes of Talos Session 1: header, associated data, prefix of a message.
const HEADER: [u8; 45] = [5; 45];
const ASSOCIATED: [u8; 67] = [9; 67];
const PREFIX: [u8; 19] = [1; 19];

fn main() {
    println!("accelerated: {}", is_accelerated());
    for content_bytes in [64, 1024, 4096, 65_536] {
        messages(content_bytes);
    }
    chains();
    curves();
    kem();
    handshakes();
    evidence();
}

fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    let mut round = |calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(work());
        }
        start.elapsed()
    };
    round(1);
    let calls = u32::try_from(ROUND_TIME.as_nanos() / round(1).as_nanos().max(1)).unwrap_or(1).clamp(1, 1000);
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| round(calls).as_secs_f64() * 1e6 / f64::from(calls)).collect();
    times.sort_by(f64::total_cmp);
    println!("{name:<32} {:9.3} us   ({:.3} to {:.3})", times[ROUNDS / 2], times[0], times[ROUNDS * 9 / 10]);
}

fn messages(content_bytes: usize) {
    let content = vec![6; content_bytes];
    let seal = SealInput {
        chain_key: &KEY,
        header_key: &KEY,
        nonce: &NONCE,
        header: &HEADER,
        associated_data: &ASSOCIATED,
        prefix: &PREFIX,
        content: &content,
        padded_bytes: content_bytes + 1 + content_bytes / 32,
    };
    let mut message = vec![0; ratchet_seal_length(&seal).expect("lengths")];
    let mut next = [0; 32];
    measure(&format!("ratchet_seal {content_bytes}"), || {
        ratchet_seal(black_box(&seal), &mut message, &mut next).expect("seals");
    });
    let receive = ReceiveInput {
        header_key: &KEY,
        chain_key: &KEY,
        expected_header: &HEADER,
        associated_data: &ASSOCIATED,
        message: &message,
        prefix_bytes: PREFIX.len(),
    };
    let mut out = vec![0; ratchet_receive_length(&receive).expect("lengths")];
    measure(&format!("ratchet_receive {content_bytes}"), || {
        let received = ratchet_receive(black_box(&receive), &mut out, &mut next).expect("opens");
        assert_eq!(received, Received::Opened { content_bytes });
    });
    let mut message_key = [0; 32];
    ratchet_step(&KEY, &mut message_key, &mut next).expect("steps");
    let (header, rest) = message[PREFIX.len() + NONCE.len()..].split_at(HEADER.len() + 16);
    let (commitment, ciphertext) = rest.split_at(32);
    let (nonce, associated_data) = (&NONCE, &ASSOCIATED);
    let open = OpenInput { message_key: &message_key, nonce, associated_data, header, commitment, ciphertext };
    let mut out = vec![0; ciphertext.len() - 16];
    measure(&format!("ratchet_open {content_bytes}"), || {
        ratchet_open(black_box(&open), &mut out).expect("opens");
    });
    let options = AeadOptions { key: &KEY, nonce, associated_data };
    let mut sealed = vec![0; content_bytes + 16];
    measure(&format!("aead_seal {content_bytes}"), || {
        aead_seal(black_box(&options), &content, &mut sealed).expect("seals");
    });
    let mut opened = vec![0; content_bytes];
    measure(&format!("aead_open {content_bytes}"), || {
        aead_open(black_box(&options), &sealed, &mut opened).expect("opens");
    });
}

fn chains() {
    let (mut message_key, mut next) = ([0; 32], [0; 32]);
    measure("ratchet_step", || ratchet_step(black_box(&KEY), &mut message_key, &mut next).expect("steps"));
    measure("ratchet_forward 64", || ratchet_forward(black_box(&KEY), 64, &mut next).expect("steps"));
    let public_key = x25519_public_key(&[8; 32]).expect("a key");
    let mut keys = [0; 96];
    let turn = TurnInput { root_key: &KEY, secret: &KEY, public_key: &public_key, mixed: None };
    measure("ratchet_turn", || ratchet_turn(black_box(&turn), &mut keys).expect("turns"));
}

fn curves() {
    let public_key = x25519_public_key(&[8; 32]).expect("a key");
    let mut shared = [0; 32];
    measure("x25519", || x25519(black_box(&KEY), &public_key, &mut shared).expect("agrees"));
    measure("x25519_public_key", || x25519_public_key(black_box(&KEY)));
    let message = [4; 1024];
    let public_key = ed25519_public_key(&KEY).expect("a key");
    let signature = ed25519_sign(&KEY, &message).expect("signs");
    measure("ed25519_public_key", || ed25519_public_key(black_box(&KEY)));
    measure("ed25519_sign 1024", || ed25519_sign(black_box(&KEY), &message));
    measure("ed25519_verify 1024", || assert!(ed25519_verify(black_box(&public_key), &message, &signature)));
}

fn kem() {
    let seed = [2; 64];
    let key = mlkem768_encapsulation_key(&seed).expect("a key");
    let (mut ciphertext, mut secret) = ([0; 1088], [0; 32]);
    measure("mlkem768_encapsulation_key", || mlkem768_encapsulation_key(black_box(&seed)));
    measure("mlkem768_encapsulate", || {
        mlkem768_encapsulate(black_box(&key), &KEY, &mut ciphertext, &mut secret).expect("encapsulates");
    });
    measure("mlkem768_decapsulate", || {
        mlkem768_decapsulate(black_box(&seed), &ciphertext, &mut secret).expect("decapsulates");
    });
}

fn handshakes() {
    let keys: Vec<[u8; 32]> = (1..=3).map(|byte| x25519_public_key(&[byte; 32]).expect("a key")).collect();
    let kem_seed = [2; 64];
    let kem_key = mlkem768_encapsulation_key(&kem_seed).expect("a key");
    let initiate = InitiateInput {
        identity_secret: &[4; 32],
        ephemeral_secret: &[5; 32],
        ratchet_secret: &[6; 32],
        peer_identity_key: &keys[0],
        signed_prekey: &keys[1],
        one_time_key: Some(&keys[2]),
        kem_key: &kem_key,
        kem_randomness: &KEY,
        transcript_head: &[1; 512],
        context: &KEY,
    };
    let mut initiated = Initiated::default();
    measure("handshake_initiate", || {
        handshake_initiate(black_box(&initiate), &mut initiated).expect("initiates");
    });
    let respond = RespondInput {
        identity_secret: &[1; 32],
        signed_prekey_secret: &[2; 32],
        one_time_secret: Some(&[3; 32]),
        kem_seed: &kem_seed,
        peer_identity_key: &x25519_public_key(&[4; 32]).expect("a key"),
        ephemeral_key: &initiated.ephemeral_key,
        kem_ciphertext: &initiated.kem_ciphertext,
        transcript_hash: &initiated.transcript_hash,
    };
    let mut derived = [0; 96];
    measure("handshake_respond", || handshake_respond(black_box(&respond), &mut derived).expect("responds"));
}

fn evidence() {
    let public_key = ed25519_public_key(&KEY).expect("a key");
    let entries: Vec<Vec<u8>> = (0..1000_u32).map(|index| index.to_be_bytes().repeat(64)).collect();
    let signatures: Vec<[u8; 64]> = entries.iter().map(|entry| ed25519_sign(&KEY, entry).expect("signs")).collect();
    let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let signatures: Vec<&[u8]> = signatures.iter().map(<[u8; 64]>::as_slice).collect();
    measure("verify_entries 1000 x 256 B", || {
        let verdicts = verify_entries(black_box(&public_key), &entries, &signatures).expect("as many");
        assert!(verdicts.iter().all(|verdict| verdict.valid));
    });
    measure("leaf_hashes 1000 x 256 B", || leaf_hashes(black_box(&entries)));
    let envelope = [&[0x82, 0x58, 0x40][..], signatures[1], entries[1]].concat();
    let items = vec![EnvelopeItem { envelope: &envelope, public_key: &public_key }; 8];
    measure("verify_envelopes 8 x 323 B", || {
        assert!(verify_envelopes(black_box(&items)).expect("few").iter().all(|verdict| verdict.valid));
    });
}
