//! The operations that are several steps in one call.

use super::{Input, Outcome, blank, named, slices};
use crate::support::hex;
use serde_json::json;
use talos_kernel::{
    EnvelopeItem, InitiateInput, Initiated, OpenInput, ReceiveInput, Received, RespondInput, SealInput, TurnInput,
    append_bundle, append_leaves, handshake_initiate, handshake_respond, hash_up, ratchet_advance, ratchet_forward,
    ratchet_open, ratchet_receive, ratchet_receive_length, ratchet_seal, ratchet_seal_length, ratchet_step,
    ratchet_turn, sha256, verify_entries, verify_envelopes,
};

pub(super) fn ratchet(operation: &str, input: &Input<'_>) -> Outcome {
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

pub(super) fn turn(input: &Input<'_>) -> Outcome {
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

pub(super) fn initiate(input: &Input<'_>) -> Outcome {
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

pub(super) fn respond(input: &Input<'_>) -> Outcome {
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

pub(super) fn evidence(operation: &str, input: &Input<'_>) -> Outcome {
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
        "appendBundle" => {
            let appended = append_bundle(input.count("size")? as u64, &input.bytes("edge"), &input.bytes("bundle"))?;
            json!({
                "leafHashesHex": hex(appended.leaf_hashes.concat()),
                "tileRootsHex": hex(appended.tile_roots.concat()),
                "edgeHex": hex(appended.edge.concat()),
                "rootHex": hex(appended.root),
            })
        }
        "hashUp" => json!({ "nodesHex": hex(hash_up(&input.bytes("hashes"))?.concat()) }),
        _ => {
            let size = input.count("size")?;
            let appended = append_leaves(size as u64, &input.bytes("edge"), &slices(&input.list("leaves")))?;
            let hashes: Vec<_> = appended.leaf_hashes.iter().map(hex).collect();
            json!({ "leafHashesHex": hashes, "edgeHex": hex(appended.edge.concat()) })
        }
    })
}
