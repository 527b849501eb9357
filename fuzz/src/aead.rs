//! Opening and sealing across lengths, engine against engine: the kernel changes engines at 3,584 bytes.

use crate::fields::{Fields, repeated};
use crate::{POISON, is_all, plain};
use talos_kernel::{AEAD_TAG_BYTES, AeadOptions, aead_open, aead_seal};

const MAX_TEXT_BYTES: usize = 8192;

/// Fields: key, nonce, associated data, ciphertext; then a length, a pattern for the text to seal, and edits.
pub fn open(data: &[u8]) {
    let mut fields = Fields::new(data);
    let (key, nonce) = (fields.array(), fields.array());
    let associated_data = fields.bytes();
    let options = AeadOptions { key: &key, nonce: &nonce, associated_data };
    compare(&options, &key, &nonce, fields.bytes());

    let length = fields.number() % (MAX_TEXT_BYTES + 1);
    let text = repeated(fields.bytes(), length);
    let mut sealed = vec![POISON; length + AEAD_TAG_BYTES];
    aead_seal(&options, &text, &mut sealed).expect("lengths that are right");
    let mut expected = text.clone();
    let tag = plain::aead_seal(&key, &nonce, associated_data, &mut expected);
    expected.extend_from_slice(&tag);
    assert_eq!(sealed, expected, "both engines seal alike");
    assert_eq!(compare(&options, &key, &nonce, &sealed), Some(text));
    let mut edited = sealed.clone();
    fields.edit(&mut edited);
    if edited != sealed {
        assert_eq!(compare(&options, &key, &nonce, &edited), None, "nothing opens but what was sealed");
    }
}

/// Opens with both engines.
fn compare(options: &AeadOptions<'_>, key: &[u8; 32], nonce: &[u8; 12], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let mut opened = vec![POISON; ciphertext.len().saturating_sub(AEAD_TAG_BYTES)];
    let outcome = aead_open(options, ciphertext, &mut opened);
    let Some((text, tag)) = ciphertext.split_last_chunk::<AEAD_TAG_BYTES>() else {
        assert!(outcome.is_err(), "shorter than a tag");
        return None;
    };
    let mut expected = text.to_vec();
    let holds = plain::aead_open(key, nonce, options.associated_data, &mut expected, tag);
    assert_eq!(outcome.is_ok(), holds, "both engines judge alike");
    if !holds {
        assert!(is_all(&opened, 0), "nothing of a refused message is left");
        return None;
    }
    assert_eq!(opened, expected, "both engines open alike");
    Some(opened)
}
