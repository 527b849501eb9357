//! Envelopes and log entries, held against one signature at a time under the rule as dalek tells it.

use crate::curves::holds;
use crate::fields::Fields;
use sha2::{Digest, Sha256};
use talos_kernel::{EnvelopeItem, VERIFY_MAX_ENVELOPES, verify_entries, verify_envelopes};

/// Fields: public key and envelope, over and over.
pub fn envelopes(data: &[u8]) {
    let fields = Fields::new(data).list(2 * VERIFY_MAX_ENVELOPES + 2);
    let items: Vec<_> =
        fields.as_chunks().0.iter().map(|&[public_key, envelope]| EnvelopeItem { envelope, public_key }).collect();
    let Ok(verdicts) = verify_envelopes(&items) else {
        assert!(items.len() > VERIFY_MAX_ENVELOPES, "as many as are allowed are verified");
        return;
    };
    assert_eq!(verdicts.len(), items.len());
    for (item, verdict) in items.iter().zip(verdicts) {
        assert_eq!(verdict.digest, <[u8; 32]>::from(Sha256::digest(item.envelope)));
        let signed = item.envelope.strip_prefix(&[0x82, 0x58, 0x40]).and_then(|rest| rest.split_at_checked(64));
        let expected = signed.is_some_and(|(signature, signed)| holds(item.public_key, signed, signature));
        assert_eq!(verdict.valid, expected, "an envelope of {} bytes", item.envelope.len());
    }
}

/// Fields: public key, then entry and signature, over and over.
pub fn entries(data: &[u8]) {
    let mut fields = Fields::new(data);
    let public_key = fields.bytes();
    let (mut entries, mut signatures) = (Vec::new(), Vec::new());
    for (index, field) in fields.list(128).into_iter().enumerate() {
        if index % 2 == 0 { entries.push(field) } else { signatures.push(field) }
    }
    let Ok(verdicts) = verify_entries(public_key, &entries, &signatures) else {
        assert_ne!(entries.len(), signatures.len(), "one signature for each entry is enough");
        return;
    };
    assert_eq!(verdicts.len(), entries.len());
    for ((entry, signature), verdict) in entries.iter().zip(signatures).zip(verdicts) {
        let leaf = Sha256::new().chain_update([0]).chain_update(entry).finalize();
        assert_eq!(verdict.leaf_hash, <[u8; 32]>::from(leaf));
        assert_eq!(verdict.valid, holds(public_key, entry, signature), "an entry of {} bytes", entry.len());
    }
}
