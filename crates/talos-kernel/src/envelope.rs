//! Many signatures in one call: the envelopes of a capability chain (04-envelope) and the entries of a log under one
//! key: specification 20.17 and 20.18.

use crate::ed25519::{ED25519_SIGNATURE_BYTES, VerifyingKey, ed25519_verify};
use crate::error::{Error, require_count};
use crate::hash::{SHA256_BYTES, sha256};
use crate::tree::{BATCH_MAX_ENTRIES, Hash, leaf_hash};

/// Most envelopes of one call: a chain and its proofs are far shorter, and one call never blocks for long.
pub const VERIFY_MAX_ENVELOPES: usize = 64;
/// What an envelope begins with: an array of two items, the first a byte string of 64 (04-envelope 4.2).
const ENVELOPE_PREFIX: [u8; 3] = [0x82, 0x58, 0x40];

/// An envelope and the key that is to have signed it.
#[derive(Clone, Copy)]
pub struct EnvelopeItem<'a> {
    /// `82 58 40 || signature (64) || signed bytes`.
    pub envelope: &'a [u8],
    /// 32 bytes; under any other length no signature holds.
    pub public_key: &'a [u8],
}

/// What is known of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeVerdict {
    /// SHA-256 of the whole envelope.
    pub digest: [u8; SHA256_BYTES],
    /// The prefix stands and the signature holds.
    pub valid: bool,
}

/// What is known of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryVerdict {
    /// Tree hash of the entry as a leaf.
    pub leaf_hash: Hash,
    /// The signature holds.
    pub valid: bool,
}

/// Verifies each envelope; an envelope that is too short or begins otherwise is invalid.
///
/// # Errors
/// [`Error::Parameter`] for more than [`VERIFY_MAX_ENVELOPES`] items.
pub fn verify_envelopes(items: &[EnvelopeItem<'_>]) -> Result<Vec<EnvelopeVerdict>, Error> {
    require_count("items", items.len() <= VERIFY_MAX_ENVELOPES)?;
    Ok(items.iter().map(verify_envelope).collect())
}

/// Verifies log entries, each with its signature, under one key, which is decoded once.
///
/// # Errors
/// [`Error::Parameter`] for more than [`BATCH_MAX_ENTRIES`] entries, and unless there are as many signatures.
pub fn verify_entries(public_key: &[u8], entries: &[&[u8]], signatures: &[&[u8]]) -> Result<Vec<EntryVerdict>, Error> {
    require_count("entries", entries.len() <= BATCH_MAX_ENTRIES)?;
    require_count("signatures", signatures.len() == entries.len())?;
    let key = VerifyingKey::new(public_key);
    let verdict = |(entry, signature): (&&[u8], &&[u8])| EntryVerdict {
        leaf_hash: leaf_hash(entry),
        valid: key.as_ref().is_some_and(|key| key.verifies(entry, signature)),
    };
    Ok(entries.iter().zip(signatures).map(verdict).collect())
}

fn verify_envelope(item: &EnvelopeItem<'_>) -> EnvelopeVerdict {
    let valid = match item
        .envelope
        .strip_prefix(&ENVELOPE_PREFIX)
        .and_then(|rest| rest.split_first_chunk::<ED25519_SIGNATURE_BYTES>())
    {
        Some((signature, signed)) => ed25519_verify(item.public_key, signed, signature),
        None => false,
    };
    EnvelopeVerdict { digest: sha256(item.envelope), valid }
}
