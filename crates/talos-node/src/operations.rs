//! The operations: each reads its block as the TypeScript side writes it (`packages/crypto/kernel/src/native-*.ts`) and calls
//! the kernel. Words of the head are named in the order of their use.

use crate::block::{Answer, Block, Input, Outputs, Refusal};
use crate::boundary::Operation;
use std::ffi::CStr;
use talos_kernel as kernel;
use talos_kernel::{
    AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, AeadOptions, DERIVED_KEYS_BYTES, ED25519_SEED_BYTES,
    EnvelopeItem, HkdfInput, InitiateInput, Initiated, MLKEM768_CIPHERTEXT_BYTES, MLKEM768_ENCAPSULATION_KEY_BYTES,
    MLKEM768_RANDOMNESS_BYTES, MLKEM768_SEED_BYTES, OpenInput, RATCHET_COMMITMENT_BYTES, RATCHET_KEY_BYTES,
    ReceiveInput, Received, RespondInput, SHA256_BYTES, SealInput, TurnInput, X25519_KEY_BYTES,
};

/// Done, and there is no length to tell.
const DONE: i32 = 0;
/// Answers of `ratchetReceive` that no length of a content reaches.
const OTHER_KEY: i32 = i32::MAX;
const OTHER_HEADER: i32 = i32::MAX - 1;

/// Every operation under its name in JavaScript.
pub(crate) const OPERATIONS: [(&CStr, Operation); 29] = [
    (c"sha256", sha256),
    (c"hmacSha256", hmac_sha256),
    (c"hkdfSha256", hkdf_sha256),
    (c"aeadSeal", aead_seal),
    (c"aeadOpen", aead_open),
    (c"ed25519PublicKey", ed25519_public_key),
    (c"ed25519Sign", ed25519_sign),
    (c"ed25519Verify", ed25519_verify),
    (c"x25519PublicKey", x25519_public_key),
    (c"x25519", x25519),
    (c"mlkem768EncapsulationKey", mlkem768_encapsulation_key),
    (c"mlkem768Encapsulate", mlkem768_encapsulate),
    (c"mlkem768Decapsulate", mlkem768_decapsulate),
    (c"ratchetStep", ratchet_step),
    (c"ratchetSeal", ratchet_seal),
    (c"ratchetOpen", ratchet_open),
    (c"ratchetReceive", ratchet_receive),
    (c"ratchetTurn", ratchet_turn),
    (c"ratchetForward", ratchet_forward),
    (c"ratchetAdvance", ratchet_advance),
    (c"handshakeInitiate", handshake_initiate),
    (c"handshakeRespond", handshake_respond),
    (c"verifyEnvelopes", verify_envelopes),
    (c"verifyEntries", verify_entries),
    (c"leafHashes", leaf_hashes),
    (c"nodeHash", node_hash),
    (c"appendLeaves", append_leaves),
    (c"appendBundle", append_bundle),
    (c"hashUp", hash_up),
];

fn sha256(block: Block<'_>) -> Answer {
    let lengths = [block.word(0)];
    let ([data], mut outputs) = block.split(lengths)?;
    outputs.put(&kernel::sha256(&data))
}

fn hmac_sha256(block: Block<'_>) -> Answer {
    let lengths = [block.word(0), block.word(1)];
    let ([key, data], mut outputs) = block.split(lengths)?;
    kernel::hmac_sha256(&key, &data, outputs.array()?);
    Ok(DONE)
}

fn hkdf_sha256(block: Block<'_>) -> Answer {
    let length_bytes = block.word(3);
    let lengths = [block.word(0), block.word(1), block.word(2)];
    let ([ikm, salt, info], mut outputs) = block.split(lengths)?;
    kernel::hkdf_sha256(&HkdfInput { ikm: &ikm, salt: &salt, info: &info }, outputs.take(length_bytes)?)?;
    Ok(DONE)
}

fn aead_seal(block: Block<'_>) -> Answer {
    let lengths = [AEAD_KEY_BYTES, AEAD_NONCE_BYTES, block.word(0), block.word(1)];
    let ([key, nonce, associated_data, plaintext], mut outputs) = block.split(lengths)?;
    let options = AeadOptions { key: &key, nonce: &nonce, associated_data: &associated_data };
    kernel::aead_seal(&options, &plaintext, outputs.take(plaintext.len() + AEAD_TAG_BYTES)?)?;
    Ok(DONE)
}

fn aead_open(block: Block<'_>) -> Answer {
    let lengths = [AEAD_KEY_BYTES, AEAD_NONCE_BYTES, block.word(0), block.word(1)];
    let ([key, nonce, associated_data, ciphertext], mut outputs) = block.split(lengths)?;
    let options = AeadOptions { key: &key, nonce: &nonce, associated_data: &associated_data };
    kernel::aead_open(&options, &ciphertext, outputs.take(ciphertext.len().saturating_sub(AEAD_TAG_BYTES))?)?;
    Ok(DONE)
}

fn ed25519_public_key(block: Block<'_>) -> Answer {
    let ([seed], mut outputs) = block.split([ED25519_SEED_BYTES])?;
    outputs.put(&kernel::ed25519_public_key(&seed)?)
}

fn ed25519_sign(block: Block<'_>) -> Answer {
    let lengths = [ED25519_SEED_BYTES, block.word(0)];
    let ([seed, message], mut outputs) = block.split(lengths)?;
    outputs.put(&kernel::ed25519_sign(&seed, &message)?)
}

/// 1 where the signature holds.
fn ed25519_verify(block: Block<'_>) -> Answer {
    let lengths = [block.word(0), block.word(1), block.word(2)];
    let ([public_key, message, signature], _) = block.split(lengths)?;
    Ok(i32::from(kernel::ed25519_verify(&public_key, &message, &signature)))
}

fn x25519_public_key(block: Block<'_>) -> Answer {
    let ([secret], mut outputs) = block.split([X25519_KEY_BYTES])?;
    outputs.put(&kernel::x25519_public_key(&secret)?)
}

fn x25519(block: Block<'_>) -> Answer {
    let ([secret, public_key], mut outputs) = block.split([X25519_KEY_BYTES; 2])?;
    kernel::x25519(&secret, &public_key, outputs.array()?)?;
    Ok(DONE)
}

fn mlkem768_encapsulation_key(block: Block<'_>) -> Answer {
    let ([seed], mut outputs) = block.split([MLKEM768_SEED_BYTES])?;
    outputs.put(&kernel::mlkem768_encapsulation_key(&seed)?)
}

fn mlkem768_encapsulate(block: Block<'_>) -> Answer {
    let lengths = [MLKEM768_ENCAPSULATION_KEY_BYTES, MLKEM768_RANDOMNESS_BYTES];
    let ([encapsulation_key, randomness], mut outputs) = block.split(lengths)?;
    kernel::mlkem768_encapsulate(&encapsulation_key, &randomness, outputs.array()?, outputs.array()?)?;
    Ok(DONE)
}

fn mlkem768_decapsulate(block: Block<'_>) -> Answer {
    let ([seed, ciphertext], mut outputs) = block.split([MLKEM768_SEED_BYTES, MLKEM768_CIPHERTEXT_BYTES])?;
    kernel::mlkem768_decapsulate(&seed, &ciphertext, outputs.array()?)?;
    Ok(DONE)
}

fn ratchet_step(block: Block<'_>) -> Answer {
    let ([chain_key], mut outputs) = block.split([RATCHET_KEY_BYTES])?;
    kernel::ratchet_step(&chain_key, outputs.array()?, outputs.array()?)?;
    Ok(DONE)
}

/// Leaves the next chain key and the message.
fn ratchet_seal(block: Block<'_>) -> Answer {
    let [header, associated_data, prefix, content] = [0, 1, 2, 3].map(|index| block.word(index));
    let padded_bytes = block.word(4);
    let lengths = [RATCHET_KEY_BYTES, AEAD_KEY_BYTES, AEAD_NONCE_BYTES, header, associated_data, prefix, content];
    let ([chain_key, header_key, nonce, header, associated_data, prefix, content], mut outputs) =
        block.split(lengths)?;
    let input = SealInput {
        chain_key: &chain_key,
        header_key: &header_key,
        nonce: &nonce,
        header: &header,
        associated_data: &associated_data,
        prefix: &prefix,
        content: &content,
        padded_bytes,
    };
    let next_chain_key = outputs.array()?;
    kernel::ratchet_seal(&input, outputs.take(kernel::ratchet_seal_length(&input)?)?, next_chain_key)?;
    Ok(DONE)
}

/// Leaves the content and answers its length.
fn ratchet_open(block: Block<'_>) -> Answer {
    let [associated_data, header, ciphertext] = [0, 1, 2].map(|index| block.word(index));
    let lengths = [RATCHET_KEY_BYTES, AEAD_NONCE_BYTES, associated_data, header, RATCHET_COMMITMENT_BYTES, ciphertext];
    let ([message_key, nonce, associated_data, header, commitment, ciphertext], mut outputs) = block.split(lengths)?;
    let input = OpenInput {
        message_key: &message_key,
        nonce: &nonce,
        associated_data: &associated_data,
        header: &header,
        commitment: &commitment,
        ciphertext: &ciphertext,
    };
    let out = outputs.take(ciphertext.len().saturating_sub(AEAD_TAG_BYTES))?;
    length_of(kernel::ratchet_open(&input, out)?)
}

/// Leaves the next chain key and the content, and answers the content's length; or leaves 32 zeros and the other header.
fn ratchet_receive(block: Block<'_>) -> Answer {
    let [expected_header, associated_data, message, prefix_bytes] = [0, 1, 2, 3].map(|index| block.word(index));
    let lengths = [AEAD_KEY_BYTES, RATCHET_KEY_BYTES, expected_header, associated_data, message];
    let ([header_key, chain_key, expected_header, associated_data, message], mut outputs) = block.split(lengths)?;
    let input = ReceiveInput {
        header_key: &header_key,
        chain_key: &chain_key,
        expected_header: &expected_header,
        associated_data: &associated_data,
        message: &message,
        prefix_bytes,
    };
    let next_chain_key = outputs.array()?;
    let out = outputs.take(kernel::ratchet_receive_length(&input)?)?;
    match kernel::ratchet_receive(&input, out, next_chain_key)? {
        Received::OtherKey => Ok(OTHER_KEY),
        Received::OtherHeader { .. } => Ok(OTHER_HEADER),
        Received::Opened { content_bytes } => length_of(content_bytes),
    }
}

fn ratchet_turn(block: Block<'_>) -> Answer {
    let lengths = [RATCHET_KEY_BYTES, X25519_KEY_BYTES, X25519_KEY_BYTES, block.word(0)];
    let ([root_key, secret, public_key, mixed], mut outputs) = block.split(lengths)?;
    let input = TurnInput { root_key: &root_key, secret: &secret, public_key: &public_key, mixed: where_given(&mixed) };
    kernel::ratchet_turn(&input, outputs.array::<DERIVED_KEYS_BYTES>()?)?;
    Ok(DONE)
}

fn ratchet_forward(block: Block<'_>) -> Answer {
    let steps = block.word(0);
    let ([chain_key], mut outputs) = block.split([RATCHET_KEY_BYTES])?;
    kernel::ratchet_forward(&chain_key, steps, outputs.array()?)?;
    Ok(DONE)
}

/// Leaves the next chain key and the message keys.
fn ratchet_advance(block: Block<'_>) -> Answer {
    let steps = block.word(0);
    let ([chain_key], mut outputs) = block.split([RATCHET_KEY_BYTES])?;
    let next_chain_key = outputs.array()?;
    kernel::ratchet_advance(&chain_key, outputs.take(steps.saturating_mul(RATCHET_KEY_BYTES))?, next_chain_key)?;
    Ok(DONE)
}

/// Leaves the members of [`Initiated`] in their order.
fn handshake_initiate(block: Block<'_>) -> Answer {
    let key = X25519_KEY_BYTES;
    let lengths = [
        key,
        key,
        key,
        key,
        key,
        block.word(0),
        MLKEM768_ENCAPSULATION_KEY_BYTES,
        MLKEM768_RANDOMNESS_BYTES,
        block.word(1),
        SHA256_BYTES,
    ];
    let (inputs, mut outputs) = block.split(lengths)?;
    let [identity, ephemeral, ratchet, peer_identity_key, signed_prekey, one_time_key, kem_key, kem, head, context] =
        &inputs;
    let input = InitiateInput {
        identity_secret: identity,
        ephemeral_secret: ephemeral,
        ratchet_secret: ratchet,
        peer_identity_key,
        signed_prekey,
        one_time_key: where_given(one_time_key),
        kem_key,
        kem_randomness: kem,
        transcript_head: head,
        context,
    };
    let mut out = Initiated::default();
    kernel::handshake_initiate(&input, &mut out)?;
    outputs.put(&out.ephemeral_key)?;
    outputs.put(&out.ratchet_key)?;
    outputs.put(&out.kem_ciphertext)?;
    outputs.put(&out.transcript_hash)?;
    outputs.put(&out.root_key)?;
    outputs.put(&out.chain_key)?;
    outputs.put(&out.next_header_key)?;
    outputs.put(&out.initiator_header_key)?;
    outputs.put(&out.responder_header_key)
}

/// Leaves root key, the initiator's header key and the responder's.
fn handshake_respond(block: Block<'_>) -> Answer {
    let key = X25519_KEY_BYTES;
    let lengths = [key, key, block.word(0), MLKEM768_SEED_BYTES, key, key, MLKEM768_CIPHERTEXT_BYTES, SHA256_BYTES];
    let (inputs, mut outputs) = block.split(lengths)?;
    let [
        identity,
        signed_prekey,
        one_time,
        kem_seed,
        peer_identity_key,
        ephemeral_key,
        kem_ciphertext,
        transcript_hash,
    ] = &inputs;
    let input = RespondInput {
        identity_secret: identity,
        signed_prekey_secret: signed_prekey,
        one_time_secret: where_given(one_time),
        kem_seed,
        peer_identity_key,
        ephemeral_key,
        kem_ciphertext,
        transcript_hash,
    };
    kernel::handshake_respond(&input, outputs.array()?)?;
    Ok(DONE)
}

/// Lengths of envelope and key, item by item, then all of them; leaves a digest and a byte that tells the verdict for each.
fn verify_envelopes(block: Block<'_>) -> Answer {
    let lengths = [block.word(0)];
    let ([lengths], mut outputs) = block.split(lengths)?;
    let inputs = outputs.inputs(&lengths)?;
    let items: Vec<_> =
        inputs.as_chunks().0.iter().map(|[envelope, public_key]| EnvelopeItem { envelope, public_key }).collect();
    for verdict in kernel::verify_envelopes(&items)? {
        outputs.put(&verdict.digest)?;
        outputs.put(&[u8::from(verdict.valid)])?;
    }
    Ok(DONE)
}

/// Lengths of the entries and of as many signatures, the key, then all of them; leaves a leaf hash and a byte that tells the
/// verdict for each entry.
fn verify_entries(block: Block<'_>) -> Answer {
    let lengths = [block.word(0), block.word(1)];
    let ([lengths, public_key], mut outputs) = block.split(lengths)?;
    let inputs = outputs.inputs(&lengths)?;
    let run = slices_of(&inputs);
    let (entries, signatures) = run.split_at(run.len() / 2);
    for verdict in kernel::verify_entries(&public_key, entries, signatures)? {
        outputs.put(&verdict.leaf_hash)?;
        outputs.put(&[u8::from(verdict.valid)])?;
    }
    Ok(DONE)
}

/// Lengths of the leaves, then the leaves; leaves their hashes.
fn leaf_hashes(block: Block<'_>) -> Answer {
    let lengths = [block.word(0)];
    let ([lengths], mut outputs) = block.split(lengths)?;
    let inputs = outputs.inputs(&lengths)?;
    put_all(&mut outputs, &kernel::leaf_hashes(&slices_of(&inputs)))
}

fn node_hash(block: Block<'_>) -> Answer {
    let ([left, right], mut outputs) = block.split([SHA256_BYTES; 2])?;
    outputs.put(&kernel::node_hash(&left, &right)?)
}

/// Lengths of the leaves, the edge, then the leaves; leaves their hashes and the new edge.
fn append_leaves(block: Block<'_>) -> Answer {
    let size = block.wide_word(2);
    let lengths = [block.word(0), block.word(1)];
    let ([lengths, edge], mut outputs) = block.split(lengths)?;
    let inputs = outputs.inputs(&lengths)?;
    let appended = kernel::append_leaves(size, &edge, &slices_of(&inputs))?;
    put_all(&mut outputs, &appended.leaf_hashes)?;
    put_all(&mut outputs, &appended.edge)
}

/// The edge, then the bundle; leaves leaf hashes, roots of tiles, the new edge and the root.
fn append_bundle(block: Block<'_>) -> Answer {
    let size = block.wide_word(2);
    let lengths = [block.word(1), block.word(0)];
    let ([edge, bundle], mut outputs) = block.split(lengths)?;
    let appended = kernel::append_bundle(size, &edge, &bundle)?;
    put_all(&mut outputs, &appended.leaf_hashes)?;
    put_all(&mut outputs, &appended.tile_roots)?;
    put_all(&mut outputs, &appended.edge)?;
    outputs.put(&appended.root)
}

fn hash_up(block: Block<'_>) -> Answer {
    let lengths = [block.word(0)];
    let ([hashes], mut outputs) = block.split(lengths)?;
    put_all(&mut outputs, &kernel::hash_up(&hashes)?)
}

/// An optional input is absent where it has no bytes.
fn where_given<'a>(input: &'a Input<'_>) -> Option<&'a [u8]> {
    if input.is_empty() { None } else { Some(input) }
}

fn slices_of<'a>(inputs: &'a [Input<'_>]) -> Vec<&'a [u8]> {
    inputs.iter().map(|input| &**input).collect()
}

fn put_all(outputs: &mut Outputs<'_>, hashes: &[[u8; SHA256_BYTES]]) -> Answer {
    for hash in hashes {
        outputs.put(hash)?;
    }
    Ok(DONE)
}

fn length_of(length_bytes: usize) -> Answer {
    i32::try_from(length_bytes).map_err(|_| Refusal::Block)
}
