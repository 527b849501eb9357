//! What the test files share: hex, the files of vectors, and numbers from a seed.

// Each test file is a program of its own and uses its part of this.
#![allow(dead_code)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "an odd number of hex digits");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits")).collect()
}

pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.as_ref().iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of vectors of the repository; it has to be there.
pub(crate) fn own_vectors(path: &str) -> Vec<Value> {
    let file = repository().join("contracts/vectors").join(path);
    let document = read(&file).unwrap_or_else(|| panic!("{path} is missing"));
    assert_eq!(document["format"], "talos-vectors/1");
    list(&document["cases"]).to_vec()
}

/// A file of the public vectors beside the repository. Says so where it is missing, and the test ends there.
pub(crate) fn public_vectors(path: &str) -> Option<Value> {
    let document = read(&repository().join("../shared/vectors").join(path));
    if document.is_none() {
        println!("skipped: {path} is not beside the repository");
    }
    document
}

fn read(file: &Path) -> Option<Value> {
    Some(serde_json::from_str(&fs::read_to_string(file).ok()?).expect("JSON"))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("the case has no text {name}"))
}

/// Numbers from a seed (splitmix64): the same in every run, so a failure can be looked at again.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to and without `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.word() % end as u64).expect("an index")
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.word().to_le_bytes()[0]).collect()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.bytes(N).try_into().expect("as many")
    }
}
