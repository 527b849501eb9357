//! Sealing, receiving and opening messages.
//!
//! A message that is accepted is sealed again from what it opened to: sealing is a function, so the bytes have to be those that
//! were accepted. No second implementation is needed for that.

use crate::fields::{Fields, repeated};
use crate::{POISON, is_all};
use talos_kernel::{
    Error, OpenInput, RATCHET_MAX_HEADER_BYTES, RATCHET_MAX_PREFIX_BYTES, ReceiveInput, Received, SealInput,
    ratchet_advance, ratchet_forward, ratchet_open, ratchet_receive, ratchet_receive_length, ratchet_seal,
    ratchet_seal_length, ratchet_step,
};

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Fields: header key, chain key, expected header, associated data, message, where the nonce begins; then a nonce, content,
/// padding and edits of the message that is sealed of them.
pub fn receive(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (header_key, chain_key): ([u8; 32], [u8; 32]) = (fields.array(), fields.array());
    let (header, associated_data, message) = (fields.bytes(), fields.bytes(), fields.bytes());
    let prefix_bytes = fields.number();
    let input = ReceiveInput {
        header_key: &header_key,
        chain_key: &chain_key,
        expected_header: header,
        associated_data,
        message,
        prefix_bytes,
    };
    received(&input);

    let nonce: [u8; NONCE_BYTES] = fields.array();
    let content = fields.bytes();
    let prefix = &message[..prefix_bytes.min(message.len()).min(RATCHET_MAX_PREFIX_BYTES)];
    let seal = SealInput {
        chain_key: &chain_key,
        header_key: &header_key,
        nonce: &nonce,
        header,
        associated_data,
        prefix,
        content,
        padded_bytes: content.len() + 1 + fields.number() % 1024,
    };
    let Some((honest, next)) = sealed(&seal) else { return };
    let mut edited = honest.clone();
    fields.edit(&mut edited);
    let outcome = received(&ReceiveInput { message: &edited, prefix_bytes: prefix.len(), ..input });
    if edited.get(prefix.len()..) == honest.get(prefix.len()..) {
        assert_eq!(outcome, Some((content.to_vec(), next)), "an honest message opens");
    } else {
        assert_eq!(outcome, None, "nothing opens but what was sealed");
    }
}

/// Fields: message key, nonce, associated data, sealed header, commitment, ciphertext; then chain key, content, padding and
/// edits of the sealed parts.
pub fn open(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (message_key, nonce): ([u8; 32], [u8; NONCE_BYTES]) = (fields.array(), fields.array());
    let (associated_data, header) = (fields.bytes(), fields.bytes());
    let (commitment, ciphertext): ([u8; 32], _) = (fields.array(), fields.bytes());
    let commitment = &commitment;
    opened(&OpenInput { message_key: &message_key, nonce: &nonce, associated_data, header, commitment, ciphertext });

    let chain_key: [u8; 32] = fields.array();
    let content = fields.bytes();
    let header = header.get(..header.len().min(RATCHET_MAX_HEADER_BYTES)).filter(|header| !header.is_empty());
    let header = header.unwrap_or(&[1]);
    let seal = SealInput {
        chain_key: &chain_key,
        header_key: &message_key,
        nonce: &nonce,
        header,
        associated_data,
        prefix: &[],
        content,
        padded_bytes: content.len() + 1 + fields.number() % 1024,
    };
    let (honest, next) = sealed(&seal).expect("lengths that are right");
    let (mut stepped_key, mut stepped_chain) = ([POISON; 32], [POISON; 32]);
    ratchet_step(&chain_key, &mut stepped_key, &mut stepped_chain).expect("32 bytes");
    assert_eq!(stepped_chain, next, "a seal steps the chain");
    let mut edited = honest.clone();
    fields.edit(&mut edited);
    if edited.len() < NONCE_BYTES + header.len() + TAG_BYTES + 32 {
        return;
    }
    let (nonce, rest) = edited.split_at(NONCE_BYTES);
    let (sealed_header, rest) = rest.split_at(header.len() + TAG_BYTES);
    let (commitment, ciphertext) = rest.split_at(32);
    let parts =
        OpenInput { message_key: &stepped_key, nonce, associated_data, header: sealed_header, commitment, ciphertext };
    let expected = (edited == honest).then(|| content.to_vec());
    assert_eq!(opened(&parts), expected, "an honest message opens, and nothing else");
}

/// Numbers: lengths of content, padding, header, prefix and associated data, and steps; then a pattern and the keys.
pub fn round_trip(data: &[u8]) {
    let mut fields = Fields::new(data);
    let [content, padding, header, prefix, associated] = [0; 5].map(|_: usize| fields.number());
    let steps = fields.number() % 16;
    let pattern = fields.bytes();
    let (chain_key, header_key, nonce): ([u8; 32], [u8; 32], [u8; 12]) =
        (fields.array(), fields.array(), fields.array());
    let [content, header, prefix, associated_data] =
        [content, header % 1100, prefix % 4200, associated].map(|length| repeated(pattern, length));
    let seal = SealInput {
        chain_key: &chain_key,
        header_key: &header_key,
        nonce: &nonce,
        header: &header,
        associated_data: &associated_data,
        prefix: &prefix,
        content: &content,
        padded_bytes: content.len() + padding,
    };
    let fits = padding > 0
        && (1..=RATCHET_MAX_HEADER_BYTES).contains(&header.len())
        && prefix.len() <= RATCHET_MAX_PREFIX_BYTES;
    let made = sealed(&seal);
    assert_eq!(made.is_some(), fits, "what is in range is sealed, and nothing else");
    let Some((message, next)) = made else { return };
    let input = ReceiveInput {
        header_key: &header_key,
        chain_key: &chain_key,
        expected_header: &header,
        associated_data: &associated_data,
        message: &message,
        prefix_bytes: prefix.len(),
    };
    assert_eq!(received(&input), Some((content, next)), "what was sealed is received");
    chains_agree(&chain_key, steps);
}

fn chains_agree(chain_key: &[u8; 32], steps: usize) {
    let (mut forward, mut advanced) = ([POISON; 32], [POISON; 32]);
    let mut keys = vec![POISON; 32 * steps];
    ratchet_forward(chain_key, steps, &mut forward).expect("few steps");
    ratchet_advance(chain_key, &mut keys, &mut advanced).expect("few steps");
    assert_eq!(forward, advanced, "both ways lead to one chain key");
    let mut current = *chain_key;
    for key in keys.chunks_exact(32) {
        let (mut message_key, mut next) = ([POISON; 32], [POISON; 32]);
        ratchet_step(&current, &mut message_key, &mut next).expect("32 bytes");
        assert_eq!(key, message_key, "an advance is as many steps");
        current = next;
    }
    assert_eq!(current, forward, "as many steps lead to the same chain key");
}

fn sealed(seal: &SealInput<'_>) -> Option<(Vec<u8>, [u8; 32])> {
    let mut next = [POISON; 32];
    let mut message = vec![POISON; ratchet_seal_length(seal).ok()?];
    ratchet_seal(seal, &mut message, &mut next).expect("lengths that were found right");
    Some((message, next))
}

/// Content and next chain key of a message that opens; asserts what holds for every answer.
fn received(input: &ReceiveInput<'_>) -> Option<(Vec<u8>, [u8; 32])> {
    let mut next = [POISON; 32];
    let Ok(length) = ratchet_receive_length(input) else {
        let mut out = vec![POISON; input.message.len()];
        let outcome = ratchet_receive(input, &mut out, &mut next);
        assert!(matches!(outcome, Err(Error::Argument(_))) && is_all(&out, POISON) && is_all(&next, POISON));
        return None;
    };
    let mut out = vec![POISON; length];
    match ratchet_receive(input, &mut out, &mut next) {
        Ok(Received::Opened { content_bytes }) => {
            assert!(is_all(&out[content_bytes..], 0), "bytes beyond the content are zero");
            out.truncate(content_bytes);
            sealed_again(input, &out, &next);
            Some((out, next))
        }
        Ok(Received::OtherHeader { header_bytes }) => {
            assert_eq!(header_bytes, input.expected_header.len());
            assert_ne!(&out[..header_bytes], input.expected_header, "an other header is another one");
            assert!(is_all(&out[header_bytes..], 0) && is_all(&next, 0), "nothing but the header is left");
            None
        }
        Ok(Received::OtherKey) | Err(Error::Authentication | Error::Padding) => {
            assert!(is_all(&out, 0) && is_all(&next, 0), "nothing of a refused message is left");
            None
        }
        Err(other) => panic!("an answer that is none of this operation: {other}"),
    }
}

fn sealed_again(input: &ReceiveInput<'_>, content: &[u8], next: &[u8; 32]) {
    let (prefix, rest) = input.message.split_at(input.prefix_bytes);
    let (nonce, rest) = rest.split_at(NONCE_BYTES);
    let padded_bytes = rest.len() - (input.expected_header.len() + TAG_BYTES + 32 + TAG_BYTES);
    let seal = SealInput {
        chain_key: input.chain_key,
        header_key: input.header_key,
        nonce,
        header: input.expected_header,
        associated_data: input.associated_data,
        prefix,
        content,
        padded_bytes,
    };
    assert_eq!(sealed(&seal), Some((input.message.to_vec(), *next)), "what is accepted is what is sealed");
}

fn opened(input: &OpenInput<'_>) -> Option<Vec<u8>> {
    let mut out = vec![POISON; input.ciphertext.len().saturating_sub(TAG_BYTES)];
    match ratchet_open(input, &mut out) {
        Ok(content_bytes) => {
            assert!(is_all(&out[content_bytes..], 0), "bytes beyond the content are zero");
            out.truncate(content_bytes);
            Some(out)
        }
        Err(Error::Authentication | Error::Padding) => {
            assert!(is_all(&out, 0), "nothing of a refused message is left");
            None
        }
        Err(Error::Argument(_)) => {
            assert!(input.header.len() < TAG_BYTES || input.ciphertext.len() < TAG_BYTES, "lengths that are right");
            assert!(is_all(&out, POISON), "outputs are untouched");
            None
        }
        Err(other) => panic!("an answer that is none of this operation: {other}"),
    }
}
