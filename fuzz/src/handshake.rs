//! The responder's handshake, whose input is a stranger's; held against the same derivation on the other engine.

use crate::fields::Fields;
use crate::{POISON, is_all, plain};
use talos_kernel::{
    DERIVED_KEYS_BYTES, Error, HkdfInput, InitiateInput, Initiated, RespondInput, handshake_initiate,
    handshake_respond, hkdf_sha256, mlkem768_encapsulation_key, x25519_public_key,
};

type Keys = [u8; DERIVED_KEYS_BYTES];

/// Fields: identity secret, signed prekey secret, KEM seed, one-time secret (absent where empty), peer identity key,
/// ephemeral key, KEM ciphertext, transcript hash; then the initiator's secrets, the transcript's head and edits of the
/// ciphertext.
pub fn respond(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (identity, signed_prekey): ([u8; 32], [u8; 32]) = (fields.array(), fields.array());
    let kem_seed: [u8; 64] = fields.array();
    let one_time: &[u8] = fields.bytes();
    let one_time: Option<[u8; 32]> = (!one_time.is_empty()).then(|| first_32(one_time));
    let (peer, ephemeral): ([u8; 32], [u8; 32]) = (fields.array(), fields.array());
    let (ciphertext, transcript_hash): ([u8; 1088], [u8; 32]) = (fields.array(), fields.array());
    let input = RespondInput {
        identity_secret: &identity,
        signed_prekey_secret: &signed_prekey,
        one_time_secret: one_time.as_ref().map(<[u8; 32]>::as_slice),
        kem_seed: &kem_seed,
        peer_identity_key: &peer,
        ephemeral_key: &ephemeral,
        kem_ciphertext: &ciphertext,
        transcript_hash: &transcript_hash,
    };
    compare(&input);

    let [peer_secret, ephemeral_secret, ratchet_secret, randomness]: [[u8; 32]; 4] = [(); 4].map(|()| fields.array());
    let head = fields.bytes();
    let made = initiated(&input, [&peer_secret, &ephemeral_secret, &ratchet_secret, &randomness], head);
    let peer = x25519_public_key(&peer_secret).expect("32 bytes");
    let mut edited = made.kem_ciphertext.to_vec();
    let honest = RespondInput {
        peer_identity_key: &peer,
        ephemeral_key: &made.ephemeral_key,
        kem_ciphertext: &made.kem_ciphertext,
        transcript_hash: &made.transcript_hash,
        ..input
    };
    let keys = compare(&honest).expect("honest keys");
    assert_eq!(keys[32..64], made.initiator_header_key, "both sides have one header key of the initiator");
    assert_eq!(keys[64..], made.responder_header_key, "both sides have one header key of the responder");
    fields.edit(&mut edited);
    if let Ok(kem_ciphertext) = <[u8; 1088]>::try_from(edited)
        && kem_ciphertext != made.kem_ciphertext
    {
        assert_ne!(compare(&RespondInput { kem_ciphertext: &kem_ciphertext, ..honest }), Some(keys));
    }
}

fn first_32(bytes: &[u8]) -> [u8; 32] {
    let mut first = [0; 32];
    let length = bytes.len().min(32);
    first[..length].copy_from_slice(&bytes[..length]);
    first
}

fn initiated(responder: &RespondInput<'_>, secrets: [&[u8; 32]; 4], head: &[u8]) -> Initiated {
    let [identity_secret, ephemeral_secret, ratchet_secret, kem_randomness] = secrets;
    let key_of = |secret: &[u8]| x25519_public_key(secret).expect("32 bytes");
    let one_time_key = responder.one_time_secret.map(key_of);
    let mut made = Initiated::default();
    let input = InitiateInput {
        identity_secret,
        ephemeral_secret,
        ratchet_secret,
        peer_identity_key: &key_of(responder.identity_secret),
        signed_prekey: &key_of(responder.signed_prekey_secret),
        one_time_key: one_time_key.as_ref().map(<[u8; 32]>::as_slice),
        kem_key: &mlkem768_encapsulation_key(responder.kem_seed).expect("64 bytes"),
        kem_randomness,
        transcript_head: &head[..head.len().min(8192)],
        context: &[7; 32],
    };
    handshake_initiate(&input, &mut made).expect("honest keys");
    made
}

fn compare(input: &RespondInput<'_>) -> Option<Keys> {
    let mut keys = [POISON; DERIVED_KEYS_BYTES];
    let outcome = handshake_respond(input, &mut keys);
    match expected(input) {
        Some(expected) => {
            outcome.expect("no secret is all zero");
            assert_eq!(keys, expected, "both engines derive one session");
            Some(keys)
        }
        None => {
            assert_eq!(outcome, Err(Error::LowOrder));
            assert!(is_all(&keys, POISON), "outputs are untouched");
            None
        }
    }
}

/// `None` where a Diffie-Hellman result is all zero.
fn expected(input: &RespondInput<'_>) -> Option<Keys> {
    let array = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).expect("32 bytes");
    let mut ikm = vec![0xff; 32];
    let one_time = input.one_time_secret.map(|secret| (secret, input.ephemeral_key));
    let pairs = [
        (input.signed_prekey_secret, input.peer_identity_key),
        (input.identity_secret, input.ephemeral_key),
        (input.signed_prekey_secret, input.ephemeral_key),
    ];
    for (secret, public_key) in pairs.into_iter().chain(one_time) {
        let mut shared = [0; 32];
        plain::x25519(&array(secret), &array(public_key), &mut shared);
        if is_all(&shared, 0) {
            return None;
        }
        ikm.extend_from_slice(&shared);
    }
    let mut shared = [0; 32];
    let (seed, ciphertext) = (input.kem_seed.try_into(), input.kem_ciphertext.try_into());
    plain::mlkem768_decapsulate(seed.expect("64 bytes"), ciphertext.expect("1,088 bytes"), &mut shared);
    ikm.extend_from_slice(&shared);
    let info = [b"talos/ts1/sk", input.transcript_hash].concat();
    let mut keys = [0; DERIVED_KEYS_BYTES];
    hkdf_sha256(&HkdfInput { ikm: &ikm, salt: &[0; 32], info: &info }, &mut keys).expect("96 bytes");
    Some(keys)
}
