//! The symmetric half of the ratchet, one call a message: specification 20.10 to 20.13.
//!
//! `MK = HMAC(CK, 0x01)`, `CK' = HMAC(CK, 0x02)`; `k_enc (32) || k_com (32) = HKDF-Expand(MK, "talos/ts1/mk", 64)`; sealed
//! header = `AEAD(HK, nonce, header, AD)`; ciphertext = `AEAD(k_enc, nonce, content || 0x80 || 0x00.., AD || sealed header ||
//! k_com)`. The commitment travels with the message, so that one ciphertext opens to one plaintext only.
//!
//! Nothing of a message is in an output before its tag is verified, and nothing at all after a failure.

use crate::aead::{AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, open_into, seal_in_place};
use crate::block_hmac::BlockHmac;
use crate::error::{Error, exact, require, require_count};
use crate::secret::Secret;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Bytes of root, chain and message keys.
pub const RATCHET_KEY_BYTES: usize = 32;
/// Bytes of the key commitment of a message.
pub const RATCHET_COMMITMENT_BYTES: usize = 32;
/// Longest plaintext of a header.
pub const RATCHET_MAX_HEADER_BYTES: usize = 1024;
/// Most clear bytes before the nonce.
pub const RATCHET_MAX_PREFIX_BYTES: usize = 4096;
/// Longest padded content.
pub const RATCHET_MAX_PADDED_BYTES: usize = 1 << 24;
/// Most steps of one call of [`ratchet_forward`] or [`ratchet_advance`].
pub const RATCHET_MAX_STEPS: usize = 4096;

const MESSAGE_KEY_LABEL: &[u8] = &[1];
const CHAIN_KEY_LABEL: &[u8] = &[2];
/// `talos/ts1/mk` and the number of the block.
const FIRST_BLOCK_INFO: &[u8] = b"talos/ts1/mk\x01";
const SECOND_BLOCK_INFO: &[u8] = b"talos/ts1/mk\x02";
const PADDING_MARK: u8 = 0x80;
/// Associated data up to here is put together on the stack.
const ASSOCIATED_STACK_BYTES: usize = 512;

type Key = [u8; RATCHET_KEY_BYTES];

/// Input of [`ratchet_seal`].
#[derive(Clone, Copy)]
pub struct SealInput<'a> {
    /// 32 bytes; the step derives the message key and the next chain key from it.
    pub chain_key: &'a [u8],
    /// 32 bytes.
    pub header_key: &'a [u8],
    /// 12 bytes, fresh; shared by header and message, whose keys differ.
    pub nonce: &'a [u8],
    /// Plaintext of the header, 1 to 1,024 bytes.
    pub header: &'a [u8],
    /// Bound into both seals.
    pub associated_data: &'a [u8],
    /// Clear bytes that the message begins with, up to 4,096.
    pub prefix: &'a [u8],
    /// Content before padding.
    pub content: &'a [u8],
    /// Size of the padded content, larger than the content's, up to 2^24.
    pub padded_bytes: usize,
}

/// Input of [`ratchet_receive`].
#[derive(Clone, Copy)]
pub struct ReceiveInput<'a> {
    /// 32 bytes.
    pub header_key: &'a [u8],
    /// 32 bytes: the chain key of the next message in order.
    pub chain_key: &'a [u8],
    /// Plaintext header of the next message in order, 1 to 1,024 bytes.
    pub expected_header: &'a [u8],
    /// As it was sealed.
    pub associated_data: &'a [u8],
    /// The message as received.
    pub message: &'a [u8],
    /// Where the nonce begins.
    pub prefix_bytes: usize,
}

/// What [`ratchet_receive`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The header key does not open the header.
    OtherKey,
    /// The header opens and differs from the one expected: it stands in the first bytes of `out`, nothing else was done.
    OtherHeader {
        /// Its length, that of the expected one.
        header_bytes: usize,
    },
    /// The message in order: stepped, commitment and tag checked, padding removed; it stands in the first bytes of `out`.
    Opened {
        /// Length of the content.
        content_bytes: usize,
    },
}

/// Input of [`ratchet_open`].
#[derive(Clone, Copy)]
pub struct OpenInput<'a> {
    /// 32 bytes; the message key itself, stepped or stored.
    pub message_key: &'a [u8],
    /// 12 bytes.
    pub nonce: &'a [u8],
    /// As it was sealed.
    pub associated_data: &'a [u8],
    /// The sealed header as received: part of the associated data.
    pub header: &'a [u8],
    /// 32 bytes as received.
    pub commitment: &'a [u8],
    /// With its tag.
    pub ciphertext: &'a [u8],
}

/// One step of a chain: the message key and the next chain key.
///
/// # Errors
/// [`Error::Argument`] unless the chain key has 32 bytes.
pub fn ratchet_step(chain_key: &[u8], message_key: &mut Key, next_chain_key: &mut Key) -> Result<(), Error> {
    step(exact("chainKey", chain_key)?, message_key, next_chain_key);
    Ok(())
}

/// Length of the message that [`ratchet_seal`] makes of this input.
///
/// # Errors
/// [`Error::Argument`] for a header, prefix or padded size out of range.
pub fn ratchet_seal_length(input: &SealInput<'_>) -> Result<usize, Error> {
    require("header", (1..=RATCHET_MAX_HEADER_BYTES).contains(&input.header.len()))?;
    require("prefix", input.prefix.len() <= RATCHET_MAX_PREFIX_BYTES)?;
    require("paddedBytes", input.padded_bytes > input.content.len() && input.padded_bytes <= RATCHET_MAX_PADDED_BYTES)?;
    Ok(input.prefix.len()
        + AEAD_NONCE_BYTES
        + input.header.len()
        + AEAD_TAG_BYTES
        + RATCHET_COMMITMENT_BYTES
        + input.padded_bytes
        + AEAD_TAG_BYTES)
}

/// Seals the next message of a chain: `out`, of [`ratchet_seal_length`] bytes, becomes `prefix || nonce || sealed header ||
/// commitment || ciphertext`.
///
/// # Errors
/// [`Error::Argument`] for a wrong length; the outputs are untouched then.
pub fn ratchet_seal(input: &SealInput<'_>, out: &mut [u8], next_chain_key: &mut Key) -> Result<(), Error> {
    let chain_key = exact("chainKey", input.chain_key)?;
    let header_key = exact("headerKey", input.header_key)?;
    let nonce = exact("nonce", input.nonce)?;
    require("out", out.len() == ratchet_seal_length(input)?)?;
    let mut message_key = Secret::zero();
    step(chain_key, &mut message_key, next_chain_key);
    let keys = MessageKeys::derive(&message_key);

    let (prefix, rest) = out.split_at_mut(input.prefix.len());
    let (clear_nonce, rest) = rest.split_at_mut(AEAD_NONCE_BYTES);
    let (head, ciphertext) = rest.split_at_mut(input.header.len() + AEAD_TAG_BYTES + RATCHET_COMMITMENT_BYTES);
    let (sealed_header, commitment) = head.split_at_mut(input.header.len() + AEAD_TAG_BYTES);
    prefix.copy_from_slice(input.prefix);
    clear_nonce.copy_from_slice(nonce);
    sealed_header[..input.header.len()].copy_from_slice(input.header);
    seal_in_place(header_key, nonce, input.associated_data, sealed_header);
    commitment.copy_from_slice(&*keys.commitment);
    pad(input.content, &mut ciphertext[..input.padded_bytes]);
    with_joined(input.associated_data, head, |associated| seal_in_place(&keys.key, nonce, associated, ciphertext));
    Ok(())
}

/// Bytes that [`ratchet_receive`] needs for its output: room for the padded content and for a header.
///
/// # Errors
/// [`Error::Argument`] for an expected header out of range and for a message too short to hold all of its parts or too long.
pub fn ratchet_receive_length(input: &ReceiveInput<'_>) -> Result<usize, Error> {
    let header_bytes = input.expected_header.len();
    require("expectedHeader", (1..=RATCHET_MAX_HEADER_BYTES).contains(&header_bytes))?;
    require("prefixBytes", input.prefix_bytes <= RATCHET_MAX_PREFIX_BYTES)?;
    let around = input.prefix_bytes
        + AEAD_NONCE_BYTES
        + header_bytes
        + AEAD_TAG_BYTES
        + RATCHET_COMMITMENT_BYTES
        + AEAD_TAG_BYTES;
    let padded_bytes = input.message.len().checked_sub(around).ok_or(Error::Argument("message"))?;
    require("message", padded_bytes <= RATCHET_MAX_PADDED_BYTES)?;
    Ok(padded_bytes.max(header_bytes))
}

/// Opens a message if it is the next one in order. `out` has [`ratchet_receive_length`] bytes.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::Authentication`] for a wrong commitment or tag, [`Error::Padding`] for
/// an authentic message without padding mark. Whatever the answer, bytes of `out` that it does not name are zero, and
/// `next_chain_key` is zero unless the message was opened.
pub fn ratchet_receive(input: &ReceiveInput<'_>, out: &mut [u8], next_chain_key: &mut Key) -> Result<Received, Error> {
    let header_key = exact("headerKey", input.header_key)?;
    let chain_key = exact("chainKey", input.chain_key)?;
    require("out", out.len() == ratchet_receive_length(input)?)?;
    let answer = receive(input, header_key, chain_key, out, next_chain_key);
    let kept = match answer {
        Ok(Received::OtherHeader { header_bytes: kept } | Received::Opened { content_bytes: kept }) => kept,
        Ok(Received::OtherKey) | Err(_) => 0,
    };
    out[kept..].zeroize();
    if !matches!(answer, Ok(Received::Opened { .. })) {
        next_chain_key.as_mut_slice().zeroize();
    }
    answer
}

/// Opens a message by its key and removes the padding; the content stands in the first bytes of `out`, which has the
/// ciphertext's length less 16. Returns the length of the content.
///
/// # Errors
/// [`Error::Argument`] for a wrong length, [`Error::Authentication`] for a wrong commitment or tag, [`Error::Padding`] for
/// an authentic message without padding mark. Bytes of `out` beyond the content are zero, all of them after a failure.
pub fn ratchet_open(input: &OpenInput<'_>, out: &mut [u8]) -> Result<usize, Error> {
    let message_key = exact("messageKey", input.message_key)?;
    let nonce = exact("nonce", input.nonce)?;
    let commitment: &Key = exact("commitment", input.commitment)?;
    require("header", input.header.len() >= AEAD_TAG_BYTES)?;
    require(
        "ciphertext",
        (AEAD_TAG_BYTES..=RATCHET_MAX_PADDED_BYTES + AEAD_TAG_BYTES).contains(&input.ciphertext.len()),
    )?;
    require("out", out.len() == input.ciphertext.len() - AEAD_TAG_BYTES)?;
    let sealed = Sealed { nonce, commitment, ciphertext: input.ciphertext };
    let answer = with_joined(input.header, commitment, |head| {
        with_joined(input.associated_data, head, |associated| open(message_key, &sealed, associated, out))
    });
    out[answer.unwrap_or(0)..].zeroize();
    answer
}

/// Chain key after `steps` steps, up to 4,096; the message keys are never made.
///
/// # Errors
/// [`Error::Argument`] for another length of the key, [`Error::Parameter`] for more steps.
pub fn ratchet_forward(chain_key: &[u8], steps: usize, out: &mut Key) -> Result<(), Error> {
    let chain_key: &Key = exact("chainKey", chain_key)?;
    require_count("steps", steps <= RATCHET_MAX_STEPS)?;
    let mut current = Secret::copy_of(chain_key);
    for _ in 0..steps {
        BlockHmac::new(&current).mac(CHAIN_KEY_LABEL, &[], out);
        current.copy_from_slice(out);
    }
    out.copy_from_slice(&*current);
    Ok(())
}

/// The message keys of the next steps, up to 4,096, and the chain key after them. `message_keys` has 32 bytes per step.
///
/// # Errors
/// [`Error::Argument`] for another length of the key and for room that is no multiple of 32 bytes, [`Error::Parameter`] for
/// more steps.
pub fn ratchet_advance(chain_key: &[u8], message_keys: &mut [u8], next_chain_key: &mut Key) -> Result<(), Error> {
    let chain_key: &Key = exact("chainKey", chain_key)?;
    let (message_keys, rest) = message_keys.as_chunks_mut::<RATCHET_KEY_BYTES>();
    require("messageKeys", rest.is_empty())?;
    require_count("steps", message_keys.len() <= RATCHET_MAX_STEPS)?;
    let mut current = Secret::copy_of(chain_key);
    for message_key in message_keys {
        step(&current, message_key, next_chain_key);
        current.copy_from_slice(next_chain_key);
    }
    next_chain_key.copy_from_slice(&*current);
    Ok(())
}

/// Both HMACs of a step share the two blocks of their key.
fn step(chain_key: &Key, message_key: &mut Key, next_chain_key: &mut Key) {
    let mut key = BlockHmac::new(chain_key);
    key.mac(MESSAGE_KEY_LABEL, &[], message_key);
    key.mac(CHAIN_KEY_LABEL, &[], next_chain_key);
}

/// `k_enc` and `k_com` of a message.
struct MessageKeys {
    key: Secret<AEAD_KEY_BYTES>,
    commitment: Secret<RATCHET_COMMITMENT_BYTES>,
}

impl MessageKeys {
    /// HKDF-Expand (RFC 5869, section 2.3) to two blocks: `T(1) = HMAC(MK, info || 1)`, `T(2) = HMAC(MK, T(1) || info || 2)`.
    fn derive(message_key: &Key) -> Self {
        let mut keys = Self { key: Secret::zero(), commitment: Secret::zero() };
        let mut prk = BlockHmac::new(message_key);
        prk.mac(FIRST_BLOCK_INFO, &[], &mut keys.key);
        prk.mac(&*keys.key, SECOND_BLOCK_INFO, &mut keys.commitment);
        keys
    }
}

/// What a message key opens.
struct Sealed<'a> {
    nonce: &'a [u8; AEAD_NONCE_BYTES],
    commitment: &'a [u8; RATCHET_COMMITMENT_BYTES],
    ciphertext: &'a [u8],
}

/// Commitment first, then the tag, then the padding; gives the length of the content in `out`.
fn open(message_key: &Key, sealed: &Sealed<'_>, associated_data: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let keys = MessageKeys::derive(message_key);
    if !bool::from(keys.commitment.ct_eq(sealed.commitment)) {
        return Err(Error::Authentication);
    }
    open_into(&keys.key, sealed.nonce, associated_data, sealed.ciphertext, out)?;
    content_bytes(out)
}

/// [`ratchet_receive`] after the lengths; what it leaves in the outputs on a failure is wiped by the caller.
fn receive(
    input: &ReceiveInput<'_>,
    header_key: &Key,
    chain_key: &Key,
    out: &mut [u8],
    next_chain_key: &mut Key,
) -> Result<Received, Error> {
    let header_bytes = input.expected_header.len();
    let (nonce, rest) = input.message[input.prefix_bytes..].split_at(AEAD_NONCE_BYTES);
    let (head, ciphertext) = rest.split_at(header_bytes + AEAD_TAG_BYTES + RATCHET_COMMITMENT_BYTES);
    let (sealed_header, commitment) = head.split_at(header_bytes + AEAD_TAG_BYTES);
    let sealed = Sealed { nonce: exact("nonce", nonce)?, commitment: exact("commitment", commitment)?, ciphertext };

    let header = &mut out[..header_bytes];
    if open_into(header_key, sealed.nonce, input.associated_data, sealed_header, header).is_err() {
        return Ok(Received::OtherKey);
    }
    if !bool::from((*header).ct_eq(input.expected_header)) {
        return Ok(Received::OtherHeader { header_bytes });
    }
    let mut message_key = Secret::zero();
    step(chain_key, &mut message_key, next_chain_key);
    let padded = &mut out[..ciphertext.len() - AEAD_TAG_BYTES];
    let content_bytes =
        with_joined(input.associated_data, head, |associated| open(&message_key, &sealed, associated, padded))?;
    Ok(Received::Opened { content_bytes })
}

/// Fills `padded` with `content || 0x80 || 0x00..`; it is longer than the content.
fn pad(content: &[u8], padded: &mut [u8]) {
    let (text, padding) = padded.split_at_mut(content.len());
    text.copy_from_slice(content);
    padding.fill(0);
    padding[0] = PADDING_MARK;
}

/// Length of the content before the last `0x80`, after which there are zeros only.
fn content_bytes(padded: &[u8]) -> Result<usize, Error> {
    match padded.iter().rposition(|&byte| byte != 0) {
        Some(mark) if padded[mark] == PADDING_MARK => Ok(mark),
        _ => Err(Error::Padding),
    }
}

/// Calls `body` with `first || second`, which are no secrets.
fn with_joined<T>(first: &[u8], second: &[u8], body: impl FnOnce(&[u8]) -> T) -> T {
    let length = first.len() + second.len();
    if length > ASSOCIATED_STACK_BYTES {
        return body(&[first, second].concat());
    }
    let mut joined = [0; ASSOCIATED_STACK_BYTES];
    joined[..first.len()].copy_from_slice(first);
    joined[first.len()..length].copy_from_slice(second);
    body(&joined[..length])
}
